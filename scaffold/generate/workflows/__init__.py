"""Renders the workflows: images built and signed, infrastructure checked, end-to-end tests run."""

from __future__ import annotations

from scaffold.generate.workflows.dependabot import render_dependabot
from scaffold.generate.workflows.end_to_end import render_end_to_end
from scaffold.generate.workflows.images import render_images
from scaffold.generate.workflows.infrastructure import render_infrastructure
from scaffold.model.artifact import Artifact, Rendering
from scaffold.model.target import Target


def render(target: Target) -> Rendering:
    """Return the workflow files of the plan; nothing where every one of them exists already."""
    plan = target.delivery
    if plan is None:
        return Rendering()
    made: list[Artifact] = []
    if plan.images:
        made.append(render_images(plan, plan.images))
    if plan.infrastructure:
        made.append(render_infrastructure(plan, plan.infrastructure))
    if plan.end_to_end:
        made.append(render_end_to_end(plan, plan.end_to_end))
    if plan.dependabot:
        made.append(render_dependabot(plan))
    return Rendering(tuple(made))
