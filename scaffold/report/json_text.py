"""The one way in which a report becomes JSON text."""

from __future__ import annotations

import json
from typing import Any

from scaffold.report.redaction import Redactor


def json_text(shape: dict[str, Any], redactor: Redactor) -> str:
    """Return indented JSON with a line end, known secret values replaced, lone surrogates escaped."""
    text = json.dumps(redactor.clean_tree(shape), indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", errors="backslashreplace").decode("utf-8")
