"""CFG005: an unset secret becomes an empty text, because its reference has neither a default nor a guard."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once, scalars_below
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.secrets import is_sensitive_name


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found: dict[str, list[tuple[Location, Service]]] = {}
    guarded: set[str] = set()
    for service in stack.services:
        for scalar in scalars_below(service.node):
            for reference in scalar.references:
                if reference.is_required:
                    guarded.add(reference.name)
                elif (
                    not reference.operator
                    and is_sensitive_name(reference.name)
                    and not _comes_from_file(project, service, reference.name)
                ):
                    found.setdefault(reference.name, []).append((scalar.location, service))
    # One guarded reference is enough: Compose refuses the whole project.
    for name in sorted(found.keys() - guarded):
        yield _gap(stack, name, sorted(found[name], key=lambda item: item[0].sort_key()))


def _comes_from_file(project: Project, service: Service, name: str) -> bool:
    """Whether an env_file of the service that is in the repository sets the same name."""
    paths = {path for path, _ in service.env_files}
    return any(file.path in paths and file.entry(name) is not None for file in project.env_files)


def _gap(stack: Stack, name: str, places: list[tuple[Location, Service]]) -> Gap:
    services = tuple(sorted({service.name for _, service in places}))
    return RULE.gap(
        resource=stack.resource(services[0]),
        subject=f"environment/{name}",
        message=f"Where {name} is not set, Compose gives {' and '.join(services)} an empty text with no more than a warning, "
        "and a check for a missing variable in the code does not see it.",
        expected=f"${{{name}:?}}",
        actual=f"${{{name}}}",
        locations=tuple(dict.fromkeys(place for place, _ in places)),
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG005",
    name="required-secret-not-guarded",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(None, "advice", "Write `${NAME:?}` where the secret is needed, `${NAME:-}` where it may be empty on purpose."),
    ),
)
