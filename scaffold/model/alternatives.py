"""Compose profiles that exclude each other, such as all in one and single parts: which of them production starts, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from scaffold.model.compose import Port, Service, Stack
from scaffold.model.deployments import STARTS_CONTAINERS
from scaffold.model.durability import WATCHERS
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.profiles import PROFILES_VARIABLE, declared_profiles, named_profiles
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

DEVELOPMENT_PROFILES = frozenset(
    {"dev", "develop", "development", "debug", "test", "tests", "testing", "e2e", "ci", "local", "tools", "mock", "seed"}
)
_USUAL = frozenset({"default", "main", "standard", "prod", "prd", "production", "live", "release", "full", "all", "complete"})
_LESSER = frozenset({"legacy", "old", "minimal", "lite", "no", "without", "gpu", "nvidia", "cuda", "rocm", "amd"})
"""Words of profiles for a part, for what was, and for hardware that a cluster has only when somebody adds it."""
_DEPRECATED = frozenset({"deprecated", "obsolete"})
_OLD = regex(r"\bdeprecated\b|\bno longer (?:supported|maintained)\b", re.IGNORECASE)
_DEPLOYS = regex(r"deploy|prod|release|install", re.IGNORECASE)
_ENTRIES = frozenset({Role.WEB, Role.FRONTEND, Role.PROXY})
_DOORS = _ENTRIES | {Role.ML_INFERENCE}
_FAMILIES = (
    frozenset({Role.POSTGRES, Role.MYSQL}),
    frozenset({Role.REDIS}),
    frozenset({Role.MONGO}),
    frozenset({Role.VECTOR_DB}),
    frozenset({Role.SEARCH}),
    frozenset({Role.BROKER}),
    frozenset({Role.OBJECT_STORE}),
)
"""Stores of one family do the same work: an application uses the one or the other."""
_EVERY = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104 - compared with, not listened on
_DEVELOPMENT_RANK, _DEPRECATED_RANK = 4, 5


@frozen
class ProfileChoice:
    """Which of the profiles that exclude each other starts in production."""

    profiles: tuple[str, ...]
    """What COMPOSE_PROFILES has to name."""
    others: tuple[str, ...]
    """The profiles that do not start with them."""
    because: str
    """Why they exclude each other: the first two services that cannot run together, "" where nothing but age leaves one out."""
    source: str
    """Who chose: the env file or command with its place, or the profile's name."""
    left_out: tuple[tuple[str, str], ...]
    """Each service that does not start, sorted, with the reason."""

    @property
    def text(self) -> str:
        """The choice in words, and how to make another one."""
        chosen = f"{', '.join(self.profiles)}, {self.source}" if self.profiles else "what starts without them"
        why = f"its profiles exclude each other ({self.because})" if self.because else "it has deprecated services"
        verb = "do" if len(self.others) > 1 else "does"
        others = f" {', '.join(self.others)} {verb} not start with that;" if self.others else ""
        return (
            f"{why}: everything here is for {chosen};{others} for another choice set {PROFILES_VARIABLE} in the env template, "
            "and generate again"
        )


def choose_profiles(project: Project, stack: Stack) -> ProfileChoice | None:
    """Return which of the profiles that exclude each other starts; None where none of them do, and every one counts."""
    if not any(service.profiles for service in stack.services):
        return None
    clashes = list(_clashes(stack))
    exclusive = dict.fromkeys(name for one, other, _ in clashes for name in (*one.profiles, *other.profiles))
    old = {service.name for service in stack.services if service.profiles and _is_deprecated(project, service)}
    if not old and all(_rank(name) >= _DEVELOPMENT_RANK for name in exclusive):
        return None
    pairs = {frozenset(pair) for one, other, _ in clashes for pair in _across(one, other)}
    wanted, source, exact = _wanted(project, stack, tuple(exclusive))
    chosen = _without_clashes((*wanted, *(() if exact else _by_name(exclusive, source))), pairs)
    every = tuple(dict.fromkeys(name for service in stack.services for name in service.profiles))
    free = () if exact else (name for name in every if name not in exclusive and _rank(name) < _DEPRECATED_RANK)
    enabled = {*chosen, *free}
    left = [
        (service.name, _reason(service, chosen, is_old=service.name in old))
        for service in stack.services
        if service.profiles and (service.name in old or not enabled & set(service.profiles))
    ]
    if not left or "*" in wanted:
        return None
    others = tuple(name for name in every if name not in enabled)
    return ProfileChoice(chosen, others, clashes[0][2] if clashes else "", source or "by its name", tuple(sorted(left)))


