"""A managed store that scaffold wrote is a proposal: the data is still in Compose, and nothing copies it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.backup.bck000_no_backup import RULE as NO_BACKUP
from scaffold.gaps.backup.bck001_store_not_covered import RULE as NOT_COVERED
from scaffold.gaps.backup.card import card
from scaffold.model.names import LayerState
from scaffold.read.project import read_project

TERRAFORM = 'resource "aws_db_instance" "main" {\n  engine                  = "postgres"\n  backup_retention_period = 14\n}\n'
FILES = {
    "docker-compose.yml": "services:\n  db:\n    image: postgres:16\n    volumes: ['data:/var/lib/postgresql/data']\n"
    "  docs:\n    image: mongo:8\n    volumes: ['docs:/data/db']\nvolumes: {data: {}, docs: {}}\n",
    "terraform/main.tf": TERRAFORM,
}
DUMP = {"dump.sh": "#!/bin/sh\nmongodump --archive=/backups/docs\n"}


@pytest.mark.parametrize(("owned", "named"), [(True, ("db (data)", "docs (docs)")), (False, ("docs (docs)",))])
def test_only_infrastructure_of_the_project_s_own_covers_a_store(
    owned: bool, named: tuple[str, ...], make_project: Callable[..., Path]
) -> None:
    project = read_project(make_project(FILES), owned=frozenset({"terraform/main.tf"} if owned else ()))
    (gap,) = NO_BACKUP.detect(project)
    assert f"copies {', '.join(named)} off the host" in gap.message
    assert card(project).state is (LayerState.ABSENT if owned else LayerState.PARTIAL)


@pytest.mark.parametrize("owned", [True, False])
def test_a_store_beside_a_scripted_backup(owned: bool, make_project: Callable[..., Path]) -> None:
    project = read_project(make_project({**FILES, **DUMP}), owned=frozenset({"terraform/main.tf"} if owned else ()))
    assert [gap.resource for gap in NOT_COVERED.detect(project)] == (["base/db"] if owned else [])
