"""What the comment at the head of a file says of who starts what is in it."""

from __future__ import annotations

import itertools
import re

from scaffold.model.regex import regex

_FOR_TESTS = regex(
    r"\b(?:only |used |meant |intended )?for (?:our )?internal (?:\w+ )?test(?:s|ing)?\b"
    r"|\b(?:not|never) (?:to be used|be used|used|meant|intended|suitable|safe|for use)?\s?"
    r"(?:for|in) (?:\w+ )?(?:production|deployments?)\b"
    r"|\bdo not use (?:this |it )?(?:file )?(?:for|in) (?:\w+ )?(?:production|deployments?)\b",
    re.IGNORECASE,
    words=("deployment", "do not use ", "internal ", "production"),
)


def says_it_is_for_tests(text: str) -> bool:
    """Whether the comment at the head of a file says that it serves tests, or that nobody should run it in production."""
    lines = itertools.takewhile(lambda line: not line.strip() or line.lstrip().startswith(("#", "---")), text.splitlines())
    return bool(_FOR_TESTS.search(" ".join(line.strip("#- \t") for line in lines)))
