"""Where code ends as it starts because no `.env` lies in its folder: godotenv and dotenvy report that, most others go on."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places, is_comment

_GO = regex(
    r"godotenv\.(?:Load|Overload)\(\s*(?:\"(?:\./)?\.env\")?\s*\)[^}]{0,200}?"
    r"(?:(?:Fatal|Panic)\w{0,4}\(|\bpanic\(|\bos\.Exit\(|\breturn\b[^\n]{0,120}\berr\b)",
    words=("godotenv.",),
)
"""The error is the end of the program; a block that only logs it is closed before."""
_RUST = regex(r"\bdotenv(?:y?::dotenv)?\(\)\s*(?:\?|\.(?:expect|unwrap)\()", words=("dotenv",))
_BY_LANGUAGE = {".go": _GO, ".rs": _RUST}
_ASKS = regex(r"\bif\b|\bcase\b|\bunless\b")
"""A line before that may leave the file out in production."""


def env_file_load_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `needs-env-file` fact for the first such line of a file."""
    pattern = _BY_LANGUAGE.get(f".{path.rpartition('.')[2]}")
    places = Places(path, text)
    for match in pattern.finditer(text) if pattern else ():
        before = text[: match.start()].split("\n")[-2:-1]
        if not is_comment(text, match.start()) and not any(map(_ASKS.search, before)):
            yield CodeFact("needs-env-file", ".env", places.at(match.start()))
            return
