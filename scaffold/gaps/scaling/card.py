"""The card of the layer scaling."""

from __future__ import annotations

from scaffold.gaps.scaling.signals import autoscaler, replicas, scaling_signals
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return present with an autoscaler or replicas, partial with an orchestrator alone, else absent."""
    scaled = autoscaler(project)
    copies = replicas(project)
    signals = scaling_signals(project)
    state = LayerState.PRESENT if scaled or copies else LayerState.PARTIAL if signals else LayerState.ABSENT
    good = tuple(Praise("runs in more than one copy", place) for place in copies)
    evidence = ((scaled,) if scaled else ()) + copies + signals
    return LayerCard(Layer.SCALING, state, tuple(dict.fromkeys(evidence))[:5], good)
