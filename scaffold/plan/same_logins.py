"""Variables that hold the password of one login: what a store starts with, and what the services that use it log in with."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.interpolation import Reference, pieces
from scaffold.model.names import Role
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host

_ACCOUNTS: dict[Role, tuple[tuple[str, str, str], ...]] = {
    Role.POSTGRES: (
        ("POSTGRES_PASSWORD", "POSTGRES_USER", "postgres"),
        ("POSTGRESQL_PASSWORD", "POSTGRESQL_USERNAME", "postgres"),
    ),
    Role.MYSQL: (
        ("MYSQL_PASSWORD", "MYSQL_USER", ""),
        ("MARIADB_PASSWORD", "MARIADB_USER", ""),
        ("MYSQL_ROOT_PASSWORD", "", "root"),
        ("MARIADB_ROOT_PASSWORD", "", "root"),
    ),
    Role.MONGO: (("MONGO_INITDB_ROOT_PASSWORD", "MONGO_INITDB_ROOT_USERNAME", ""),),
    Role.BROKER: (("RABBITMQ_DEFAULT_PASS", "RABBITMQ_DEFAULT_USER", "guest"),),
}
"""By role, the accounts that images of stores make: the variable of the password, that of the name, and the name without it."""
_HOST = regex(r"(?P<of>.*?)(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS)")
_PASSWORDS = ("PASSWORD", "PASS", "PASSWD", "PWD")
_USERS = ("USER", "USERNAME", "LOGIN")
_USER_OF_URL = regex(r"[A-Za-z][A-Za-z0-9+.\-]*://(?P<user>[^\s:/@]+):")


@frozen
class SameLogin:
    """An entry of a service that holds the password of an account of a store."""

    service: str
    entry: EnvValue
    store: str
    password: EnvValue
    """The entry of the store that makes the account."""
    variable: str
    """The Compose variable behind the service's entry, "" for a text of its own."""

    @property
    def source(self) -> str:
        """The Compose variable behind the store's entry, "" for a text of its own."""
        return whole_variable(self.password)


def same_logins(stack: Stack) -> tuple[SameLogin, ...]:
    """Return every entry of the stack's environments that logs in as an account which the environment of a store makes.

    The host and the name of the user say that it is the same login; where one of them is unknown, nothing is taken for it.
    """
    return tuple(found for service in stack.services for found in (*_by_parts(service, stack), *_by_url(service, stack)))


def same_variables(stack: Stack) -> dict[str, tuple[str, str]]:
    """Return each Compose variable that is the password of a login which a store takes from another one: that, and the store.

    A variable that stands for two logins stays alone.
    """
    found: dict[str, set[tuple[str, str]]] = {}
    for login in same_logins(stack):
        if login.variable:
            found.setdefault(login.variable, set()).add((login.source, login.store))
    taken = {login.source for login in same_logins(stack)}
    single = {name: next(iter(places)) for name, places in found.items() if len(places) == 1 and name not in taken}
    return {name: place for name, place in single.items() if place[0]}


def whole_variable(entry: EnvValue) -> str:
    """Return the Compose variable that makes up the whole value of an entry, "" where none does."""
    parts = pieces(entry.raw or "")
    return parts[0].name if len(parts) == 1 and isinstance(parts[0], Reference) else ""


def _by_parts(service: Service, stack: Stack) -> Iterator[SameLogin]:
    """Yield the passwords beside a host: `DB_PASSWORD` where `DB_HOST` names a store and `DB_USER` its account."""
    entries = {entry.name: entry for entry in service.environment}
    for name, entry in entries.items():
        match = _HOST.fullmatch(name)
        store = stack.resolve_host((entry.value or "").partition(":")[0]) if match else None
        if match is None or store is None or store is service:
            continue
        user = next((found.value or "" for word in _USERS if (found := entries.get(match["of"] + word))), "")
        account = _account(store, user)
        for word in _PASSWORDS:
            password = entries.get(match["of"] + word)
            if account is not None and password is not None:
                yield SameLogin(service.name, password, store.name, account, whole_variable(password))


def _by_url(service: Service, stack: Stack) -> Iterator[SameLogin]:
    """Yield the URLs whose password is one reference: `postgres://shop:${DB_PASSWORD}@db/shop`."""
    for entry in service.environment:
        variable = _password_of_url(entry.raw or "")
        user = _USER_OF_URL.match(entry.value or "") if variable else None
        store = stack.resolve_host(url_host(entry.value or "") or "") if user else None
        account = _account(store, user["user"]) if user and store is not None and store is not service else None
        if store is not None and account is not None:
            yield SameLogin(service.name, entry, store.name, account, variable)


def _password_of_url(raw: str) -> str:
    parts = pieces(raw)
    for index, part in enumerate(parts[1:-1], start=1):
        before, after = parts[index - 1], parts[index + 1]
        if isinstance(part, Reference) and isinstance(before, str) and isinstance(after, str) and after.startswith("@"):
            return part.name if before.endswith(":") else ""
    return ""


def _account(store: Service, user: str) -> EnvValue | None:
    """Return the entry with the password of the account that the environment of a store makes for a user, None for another."""
    for password, named, usual in _ACCOUNTS.get(store.role, ()) if store.role and user else ():
        entry, name = store.env(password), store.env(named) if named else None
        if entry is not None and user == ((name.value if name else "") or usual):
            return entry
    return None
