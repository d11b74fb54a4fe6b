"""All or nothing: a disk that refuses leaves the project as it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.errors import ConflictError
from scaffold.write.apply import FileWrite, apply_writes


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def test_files_are_written_with_their_modes_and_folders(make_project: Callable[..., Path]) -> None:
    root = make_project({"a.txt": "old"})
    (root / "a.txt").chmod(0o600)
    apply_writes(root, (FileWrite("a.txt", b"new"), FileWrite("deep/er/b.sh", b"#!/bin/sh\n", 0o755)))
    assert tree(root) == {"a.txt": b"new", "deep/er/b.sh": b"#!/bin/sh\n"}
    assert (root / "a.txt").stat().st_mode & 0o777 == 0o600
    assert (root / "deep/er/b.sh").stat().st_mode & 0o777 == 0o755


def test_a_removed_file_takes_its_empty_folders_with_it(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/terraform/rds.tf": "x", "infra/keep.txt": "y"})
    apply_writes(root, (FileWrite("infra/terraform/rds.tf", None),))
    assert tree(root) == {"infra/keep.txt": b"y"}
    assert not (root / "infra/terraform").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """Return a folder on a file system of 256 KiB of its own, unmounted again afterwards."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.fail("this test needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_leaves_nothing_half_written(small_disk: Path) -> None:
    (small_disk / "compose.yaml").write_text("services: {}\n")
    before = tree(small_disk)
    writes = (
        FileWrite("compose.yaml", b"changed"),
        FileWrite("infra/a.tf", b"x" * 1000),
        FileWrite("infra/big.tf", b"x" * 600_000),
    )
    with pytest.raises(ConflictError, match="nothing was written"):
        apply_writes(small_disk, writes)
    assert tree(small_disk) == before
    assert not (small_disk / "infra").exists()


def test_a_folder_that_refuses_writes_is_named(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": "services: {}\n", "infra": "a file where a folder has to be"})
    before = tree(root)
    with pytest.raises(ConflictError) as caught:
        apply_writes(root, (FileWrite("compose.yaml", b"changed"), FileWrite("infra/main.tf", b"x")))
    assert "infra" in str(caught.value)
    assert tree(root) == before


def test_a_read_only_target_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        target = Path("/proc/self")  # root may write everywhere but to the kernel's own folders
    else:
        target = tmp_path / "readonly"
        target.mkdir(mode=0o500)
    with pytest.raises(ConflictError) as caught:
        apply_writes(target, (FileWrite("infra/main.tf", b"x"),))
    assert caught.value.exit_code == 1
