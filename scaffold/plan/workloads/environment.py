"""The environment of a container: which value is written, which is a setting, which comes out of a secret or from Terraform."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.interpolation import Reference, pieces
from scaffold.model.known import known
from scaffold.model.secrets import is_provider_key, names_secret, url_password
from scaffold.model.target import APPLICATION_SECRET
from scaffold.model.workload import Piece, Setting, Text, Variable, is_literal, literal, literal_text
from scaffold.plan.same_logins import SameLogin, literal_password, same_logins
from scaffold.plan.workloads.hosts import rewrite_hosts
from scaffold.plan.workloads.logins import LoginPlan, plan_logins
from scaffold.plan.workloads.scope import Scope, is_whole_secret
from scaffold.plan.workloads.texts import expand, merged, of_scalar, whole_reference

_OF_DOCKER = "host.docker.internal"
_COLLECTED_BY_COMPOSE = frozenset({"COMPOSE_PROJECT_NAME", "COMPOSE_FILE", "COMPOSE_PROFILES"})


def plan_environment(service: Service, scope: Scope, defaults: dict[str, str | None]) -> tuple[Variable, ...]:
    """Return the variables of a container, sorted by name; `defaults` are those of the settings."""
    logins = plan_logins(service, scope)
    found = {
        entry.name: Variable(entry.name, _value(entry, service, scope, logins, defaults), entry.source, entry.location)
        for entry in service.environment
        if entry.name
    }
    added = {name: Variable(name, text, "environment", service.location) for name, text in logins.added.items()}
    return tuple((added | found)[name] for name in sorted(added | found))


def _value(entry: EnvValue, service: Service, scope: Scope, logins: LoginPlan, defaults: dict[str, str | None]) -> Text:
    rewired = logins.value(entry)
    if rewired is not None:
        return rewired
    composed = _with_key_of_store(entry, service, scope)
    if composed is not None:
        return composed
    if is_whole_secret(entry):
        return _secret(scope.secret_key(service.name, entry.name))
    if entry.raw is None:
        return _bare(entry)
    return rewrite_hosts(_written(entry, service, scope, defaults), entry.name, scope)


def _with_key_of_store(entry: EnvValue, service: Service, scope: Scope) -> Text | None:
    """Return a URL with the key of the store in place of the password that stands there: its own would be a second one."""
    login = known(_logins_in_urls, scope.stack).get((service.name, entry.name))
    if login is None or login.variable or login.store in scope.stores or login.store not in scope.names:
        return None
    before, _, after = (entry.raw or "").partition(f":{literal_password(entry)}@")
    if scope.value_shows_secret(f"{before}@{after}"):
        return None
    key = login.source or scope.secret_key(login.store, login.password.name)
    text = (*expand(f"{before}:", scope), Piece("secret", APPLICATION_SECRET, key, encoded=True), *expand(f"@{after}", scope))
    return rewrite_hosts(merged(text), entry.name, scope)


def _logins_in_urls(stack: Stack) -> dict[tuple[str, str], SameLogin]:
    return {(login.service, login.entry.name): login for login in same_logins(stack) if login.in_url}


def _secret(key: str) -> Text:
    return (Piece("secret", APPLICATION_SECRET, key),)


def _bare(entry: EnvValue) -> Text:
    """A name alone takes its value from the shell, or from the tracked `.env`."""
    value = entry.value or ""
    if names_secret(entry.name, value or "unknown"):
        return _secret(entry.name)
    return literal(value) if entry.value is not None else (Piece("setting", entry.name),)


def _written(entry: EnvValue, service: Service, scope: Scope, defaults: dict[str, str | None]) -> Text:
    raw, value = _unquoted(entry), entry.value or ""
    if not entry.references:
        return _secret(scope.secret_key(service.name, entry.name)) if scope.value_shows_secret(value) else _plain(entry)
    secret = names_secret(entry.name, value or "unknown")
    text = expand(raw, scope, secret=secret)
    whole = whole_reference(raw)
    if whole is not None and whole.name in defaults and text_is_setting(text, _kept(value), defaults[whole.name]):
        return (Piece("setting", whole.name),)
    if not is_literal(text):
        if scope.value_shows_secret(literal_text(text)):
            return _secret(scope.secret_key(service.name, entry.name))
        return _composed(entry, raw, scope, defaults, secret=secret) or text
    exposed = (secret and value) or is_provider_key(value) or _is_exposed(value, scope)
    if exposed:
        return _secret(scope.secret_key(service.name, entry.name))
    return _composed(entry, raw, scope, defaults, secret=secret) or _plain(entry)


def _composed(entry: EnvValue, raw: str, scope: Scope, defaults: dict[str, str | None], *, secret: bool) -> Text:
    """Return a text with the settings that it is made of, such as the domain of each URL: they are set in one place. Nothing
    where no setting has just this value, or where the text leads to a service.
    """
    if whole_reference(raw) is not None or not _is_own_text(entry, scope):
        return ()
    text = expand(raw, scope, secret=secret, settings={name: value for name, value in defaults.items() if value is not None})
    return text if any(piece.kind == "setting" for piece in text) else ()


def _is_own_text(entry: EnvValue, scope: Scope) -> bool:
    """Whether a text names no service and no host of Docker, which differ in the cluster."""
    value = entry.value or ""
    return _kept(value) is not None and rewrite_hosts(literal(value), entry.name, scope) == literal(value)


def _plain(entry: EnvValue) -> Text:
    """Return a value that is no secret; an address of the host that runs Docker is a setting of each environment's own."""
    value = entry.value or ""
    return literal(value) if _kept(value) is not None else (Piece("setting", entry.name),)


