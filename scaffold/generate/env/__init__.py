"""The room `env`: templates of env files, .dockerignore files, and the script that gets the secrets."""

from __future__ import annotations

from scaffold.generate.blueprint import render_blueprint
from scaffold.generate.emit import comment
from scaffold.model.artifact import Artifact, Rendering, Skipped
from scaffold.model.dockerignore import DockerignorePlan
from scaffold.model.environment import EnvGroup, EnvTemplate
from scaffold.model.names import Room
from scaffold.model.target import Target


def render(target: Target) -> Rendering:
    """Return the templates that the project lacks; its own are edited (room `edits`)."""
    made = [_template(template) for template in target.environment.templates if not template.theirs]
    ignores = [_dockerignore(plan) for plan in target.dockerignores]
    left = tuple(
        Skipped(item.path, f"it is yours: add {item.lacking}, the files that production runs")
        for item in target.environment.templates
        if item.lacking
    )
    left += tuple(Skipped(item.location.path, item.reason) for item in target.environment.spelled_out)
    left += (Skipped(target.base_set[0], target.profiles.text),) if target.profiles else ()
    return Rendering(tuple(sorted((*made, *ignores, *_script(target)), key=lambda artifact: artifact.path)), skipped=left)


def _dockerignore(plan: DockerignorePlan) -> Artifact:
    parts = [comment(group.reason) + "".join(f"{pattern}\n" for pattern in group.patterns) for group in plan.groups]
    return Artifact(plan.path, "\n".join(parts), Room.ENV)


def _script(target: Target) -> tuple[Artifact, ...]:
    """Return the script that writes production's secrets to an env file; none where there is no secret."""
    sources = target.environment.sources
    if not sources:
        return ()
    values = {
        "app": target.app,
        "region": target.region,
        "variables": [[item.variable, item.secret, item.key, "required" if item.required else "optional"] for item in sources],
    }
    files = render_blueprint("env", "secrets-env", values, target.blueprints)
    return tuple(Artifact(f"scripts/{file.path}", file.text, Room.ENV, mode=file.mode) for file in files)


def _template(template: EnvTemplate) -> Artifact:
    parts = [comment("\n".join(template.heading)), *(_group(group) for group in template.groups)]
    return Artifact(template.path, "\n".join(parts), Room.ENV)


def _group(group: EnvGroup) -> str:
    return f"# --- {group.title} ---\n" + "\n".join(variable.text for variable in group.variables)
