"""Which services log text, and whether an edit can make it JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import main_services, owner_of_path
from scaffold.model.compose import Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact, Project
from scaffold.model.starting import is_below

if TYPE_CHECKING:
    from scaffold.model.python_logging import LoggingEdit


@frozen
class TextLogging:
    """A service whose served code writes text, with the facts that show it and the edits that change it (None: by hand)."""

    stack: Stack
    service: Service
    facts: tuple[CodeFact, ...]
    edits: tuple[LoggingEdit, ...] | None


@remembered
def text_logging(project: Project) -> tuple[TextLogging, ...]:
    """Return each service that logs text, by its resource."""
    found: dict[str, tuple[Stack, Service, list[CodeFact]]] = {}
    for fact in project.code_facts:
        if fact.kind != "logging-text" or fact.reachable is False:
            continue
        owner = owner_of_path(project, fact.location.path)
        if owner is not None and not writes_json(project, owner[1]):
            stack, service = owner
            found.setdefault(stack.resource(service.name), (stack, service, []))[2].append(fact)
    if not found:
        return ()
    from scaffold.model.python_logging import logging_edits

    return tuple(
        TextLogging(stack, service, tuple(facts), logging_edits(project, tuple(facts)))
        for _, (stack, service, facts) in sorted(found.items(), key=lambda item: item[0])
    )


def writes_json(project: Project, service: Service) -> bool:
    """Whether served code of the service's context can also log JSON, perhaps by a switch."""
    context = service.made.context if service.made and service.made.context is not None else ""
    return any(is_below(path, context) for path in _json_paths(project))


def json_facts(project: Project) -> Iterator[CodeFact]:
    """Yield the facts of code that logs JSON, modules that no served code reaches left out."""
    return (
        fact for fact in project.code_facts if fact.kind in {"logging-json", "json-formatter"} and fact.reachable is not False
    )


def serves_json(project: Project, *, beside: str) -> bool:
    """Whether the image of a service holds code that logs JSON, other than the file `beside`."""
    return any(path != beside for path in _served_json(project))


@remembered
def _json_paths(project: Project) -> tuple[str, ...]:
    """Return the files that log JSON, each once."""
    return tuple(dict.fromkeys(fact.location.path for fact in json_facts(project)))


@remembered
def _served_json(project: Project) -> tuple[str, ...]:
    """Return the files of the images that log JSON."""
    contexts = {service.made.context for _, service in main_services(project) if service.made and service.is_application}
    named = [context for context in contexts if context is not None]
    return tuple(path for path in _json_paths(project) if any(is_below(path, context) for context in named))
