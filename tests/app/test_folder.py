"""A folder of a repository as the project: read and written alone, without the workflows that GitHub runs at the top only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Layer, LayerState, Room

COMPOSE = """\
services:
  api: {build: ., ports: ["8000:8000"]}
  db: {image: postgres:16, volumes: [data:/var/lib/postgresql/data]}
volumes: {data: {}}
"""
WORKFLOW = "name: ci\non: push\njobs: {build: {runs-on: ubuntu-24.04, steps: [{run: docker build services/api}]}}\n"
FILES = {
    "services/api/compose.yaml": COMPOSE,
    "services/api/Dockerfile": "FROM python:3.13-slim\nCMD [python, -m, http.server]\n",
    ".github/workflows/ci.yml": WORKFLOW,
    "README.md": "# Shop\n",
    "services/web/compose.yaml": "services: {web: {image: nginx}}\n",
}


@pytest.fixture
def folder(make_project: Callable[..., Path]) -> Path:
    return make_project(FILES) / "services" / "api"


def test_paths_are_those_of_the_folder_and_nothing_outside_is_read(folder: Path) -> None:
    found = examine(Place(folder))

    assert found.project.inside == "services/api"
    assert found.project.files == ("Dockerfile", "compose.yaml")
    places = {item.location.path for judged in found.judgement.gaps for item in judged.gap.evidence}
    assert places == set(found.project.files)


def test_what_only_a_workflow_closes_is_not_judged(folder: Path) -> None:
    found = examine(Place(folder))
    gaps = [judged.gap for judged in found.judgement.gaps]
    cards = {card.layer: card for card in found.judgement.cards}

    assert gaps
    assert not [gap.code for gap in gaps if gap.layer is Layer.CI or Room.WORKFLOWS in {closer.by for closer in gap.closes}]
    assert cards[Layer.CI].external
    assert cards[Layer.CI].state is LayerState.PRESENT


def test_no_workflow_is_written_and_it_is_said_why(folder: Path) -> None:
    generation = plan_generation(Place(folder), rooms=frozenset({Room.BACKUP, Room.ENV, Room.WORKFLOWS}), edit_codes=None)
    write_generation(generation)
    again = plan_generation(Place(folder), rooms=frozenset({Room.BACKUP, Room.ENV, Room.WORKFLOWS}), edit_codes=None)
    reasons = {item.path: item.reason for item in generation.skipped}

    assert (folder / "compose.backup.yaml").is_file()
    assert not (folder / ".github").exists()
    assert "its folder services/api" in reasons[".github/workflows/backup-restore.yml"]
    assert not again.drifts


@pytest.mark.parametrize("where", ["", "services/api"])
def test_the_top_and_a_folder_with_workflows_of_its_own_are_judged_whole(where: str, make_project: Callable[..., Path]) -> None:
    own = {f"{where}/.github/workflows/ci.yml": WORKFLOW} if where else {}
    found = examine(Place(make_project({**FILES, **own}) / where))

    assert found.project.inside == ""
    assert not any(card.external for card in found.judgement.cards)
