"""Which of the services that are built of one tree run a file of its code."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from scaffold.model.compose import Service, Stack
from scaffold.model.image_code import is_in_image, runs_code
from scaffold.model.lasting import builder_of
from scaffold.model.names import Role
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_SEPARATOR = regex(r"[\s/.:\"',\[\]]+")
_PARTS = 4
"""Parts of a path of which a start names the last ones."""


def holders(project: Project, stack: Stack, fact: CodeFact) -> tuple[Service, ...]:
    """Return the services that run the code of a fact.

    Of several that are built from it, those whose start names the file, else those that serve visitors.
    """
    built = tuple(service for service in stack.services if _is_built_of(project, service, fact.location.path))
    if len(built) < 2:
        return built
    named = {service.name: _named_parts(project, service, fact.location.path) for service in built}
    most = max(named.values())
    return tuple(service for service in built if (named[service.name] == most if most else service.role is Role.WEB))


def _is_built_of(project: Project, service: Service, path: str) -> bool:
    builder = builder_of(project, service)
    return not service.is_datastore and runs_code(project, builder) and is_in_image(project, builder, path)


def _named_parts(project: Project, service: Service, path: str) -> int:
    """Return how many last parts of a path the start of a service names: two for `app/main.py` in `python -m app.main`."""
    start = start_of(project, builder_of(project, service))
    lines: Iterator[str] = (line for line, _ in start.lines) if start else iter(())
    words = _SEPARATOR.split(" ".join((*lines, *(service.command or ()))))
    parts = path.rpartition(".")[0].split("/")[-_PARTS:]
    ends = (len(_common_end(parts, words[: index + 1])) for index, word in enumerate(words) if word == parts[-1])
    return max(ends, default=0)


def _common_end(first: list[str], second: list[str]) -> list[str]:
    """Return the longest list with which both end."""
    pairs = zip(reversed(first), reversed(second), strict=False)
    return [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
