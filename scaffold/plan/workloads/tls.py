"""TLS for clients of a managed Redis that are told host and port: the switch that their code reads, or that none is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.compose import EnvValue, Service
from scaffold.model.names import Role
from scaffold.model.regex import regex
from scaffold.model.target import Store
from scaffold.model.workload import Note, Variable, literal
from scaffold.plan.workloads.hosts import parse_url
from scaffold.plan.workloads.logins import host_prefixes, plan_logins
from scaffold.plan.workloads.scope import Scope

_SWITCH = regex(r"_?(?:USE_?|ENABLE_?|WITH_?)?(?:SSL|TLS)(?:_?(?:ENABLED|ENABLE|ON|MODE))?", re.IGNORECASE)
_SCHEME = regex(r"_?(?:SCHEME|PROTOCOL)", re.IGNORECASE)
_ON = {"false": "true", "0": "1", "no": "yes", "off": "on", "": "true"}
_SCHEMES = {"redis": "rediss", "tcp": "tls", "valkey": "valkeys"}
_SECURE = regex(
    r"rediss://|valkeys://|\bssl\s*[=:]\s*True\b|\btls\s*:\s*(?:\{|true\b)|SSLConnection|UseTLS|\.useSsl\(|TLSConfig"
)
_WITH_TLS = (
    "{name} reaches the managed {store}, which takes TLS alone, and no code here asks for TLS: read a switch such as "
    "{prefix}TLS, or a whole {prefix}URL (rediss://), before the first deployment"
)
_WITH_BOTH = (
    "{name} reaches the managed {store}, which takes TLS and a password alone, and nothing here has either: read a switch such "
    "as {prefix}TLS and {prefix}PASSWORD, or a whole {prefix}URL (rediss://), before the first deployment"
)


def switch_tls(service: Service, scope: Scope, variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Return the variables with TLS switched on for each managed Redis that is reached by host and port."""
    found = {variable.name: variable for variable in variables}
    for prefix in _connections(service, scope):
        for name, value in _switches(service, scope, prefix):
            entry = service.env(name)
            found[name] = Variable(name, literal(value), "environment", entry.location if entry else service.location)
    return tuple(found[name] for name in sorted(found))


def tls_notes(service: Service, scope: Scope) -> tuple[Note, ...]:
    """Return a note for each connection whose client has no switch that shows: a managed Redis takes no plain connection."""
    notes = []
    for prefix, store in _connections(service, scope).items():
        if any(_switches(service, scope, prefix)) or _is_secure(service, scope):
            continue
        entry = _host_entry(service, scope, prefix)
        wanted = _WITH_TLS if _has_password(service, scope, store) else _WITH_BOTH
        message = wanted.format(name=entry.name, store=store.service, prefix=prefix)
        notes.append(Note(service.name, "environment", message, entry.location, urgent=True))
    return tuple(notes)


def _has_password(service: Service, scope: Scope, store: Store) -> bool:
    logins = plan_logins(service, scope)
    texts = (*logins.added.values(), *(logins.value(entry) or () for entry in service.environment))
    return any(piece.kind == "secret" and piece.text == store.secret for text in texts for piece in text)


def _connections(service: Service, scope: Scope) -> dict[str, Store]:
    """Return the beginnings of variables that describe a connection to a managed Redis, where no URL does it as well."""
    urls = {url.host for entry in service.environment if (url := parse_url(entry.value or ""))}
    return {
        prefix: store
        for prefix, store in sorted(host_prefixes(service, scope).items())
        if store.role is Role.REDIS and store.service not in urls
    }


def _host_entry(service: Service, scope: Scope, prefix: str) -> EnvValue:
    named = (entry for entry in service.environment if entry.name.startswith(prefix))
    # One to which nobody gives a value names no store: the password beside it does.
    return next(e for e in named if e.name == f"{prefix}HOST" or scope.managed((e.value or "").partition(":")[0]))


def _switches(service: Service, scope: Scope, prefix: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each switch that the environment sets or the code of the service reads."""
    for name in sorted(_names(service, scope)):
        rest = name[len(prefix) :] if name.startswith(prefix) else ""
        now = _value_now(service, scope, name)
        if rest and _SWITCH.fullmatch(rest) and now.lower() in _ON:
            on = _ON[now.lower()]
            yield name, on.capitalize() if now[:1].isupper() else on
        elif rest and _SWITCH.fullmatch(rest) and now.lower() in _ON.values():
            yield name, now
        elif rest and _SCHEME.fullmatch(rest) and now in _SCHEMES:
            yield name, _SCHEMES[now]


def _names(service: Service, scope: Scope) -> set[str]:
    read = {item.name for item in scope.project.env_reads if _is_code_of(service, item.location.path)}
    return read | {entry.name for entry in service.environment}


def _value_now(service: Service, scope: Scope, name: str) -> str:
    """Return what the variable is today: in the environment, else the default in the code, "" where neither says."""
    entry = service.env(name)
    if entry is not None:
        return entry.value or ""
    defaults = (item for item in scope.project.settings if item.name == name and _is_code_of(service, item.location.path))
    return next((item.value for item in defaults if item.value is not None), "")


def _is_secure(service: Service, scope: Scope) -> bool:
    """Whether the code of the service asks for TLS by itself."""
    return any(_is_code_of(service, item.path) and _SECURE.search(item.text) for item in scope.project.sources)


def _is_code_of(service: Service, path: str) -> bool:
    context = service.build.context if service.build else None
    return context is not None and (context in {"", "."} or path.startswith(f"{context.rstrip('/')}/"))
