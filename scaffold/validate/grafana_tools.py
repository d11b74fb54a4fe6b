"""Alloy and Loki: their own programs judge their configurations."""

from __future__ import annotations

import re

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.process import Completed, find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run, tail, version_of
from scaffold.validate.request import ValidationRequest

ALLOY = "alloy"
LOKI = "loki"
_ALLOY_PLACE = re.compile(r":(?P<line>\d+):\d+: (?P<message>.+)")
_LOKI_PLACE = re.compile(r"line (?P<line>\d+): ?(?P<message>.*)")


def judge_alloy(request: ValidationRequest, material: Material) -> ToolRun:
    """Run `alloy validate` on every Alloy file."""
    return _judge(ALLOY, material.alloy, ("validate", "{}"), _ALLOY_PLACE, request)


def judge_loki(request: ValidationRequest, material: Material) -> ToolRun:
    """Run `loki -verify-config` on every Loki configuration."""
    return _judge(LOKI, material.loki, ("-verify-config", "-config.file={}"), _LOKI_PLACE, request)


def _judge(
    tool: str, paths: tuple[str, ...], arguments: tuple[str, ...], place: re.Pattern[str], request: ValidationRequest
) -> ToolRun:
    if not paths:
        return not_run(tool)
    program = find_program(tool)
    if program is None:
        return not_run(tool, f"{tool} is not installed")
    findings = []
    for path in paths:
        done = run([program, *(word.format(path) for word in arguments)], cwd=request.folder, timeout=request.seconds)
        if done.code:
            findings.append(_finding(tool, path, done, place, request))
    return judged(tool, version_of(program, cwd=request.folder), len(paths), findings)


def _finding(tool: str, path: str, done: Completed, place: re.Pattern[str], request: ValidationRequest) -> Finding:
    match = place.search(done.stderr) or place.search(done.stdout)
    if match:
        return Finding(tool, "refused", path, int(match["line"]), Severity.HIGH, match["message"].strip()[:400])
    return Finding(tool, "refused", path, 0, Severity.HIGH, tail(done.stderr or done.stdout, request.folder))
