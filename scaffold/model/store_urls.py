"""What the URL of a database of SQL names: its host, the login and the database; and who of a stack has which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.regex import regex

_URL = regex(
    r"(?:jdbc:|r2dbc:)?(?P<scheme>postgres(?:ql)?|pgsql|mysql|mariadb)(?:\+\w+)?://"
    r"(?:(?P<user>[^:@/\s]*)(?::(?P<password>[^\s]*))?@)?(?P<host>[A-Za-z0-9][\w.-]*)(?::\d+)?(?:/(?P<database>[\w-]*))?(?:[?;].*)?"
)
_OF_SCHEME = {"postgres": Role.POSTGRES, "postgresql": Role.POSTGRES, "pgsql": Role.POSTGRES}


@frozen
class StoreUrl:
    """The parts of a URL, "" for one that it leaves out; role is that of the server that it asks for."""

    role: Role
    host: str
    user: str
    database: str
    password: str = field(default="", repr=False)


def store_url(value: str) -> StoreUrl | None:
    """Return the parts of a URL of PostgreSQL, MySQL or MariaDB, None for another text."""
    match = _URL.fullmatch(value.strip().strip("\"'"))
    if match is None:
        return None
    role = _OF_SCHEME.get(match["scheme"], Role.MYSQL)
    return StoreUrl(role, match["host"], match["user"] or "", match["database"] or "", match["password"] or "")


@frozen
class StoreUse:
    """A URL in the environment of a service, and the service of its stack that it leads to."""

    service: Service
    store: Service
    entry: EnvValue
    url: StoreUrl


def store_uses(stack: Stack) -> Iterator[StoreUse]:
    """Yield the URLs by which the services of a stack reach databases of SQL in it."""
    for service in stack.services:
        for entry in service.environment:
            url = store_url(entry.value or "") if "://" in (entry.value or "") else None
            store = stack.resolve_host(url.host) if url else None
            if url and store is not None and store.role is url.role and store is not service:
                yield StoreUse(service, store, entry, url)
