"""The card of the layer secrets."""

from __future__ import annotations

from scaffold.gaps.facts import judged_stacks
from scaffold.gaps.secrets.signals import file_signals, manager_signals
from scaffold.model.document import Location, scalars_in
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project
from scaffold.model.secret_names import is_sensitive_name


def card(project: Project) -> LayerCard:
    """Return present where a manager or an encrypted file is used, partial where only files of Compose are."""
    managers, files = manager_signals(project), file_signals(project)
    state = LayerState.PRESENT if managers else LayerState.PARTIAL if files else LayerState.ABSENT
    return LayerCard(Layer.SECRETS, state, (*managers, *files)[:5], _good(project))


def _good(project: Project) -> tuple[Praise, ...]:
    guarded: dict[str, Location] = {}
    weak: set[str] = set()
    for stack in judged_stacks(project):
        for service in stack.services:
            for scalar in scalars_in(service.node):
                for reference in scalar.references:
                    if not reference.is_required:
                        weak.add(reference.name)
                    elif is_sensitive_name(reference.name) and scalar.location.path not in project.owned:
                        guarded.setdefault(reference.name, scalar.location)
    # A name that has a default elsewhere is a gap there.
    kept = sorted(guarded.keys() - weak)
    return tuple(Praise(f"{name} stops the start when it is not set", guarded[name]) for name in kept)
