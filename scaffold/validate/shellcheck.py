"""shellcheck: shell scripts."""

from __future__ import annotations

import json
from collections.abc import Iterable

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.process import find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import not_run, parsed, relative, version_of, words
from scaffold.validate.request import ValidationRequest

NAME = "shellcheck"
_SEVERITIES = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "info": Severity.LOW, "style": Severity.INFO}


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Judge every script in one call, without the user's configuration file."""
    if not material.scripts:
        return not_run(NAME)
    program = find_program(NAME)
    if program is None:
        return not_run(NAME, "shellcheck is not installed")
    version = version_of(program, cwd=request.folder)
    argv = [program, "--norc", "--format=json1", *words(material.scripts)]
    done = run(argv, cwd=request.folder, timeout=request.seconds)

    def parse(text: str) -> tuple[int, Iterable[Finding]]:
        return len(material.scripts), [
            Finding(
                NAME,
                f"SC{item['code']}",
                relative(request.folder, item["file"]),
                int(item["line"]),
                _SEVERITIES.get(item["level"], Severity.MEDIUM),
                item["message"],
            )
            for item in json.loads(text)["comments"]
        ]

    return parsed(NAME, version, done, request.folder, parse)
