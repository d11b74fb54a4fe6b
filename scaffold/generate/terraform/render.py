"""Start the Terraform app with the plan, and read its answer back as Artifacts."""

from __future__ import annotations

import json
from functools import lru_cache

from scaffold.errors import ScaffoldError, ToolError
from scaffold.generate.terraform.plan import make_plan
from scaffold.generate.terraform.program import started_app
from scaffold.generate.terraform.workloads import lost_on_fargate
from scaffold.model.artifact import Artifact, Rendering, Skipped
from scaffold.model.names import Room
from scaffold.model.target import Target
from scaffold.process import Completed, Started

TIMEOUT = 120.0
"""Seconds after which the app is stopped; it needs about one."""


def render(target: Target, app: Started | None = None) -> Rendering:
    """Return the Terraform of the target, by the app that was started ahead; raises ToolError when it is missing or fails."""
    plan = json.dumps(make_plan(target), ensure_ascii=True)
    done = _answer(plan) if app is None else app.finish(timeout=TIMEOUT, input=plan)
    closes = target.closed_by(Room.TERRAFORM)
    files = _files(done)
    lost = (Skipped(f"{service}, {what}", why) for service, what, why in lost_on_fargate(target))
    return Rendering(
        skipped=tuple(lost),
        artifacts=tuple(
            Artifact(f"{target.terraform_folder}/{path}", files[path], Room.TERRAFORM, closes) for path in sorted(files)
        ),
    )


@lru_cache(maxsize=4)
def _answer(plan: str) -> Completed:
    """Run the app; it depends on the plan alone, so the same plan is not synthesised twice by one process."""
    with started_app() as app:
        return app.finish(timeout=TIMEOUT, input=plan)


def _files(done: Completed) -> dict[str, str]:
    """Return the files of the app's answer."""
    try:
        document = json.loads(done.stdout)
    except ValueError as error:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ToolError(f"the Terraform app ended with code {done.code}: {last[:300]}") from error
    if "error" in document:
        raise ScaffoldError(str(document["error"]["message"]), where=str(document["error"]["path"]))
    files: dict[str, str] = document["files"]
    return files