def profiles_of_the_doors(stack: Stack) -> tuple[str, ...]:
    """Return the profiles without which nothing starts that people reach; none where something of it starts by itself."""
    doors = [service for service in stack.services if service.role in _ENTRIES]
    if not all(service.profiles for service in doors):
        return ()
    fit = (next((name for name in door.profiles if _rank(name) < _DEVELOPMENT_RANK), "") for door in doors)
    return tuple(dict.fromkeys(name for name in fit if name))


def started(stack: Stack, choice: ProfileChoice | None) -> Stack:
    """Return the stack without the services that the choice leaves out, and without what others wait for of them."""
    if choice is None:
        return stack
    gone = {name for name, _ in choice.left_out}
    return replace(
        stack,
        services=tuple(
            replace(service, depends_on=tuple(edge for edge in service.depends_on if edge.service not in gone))
            for service in stack.services
            if service.name not in gone
        ),
    )


def _reason(service: Service, chosen: tuple[str, ...], *, is_old: bool) -> str:
    if is_old:
        return "it is deprecated, as its profile or the comment above it says"
    return f"its profile {service.profiles[0]} does not start with {', '.join(chosen) or 'the others'}"


# --- what excludes each other -----------------------------------------------------------------------------------------


def _clashes(stack: Stack) -> Iterator[tuple[Service, Service, str]]:
    """Yield the pairs of services that only different profiles start and that cannot run beside each other, and why."""
    optional = [service for service in stack.services if service.profiles and service.role not in WATCHERS]
    for one, other in combinations(optional, 2):
        if not set(one.profiles) & set(other.profiles) and (why := _clash(stack, one, other)):
            yield one, other, f"{one.name} and {other.name} {why}"


def _clash(stack: Stack, one: Service, other: Service) -> str:
    if one.container_name and one.container_name == other.container_name:
        return "have the same container_name"
    port = next((a.published for a in one.ports for b in other.ports if _same_port(a, b)), None)
    if port is not None:
        return f"publish the same port {port}"
    if _does_the_same(one, other):
        return "are the same image with the same command"
    return "are stores of the same kind" if _keeps_the_same(stack, one, other) else ""


def _same_port(one: Port, other: Port) -> bool:
    if one.published is None or (one.published, one.protocol) != (other.published, other.protocol):
        return False
    return one.host_ip == other.host_ip or one.host_ip in _EVERY or other.host_ip in _EVERY


def _does_the_same(one: Service, other: Service) -> bool:
    """Whether two doors for visitors run the same program; of two workers each may have a queue of its own."""
    if one.role not in _DOORS or one.role is not other.role:
        return False
    if (one.command, one.entrypoint) != (other.command, other.entrypoint):
        return False
    if one.build and other.build:
        built, theirs = one.build, other.build
        return (built.context, built.dockerfile, built.target, built.args) == (
            theirs.context,
            theirs.dockerfile,
            theirs.target,
            theirs.args,
        )
    return one.build is None and other.build is None and one.image is not None and one.image == other.image


