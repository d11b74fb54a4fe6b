"""How an adapter says what became of its tool, so that nothing passes that was not looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scaffold.errors import ToolError
from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import Completed, run

CRASH = "crash"
"""The id of the finding about a tool that broke down."""
NOTHING = "nothing of its kind was written"
_VERSION = regex(r"\d+\.\d+(?:\.\d+)?[\w.\-+]*")
_VERSION_SECONDS = 30.0
_TAIL_LINES = 3


def not_run(tool: str, reason: str = NOTHING, version: str = "") -> ToolRun:
    """Return a run that did not take place, with the reason."""
    return ToolRun(tool, version, "not-run", 0, reason)


def judged(tool: str, version: str, looked_at: int, findings: Iterable[Finding], note: str = "") -> ToolRun:
    """Return passed or failed; info alone does not fail, and nothing looked at is `not-run`."""
    found = tuple(sorted(findings, key=lambda item: (item.path, item.line, item.id, item.message)))
    if not looked_at and not found:
        return not_run(tool, note or NOTHING, version)
    failed = any(item.severity >= Severity.LOW for item in found)
    return ToolRun(tool, version, "failed" if failed else "passed", looked_at, note, found)


def crashed(tool: str, message: str, *, version: str = "", path: str = "", looked_at: int = 0) -> ToolRun:
    """Return a failed run for a tool that broke down instead of answering."""
    finding = Finding(tool, CRASH, path, 0, Severity.HIGH, message)
    return ToolRun(tool, version, "failed", looked_at, "the tool broke down", (finding,))


def parsed(
    tool: str, version: str, done: Completed, folder: Path, parse: Callable[[str], tuple[int, Iterable[Finding]]]
) -> ToolRun:
    """Return what `parse` makes of the output; an answer that it cannot read is a crash of the tool."""
    try:
        looked_at, findings = parse(done.stdout)
        return judged(tool, version, looked_at, tuple(findings))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        said = tail(done.stderr or done.stdout, folder)
        return crashed(tool, f"exit code {done.code}, and no answer that could be read: {said}", version=version)


def version_of(program: str, *arguments: str, cwd: Path) -> str:
    """Return the version that a program tells, "" when it tells none."""
    try:
        done = run([program, *(arguments or ("--version",))], cwd=cwd, timeout=_VERSION_SECONDS)
    except ToolError:
        return ""
    match = _VERSION.search(done.stdout + done.stderr)
    return match[0] if match else ""


def relative(folder: Path, path: str) -> str:
    """Return a tool's path relative to the copy; a path outside keeps its text."""
    if not path:
        return ""
    if not os.path.isabs(path):  # noqa: PTH117 - text of a tool, not a path of ours
        return os.path.normpath(path).replace(os.sep, "/")
    for base in (folder, folder.resolve()):
        if Path(path).is_relative_to(base):
            return Path(path).relative_to(base).as_posix()
    return path


def tail(text: str, folder: Path) -> str:
    """Return the last lines of a tool's messages on one line, without the place of the copy."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return without_folder(" / ".join(lines[-_TAIL_LINES:])[:500], folder) or "it said nothing"


def without_folder(text: str, folder: Path) -> str:
    """Return a message with the copy's own folder cut from its paths."""
    for base in sorted({str(folder), str(folder.resolve())}, key=len, reverse=True):
        text = text.replace(base + os.sep, "").replace(base, ".")
    return text


def words(paths: Sequence[str]) -> list[str]:
    """Return paths as arguments that no program takes for an option."""
    return [f"./{path}" for path in paths]
