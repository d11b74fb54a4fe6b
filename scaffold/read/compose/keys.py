"""Keys that Compose refuses in any mapping: written twice, not text, or a merge key without mappings."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.document import Mapping, Node, Problem, Scalar, Sequence
from scaffold.model.regex import regex
from scaffold.read.yaml import is_merge_key, is_mergeable, resolve

_WORD = regex(r"[A-Za-z][\w.-]*")
_CONSTANTS = frozenset({"true", "false", "null"})


def key_problems(root: Node) -> tuple[Problem, ...]:
    """Return the problems of every mapping below `root`, each shared one once."""
    found: list[Problem] = []
    seen: set[int] = set()
    words: set[str] = set()
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Scalar) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Sequence):
            pending.extend([item for item in node.items if item.__class__ is not Scalar])
        else:
            if not _all_plain_words(node, words):
                found.extend(_of_mapping(node))
            pending.extend([entry.value for entry in node.entries if entry.value.__class__ is not Scalar])
    return tuple(found)


def _all_plain_words(node: Mapping, words: set[str]) -> bool:
    """Whether nothing can be wrong: every key is a different word that is no number, no switch and no merge key.

    `words` holds the names known to be such words, most of which come in every service.
    """
    names = {entry.key.value for entry in node.entries}
    if len(names) != len(node.entries):
        return False
    new = names - words
    if not all(_WORD.fullmatch(name) and name.lower() not in _CONSTANTS for name in new):
        return False
    words |= new
    return True


def _of_mapping(node: Mapping) -> Iterator[Problem]:
    lines: dict[str, int] = {}
    for entry in node.entries:
        name = entry.key.value
        if name in lines:
            message = (
                f"the key {name!r} stands twice, first on line {lines[name]}: Compose refuses that, here the last one counts"
            )
            yield Problem(entry.key.location, message)
        lines.setdefault(name, entry.key.location.line)
        if is_merge_key(entry.key):
            if not is_mergeable(entry.value):
                yield Problem(entry.key.location, "a merge key needs a mapping or a list of mappings")
        elif entry.key.plain and not isinstance(resolve(entry.key), str):
            yield Problem(entry.key.location, f"the key {name!r} is not text: put it in quotes")
