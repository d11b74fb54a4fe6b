"""Whether code of a project compares with one value that everybody can read, and ends where it meets it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.remembered import remembered
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex

_CODE = (".py", ".js", ".ts", ".mjs", ".go", ".rb", ".php", ".java", ".kt", ".rs", ".ex", ".exs", ".cs")
_REFUSES = regex(
    r"\braise\b|\bthrow\b|process\.exit|sys\.exit|[lL]og\.Fatal|\.Fatal\w*\(|panic[!(]|\babort\b|errors\.New\(|fmt\.Errorf"
)
_NEAR = 300
"""Characters behind a value in which the program ends, where that is a check of it."""
_TELLING, _LONGEST = 6, 300
"""Characters of a value that stands nowhere by accident, and of one that the table of quoted texts holds."""
_SIGNS = "\"'`"


def is_refused(project: Project, value: str, *, defined_in: str = "") -> bool:
    """Whether code outside of `defined_in` names the value as a whole, not as a default, and ends close behind it; behind a
    list of such values the end may stand anywhere in the file.
    """
    if len(value) < _TELLING:
        return False
    # Where the value is a default itself, such as in the compiled twin of a file, nothing compares with it.
    defaults = {(item.location.path, item.location.line) for item in project.settings if item.value == value}
    named = re.compile(rf"(?P<before>[\[{{(,]\s*)?[\"'`]{re.escape(value)}[\"'`](?P<after>\s*[,\]}}])?")
    for source in _naming(project, value):
        text = source.text
        if source.path == defined_in:
            continue
        for match in named.finditer(text):
            if (source.path, text.count("\n", 0, match.start()) + 1) in defaults:
                continue
            is_listed = match["before"] and match["after"]
            if _REFUSES.search(text if is_listed else text[match.start() : match.start() + _NEAR]):
                return True
    return False


def _naming(project: Project, value: str) -> Iterator[SourceFile]:
    """Yield the code that may name a value in quotes; templates ship thousands of values, so that the code is split once."""
    if len(value) <= _LONGEST and not set(value) & set(_SIGNS):
        yield from _quoted(project).get(value, ())
        return
    yield from (source for source in _code(project) if value in source.text)


@remembered
def _quoted(project: Project) -> dict[str, list[SourceFile]]:
    """Return the code by what stands between two quotes in it."""
    found: dict[str, list[SourceFile]] = {}
    for source in _code(project):
        text = source.text
        for sign in _SIGNS[1:]:
            text = text.replace(sign, _SIGNS[0])
        for part in set(text.split(_SIGNS[0])[1:-1]):
            if _TELLING <= len(part) <= _LONGEST:
                found.setdefault(part, []).append(source)
    return found


def _code(project: Project) -> Iterator[SourceFile]:
    return (item for item in project.sources if item.path.endswith(_CODE) and not item.text.startswith("#!"))
