"""Backups that the application makes by itself: code that starts a dump, by a clock or by hand, and the switch before it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_CODE = (".py", ".ts", ".js", ".mjs", ".cjs", ".go", ".php", ".rb", ".java", ".kt", ".cs", ".rs", ".ex", ".exs")
_SWITCH = r"(?:[A-Z][A-Z0-9]*_)*?(?:(?:AUTO_?)?BACKUPS?_(?:ENABLED?|ACTIVE)|ENABLE_(?:[A-Z0-9]+_)*?BACKUPS?|AUTO_BACKUPS?)"
_OFF = r"[\"']?(?:false|no|off|0)\b"
_OFF_BY_DEFAULT = regex(
    rf"(?i)\b(?P<a>{_SWITCH})\s*:\s*bool(?:ean)?\s*=\s*(?:Field\(\s*(?:default\s*=\s*)?)?{_OFF}"
    rf"|(?:getenv|environ\.get|env|config|get_env|envBool|GetBool|bool|fetch)\(\s*[\"'](?P<b>{_SWITCH})[\"']\s*,\s*(?:default\s*=\s*)?{_OFF}"
    rf"|process\.env\.(?P<c>{_SWITCH})\s*={{2,3}}\s*[\"'](?:true|1|yes|on)[\"']"
    rf"|\$\{{(?P<d>{_SWITCH}):-?{_OFF}\}}|\b(?P<e>{_SWITCH})\s*:\s*z\.[^\n,]{{0,80}}default\({_OFF}",
    words=("backup",),
)
_ON = regex(rf"(?i)\b(?P<name>{_SWITCH})[\"']?\s*[:=]\s*[\"']?(?:true|yes|on|1)\b")
_CONFIGURATION = (".yml", ".yaml", ".env", ".example", ".toml", ".sh", ".tf", ".tfvars", ".json")
_NOT_RUN = frozenset({EnvironmentClass.DEV, EnvironmentClass.TEST})


@frozen
class CodeBackup:
    """A place in code that starts a dump: its line, and whether a clock of the application does."""

    line: str
    location: Location
    by_a_clock: bool


@remembered
def backups_in_code(project: Project) -> tuple[CodeBackup, ...]:
    """Return the files of the application that start a dump of a database, each once."""
    is_off = switched_off(project) is not None
    return tuple(
        CodeBackup(_line(project, fact.location), fact.location, fact.detail == "clock" and not is_off)
        for fact in project.code_facts
        if fact.kind == "dump" and fact.location.path not in project.owned
    )


def copied_before_migrations(project: Project) -> Location | None:
    """Return where the application copies its database before it migrates it, None where it does not."""
    places = (
        fact.location for fact in project.code_facts if fact.kind == "copies-first" and not is_test_path(fact.location.path)
    )
    return min(places, key=Location.sort_key, default=None)


def _line(project: Project, place: Location) -> str:
    lines = (project.source(place.path) or "").splitlines()
    return lines[place.line - 1] if place.line <= len(lines) else ""


@remembered
def switched_off(project: Project) -> tuple[str, Location] | None:
    """Return the variable that turns on a backup of the application's own, with the place of its default, which is off; None
    where there is none, or where a template, a compose file or a manifest turns it on.
    """
    found = [
        (next(name for name in match.groups() if name), _place(item, match))
        for item in _own(project, (*_CODE, *_CONFIGURATION))
        if _speaks_of_backups(item)
        for match in _OFF_BY_DEFAULT.finditer(item.text)
    ]
    if not found:
        return None
    on = {name.upper() for name in _turned_on(project)}
    return next(((name, place) for name, place in found if name.upper() not in on), None)


def _turned_on(project: Project) -> Iterator[str]:
    """Yield the switches that something for production sets."""
    for file in project.env_files:
        if file.environment not in {"dev", "test"}:
            yield from (entry.name for entry in file.entries if not entry.commented and means_true(entry.value))
    for stack in project.stacks:
        if stack.environment not in _NOT_RUN:
            given = (entry for service in stack.services for entry in service.environment)
            yield from (entry.name for entry in given if means_true(entry.value))
    for item in _own(project, _CONFIGURATION):
        if _speaks_of_backups(item):
            yield from (match["name"] for match in _ON.finditer(item.text))


def _speaks_of_backups(item: SourceFile) -> bool:
    """Whether a text has the word; looking for it costs next to nothing."""
    return any(word in item.text for word in ("BACKUP", "backup", "Backup"))


def _own(project: Project, endings: tuple[str, ...]) -> Iterator[SourceFile]:
    return (
        item
        for item in project.sources
        if item.path.endswith(endings) and item.path not in project.owned and not is_test_path(item.path)
    )


def _place(item: SourceFile, match: re.Match[str]) -> Location:
    return Location(item.path, item.text.count("\n", 0, match.start()) + 1)
