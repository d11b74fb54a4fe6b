"""Edits are chosen one by one: a bad one is refused with its reason, and the others of the same file still apply."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scaffold.app.editing import Choice, Outcome, choose_edits, edited_texts
from scaffold.app.examination import Place, examine, whole_proposals
from scaffold.app.generation import plan_generation, write_generation
from scaffold.errors import ConflictError
from scaffold.model.artifact import Splice
from scaffold.model.document import Location, Span
from scaffold.model.edits import EditTask, FileSplices, Proposal
from scaffold.model.gap import Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, SourceFile

TEXT = "one bad\ntwo bad\nthree bad\nfour bad\n"
PROJECT = Project(name="app", files=("a.txt",), sources=(SourceFile("a.txt", TEXT),))


def gap(name: str) -> Gap:
    rule = Rule("TST001", "test", Layer.COMPOSE, Severity.LOW, lambda _: (), ())
    return rule.gap(
        resource=name, subject="s", message="", expected=f"{name} good", actual="", locations=(Location("a.txt", 1),)
    )


def judged(text: str) -> Outcome:
    """Every `<name> bad` is a gap, and so is every `new`; a file with `broken` cannot be read and shows no gaps."""
    if "broken" in text:
        return Outcome(frozenset(), frozenset({("a.txt", "is no text")}))
    marks = {gap(name).fingerprint for name in re.findall(r"(\w+) bad", text)} | {"new" for _ in re.findall(r"\bnew\b", text)}
    return Outcome(frozenset(marks), frozenset())


def proposal(name: str, old: str, new: str, *, needs: tuple[str, ...] = ()) -> Proposal:
    start = TEXT.index(old)
    splice = Splice(Span(start, start + len(old)), new)
    return Proposal(EditTask("test", (gap(name),), needs=needs), (FileSplices("a.txt", (splice,)),))


def chosen(*proposals: Proposal) -> Choice:
    return choose_edits(PROJECT, judged(TEXT), lambda texts: judged(texts.get("a.txt", TEXT)), proposals)


def test_an_edit_is_only_called_ready_where_all_that_it_waits_for_can_be_made():
    first = proposal("one", "one bad", "one good")
    second = proposal("two", "two bad", "two good", needs=("TST001 one",))
    third = proposal("three", "three bad", "three good", needs=("TST001 two",))
    assert whole_proposals((third, second, first)) == (third, second, first)
    assert whole_proposals((third, second, replace(first, files=()))) == ()
    assert whole_proposals((first, third)) == (first,)


def result(choice: Choice) -> str:
    return edited_texts(PROJECT, choice.applied)["a.txt"][1]


def reasons(choice: Choice) -> dict[str, str]:
    return {item.task.gaps[0].resource: reason for item, reason in choice.refused}


def test_all_edits_of_a_file_are_made_together() -> None:
    choice = chosen(*(proposal(name, f"{name} bad", f"{name} good") for name in ("one", "two", "three", "four")))
    assert result(choice) == "one good\ntwo good\nthree good\nfour good\n"
    assert choice.refused == ()


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("two bad", "would not close TST001"),
        ("two good new", "a new gap"),
        ("broken", "a.txt could not be read afterwards"),
    ],
)
def test_a_bad_edit_is_refused_alone(new: str, reason: str) -> None:
    bad = proposal("two", "two bad", new)
    good = [proposal(name, f"{name} bad", f"{name} good") for name in ("one", "three", "four")]
    choice = chosen(good[0], bad, *good[1:])
    assert result(choice) == "one good\ntwo bad\nthree good\nfour good\n"
    assert list(reasons(choice)) == ["two"]
    assert reason in reasons(choice)["two"]


def test_of_two_edits_of_the_same_characters_the_second_is_refused() -> None:
    choice = chosen(proposal("one", "one bad\ntwo", "one good\ntwo"), proposal("two", "two bad", "two good"))
    assert result(choice).startswith("one good\ntwo bad\n")
    assert "TST001 already" in reasons(choice)["two"]


def test_equal_splices_of_two_edits_are_one() -> None:
    both = "one bad\ntwo bad"
    choice = chosen(proposal("one", both, "one good\ntwo good"), proposal("two", both, "one good\ntwo good"))
    assert result(choice) == "one good\ntwo good\nthree bad\nfour bad\n"


def test_an_edit_is_refused_with_the_one_that_it_needs() -> None:
    needing = proposal("one", "one bad", "one good", needs=("TST001 two",))
    assert result(chosen(needing, proposal("two", "two bad", "two good"))).startswith("one good\ntwo good")
    refused = chosen(needing, proposal("two", "two bad", "two bad "), proposal("three", "three bad", "three good"))
    assert result(refused) == "one bad\ntwo bad\nthree good\nfour bad\n"
    assert "together with TST001 two" in reasons(refused)["one"]


def test_a_gap_that_new_files_bring_is_not_blamed_on_an_edit() -> None:
    start = judged(TEXT)
    choice = choose_edits(
        PROJECT,
        replace(start, fingerprints=start.fingerprints - {gap("four").fingerprint}),
        lambda texts: judged(texts.get("a.txt", TEXT)),
        [proposal("one", "one bad", "one good")],
    )
    assert len(choice.applied) == 1


COMPOSE = """\
services:
  web:
    image: ghcr.io/acme/web:1.0.0
    depends_on: [db]
  other:
    image: ghcr.io/acme/other:1.0.0
    depends_on: *shared
  db:
    image: postgres:16
    healthcheck: {test: ["CMD-SHELL", "pg_isready -h 127.0.0.1"]}
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {data: {}}
"""


def test_only_lines_that_can_be_edited_are_called_ready(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": "x-shared: &shared [db]\n" + COMPOSE})
    found = {item.gap.resource: item.gap.closes for item in examine(Place(root)).judgement.gaps if item.gap.code == "CMP001"}
    assert [closer.kind for closer in found["base/web"]] == ["edit"]
    assert [closer.kind for closer in found["base/other"]] == ["advice"]


def test_a_file_that_changed_since_it_was_read_is_not_overwritten(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": COMPOSE.replace("*shared", "[db]")})
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset())
    changed = (root / "compose.yaml").read_text() + "# saved by an editor meanwhile\n"
    (root / "compose.yaml").write_text(changed)
    with pytest.raises(ConflictError, match="changed since it was read"):
        write_generation(generation)
    assert (root / "compose.yaml").read_text() == changed
