"""Settings files of Flask that the application loads over another one, by the path or the module in a variable."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.config.django_settings import module_path, runnable_stacks
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.project import Project
from scaffold.model.regex import regex

_LOADS = regex(
    r"\.from_(?:pyfile|object)\([ \t]*(?:os\.)?(?:environ\[|environ\.get\(|getenv\()[ \t]*"
    r"[\"'](?P<name>[A-Z][A-Z0-9_]*)[\"']"
    r"|\.from_envvar\([ \t]*[\"'](?P<envvar>[A-Z][A-Z0-9_]*)[\"']",
    words=("from_",),
)
"""flask.palletsprojects.com, Configuration Handling."""
_LEAST_SHARED = 2
"""Parts at the end of a path in an image that a file of the repository has too: folder and name."""


@remembered
def loaded_settings(project: Project) -> frozenset[str]:
    """Return the files that every application of production which names one loads over its other settings."""
    names = {match["name"] or match["envvar"] for text in _loading(project) for match in _LOADS.finditer(text)}
    found = set()
    for stack in runnable_stacks(project) if names else ():
        for service in stack.services:
            values = (value for name in sorted(names) for value in _values(project, service, name))
            found |= {path for value in values if (path := _file_of(project, value))}
    return frozenset(found)


def _loading(project: Project) -> Iterator[str]:
    return (source.text for source in project.sources if source.path.endswith(".py") and "from_" in source.text)


def _values(project: Project, service: Service, name: str) -> Iterator[str]:
    entry = service.env(name)
    if entry is not None:
        yield entry.value or ""
        return
    image = project.image_of(service)
    for stage in image.stages if image else ():
        for item in stage.instructions:
            if item.keyword == "ENV":
                yield from (word.partition("=")[2].strip("\"'") for word in item.text.split() if word.startswith(f"{name}="))


def _file_of(project: Project, value: str) -> str:
    """Return the one file of the repository that a path in an image or a dotted name can mean, "" for none."""
    if not value.endswith((".py", ".cfg")):
        return module_path(project, value) if value and "/" not in value else ""
    parts = value.strip("/").split("/")
    for size in range(len(parts), _LEAST_SHARED - 1, -1):
        tail = "/".join(parts[-size:])
        if tail in project.files:
            return tail
    return ""
