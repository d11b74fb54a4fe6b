"""The class of each path before a byte is written, and what a conflict or a merge leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.model.artifact import Artifact
from scaffold.model.names import Room
from scaffold.write.apply import apply_writes, writes_of
from scaffold.write.classify import Change, State, classify
from scaffold.write.lock import Lock, locked
from tests.conftest import commit_all

TEN_LINES = "".join(f"line {number}\n" for number in range(10))


def artifact(text: str, path: str = "infra/main.tf", room: Room = Room.TERRAFORM) -> Artifact:
    return Artifact(path, text, room)


def lock_of(*artifacts: Artifact) -> Lock:
    return Lock("app", (), tuple(locked(item, "1") for item in artifacts))


def only(changes: tuple[Change, ...]) -> Change:
    assert len(changes) == 1
    return changes[0]


def test_a_missing_file_is_new_and_the_same_text_is_same(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/main.tf": "a\n"})
    assert only(classify(root, (artifact("a\n"),), Lock(), rooms=None)).state is State.SAME
    assert only(classify(root, (artifact("a\n", "other.tf"),), Lock(), rooms=None)).state is State.NEW


def test_a_file_that_scaffold_did_not_write_is_skipped(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/main.tf": "theirs\n"})
    change = only(classify(root, (artifact("ours\n"),), Lock(), rooms=None))
    assert change.state is State.SKIPPED
    assert writes_of((change,)) == ()


def test_an_untouched_file_of_ours_is_updated(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/main.tf": "first\n"})
    change = only(classify(root, (artifact("second\n"),), lock_of(artifact("first\n")), rooms=None))
    assert (change.state, change.after) == (State.UPDATED, "second\n")


def test_an_edited_file_is_merged_when_git_has_the_version_we_wrote(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/main.tf": TEN_LINES})
    (root / "infra/main.tf").write_text(TEN_LINES.replace("line 1\n", "line one, by the user\n"))
    commit_all(root)
    new = artifact(TEN_LINES.replace("line 8\n", "line eight, by scaffold\n"))
    change = only(classify(root, (new,), lock_of(artifact(TEN_LINES)), rooms=None))
    assert change.state is State.MERGED
    assert change.after == new.text.replace("line 1\n", "line one, by the user\n")


def test_edits_of_the_same_line_are_a_conflict_and_the_users_file_stays(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/main.tf": TEN_LINES})
    edited = TEN_LINES.replace("line 4\n", "line four, by the user\n")
    (root / "infra/main.tf").write_text(edited)
    new = artifact(TEN_LINES.replace("line 4\n", "line four, by scaffold\n"))
    change = only(classify(root, (new,), lock_of(artifact(TEN_LINES)), rooms=None))
    assert change.state is State.CONFLICT
    apply_writes(root, writes_of((change,)))
    assert (root / "infra/main.tf").read_text() == edited
    beside = (root / "infra/main.tf.scaffold-new").read_text()
    assert "line four, by the user" in beside
    assert "line four, by scaffold" in beside
    assert "<<<<<<<" in beside


def test_an_edited_file_without_a_base_in_git_gets_ours_beside_it(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/main.tf": "edited\n"}, git=False)
    change = only(classify(root, (artifact("second\n"),), lock_of(artifact("first\n")), rooms=None))
    assert (change.state, change.beside) == (State.CONFLICT, "second\n")


def test_an_edited_file_that_we_would_write_as_before_is_left_alone(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/main.tf": "edited\n"}, git=False)
    change = only(classify(root, (artifact("first\n"),), lock_of(artifact("first\n")), rooms=None))
    assert change.state is State.SAME


def test_an_orphan_goes_when_untouched_and_stays_when_edited(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/rds.tf": "ours\n", "infra/redis.tf": "edited\n"})
    written = (artifact("ours\n", "infra/rds.tf"), artifact("ours\n", "infra/redis.tf"))
    changes = classify(root, (), lock_of(*written), rooms=None)
    assert [change.state for change in changes] == [State.REMOVED, State.KEPT]
    apply_writes(root, writes_of(changes))
    assert not (root / "infra/rds.tf").exists()
    assert (root / "infra/redis.tf").read_text() == "edited\n"


def test_the_files_of_other_rooms_are_left_alone(make_project: Callable[..., Path]) -> None:
    root = make_project({"infra/rds.tf": "ours\n"})
    lock = lock_of(artifact("ours\n", "infra/rds.tf"))
    assert classify(root, (), lock, rooms=frozenset({Room.MONITORING})) == ()


@pytest.mark.parametrize("kind", ["link to a file", "link as a folder", "folder"])
def test_what_is_no_regular_file_inside_is_never_written(make_project: Callable[..., Path], tmp_path: Path, kind: str) -> None:
    root = make_project({"README.md": "x"})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.tf").write_text("not yours")
    if kind == "link to a file":
        (root / "infra").mkdir()
        (root / "infra/main.tf").symlink_to(outside / "main.tf")
    elif kind == "link as a folder":
        (root / "infra").symlink_to(outside)
    else:
        (root / "infra/main.tf").mkdir(parents=True)
    change = only(classify(root, (artifact("ours\n"),), Lock(), rooms=None))
    assert change.state is State.SKIPPED
    assert (outside / "main.tf").read_text() == "not yours"
