"""What of Rust code only its tests compile: items behind `#[cfg(test)]`, and files whose module is declared so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from scaffold.model.known import known
from scaffold.model.regex import regex
from scaffold.read.lines import blank

_MARK = regex(
    r"#\[(?:cfg\((?:test|all\(test,[^\n\]]{0,200}\))\)|(?:\w{1,40}::)?test(?:\([^\n\])]{0,200}\))?)\]",
    words=("test",),
)
"""What stands before an item of tests; of `any` code for production may be compiled as well."""
_WHOLE = regex(r"#!\[cfg\(test\)\]")
_SIGN = regex(r"//|/\*|\br#{0,8}\"|[\"'{}\[\]();]")
_LETTER = regex(r"'(?:[^'\\\n]|\\[^\n']{1,10}|\\')'")
_TEXT_END = regex(r"(?<!\\)(?:\\\\)*\"")
_MODULE = regex(
    r"(?P<mark>#\[cfg\(test\)\]\s*)?(?:#\[path = \"(?P<path>[^\"\n]{1,200})\"\]\s*)?(?:#\[(?!cfg|path)[^\n\]]{1,200}\]\s*)?"
    r"\b(?:pub(?:\([^\n)]{1,40}\))? )?mod (?P<name>\w{1,100});",
    words=("mod ",),
)
_ROOTS = ("lib.rs", "main.rs")
_DEEPEST = 16
"""Modules that may lie in each other before a file."""


def test_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of every item that only tests compile, in their order."""
    if _WHOLE.search(text):
        yield 0, len(text)
        return
    done = 0
    for match in _MARK.finditer(text):
        if match.start() >= done:
            done = _end_of_item(text, match.end())
            yield match.start(), done


def without_tests(text: str) -> str:
    """Return a text with blanks in place of what only tests compile."""
    parts, done = [], 0
    for start, end in test_spans(text):
        parts += [text[done:start], blank(text[start:end])]
        done = end
    return "".join([*parts, text[done:]]) if parts else text


def is_compiled_for_tests_alone(path: str, glance: Callable[[str], str | None]) -> bool:
    """Whether the file, or one that it is a module of, is declared behind `#[cfg(test)]`."""
    for _ in range(_DEEPEST):
        folder, stem = posixpath.dirname(path), posixpath.basename(path).removesuffix(".rs")
        name = posixpath.basename(folder) if stem == "mod" else stem
        inside = posixpath.dirname(folder) if stem == "mod" else folder
        parent = ""
        for candidate in (*(posixpath.join(inside, item) for item in ("mod.rs", *_ROOTS)), f"{inside}.rs"):
            found = _declared(glance(candidate) or "", name, posixpath.basename(path)) if candidate != path else None
            if found:
                return True
            if found is False:
                parent = parent or candidate
        if not parent or posixpath.basename(parent) in _ROOTS:
            return False
        path = parent
    return False


def _declared(text: str, name: str, file: str) -> bool | None:
    """Return whether a text declares a module for tests alone; None where it declares no such module."""
    declared = known(_modules, text)
    found = [*declared.get((file, ""), ()), *declared.get(("", name), ())]
    return all(found) if found else None


def _modules(text: str) -> dict[tuple[str, str], list[bool]]:
    """Return whether the modules of a text are for tests alone, by the path that each names, else by its name."""
    found: dict[tuple[str, str], list[bool]] = {}
    for match in _MODULE.finditer(text):
        found.setdefault((match["path"] or "", "" if match["path"] else match["name"]), []).append(match["mark"] is not None)
    return found


def _end_of_item(text: str, start: int) -> int:
    """Return where the item after its mark ends: at the bracket that closes its body, or at the semicolon after it."""
    depth, position = 0, start
    while (match := _SIGN.search(text, position)) is not None:
        sign, position = match[0], match.end()
        if sign in "{[(":
            depth += 1
        elif sign in ")]}":
            depth -= 1
            if depth < 0 or (depth == 0 and sign == "}"):
                return position
        elif sign == ";":
            if depth == 0:
                return position
        else:
            position = _after_text(text, match)
    return len(text)


def _after_text(text: str, match: re.Match[str]) -> int:
    """Return where a comment, a text or a letter ends; a quote that begins no letter is of a lifetime."""
    sign, start = match[0], match.end()
    if sign == "'":
        letter = _LETTER.match(text, match.start())
        return letter.end() if letter else start
    if sign == '"':
        end = _TEXT_END.search(text, start)
        return end.end() if end else len(text)
    closing = {"//": "\n", "/*": "*/"}.get(sign) or f'"{"#" * sign.count("#")}'
    found = text.find(closing, start)
    return len(text) if found == -1 else found + len(closing)
