"""`terraform fmt -check`: the layout that every Terraform user's editor would give the files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import run
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run, relative
from scaffold.validate.request import ValidationRequest
from scaffold.validate.terraform_program import MISSING, find_terraform, quiet_environment, terraform_version

NAME = "terraform-fmt"
_FILE = regex(r"^--- (?:old/)?(?P<path>.+)$")
_HUNK = regex(r"^@@ -(?P<line>\d+)")
_ERROR = regex(r"on (?P<path>\S+) line (?P<line>\d+)")
_NOT_FORMATTED = 3


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Run fmt over every folder with HCL, subfolders too."""
    if not material.terraform_folders:
        return not_run(NAME)
    program = find_terraform()
    if program is None:
        return not_run(NAME, MISSING)
    findings: list[Finding] = []
    looked_at = 0
    for folder in material.terraform_folders:
        place = request.folder / folder
        looked_at += sum(1 for pattern in ("*.tf", "*.tfvars") for _ in place.rglob(pattern))
        argv = [program, "fmt", "-check", "-diff", "-no-color", "-recursive", "."]
        done = run(argv, cwd=place, timeout=request.seconds, env=quiet_environment(request))
        findings += _differences(done.stdout, request.folder, place)
        if done.code not in {0, _NOT_FORMATTED} or not (done.code == 0 or findings):
            findings += _errors(done.stderr, request.folder, place)
    return judged(NAME, terraform_version(program, request), looked_at, findings)


def _differences(diff: str, folder: Path, place: Path) -> Iterable[Finding]:
    """Yield one finding a file: the line of its first change."""
    path = ""
    number = 0
    for line in diff.splitlines():
        if match := _FILE.match(line):
            path = relative(folder, str(place / match["path"]))
        elif match := _HUNK.match(line):
            number = int(match["line"])
        elif path and line.startswith(("-", "+")) and not line.startswith("+++"):
            yield Finding(NAME, "not-formatted", path, number, Severity.LOW, "`terraform fmt` would change the file from here")
            path = ""
        elif line.startswith(" "):
            number += 1


def _errors(text: str, folder: Path, place: Path) -> Iterable[Finding]:
    summary = next(
        (line.split("Error:", 1)[1].strip() for line in text.splitlines() if "Error:" in line), "the files cannot be read"
    )
    places = [(relative(folder, str(place / match["path"])), int(match["line"])) for match in _ERROR.finditer(text)]
    for path, line in places or [("", 0)]:
        yield Finding(NAME, "syntax", path, line, Severity.HIGH, summary)
