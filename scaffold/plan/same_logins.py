"""Variables that hold the password of one login: what a store starts with, and what the services that use it log in with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.environment import is_issued
from scaffold.model.frozen import frozen
from scaffold.model.interpolation import Reference, pieces
from scaffold.model.known import known
from scaffold.model.names import Role
from scaffold.model.own_machine import THIS_MACHINE
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import url_host, url_password

_MADE: dict[Role, tuple[tuple[str, str, str], ...]] = {
    Role.POSTGRES: (
        ("POSTGRES_PASSWORD", "POSTGRES_USER", "postgres"),
        ("POSTGRES_PASS", "POSTGRES_USER", "docker"),
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
    Role.OBJECT_STORE: (
        ("MINIO_ROOT_PASSWORD", "MINIO_ROOT_USER", "minioadmin"),
        ("MINIO_SECRET_KEY", "MINIO_ACCESS_KEY", "minioadmin"),
    ),
}
"""By role, the accounts that images of stores make: the variable of the password, that of the name, and the name without it."""
_DATABASES = frozenset({"DB", "DATABASE", "DATASOURCE", "SQL", "JDBC"})
_WORDS: dict[Role, frozenset[str]] = {
    Role.POSTGRES: _DATABASES | {"POSTGRES", "POSTGRESQL", "PG", "PGSQL", "PSQL"},
    Role.MYSQL: _DATABASES | {"MYSQL", "MARIADB", "MARIA"},
    Role.MONGO: frozenset({"DB", "DATABASE", "MONGO", "MONGODB"}),
    Role.BROKER: frozenset({"RABBIT", "RABBITMQ", "RMQ", "AMQP", "BROKER", "MQ", "QUEUE"}),
    Role.OBJECT_STORE: frozenset({"S3", "MINIO", "AWS", "STORAGE", "BUCKET"}),
}
"""The words by which variables call a store of each role."""
_OF_PAGES = frozenset({"BASIC", "BASICAUTH", "DASHBOARD", "EXPRESS", "MANAGEMENT", "PANEL", "UI"})
"""The words of a login for the pages of a tool that shows a store, which only looks like that of the store."""
_KINDS_OF_ACCOUNTS = frozenset({"ADMIN", "ROOT"})
_ADDRESSES = ("HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS", "URL", "URI", "ENDPOINT", "ENDPOINT_URL")
_PASSWORD = regex(r"(?P<of>.*?)(?:PASSWORD|PASSWD|PASS|PWD|(?P<key>SECRET_?(?:ACCESS_?)?KEY))", re.IGNORECASE)
_USERS = ("USER", "USERNAME", "LOGIN")
_KEY_USERS = ("ACCESS_KEY_ID", "ACCESS_KEY", "ACCESSKEY", "ACCESSKEYID")
"""How the clients of object stores call the user; they call the password a secret key."""
_USER_OF_URL = regex(r"[A-Za-z][A-Za-z0-9+.\-]*://(?P<user>[^\s:/@]+):")
_WORD = regex(r"[A-Z0-9]+")
_COMMON_USERS = frozenset({"admin", "administrator", "default", "demo", "dev", "guest", "postgres", "root", "test", "user"})
"""Names that many a login has: an equal one tells nothing."""
_SHORTEST = 4
"""Shorter values are equal by chance."""


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
    in_url: bool = False
    """Whether the password is a part of the entry, which is a URL."""

    @property
    def source(self) -> str:
        """The Compose variable behind the store's entry, "" for a text of its own."""
        return whole_variable(self.password)


@frozen
class _Account:
    """An account that the environment of a store makes."""

    store: Service
    user: str
    password: EnvValue


@frozen
class _Accounts:
    """The accounts of a stack: those of each store, and those of the only store of its role by their passwords."""

    of_store: Mapping[str, tuple[_Account, ...]] = field(compare=False)
    by_value: Mapping[str, tuple[_Account, ...]] = field(compare=False, repr=False)


