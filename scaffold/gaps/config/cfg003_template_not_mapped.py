"""CFG003: an env template that nothing points to, or templates that contradict each other."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.remembered import remembered
from scaffold.model.document import Location
from scaffold.model.env_templates import purpose_words
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import EnvFile, Project
from scaffold.model.regex import regex

_STANDARD = regex(
    r"\.env(?:\.[\w-]+)*\.(?:example|sample|template|dist|tmpl)|\.env\.(?:example|sample|template|dist)(?:\.[\w-]+)?"
)
_COPY = regex(r"(?<![\w.-])\.env(?![\w.-])")
_HEAD = 2000
"""Characters at the top of a template in which its comments may say where it goes."""
_MOST_SHOWN = 4
_MOST_COMPARED = 200
"""Templates that are compared with each other: nobody keeps more of them apart."""


def _detect(project: Project) -> Iterator[Gap]:
    templates = [file for file in project.env_files if file.kind == "template" and file.path not in project.owned]
    unmapped = [file for file in templates if not _is_mapped(project, file)]
    disagreeing = _disagreements(project, templates)
    if unmapped or disagreeing:
        yield _gap(project, unmapped, disagreeing)


def _is_mapped(project: Project, file: EnvFile) -> bool:
    """Whether the name is one that people look for, it says itself where it goes, or a command, a page or an env_file points
    to it.
    """
    name = file.path.rpartition("/")[2]
    if _STANDARD.fullmatch(name):
        return True
    lines = itertools.takewhile(
        lambda line: not line or line.startswith("#"), (project.source(file.path) or "")[:_HEAD].splitlines()
    )
    if any(_COPY.search(line) for line in lines):
        return True
    if file.path in _read_by_services(project):
        return True
    return name in _text(project) and bool(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", _text(project)))


@remembered
def _read_by_services(project: Project) -> frozenset[str]:
    services = (service for stack in project.stacks for service in stack.services)
    return frozenset(path for service in services for path, _ in service.env_files)


def _stand_for_one(first: EnvFile, second: EnvFile, own: tuple[set[str], set[str]], copied: set[str]) -> bool:
    """Whether two templates may be taken for one another: their names say the same, and they stand in one folder, or not both
    beside compose files or manifests of their own, and commands and pages do not say of both where they are copied.
    """
    if purpose_words(first.path) != purpose_words(second.path):
        return False
    folders = {posixpath.dirname(first.path), posixpath.dirname(second.path)}
    compose_folders, packages = own
    # Programs side by side have settings of their own; one at the root may well stand for those below it.
    if len(folders) > 1 and (folders <= compose_folders or ("" not in folders and folders <= packages)):
        return False
    return len(folders) == 1 or not {first.path, second.path} <= copied


def _is_copied_where_it_is(project: Project, file: EnvFile) -> bool:
    """Whether a line copies the template of the root, or one names the path of another, or copies it after a `cd` there."""
    folder, name = map(re.escape, posixpath.split(file.path))
    copied = rf"\b(?:cp|copy|curl|wget)\b[^\n]*(?<![\w./-])(?:\./|https?://[^\s/]+/\S*?)?{name}(?![\w.-])"
    inside = (
        rf"(?<![\w.-]){folder}/{name}(?![\w-])|\bcd\s+(?:\./)?{folder}\b(?:.|\n){{0,400}}?\b(?:cp|copy)\b[^\n]*{name}(?![\w-])"
    )
    pattern = re.compile(inside if folder else copied)
    words = posixpath.split(file.path)
    return any(pattern.search(text) for text in _texts(project) if all(word in text for word in words))


@remembered
def _text(project: Project) -> str:
    return "\n".join(_texts(project))


@remembered
def _texts(project: Project) -> tuple[str, ...]:
    return (*(command.text for command in project.commands), *(page.text for page in project.docs))


def _disagreements(project: Project, templates: list[EnvFile]) -> dict[str, tuple[Location, Location]]:
    """Return the names to which two templates of the same environment give different values, with both places."""
    found: dict[str, tuple[Location, Location]] = {}
    own = ({posixpath.dirname(file.path) for file in project.compose_files}, {item.folder for item in project.manifests})
    several = templates[:_MOST_COMPARED] if len(templates) > 1 else []
    copied = {file.path for file in several if _is_copied_where_it_is(project, file)}
    for first, second in itertools.combinations(several, 2):
        if first.environment != second.environment or not _stand_for_one(first, second, own, copied):
            continue
        for entry in first.entries:
            other = second.entry(entry.name)
            if (
                other
                and not entry.commented
                and not other.commented
                and entry.value != other.value
                and entry.value
                and other.value
            ):
                found.setdefault(entry.name, (entry.location, other.location))
    return found


def _gap(project: Project, unmapped: list[EnvFile], disagreeing: dict[str, tuple[Location, Location]]) -> Gap:
    parts = []
    if unmapped:
        names = " and ".join(file.path for file in unmapped)
        parts.append(f"no command, page or env_file points to {names}")
    if disagreeing:
        shown = sorted(disagreeing)
        more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
        parts.append(f"the templates give different values to {', '.join(shown[:_MOST_SHOWN])}{more}")
    places = (*(Location(file.path, 1) for file in unmapped), *(place for pair in disagreeing.values() for place in pair))
    others = [file.path for file in project.env_files]
    count = f"{len(others)} env files in all" if len(others) > 1 else "the only env file"
    return RULE.gap(
        resource="config",
        subject="templates",
        message=f"Which env file is right is not said: {'; '.join(parts)} ({count}).",
        expected="one template, .env.example, that the start page says to copy to .env",
        actual=", ".join(others[:6]),
        locations=tuple(dict.fromkeys(places)),
        severity=Severity.MEDIUM if disagreeing else Severity.LOW,
    )


RULE = Rule(
    code="CFG003",
    name="template-not-mapped",
    layer=Layer.CONFIG,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None,
            "advice",
            "Keep one template named .env.example, write `cp .env.example .env` into the README, and drop the copies.",
        ),
    ),
)
