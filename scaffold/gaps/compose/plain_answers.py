"""Health routes that answer the same at any time, also where the store of the application cannot be reached."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scaffold.gaps.facts import HealthSource, is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.gaps.served_paths import asked_paths, serves
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image, is_served
from scaffold.model.lasting import builder_of
from scaffold.model.other_stores import is_store
from scaffold.model.outside_stores import names_server
from scaffold.model.project import CodeFact, Project
from scaffold.model.starting import is_below

_KINDS = frozenset({"health-constant", "health-looked", "health-named", "health-handler", "health-added"})
_ROUTES = frozenset({"health-constant", "health-looked", "health-named"})
_OF_SPRING = "/actuator/"
"""What Spring Boot answers by itself, the state of its stores with it."""
_BY_FRAMEWORK = frozenset({"MapHealthChecks", "DiagnosingHealth"})
"""Handlers that run the checks which the code adds, and none by themselves."""


@frozen
class PlainAnswer:
    """The route that a healthcheck asks, the line that answers it, and the stores that the service needs."""

    path: str
    location: Location
    stores: tuple[str, ...]


def plain_answer(project: Project, stack: Stack, service: Service, source: HealthSource) -> PlainAnswer | None:
    """Return what a healthcheck asks where the code answers it the same at any time, though the service needs a store."""
    is_own = service.is_application or (service.role is None and service.build is not None)
    if not is_own or not _facts(project):
        return None
    builder = builder_of(project, service)
    paths = asked_paths(project, source.command) if builder.build else ()
    stores = _stores(stack, service) if paths else ()
    held = _held(project, builder) if stores else ()
    places = [None if _OF_SPRING in path else _constant(builder.name, held, path) for path in paths] if held else []
    first = places[0] if places else None
    return PlainAnswer(paths[0], first, stores) if first is not None and all(places) else None


def looks_elsewhere(project: Project, service: Service) -> bool:
    """Whether another route about health, in the code of the service's image, looks at something."""
    held = _held(project, builder_of(project, service))
    routes = [fact for fact in held if fact.kind in {"health-looked", "health-named"}]
    return any(_place(held, fact) is None for fact in routes)


@remembered
def _facts(project: Project) -> tuple[CodeFact, ...]:
    return tuple(
        fact
        for fact in project.code_facts
        if fact.kind in _KINDS and is_served(fact.location.path) and not is_test_path(fact.location.path)
    )


def _held(project: Project, builder: Service) -> tuple[CodeFact, ...]:
    mounted = [mount.resolved for mount in builder.mounts if mount.kind == "bind" and mount.resolved is not None]
    return tuple(
        fact
        for fact in _facts(project)
        if is_in_image(project, builder, fact.location.path) or any(is_below(fact.location.path, folder) for folder in mounted)
    )


def _constant(name: str, held: Iterable[CodeFact], path: str) -> Location | None:
    """Return the line that answers a path the same at any time, where every route that may serve it does."""
    routes = [fact for fact in held if fact.kind in _ROUTES and _serves(fact, path)]
    places = [_place(held, fact) for fact in routes]
    known = [place for place in places if place is not None]
    if not known or len(known) < len(places):
        return None
    # Of several programs in one tree, the one that is called like the service.
    return next((place for place in known if name.replace("-", "") in place.path.lower().replace("-", "")), known[0])


def _serves(fact: CodeFact, path: str) -> bool:
    route = fact.detail.partition(" ")[0]
    return serves(CodeFact(fact.kind, route, fact.location), path)


def _place(held: Iterable[CodeFact], fact: CodeFact) -> Location | None:
    """Return the line of a route's handler where it is constant."""
    if fact.kind == "health-constant":
        return fact.location
    name = fact.detail.partition(" ")[2]
    if fact.kind != "health-named":
        return None
    if name in _BY_FRAMEWORK:
        return None if any(item.kind == "health-added" for item in held) else fact.location
    handlers = [item for item in held if item.kind == "health-handler" and item.detail.partition(" ")[0] == name]
    plain = bool(handlers) and all(item.detail.endswith(" constant") for item in handlers)
    return handlers[0].location if plain else None


def _stores(stack: Stack, service: Service) -> tuple[str, ...]:
    """Return the stores of the stack that a service waits for or is given the address of, or how one elsewhere is called."""
    stores = [item for item in stack.services if (item.is_datastore or is_store(item)) and item.name != service.name]
    awaited = {edge.service for edge in service.depends_on}
    named = [item.name for item in stores if item.name in awaited or any(_names(service, name) for name in item.names)]
    if named:
        return tuple(dict.fromkeys(named))
    return ("its database",) if any(names_server(entry) for entry in service.environment) else ()


def _names(service: Service, name: str) -> bool:
    host = re.compile(rf"(?:^|@|//|,){re.escape(name)}(?::\d+|/|,|$)")
    return any(host.search(entry.value or "") for entry in service.environment)
