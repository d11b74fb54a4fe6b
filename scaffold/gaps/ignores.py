"""What the user decided not to count: entries of scaffold.yaml and comments beside the lines, until their day has passed."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.document import Location
from scaffold.model.gap import Gap, Suppression
from scaffold.model.project import Project

_COMMENT_SIGNS = ("#", "//", "--", ";")
_BLOCKS = (".yml", ".yaml")
"""Files in which a comment above a key stands for everything below the key."""


def suppressions_of(project: Project, gap: Gap) -> Iterator[Suppression]:
    """Yield every ignore that names the rule and the place of a gap, those whose day has passed included."""
    for entry in project.configuration.ignores:
        matches_path = not entry.path or gap.primary.path == entry.path
        if entry.code == gap.code and matches_path and (not entry.resource or entry.resource == gap.resource):
            yield Suppression("configuration", entry.reason, entry.until)
    beside = [item for item in project.inline_ignores if item.code == gap.code and item.location.path == gap.primary.path]
    lines = _lines_about(project, gap.primary) if beside else frozenset()
    for item in beside:
        if item.location.line in lines:
            yield Suppression("inline", item.reason, item.until, item.location)


def has_passed(suppression: Suppression, today: str) -> bool:
    """Whether the last day of an ignore lies before `today`, both ISO dates; without either it has not."""
    return bool(suppression.until and today and suppression.until < today)


def _lines_about(project: Project, place: Location) -> frozenset[int]:
    """Return the lines on which a comment speaks of a place: its own, the comments above, and those of the blocks around it."""
    lines = (project.source(place.path) or "").splitlines()
    found: set[int] = set()
    for number in _headed_by(lines, place) if 0 < place.line <= len(lines) else ():
        found.add(number)
        above = number - 1
        while above >= 1 and lines[above - 1].lstrip().startswith(_COMMENT_SIGNS):
            found.add(above)
            above -= 1
    return frozenset(found)


def _headed_by(lines: list[str], place: Location) -> Iterator[int]:
    """Yield the line and, in YAML, the lines of the keys around it, the innermost first."""
    yield place.line
    if not place.path.endswith(_BLOCKS):
        return
    indent = _indent(lines[place.line - 1])
    for number in range(place.line - 1, 0, -1):
        text = lines[number - 1]
        if text.strip() and not text.lstrip().startswith("#") and _indent(text) < indent:
            indent = _indent(text)
            yield number


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
