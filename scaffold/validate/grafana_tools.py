"""Alloy and Loki: their own programs judge their configurations."""

from __future__ import annotations

import re

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import Completed, find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run, tail, version_of
from scaffold.validate.request import ValidationRequest

ALLOY = "alloy"
LOKI = "loki"
_ALLOY_SYNTAX = "alloy-fmt"
_SYNTAX_ONLY = "syntax and layout only: alloy itself is not installed"
_ALLOY_PLACE = regex(r":(?P<line>\d+):\d+: (?P<message>.+)")
_LOKI_PLACE = regex(r"line (?P<line>\d+): ?(?P<message>.*)")
_Command = tuple[str, ...]


def judge_alloy(request: ValidationRequest, material: Material) -> ToolRun:
    """Run `alloy validate` on every Alloy file; without Alloy, its parser alone where that is installed."""
    if material.alloy and find_program(ALLOY) is None and (parser := find_program(_ALLOY_SYNTAX)):
        return _judge(_ALLOY_SYNTAX, material.alloy, (parser, "--test", "{}"), _ALLOY_PLACE, request, _SYNTAX_ONLY)
    return _judge(ALLOY, material.alloy, (find_program(ALLOY) or "", "validate", "{}"), _ALLOY_PLACE, request)


def judge_loki(request: ValidationRequest, material: Material) -> ToolRun:
    """Run `loki -verify-config` on every Loki configuration."""
    command = (find_program(LOKI) or "", "-verify-config", "-config.file={}")
    return _judge(LOKI, material.loki, command, _LOKI_PLACE, request)


def _judge(  # noqa: PLR0913, PLR0917 - what differs between the two tools
    tool: str, paths: tuple[str, ...], command: _Command, place: re.Pattern[str], request: ValidationRequest, note: str = ""
) -> ToolRun:
    program, *arguments = command
    if not paths:
        return not_run(tool)
    if not program:
        return not_run(tool, f"{tool} is not installed")
    findings = []
    for path in paths:
        done = run([program, *(word.format(path) for word in arguments)], cwd=request.folder, timeout=request.seconds)
        if done.code:
            findings.append(_finding(tool, path, done, place, request))
    return judged(tool, version_of(program, cwd=request.folder), len(paths), findings, note)


def _finding(tool: str, path: str, done: Completed, place: re.Pattern[str], request: ValidationRequest) -> Finding:
    match = place.search(done.stderr) or place.search(done.stdout)
    if match:
        return Finding(tool, "refused", path, int(match["line"]), Severity.HIGH, match["message"].strip()[:400])
    return Finding(tool, "refused", path, 0, Severity.HIGH, tail(done.stderr or done.stdout, request.folder))
