"""zizmor: the security of workflows, without its network audits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.process import find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import not_run, parsed, relative, version_of, words
from scaffold.validate.request import ValidationRequest

NAME = "zizmor"
_SEVERITIES = {"High": Severity.HIGH, "Medium": Severity.MEDIUM, "Low": Severity.LOW, "Informational": Severity.INFO}
_ARGUMENTS = ("--offline", "--no-progress", "--no-exit-codes", "--quiet", "--format", "json")


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Judge every workflow in one call."""
    if not material.workflows:
        return not_run(NAME)
    program = find_program(NAME)
    if program is None:
        return not_run(NAME, "zizmor is not installed")
    version = version_of(program, cwd=request.folder)
    argv = [program, *_ARGUMENTS, *words(material.workflows)]
    done = run(argv, cwd=request.folder, timeout=request.seconds, env={"NO_COLOR": "1", "RUST_BACKTRACE": "0"})

    def parse(text: str) -> tuple[int, Iterable[Finding]]:
        return len(material.workflows), _findings(text, request.folder)

    return parsed(NAME, version, done, request.folder, parse)


def _findings(text: str, folder: Path) -> list[Finding]:
    return [_finding(item, folder) for item in json.loads(text) if not item["ignored"]]


def _finding(item: dict[str, Any], folder: Path) -> Finding:
    places = item["locations"]
    place = next((one for one in places if one["symbolic"].get("kind") == "Primary"), places[0])
    key = place["symbolic"]["key"]["Local"]
    path = relative(folder, str(key.get("verbatim_path") or key.get("given_path")))
    line = int(place["concrete"]["location"]["start_point"]["row"]) + 1
    severity = _SEVERITIES.get(item["determinations"]["severity"], Severity.MEDIUM)
    return Finding(NAME, item["ident"], path, line, severity, f"{item['desc']}: {place['symbolic']['annotation']}")
