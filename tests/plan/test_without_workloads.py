"""A project of which no service has a place in the cluster: no chart is written, and everything that is written says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Room

Make = Callable[..., Path]
PRIVILEGED = """\
name: gauges
services:
  api:
    build: .
    privileged: true
    ports: ["8000:8000"]
    environment:
      DATABASE_URL: postgres://app:${DB_PASSWORD:?}@db/app
  db:
    image: postgres:17
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: ${DB_PASSWORD:?}
    volumes: ["kept:/var/lib/postgresql/data"]
volumes: {kept: }
"""
FILES = {
    "compose.yaml": PRIVILEGED,
    "Dockerfile": 'FROM python:3.13-slim\nCOPY . /app\nUSER 1000\nCMD ["python", "/app/serve.py"]\n',
    "serve.py": "import os\n\nprint(os.environ['DATABASE_URL'])\n",
}
WHY = "it runs privileged on the host"


def written(root: Path) -> dict[str, str]:
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    return {
        str(path.relative_to(root)): path.read_text()
        for folder in ("docs", "infra", "deploy", ".github")
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


def test_no_page_tells_of_a_chart_or_of_another_platform(make_project: Make) -> None:
    root = make_project(FILES)
    files = written(root)
    assert not any(path.startswith("deploy/") for path in files)
    for path, text in files.items():
        assert "deploy/helm/gauges" not in text, path
    deployment = files["docs/operations/deployment.md"]
    assert "ECS" not in deployment
    assert "aws ecs" not in deployment
    assert "helm upgrade" not in deployment
    assert f"- `api`: {WHY}." in deployment
    assert "move to AWS" not in files["docs/operations/scaling.md"]


def test_the_terraform_says_why_nothing_runs_on_its_cluster(make_project: Make) -> None:
    files = written(make_project(FILES))
    assert "infra/terraform/eks.tf" in files
    readme = files["infra/terraform/README.md"]
    assert f"- `api`: {WHY}" in readme
    assert "No chart is written" in readme
    assert "the chart" not in readme


@pytest.mark.parametrize("code", ["K8S000", "SCL000"])
def test_no_gap_promises_the_chart(code: str, make_project: Make) -> None:
    root = make_project(FILES)
    (gap,) = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == code]
    (closer,) = gap.closes
    assert closer.kind == "advice"
    assert f"api: {WHY}" in (closer.text or "")


def test_one_service_with_a_place_is_enough_for_a_chart(make_project: Make) -> None:
    compose = PRIVILEGED.replace("volumes: {kept", "  web: {image: 'nginx:1.29'}\nvolumes: {kept")
    root = make_project({**FILES, "compose.yaml": compose})
    (gap,) = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == "K8S000"]
    assert [(closer.by, closer.kind) for closer in gap.closes] == [(Room.HELM, "files")]
    assert "deploy/helm/gauges/Chart.yaml" in written(root)


def test_manifests_of_the_teams_own_are_told_as_the_way_to_the_cluster(make_project: Make) -> None:
    manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {template: {spec: {containers: []}}}\n"
    files = written(make_project({**FILES, "k8s/api.yaml": manifest}))
    deployment = files["docs/operations/deployment.md"]
    assert "aws ecs" not in deployment
    assert "by the files of your own" in deployment
