"""What shows that a credential of a stack opens something for who is outside: that it is known is no alarm by itself."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import ALL_INTERFACES
from scaffold.gaps.secrets.credentials import (
    IN_A_PROGRAM,
    OF_A_STORE,
    OTHER_PARTY,
    Credential,
    CredentialGroup,
    host_beside,
    names_store,
    variables_of,
)
from scaffold.gaps.secrets.refused import too_short
from scaffold.gaps.secrets.unread import reads_by_package
from scaffold.model.compose import Service, Stack
from scaffold.model.framework_variables import OF_FRAMEWORKS
from scaffold.model.known import known
from scaffold.model.names import TRIED, Role
from scaffold.model.own_machine import is_of_nobody
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, holds_secret, is_drawn_token, reads_as_name, url_host

_SIGNS = regex(
    r"(?i)(?:^|_)(?:\w*SECRET(?:_?KEY)?(?:_BASE)?|(?:\w+_)?(?:JWT|SIGN(?:ING)?|SESSION|COOKIE|(?:EN)?CRYPT(?:ION)?|AES(?:_?256)?|FERNET"
    r"|HMAC|MASTER|SECRET_?BOX|VAULT|KMS)(?:_(?:\w+_)?(?:SECRET|KEY|KEYS|KEYRING|TOKEN))?|APP_?KEY|JWT_?KEY|WEBHOOK_(?:\w+_)?(?:SECRET|TOKEN))$"
)
"""Names of keys by which an application signs or encrypts, or knows its callers."""
_FIRST_LOGIN = regex(
    r"(?i)(?:^|_)(?:ADMIN|SUPER_?USER|ROOT|OWNER|SEED|INIT(?:IAL)?|BOOTSTRAP|DEFAULT_USER|WWW_USER)(?:_\w+)?_?PASS(?:WORD|WD)?(?:_INIT)?$"
)
"""Names of the password of an account that a first start makes."""
_PASSWORD = regex(r"(?i)(?:^|_)PASS(?:WORD|WD)?$")
_MAKES_ACCOUNTS = regex(r"(?i)(?:^|[-_])(?:init|seed|bootstrap|setup|create)(?:$|[-_])")
"""Names of services that make the first accounts and end."""
_OF_MAIL = regex(r"(?i)(?:^|_)(?:SMTP|E?MAIL|MAILER)_(?:\w+_)?PASS(?:WORD|WD)?$")
_ASKS_NOBODY = regex(r"(?i)(?:^|_)(?:AUTH|LOGIN|AUTHENTICATION)(?:_ENABLED?)?$")
_HOST = regex(r"(?i)_(?:HOST|HOSTNAME|SERVER|ENDPOINT|ADDR|ADDRESS|URI|URL)$")
_FULL_NAME = regex(r"[\w-]+(?:\.[\w-]+)+")
"""A host by its name in the DNS, or by its address."""
_ADDRESS = regex(r"//(?:[^\s/@]{0,200}@)?(?P<host>[\w.-]+)")
_OFF = frozenset({"0", "false", "no", "off"})
_CHOSEN = frozenset({SecretClass.LITERAL, SecretClass.RANDOM})


def doubt(project: Project, group: CredentialGroup) -> str:
    """Return why it is not seen that the credential opens something for who is outside, as the end of a message; "" where it
    is.
    """
    short = too_short(project, group) if group.is_placeholder else None
    if short is not None:
        return f"; {short.location.path}:{short.location.line} asks for a least length, which stands elsewhere"
    return "" if opens_something(project, group) else "; nothing here shows what it opens for who is outside"


def opens_something(project: Project, group: CredentialGroup) -> bool:
    """Whether the files show what the credential opens: a store or another service that is reached from outside, what an
    application signs, a first account, or what another party issued.
    """
    return (
        opens_reached(project, group)
        or any(_signs(project, item) for item in group.places)
        or any(map(_is_first_login, group.places))
        or any(map(_was_issued, group.places))
    )


def opens_reached(project: Project, group: CredentialGroup) -> bool:
    """Whether it opens a store, a queue or another service to which others get: its port is published by the stack or by one
    with the same service, a page to look into it is and logs in by itself, or it stands on another machine.
    """
    services = {service.name: service for item in group.places for service in _opened(group.stack, item)}
    if any(_is_reached(project, group.stack, service) for service in services.values()):
        return True
    return any(_lets_look_in(item) or _is_elsewhere(group.stack, item) for item in group.places)


def _opened(stack: Stack, item: Credential) -> Iterator[Service]:
    """Yield what a credential opens: the store that is given it, the host of its URL or beside it, every store of the stack
    with the same value, and the service that others call with it.
    """
    if item.service.is_datastore:
        yield item.service
        return
    named = [service for host in _hosts(item) if (service := stack.resolve_host(host)) is not None]
    yield from (service for service in named if service.name != item.service.name)
    if named:
        return
    yield from known(_stores_by_secret, stack).get(item.value, ())
    if not names_store(item.key) and _is_called_with(stack, item):
        yield item.service


def _hosts(item: Credential) -> Iterator[str]:
    """Yield where a credential is sent: the host of its URL or beside it, or that of its own name (`DB_HOST`)."""
    first = item.host or host_beside(item)
    if first:
        yield first
        return
    yield from known(_hosts_by_word, item.service).get(item.key.partition("_")[0], ())


def _hosts_by_word(service: Service) -> dict[str, list[str]]:
    """Return the hosts that a service is told, by the first word of their variables."""
    found: dict[str, list[str]] = {}
    for entry in service.environment:
        if entry.value and _HOST.search(entry.name):
            host = url_host(entry.value) or entry.value.partition(":")[0]
            found.setdefault(entry.name.partition("_")[0], []).append(host)
    return found


def _stores_by_secret(stack: Stack) -> dict[str, list[Service]]:
    """Return the stores of a stack by the values of the secrets that they are given."""
    found: dict[str, list[Service]] = {}
    for service in (service for service in stack.services if service.is_datastore):
        for entry in service.environment:
            if entry.value and holds_secret(entry.name, entry.value):
                found.setdefault(entry.value, []).append(service)
    return found


def _is_called_with(stack: Stack, item: Credential) -> bool:
    """Whether another service that has the same credential names the one at hand: it is what callers send."""
    callers = known(_texts_by_host, stack)
    given = (text for name in item.service.names for caller, text in callers.get(name, ()) if caller != item.service.name)
    return any(item.value in text for text in given)


def _texts_by_host(stack: Stack) -> dict[str, list[tuple[str, str]]]:
    """Return who names each host in an address, with all that it is told."""
    found: dict[str, list[tuple[str, str]]] = {}
    for service in stack.services:
        text = "\n".join(entry.value for entry in service.environment if entry.value)
        for host in {match["host"] for match in _ADDRESS.finditer(text)}:
            found.setdefault(host, []).append((service.name, text))
    return found


def _is_reached(project: Project, stack: Stack, service: Service) -> bool:
    """Whether a service has a port on all interfaces, or the host's network, in this stack or in another one of the same file
    that is no developer's.
    """
    alike = [service]
    for other in project.stacks:
        if not other.is_of_developers and other.environment not in TRIED and not set(stack.files).isdisjoint(other.files):
            alike += filter(None, [other.service(service.name)])
    return any(item.network_mode == "host" or any(port.host_ip in ALL_INTERFACES for port in item.ports) for item in alike)


def _lets_look_in(item: Credential) -> bool:
    """Whether a page to look into a store is open to others and logs in with the credential by itself."""
    service = item.service
    return service.role is Role.ADMIN_UI and any(port.host_ip in ALL_INTERFACES for port in service.ports)


def _is_elsewhere(stack: Stack, item: Credential) -> bool:
    """Whether a password that somebody chose or drew is sent to another machine."""
    named = (host for host in _hosts(item) if _FULL_NAME.fullmatch(host) and not is_of_nobody(host))
    outside = (host for host in named if stack.resolve_host(host) is None)
    return item.value_class in _CHOSEN and next(outside, None) is not None


def _signs(project: Project, item: Credential) -> bool:
    """Whether an application signs, encrypts or asks its callers with the credential: by the name of the variable, where code
    here or a framework reads it. What somebody else's image does with a stand-in is not known.
    """
    names = {item.key, *variables_of(item)} - IN_A_PROGRAM
    keys = {name for name in names if _SIGNS.search(name) and not OTHER_PARTY.search(name) and not OF_A_STORE.search(name)}
    if not keys or item.service.is_datastore or _asks_nobody(item.service):
        return False
    if names & project.named_secrets or reads_by_package(project, frozenset(keys)):
        return True
    by_framework = any(OF_FRAMEWORKS.fullmatch(name) or name == "SECRET_KEY_BASE" for name in keys)
    return item.value_class in _CHOSEN or (by_framework and item.service.made is not None)


def _asks_nobody(service: Service) -> bool:
    """Whether a variable tells the service to ask nobody for a login (`WEBUI_AUTH=False`)."""
    return any(_ASKS_NOBODY.search(entry.name) and (entry.value or "").strip().lower() in _OFF for entry in service.environment)


def _is_first_login(item: Credential) -> bool:
    if names_store(item.key) or item.service.is_datastore:
        return False
    makes = bool(_MAKES_ACCOUNTS.search(item.service.name) and _PASSWORD.search(item.key))
    return makes or bool(_FIRST_LOGIN.search(item.key))


def _was_issued(item: Credential) -> bool:
    """Whether somebody issued it, by its form: a token drawn at random, or the password of a mailbox that is no stand-in."""
    if names_store(item.key) or item.service.is_datastore:
        return False
    return is_drawn(item) or (item.value_class in _CHOSEN and bool(_OF_MAIL.search(item.key)))


def works_alone(name: str, kind: SecretClass) -> bool:
    """Whether a value of a class, under the name of a variable, opens something by itself: it was drawn, it signs and is no
    stand-in, or it is the password of a first account.
    """
    signs = kind is not SecretClass.PLACEHOLDER and _SIGNS.search(name) and not OTHER_PARTY.search(name)
    return kind is SecretClass.RANDOM or bool(signs or (_FIRST_LOGIN.search(name) and not names_store(name)))


def is_drawn(item: Credential) -> bool:
    """Whether a value was drawn at random for somebody: whoever chose it did not take words."""
    return item.value_class is SecretClass.RANDOM and is_drawn_token(item.value) and not reads_as_name(item.value)
