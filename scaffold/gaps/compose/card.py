"""The card of the layer compose."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.compose.health_faults import health_faults
from scaffold.gaps.compose.plain_answers import plain_answer
from scaffold.gaps.facts import HealthSource, dependants, health_source, judged_stacks
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState, Role
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ASKS = regex(r"https?://")


def card(project: Project) -> LayerCard:
    """Return present with a stack that Compose can load, partial when only fragments or broken sets are there."""
    stacks = [stack for stack in project.stacks if stack.services]
    evidence = tuple(dict.fromkeys(Location(path, 1) for stack in stacks for path in stack.files))
    if not stacks:
        state = LayerState.ABSENT
    else:
        state = LayerState.PRESENT if any(stack.complete for stack in stacks) else LayerState.PARTIAL
    main = judged_stacks(project)[:1]
    return LayerCard(Layer.COMPOSE, state, evidence[:5], tuple(praise for stack in main for praise in _good(project, stack)))


def _good(project: Project, stack: Stack) -> Iterator[Praise]:
    for service in stack.services:
        source = health_source(project, service)
        if source is None or health_faults(project, service):
            continue
        waiting = [user.name for user, edge in dependants(stack, service.name) if edge.condition == "service_healthy"]
        if waiting:
            verb = "waits" if len(waiting) == 1 else "wait"
            yield Praise(f"{' and '.join(waiting)} {verb} until {service.name} answers", source.location)
        elif service.is_datastore or service.is_application:
            # What answers beside the loop of a worker says nothing of the loop, and a constant nothing of the store.
            plain = _asks_worker(service, source) or plain_answer(project, stack, service, source) is not None
            what = "tells that it answers" if plain else "can tell"
            yield Praise(f"{service.name} has a healthcheck that {what}", source.location)


def _asks_worker(service: Service, source: HealthSource) -> bool:
    return service.role in {Role.WORKER, Role.SCHEDULER} and _ASKS.search(source.command) is not None
