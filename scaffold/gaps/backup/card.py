"""The card of the layer BACKUP: what copies the stores away, and whether it runs by itself."""

from __future__ import annotations

from scaffold.gaps.backup.coverage import is_covered, signals
from scaffold.gaps.backup.schedules import runs_by_itself
from scaffold.gaps.signals import durable_stores, without_repeats
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return inert where a backup exists that only a person starts, partial where it leaves out a store."""
    found = signals(project)
    covered = [is_covered(project, service, found) for _, service in durable_stores(project)]
    automatic = runs_by_itself(project, found) if found else any(covered)
    if not found and not any(covered):
        state = LayerState.ABSENT
    elif not automatic:
        state = LayerState.INERT
    else:
        state = LayerState.PRESENT if all(covered) else LayerState.PARTIAL
    good = tuple(Praise("A backup runs by itself.", signal.location) for signal in found if signal.automatic)[:1]
    return LayerCard(Layer.BACKUP, state, without_repeats(signal.location for signal in found), good)
