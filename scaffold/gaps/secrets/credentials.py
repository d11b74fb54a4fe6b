"""Credentials that compose files hold, as places and classes: the values are compared here and leave no trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from scaffold.gaps.facts import scalars_below, store_port_is_open
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location, VariableReference
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, is_sensitive_name, url_host, url_password

_INNERMOST_DEFAULT = regex(r"\$\{\w+:?-([^{}]*)\}")
_COMMAND_PASSWORD = regex(r"(?:--requirepass|--masterauth|--password|--auth-token)[= ]+[\"']?([^\s\"']+)")
_CHECK_PASSWORD = regex(r"(?:redis|valkey)-cli\b.*?\s(?:-a|--pass)[= ]+[\"']?([^\s\"']+)")
_REFERENCE = regex(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
_HARMLESS = frozenset({SecretClass.EMPTY, SecretClass.REFERENCE, SecretClass.FILE_PATH})
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


@frozen
class CredentialGroup:
    """The places of one stack that hold the same credential, in the order of the files."""

    stack: Stack
    places: tuple[Credential, ...]

    @property
    def owner(self) -> Credential:
        """The place to show: the store that the credential opens, else the first service by name; lines may move."""
        return min(
            self.places, key=lambda item: (not item.service.is_datastore, item.service.name, item.key, item.location.sort_key())
        )

    @property
    def opens_published_store(self) -> bool:
        """Whether one of the services is a store whose port is open on all interfaces."""
        return any(store_port_is_open(item.service) for item in self.places)

    @property
    def locations(self) -> tuple[Location, ...]:
        """Every place once, the owner's first."""
        return tuple(dict.fromkeys((self.owner.location, *(item.location for item in self.places))))


def credential_groups(stack: Stack, kind: str) -> tuple[CredentialGroup, ...]:
    """Return the stack's credentials of one kind, grouped by value and then by the key that their owner has."""
    by_value: dict[str, list[Credential]] = {}
    for service in stack.services:
        for item in _credentials(service):
            if item.kind == kind:
                by_value.setdefault(item.value, []).append(item)
    groups = [CredentialGroup(stack, _sorted(items)) for items in by_value.values()]
    merged: dict[tuple[str, str], list[Credential]] = {}
    for group in sorted(groups, key=lambda group: group.owner.location.sort_key()):
        merged.setdefault((group.owner.service.name, group.owner.key), []).extend(group.places)
    return tuple(CredentialGroup(stack, _sorted(items)) for items in merged.values())


def _sorted(items: Iterable[Credential]) -> tuple[Credential, ...]:
    return tuple(sorted(items, key=lambda item: (*item.location.sort_key(), item.key)))


def counts(value: str, *, placeholders: bool = True) -> bool:
    """Whether a text would work as a credential: words such as `true` and references do not, short numbers do."""
    found = classify(value)
    if found is SecretClass.PLAIN:
        return value.strip().isdigit()
    return found not in _HARMLESS and (placeholders or found is not SecretClass.PLACEHOLDER)


def _credentials(service: Service) -> Iterator[Credential]:
    tool_lines = {entry.location for entry in service.environment if entry.name in TOOL_LOGINS}
    for scalar in scalars_below(service.node):
        if scalar.location not in tool_lines:
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
    if not is_sensitive_name(reference.name):
        value = _password_in_url(value) or ""
    if value and counts(value):
        yield Credential(service, reference.name, "default", classify(value), location, value)


def _password_in_url(text: str) -> str | None:
    """Return the literal password of a URL, or None; a URL that stays on the machine opens nothing for others."""
    password = url_password(text)
    return None if password is None or "$" in password or url_host(text) in _LOCAL_HOSTS else password


def _literal(service: Service, entry: EnvValue) -> Iterator[Credential]:
    raw = entry.raw if entry.raw is not None else entry.value
    if raw is None:
        return
    # What stands inside a reference is its default, not a literal.
    password = _password_in_url(_REFERENCE.sub("$", raw))
    if password is None and (entry.references or not is_sensitive_name(entry.name)):
        return
    value = raw if password is None else password
    if counts(value) and classify(value) is not SecretClass.PROVIDER_KEY:
        yield Credential(service, entry.name, "literal", classify(value), entry.location, value)


def _command_literals(service: Service) -> Iterator[Credential]:
    check = service.healthcheck
    for key, pattern, location in (
        ("command", _COMMAND_PASSWORD, service.command_location),
        ("healthcheck", _CHECK_PASSWORD, check.test_location if check else None),
    ):
        text = " ".join(scalar.raw or scalar.value for scalar in scalars_below(service.node.get(key)))
        match = pattern.search(text)
        if match and location and "$" not in match[1] and counts(match[1]):
            yield Credential(service, key, "literal", classify(match[1]), location, match[1])
