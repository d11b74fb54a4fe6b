"""Whether code of a project compares with one value that everybody can read, and ends where it meets it."""

from __future__ import annotations

import re

from scaffold.model.project import Project
from scaffold.model.regex import regex

_CODE = (".py", ".js", ".ts", ".mjs", ".go", ".rb", ".php", ".java", ".kt", ".rs", ".ex", ".exs", ".cs")
_REFUSES = regex(
    r"\braise\b|\bthrow\b|process\.exit|sys\.exit|[lL]og\.Fatal|\.Fatal\w*\(|panic[!(]|\babort\b|errors\.New\(|fmt\.Errorf"
)
_NEAR = 300
"""Characters behind a value in which the program ends, where that is a check of it."""
_TELLING = 6
"""Characters of a value that stands nowhere by accident."""


def is_refused(project: Project, value: str, *, defined_in: str = "") -> bool:
    """Whether code outside of `defined_in` names the value as a whole, not as a default, and ends close behind it; behind a
    list of such values the end may stand anywhere in the file.
    """
    if len(value) < _TELLING:
        return False
    # Where the value is a default itself, such as in the compiled twin of a file, nothing compares with it.
    defaults = {(item.location.path, item.location.line) for item in project.settings if item.value == value}
    named = re.compile(rf"(?P<before>[\[{{(,]\s*)?[\"'`]{re.escape(value)}[\"'`](?P<after>\s*[,\]}}])?")
    for source in project.sources:
        text = source.text
        if source.path == defined_in or not source.path.endswith(_CODE) or value not in text or text.startswith("#!"):
            continue
        for match in named.finditer(text):
            if (source.path, text.count("\n", 0, match.start()) + 1) in defaults:
                continue
            is_listed = match["before"] and match["after"]
            if _REFUSES.search(text if is_listed else text[match.start() : match.start() + _NEAR]):
                return True
    return False
