"""Services that only developers start, in a set whose profiles also say what production starts: a set of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scaffold.model.compose import Service, Stack
from scaffold.model.names import EnvironmentClass
from scaffold.model.regex import regex
from scaffold.read.environments import class_of_word

_TRIED = frozenset({EnvironmentClass.DEV, EnvironmentClass.TEST})
_OF_OPERATORS = frozenset({"restore", "drill", "debug", "watch"})
"""Words of development and tests that are profiles for who runs the product as well."""
_NAMES = regex(r"[\w.-]+")


def parted(stack: Stack) -> tuple[Stack, ...]:
    """Return a stack for production without the services that only profiles of developers start, and those as a stack for
    developers; the stack alone where no profile speaks of production, or none of developers alone.
    """
    productive = [service for service in stack.services if EnvironmentClass.PRODUCTION in _classes(service)]
    if not productive or not stack.is_runnable_in_production:
        return (stack,)
    theirs = _without_needed([service for service in stack.services if _is_of_developers(service)], stack)
    if not theirs:
        return (stack,)
    names = {service.name for service in theirs}
    kept = [service for service in stack.services if service.name not in names]
    tried = _with_needed(theirs, stack)
    return _with(stack, kept), _of_developers(_with(stack, tried), theirs[0], productive[0])


def _classes(service: Service) -> set[EnvironmentClass | None]:
    return {class_of_word(name) if name.lower() not in _OF_OPERATORS else None for name in service.profiles}


def _is_of_developers(service: Service) -> bool:
    found = _classes(service)
    return bool(found) and found <= _TRIED


def _without_needed(theirs: list[Service], stack: Stack) -> list[Service]:
    """Return the services of developers that no other service waits for or names, directly or through another one."""
    left = {service.name: service for service in theirs}
    called = {name: service.name for service in theirs for name in service.names}
    others = [service for service in stack.services if service.name not in left]
    while others:
        found = [left.pop(called[name]) for name in _needs(others.pop()) if called.get(name) in left]
        others.extend(found)
    return list(left.values())


def _with_needed(theirs: list[Service], stack: Stack) -> list[Service]:
    """Return the services of developers, those that start without a profile, and all that they wait for or name."""
    rest = {service.name: service for service in stack.services}
    called = {name: service.name for service in stack.services for name in service.names}
    names = {service.name for service in theirs}
    reached = [rest.pop(service.name) for service in stack.services if service.name in names or not service.profiles]
    for service in reached:
        reached.extend(rest.pop(called[name]) for name in _needs(service) if called.get(name) in rest)
    found = {service.name for service in reached}
    return [service for service in stack.services if service.name in found]


def _needs(service: Service) -> Iterable[str]:
    """Yield the services that a service waits for, whose network it shares, and every name in its settings."""
    yield from (edge.service for edge in service.depends_on)
    yield service.network_mode.removeprefix("service:")
    for entry in service.environment:
        yield from _NAMES.findall(entry.value or "")


def _with(stack: Stack, services: list[Service]) -> Stack:
    """Return a stack with some of its services, without the networks and volumes that only the others use."""
    names = {service.name for service in services}
    gone = _used(service for service in stack.services if service.name not in names) - _used(services)
    return replace(
        stack,
        services=tuple(services),
        networks=tuple(network for network in stack.networks if network.name not in gone),
        volumes=tuple(volume for volume in stack.volumes if volume.name not in gone),
    )


def _used(services: Iterable[Service]) -> set[str]:
    return {name for service in services for name in (*service.networks, *(mount.source for mount in service.mounts)) if name}


def _of_developers(stack: Stack, theirs: Service, productive: Service) -> Stack:
    why = f"{theirs.name} starts with the profile {theirs.profiles[0]}, {productive.name} with {productive.profiles[0]}"
    kind = EnvironmentClass.DEV if EnvironmentClass.DEV in _classes(theirs) else EnvironmentClass.TEST
    return replace(
        stack,
        id=f"{stack.id}-developers",
        environment=kind,
        evidence=(*stack.evidence, why),
        extends_stack="",
        is_of_developers=True,
        is_deployed=False,
    )
