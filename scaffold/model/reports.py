"""Where a test command leaves its reports: the defaults of the runners, and the paths that the command names."""

from __future__ import annotations

import posixpath

from scaffold.model.document import Mapping, Node, find, text_of
from scaffold.model.project import Job, Step, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import is_written_here

_NAMED = (
    regex(r"--cov-report[= ](?:xml|html|lcov|json):(?P<path>[\w./-]+)"),
    regex(r"--junit-?xml[= ](?P<path>[\w./-]+)"),
    regex(r"--html[= ](?P<path>[\w./-]+)"),
    regex(r"-coverprofile[= ](?P<path>[\w./-]+)"),
    regex(r"\bcoverage\s+(?:xml|html|lcov)\s+(?:-o|-d)\s*(?P<path>[\w./-]+)"),
)
_DEFAULTS = (
    (regex(r"--cov-report[= ]xml(?!:)|\bcoverage\s+xml(?!\s+-o)"), ("coverage.xml",)),
    (regex(r"--cov-report[= ]html(?!:)|\bcoverage\s+html(?!\s+-d)"), ("htmlcov",)),
    (regex(r"--cov-report[= ]lcov(?!:)|\bcoverage\s+lcov(?!\s+-o)"), ("coverage.lcov",)),
    (regex(r"--cov-report[= ]json(?!:)"), ("coverage.json",)),
    (regex(r"\bplaywright\s+test\b"), ("playwright-report", "test-results")),
    (regex(r"\bcypress\s+run\b"), ("cypress/screenshots", "cypress/videos")),
)
_ELSEWHERE = regex(r"\bcd\s|pushd|\bdocker\b|\bpodman\b|\$\(|--rootdir|--cwd|\bmake\b")


def report_paths(script: str) -> tuple[str, ...]:
    """Return the reports that a script leaves, relative to where it runs; empty when that cannot be told."""
    if _ELSEWHERE.search(script):
        return ()
    named = [match["path"] for pattern in _NAMED for match in pattern.finditer(script)]
    defaults = [path for pattern, paths in _DEFAULTS if pattern.search(script) for path in paths]
    return tuple(dict.fromkeys((*named, *defaults)))


def kept_paths(workflow: Workflow, job: Job, step: Step) -> tuple[str, ...]:
    """Return the reports of a step relative to the checkout, when an upload can be added behind it; else nothing."""
    node = find(job.node, "steps", job.steps.index(step)) if step in job.steps else None
    folder = step.working_directory or _shared_folder(job.node) or _shared_folder(workflow.document.root)
    if not isinstance(node, Mapping) or not is_written_here(node) or "$" in folder:
        return ()
    return tuple(posixpath.normpath(posixpath.join(folder, path)) for path in report_paths(step.run))


def _shared_folder(node: Node | None) -> str:
    return text_of(find(node, "defaults", "run", "working-directory"))
