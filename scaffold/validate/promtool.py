"""promtool: Prometheus configurations, rule files and the unit tests of rules."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run, version_of, without_folder
from scaffold.validate.request import ValidationRequest

NAME = "promtool"
_LINE = regex(r"(?:^|[\s:])(?:line )?(?P<line>\d+)(?::\d+)?: ")
_NOISE = regex(r"^(Checking|Unit Testing|\s*(FAILED|SUCCESS):?\s*$|SUCCESS)|^\s*$|is valid prometheus config")
_CALLS = (
    ("prometheus", ("check", "config", "--syntax-only")),
    ("rules", ("check", "rules")),
    ("rule_tests", ("test", "rules")),
)


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Check every file by itself, so that each message has its file; referenced files exist only where Prometheus runs."""
    files = [(path, command) for kind, command in _CALLS for path in getattr(material, kind)]
    if not files:
        return not_run(NAME)
    program = find_program(NAME)
    if program is None:
        return not_run(NAME, "promtool is not installed")
    findings: list[Finding] = []
    for path, command in files:
        done = run([program, *command, path], cwd=request.folder, timeout=request.seconds)
        if done.code:
            said = without_folder(done.stdout + "\n" + done.stderr, request.folder)
            findings += _findings(path, "-".join(command[:2]), said)
    return judged(NAME, version_of(program, cwd=request.folder), len(files), findings)


def _findings(path: str, command: str, text: str) -> Iterable[Finding]:
    lines = [line.strip().removeprefix("FAILED:").strip() for line in text.splitlines() if not _NOISE.search(line)]
    messages = [line for line in lines if line] or ["it was refused without a message"]
    numbers = [int(match["line"]) for line in messages if (match := _LINE.search(line))]
    message = " ".join(messages).replace(f"{path}: ", "")[:500]
    yield Finding(NAME, command, path, numbers[0] if numbers else 0, Severity.HIGH, message)
