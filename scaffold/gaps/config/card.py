"""The card of the layer config."""

from __future__ import annotations

from scaffold.model.document import Location, scalars_in
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return present with an env template, partial when variables are used or read without one, else absent."""
    templates = [file for file in project.env_files if file.kind == "template"]
    used = _first_reference(project)
    read = (*(item.location for item in project.env_reads), *(item.location for item in project.settings))
    if templates:
        state, evidence = LayerState.PRESENT, tuple(Location(file.path, 1) for file in templates)
    elif used or read:
        state, evidence = LayerState.PARTIAL, (*used, *read)
    else:
        state, evidence = LayerState.ABSENT, ()
    good = tuple(
        Praise(f"{file.path} is a template for production", Location(file.path, 1))
        for file in templates
        if file.environment == "production"
    )
    return LayerCard(Layer.CONFIG, state, tuple(evidence)[:5], good)


def _first_reference(project: Project) -> tuple[Location, ...]:
    for stack in project.stacks:
        for service in stack.services:
            for scalar in scalars_in(service.node):
                if scalar.references:
                    return (scalar.location,)
    return ()