def same_logins(stack: Stack) -> tuple[SameLogin, ...]:
    """Return every entry of the stack's environments that logs in as an account which the environment of a store makes.

    The host and the name of the user say that it is the same login. Where no host stands beside it, an equal password does, if
    the name speaks of the only store of its kind, or the user is the same one.
    """
    return known(_same_logins, stack)


def _same_logins(stack: Stack) -> tuple[SameLogin, ...]:
    accounts = _accounts(stack)
    return tuple(found for service in stack.services for found in _of_service(service, stack, accounts))


def same_variables(stack: Stack, taken_out: Mapping[Location, str]) -> dict[str, tuple[str, str]]:
    """Return each Compose variable that is the password of a login which a store takes from another one: that, and the store.

    `taken_out` are the variables that edits put in the place of texts. A variable that stands for two logins stays alone.
    """
    found: dict[str, set[tuple[str, str]]] = {}
    taken = set()
    for login in same_logins(stack):
        source = login.source or taken_out.get(login.password.location, "")
        variable = login.variable or taken_out.get(login.entry.location, "")
        taken.add(source)
        if variable:
            found.setdefault(variable, set()).add((source, login.store))
    single = {name: next(iter(places)) for name, places in found.items() if len(places) == 1 and name not in taken}
    return {name: place for name, place in single.items() if place[0]}


def account_entries(stack: Stack) -> tuple[EnvValue, ...]:
    """Return the entries of stores that hold the password of an account which they make."""
    return tuple(account.password for service in stack.services for account in _accounts_of(service))


def whole_variable(entry: EnvValue) -> str:
    """Return the Compose variable that makes up the whole value of an entry, "" where none does."""
    parts = pieces(entry.raw or "")
    return parts[0].name if len(parts) == 1 and isinstance(parts[0], Reference) else ""


def _accounts(stack: Stack) -> _Accounts:
    of_store = {service.name: found for service in stack.services if (found := tuple(_accounts_of(service)))}
    # What makes no account may be a queue of another kind; a database of the same kind may be meant.
    times = Counter(service.role for service in stack.services if service.name in of_store or service.role is not Role.BROKER)
    by_value: dict[str, tuple[_Account, ...]] = {}
    for account in (account for found in of_store.values() for account in found):
        value = account.password.value or ""
        if len(value) >= _SHORTEST and times[account.store.role] == 1:
            by_value[value] = (*by_value.get(value, ()), account)
    return _Accounts(of_store, by_value)


def _accounts_of(store: Service) -> Iterator[_Account]:
    for password, named, usual in _MADE.get(store.role, ()) if store.role else ():
        entry, name = store.env(password), store.env(named) if named else None
        if entry is not None:
            yield _Account(store, (name.value if name else "") or usual, entry)


def _of_service(service: Service, stack: Stack, accounts: _Accounts) -> Iterator[SameLogin]:
    if not accounts.of_store:
        return
    entries = {entry.name.upper(): entry for entry in service.environment}
    for name, entry in entries.items():
        match = _PASSWORD.fullmatch(name) if may_be_sensitive_name(entry.name) else None
        account = _account(service, entry, match, entries, stack, accounts) if match else None
        if account is not None:
            yield SameLogin(service.name, entry, account.store.name, account.password, whole_variable(entry))
        elif match is None and "://" in (entry.value or ""):
            yield from _by_url(service, entry, stack, accounts)


