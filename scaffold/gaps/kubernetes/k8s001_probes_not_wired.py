"""K8S001: the app serves health routes, and no workload on Kubernetes asks them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.chart import PACKAGING, chart_closers
from scaffold.gaps.kubernetes.k8s000_no_kubernetes_packaging import has_target
from scaffold.gaps.signals import owner_of_path
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_ROUTES = frozenset(
    {
        *("/live", "/livez", "/liveness", "/ready", "/readyz", "/readiness", "/health", "/healthz", "/healthcheck"),
        *("/health/live", "/health/ready", "/ping", "/up"),
    }
)

_ADVICE = "Give the workload a readinessProbe on the readiness route and a lax livenessProbe on the liveness route."


def _detect(project: Project) -> Iterator[Gap]:
    texts = [project.source(item.path) or "" for item in project.infrastructure if item.kind in PACKAGING]
    if not texts and has_target(project):
        return  # The app runs elsewhere on purpose, and who runs it has probes of its own.
    if any("readinessProbe" in text or "livenessProbe" in text for text in texts):
        return
    found: dict[str, list[tuple[str, Location]]] = {}
    for fact in project.code_facts:
        owner = owner_of_path(project, fact.location.path)
        if fact.kind == "http-route" and fact.detail.rstrip("/") in _ROUTES and fact.reachable is not False and owner:
            found.setdefault(owner[0].resource(owner[1].name), []).append((fact.detail, fact.location))
    for resource, routes in sorted(found.items()):
        paths = ", ".join(dict.fromkeys(path for path, _ in routes))
        yield RULE.gap(
            closers=chart_closers(project, _ADVICE),
            resource=resource,
            subject="probes",
            message=f"{resource.rpartition('/')[2]} serves {paths}, but no workload on Kubernetes uses them as probes.",
            expected="readinessProbe and livenessProbe on these routes",
            actual="no probe in charts or manifests",
            locations=tuple(location for _, location in routes),
        )


RULE = Rule(
    code="K8S001",
    name="probes-not-wired",
    layer=Layer.KUBERNETES,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.HELM, "files"),),
    maps_to=("CKV_K8S_8", "CKV_K8S_9"),
)
