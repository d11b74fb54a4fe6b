"""CIQ006: a test step writes a report that is lost when the runner goes away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.reports import kept_paths

_REPORT = regex(
    r"--cov-report[= ](?:xml|html|lcov|json)|--junit-?xml|--html[= ]|\bcoverage\s+(?:xml|html|lcov)\b|-coverprofile"
    r"|--reporter[= ]junit"
    r"|\bplaywright\s+test\b|\bcypress\s+run\b|--collect[: ]+\"?XPlat",
    words=("cov", "junit", "--html", "playwright", "cypress", "--collect"),
)
_KEPT = regex(
    r"upload-artifact|upload-pages-artifact|codecov|coveralls|sonar|codacy|codeclimate|qlty|test-reporter|unit-test-result|action-junit-report"
    r"|test-summary|coverage-comment|pytest-coverage-comment|octocov|actions-gh-pages|jest-coverage|orgoro/coverage|aws\s+s3\s+(?:cp|sync)",
    re.IGNORECASE,
    words=("upload", "cov", "sonar", "codacy", "codeclimate", "qlty", "test", "junit", "gh-pages", "s3"),
)


def _detect(project: Project) -> Iterator[Gap]:
    steps = [item for item in ci_steps(project) if item.workflow.path not in project.owned]
    keepers = {item.workflow.path for item in steps if _KEPT.search(f"{item.step.uses}\n{item.text}")}
    callers = {workflow.path for workflow in project.workflows if any(job.uses for job in workflow.jobs)}
    for item in steps:
        if item.workflow.path in keepers or item.workflow.path in callers or "GITHUB_STEP_SUMMARY" in item.text:
            continue
        report = _REPORT.search(item.text)
        if report:
            yield _gap(item, report[0].strip())


def _gap(item: CiStep, report: str) -> Gap:
    return RULE.gap(
        resource=item.resource,
        subject="artifacts",
        message=f"The job {item.job.id} writes a report ({report}) that nothing uploads: it goes with the runner.",
        expected="a step that uploads the report, also after a failure",
        actual="no upload in this workflow",
        locations=(item.place,),
        closers=RULE.closers if kept_paths(item.workflow, item.job, item.step) else (Closer(None, "advice", _ADVICE),),
    )


_ADVICE = "Add actions/upload-artifact with `if: ${{ !cancelled() }}` behind the tests, or send the coverage to a service."


RULE = Rule(
    code="CIQ006",
    name="no-artifacts-from-tests",
    layer=Layer.CI,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
)