def _account(  # noqa: PLR0913, PLR0917 - each is another thing that tells the login
    service: Service,
    entry: EnvValue,
    name: re.Match[str],
    entries: Mapping[str, EnvValue],
    stack: Stack,
    accounts: _Accounts,
) -> _Account | None:
    """Return the account of a password: by `DB_HOST` and `DB_USER` beside `DB_PASSWORD`, else by its value."""
    stem, of_objects = name["of"], name["key"] is not None
    if not _OF_PAGES.isdisjoint(_WORD.findall(stem)):
        return None
    user = next(
        (found.value or "" for word in (_KEY_USERS if of_objects else _USERS) if (found := entries.get(stem + word))), ""
    )
    host = _host_beside(stem, entries, of_objects=of_objects)
    value = entry.value or ""
    if host:
        store = stack.resolve_host(host)
        if store is None or store is service:
            return None
        of_store = [item for item in accounts.of_store.get(store.name, ()) if _is_of_objects(item) or not of_objects]
        if user:
            return next((account for account in of_store if account.user == user), None)
        return _only(account for account in of_store if len(value) >= _SHORTEST and account.password.value == value)
    if service.is_datastore:
        return None
    equal = [account for account in accounts.by_value.get(value, ()) if user in {"", account.user}]
    equal = [account for account in equal if _is_of_objects(account) or not of_objects]
    return _only(account for account in equal if _speaks_of(stem, account) or _is_rare(entry.name, user))


def _is_of_objects(account: _Account) -> bool:
    return account.store.role is Role.OBJECT_STORE


def _only(accounts: Iterable[_Account]) -> _Account | None:
    found = tuple(accounts)
    return found[0] if len(found) == 1 else None


def _speaks_of(stem: str, account: _Account) -> bool:
    words = _WORDS.get(account.store.role, frozenset()) if account.store.role else frozenset()
    return not words.isdisjoint(_WORD.findall(stem))


def _is_rare(name: str, user: str) -> bool:
    """Whether the name of a user tells whose login it is, as only this project would have chosen it."""
    return len(user) >= _SHORTEST and user.lower() not in _COMMON_USERS and not is_issued(name.upper())


def _host_beside(stem: str, entries: Mapping[str, EnvValue], *, of_objects: bool) -> str:
    """Return the host that an address beside a password names: `DB_HOST` is that of `DB_PASSWORD` and of `DB_ROOT_PASSWORD`."""
    outer, _, account = stem.rstrip("_").rpartition("_")
    for start in (stem, *((f"{outer}_",) if outer and account in _KINDS_OF_ACCOUNTS else ())):
        for word in _ADDRESSES:
            entry = entries.get(start + word)
            host = _host_of(entry.value or "", of_objects=of_objects) if entry else ""
            if host:
                return host
    return ""


def _host_of(value: str, *, of_objects: bool) -> str:
    """Return the host of an address, "" for the own machine, and for a page of the web where no store speaks HTTP."""
    address = value.removeprefix("jdbc:")
    host = (url_host(address) or "") if "://" in address else address.partition(":")[0]
    is_page = address.startswith(("http:", "https:")) and not of_objects
    return "" if is_page or host in THIS_MACHINE else host


def _by_url(service: Service, entry: EnvValue, stack: Stack, accounts: _Accounts) -> Iterator[SameLogin]:
    """Yield the URL whose password is one reference, or stands there: `postgres://shop:${DB_PASSWORD}@db/shop`."""
    value = entry.value or ""
    variable = _password_of_url(entry.raw or "")
    password = "" if variable else literal_password(entry)
    user = _USER_OF_URL.match(value) if variable or password else None
    store = stack.resolve_host(url_host(value) or "") if user else None
    if user is None or store is None or store is service:
        return
    for account in accounts.of_store.get(store.name, ()):
        if account.user == user["user"] and (variable or account.password.value in {None, "", password}):
            yield SameLogin(service.name, entry, store.name, account.password, variable, in_url=True)
            return


def literal_password(entry: EnvValue) -> str:
    """Return the password that stands in the URL of an entry itself, "" where it has none or takes it from a variable."""
    password = url_password(entry.value or "") or ""
    written = any(isinstance(part, str) and f":{password}@" in part for part in pieces(entry.raw or ""))
    return password if password and "$" not in password and written else ""


def _password_of_url(raw: str) -> str:
    parts = pieces(raw)
    for index, part in enumerate(parts[1:-1], start=1):
        before, after = parts[index - 1], parts[index + 1]
        if isinstance(part, Reference) and isinstance(before, str) and isinstance(after, str) and after.startswith("@"):
            return part.name if before.endswith(":") else ""
    return ""
