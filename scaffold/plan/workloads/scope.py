"""What the parts of the plan ask about: the stack, which services run, where each host leads, which variables are known."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Scalar, VariableReference, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.project import Project
from scaffold.model.secret_names import may_be_sensitive_name, names_whole_address
from scaffold.model.secrets import is_provider_key, may_be_key, names_its_secret, names_secret, url_password
from scaffold.model.target import Store
from scaffold.plan.production_values import is_this_machine, leads_home
from scaffold.plan.workloads.known_secrets import KnownSecrets

_SHORTEST_SECRET = 6
"""Shorter values are words that stand in many texts for something else, such as `app` or `5432`."""


@frozen
class Scope:
    """Everything that is known before the first workload is planned."""

    project: Project
    stack: Stack
    stores: Mapping[str, Store] = field(compare=False)
    """The managed stores, by service."""
    names: Mapping[str, str] = field(compare=False)
    """The DNS label of each service."""
    kept: tuple[Service, ...]
    """The services that get a workload."""
    variables: Mapping[str, str] = field(compare=False, repr=False)
    """What the tracked `.env` of the stack sets."""
    asked: frozenset[str]
    """The variables that Compose demands (`${NAME:?}`) or that lead to the machine of a developer by their default or by the
    tracked `.env`: each environment has to set them, whatever these say."""
    whole_secrets: Mapping[str, frozenset[str]] = field(compare=False, repr=False)
    """The values under each variable name that are secret as a whole: two values need two keys."""
    known_secrets: KnownSecrets
    """Every value of a secret that the files show; no text that is written may hold one."""

    def managed(self, host: str) -> Store | None:
        """Return the managed store that answers to `host` today, or None."""
        service = self.stack.resolve_host(host)
        return self.stores.get(service.name) if service else None

    def shows_secret(self, text: str) -> bool:
        """Whether a text holds a value that is a secret elsewhere in the files, or a password of its own."""
        return _is_secret_itself(text) or self.known_secrets.shown_in(text)

    def value_shows_secret(self, value: str) -> bool:
        """Whether the value of a variable holds a secret, one that the value itself names included: `Host=db;Password=x`."""
        return self.shows_secret(value) or names_its_secret(value)

    def word_shows_secret(self, words: tuple[str, ...], index: int) -> bool:
        """Whether a word of a command holds a value that is a secret elsewhere in the files, or a password of its own."""
        return _is_secret_itself(words[index]) or self.known_secrets.shown_by(words, index)

    def secret_key(self, service: str, name: str) -> str:
        """Return the key under which a literal secret of a variable is kept: two services with two values get two keys."""
        shared = len(self.whole_secrets.get(name, frozenset())) < 2
        return name if shared else f"{self.names[service].upper().replace('-', '_')}_{name}"


def make_scope(
    project: Project, stack: Stack, stores: tuple[Store, ...], names: Mapping[str, str], kept: tuple[Service, ...]
) -> Scope:
    """Return the scope of a stack."""
    variables = _tracked_variables(project, stack)
    whole: dict[str, set[str]] = {}
    for service in kept:
        for entry in service.environment:
            if is_whole_secret(entry):
                whole.setdefault(entry.name, set()).add(entry.value or "")
    return Scope(
        project=project,
        stack=stack,
        stores={store.service: store for store in stores if store.placement == "managed"},
        names=names,
        kept=kept,
        variables=variables,
        asked=frozenset((*_asked(kept, variables), *local_defaults(kept, variables))),
        whole_secrets={name: frozenset(values) for name, values in whole.items()},
        known_secrets=KnownSecrets(frozenset(_secret_values(stack, variables)), frozenset(_names(stack))),
    )


def _names(stack: Stack) -> Iterator[str]:
    """Yield the words that name services, their images, and what variables name, such as users and databases."""
    for service in stack.services:
        yield service.name
        yield from service.image.repository.split("/") if service.image else ()
        yield from (entry.value or "" for entry in service.environment if not names_secret(entry.name, entry.value or ""))


def _asked(kept: tuple[Service, ...], variables: Mapping[str, str]) -> Iterator[str]:
    for service in kept:
        for reference in _references(service):
            plain = not reference.operator
            if reference.is_required or (plain and is_this_machine(variables.get(reference.name, ""))):
                yield reference.name


def local_defaults(services: Iterable[Service], variables: Mapping[str, str]) -> Iterator[str]:
    """Return the variables of environments that nobody sets and whose default is an address of a developer's own machine: a
    URL, or the name under which people reach the application. What runs in the network of its host finds that host there.
    """
    found: dict[str, list[bool]] = {}
    for service in services:
        for entry in service.environment if service.network_mode != "host" else ():
            for item in entry.references:
                value = variables.get(item.name) or item.argument
                found.setdefault(item.name, []).append(item.has_default and leads_home(item.name, value))
    return (name for name, local in found.items() if all(local))


def _tracked_variables(project: Project, stack: Stack) -> dict[str, str]:
    path = posixpath.join(stack.directory, ".env")
    found = next((item for item in project.env_files if item.path == path), None)
    return {entry.name: entry.value for entry in found.entries if not entry.commented} if found else {}


def is_whole_secret(entry: EnvValue) -> bool:
    """Whether the value of an entry stands in the files and is secret from its first to its last character."""
    value = entry.value or ""
    if entry.references or not value:
        return False
    return names_secret(entry.name, value) or _has_literal_password(value) or is_provider_key(value)


def is_secret_reference(reference: VariableReference, known: str | None) -> bool:
    """Whether a variable of the compose files keeps a secret, by its name, its default or its tracked value."""
    value = known if known is not None else reference.argument if reference.has_default else ""
    if not value and names_whole_address(reference.name):
        return True
    if may_be_sensitive_name(reference.name):
        return not value or names_secret(reference.name, value)
    return may_be_key(reference.name, value) or _has_literal_password(value) or is_provider_key(value)


def _is_secret_itself(text: str) -> bool:
    return is_provider_key(text) or _has_literal_password(text)


def _has_literal_password(text: str) -> bool:
    password = url_password(text)
    return password is not None and password != "" and not password.startswith("$")


def _secret_values(stack: Stack, variables: Mapping[str, str]) -> Iterator[str]:
    """Yield what must never be written: literal secrets, defaults of secret variables, passwords in URLs and in commands."""
    candidates = [*_literal_secrets(stack), *_defaults(stack)]
    candidates += [value for name, value in variables.items() if names_secret(name, value)]
    yield from (value for value in candidates if value and (len(value) >= _SHORTEST_SECRET and not value.startswith("$")))


def _literal_secrets(stack: Stack) -> Iterator[str]:
    for service in stack.services:
        for entry in service.environment:
            value = entry.value or ""
            password = url_password(value)
            if names_secret(entry.name, value):
                yield value
            if password:
                yield password
        yield from (word for _, word in flagged_passwords(service.command or ()))


def _defaults(stack: Stack) -> Iterator[str]:
    """Yield the defaults of secret variables, wherever the files use them."""
    for service in stack.services:
        for reference in _references(service):
            if reference.has_default and is_secret_reference(reference, None) and "$" not in reference.argument:
                yield reference.argument


def _references(service: Service) -> Iterator[VariableReference]:
    for entry in service.environment:
        yield from entry.references
    for key in ("command", "entrypoint"):
        for scalar in scalars_of(service.node.get(key)):
            yield from scalar.references
    health = service.node.get("healthcheck")
    test = getattr(health, "get", lambda _: None)("test")
    for scalar in (test,) if isinstance(test, Scalar) else scalars_of(test):
        yield from scalar.references


def flagged_passwords(words: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Yield place and password of each word that a flag such as `--requirepass` marks as one."""
    for index, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if not flag.startswith("-") or (not may_be_sensitive_name(flag.lstrip("-")) and flag.lstrip("-") != "requirepass"):
            continue
        if equals and value:
            yield index, value
        elif not equals and index + 1 < len(words) and not words[index + 1].startswith("-"):
            yield index + 1, words[index + 1]


def is_long_running(service: Service) -> bool:
    """Whether a service serves or works until it is stopped, by what it does."""
    roles = {Role.WEB, Role.WORKER, Role.SCHEDULER, Role.FRONTEND, Role.PROXY, Role.CACHE, Role.ML_INFERENCE}
    return service.is_datastore or service.role in roles
