"""CFG007: one variable is a port of the host in one place and a port inside a container in another."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.model.compose import Port, Stack
from scaffold.model.document import Location, Scalar, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_PUBLISHED = regex(r"(?:[\d.]+:)?\$\{?(?P<name>\w+)(?::?-[^}]*)?\}?:(?P<inside>\d+)(?:/\w+)?")
"""`${NAME:-8001}:8000`: the variable moves the port of the host alone."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    published: dict[str, tuple[int, Port]] = {}
    for service in stack.services:
        for port in service.ports:
            match = _PUBLISHED.fullmatch(_as_written(project, port).strip("\"'"))
            if match:
                published.setdefault(match["name"], (int(match["inside"]), port))
    for name, (inside, port) in sorted(published.items()):
        places = _inside(stack, name, inside)
        if places and port.published not in {None, inside}:
            yield _gap(stack, name, port, inside, places)


def _as_written(project: Project, port: Port) -> str:
    document = project.document(port.location.path)
    node = find(document.root, *port.location.route) if document else None
    return node.raw if isinstance(node, Scalar) else port.raw


def _inside(stack: Stack, name: str, inside: int) -> tuple[Location, ...]:
    """Return where containers get the same name with the port that is behind the published one."""
    entries = (entry for service in stack.services for entry in service.environment if entry.name == name)
    return tuple(entry.location for entry in entries if entry.source == "environment" and entry.value == str(inside))


def _gap(stack: Stack, name: str, port: Port, inside: int, places: tuple[Location, ...]) -> Gap:
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject=f"environment/{name}",
        message=f"{name} is a port of the host where it is published ({port.published}) and the port in the container where it "
        f"is given to services ({inside}): whoever sets it in an env file means one of them.",
        expected=f"two names, such as {name} for the container and {name.removesuffix('_PORT')}_HOST_PORT for the host",
        actual=f"{port.published} on the host, {inside} inside",
        locations=(port.location,),
        related=tuple(dict.fromkeys(places)),
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG007",
    name="name-with-two-meanings",
    layer=Layer.CONFIG,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Give the published port a name of its own in `ports`, and say in the template which is which."),
    ),
)
