"""The texts of validate, generate, inspect and explain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.read.project import read_project
from scaffold.report.explain import explain_text
from scaffold.report.generate_text import generate_text
from scaffold.report.inspect_text import inspect_text
from scaffold.report.redaction import Redactor
from scaffold.report.validate_text import FINDINGS, validate_text
from scaffold.report.wire import FileChange, GenerateReport, ValidateReport
from tests.report.samples import PLAN, RUNS

NONE = Redactor()


def validated(report: ValidateReport, width: int = 80) -> list[str]:
    return validate_text(report, NONE, width=width, color=False).splitlines()


def test_validate_tells_what_each_tool_looked_at_and_what_did_not_run():
    lines = validated(RUNS)
    assert lines[0] == "passed   checkov             3.3.30, looked at 41; 2 checks are accepted in the"
    assert "not run  terraform-validate  the provider hashicorp/aws ~> 6.69 is not at hand" in lines
    assert "nothing to judge for helm" in lines
    assert lines[-1] == "1 passed, 1 failed, 1 not run; exit 1: 1 finding is low or worse (--fail-on low)"


def test_validate_shows_a_finding_with_its_place():
    lines = validated(RUNS)
    assert "    high     check-rules  unclosed left parenthesis" in lines
    assert "        monitoring/alerts.yml:5" in lines


def test_validate_counts_what_it_does_not_show():
    findings = tuple(Finding("t", "x", f"f{number}", 1, Severity.LOW, "m") for number in range(FINDINGS + 7))
    lines = validated(ValidateReport((ToolRun("t", "1", "failed", 30, "", findings),)))
    assert "    and 7 more: --format json" in lines


@pytest.mark.parametrize(
    ("fail_on", "said"),
    [(None, "exit 0: --fail-on never"), (Severity.CRITICAL, "exit 0: no finding is critical or worse (--fail-on critical)")],
)
def test_validate_gives_the_reason_of_its_exit_code(fail_on, said):
    assert " ".join(validated(replace(RUNS, fail_on=fail_on))).endswith(said)


def test_generate_tells_rooms_edits_and_what_it_leaves_alone():
    text = generate_text(PLAN, NONE, width=80, color=False)
    assert "terraform   1 new, 1 same, closes 1 gap" in text
    assert "  conflict  monitoring/prometheus.yml: edited by you since" in text
    assert "docker-compose.yml (SEC001): POSTGRES_PASSWORD becomes required" in text
    assert "rotate the secret" in text
    assert "  .env.example: git ignores it (.gitignore:3)" in text
    assert "  Makefile: git does not track it" in text
    assert text.splitlines()[-1] == "Would write 3 files and edit 1 of yours; closes 1 of 7 gaps."


def test_generate_afterwards_speaks_of_what_was_done():
    text = generate_text(replace(PLAN, written=True), NONE, width=80, color=False)
    assert text.splitlines()[-1] == "Wrote 3 files and edited 1 of yours; closes 1 of 7 gaps."


def test_generate_with_nothing_to_do_says_so():
    same = GenerateReport("shop", (FileChange("a.tf", "same", "terraform"),))
    text = generate_text(same, NONE, width=80, color=False)
    assert text.splitlines()[-1] == "Nothing to write: every file is as it would be written."


def test_inspect_tells_roles_with_their_reasons_and_no_value(make_project):
    compose = (
        "services:\n  db:\n    image: postgres:16-alpine\n    environment:\n      POSTGRES_PASSWORD: not-a-real-value-4711\n"
        "  api:\n    image: example/api:1\n    command: echo not-a-real-value-4711\n"
    )
    project = read_project(make_project({"docker-compose.yml": compose, "compose.broken.yml": "a: [\n"}))
    text = inspect_text(project, Redactor(project), width=80, color=False)
    assert "base  base: docker-compose.yml" in text
    assert "  db                 postgres 16" in text
    assert "image postgres" in text
    assert "compose.broken.yml:2" in text
    assert "4711" not in text


def test_explain_wraps_paragraphs_and_keeps_code():
    markdown = (
        "# A **title**\n\nSome words that are long enough to be wrapped, with a [link](docs/a.md) and `code`.\n\n"
        "- an item that is also\n  long enough to be wrapped at this width\n1. one\n\n```yaml\na:   1 # a line that is left as it is\n```\n"
    )
    assert explain_text(markdown, width=40, color=False) == (
        "A title\n\n"
        "Some words that are long enough to be\nwrapped, with a link (docs/a.md) and\n`code`.\n\n"
        "- an item that is also long enough to be\n  wrapped at this width\n1. one\n\n"
        "    a:   1 # a line that is left as it is\n\n"
    )


def test_every_rule_text_fits_its_width():
    from scaffold.gaps.catalogue import all_rules
    from scaffold.gaps.texts import rule_text

    for rule in all_rules():
        shown = explain_text(rule_text(rule), width=72, color=False)
        long = [
            line for line in shown.splitlines() if len(line) > 72 and " " in line.strip() and not line.startswith(("    ", "|"))
        ]
        assert long == [], rule.code


@pytest.mark.parametrize(("restart", "said"), [("unless-stopped", "a task that runs again and again"), ('"no"', "one-shot")])
def test_inspect_calls_a_task_one_shot_where_nothing_starts_it_again(restart, said, make_project):
    root = make_project({"compose.yaml": f"services: {{copies: {{image: restic/restic, restart: {restart}}}}}\n"})
    assert f"copies             {said} (image restic/restic)" in inspect_text(read_project(root), NONE, width=100, color=False)
