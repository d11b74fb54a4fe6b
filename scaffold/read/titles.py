"""What the first lines of a compose file call it: "Development tools", "Production stack", "for local testing"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.names import EnvironmentClass
from scaffold.model.regex import regex

_LINES = 2
"""Lines of text that can be the title of a file; what follows tells how to use it."""
_LONGEST = 400
"""Characters of such a line that are looked at."""
_BEFORE = regex(r"(?:version|name)\s*:\s*[\"']?[\w.-]*[\"']?\s*(?:#.*)?")
_ORNAMENT = regex(r"^[^\w(]+|[^\w).!]+$")
_THING = (
    r"(?:docker|podman|compose|env(?:ironment)?s?|stack|set-?up|tools?|tooling|services?|overrides?|overlay|config(?:uration)?|settings"
    r"|infra(?:structure)?|dependencies|deps|databases?|containers?|mode|use|usage|deployments?|servers?|hosts?|only|purposes?|file)\b"
)
_KINDS = (
    (EnvironmentClass.PRODUCTION, r"prod(?:uction)?(?:[- ]ready|[- ]grade)?", ("prod",)),
    (EnvironmentClass.DEV, r"(?:local[- ]?)?(?:development|dev)|local", ("dev", "local")),
    (EnvironmentClass.TEST, r"(?:e2e|end[- ]to[- ]end|integration|unit|local|ci)?[- ]?(?:tests?|testing)", ("test",)),
    (EnvironmentClass.EXAMPLE, r"demo|example|sample", ("demo", "example", "sample")),
    (EnvironmentClass.STAGING, r"staging", ("staging",)),
)
_LEAD = r"^(?:(?:the|an?|full|complete|local|this is|this file is|docker|compose|file|for)[\s:,-]+)*"
_WORDS = r"(?:[\w()+/.-]+\s+){0,2}?"
_END = r"(?=\s*(?:[.,;:()!\u2013\u2014/&]|$|and\b|or\b|with\b|only\b|using\b|on\b))"
_AS_TITLE = tuple(
    (
        kind,
        regex(
            rf"{_LEAD}(?:{word})[\s:,-]+{_WORDS}{_THING}"
            rf"|[:\u2013\u2014-]\s*(?:for\s+)?(?:{word})\s+{_WORDS}{_THING}"
            rf"|\b(?:for|in)\s+(?:\w+\s+(?:and\s+)?){{0,2}}?(?:{word})(?!-)(?:\s+{_THING}|{_END})"
            rf"|\b(?:{word})\s+(?:environment|stack|set-?up|docker[ -]compose|compose|overrides?|overlay|configuration)\b"
            rf"|[(\u2013\u2014-]\s*(?:{word})\)?$",
            re.IGNORECASE,
            words=words,
        ),
    )
    for kind, word, words in _KINDS
)
_DENIED = regex(r"\b(?:not|never|non|no|pre)\b|n't\b", re.IGNORECASE)
_ANOTHER = regex(
    r"\b(?:unlike|differ\w*|instead|than|like|similar|mimics?|mirrors?|simulat\w+|resembl\w+|evaluat\w+|see|use|run|copy|both|either"
    r"|usage|based|before|extends?|shared|common)\b",
    re.IGNORECASE,
)
"""A line with one of these compares, points to another file, or is about several."""


def class_of_title(text: str) -> EnvironmentClass | None:
    """Return the class that the comment at the head of a file gives it, None where it names none or several."""
    for line in _title_lines(text):
        matches = {kind: match for kind, pattern in _AS_TITLE if (match := pattern.search(line))}
        if _ANOTHER.search(line) or any(_DENIED.search(line[: match.end()]) for match in matches.values()):
            return None
        if matches:
            return _settled(set(matches))
    return None


def _settled(found: set[EnvironmentClass]) -> EnvironmentClass | None:
    if found == {EnvironmentClass.DEV, EnvironmentClass.TEST}:  # for local development and testing
        return EnvironmentClass.DEV
    return next(iter(found)) if len(found) == 1 else None


def _title_lines(text: str) -> Iterator[str]:
    count = 0
    for row in text.splitlines():
        line = row.strip()
        if not line.startswith("#"):
            if line and line != "---" and not _BEFORE.fullmatch(line):
                return
            if count:
                return
            continue
        title = _ORNAMENT.sub("", line[:_LONGEST])
        if title:
            yield title
            count += 1
        elif count:
            return
        if count == _LINES:
            return
