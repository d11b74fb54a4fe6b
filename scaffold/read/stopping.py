"""Where code listens to the signal by which containers are stopped."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_LISTENS = regex(
    r"process\.(?:on|once|addListener)\(\s*[\"'`]SIGTERM|\[[^\]\n]{0,200}[\"'`]SIGTERM[\"'`][^\]\n]{0,200}\]|\benableShutdownHooks\("
    r"|signal\.signal\(\s*(?:signal\.)?SIGTERM|add_signal_handler\(\s*(?:signal\.)?SIGTERM|\bsignal\.Notify(?:Context)?\([^\n]{0,200}SIGTERM",
    words=("SIGTERM", "enableShutdownHooks"),
)


def stop_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `hears-stop` fact at the first place where a file listens to SIGTERM."""
    match = _LISTENS.search(text)
    if match:
        yield CodeFact("hears-stop", "", Places(path, text).at(match.start()))
