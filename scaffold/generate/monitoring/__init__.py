"""Renders the monitoring stack: overlay, configurations, rules with tests, dashboards and a guide for the operator."""

from __future__ import annotations

from scaffold.generate.monitoring.guide import render_guide
from scaffold.generate.monitoring.overlay import render_overlay
from scaffold.generate.monitoring.prometheus import render_alertmanager, render_prober, render_prometheus
from scaffold.generate.monitoring.rules import render_rules, rule_paths
from scaffold.generate.monitoring.templates import render_templates
from scaffold.model.artifact import Artifact, Rendering
from scaffold.model.target import Target


def render(target: Target) -> Rendering:
    """Return the files of the monitoring; nothing without a plan. Raises ToolError when cookiecutter is missing."""
    plan = target.monitoring
    if plan is None:
        return Rendering()
    made: list[Artifact | None] = [
        render_overlay(target, plan),
        render_prometheus(target, plan, rule_paths(plan)),
        *render_alertmanager(plan),
        render_prober(plan),
        *render_rules(plan),
        *render_templates(target, plan),
        render_guide(target, plan),
    ]
    return Rendering(tuple(sorted((item for item in made if item), key=lambda item: item.path)))
