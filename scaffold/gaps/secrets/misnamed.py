"""Variables of env files that nobody reads, beside one of nearly the same name that the code reads and nobody sets."""

from __future__ import annotations

from scaffold.gaps.config.cfg004_dead_template_keys import words_of_project
from scaffold.gaps.remembered import remembered
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import EnvEntry, Project
from scaffold.model.secret_names import is_sensitive_name

_LEAST_WORDS = 2
"""Words that both names end in: one alone, such as PASSWORD, says nothing."""


@frozen
class Misnamed:
    """The name by which env files set a value that nothing reads, and where."""

    name: str
    places: tuple[Location, ...]


def misnamed(project: Project, name: str) -> Misnamed | None:
    """Return the variable that env files set in place of `name`, None where they set that itself, or no other one is unread."""
    entries = _entries(project)
    if name in entries or _is_given(project, name):
        return None
    found = [other for other in _unread(project) if _is_alike(other, name)]
    return Misnamed(found[0], tuple(entry.location for entry in entries[found[0]])) if len(found) == 1 else None


def _is_alike(one: str, other: str) -> bool:
    """Whether one of two names is the end of the other."""
    short, long = sorted((one, other), key=len)
    return long.endswith(f"_{short}") and short.count("_") + 1 >= _LEAST_WORDS


@remembered
def _entries(project: Project) -> dict[str, list[EnvEntry]]:
    found: dict[str, list[EnvEntry]] = {}
    for file in project.env_files:
        for entry in file.entries:
            if file.path not in project.owned:
                found.setdefault(entry.name, []).append(entry)
    return found


@remembered
def _unread(project: Project) -> frozenset[str]:
    """Return the secrets of env templates whose names stand nowhere but in env files and pages."""
    offered = {
        entry.name
        for file in project.env_files
        if file.kind == "template" and file.path not in project.owned
        for entry in file.entries
        if not entry.commented and is_sensitive_name(entry.name)
    }
    known = {name.upper() for name in project.mentioned} | words_of_project(project, owned=False)
    return frozenset(name for name in offered if name.upper() not in known)


def _is_given(project: Project, name: str) -> bool:
    """Whether a stack or a workflow gives the variable by its name."""
    in_stacks = (entry.name for stack in project.stacks for service in stack.services for entry in service.environment)
    if name in in_stacks:
        return True
    return any(name in workflow.document.text for workflow in project.workflows)
