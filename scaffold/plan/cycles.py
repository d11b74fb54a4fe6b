"""Services that wait for each other in a circle: Compose starts none of them, and neither would a cluster."""

from __future__ import annotations

from scaffold.errors import UsageError
from scaffold.model.compose import Dependency, Stack


def refuse_cycles(stack: Stack) -> None:
    """Raise UsageError with the circle and its place when `depends_on` of the stack has one."""
    edges = {service.name: service.depends_on for service in stack.services}
    done: set[str] = set()
    for start in sorted(edges):
        circle = _circle(start, edges, done)
        if circle:
            first = next(edge for edge in edges[circle[0]] if edge.service == circle[1])
            raise UsageError(
                f"depends_on goes in a circle: {' -> '.join(circle)}",
                where=f"{first.location.path}:{first.location.line}",
                hint="Compose refuses such a project; take one of these entries out, then run again",
            )


def _circle(start: str, edges: dict[str, tuple[Dependency, ...]], done: set[str]) -> tuple[str, ...]:
    """Return the names of a circle that can be reached from `start`, first and last the same; empty where there is none."""
    trail = {start: list(edges[start])} if start not in done else {}
    while trail:
        name, pending = next(reversed(trail.items()))
        if not pending:
            done.add(name)
            del trail[name]
            continue
        target = pending.pop(0).service
        if target in trail:
            names = (*trail, target)
            return names[names.index(target) :]
        if target in edges and target not in done:
            trail[target] = list(edges[target])
    return ()
