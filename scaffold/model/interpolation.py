"""Variables in Compose texts: every form of the interpolation chapter of the Compose specification."""

from __future__ import annotations

import re
from collections.abc import Callable

from scaffold.model.document import VariableReference
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

MAX_NESTING = 20
"""How deeply a default may hold further references; deeper text is refused."""

MAX_UNBALANCED = 10_000
"""How many characters a reference with unmatched braces may span, so that hostile text costs no quadratic time."""

MAX_EXPANDED = 131_072
"""Characters that a text may have after its references are replaced: Linux starts no program with a longer variable
(MAX_ARG_STRLEN, 128 KiB), and lines that multiply the ones before would fill the memory.
"""

_NAME = regex(r"[_a-z][_a-z0-9]*", re.IGNORECASE)
_HEAD = regex(r"([_a-z][_a-z0-9]*)(:?[-+?])?", re.IGNORECASE)
_BRACE = regex(r"[{}\n]")

Lookup = Callable[[str], str | None]


class InterpolationError(Exception):
    """A text that Compose refuses: a malformed reference, a required variable without a value; or one that never ends."""


@frozen
class Reference:
    """One reference in a text and the offset behind it; `name` is empty for `$$`."""

    name: str
    operator: str
    argument: str
    end: int


def _closing_brace(text: str, start: int) -> tuple[int, int]:
    """The offset of the brace that closes the one at `start`, or -1, and where the search ended: a reference stays on its
    line. As in compose-go, an opening brace shields the character behind it.
    """
    depth = 0
    position = start
    while match := _BRACE.search(text, position):
        position = match.end()
        if match[0] == "\n":
            return -1, match.start()
        if match[0] == "}":
            depth -= 1
            if depth == 0:
                return match.start(), position
        else:
            depth += 1
            position += text[position : position + 1] != "\n"
    return -1, len(text)


def reference_at(text: str, dollar: int) -> Reference | None:
    """Return the reference that starts with the dollar sign at `dollar`, or None for a lone one; raises InterpolationError."""
    after = text[dollar + 1 : dollar + 2]
    if after == "$":
        return Reference("", "", "", dollar + 2)
    if after != "{":
        match = _NAME.match(text, dollar + 1)
        return Reference(match[0], "", "", match.end()) if match else None
    head = _HEAD.match(text, dollar + 2)
    if head and not head[2] and text[head.end() : head.end() + 1] == "}":
        return Reference(head[1], "", "", head.end() + 1)
    malformed = InterpolationError("malformed variable reference; a literal dollar sign is written $$")
    if not head or not head[2]:
        raise malformed
    end, limit = _closing_brace(text, dollar + 1)
    if end < 0:
        end = text.rfind("}", head.end(), limit)
    if end < 0 or (limit - dollar > MAX_UNBALANCED and limit != end + 1):
        raise malformed
    return Reference(head[1], head[2], text[head.end() : end], end + 1)


def references(text: str, _depth: int = 0) -> tuple[VariableReference, ...]:
    """Return every reference in `text`, those inside defaults included; nothing behind a malformed one counts."""
    found: list[VariableReference] = []
    position = text.find("$")
    while position >= 0 and _depth < MAX_NESTING:
        try:
            reference = reference_at(text, position)
        except InterpolationError:
            break
        if reference and reference.name:
            found.append(VariableReference(reference.name, reference.operator, reference.argument))
            found.extend(references(reference.argument, _depth + 1))
        position = text.find("$", reference.end if reference else position + 1)
    return tuple(found)


def substitute(text: str, lookup: Lookup, *, strict: bool = True, _depth: int = 0) -> str:
    """Return `text` with its variables replaced; unset ones give "". Raises InterpolationError where Compose stops;
    without `strict` a required variable without a value gives "" too.
    """
    if _depth > MAX_NESTING:
        raise InterpolationError(f"variables nested deeper than {MAX_NESTING} levels")
    parts: list[str] = []
    position = expanded = 0
    dollar = text.find("$")
    while dollar >= 0:
        reference = reference_at(text, dollar)
        if reference is None:
            dollar = text.find("$", dollar + 1)
            continue
        parts.append(text[position:dollar])
        parts.append(_value(reference, lookup, _depth, strict=strict) if reference.name else "$")
        expanded += len(parts[-1])
        if expanded > MAX_EXPANDED:
            raise InterpolationError(f"variables make a text of more than {MAX_EXPANDED} characters")
        position = reference.end
        dollar = text.find("$", position)
    parts.append(text[position:])
    return "".join(parts)


def _value(reference: Reference, lookup: Lookup, depth: int, *, strict: bool) -> str:
    value = lookup(reference.name)
    kind = reference.operator[-1:]
    present = value is not None and (value != "" or not reference.operator.startswith(":"))
    if (kind == "-" and not present) or (kind == "+" and present):
        return substitute(reference.argument, lookup, strict=strict, _depth=depth + 1)
    if kind == "?" and not present and strict:
        reason = substitute(reference.argument, lookup, _depth=depth + 1)
        raise InterpolationError(f"the required variable {reference.name} has no value" + (f": {reason}" if reason else ""))
    return value or ""


def pieces(text: str) -> tuple[str | Reference, ...]:
    """Return `text` as literal parts (`$$` already a single dollar) and references, in order; a malformed rest is literal."""
    found: list[str | Reference] = []
    literal = ""
    position = 0
    dollar = text.find("$")
    while dollar >= 0:
        try:
            reference = reference_at(text, dollar)
        except InterpolationError:
            break
        if reference is None:
            dollar = text.find("$", dollar + 1)
            continue
        literal += text[position:dollar] + ("" if reference.name else "$")
        if reference.name:
            found += [literal, reference] if literal else [reference]
            literal = ""
        position = reference.end
        dollar = text.find("$", position)
    literal += text[position:]
    return (*found, literal) if literal else tuple(found)
