"""The text of `gaps`: one screen, nothing claimed that is not there, and no way for a project's text to act on the terminal."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scaffold.model.document import Location
from scaffold.model.gap import Evidence, LayerCard, Praise
from scaffold.model.names import Layer, LayerState, Severity
from scaffold.report.gaps_text import SCREEN, gaps_text
from scaffold.report.redaction import Redactor
from scaffold.report.wire import GapsReport
from tests.report.samples import ADVICE, CARDS, EDIT, FILES, REPORT, gap, judged

ROOT = Path(__file__).resolve().parents[2]
NONE = Redactor()
LONG = (
    "The service api of the stack base waits for a service whose healthcheck cannot pass, so that it never starts at all. " * 3
)
PATH = "deployments/environments/production/docker-compose.monitoring.yml"


def text(report: GapsReport, width: int = 80) -> str:
    return gaps_text(report, NONE, width=width, color=False)


def many(count: int) -> GapsReport:
    place = (Evidence(Location(PATH, 123)),)
    gaps = [gap(resource=f"r{n}", message=LONG, evidence=place, closes=(ADVICE,), severity=Severity.HIGH) for n in range(count)]
    cards = tuple(
        LayerCard(layer, list(LayerState)[n % 4], (Location(PATH, 1),), (Praise(LONG, Location(PATH, 2)),))
        for n, layer in enumerate(Layer)
    )
    return GapsReport("shop", judged(*gaps), cards, REPORT.problems * 5)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_default_view_fits_on_a_screen(width):
    shown = text(many(200), width)
    assert shown.count("\n") <= SCREEN
    assert max(map(len, shown.splitlines())) <= width
    assert shown.count("CMP001") == 10
    assert "190 more gaps: scaffold gaps --all" in shown


def test_on_a_narrow_terminal_text_wraps():
    shown = text(REPORT, 60)
    assert max(map(len, shown.splitlines())) <= 60
    assert "edit ready: scaffold generate --edit CMP003" in shown


def test_the_order_is_good_then_layers_then_gaps_then_the_reason_of_the_exit_code():
    shown = text(REPORT)
    parts = ["db is awaited until it is healthy (docker-compose.yml:2)", "absent", "SEC004", "exit 1: 2 gaps are high or worse"]
    assert [shown.index(part) for part in parts] == sorted(shown.index(part) for part in parts)


def test_the_four_states_each_with_the_file_that_decided_it():
    lines = text(REPORT).splitlines()
    assert "absent   iac" in lines
    assert "inert    metrics monitoring/prometheus.yml:1" in lines
    assert "partial  compose docker-compose.yml:1" in lines
    assert "present  ci .github/workflows/ci.yml:1" in lines


def test_an_external_layer_is_said_to_be_elsewhere():
    cards = (replace(CARDS[1], external=True, state=LayerState.PRESENT),)
    assert "present  iac (elsewhere)" in text(replace(REPORT, cards=cards))


@pytest.mark.parametrize(
    ("closes", "said"),
    [
        ((EDIT,), "edit ready: scaffold generate --edit CMP001"),
        ((FILES,), "files: scaffold generate\n"),
        ((FILES, EDIT), "files and edit ready: scaffold generate --edit CMP001"),
        ((ADVICE,), "advice: Revoke the key at its provider."),
        ((), "advice: scaffold explain CMP001"),
    ],
)
def test_how_a_gap_is_closed(closes, said):
    assert said in text(replace(REPORT, gaps=judged(gap(closes=closes)), built=None))


def test_a_room_that_cannot_be_written_yet_is_not_promised():
    shown = text(replace(REPORT, gaps=judged(gap(closes=(FILES,))), built=frozenset()))
    assert "scaffold generate" not in shown
    assert "by hand: condition: service_healthy" in shown


@pytest.mark.parametrize(
    ("fail_on", "said"),
    [
        (Severity.HIGH, "exit 1: 2 gaps are high or worse (--fail-on high)"),
        (Severity.CRITICAL, "exit 1: 1 gap is critical (--fail-on critical)"),
        (None, "exit 0: --fail-on never"),
    ],
)
def test_the_reason_of_the_exit_code(fail_on, said):
    assert text(replace(REPORT, fail_on=fail_on)).splitlines()[-1] == said


def test_nothing_open_is_said_plainly():
    shown = text(GapsReport("shop", (), CARDS))
    assert "no open gap" in shown
    assert shown.splitlines()[-1] == "exit 0: no gap is high or worse (--fail-on high)"


def test_what_does_not_count_is_counted_apart():
    shown = text(replace(REPORT, hidden=3))
    assert "shop  5 gaps: 1 critical, 1 high, 2 medium, 1 info" in shown
    assert "3 of low confidence (--all); 1 suppressed with a reason; 1 in the baseline" in shown


def test_problems_are_named_with_their_line():
    assert "broken.yml:3  not valid YAML: found a tab" in text(REPORT)


def test_everything_shows_each_gap_in_full():
    shown = text(replace(REPORT, everything=True))
    for part in (
        "at           docker-compose.yml:12, docker-compose.yml:40",
        "searched     docs/a b.md:3",
        "expected     condition: service_healthy",
        "found        condition: service_started",
        "needs first  CMP003",
        "suppressed: restarted by the platform, until 2027-01-31",
        "good  the tests run on every change (.github/workflows/ci.yml:2)",
    ):
        assert part in shown, part


def test_text_of_the_project_cannot_act_on_the_terminal():
    hostile = "evil\x1b]0;owned\x07\x1b[2J\u202e\r\nFAKE exit 0"
    item = gap(message=hostile, evidence=(Evidence(Location(hostile, 1)),), closes=(replace(ADVICE, text=hostile),))
    cards = (LayerCard(Layer.CI, LayerState.PRESENT, (Location(hostile, 1),), (Praise(hostile, Location(hostile, 1)),)),)
    for everything in (False, True):
        shown = text(GapsReport(hostile, judged(item), cards, (), everything=everything))
        assert not set(shown) & set("\x1b\x07\r\u202e")
        assert not any(row.startswith("FAKE") for row in shown.splitlines())


def test_colour_only_when_asked_for():
    plain = text(REPORT)
    coloured = gaps_text(REPORT, NONE, width=80, color=True)
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured


def test_colour_changes_no_word():
    coloured = gaps_text(REPORT, NONE, width=80, color=True)
    bare = "\n".join(row.rstrip() for row in re.sub(r"\x1b\[[0-9;]*m", "", coloured).split("\n"))
    assert bare == text(REPORT)


def test_piped_text_does_not_load_rich():
    program = (
        "import sys\nfrom scaffold.report.gaps_text import gaps_text\nfrom scaffold.report.redaction import Redactor\n"
        "from tests.report.samples import REPORT\ngaps_text(REPORT, Redactor(), width=80, color=False)\n"
        "sys.exit(any(name.partition('.')[0] in {'rich', 'jsonschema'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_a_place_is_a_link_that_a_terminal_can_open_and_takes_no_columns():
    linked = gaps_text(REPORT, NONE, width=80, color=True, root="/srv/a b")
    targets = re.findall(r"\x1b\]8;[^;]*;(file://[^\x1b]+)\x1b\\", linked)
    assert linked == gaps_text(REPORT, NONE, width=80, color=True, root="/srv/a b")
    assert targets
    assert all(target.startswith("file:///srv/a%20b/") for target in targets)
    bare = re.sub(r"\x1b\]8;[^\x1b]*\x1b\\", "", linked)
    assert bare == gaps_text(REPORT, NONE, width=80, color=True)
    assert "\x1b" not in gaps_text(REPORT, NONE, width=80, color=False, root="/srv/a b")


def test_the_ten_worst_show_one_gap_of_each_rule_before_a_second_one():
    high = [gap("SEC001", resource=f"r{n:02}", severity=Severity.HIGH, blocked_by=()) for n in range(12)]
    rare = gap("BCK000", layer=Layer.BACKUP, resource="backup", severity=Severity.HIGH, blocked_by=())
    milder = gap("NET001", layer=Layer.NETWORK, resource="base/db", severity=Severity.MEDIUM, blocked_by=())
    shown = text(replace(REPORT, gaps=judged(*high, rare, milder)))
    assert (shown.count("SEC001 "), shown.count("BCK000 "), shown.count("NET001 ")) == (9, 1, 0)
    assert "The 10 worst of 14 gaps" in shown
    assert "4 more gaps: scaffold gaps --all" in shown


def test_a_gap_that_another_one_tells_is_counted_nowhere():
    told = gap("NET001", layer=Layer.NETWORK, resource="base/db", severity=Severity.HIGH, blocked_by=())
    detail = replace(told, resource="base/dc", severity=Severity.INFO, blocked_by=("NET001",))
    report = replace(REPORT, gaps=judged(told, detail), fail_on=Severity.INFO)
    assert "1 gap: 1 high" in text(report)
    assert "exit 1: 1 gap is info or worse" in text(report)
    assert "counted      with the NET001 that names this place" in text(replace(report, everything=True), 100)
