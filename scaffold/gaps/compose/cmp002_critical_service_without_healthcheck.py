"""CMP002: others rely on a service, and nothing tells whether it answers."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.compose.cmp001_depends_on_ignores_healthcheck import start_waits
from scaffold.gaps.facts import EXEMPT_FROM_SERVICE_HYGIENE, dependants, health_source, in_words, judged_stacks, once
from scaffold.gaps.own_images import brings_no_check
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.label_routes import label_route
from scaffold.model.names import Cause, Layer, Role, Room, Severity
from scaffold.model.probes import working_healthcheck
from scaffold.model.project import Project, ProxyUpstream

_BACKGROUND = frozenset({Role.WORKER, Role.SCHEDULER})
_SHOWN = frozenset({Role.WEB, Role.FRONTEND})


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        if service.has_role(*EXEMPT_FROM_SERVICE_HYGIENE) or (service.healthcheck and service.healthcheck.disabled):
            continue
        users = tuple(user.name for user, edge in dependants(stack, service.name) if edge.required)
        relied_on = bool(users) and (service.is_datastore or service.role is Role.WEB)
        if (
            (relied_on or service.role in _BACKGROUND or _is_reached(project, stack, service))
            and health_source(project, service) is None
            and brings_no_check(project, service)
        ):
            told = tuple(user for user in users if not start_waits(project, stack.service(user) or service, service))
            yield _gap(stack, service, told if relied_on else ())


def _is_reached(project: Project, stack: Stack, service: Service) -> bool:
    """Whether people reach an application of production: by a port of its own, by a proxy that knows its name, or by one whose
    configuration is not here, as it listens.
    """
    if not stack.is_runnable_in_production or service.role not in _SHOWN:
        return False
    forwarded = not known(_forwarded_hosts, project.upstreams).isdisjoint(service.names)
    behind = bool(service.listens) and known(_has_proxy, stack)
    return bool(service.ports) or label_route(service) is not None or forwarded or behind


def _forwarded_hosts(upstreams: tuple[ProxyUpstream, ...]) -> frozenset[str]:
    return frozenset(upstream.host for upstream in upstreams)


def _has_proxy(stack: Stack) -> bool:
    return any(service.has_role(Role.PROXY) for service in stack.services)


def _gap(stack: Stack, service: Service, users: tuple[str, ...]) -> Gap:
    known = working_healthcheck(service)
    plain = known is not None and not any("${" in word.replace("$${", "") for word in known)
    waiting = [user for user, edge in dependants(stack, service.name) if edge.condition == "service_healthy"]
    if waiting:
        effect = f"{waiting[0].name} waits for its health and can never start"
    elif users:
        effect = f"{in_words(users)} cannot wait until it answers"
    else:
        effect = "a process that hangs is not seen"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="healthcheck/absent",
        message=f"{service.name} has no healthcheck, in Compose or in its image: {effect}.",
        expected=f"test: {' '.join(known or ())}".replace("$$", "$") if plain else "a healthcheck",
        actual="none",
        locations=(service.location,),
        severity=Severity.MEDIUM if users else Severity.LOW,
        environment=stack.environment,
        closers=_closers(service, certain=known is not None and bool(users)),
    )


def _closers(service: Service, *, certain: bool) -> tuple[Closer, ...] | None:
    if service.role is Role.SCHEDULER:
        return (Closer(None, "advice", _BEAT),)
    own = certain and service.healthcheck is None and service.location.route[:1] == ("services",)
    return (Closer(Room.EDITS, "edit"),) if own else None


_BEAT = "A scheduler has no port: let it write a file each round, and check the file's age."

RULE = Rule(
    code="CMP002",
    name="critical-service-without-healthcheck",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add a `healthcheck` with a program that the image holds, and `condition: service_healthy` on its edges.",
        ),
    ),
    maps_to=("CKV_DOCKER_2",),
    cause=Cause.STACK,
)
