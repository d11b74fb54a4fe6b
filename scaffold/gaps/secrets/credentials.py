"""Credentials that compose files hold, as places and classes: the values are compared here and leave no trace."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace

from scaffold.gaps.facts import ALL_INTERFACES, store_port_is_open
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location, VariableReference, find, scalars_in
from scaffold.model.document import Mapping as MappingNode
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, counts, holds_secret, reads_as_name, url_host, url_password

_INNERMOST_DEFAULT = regex(r"\$\{\w+:?-([^{}]*)\}")
_COMMAND_PASSWORD = regex(
    r"(?:--requirepass|--masterauth|--password|--auth-token)[= ]+[\"']?([^\s\"']+)",
    words=("auth-token", "masterauth", "password", "requirepass"),
)
_CHECK_PASSWORD = regex(r"(?:redis|valkey)-cli\b.*?\s(?:-a|--pass)[= ]+[\"']?([^\s\"']+)", words=("-cli",))
_REFERENCE = regex(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_STORE_WORD = regex(r"(?i)(?:^|_)(?:DB|DATABASE|SQL|PG|POSTGRES|MYSQL|MARIADB|MONGO|REDIS|CACHE|CLICKHOUSE|S3|MINIO)")
_QUEUE_WORD = regex(r"(?i)(?:^|_)(?:RABBITMQ|RMQ|AMQP|BROKER|NATS)")
OF_A_STORE = regex(
    r"(?:^|_)(?:MINIO|S3|R2|AWS|STORAGE|BUCKET|SEAWEEDFS|RUSTFS|GARAGE|SPACES|WASABI|OSS|COS)(?:_|$)", re.IGNORECASE
)
"""Whose secret key opens a store, and signs nothing that visitors show."""
OTHER_PARTY = regex(
    r"(?i)(?:^|_)(?:SMTP|E?MAIL|MAILER|MAILGUN|SENDGRID|POSTMARK|TWILIO|SLACK|TELEGRAM|DISCORD|STRIPE|PAYPAL|OPENAI|ANTHROPIC"
    r"|GEMINI|MISTRAL|COHERE|GROQ|GOOGLE|GITHUB|GITLAB|AWS|AZURE|CLOUDFLARE|BOT|OAUTH2?|CLIENT_SECRET|API_?KEY|SENTRY|RECAPTCHA)(?:_|$)",
    words=(
        "anthropic",
        "api",
        "aws",
        "azure",
        "bot",
        "client_secret",
        "cloudflare",
        "cohere",
        "discord",
        "gemini",
        "github",
        "gitlab",
        "google",
        "groq",
        "mail",
        "mistral",
        "oauth",
        "openai",
        "paypal",
        "postmark",
        "recaptcha",
        "sendgrid",
        "sentry",
        "slack",
        "smtp",
        "stripe",
        "telegram",
        "twilio",
    ),
)
"""Names of credentials that another party issues."""
_KEY_STORE = regex(
    r"(?i)(?:CERTIFICATES?|CERT|KEY_?STORE|TRUST_?STORE|PFX|PKCS12|P12|SSL)_*(?:\w+_)?_*(?:KEY_?)?PASS(?:WORD|PHRASE|WD)$"
)
_KEY_FILES = (".pfx", ".p12", ".jks", ".pem", ".key", ".keystore")
_LONGEST_FILLER = 2
"""Characters of a value that fills in a field which has to be set."""
_TAKES_ANY = regex(r"(?i)pass|pwd|jwt|sign|session|cookie|secret_?key|app_?key|salt|crypt")
"""Names of what works with any value: passwords, which the store takes, and keys of the application's own."""
_PART = regex(r"[:,;]")
_LEAST_PART, _MOST_PARTS, _LONGEST_KEY = 24, 8, 256
_LOADERS = frozenset({"k6", "locust", "artillery", "jmeter", "gatling"})
IN_A_PROGRAM = frozenset({"command", "healthcheck"})
"""Keys of credentials that stand in a command and not in a variable."""
TOOL_LOGINS = frozenset(
    {
        "GF_SECURITY_ADMIN_PASSWORD",
        "RABBITMQ_DEFAULT_PASS",
        "MINIO_ROOT_PASSWORD",
        "MINIO_SECRET_KEY",
        "PGADMIN_DEFAULT_PASSWORD",
        "ME_CONFIG_BASICAUTH_PASSWORD",
        "ME_CONFIG_MONGODB_ADMINPASSWORD",
        "FLOWER_BASIC_AUTH",
        "KEYCLOAK_ADMIN_PASSWORD",
        "KC_BOOTSTRAP_ADMIN_PASSWORD",
    }
)
"""First logins of tools: SEC007 judges them."""


