"""CFG001: the stack needs a variable that no env template names."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.config.template_coverage import needed_variables
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_MOST_SHOWN = 4


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.main_stack
    templates = [file for file in project.env_files if file.kind == "template" and file.path not in project.owned]
    if stack is None or not stack.is_runnable_in_production or not stack.complete or not templates:
        return
    named = {entry.name for file in project.env_files for entry in file.entries}
    missing = {name: place for name, place in needed_variables(project, stack).items() if name not in named}
    if missing:
        yield _gap(missing, tuple(Location(file.path, 1) for file in templates))


def _gap(missing: dict[str, Location], templates: tuple[Location, ...]) -> Gap:
    names = sorted(missing)
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return RULE.gap(
        resource="config",
        subject="template-variables",
        message=f"The stack reads {', '.join(names[:_MOST_SHOWN])}{more}, which no env template names.",
        expected="every variable without a default, and every secret, in the template",
        actual=f"{len(names)} variables are missing" if len(names) > 1 else "one variable is missing",
        locations=tuple(dict.fromkeys(missing.values())),
        searched=templates,
    )


RULE = Rule(
    code="CFG001",
    name="variable-in-no-template",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(None, "advice", "Add each of them to the template, a secret with an empty value."),
    ),
)
