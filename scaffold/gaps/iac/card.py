"""The card of the layer IAC: which files declare infrastructure."""

from __future__ import annotations

from scaffold.gaps.managed_stores import IAC_KINDS
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project

_REMOTE_STATE = frozenset({"backend", "cloud"})


def card(project: Project) -> LayerCard:
    """Return present where infrastructure is code, partial where only a platform's descriptor is."""
    code = [item for item in project.infrastructure if item.kind in IAC_KINDS]
    platform = [item for item in project.infrastructure if item.kind == "paas"]
    state = LayerState.PRESENT if code else LayerState.PARTIAL if platform else LayerState.ABSENT
    good = [
        Praise("The state is kept in a backend that the team shares.", location)
        for item in code
        for kind, name, location in item.resources
        if kind in _REMOTE_STATE and name != "local"
    ]
    good += [
        Praise("Providers are locked.", Location(path, 1)) for path in project.files if path.endswith(".terraform.lock.hcl")
    ]
    return LayerCard(Layer.IAC, state, tuple(item.location for item in code or platform), tuple(good[:3]))
