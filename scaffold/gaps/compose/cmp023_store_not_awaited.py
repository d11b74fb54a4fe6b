"""CMP023: a service is given the address of a store, starts others first, and does not wait for the store."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import EXEMPT_FROM_SERVICE_HYGIENE, dependants, in_words, judged_stacks, once
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.secrets import url_host


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    return iter(once(gap for stack in stacks for gap in _of_stack(stack)))


def _of_stack(stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        # Without any edge the service may be one that tries again until all is there.
        if not service.is_application or not service.depends_on or service.has_role(*EXEMPT_FROM_SERVICE_HYGIENE):
            continue
        reached = _reached(stack, service)
        found: dict[str, EnvValue] = {}
        for entry in service.environment:
            store = stack.resolve_host(url_host(entry.value or "") or "")
            if store and store.name not in reached and _is_awaited_by_others(stack, service, store):
                found.setdefault(store.name, entry)
        if found:
            yield _gap(stack, service, found)


def _reached(stack: Stack, service: Service) -> frozenset[str]:
    """Return the services that start before this one, by its edges and by theirs, itself included."""
    seen = {service.name}
    pending = [edge.service for edge in service.depends_on]
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            other = stack.service(name)
            pending += [edge.service for edge in other.depends_on] if other else []
    return frozenset(seen)


def _is_awaited_by_others(stack: Stack, service: Service, store: Service) -> bool:
    """Whether the store is one that other services of the stack start after, and that an edge can name."""
    others = [user for user, _ in dependants(stack, store.name) if user.name != service.name]
    return store.is_datastore and bool(others) and set(store.profiles) <= set(service.profiles)


def _gap(stack: Stack, service: Service, found: dict[str, EnvValue]) -> Gap:
    names = in_words(found)
    variables = " and ".join(dict.fromkeys(entry.name for entry in found.values()))
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="depends_on/stores",
        message=f"{service.name} gets the address of {names} ({variables}) and does not start after {names}, as other services "
        "do: at each start of the host its first connections fail.",
        expected=f"depends_on: {', '.join(found)}, with condition: service_healthy",
        actual=f"depends_on without {', '.join(found)}",
        locations=tuple(dict.fromkeys(entry.location for entry in found.values())),
        related=(service.depends_on[0].location,),
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP023",
    name="store-not-awaited",
    layer=Layer.COMPOSE,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Add the store to `depends_on`, with `condition: service_healthy` where it has a healthcheck."),
    ),
)