@frozen
class Credential:
    """One place where a credential stands; `key` is the variable or the setting that holds it."""

    service: Service
    key: str
    kind: str
    """`default` for `${X:-value}`, `literal` for a value that stands there itself."""
    value_class: SecretClass
    location: Location
    value: str = field(repr=False)
    host: str = ""
    """The host of the URL that holds the credential, "" when it stands in none."""
    within: str = ""
    """The variable whose default is a part of this one's, where that says that it is a credential; "" elsewhere."""


@frozen
class CredentialGroup:
    """The places of one stack that hold the same credential, in the order of the files."""

    stack: Stack
    places: tuple[Credential, ...]
    profiles: frozenset[str] = frozenset({"*"})
    """The active profiles; `*` stands for all."""

    @property
    def owner(self) -> Credential:
        """The place to show: the store that the credential opens, else the first service by name; lines may move."""
        return min(
            self.places, key=lambda item: (not item.service.is_datastore, item.service.name, item.key, item.location.sort_key())
        )

    @property
    def opens_published_store(self) -> bool:
        """Whether one of the services is a store that a plain start runs, with its port open on all interfaces."""
        return any(store_port_is_open(item.service) and self._starts(item.service) for item in self.places)

    def opens_hidden_store(self, stacks: tuple[Stack, ...]) -> bool:
        """Whether all that it opens are stores of its stack, else of `stacks`, whose ports nobody outside the host reaches."""
        stores = known(_stores_by_name, self.stack, stacks)
        if not all(item.service.name in stores or item.host in stores or names_store(item.key) for item in self.places):
            return False
        opened = [store for item in self.places if (store := _opened(item, stores)) is not None]
        # What names neither its store nor a host may open every one.
        is_vague = any(item.service.name not in stores and not item.host for item in self.places)
        if is_vague and known(_reaches_one, stores):
            return False
        return bool(opened or (is_vague and stores)) and not any(map(_is_reached, opened))

    def _starts(self, service: Service) -> bool:
        return not service.profiles or "*" in self.profiles or bool(self.profiles & set(service.profiles))

    @property
    def is_placeholder(self) -> bool:
        """Whether each place holds a stand-in that says so."""
        return all(item.value_class is SecretClass.PLACEHOLDER for item in self.places)

    @property
    def stands_in(self) -> bool:
        """Whether it is a stand-in for what another party issues: it opens nothing, and what needs it fails."""
        return all(item.value_class is SecretClass.PLACEHOLDER and OTHER_PARTY.search(item.key) for item in self.places)

    def opens_absent_file(self, files: Iterable[str]) -> bool:
        """Whether it is the passphrase of a certificate or key file, and none of `files` is such a file."""
        return all(_KEY_STORE.search(item.key) for item in self.places) and not any(f.endswith(_KEY_FILES) for f in files)

    @property
    def is_of_a_client(self) -> bool:
        """Whether it stands in health checks and in load tests alone: what a client sends, never what the server is given."""
        return all("healthcheck" in item.location.route or _makes_load(item.service) for item in self.places)

    @property
    def keys(self) -> tuple[str, ...]:
        """The variables and settings that hold the credential, the owner's first."""
        return tuple(dict.fromkeys((self.owner.key, *(item.key for item in self.places))))

    @property
    def locations(self) -> tuple[Location, ...]:
        """Every place once, the owner's first."""
        return tuple(dict.fromkeys((self.owner.location, *(item.location for item in self.places))))


