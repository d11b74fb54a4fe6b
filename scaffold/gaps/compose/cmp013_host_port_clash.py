"""CMP013: two services of a stack want the same port of the host."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from scaffold.gaps.facts import ALL_INTERFACES, in_words, judged_stacks, once
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_MOST_COMPARED = 100
"""Holders of one port that are compared, each with each: more are told by the first of them as well."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    holders: dict[tuple[int, str], list[tuple[Service, Port]]] = {}
    for service in stack.services:
        for port in service.ports:
            if port.published is not None and port.location.path not in project.owned:
                holders.setdefault((port.published, port.protocol), []).append((service, port))
    for (number, protocol), found in sorted(holders.items()):
        pairs = [pair for pair in combinations(found[:_MOST_COMPARED], 2) if _clash(*pair)]
        if pairs:
            yield _gap(stack, number, protocol, pairs)


def _clash(first: tuple[Service, Port], second: tuple[Service, Port]) -> bool:
    (one, a), (other, b) = first, second
    # Of a range Docker takes a port that is free.
    if one.name == other.name or not _together(one, other) or (a.range and b.range):
        return False
    return a.host_ip == b.host_ip or a.host_ip in ALL_INTERFACES or b.host_ip in ALL_INTERFACES


def _together(one: Service, other: Service) -> bool:
    """Whether a profile, or none, enables both."""
    return not one.profiles or not other.profiles or bool(set(one.profiles) & set(other.profiles))


def _always(pair: tuple[tuple[Service, Port], tuple[Service, Port]]) -> bool:
    """Whether each profile that enables one enables the other; else the two may be alternatives."""
    return pair[0][0].profiles == pair[1][0].profiles


def _gap(stack: Stack, number: int, protocol: str, pairs: list[tuple[tuple[Service, Port], tuple[Service, Port]]]) -> Gap:
    every = [holder for pair in pairs for holder in pair]
    names = tuple(sorted({service.name for service, _ in every}))
    always = any(_always(pair) for pair in pairs)
    suffix = "" if protocol == "tcp" else f"/{protocol}"
    profiles = sorted({name for service, _ in every for name in service.profiles})
    when = "" if always else f" with the profile {' or '.join(profiles)}"
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject=f"ports/{number}{suffix}",
        message=f"{in_words(names)} publish the same port {number}{suffix} of the host: only the first one starts{when}.",
        expected="a port of the host for each",
        actual=f"{number}{suffix} for {len(names)} services",
        locations=tuple(dict.fromkeys(port.location for _, port in sorted(every, key=lambda item: item[0].name))),
        severity=Severity.MEDIUM if always else Severity.LOW,
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP013",
    name="host-port-clash",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Publish one of them on another port, or none: inside the stack, services need no port of the host.",
        ),
    ),
    maps_to=("dclint:no-duplicate-exported-ports",),
)
