"""CMP006: a service can be enabled by a profile that leaves its dependency out."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import active_profiles, edges, judged_stacks, once, profile_uses
from scaffold.gaps.starts import calls_of, is_about
from scaffold.model.compose import Dependency, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Command, Project

_NEVER = frozenset({"none", "never", "disabled", "off", "donotstart", "do-not-start", "do_not_start"})
"""Profiles whose name says that nobody activates them: a way to switch a service off in an overlay."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service, edge in edges(stack):
        target = stack.service(edge.service)
        if target is not None and edge.required and _missing(service, target):
            yield _gap(project, stack, service, edge, target)


def _missing(service: Service, target: Service) -> tuple[str, ...]:
    """Return the profiles that enable the service without the target; "" when it is enabled without any profile."""
    if not target.profiles:
        return ()
    return tuple(name for name in (service.profiles or ("",)) if name not in target.profiles and name not in _NEVER)


def _gap(project: Project, stack: Stack, service: Service, edge: Dependency, target: Service) -> Gap:
    missing = _missing(service, target)
    commands = [command for name in missing for command in profile_uses(project).get(name, ())]
    always_both = _always_both(project, commands, target)
    how = f"with --profile {missing[0]}" if missing[0] else "without a profile"
    theirs = ", ".join(target.profiles)
    places = (target.profiles_location, service.profiles_location, *(command.location for command in commands[:3]))
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"depends_on/{target.name}",
        message=f"Started {how}, {service.name} depends on {target.name}, which only the profile {theirs} enables: "
        "Compose refuses the project.",
        expected=f"{target.name} in every profile of {service.name}, or `required: false`",
        actual=f"{service.name}: {', '.join(service.profiles) or 'no profile'}; {target.name}: {theirs}",
        locations=(edge.location,),
        related=tuple(dict.fromkeys(place for place in places if place is not None and _is_set(place))),
        # A start that a place shows fails; of another one nobody knows that it is made, and who tries it sees why at once.
        severity=Severity.LOW
        if always_both
        else Severity.HIGH
        if commands or (not missing[0] and _is_started_plainly(project, stack))
        else Severity.MEDIUM,
        environment=stack.environment,
    )


def _is_set(place: Location) -> bool:
    return bool(place.path)


def _is_started_plainly(project: Project, stack: Stack) -> bool:
    """Whether a line that starts the stack names no profile."""
    return any(not call.profiles and is_about(project, call, stack) for call in calls_of(project))


def _always_both(project: Project, commands: list[Command], target: Service) -> bool:
    """Whether each command that enables the service enables the target too."""
    if {*target.profiles, "*"} & active_profiles(project):
        return True
    return bool(commands) and all(any(_names(command, name) for name in (*target.profiles, "*")) for command in commands)


def _names(command: Command, profile: str) -> bool:
    return (
        f"--profile {profile}" in command.text.replace("=", " ")
        or f",{profile}" in command.text
        or f"{profile}," in command.text
    )


RULE = Rule(
    code="CMP006",
    name="depends-on-across-profiles",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
)
