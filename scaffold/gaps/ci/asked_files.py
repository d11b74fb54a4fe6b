"""Which compose files of the repository a call of Compose speaks of."""

from __future__ import annotations

import posixpath

from scaffold.gaps.remembered import remembered
from scaffold.model.deployments import named_files
from scaffold.model.project import Project


def files_of_call(project: Project, call: str) -> tuple[str, ...] | None:
    """Return the paths of the compose files that a call names, in whatever folder; () where it names none, None where the
    repository lacks one of them.
    """
    by_name = _by_name(project)
    names = sorted(named_files(call))
    return tuple(path for name in names for path in by_name[name]) if by_name.keys() >= set(names) else None


@remembered
def _by_name(project: Project) -> dict[str, list[str]]:
    """Return the paths of the compose files by their names without folders."""
    found: dict[str, list[str]] = {}
    for file in project.compose_files:
        found.setdefault(posixpath.basename(file.path), []).append(file.path)
    return found
