"""CIQ024: production is started with a list of compose files of its own, and the overlays are not on it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.docs.pages import current_pages
from scaffold.gaps.facts import listed
from scaffold.gaps.starts import Strength, strength_of_line
from scaffold.model.deployments import Line
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.listed_starts import Group, ListedStart, base_of_production, listed_start, listed_starts
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    found = list(listed_starts(project, project.overlays))
    certain = any(not start.group.is_target for start in found)
    for start in found:
        yield _gap(project, start, Severity.LOW if start.group.is_target and certain else Severity.MEDIUM)
    if not any(listed_starts(project, ())):
        yield from (_gap(project, start, Severity.MEDIUM) for start in _pages(project))


def _pages(project: Project) -> Iterator[ListedStart]:
    """Yield how the pages for who runs the product start production with such a list: all as one, by the first of them."""
    base = base_of_production(project)
    groups = list(_told(project)) if base else []
    first = next((group for group in groups if listed_start(group, base, ())), None)
    found = [start for group in groups if (start := listed_start(group, base, project.overlays))]
    if first and found:
        yield ListedStart(
            first,
            tuple(line for start in found for line in start.starts),
            tuple(line for start in found for line in start.others),
            tuple(path for path in project.overlays if any(path in start.missing for start in found)),
        )


def _told(project: Project) -> Iterator[Group]:
    """Yield the lines of each page that are for who runs the product."""
    shown: dict[str, list[Line]] = {}
    for command in project.commands:
        if command.context == "doc" and "compose" in command.text and command.location.path not in project.owned:
            shown.setdefault(command.location.path, []).append(Line(command.text, command.location))
    for page in (page for page in current_pages(project) if page.path in shown):
        rows = page.text.splitlines()
        lines = (line for line in shown[page.path] if strength_of_line(page, rows, line.place.line) is Strength.OTHERS)
        yield Group(page.path, page.path, tuple(lines))


def _gap(project: Project, start: ListedStart, severity: Severity) -> Gap:
    base = base_of_production(project)
    if start.missing:
        adds = "what these add" if len(start.missing) > 1 else "what it adds"
        message = (
            f"{start.group.name} starts production with a list of files that lacks {listed(start.missing)}: {adds} is written, "
            "and does not run there."
        )
    else:
        message = (
            f"{start.group.name} starts production with a list of files of its own: an overlay, such as those that scaffold "
            "writes for hardening, monitoring and backups, runs only once this list names it."
        )
    return RULE.gap(
        resource=start.group.resource,
        subject="files",
        message=message,
        expected=_options((*base, *(start.missing or ("each overlay",)))),
        actual=_options(base),
        locations=tuple(line.place for line in start.starts),
        related=tuple(line.place for line in start.others),
        severity=severity if start.missing else Severity.INFO,
    )


def _options(paths: tuple[str, ...]) -> str:
    return " ".join(f"-f {path}" for path in paths)


RULE = Rule(
    code="CIQ024",
    name="deployment-leaves-overlays-out",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None,
            "advice",
            "Add the overlays to the list, or take the list away and let COMPOSE_FILE of the host's env file name the files. "
            "Where single files are sent to the host, send the overlays and what they mount as well.",
        ),
    ),
)
