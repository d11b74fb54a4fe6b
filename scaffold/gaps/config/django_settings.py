"""Which settings modules of Django production starts with, and what they say: by variable, by image, else by wsgi.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks
from scaffold.model.compose import Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex

VARIABLE = "DJANGO_SETTINGS_MODULE"
NOT_FOR_PRODUCTION = frozenset({"dev", "devel", "develop", "development", "local", "test", "tests", "testing", "debug"})
_STAR = regex(r"(?m)^from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+\*")
_ENTRY = regex(r"(?:^|/)[aw]sgi\.py$")
_SETS = regex(rf"\b{VARIABLE}[= ][\"']?([\w.]+)")
_DEEPEST = 4
"""Settings modules that take over one another; a longer chain is a circle."""


@frozen
class SettingsModule:
    """A settings module by its dotted name, and where production is told to use it; `stack` is None where no stack says so."""

    name: str
    location: Location
    stack: Stack | None
    services: tuple[str, ...]

    @property
    def is_for_development(self) -> bool:
        """Whether the last part of its name says development or test."""
        return bool(NOT_FOR_PRODUCTION & set(re.split(r"[._]", self.name.rpartition(".")[2].lower())))


def runnable_stacks(project: Project) -> tuple[Stack, ...]:
    """Return the stacks of production, those that say so alone where there are any: the base is then for development."""
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    said = [stack for stack in stacks if stack.environment is EnvironmentClass.PRODUCTION]
    return tuple(said or stacks)


def used_modules(project: Project) -> tuple[SettingsModule, ...]:
    """Return the modules that application services of production start with, each once."""
    found: dict[tuple[str, Location], tuple[Stack | None, list[str]]] = {}
    for stack in runnable_stacks(project):
        for service in (service for service in stack.services if service.is_application):
            entry = service.env(VARIABLE)
            if entry is not None and entry.value:
                found.setdefault((entry.value, entry.location), (stack, []))[1].append(service.name)
    if not found and not any(file.entry(VARIABLE) for file in project.env_files):
        found |= {key: (None, []) for key in _by_default(project)}
    return tuple(SettingsModule(name, place, stack, tuple(names)) for (name, place), (stack, names) in found.items())


def _by_default(project: Project) -> tuple[tuple[str, Location], ...]:
    """Return the module that the images of production name, else that of wsgi.py."""
    services = [service for stack in runnable_stacks(project) for service in stack.services if service.is_application]
    images = [image for service in services if (image := project.image_of(service)) is not None]
    lines = [item for image in images for stage in image.stages for item in stage.instructions if item.keyword == "ENV"]
    named = [(match[1], item.location) for item in lines if (match := _SETS.search(item.text))]
    if named or not images:
        return tuple(dict.fromkeys(named))
    defaults = (item for item in project.settings if item.name == VARIABLE and _ENTRY.search(item.location.path))
    return tuple(dict.fromkeys((item.value or "", item.location) for item in defaults))


def module_path(project: Project, name: str) -> str:
    """Return the one file that a dotted name can mean, "" where there is none or several."""
    tail = name.replace(".", "/")
    ends = (f"{tail}.py", f"{tail}/__init__.py")
    found = [path for path in project.files if path in ends or path.endswith(tuple(f"/{end}" for end in ends))]
    return found[0] if len(found) == 1 else ""


def last_assignment(project: Project, path: str, name: str) -> tuple[str, Location] | None:
    """Return what a settings module gives a name at its top level, and where; modules that it takes over count."""
    for text_path, text in settings_chain(project, path):
        found = list(re.finditer(rf"(?m)^{name}[ \t]*(?::[^=\n]+)?=[ \t]*([^\n]*)", text))
        if found:
            last = found[-1]
            return last[1].partition("#")[0].strip(), Location(text_path, text.count("\n", 0, last.start()) + 1)
    return None


def settings_chain(project: Project, path: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of a settings module and of those that it takes over, the outer ones first."""
    for _ in range(_DEEPEST):
        text = project.source(path) if path else None
        if text is None:
            return
        yield path, text
        star = _STAR.search(text)
        if star is None:
            return
        path = _relative(project, path, len(star[1]), star[2])


def _relative(project: Project, path: str, dots: int, name: str) -> str:
    if not dots:
        return module_path(project, name)
    folders = path.split("/")[:-dots]
    base = "/".join([*folders, *name.split(".")])
    return next((end for end in (f"{base}.py", f"{base}/__init__.py") if end in project.files), "")
