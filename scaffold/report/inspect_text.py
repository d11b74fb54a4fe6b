"""`inspect` for a terminal: the stacks with their files, and each service with its role and why."""

from __future__ import annotations

from scaffold.model.compose import Service, Stack
from scaffold.model.names import Role
from scaffold.model.project import Project
from scaffold.report.page import Line, clean_line, line, render, wrapped
from scaffold.report.redaction import Redactor

_NAME = 18


def inspect_text(project: Project, redactor: Redactor, *, width: int, color: bool) -> str:
    """Return every stack with its services; no value of an environment entry is shown; `width` in columns."""
    lines = [line((clean_line(project.name), "title"))]
    for stack in project.stacks:
        lines += [line(), *_stack(stack, width)]
        for service in stack.services:
            lines += _service(service, width)
    if project.problems:
        lines += [line(), line(("problems", "high"))]
    for problem in project.problems:
        place = f"{problem.location.path}:{problem.location.line}"
        lines += wrapped(f"{place}  {problem.message}", width, first=[("  ", "")], indent=4)
    return redactor.clean(render(lines, width=width, color=color))


def _stack(stack: Stack, width: int) -> list[Line]:
    whole = "" if stack.complete else ", not loadable by itself"
    text = f"{stack.environment.value}{whole}: {', '.join(stack.files)}"
    lines = wrapped(text, width, first=[(clean_line(stack.id), "title"), ("  ", "")], indent=4)
    for reason in stack.evidence:
        lines += wrapped(reason, width, first=[("  ", "")], indent=4)
    return lines


_STARTED_AGAIN = frozenset({"always", "unless-stopped"})


def _service(service: Service, width: int) -> list[Line]:
    name = clean_line(service.name)
    role = service.role.value if service.role else "no role told"
    if service.role is Role.ONE_SHOT and service.restart in _STARTED_AGAIN:
        role = "a task that runs again and again"
    version = f" {service.datastore_version}" if service.datastore_version else ""
    ports = f", listens on {', '.join(map(str, service.listens))}" if service.listens else ""
    why = f" ({'; '.join(service.roles[0].signals)})" if service.roles and service.roles[0].signals else ""
    first = [(f"  {name:<{_NAME}} ", "title")]
    lines = wrapped(f"{role}{version}{ports}{why}", width, first=first, indent=_NAME + 3)
    others = [f"{item.role.value} ({'; '.join(item.signals)})" for item in service.roles[1:]]
    if others:
        lines += wrapped(f"also {', '.join(others)}", width, first=[(" " * (_NAME + 3), "")], indent=_NAME + 3)
    return lines