def _keeps_the_same(stack: Stack, one: Service, other: Service) -> bool:
    """Whether two stores of one kind serve the same services, and none of them is there for development alone."""
    if not any(one.role in family and other.role in family for family in _FAMILIES):
        return False
    in_use = all(any(_rank(name) < _DEVELOPMENT_RANK for name in store.profiles) for store in (one, other))
    return in_use and _users(stack, one) == _users(stack, other)


def _users(stack: Stack, store: Service) -> frozenset[str]:
    """Return the services that wait for a store, without those that only look at it."""
    users = (item for item in stack.services if item.role not in WATCHERS and not item.is_datastore)
    return frozenset(item.name for item in users if any(edge.service == store.name for edge in item.depends_on))


def _across(one: Service, other: Service) -> Iterator[tuple[str, str]]:
    return ((first, second) for first in one.profiles for second in other.profiles)


def _is_deprecated(project: Project, service: Service) -> bool:
    """Whether every profile of a service says that it is deprecated, or the comment right above it does."""
    if all(_rank(name) == _DEPRECATED_RANK for name in service.profiles):
        return True
    lines = (project.source(service.location.path) or "").splitlines()[: service.location.line - 1]
    comment = []
    while lines and lines[-1].lstrip().startswith("#"):
        comment.append(lines.pop())
    return bool(_OLD.search("\n".join(comment)))


# --- which one starts -------------------------------------------------------------------------------------------------


def _wanted(project: Project, stack: Stack, exclusive: tuple[str, ...]) -> tuple[tuple[str, ...], str, bool]:
    """Return the profiles that an env file or a command starts, who says so, and whether nothing else starts with them."""
    path, listed = declared_profiles(project, stack.directory)
    if _decides(listed, exclusive):
        return listed, f"which {PROFILES_VARIABLE} in {path} names", True
    found = [(command, names) for command in project.commands if (names := _started_by(command, exclusive))]
    if not found:
        return (), "", False
    command, names = min(found, key=lambda item: (max(map(_rank, item[1])), *_nearness(item[0])))
    return names, f"as {command.location.path}:{command.location.line} starts it", False


def _started_by(command: Command, exclusive: tuple[str, ...]) -> tuple[str, ...]:
    names = named_profiles(command.text) if STARTS_CONTAINERS.search(command.text) else ()
    return names if _decides(names, exclusive) else ()


def _decides(names: Iterable[str], exclusive: tuple[str, ...]) -> bool:
    """Whether profiles that start say which of the exclusive ones does; one for development says nothing of production."""
    named = tuple(names)
    return "*" in named or any(name in exclusive and _rank(name) < _DEVELOPMENT_RANK for name in named)


def _nearness(command: Command) -> tuple[bool, bool, int, str, int]:
    path = command.location.path
    words = f"{path} {command.owner}"
    return not _DEPLOYS.search(words), command.context == "workflow", path.count("/"), path, command.location.line


def _by_name(exclusive: Iterable[str], source: str) -> tuple[str, ...]:
    """Return the exclusive profiles, the likeliest first; none where something said which one starts."""
    fit = [name for name in exclusive if _rank(name) < _DEVELOPMENT_RANK]
    return () if source else tuple(sorted(fit, key=_rank))


def _rank(name: str) -> int:
    """Return how little the name of a profile says that it is what runs in production."""
    words = set(re.split(r"[^a-z0-9]+", name.lower()))
    if words & _DEPRECATED:
        return _DEPRECATED_RANK
    if name.lower() in DEVELOPMENT_PROFILES or words & {"dev", "development", "debug"}:
        return _DEVELOPMENT_RANK
    if words & _LESSER:
        return 3
    if name.lower() in _USUAL:
        return 0
    return 1 if words & _USUAL else 2


def _without_clashes(names: Iterable[str], pairs: set[frozenset[str]]) -> tuple[str, ...]:
    chosen: list[str] = []
    for name in dict.fromkeys(names):
        if not any(frozenset((name, other)) in pairs for other in chosen):
            chosen.append(name)
    return tuple(chosen)
