"""checkov over Terraform, workflows and rendered charts that count, in one call, in a folder that holds nothing else."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.process import Completed, find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import crashed, judged, not_run, tail
from scaffold.validate.rendered import Rendered, render_charts
from scaffold.validate.request import ValidationRequest

NAME = "checkov"
_NO_REASON = "No comment provided"
"""What checkov says of a skip comment that ends at the check's id."""
_PATTERNS = ("*.tf", "*.tofu", "*.tfvars", "*.json")
_QUIET = {"LOG_LEVEL": "ERROR", "BC_API_KEY": "", "PRISMA_API_URL": "", "CHECKOV_ENABLE_DATADOG_METRICS": "", "NO_COLOR": "1"}
_ARGUMENTS = ("--skip-download", "--download-external-modules", "False", "--compact", "--output", "json")


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Run checkov on a copy of only what counts, so that no configuration file of the user silences a check."""
    if not material.terraform_folders and not material.workflows and not material.charts:
        return not_run(NAME)
    program = find_program(NAME)
    if program is None:
        return not_run(NAME, "checkov is not installed: pip install 'scaffold-iac[checkov]'")
    helm = find_program("helm") if material.charts else None
    rendered = tuple(item for item in render_charts(request, material.charts, helm) if item.manifests) if helm else ()
    if not material.terraform_folders and not material.workflows and not rendered:
        return not_run(NAME, "no chart could be rendered" if helm else "helm is not installed, which renders the charts for it")
    with tempfile.TemporaryDirectory(prefix="scaffold-") as scratch:
        home, tree = Path(scratch, "home"), Path(scratch, "tree")
        home.mkdir()
        tree.mkdir()
        frameworks = _lay_out(request, material, tree, rendered)
        argv = [program, "--directory", str(tree), "--framework", *frameworks, *_ARGUMENTS]
        done = run(argv, cwd=home, timeout=request.seconds, env={**_QUIET, "HOME": str(home)})
    found = _outcome(done, request, material)
    unread = bool(material.charts) and not rendered
    reason = "; ".join(filter(None, (found.reason, "the charts are not judged: no helm renders them" if unread else "")))
    manifests = {item.path for item in rendered}
    # A line of a rendered manifest is none of the user's files: the values of the environment are named as a whole.
    placed = tuple(replace(item, line=0) if item.path in manifests else item for item in found.findings)
    return replace(found, findings=placed, reason=reason)


def _lay_out(request: ValidationRequest, material: Material, tree: Path, rendered: tuple[Rendered, ...]) -> list[str]:
    """Copy what counts below `tree` and return the frameworks that judge it."""
    for folder in material.terraform_folders:
        for pattern in _PATTERNS:
            for source in sorted((request.folder / folder).glob(pattern)):
                _copy(request.folder, source, tree)
    for path in material.workflows:
        _copy(request.folder, request.folder / path, tree)
    for item in rendered:
        target = tree / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(item.manifests, encoding="utf-8")
    return [
        *(["terraform"] if material.terraform_folders else []),
        *(["github_actions"] if material.workflows else []),
        *(["kubernetes"] if rendered else []),
    ]


def _copy(folder: Path, source: Path, tree: Path) -> None:
    if source.is_file() and not source.is_symlink():
        target = tree / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _outcome(done: Completed, request: ValidationRequest, material: Material) -> ToolRun:
    try:
        reports = _reports(done.stdout)
        version = next((str(report["summary"]["checkov_version"]) for report in reports), "")
        findings = [finding for report in reports for finding in _findings(report)]
        resources = {str(report.get("check_type", "")): _looked_at(report, material) for report in reports}
        accepted = sum(int(report["summary"].get("skipped", 0)) for report in reports)
    except (ValueError, KeyError, TypeError, AttributeError):
        return crashed(NAME, f"exit code {done.code}, and no answer that could be read: {tail(done.stderr, request.folder)}")
    if material.terraform_folders and not resources.get("terraform") and not findings:
        folders = ", ".join(material.terraform_folders)
        return not_run(NAME, f"it found no Terraform resource in {folders}", version)
    note = f"{accepted} {'check is' if accepted == 1 else 'checks are'} accepted in the files" if accepted else ""
    return judged(NAME, version, sum(resources.values()), findings, note)


def _reports(text: str) -> list[dict[str, Any]]:
    """Return the reports of all frameworks; one framework answers an object, several a list, none a bare summary."""
    answer = json.loads(text)
    reports = answer if isinstance(answer, list) else [answer]
    return [report if "summary" in report else {"check_type": "", "results": {}, "summary": report} for report in reports]


def _looked_at(report: Mapping[str, Any], material: Material) -> int:
    """Return what a framework judged; checkov counts no resources for workflows, so those are counted as files."""
    summary = report["summary"]
    if report.get("check_type") == "github_actions":
        return len(material.workflows) if summary["passed"] or summary["failed"] else 0
    return int(summary["resource_count"])


def _findings(report: Mapping[str, Any]) -> Iterable[Finding]:
    results = report.get("results", {})
    for check in results.get("failed_checks", ()):
        line = int((check.get("file_line_range") or [0])[0])
        message = f"{check['check_name']} ({check['resource']})"
        yield Finding(NAME, str(check["check_id"]), _path(check["file_path"]), line, Severity.MEDIUM, message)
    for check in results.get("skipped_checks", ()):
        if check["check_result"].get("suppress_comment", _NO_REASON) == _NO_REASON:
            line = int((check.get("file_line_range") or [0])[0])
            message = f"accepted without a reason: {check['check_name']} ({check['resource']})"
            yield Finding(NAME, str(check["check_id"]), _path(check["file_path"]), line, Severity.LOW, message)
    for path in results.get("parsing_errors", ()):
        yield Finding(NAME, "parsing-error", _path(path), 0, Severity.HIGH, "checkov could not parse the file")


def _path(text: str) -> str:
    parts = str(text).partition("/tree/")
    return (parts[2] or parts[0]).lstrip("/")
