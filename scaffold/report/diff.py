"""Unified diffs of what `generate` changes, as text and as coloured lines."""

from __future__ import annotations

import difflib

from scaffold.report.page import Line, clean_line, line
from scaffold.report.redaction import Redactor

_CONTEXT = 3


def unified_diff(path: str, before: str | None, after: str | None, redactor: Redactor) -> str:
    """Return the diff of one file, redacted; None stands for a file that is not there, "" is returned for no change.

    Values are replaced before the texts are compared, so that a diff never shows that two hidden values differ. In a new file,
    which holds no value of the user's by its making, only values that are known are looked for.
    """
    clean = redactor.clean if before is None else redactor.clean_diff
    old = _lines(clean(before or ""))
    new = _lines(clean(after or ""))
    changed = list(
        difflib.unified_diff(
            old,
            new,
            "/dev/null" if before is None else f"a/{path}",
            "/dev/null" if after is None else f"b/{path}",
            lineterm="",
            n=_CONTEXT,
        )
    )
    return "".join(f"{text}\n" for text in changed)


def _lines(text: str) -> list[str]:
    return [part.removesuffix("\r") for part in text.removesuffix("\n").split("\n")] if text else []


def diff_lines(diff: str) -> list[Line]:
    """Return the lines of a diff with the styles of a terminal."""
    return [line((clean_line(text), _style(text))) for text in diff.splitlines()]


def _style(text: str) -> str:
    if text.startswith(("+++", "---")):
        return "title"
    return {"+": "added", "-": "removed", "@": "place"}.get(text[:1], "")
