"""The loop closes: what `generate` says it closes is gone, nothing new appears, and a second run writes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.gap import Gap
from scaffold.model.names import FILE_ROOMS, Room
from scaffold.write.classify import State
from scaffold.write.lock import LOCK_NAME
from tests.conftest import commit_all
from tests.projects import EXAMPLES, copy_corpus_project, corpus_projects


def gaps_of(root: Path) -> dict[str, Gap]:
    return {judged.gap.fingerprint: judged.gap for judged in examine(Place(root)).judgement.gaps}


def closable(gaps: dict[str, Gap], kind: str) -> dict[str, Gap]:
    return {mark: gap for mark, gap in gaps.items() if any(closer.kind == kind for closer in gap.closes)}


def named(gaps: dict[str, Gap]) -> list[str]:
    return sorted(f"{gap.code} {gap.resource} {gap.subject}" for gap in gaps.values())


def generate_files(root: Path) -> None:
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))


def generate_edits(root: Path) -> None:
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset()))


def assert_loop_closes(root: Path) -> None:
    first = gaps_of(root)
    generate_files(root)
    second = gaps_of(root)
    assert named({mark: gap for mark, gap in second.items() if mark not in first}) == []
    assert named({mark: gap for mark, gap in closable(first, "files").items() if mark in second}) == []

    again = plan_generation(Place(root), rooms=None, edit_codes=None)
    assert [change.path for change in again.changes if change.state is not State.SAME] == []
    assert not again.drifts

    commit_all(root)
    generate_edits(root)
    generate_files(root)  # What was written follows what the edits changed, such as a Dockerfile that is found now.
    third = gaps_of(root)
    assert named({mark: gap for mark, gap in third.items() if mark not in first}) == []
    assert named({mark: gap for mark, gap in closable(first, "edit").items() if mark in third}) == []
    # The edits changed files that the plan depends on: what follows from them is done once (a healthcheck that can be written
    # now that its password is a variable, files that name the variable), and then all is still.
    commit_all(root)
    generate_edits(root)
    generate_files(root)
    last = gaps_of(root)
    assert named({mark: gap for mark, gap in last.items() if mark not in first}) == []
    assert named({mark: gap for mark, gap in closable(first, "edit").items() if mark in last}) == []
    assert not plan_generation(Place(root), rooms=None, edit_codes=frozenset()).drifts


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_loop_closes_on_the_examples(example: Callable[[str], Path], name: str) -> None:
    assert_loop_closes(example(name))


def test_the_loop_closes_on_fargate(example: Callable[[str], Path]) -> None:
    root = example("friday")
    (root / "scaffold.yaml").write_text("compute: ecs\n")
    commit_all(root)
    assert_loop_closes(root)
    assert (root / "infra/terraform/ecs.tf").is_file()
    assert not (root / "deploy/helm").exists()


@pytest.mark.parametrize("name", corpus_projects() or ["missing"])
def test_the_loop_closes_on_real_projects(corpus: Path, tmp_path: Path, name: str) -> None:
    assert_loop_closes(copy_corpus_project(corpus, name, tmp_path))


@pytest.mark.parametrize("name", EXAMPLES)
def test_something_is_really_closed(example: Callable[[str], Path], name: str) -> None:
    first = gaps_of(example(name))
    assert {"IAC000"} <= {gap.code for gap in closable(first, "files").values()}
    assert {gap.code for gap in closable(first, "edit").values()} >= ({"CIQ001"} if name == "friday" else {"CMP001", "CMP003"})


def test_the_same_tree_gives_the_same_bytes_whatever_the_folder_is_called(
    example: Callable[[str], Path], tmp_path: Path
) -> None:
    root = example("propertypro")
    (root / "scaffold.yaml").write_text("project: shop\n")
    moved = tmp_path / "another place" / "grüße"
    moved.parent.mkdir()
    shutil.copytree(root, moved)
    texts = [
        {change.path: change.after for change in plan_generation(Place(place), rooms=None, edit_codes=None).changes}
        for place in (root, moved)
    ]
    assert texts[0] == texts[1]
    assert len(texts[0]) > 10


COMPOSE = """\
services:
  web:
    image: ghcr.io/acme/web:1.4.2
    ports: ["8080:8080"]
    environment:
      DATABASE_URL: postgresql://shop:${DB_PASSWORD:?}@db:5432/shop
    depends_on: [db]
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: shop
      POSTGRES_DB: shop
      POSTGRES_PASSWORD: ${DB_PASSWORD:?}
    volumes: [data:/var/lib/postgresql/data]
