"""The room `env`: templates of env files that need no secret in them."""

from __future__ import annotations

from scaffold.generate.emit import comment
from scaffold.model.artifact import Artifact, Rendering
from scaffold.model.environment import EnvGroup, EnvTemplate
from scaffold.model.names import Room
from scaffold.model.target import Target


def render(target: Target) -> Rendering:
    """Return the templates that the project lacks; its own are edited (room `edits`)."""
    made = [_template(template) for template in target.environment.templates if not template.theirs]
    return Rendering(tuple(sorted(made, key=lambda artifact: artifact.path)))


def _template(template: EnvTemplate) -> Artifact:
    parts = [comment("\n".join(template.heading)), *(_group(group) for group in template.groups)]
    return Artifact(template.path, "\n".join(parts), Room.ENV)


def _group(group: EnvGroup) -> str:
    return f"# --- {group.title} ---\n" + "\n".join(variable.text for variable in group.variables)
