"""Projects with their monitoring written beside them, as `generate` would."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scaffold.generate.monitoring import render
from scaffold.model.artifact import Artifact
from scaffold.model.monitoring import MonitoringPlan
from scaffold.model.target import Target
from scaffold.plan.monitoring import plan_monitoring
from scaffold.read.project import read_project
from tests.conftest import ROOT, commit_all


@dataclass(frozen=True)
class Monitored:
    """A project's folder with the files in it, and what they were made from."""

    root: Path
    plan: MonitoringPlan
    artifacts: tuple[Artifact, ...]

    @property
    def production_set(self) -> tuple[str, ...]:
        return (*self.plan.base_set, *self.plan.overlays)

    def ending(self, suffix: str) -> list[Artifact]:
        return [item for item in self.artifacts if item.path.endswith(suffix)]

    def text(self, path: str) -> str:
        return next(item.text for item in self.artifacts if item.path == path)


def monitor(root: Path) -> Monitored | None:
    """Plan the monitoring of a project and write it; None when there is nothing to monitor."""
    project = read_project(root)
    plan = plan_monitoring(project, ())
    if plan is None:
        return None
    artifacts = render(target_of(project.name, plan)).artifacts
    for artifact in artifacts:
        path = root / artifact.path
        assert not path.exists(), f"{artifact.path} is the user's own"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(artifact.text, encoding="utf-8")
    return Monitored(root, plan, artifacts)


def target_of(app: str, plan: MonitoringPlan) -> Target:
    """Return a target that has a monitoring plan and nothing else."""
    return Target(
        app=app,
        region="eu-central-1",
        compute="eks",
        environments=(),
        stores=(),
        secrets=(),
        workloads=(),
        images=(),
        base_set=plan.base_set,
        production_set=(*plan.base_set, *plan.overlays),
        monitoring=plan,
    )


@pytest.fixture(scope="session")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Monitored]:
    """Return a function that gives an example with its monitoring written; made once, for looking at only."""
    made: dict[str, Monitored] = {}

    def make(name: str) -> Monitored:
        if name not in made:
            root = tmp_path_factory.mktemp("monitored") / name
            shutil.copytree(ROOT / "examples" / name, root)
            commit_all(root)
            found = monitor(root)
            assert found is not None
            made[name] = found
        return made[name]

    return make


def variables_of(root: Path, files: tuple[str, ...]) -> dict[str, str]:
    """Return a value for every variable that the files leave open; a number fits ports as well as passwords."""
    text = "".join((root / name).read_text(errors="replace") for name in files)
    names = re.findall(r"\$\{(\w+)(?:\}|:?\?)|\$(\w+)|environment: (\w+)$", text, re.MULTILINE)
    return {"COMPOSE_PROJECT_NAME": "made", **{next(filter(None, groups)): "12345" for groups in names if any(groups)}}


def load(tool: str, root: Path, files: tuple[str, ...], profiles: tuple[str, ...] = ()) -> tuple[dict[str, Any], str]:
    """Load the files with compose-go; return the project, or nothing and the error."""
    argv = [tool, "--no-dot-env"]
    for name, value in variables_of(root, files).items():
        argv += ["--env", f"{name}={value}"]
    for name in files:
        argv += ["-f", name]
    for name in profiles:
        argv += ["--profile", name]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False, timeout=30)
    document = json.loads(done.stdout or '{"error": "no answer"}')
    return (document, "") if done.returncode == 0 else ({}, str(document.get("error", done.stderr)))