volumes:
  data:
"""
CACHE = """\
  cache:
    image: redis:7.4-alpine
    command: ["redis-server", "--save", ""]
"""


def written(root: Path) -> dict[str, str]:
    ours = {change.path for change in plan_generation(Place(root), rooms=None, edit_codes=None).changes}
    return {path: (root / path).read_text() for path in sorted(ours) if (root / path).exists()}


def test_an_added_service_changes_only_what_is_about_it(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": COMPOSE})
    generate_files(root)
    before = written(root)
    (root / "compose.yaml").write_text(COMPOSE.replace("volumes:\n  data:", CACHE + "volumes:\n  data:"))
    changes = plan_generation(Place(root), rooms=None, edit_codes=None).changes
    untouched = {change.path for change in changes if change.state is State.SAME}
    assert "infra/terraform/elasticache.tf" in {change.path for change in changes if change.state is State.NEW}
    assert {"infra/terraform/rds.tf", "infra/terraform/network.tf"} <= untouched
    for change in changes:
        if change.state is State.UPDATED:
            added = set((change.after or "").splitlines()) - set(before[change.path].splitlines())
            assert added, change.path


def test_a_removed_service_takes_its_untouched_files_and_names_the_edited_ones(make_project: Callable[..., Path]) -> None:
    with_cache = COMPOSE.replace("volumes:\n  data:", CACHE + "volumes:\n  data:")
    root = make_project({"compose.yaml": with_cache})
    generate_files(root)
    commit_all(root)
    (root / "compose.yaml").write_text(COMPOSE)
    removed = {c.path for c in plan_generation(Place(root), rooms=None, edit_codes=None).changes if c.state is State.REMOVED}
    assert "infra/terraform/elasticache.tf" in removed
    edited = root / "infra/terraform/elasticache.tf"
    edited.write_text(edited.read_text() + "\n# ours, by hand\n")
    generate_files(root)
    assert edited.read_text().endswith("# ours, by hand\n")
    kept = {
        c.path: c.reason for c in plan_generation(Place(root), rooms=None, edit_codes=None).changes if c.state is State.KEPT
    }
    assert "infra/terraform/elasticache.tf" in kept


def test_an_edited_artifact_is_never_overwritten(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": COMPOSE})
    generate_files(root)
    target = root / "infra/terraform/rds.tf"
    target.write_text("# mine now\n")
    generate_files(root)
    assert target.read_text() == "# mine now\n"


def test_the_name_that_was_used_first_is_kept(make_project: Callable[..., Path], tmp_path: Path) -> None:
    root = make_project({"compose.yaml": COMPOSE}, name="first-name")
    generate_files(root)
    moved = tmp_path / "second-name"
    shutil.copytree(root, moved)
    assert not plan_generation(Place(moved), rooms=None, edit_codes=None).drifts


@pytest.mark.parametrize("files", ["docker-compose.production.yml", "docker-compose.prod.yml"])
def test_the_loop_closes_on_a_set_for_production_that_stands_alone(make_project: Callable[..., Path], files: str) -> None:
    """The set of the user's keeps its name when ours comes beside it, and so do its gaps."""
    base = "services:\n  web: {build: ., ports: ['8080:8080']}\n  db: {image: 'postgres:16'}\n"
    root = make_project({"docker-compose.yml": base, files: COMPOSE, "Dockerfile": "FROM python:3.13-slim\n"})
    first = {gap.resource for gap in gaps_of(root).values()}
    assert f"{files.split('.')[1]}/db" in first
    assert_loop_closes(root)


def test_the_loop_closes_where_an_overlay_could_run_alone_too(make_project: Callable[..., Path]) -> None:
    base = "services:\n  web: {build: ., ports: ['8080:8080']}\n  db: {image: 'postgres:16', volumes: ['data:/data']}\n  worker: {build: ., command: celery worker}\n"
    scripts = "#!/bin/sh\ndocker compose -f docker-compose.yml -f docker-compose.prod.yml up -d\n"
    alone = "#!/bin/sh\ndocker compose -f docker-compose.prod.yml pull\n"
    root = make_project(
        {
            "docker-compose.yml": base + "volumes: {data: {}}\n",
            "docker-compose.prod.yml": COMPOSE,
            "Dockerfile": "FROM python:3.13-slim\n",
            "deploy.sh": scripts,
            "pull.sh": alone,
        }
    )
    resources = {gap.resource for gap in gaps_of(root).values()}
    assert "base/db" in resources
    assert not [resource for resource in resources if resource.startswith("prod")]
    assert_loop_closes(root)


