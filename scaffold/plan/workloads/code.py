"""What the code of a service shows, by the folder that its image is built from."""

from __future__ import annotations

from scaffold.model.compose import Service
from scaffold.plan.workloads.scope import Scope


def routes_of(service: Service, scope: Scope) -> frozenset[str]:
    """Return the HTTP routes of the code that a service is built from; none where another service is built from it too
    and serves them.
    """
    context = service.build.context if service.build else None
    if context is None:
        return frozenset()
    prefix = "" if context in {"", "."} else f"{context.rstrip('/')}/"
    return frozenset(
        fact.detail
        for fact in scope.project.code_facts
        if fact.kind == "http-route" and fact.reachable is not False and fact.location.path.startswith(prefix)
    )