_FIRST_PASSWORDS = frozenset({"POSTGRES_PASSWORD", "MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD"})
"""Without one the images of these stores make no database, and end (their pages at Docker Hub)."""
_OPEN_TO_ALL = ("POSTGRES_HOST_AUTH_METHOD", "ALLOW_EMPTY", "RANDOM_ROOT")
"""Parts of the variables with which they do."""


def store_without_default(group: CredentialGroup) -> EnvValue | None:
    """Return the password of the store that all places of a credential open as its clients, where the store takes it from a
    variable that has no default: of the values that stand in the files, none opens it.
    """
    found = [_password_of_store(group.stack, item) for item in group.places]
    return found[0] if all(found) else None


def _password_of_store(stack: Stack, item: Credential) -> EnvValue | None:
    host = item.host or host_beside(item)
    store = stack.resolve_host(host) if host else None
    if store is None or store.name == item.service.name:
        return None
    if any(part in entry.name for entry in store.environment for part in _OPEN_TO_ALL):
        return None
    return next((entry for entry in store.environment if entry.name in _FIRST_PASSWORDS and _is_asked(entry)), None)


def host_beside(item: Credential) -> str:
    """Return the host of the URL in which a reference stands, else the one that clients of a store take from a variable."""
    hosts, named = known(_hosts_of, item.service)
    return hosts.get(item.location, "") or named


def _hosts_of(service: Service) -> tuple[dict[Location, str], str]:
    """Return the hosts of the URLs that a service gets, by their places, and the one that it tells clients of a store."""
    given = [entry for entry in service.environment if entry.value]
    named = (entry.value for entry in given if entry.name in {"PGHOST", "MYSQL_HOST"})
    return {entry.location: host for entry in given if (host := url_host(entry.value or ""))}, next(filter(None, named), "")


def _is_asked(entry: EnvValue) -> bool:
    """Whether a value is one variable that nobody gives a default."""
    return len(entry.references) == 1 and entry.raw in {f"${{{entry.references[0].name}}}", f"${entry.references[0].name}"}


def _makes_load(service: Service) -> bool:
    """Whether a service is a program that loads others to measure them, by its image or by what it starts."""
    started = {posixpath.basename(word) for word in (*(service.entrypoint or ()), *(service.command or ())[:1])}
    image = service.image.name if service.image else ""
    return bool(_LOADERS & {image, *started})


def variables_of(item: Credential) -> Iterator[str]:
    """Yield the variables of the service that take the credential where it stands."""
    yield from known(_variables_by_place, item.service).get(item.location, ())


def _variables_by_place(service: Service) -> dict[Location, list[str]]:
    found: dict[Location, list[str]] = {}
    for entry in service.environment:
        found.setdefault(entry.location, []).append(entry.name)
    return found


def names_store(key: str) -> bool:
    """Whether the name of a variable says that it opens a store or a queue."""
    return bool(_STORE_WORD.search(key) or _QUEUE_WORD.search(key))


def _stores_by_name(stack: Stack, stacks: tuple[Stack, ...]) -> dict[str, Service]:
    """Return the stores by name, those of `stack` before those of the others."""
    services = [service for each in (stack, *stacks) for service in each.services if service.is_datastore]
    return {service.name: service for service in reversed(services)}


def _opened(item: Credential, stores: Mapping[str, Service]) -> Service | None:
    """Return the store that a credential opens: the one that is given it, or the host of its URL; None where none is named."""
    return item.service if item.service.name in stores else stores.get(item.host)


def _reaches_one(stores: Mapping[str, Service]) -> bool:
    return any(map(_is_reached, stores.values()))


def _is_reached(service: Service) -> bool:
    return service.network_mode == "host" or any(port.host_ip in ALL_INTERFACES for port in service.ports)


