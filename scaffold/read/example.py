"""Whether a repository calls itself an example: by the title of its README, by its first sentences, by what it says it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import DevelopmentNote, DocFile
from scaffold.model.regex import regex
from scaffold.read.prose import sentences_of

_THING = r"(?:apps?|applications?|projects?|repo(?:sitory)?|site|website|code(?:base)?|program|services?|microservices?)\b"
_NAMED = (
    rf"(?:example(?:\s+(?!of\b|for\b|to\b|in\b|and\b)[\w.+#&/-]+){{0,4}}?\s+{_THING}"
    rf"|(?:demo|demonstration|showcase|playground|tutorial)\s+{_THING}"
    r"|sample\s+(?:apps?|applications?|projects?|code)\b)"
)
"""What calls the whole an example; a `sample repository` or a `demo day` may be the business of a product."""
_TITLE = regex(
    rf"\b{_NAMED}|(?<=\w[ -])(?<!\bthe )(?<!\blive )(?<!\bonline )(?<!\bquick )(?<!\ban )(?<!\ba )(?:example|demo)\s*$",
    re.IGNORECASE,
)
"""A heading of the word alone, or of `The demo` and `Live demo`, is the first section of a page whose title is a picture."""
_FILL = r"(?:(?!(?:with|and|or|of|for|that|an?|the|to|in|from|which|including|based|running)\b)[\w.+#&/-]+\s+)"
_SAYS = regex(rf"\bis\s+(?:more or less |basically |just |simply |only )?an?\s+{_FILL}{{0,3}}?{_NAMED}", re.IGNORECASE)
_SAYS_OF_ITSELF = regex(
    r"\bthis\s+(?:project|repo(?:sitory)?|app(?:lication)?|codebase)\s+is\s+"
    rf"(?:more or less |basically |just |simply |only |meant as |intended as )?an?\s+{_FILL}{{0,3}}?"
    rf"(?:{_NAMED}|(?:example|demo|demonstration|showcase|playground)(?=\s+(?:of|for|to|that|which|showing|on)\b|[,.;:!]|\s*$))",
    re.IGNORECASE,
)
_ELSEWHERE = regex(r"\b(?:not|never|no longer|isn't|here|there|below|above|following|contains?|includes?)\b", re.IGNORECASE)
"""A sentence with one of these denies it, or speaks of something beside the repository."""
_FIRST = 6
"""Sentences after the title that say what a repository is; what follows is about its parts."""
_IN_PRODUCTION = regex(
    r"\bdeploy\w*\b.*\bprod(?:uction)?\b|\bprod(?:uction)?\b.*\bdeploy|\bgo(?:ing)? live\b"
    r"|\b(?:run(?:ning)?|host(?:ing)?|install\w*|operat\w+|go(?:ing)?)\b.*\b(?:in|to|for) production\b",
    re.IGNORECASE,
)
_COMMANDS = regex(r"\s*(?:```|~~~|\.\. code|\$ | {4,}\S)")
_GUIDE = regex(r"(?:^|/)[\w-]*deploy(?:ment|ing)?[\w-]*\.(?:md|mdx|rst|adoc)$", re.IGNORECASE)


def example_note(pages: Iterable[DocFile], productive: Iterable[str]) -> Iterator[DevelopmentNote]:
    """Yield what says that the whole repository is an example, unless a page tells how to run it in production; `productive`
    are the files of production, which are meant for more whatever the README says.
    """
    listed = tuple(page for page in pages if "changelog" not in page.path.lower())
    found = next((place for page in listed if page.path.lower().startswith("readme.") and (place := _place(page))), None)
    if found is not None and not any(_tells_how_to_deploy(page) for page in listed):
        yield DevelopmentNote(
            found,
            tuple(sorted(productive)),
            why="calls this an example",
            environment=EnvironmentClass.EXAMPLE,
            is_whole=True,
        )


def _tells_how_to_deploy(page: DocFile) -> bool:
    """Whether a page, or a section of it, is about production and shows commands; a section that only points elsewhere tells
    nothing.
    """
    lines = page.text.splitlines()
    if _GUIDE.search(page.path) and _shows_commands(lines):
        return True
    for index, heading in enumerate(page.headings):
        if _IN_PRODUCTION.search(heading.text):
            later = (other.location.line for other in page.headings[index + 1 :] if other.level <= heading.level)
            if _shows_commands(lines[heading.location.line : next(later, len(lines) + 1) - 1]):
                return True
    return False


def _shows_commands(lines: list[str]) -> bool:
    return any(_COMMANDS.match(line) for line in lines)


def _place(page: DocFile) -> Location | None:
    """Return where a README calls the repository an example, or None."""
    title = page.headings[0] if page.headings else None
    if title is not None and _TITLE.search(title.text):
        return title.location
    after = title.location.line if title is not None else 0
    count = 0
    for line, sentence in sentences_of(page.text):
        count += line > after
        pattern = _SAYS if line > after and count <= _FIRST else _SAYS_OF_ITSELF
        if (pattern.search(sentence) or _SAYS_OF_ITSELF.search(sentence)) and not _ELSEWHERE.search(sentence):
            return Location(page.path, line)
    return None
