"""scaffold.lock: what it says, and how a damaged one is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scaffold.errors import UsageError
from scaffold.model.artifact import Artifact
from scaffold.model.names import Room
from scaffold.write.lock import LOCK_NAME, Lock, git_blob_id, locked, read_lock


def test_a_lock_reads_back_as_it_was_written(tmp_path: Path) -> None:
    lock = Lock(
        "shop", ("compose.yaml", "compose.monitoring.yaml"), (locked(Artifact("infra/a.tf", "x\n", Room.TERRAFORM), "1.0"),)
    )
    (tmp_path / LOCK_NAME).write_text(lock.to_text())
    assert read_lock(tmp_path) == lock
    assert read_lock(tmp_path).paths == {"infra/a.tf", LOCK_NAME}


def test_no_lock_is_an_empty_lock(tmp_path: Path) -> None:
    assert read_lock(tmp_path) == Lock()
    assert read_lock(tmp_path / "missing").paths == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2}',
        '{"version": 1, "files": [{"path": "../../etc/passwd", "sha256": "", "blob": "", "room": "env"}]}',
        '{"version": 1, "files": [{"path": "a", "room": "attic"}]}',
        '{"version": 1, "files": {}}',
        "\x00",
    ],
)
def test_a_damaged_lock_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK_NAME).write_text(text)
    with pytest.raises(UsageError) as caught:
        read_lock(tmp_path)
    assert "restore it from git" in str(caught.value)


def test_the_blob_id_is_the_one_that_git_computes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes("grüße\n".encode())
    told = subprocess.run(["git", "hash-object", "file"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert git_blob_id("grüße\n".encode()) == told.stdout.strip()
