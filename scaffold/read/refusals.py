"""Which values code of production refuses: it compares a variable with a known default, and ends the program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.refused import refusal
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_COMPARED = regex(r"(?<![!=])={2,3}\s*(?P<mark>[\"'`])(?P<value>(?:(?!(?P=mark))[^\\\n]){4,200})(?P=mark)")
_LEFT = regex(r"[\w.\[\]'\"()]{3,}\Z")
_LONGEST_LEFT = 80
"""Characters of what is compared, at most."""
_LONGEST_BEFORE = 200
"""Characters before a comparison in which it stands, with the blanks behind it."""
_ENDS = regex(
    r"process\.exit\(|\bthrow\b|\braise\b|\bsys\.exit\(|\bos\.Exit\(|\blog\.Fatal|\bpanic!?\(|\babort\(",
    re.IGNORECASE,
    words=("abort(", "log.fatal", "os.exit(", "panic", "process.exit(", "raise", "sys.exit(", "throw"),
)
_AFTER = 2500
"""Characters behind a comparison within which the program has to end: checks are gathered first, and end it together."""


def refusal_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield each value that is refused as its hash, with what is compared, its letters and digits alone."""
    places = Places(path, text)
    for match in _COMPARED.finditer(text):
        before = text[max(match.start() - _LONGEST_BEFORE, 0) : match.start()].rstrip()[-_LONGEST_LEFT:]
        left = _LEFT.search(before)
        if left and _ENDS.search(text, match.end(), match.end() + _AFTER):
            start = text.rindex(left[0], 0, match.start())
            yield CodeFact("refuses", refusal(left[0], match["value"]), places.at(start))