def credential_groups(
    stack: Stack, kind: str, profiles: frozenset[str] = frozenset({"*"}), given: frozenset[str] = frozenset()
) -> tuple[CredentialGroup, ...]:
    """Return the stack's credentials of one kind, grouped by value where the variable or the store is the same, and then by
    the key that their owner has; variables that are `given` elsewhere do not count.
    """
    found = [item for service in stack.services for item in _credentials(service) if item.kind == kind]
    # The name of a secret that Compose mounts says where the password is; a store takes the name itself for one.
    secrets = _secrets(stack) if found else ()
    found = [item for item in found if item.value not in secrets or item.service.is_datastore]
    found = _without_tools(stack, [*found, *(_parts(stack, found) if kind == "default" else ())])
    # The inner default of `${GIVEN:-${OTHER:-value}}` is not used either.
    unused = {(item.location, item.value) for item in found if item.key in given}
    found = [item for item in found if not item.within or item.within not in given]
    by_value: dict[str, list[Credential]] = {}
    for item in found:
        if (item.location, item.value) not in unused:
            by_value.setdefault(item.value, []).append(item)
    groups = [CredentialGroup(stack, _sorted(items)) for equal in by_value.values() for items in _connected(stack, equal)]
    merged: dict[tuple[str, str], list[Credential]] = {}
    for group in sorted(groups, key=lambda group: group.owner.location.sort_key()):
        merged.setdefault((group.owner.service.name, group.owner.key), []).extend(group.places)
    return tuple(CredentialGroup(stack, _sorted(items), profiles) for items in merged.values())


def _secrets(stack: Stack) -> tuple[str, ...]:
    declared = find(stack.node, "secrets")
    return declared.keys() if isinstance(declared, MappingNode) else ()


def _parts(stack: Stack, found: list[Credential]) -> Iterator[Credential]:
    """Yield the defaults of other variables that have one of the credentials as a part: a ring of keys with its only key."""
    keys = {(item.service.name, item.value): item for item in found if len(item.value) >= _LEAST_PART}
    named = {item.key for item in found}
    for service in stack.services if keys else ():
        for entry in service.environment:
            for reference in entry.references:
                if entry.source != "environment" or not reference.has_default or reference.name in named:
                    continue
                for part in parts_of(reference.argument):
                    if own := keys.get((service.name, part)):
                        yield replace(own, key=reference.name, location=entry.location, within=own.key)


def parts_of(value: str) -> tuple[str, ...]:
    """Return the parts of a value that is a list or gives keys their names (`first:0f1e..`); none of one that is whole."""
    parts = _PART.split(value)
    return tuple(parts[:_MOST_PARTS]) if len(parts) > 1 else ()


def _without_tools(stack: Stack, found: list[Credential]) -> list[Credential]:
    """Return the credentials; the login that a tool makes is SEC007's, unless others log in with the same variable."""
    lines = {entry.location for service in stack.services for entry in service.environment if entry.name in TOOL_LOGINS}
    shared = {item.key for item in found if item.location not in lines}
    return [item for item in found if item.location not in lines or item.key in shared]


def _connected(stack: Stack, equal: list[Credential]) -> list[list[Credential]]:
    """Part equal values into credentials: places that share a variable or a store are one, others only look alike."""
    holders = {item.service.name for item in equal if item.service.is_datastore}
    joined = list(range(len(equal)))
    of_mark: dict[str, int] = {}
    for number, item in enumerate(equal):
        for mark in _marks(stack, item, holders):
            one, two = sorted((_head(joined, of_mark.setdefault(mark, number)), _head(joined, number)))
            joined[two] = one
    groups: dict[int, list[Credential]] = {}
    for number, item in enumerate(equal):
        groups.setdefault(_head(joined, number), []).append(item)
    return list(groups.values())


def _head(joined: list[int], number: int) -> int:
    """Return the first of the places that one is joined with, each of which names one before it; the way there gets shorter."""
    while joined[number] != number:
        joined[number] = joined[joined[number]]
        number = joined[number]
    return number