def test_rules_whose_metrics_nothing_gives_are_not_promised(make_project: Callable[..., Path]) -> None:
    rule = "groups:\n  - name: app\n    rules:\n      - {alert: %s, expr: '%s > 0'}\n"
    files = {"compose.yaml": COMPOSE, "monitoring/app.yml": rule % ("Orders", "shop_orders_failed_total")}
    root = make_project({**files, "alerts/pg.yml": rule % ("Down", "pg_up"), "mysql/db.yml": rule % ("Slow", "mysql_up")})
    closers = {gap.resource: gap.closes[0].kind for gap in gaps_of(root).values() if gap.subject == "orphaned/rules"}
    assert closers == {"monitoring": "advice", "alerts": "files", "mysql": "advice"}
    assert_loop_closes(root)


def test_the_loop_closes_where_two_files_of_a_set_write_the_same_lines(make_project: Callable[..., Path]) -> None:
    service = "  web:\n    build: .\n    container_name: shop_web\n    depends_on: [db, cache]\n"
    stores = "  cache: {image: 'redis:7.4', healthcheck: {test: [CMD, redis-cli, ping]}}\n"
    stores += "  db: {image: 'postgres:16', healthcheck: {test: [CMD, pg_isready]}}\n"
    alone = "services:\n  web:\n    image: ghcr.io/acme/web:1.0.0\n    container_name: shop_web\n    depends_on:\n      - db\n"
    root = make_project(
        {
            "docker-compose.yml": f"services:\n{service}{stores}",
            "docker-compose.prod.yml": alone,
            "Dockerfile": 'FROM python:3.13-slim\nCMD ["uvicorn", "app:app"]\n',
            "deploy.sh": "#!/bin/sh\ndocker compose -f docker-compose.yml -f docker-compose.prod.yml up -d\n",
        }
    )
    assert {gap.code for gap in closable(gaps_of(root), "edit").values()} >= {"CMP001", "SCL001"}
    assert_loop_closes(root)
    overlay = (root / "docker-compose.prod.yml").read_text()
    assert "container_name" not in overlay + (root / "docker-compose.yml").read_text()
    assert "      db:\n        condition: service_healthy\n" in overlay


def test_our_template_makes_no_gap_of_an_ignore_file(make_project: Callable[..., Path]) -> None:
    dockerfile = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD ["uvicorn", "app:app"]\n'
    compose = COMPOSE.replace("image: ghcr.io/acme/web:1.4.2", "build: .")
    root = make_project({"compose.yaml": compose, "Dockerfile": dockerfile, ".dockerignore": ".git\n", "app.py": "app = 1\n"})
    first = gaps_of(root)
    generate_files(root)
    assert "DB_PASSWORD=" in (root / ".env.example").read_text()
    assert named({mark: gap for mark, gap in gaps_of(root).items() if mark not in first}) == []


def test_out_leaves_the_project_alone_and_closes_the_same_gaps(example: Callable[[str], Path], tmp_path: Path) -> None:
    root = example("propertypro")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}
    place = Place(root, tmp_path / "out")
    first = {judged.gap.fingerprint: judged.gap for judged in examine(place).judgement.gaps}
    write_generation(plan_generation(place, rooms=None, edit_codes=None))
    second = {judged.gap.fingerprint for judged in examine(place).judgement.gaps}
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts} == before
    assert named({mark: gap for mark, gap in closable(first, "files").items() if mark in second}) == []
    assert (tmp_path / "out" / LOCK_NAME).is_file()
    assert not plan_generation(place, rooms=None, edit_codes=None).drifts


def test_one_room_leaves_the_other_alone(example: Callable[[str], Path]) -> None:
    root = example("propertypro")
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.TERRAFORM}), edit_codes=None))
    assert (root / "infra/terraform/versions.tf").is_file()
    assert not (root / "compose.monitoring.yaml").exists()
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.MONITORING}), edit_codes=None))
    assert (root / "compose.monitoring.yaml").is_file()
    assert "MET000" not in {gap.code for gap in gaps_of(root).values()}
    overlays = plan_generation(Place(root), rooms=frozenset({Room.OVERLAYS}), edit_codes=None)
    assert {gap.gap.code for gap in overlays.before.gaps if gap.gap.fingerprint in overlays.closed} >= {"LOG004"}
    for room in FILE_ROOMS:
        write_generation(plan_generation(Place(root), rooms=frozenset({room}), edit_codes=None))
    assert not plan_generation(Place(root), rooms=None, edit_codes=None).drifts
