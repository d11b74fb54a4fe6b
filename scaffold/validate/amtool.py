"""amtool: Alertmanager configurations."""

from __future__ import annotations

import re

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run, version_of, without_folder
from scaffold.validate.request import ValidationRequest

NAME = "amtool"
_FAILED = regex(r"FAILED:\s*(?P<message>.*?)(?=\namtool:|\Z)", re.DOTALL)
_LINE = regex(r"line (?P<line>\d+)")


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Check every Alertmanager configuration by itself."""
    if not material.alertmanager:
        return not_run(NAME)
    program = find_program(NAME)
    if program is None:
        return not_run(NAME, "amtool is not installed")
    findings = []
    for path in material.alertmanager:
        done = run([program, "check-config", path], cwd=request.folder, timeout=request.seconds)
        if done.code:
            said = without_folder(f"{done.stdout}\n{done.stderr}", request.folder)
            match = _FAILED.search(said)
            message = " ".join((match["message"] if match else said).split())[:500]
            line = _LINE.search(message)
            findings.append(Finding(NAME, "check-config", path, int(line["line"]) if line else 0, Severity.HIGH, message))
    return judged(NAME, version_of(program, cwd=request.folder), len(material.alertmanager), findings)
