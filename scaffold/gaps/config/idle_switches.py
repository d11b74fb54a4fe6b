"""Protections of a program that are off by default, and that nothing turns on where production starts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.code_switches import is_run
from scaffold.gaps.facts import judged_stacks, may_run_in_production, path_environment, production_or_all
from scaffold.model.compose import EnvValue
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_COOKIE = regex(r"COOKIE")
_LIMIT = regex(r"RATE_LIMIT")
_CODE = (
    ".py",
    ".js",
    ".ts",
    ".mjs",
    ".cjs",
    ".mts",
    ".tsx",
    ".jsx",
    ".go",
    ".rb",
    ".php",
    ".java",
    ".kt",
    ".rs",
    ".ex",
    ".exs",
    ".cs",
)
_PAGES = (".md", ".rst", ".txt", ".adoc")
_TRIED = frozenset({"dev", "test"})


@frozen
class IdleSwitch:
    """A variable that nobody sets, the place of its default, where production has it off, and what follows."""

    name: str
    location: Location
    left: Location | None
    effect: str
    severity: Severity


def idle_switches(project: Project) -> Iterator[IdleSwitch]:
    """Yield each such protection of what production runs, each variable once."""
    found: dict[str, CodeFact] = {}
    for fact in project.code_facts:
        if fact.kind == "idle-switch" and may_run_in_production(fact):
            found.setdefault(fact.detail, fact)
    for name, fact in found.items():
        if is_run(project, fact.location.path) and not (_is_turned_on(project, name) or _by_profile(project, fact.location)):
            entry = next(_entries(project, name), None)
            yield IdleSwitch(name, fact.location, entry.location if entry else None, *_effect(name))


def _by_profile(project: Project, place: Location) -> bool:
    """Whether a file for another profile beside the settings file of a place turns the same key on: `application-prod.yml`."""
    folder, _, name = place.path.rpartition("/")
    if not name.startswith("application.") or place.line is None:
        return False
    lines = (project.source(place.path) or "").split("\n")
    key = re.match(r"\s*[\w.-]*?(?P<last>[\w-]+)\s*[=:]", lines[place.line - 1]) if place.line <= len(lines) else None
    if key is None:
        return False
    on = re.compile(rf"(?m)^\s*(?:[\w.-]+\.)?{re.escape(key['last'])}\s*[=:]\s*[\"']?true\b")
    beside = (path for path in project.files if path.rpartition("/")[0] == folder and "/application-" in f"/{path}")
    of_others = (path for path in beside if path_environment(path) not in TRIED)
    return any(on.search(project.source(path) or "") for path in of_others)


def _effect(name: str) -> tuple[str, Severity]:
    if _COOKIE.search(name):
        return "browsers send the cookie over plain HTTP as well", Severity.LOW
    if _LIMIT.search(name):
        return "nobody counts how often one caller tries passwords, or asks for what costs", Severity.LOW
    return "callers are asked for no login", Severity.MEDIUM


def _entries(project: Project, name: str) -> Iterator[EnvValue]:
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production)
    return (
        entry for stack in stacks for service in stack.services for entry in service.environment if _is_named(entry.name, name)
    )


def _is_named(variable: str, name: str) -> bool:
    """Whether a variable is the one of a switch, by its whole name or behind a prefix of the project."""
    return variable == name or variable.endswith(f"_{name}")


def _is_turned_on(project: Project, name: str) -> bool:
    """Whether a file by which production may start sets the variable, or code ends a start without it."""
    if any(means_true(entry.value) or ":?" in (entry.raw or "") for entry in _entries(project, name)):
        return True
    # What a page tells is done by those who read it: the others start with the default.
    files = (file for file in project.env_files if file.environment not in _TRIED and file.kind != "documented")
    entries = (entry for file in files for entry in file.entries)
    if any(_is_named(entry.name, name) and not entry.commented and means_true(entry.value) for entry in entries):
        return True
    on = re.compile(rf"(?i)\b(?:\w+_)?{name}\b[\"']?\s*(?:[:=]|,?\s*[\"']?value[\"']?\s*[:=])\s*[\"']?(?:true|1|yes|on)\b")
    demanded = re.compile(rf"{name}\b[^\n]{{0,60}}\bmust\b")
    named = (source for source in project.sources if name in source.text and not source.path.endswith(_PAGES))
    texts = ((source.path, source.text) for source in named)
    if any(demanded.search(text) if path.endswith(_CODE) else on.search(text) for path, text in texts):
        return True
    return any(name in command.text and on.search(command.text) for command in project.commands)
