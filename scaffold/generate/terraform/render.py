"""Start the Terraform app with the plan, and read its answer back as Artifacts."""

from __future__ import annotations

import json
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from scaffold.errors import ScaffoldError, ToolError
from scaffold.generate.terraform.plan import make_plan
from scaffold.model.artifact import Artifact, Rendering
from scaffold.model.names import Room
from scaffold.model.target import Target
from scaffold.process import Completed, run
from scaffold.resources import data_folder

TIMEOUT = 120.0
"""Seconds after which the app is stopped; it needs about one."""


def render(target: Target) -> Rendering:
    """Return the Terraform of the target; raises ToolError when the extra is missing or the app fails."""
    if find_spec("cdktn") is None:
        raise ToolError("the Terraform generator is not installed", hint="pip install 'scaffold-iac[generate]'")
    folder = data_folder("terraform")
    text = json.dumps(make_plan(target), ensure_ascii=True)
    done = _started(folder, text)
    closes = target.closed_by(Room.TERRAFORM)
    files = _files(done)
    return Rendering(
        artifacts=tuple(
            Artifact(f"{target.terraform_folder}/{path}", files[path], Room.TERRAFORM, closes) for path in sorted(files)
        )
    )


@lru_cache(maxsize=4)
def _started(folder: Path, plan: str) -> Completed:
    """Run the app; it depends on the plan alone, so the same plan is not synthesised twice by one process."""
    return run([sys.executable, str(folder / "main.py")], cwd=folder, timeout=TIMEOUT, input=plan)


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
