"""Renders the backups: overlay, scripts, the operator's page, and the workflow that restores them on throwaway stores."""

from __future__ import annotations

from scaffold.generate.backup.guide import render_guide
from scaffold.generate.backup.overlay import render_overlay
from scaffold.generate.backup.workflow import render_workflow
from scaffold.generate.blueprint import render_blueprint
from scaffold.model.artifact import Artifact, Rendering
from scaffold.model.backup import FILES, BackupPlan, scripts_of
from scaffold.model.names import Room
from scaffold.model.target import Target


def render(target: Target) -> Rendering:
    """Return the files of the backups; nothing without a plan. Raises ToolError when cookiecutter is missing."""
    plan = target.backup
    if plan is None:
        return Rendering()
    made: list[Artifact | None] = [
        render_overlay(target, plan),
        *_scripts(target, plan),
        render_guide(target, plan),
        render_workflow(plan),
    ]
    return Rendering(tuple(sorted((item for item in made if item), key=lambda item: item.path)))


_OF_COMPOSE = ("on-schedule.sh", "healthy.sh")


def _scripts(target: Target, plan: BackupPlan) -> list[Artifact]:
    """Return the scripts that the plan's stores need."""
    wanted = {*_OF_COMPOSE, *scripts_of((*(store.kind for store in plan.stores), *([FILES] if plan.volumes else [])))}
    kinds = {copy.kind for copy in plan.tested}
    if kinds & {"postgres", "mysql", "redis"}:
        wanted.add("restore-test.sh")
    if "chroma" in kinds:
        wanted.add("chroma-restore-test.py")
    if FILES in kinds:
        wanted.add("sqlite-restore-test.py")
    files = render_blueprint("backup", "scripts", {}, target.blueprints)
    return [
        Artifact(f"{plan.folder}/{file.path}", file.text, Room.BACKUP, mode=file.mode) for file in files if file.path in wanted
    ]