def _marks(stack: Stack, item: Credential, holders: set[str]) -> set[str]:
    """Return what the place shares with others of its credential: its text, the variable, and the store that it opens."""
    key = f"server {item.service.name}" if item.key in IN_A_PROGRAM else f"key {item.key}"
    marks = {key, f"text {item.location.sort_key()}", f"key {item.within or item.key}"}
    if item.host:
        server = stack.resolve_host(item.host)
        return marks | {f"server {server.name if server else item.host}"}
    if item.service.is_datastore:
        return marks | {f"server {item.service.name}"}
    # DB_PASSWORD beside the only store with this value is that store's.
    owned = len(holders) == 1 and _STORE_WORD.search(item.key)
    return marks.union(f"server {name}" for name in holders) if owned else marks


def _sorted(items: Iterable[Credential]) -> tuple[Credential, ...]:
    return tuple(sorted(items, key=lambda item: (*item.location.sort_key(), item.key)))


def _credentials(service: Service) -> Iterator[Credential]:
    for scalar in scalars_in(service.node):
        for reference in scalar.references:
            yield from _default(service, reference, scalar.location)
    for entry in service.environment:
        if entry.source == "environment" and entry.name not in TOOL_LOGINS:
            yield from _literal(service, entry)
    yield from _command_literals(service)


def _default(service: Service, reference: VariableReference, location: Location) -> Iterator[Credential]:
    if not reference.has_default:
        return
    nested = _INNERMOST_DEFAULT.search(reference.argument)
    value = nested[1] if nested else reference.argument
    if "$" in value:
        return
    host = ""
    if not holds_secret(reference.name, value):
        host = url_host(value) or ""
        value = _password_in_url(value) or ""
    if value and counts(value) and not (fills_a_field(reference.name, value) and not host):
        yield Credential(service, reference.name, "default", _said_class(value), location, value, host)


def _said_class(value: str) -> SecretClass:
    """Return the class that a report names: a phrase of words, or a part that comes again, is a literal to whoever reads it."""
    found = classify(value)
    return SecretClass.LITERAL if found is SecretClass.RANDOM and (reads_as_name(value) or _comes_again(value)) else found


def _comes_again(value: str) -> bool:
    """Whether a value is one short part, over and over: `0123456789abcdef0123456789abcdef`."""
    return len(value) <= _LONGEST_KEY and any(value[size:] == value[:-size] for size in range(1, len(value) // 2 + 1))


def fills_a_field(name: str, value: str) -> bool:
    """Whether a value such as `1` only fills in a variable that has to be set: nobody issues a token or a secret that short."""
    return len(value.strip()) <= _LONGEST_FILLER and not _TAKES_ANY.search(name)


def _password_in_url(text: str) -> str | None:
    """Return the literal password of a URL, or None; a URL that stays on the machine opens nothing for others."""
    password = url_password(text)
    return None if password is None or "$" in password or url_host(text) in LOOPBACK else password


def _literal(service: Service, entry: EnvValue) -> Iterator[Credential]:
    raw = entry.raw if entry.raw is not None else entry.value
    if raw is None:
        return
    # What stands inside a reference is its default, not a literal.
    password = _password_in_url(_REFERENCE.sub("$", raw))
    if password is None and (entry.references or not holds_secret(entry.name, raw)):
        return
    value = raw if password is None else password
    if password is None and fills_a_field(entry.name, value):
        return
    if counts(value) and classify(value) is not SecretClass.PROVIDER_KEY:
        host = "" if password is None else url_host(raw) or ""
        yield Credential(service, entry.name, "literal", _said_class(value), entry.location, value, host)


def _command_literals(service: Service) -> Iterator[Credential]:
    check = service.healthcheck
    for key, pattern, location in (
        ("command", _COMMAND_PASSWORD, service.command_location),
        ("healthcheck", _CHECK_PASSWORD, check.test_location if check else None),
    ):
        text = " ".join(scalar.raw or scalar.value for scalar in scalars_in(service.node.get(key)))
        match = pattern.search(text)
        if match and location and "$" not in match[1] and counts(match[1]):
            yield Credential(service, key, "literal", _said_class(match[1]), location, match[1])
