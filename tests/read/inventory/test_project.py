"""The joined project: its name, its two views, what stops a reading, and that equal trees give equal values."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.errors import NothingToReadError, UsageError
from scaffold.model.project import Project
from scaffold.read.project import read_project

MakeProject = Callable[..., Path]
COMPOSE = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n  db:\n    image: postgres:16\n"
WORKFLOW = "name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n"


def test_a_path_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(UsageError, match="not a folder"):
            read_project(path)


def test_nothing_to_read_names_what_was_looked_for(make_project: MakeProject) -> None:
    with pytest.raises(NothingToReadError) as caught:
        read_project(make_project({"README.md": "# Nothing\n"}))
    assert "docker-compose.yml" in str(caught.value)


def test_nothing_to_read_because_it_is_broken_names_the_line(make_project: MakeProject) -> None:
    with pytest.raises(NothingToReadError) as caught:
        read_project(make_project({"compose.yaml": "services:\n  a: [\n"}))
    assert "compose.yaml:" in str(caught.value)


def test_a_workflow_alone_is_enough(make_project: MakeProject) -> None:
    found = read_project(make_project({".github/workflows/ci.yml": WORKFLOW, "compose.yaml": "services:\n  a: [\n"}))
    assert [item.path for item in found.workflows] == [".github/workflows/ci.yml"]
    assert [problem.location.path for problem in found.problems] == ["compose.yaml"]


def test_a_broken_workflow_is_a_problem_beside_the_rest(make_project: MakeProject) -> None:
    found = read_project(make_project({"compose.yaml": COMPOSE, ".github/workflows/ci.yml": "on: push\njobs:\n\tx: 1\n"}))
    assert found.workflows == ()
    assert [(p.location.path, p.location.line) for p in found.problems] == [(".github/workflows/ci.yml", 3)]


@pytest.mark.parametrize(
    ("extra", "name"),
    [
        ({"scaffold.yaml": "project: Set Name\n", "package.json": '{"name": "npm"}'}, "set-name"),
        ({"compose.yaml": "name: by_compose\n" + COMPOSE, "package.json": '{"name": "npm"}'}, "by-compose"),
        ({"package.json": '{"name": "@team/npm_app"}'}, "npm-app"),
        ({"pyproject.toml": '[project]\nname = "py.app"\n'}, "py-app"),
        ({"frontend/package.json": '{"name": "frontend"}'}, "folder"),
        ({"package.json": "{broken"}, "folder"),
    ],
)
def test_the_name_of_the_app(make_project: MakeProject, extra: dict[str, str], name: str) -> None:
    assert read_project(make_project({"compose.yaml": COMPOSE, **extra}, name="folder")).name == name


def test_the_remote_names_the_app_before_the_folder_does(make_project: MakeProject) -> None:
    root = make_project({"compose.yaml": COMPOSE})
    subprocess.run(["git", "remote", "add", "origin", "git@example.org:team/Web_Shop.git"], cwd=root, check=True)
    assert read_project(root).name == "web-shop"


def test_a_name_that_says_nothing_gives_way_to_the_next_source(make_project: Callable[..., Path]) -> None:
    def of(package: str, remote: str, compose: str = "") -> str:
        files = {"compose.yaml": compose + COMPOSE, "package.json": f'{{"name": "{package}"}}'}
        root = make_project(files, name="folder")
        subprocess.run(["git", "config", "remote.origin.url", remote], cwd=root, check=True)
        return read_project(root).name

    assert of("@shop/monorepo", "https://example.org/team/shop-code") == "shop"
    assert of("app", "https://example.org/team/shop") == "shop"
    assert of("app", "https://example.org/team/repo") == "folder"
    assert of("@team/shop", "https://example.org/team/repo") == "shop"
    assert of("shop", "https://example.org/team/repo", "name: app\n") == "app"


def test_one_sample_of_many_does_not_name_the_app(make_project: MakeProject) -> None:
    files = {f"{name}/compose.yaml": COMPOSE for name in "abc"}
    assert read_project(make_project({**files, "d/compose.yaml": "name: sample\n" + COMPOSE}, name="folder")).name == "folder"


def test_a_mistake_in_the_settings_stops_the_reading(make_project: MakeProject) -> None:
    root = make_project({"compose.yaml": COMPOSE, "scaffold.yaml": "compute: lambda\n"})
    with pytest.raises(UsageError, match=r"scaffold\.yaml:1"):
        read_project(root)


def test_the_size_limit_of_the_settings(make_project: MakeProject) -> None:
    files = {
        ".github/workflows/ci.yml": WORKFLOW,
        "compose.yaml": COMPOSE + "# " + "x" * 2000,
        "scaffold.yaml": "limits: {yaml_bytes: 1024}\n",
    }
    found = read_project(make_project(files))
    assert found.stacks == ()
    assert "1024" in found.problems[0].message


def test_two_views_and_an_overlay(make_project: MakeProject, tmp_path: Path) -> None:
    root = make_project({"compose.yaml": COMPOSE, "infra/terraform/main.tf": 'resource "aws_ecr_repository" "main" {}\n'})
    mine = frozenset({"infra/terraform/main.tf"})
    assert read_project(root, owned=mine).infrastructure != ()
    assert read_project(root, owned=mine).owned == mine
    assert read_project(root, hide=mine).infrastructure == ()
    laid = tmp_path / "out" / "infra" / "terraform"
    laid.mkdir(parents=True)
    shutil.copy(root / "infra/terraform/main.tf", laid)
    (root / "infra/terraform/main.tf").unlink()
    assert [item.path for item in read_project(root, overlay=tmp_path / "out").infrastructure] == ["infra/terraform/main.tf"]
    assert read_project(root, hide=mine, overlay=tmp_path / "out").infrastructure == ()


def test_equal_trees_give_equal_projects(make_project: MakeProject) -> None:
    files = {
        "compose.yaml": COMPOSE,
        ".github/workflows/ci.yml": WORKFLOW,
        "scaffold.yaml": "project: app\n",
        "Dockerfile": "FROM python:3.12\nCMD uvicorn app:app\n",
        "app.py": "import os\nA = os.getenv('A')\n",
    }
    first = read_project(make_project(files, name="one"))
    second = read_project(make_project(dict(reversed(files.items())), name="two"))
    assert first == second


def test_the_process_environment_and_an_untracked_env_file_change_nothing(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project({"compose.yaml": "services:\n  db:\n    image: postgres:${PG_TAG:-16}\n", ".gitignore": ""})
    before = read_project(root)
    monkeypatch.setenv("PG_TAG", "9")
    assert read_project(root) == before
    (root / ".env").write_text("PG_TAG=10\n")
    after = read_project(root)
    assert after.stacks == before.stacks
    assert after.env_files == ()


def test_an_image_in_an_excluded_folder_counts_when_compose_builds_it(make_project: MakeProject) -> None:
    files = {
        "compose.yaml": "services:\n  api:\n    build: {context: ., dockerfile: build/api.image}\n",
        "build/api.image": "FROM alpine:3.20\n",
    }
    found = read_project(make_project(files))
    assert [item.path for item in found.dockerfiles] == ["build/api.image"]
    assert found.image_of(found.stacks[0].services[0]) is not None


def test_what_git_ignores_and_a_rule_asks_for(make_project: MakeProject) -> None:
    files = {
        "compose.yaml": "services:\n  web:\n    image: nginx:1.27\n    volumes: ['./ssl:/etc/ssl']\n",
        ".gitignore": "ssl/\n.dockerignore\n",
    }
    assert read_project(make_project(files)).ignored == ((".dockerignore", ".gitignore:2"), ("ssl", ".gitignore:1"))


def test_existing_paths(make_project: MakeProject) -> None:
    found = read_project(make_project({"compose.yaml": COMPOSE, "examples/nginx.conf": "", "a/b/c.txt": ""}))
    assert [
        found.exists(path) for path in ("compose.yaml", "./a/b", "a/b/c.txt", "examples/nginx.conf", "", ".", "a/c", "b")
    ] == [True] * 6 + [False] * 2


def _facts(found: Project, kind: str) -> dict[str, bool | None]:
    return {fact.detail: fact.reachable for fact in found.code_facts if fact.kind == kind}


def test_the_audited_examples(example: Callable[[str], Path]) -> None:
    """What the two audits say of their trees, in the facts that the rules read (catalogue, section 0.1)."""
    friday = read_project(example("friday"))
    assert {"/live", "/ready", "/health"} <= set(_facts(friday, "http-route"))
    assert set(_facts(friday, "metrics-exporter")) == {"PrometheusExporter"}
    assert _facts(friday, "metrics-route") == {}
    assert _facts(friday, "logging-text")["basicConfig"] is True
    assert friday.infrastructure == ()
    property_pro = read_project(example("propertypro"))
    assert [item.path for item in property_pro.prometheus] == ["monitoring/prometheus.yml"]
    assert _facts(property_pro, "json-formatter") == {"JsonFormatter": False}
    assert {item.provider for item in property_pro.sightings} == {"google"}
    defaults = {item.name: item.value_class.value for item in property_pro.settings}
    assert defaults["SECRET_KEY"] == "placeholder"
    assert any(receiver.placeholders for item in property_pro.alertmanagers for receiver in item.receivers)


def test_the_set_of_scaffold_yaml_is_what_plans_are_made_for(make_project: Callable[..., Path]) -> None:
    files = {
        "docker-compose.yml": "services: {web: {image: web}}\n",
        "docker-compose.deploy.yml": "services: {web: {image: web}, extra: {image: extra}}\n",
        "ops/live.yaml": "services: {web: {restart: always}}\n",
        "scaffold.yaml": "production: [docker-compose.yml, ops/live.yaml]\n",
    }
    stack = read_project(make_project(files)).production_stack
    assert stack is not None
    assert stack.files == ("docker-compose.yml", "ops/live.yaml")


def test_a_file_of_the_production_set_that_is_missing_is_a_usage_error(make_project: Callable[..., Path]) -> None:
    files = {
        "docker-compose.yml": "services: {web: {image: web}}\n",
        "scaffold.yaml": "production: [docker-compose.live.yml]\n",
    }
    with pytest.raises(UsageError, match=r"docker-compose\.live\.yml, which is no file of the project"):
        read_project(make_project(files))