def _is_exposed(value: str, scope: Scope) -> bool:
    return bool(url_password(value)) or scope.value_shows_secret(value)


def _kept(value: str) -> str | None:
    """Return the default of a setting, None where it leads to the host that runs Docker: no pod knows that name."""
    return None if _OF_DOCKER in value else value


def text_is_setting(text: Text, value: str | None, default: str | None) -> bool:
    """Whether a text that is one reference is the setting with this default, and no secret; what one container may have empty
    and another one asks for is one setting.
    """
    if any(piece.kind == "secret" for piece in text):
        return False
    return default == value or (default is None and value == "") if is_literal(text) else default is None


def _unquoted(entry: EnvValue) -> str:
    """Return the text of an entry; the quotes of an env file are not part of it."""
    raw = entry.raw or ""
    quoted = entry.source != "environment" and len(raw) > 1 and raw[0] == raw[-1] == '"'
    return raw[1:-1] if quoted else raw


def plan_defaults(services: Iterable[Service], scope: Scope) -> dict[str, str | None]:
    """Return the settings: each variable that whole values of the environment ask for, with the one default of all of them.

    A variable with two defaults, or with one and a tracked value that differs, is no setting: each value stands for itself. An
    empty one beside none at all is no default of its own. A part of longer texts, such as a domain, is one by the same measure.
    """
    found: dict[str, set[str | None]] = defaultdict(set)
    parts: dict[str, set[str]] = defaultdict(set)
    for service in services:
        logins = plan_logins(service, scope)
        for entry in service.environment:
            if logins.value(entry) is None:
                _collect(entry, scope, found)
                _collect_parts(entry, scope, parts)
        for key in ("command", "entrypoint"):
            for text in _texts(service, key, scope):
                _collect_required(text, found)
    told = {name: values - {""} if None in values else values for name, values in found.items()}
    told |= {name: {*values} for name, values in parts.items() if name not in told}
    return {name: next(iter(values)) for name, values in sorted(told.items()) if len(values) == 1}


def _collect_parts(entry: EnvValue, scope: Scope, found: dict[str, set[str]]) -> None:
    """Collect what the references inside a longer text stand for."""
    raw, value = _unquoted(entry), entry.value or ""
    if not entry.references or whole_reference(raw) is not None or _is_exposed(value, scope) or not _is_own_text(entry, scope):
        return
    for part in pieces(raw):
        if isinstance(part, Reference) and part.operator[-1:] != "+" and part.name not in _COLLECTED_BY_COMPOSE:
            text = expand(f"${{{part.name}{part.operator}{part.argument}}}", scope)
            if is_literal(text):
                found[part.name].add(literal_text(text))


def _collect(entry: EnvValue, scope: Scope, found: dict[str, set[str | None]]) -> None:
    if entry.raw is None:
        _collect_required(_bare(entry), found)
        return
    raw, value = _unquoted(entry), entry.value or ""
    whole = whole_reference(raw)
    if whole is None and _kept(value) is None and not _is_exposed(value, scope):
        found[entry.name].add(None)
    if not entry.references:
        return
    text = expand(raw, scope, secret=names_secret(entry.name, value or "unknown"))
    if whole is not None and is_literal(text) and whole.operator[-1:] != "+" and not _is_exposed(value, scope):
        found[whole.name].add(_kept(value))
    _collect_required(text, found)


def _collect_required(text: Text, found: dict[str, set[str | None]]) -> None:
    for piece in text:
        if piece.kind == "setting" and piece.text not in _COLLECTED_BY_COMPOSE:
            found[piece.text].add(None)


def _texts(service: Service, key: str, scope: Scope) -> Iterable[Text]:
    from scaffold.model.document import scalars_of

    return (of_scalar(scalar, scope) for scalar in scalars_of(service.node.get(key)))


def plan_settings(
    environments: Iterable[tuple[Service, tuple[Variable, ...], Iterable[Text]]], defaults: dict[str, str | None]
) -> tuple[Setting, ...]:
    """Return the settings that containers read, sorted by name, each with its readers."""
    readers: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for service, variables, words in environments:
        for variable in variables:
            for piece in variable.value:
                if piece.kind == "setting":
                    readers[piece.text].append((service.name, variable.name))
        for text in words:
            for piece in text:
                if piece.kind == "setting":
                    readers[piece.text].append((service.name, ""))
    return tuple(Setting(name, defaults.get(name), tuple(sorted(set(found)))) for name, found in sorted(readers.items()))
