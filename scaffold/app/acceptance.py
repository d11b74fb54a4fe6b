"""`gaps --baseline` and `--new-only`: accept the gaps of today, and count the new ones alone."""

from __future__ import annotations

from scaffold.app.examination import Place, examine
from scaffold.report.redaction import Redactor
from scaffold.write.baseline import BASELINE_NAME, baseline_text, read_baseline, write_baseline


def accept_gaps(place: Place) -> str:
    """Write the baseline of a project with every gap that is open, and return a sentence about it; raises ConflictError."""
    examination = examine(place)
    gaps = examination.judgement.open
    write_baseline(place.target, Redactor(examination.project).clean(baseline_text(gaps)))
    return f"wrote {BASELINE_NAME} with {len(gaps)} gaps; next: scaffold gaps --new-only"


def accepted(place: Place) -> frozenset[str]:
    """Return the fingerprints of the baseline; raises UsageError when there is none."""
    return read_baseline(place.target)
