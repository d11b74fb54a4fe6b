"""CFG000: the stack needs variables, and no file of the repository lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.template_coverage import needed_variables
from scaffold.gaps.docs.pages import current_pages
from scaffold.gaps.facts import listed
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
        yield _gap(needed, _pages_on(project, needed))


def _has_list(project: Project) -> bool:
    """Whether a template of the user's lists variables, or a tracked env file does in its place; ours counts as well."""
    return bool(project.env_files)


def _pages_on(project: Project, needed: dict[str, Location]) -> dict[str, Location]:
    """Return the variables that a page of people's own names, each with the first place."""
    found: dict[str, Location] = {}
    for page in current_pages(project):
        if page.path in project.owned:
            continue
        for name in needed.keys() - found.keys():
            match = re.search(rf"(?<![\w$]){name}(?!\w)", page.text) if name in page.text else None
            if match is not None:
                found[name] = Location(page.path, page.text.count("\n", 0, match.start()) + 1)
    return found


def _gap(needed: dict[str, Location], told: dict[str, Location]) -> Gap:
    names = sorted(needed.keys() - told.keys()) or sorted(needed)
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    shown = f"{', '.join(names[:_MOST_SHOWN])}{more}"
    every = needed.keys() <= told.keys()
    pages = listed(place.path for place in sorted(told.values(), key=Location.sort_key))
    message = f"What to set ({shown}) stands in {pages} alone" if every else f"Nobody is told to set {shown}"
    return RULE.gap(
        resource="config",
        subject="template",
        message=f"{message}: there is no env template in this repository.",
        expected=".env.example with every variable that the stack reads, without a secret in it",
        actual="no env template of any spelling",
        locations=(min(needed.values(), key=Location.sort_key),),
        related=tuple(dict.fromkeys(sorted(told.values(), key=Location.sort_key)))[:_MOST_SHOWN] if every else (),
        severity=Severity.LOW if every else Severity.MEDIUM,
    )


RULE = Rule(
    code="CFG000",
    name="no-env-template",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.ENV, "files"),),
)
