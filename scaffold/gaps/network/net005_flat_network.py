"""NET005: what takes visitors in shares its only network with the stores."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Role, Severity
from scaffold.model.project import Project

_SMALL = 5
"""Services of a stack below which parting the network gains little."""
_EDGE = (Role.PROXY, Role.FRONTEND)


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.production_stack
    services = [service for service in stack.services if service.location.path not in project.owned] if stack else []
    if stack is None or len(services) < _SMALL:
        return
    edges = [service for service in services if service.has_role(*_EDGE) and service.ports and not service.network_mode]
    # A proxy is named before what it stands in front of, whose own ports may go.
    edges.sort(key=lambda service: not service.has_role(Role.PROXY))
    stores = [service for service in services if service.is_datastore]
    pairs = [
        (edge, store) for edge in edges for store in stores if _networks(edge) == _networks(store) and len(_networks(edge)) == 1
    ]
    if pairs:
        edge = pairs[0][0]
        names = list(dict.fromkeys(store.name for _, store in pairs))
        yield RULE.gap(
            resource=stack.resource(edge.name),
            subject="networks",
            message=f"{edge.name} takes visitors in and reaches {', '.join(names)} directly: all are in one network.",
            expected="a network for the edge and one for the stores; only the application is in both",
            actual="one network",
            locations=(edge.location,),
            related=tuple(store.location for _, store in pairs if store.location.path == edge.location.path),
            confidence=Confidence.LOW,
            environment=stack.environment,
        )


def _networks(service: Service) -> frozenset[str]:
    return frozenset(service.networks or ("default",))


RULE = Rule(
    code="NET005",
    name="flat-network",
    layer=Layer.NETWORK,
    severity=Severity.INFO,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Define two networks, edge and data: the proxy in edge, the stores in data, the application in both.",
        ),
    ),
)
