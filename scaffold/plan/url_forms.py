"""What the URL of a store looks like whose password is a secret: as developers' files write it, without their login."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.known import known
from scaffold.model.names import Role
from scaffold.model.probes import requires_password
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.plan.env_entries import resolved

_URL = regex(
    r"(?P<scheme>(?:jdbc:)?[a-z][a-z0-9+.-]{1,40})://(?P<login>[^\s/?#]*@)?(?P<host>[A-Za-z0-9][\w.-]{0,80})(?P<port>:\d{1,5})?"
    r"(?P<path>/[\w/-]{0,80})?(?P<query>\?[\w=&.-]{1,120})?"
)
_KEY = regex(r"[?&](?P<name>[^=&]*)")
_FILLED_IN = regex(r"(?<=[:/@])\$\{\w+\}(?=[:@])")
"""A reference in the login of a URL."""
_NAMES_OF_DATABASE = ("POSTGRES_DB", "POSTGRESQL_DATABASE")
_LOGIN = "<user>:<password>@"
_WITHOUT_LOGIN = frozenset({Role.REDIS})
"""Stores that their own image starts without a login unless it is told one."""


def url_form(project: Project, stack: Stack, name: str) -> str:
    """Return the URL of a store of the stack that a variable holds, with stand-ins for its login; "" where no file writes it,
    or none of those that do means a service of the stack. A store that asks for no login has none in its URL.
    """
    for text in _written(project, name):
        match = _URL.fullmatch(text.strip())
        store = stack.resolve_host(match["host"]) if match else None
        if match is None or store is None or any(may_be_sensitive_name(found["name"]) for found in _KEY.finditer(text)):
            continue
        login = _login(store, written=bool(match["login"]))
        if login is not None:
            return f"{match['scheme']}://{login}{match['host']}{match['port'] or ''}{match['path'] or ''}{match['query'] or ''}"
    return ""


def _written(project: Project, name: str) -> Iterator[str]:
    """Yield the texts that the project's files give a variable, those of Compose first."""
    for stack in project.stacks:
        for service in stack.services if not stack.is_kept else ():
            entry = service.env(name)
            if entry is not None and entry.value and entry.location.path not in project.owned:
                yield entry.value
    for file in project.env_files:
        if file.path not in project.owned and file.entry(name) is not None:
            entries = known(_entries_of, file)
            if name in entries:
                yield _FILLED_IN.sub("x", entries[name].value)


def _entries_of(file: EnvFile) -> dict[str, EnvEntry]:
    """Return the entries of an env file with what stands above each in the references to it."""
    return resolved({entry.name: entry for entry in file.entries})


def databases_in_urls(project: Project, stack: Stack) -> dict[str, str]:
    """Return the database of each PostgreSQL that a variable without a value names, by the only one that URLs of env templates
    open there.
    """
    found: dict[str, set[str]] = {}
    for file in project.env_files:
        for name in (item.name for item in file.entries if file.path not in project.owned and "://" in item.value):
            match = _URL.fullmatch(_FILLED_IN.sub("x", known(_entries_of, file)[name].value).strip())
            store = stack.resolve_host(match["host"]) if match else None
            if match is not None and store is not None and store.role is Role.POSTGRES and match["path"]:
                found.setdefault(store.name, set()).add(match["path"].strip("/"))
    return {name: next(iter(names)) for name, names in found.items() if len(names) == 1 and _is_open(stack, name)}


def _is_open(stack: Stack, name: str) -> bool:
    store = stack.service(name)
    entries = [store.env(variable) for variable in _NAMES_OF_DATABASE] if store else []
    return any(entry is not None and entry.references and not entry.value for entry in entries)


def _login(store: Service, *, written: bool) -> str | None:
    """Return the login that a URL of a store needs, None where the files do not tell its form."""
    asks = store.role not in _WITHOUT_LOGIN or requires_password(store)
    if not asks:
        return "" if not written else None
    if any("--requirepass" in word for word in (*(store.entrypoint or ()), *(store.command or ()))):
        return ":<password>@"
    return _LOGIN if written else None
