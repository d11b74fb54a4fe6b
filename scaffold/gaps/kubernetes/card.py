"""The card of the layer KUBERNETES: charts, kustomizations and manifests."""

from __future__ import annotations

from scaffold.gaps.chart import PACKAGING
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return present where a chart, a kustomization or manifests exist."""
    found = [item for item in project.infrastructure if item.kind in PACKAGING]
    probed = [item for item in found if "readinessProbe" in (project.source(item.path) or "")]
    good = tuple(Praise("Workloads have readiness probes.", item.location) for item in probed[:1])
    state = LayerState.PRESENT if found else LayerState.ABSENT
    return LayerCard(Layer.KUBERNETES, state, tuple(item.location for item in found), good)
