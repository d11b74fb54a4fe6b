"""CMP007: a service that users need is behind a profile that nothing in the repository activates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import active_profiles, commented_profiles, judged_stacks, once, profile_uses
from scaffold.model.alternatives import choose_profiles, started
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import APPLICATION, DATASTORES, Layer, Role, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_OPTIONAL = regex(
    r"debug|dev|tools?|test|gpu|cpu|monitor|observ|metrics|tracing|logging|admin|with-|optional|extra|backup|seed|migrat|profil|example|demo",
    re.IGNORECASE,
)
_CRITICAL = APPLICATION | DATASTORES | {Role.PROXY}
_RUNNERS = regex(r"\b(?:playwright|cypress|wdio|testcafe)\b")


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    used = {*profile_uses(project), *active_profiles(project), *commented_profiles(project)}
    # Of profiles that exclude each other one set runs: what stands in another one is an offer, not forgotten.
    for service in started(stack, choose_profiles(project, stack)).services:
        if not service.profiles or "*" in used or used & set(service.profiles) or _is_started_by_name(project, service):
            continue
        if service.role is Role.E2E or (
            service.role in _CRITICAL and not any(_OPTIONAL.search(name) for name in service.profiles)
        ):
            yield _gap(project, stack, service)


def _gap(project: Project, stack: Stack, service: Service) -> Gap:
    profiles = ", ".join(service.profiles)
    role = str(service.role.value) if service.role else "service"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="profiles",
        message=f"{service.name} ({role}) is behind the profile {profiles}, which no command, script, workflow or page "
        "activates, so a plain start leaves it out.",
        expected=f"no profile, or --profile {service.profiles[0]} in the commands that start the stack",
        actual=f"profiles: {profiles}",
        locations=(service.profiles_location or service.location,),
        severity=Severity.LOW if service.role is Role.E2E and _runs_elsewhere(project) else Severity.MEDIUM,
        environment=stack.environment,
    )


def _is_started_by_name(project: Project, service: Service) -> bool:
    """Whether a command names the service itself: Compose then enables its profiles."""
    pattern = re.compile(rf"compose\b.*\b(?:up|run|start|create)\b.*(?<![\w./-]){re.escape(service.name)}(?![\w./-])")
    return any(pattern.search(command.text) for command in project.commands)


def _runs_elsewhere(project: Project) -> bool:
    return any(command.context == "workflow" and _RUNNERS.search(command.text) for command in project.commands)


RULE = Rule(
    code="CMP007",
    name="critical-service-behind-unused-profile",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.GUIDES, "files"),),
)
