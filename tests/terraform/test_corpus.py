"""The Terraform of every real project is accepted by Terraform and by checkov."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaffold.app.generation import make_target
from scaffold.errors import NothingToReadError
from scaffold.gaps.judge import judge
from scaffold.generate.terraform.plan import make_plan
from scaffold.read.project import read_project
from tests.projects import corpus_projects
from tests.terraform import support

MOST_SHAPES = 6
"""As many as CI has time for; the projects come in the order of their names."""


@pytest.fixture(scope="module")
def plans(corpus: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for name in corpus_projects():
        try:
            project = read_project(corpus / name)
        except NothingToReadError:
            continue
        found[name.replace("/", "--")] = make_plan(make_target(project, judge(project)))
    assert len(found) > 50
    return found


@pytest.fixture(scope="module")
def folder(plans: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    for name, plan in plans.items():
        support.write(support.rendered(plan), root / name)
    return root


def test_terraform_leaves_the_format_as_it_is(folder: Path, terraform: str) -> None:
    done = support.terraform(terraform, folder, "fmt", "-check", "-recursive", "-no-color", codes=(0, 3))
    assert done.stdout == ""


def shape(plan: dict[str, Any]) -> str:
    """What Terraform and checkov can tell apart in a plan: everything but the names of the project and what is in it."""
    stores = [[{**store, "service": "", "database": "", "user": ""} for store in plan[kind]] for kind in ("postgres", "caches")]
    secrets = sorted((bool(secret["store"]), bool(secret["keys"])) for secret in plan["secrets"])
    volumes = sorted({volume["shared"] for volume in plan["volumes"]})
    buckets = [(bucket["purpose"], bool(bucket["workloads"])) for bucket in plan["buckets"]]
    return json.dumps([stores, secrets, volumes, buckets, bool(plan["images"]), plan["region"]], sort_keys=True)


@pytest.fixture(scope="module")
def shapes(plans: dict[str, dict[str, Any]]) -> list[str]:
    """One project of each shape: what checkov and the provider's validation need minutes for is not done twice."""
    found = sorted({shape(plan): name for name, plan in sorted(plans.items(), reverse=True)}.values())
    assert len(found) >= 3
    return found[:MOST_SHAPES]


def test_checkov_finds_nothing_that_fails(
    shapes: list[str], plans: dict[str, dict[str, Any]], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    for name in shapes:
        support.write(support.rendered(plans[name]), tmp_path / name)
    command = [require_tool("checkov"), "--framework", "terraform", "-d", str(tmp_path), "--skip-download", "-o", "json"]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=600, check=False).stdout)
    assert [f"{item['file_path']} {item['check_id']}" for item in report["results"]["failed_checks"]] == []
    assert {item["file_path"].split("/")[1] for item in report["results"]["passed_checks"]} == set(shapes)
    assert report["summary"]["parsing_errors"] == 0


def test_every_shape_of_plan_validates(
    shapes: list[str], plans: dict[str, dict[str, Any]], terraform: str, prepared: Path, tmp_path: Path
) -> None:
    for name in shapes:
        files = support.lowered(support.rendered(plans[name]))
        for path in [path for path in files if path.endswith(".tf")]:
            files[path] = support.without_arguments(files[path], support.LACKING_ARGUMENTS)
        copy = support.write(files, tmp_path / name)
        support.initialise(prepared, copy)
        support.terraform(terraform, copy, "validate", "-no-color")
