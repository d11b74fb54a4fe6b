"""CFG000: the stack needs variables, and no file of the repository lists them."""

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
    if stack is None or not stack.is_runnable_in_production or not stack.complete or _has_list(project):
        return
    needed = needed_variables(project, stack)
    if needed:
        yield _gap(needed)


def _has_list(project: Project) -> bool:
    """Whether a template of the user's lists variables, or a tracked env file does in its place; ours counts as well."""
    return bool(project.env_files)


def _gap(needed: dict[str, Location]) -> Gap:
    names = sorted(needed)
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return RULE.gap(
        resource="config",
        subject="template",
        message=f"Nobody is told to set {', '.join(names[:_MOST_SHOWN])}{more}: there is no env template in this repository.",
        expected=".env.example with every variable that the stack reads, without a secret in it",
        actual="no env template of any spelling",
        locations=(min(needed.values(), key=Location.sort_key),),
    )


RULE = Rule(
    code="CFG000",
    name="no-env-template",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.ENV, "files"),),
)
