"""scaffold.baseline.json: the gaps that a team has accepted for now, by fingerprint, so that only new ones count."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from scaffold.errors import UsageError
from scaffold.model.gap import Gap
from scaffold.model.regex import regex
from scaffold.write.apply import FileWrite, apply_writes

BASELINE_NAME = "scaffold.baseline.json"
_VERSION = 1
_FINGERPRINT = regex(r"[0-9a-f]{16}")


def baseline_text(gaps: Iterable[Gap]) -> str:
    """Return the text of the file: rule, resource and subject beside each fingerprint, so that a change of it can be read."""
    rows = sorted({(gap.code, gap.resource, gap.subject, gap.fingerprint) for gap in gaps})
    listed = [{"rule": code, "resource": where, "subject": what, "fingerprint": mark} for code, where, what, mark in rows]
    return json.dumps({"version": _VERSION, "gaps": listed}, indent=2, ensure_ascii=False) + "\n"


def write_baseline(folder: Path, text: str) -> None:
    """Write the file below `folder`; raises ConflictError when the disk refuses."""
    apply_writes(folder, (FileWrite(BASELINE_NAME, text.encode()),))


def read_baseline(folder: Path) -> frozenset[str]:
    """Return the fingerprints that the file lists; raises UsageError when it is missing or damaged."""
    try:
        document = json.loads((folder / BASELINE_NAME).read_text(encoding="utf-8"))
        marks = [item["fingerprint"] for item in document["gaps"]]
        if document["version"] != _VERSION or not all(_FINGERPRINT.fullmatch(mark) for mark in marks):
            raise ValueError("version or fingerprint")
    except FileNotFoundError:
        hint = "`scaffold gaps --baseline` writes it"
        raise UsageError(f"there is no {BASELINE_NAME}", where="--new-only", hint=hint) from None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError(f"cannot be read ({type(error).__name__})", where=BASELINE_NAME, hint="write it again") from error
    return frozenset(marks)
