"""Credentials in the text of a compose file, replaced by references that Compose refuses to start without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from scaffold.model.artifact import Splice
from scaffold.model.document import Document, Location, Mapping, Node, Scalar, Sequence, Span, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import counts, holds_secret, url_password

_OPEN = regex(r"\$\$|\$\{(?P<name>[A-Za-z_]\w*)(?P<operator>:?[-?+])?")
_BARE = regex(r"\$\$|\$(?P<bare>[A-Za-z_]\w*)|\$\{(?P<braced>[A-Za-z_]\w*)\}")


@frozen
class Written:
    """A reference as it stands in a text: half-open range, name, operator, and the argument behind it."""

    start: int
    end: int
    name: str
    operator: str
    argument: str
    argument_start: int


def required(variable: str, template: str) -> str:
    """Return the reference that makes Compose stop with the name of the template when the variable is not set."""
    return f"${{{variable}:?see {template}}}"


def references_in(text: str) -> tuple[Written, ...]:
    """Return the braced references of a text that have an operator, outer ones before those in their arguments."""
    return tuple(_references(text, 0))


def _references(text: str, offset: int) -> Iterator[Written]:
    position = 0
    while match := _OPEN.search(text, position):
        position = match.end()
        if match["operator"] is None:
            continue
        end = _closing(text, match.end())
        if end is None:
            continue
        argument = text[match.end() : end]
        yield Written(
            offset + match.start(), offset + end + 1, match["name"], match["operator"], argument, offset + match.end()
        )
        yield from _references(argument, offset + match.end())
        position = end + 1


def _closing(text: str, start: int) -> int | None:
    """Return where the brace that is open at `start` closes, None when it does not."""
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if not depth:
            return index
    return None


# --- defaults ---------------------------------------------------------------------------------------------------------


@frozen
class Guarding:
    """What guarding the defaults of one scalar gives: the splices, and the variables that become required."""

    splices: tuple[Splice, ...]
    variables: tuple[str, ...]


def guard_defaults(document: Document, place: Location, owner: str, template: str) -> Guarding | None:
    """Return how the credentials among the defaults at `place` become required references, None when that cannot be written.

    The password of a URL that is a default becomes a reference to `owner`, where that is the variable of a password.
    """
    scalar = scalar_at(document, place)
    if scalar is None:
        return None
    source = document.text[scalar.span.start : scalar.span.end]
    splices, variables = [], []
    for start, end, variable in _credential_defaults(source, owner):
        span = Span(scalar.span.start + start, scalar.span.start + end)
        splices.append(Splice(span, required(variable, template)))
        variables.append(variable)
    return Guarding(tuple(splices), tuple(dict.fromkeys(variables))) if splices else None


def _credential_defaults(source: str, owner: str) -> Iterator[tuple[int, int, str]]:
    """Yield range and variable of each default that is a credential: the innermost reference, or the password of a URL."""
    sensitive_until = -1
    for item in references_in(source):
        if item.operator not in {":-", "-"}:
            continue
        sensitive = holds_secret(item.name, item.argument) or item.start < sensitive_until
        if "${" in item.argument:
            sensitive_until = item.end if sensitive else sensitive_until
            continue
        password = url_password(item.argument)
        if password is not None and "$" not in password:
            if is_sensitive_name(owner) and owner != item.name:
                at = item.argument_start + item.argument.index(f":{password}@") + 1
                yield at, at + len(password), owner
            else:
                yield item.start, item.end, item.name
        elif sensitive and counts(item.argument):
            yield item.start, item.end, item.name


def holds_credential_default(text: str) -> bool:
    """Whether a text falls back to a credential that stands in it."""
    return next(_credential_defaults(text, ""), None) is not None


def without_defaults(text: str, guarded: frozenset[str], template: str) -> str:
    """Return a text with each reference that has a default for a guarded variable as a required one."""
    for item in reversed(references_in(text)):
        if item.name in guarded and item.operator in {":-", "-"}:
            text = text[: item.start] + required(item.name, template) + text[item.end :]
    return text


# --- bare references --------------------------------------------------------------------------------------------------


def guard_bare(document: Document, place: Location, name: str, written: str) -> tuple[Splice, ...]:
    """Return the splices that write each `$NAME` and `${NAME}` of the scalar at `place` as `written`."""
    scalar = scalar_at(document, place)
    if scalar is None:
        return ()
    source = document.text[scalar.span.start : scalar.span.end]
    found = (match for match in _BARE.finditer(source) if name in {match["bare"], match["braced"]})
    start = scalar.span.start
    return tuple(Splice(Span(start + match.start(), start + match.end()), written) for match in found)


# --- literals ---------------------------------------------------------------------------------------------------------


def guard_literal(document: Document, place: Location, variable: str, template: str) -> tuple[Splice, ...]:
    """Return the splices that put a required reference in place of the credential at `place`; empty when unclear."""
    node = node_at(document, place)
    scalars = scalars_of(node)
    found = [splice for scalar in scalars for splice in _literal_in(document.text, scalar, variable, template)]
    if found or len(scalars) < 2:
        return tuple(found)
    return _option_of_list(document.text, scalars, variable, template)


_PASSWORD_OPTION = regex(r"(?:--requirepass|--masterauth|--password|--auth-token|--pass|(?<![\w-])-a)")
_OPTION_VALUE = regex(
    rf"{_PASSWORD_OPTION.pattern}(?:\s+|=)[\"']?(?P<value>[^\s\"'$]+)", words=("--masterauth", "--pass", "--requirepass", "-a")
)


def _literal_in(text: str, scalar: Scalar, variable: str, template: str) -> Iterator[Splice]:
    """Yield the splice for a credential in one scalar: a URL's password, an option's value, `KEY=value`, or the whole."""
    source = text[scalar.span.start : scalar.span.end]
    password = url_password(re.sub(r"\$\{[^{}]*\}", "$", source))
    option = _OPTION_VALUE.search(source)
    if password is not None and "$" not in password:
        at = source.find(f":{password}@") + 1
        yield _splice(scalar, at, at + len(password), required(variable, template))
    elif option:
        yield _splice(scalar, option.start("value"), option.end("value"), required(variable, template))
    elif "$" not in source and "\\" not in source and "\n" not in source:
        yield from _whole(scalar, source, variable, template)


def _whole(scalar: Scalar, source: str, variable: str, template: str) -> Iterator[Splice]:
    key, equals, value = scalar.value.partition("=")
    in_list = bool(scalar.location.route) and isinstance(scalar.location.route[-1], int)
    if not in_list:
        yield _splice(scalar, 0, len(source), f'"{required(variable, template)}"')
    elif equals and holds_secret(key.strip(), value) and value and f"={value}" in source:
        at = source.index(f"={value}") + 1
        yield _splice(scalar, at, at + len(value), required(variable, template))


def _option_of_list(text: str, scalars: tuple[Scalar, ...], variable: str, template: str) -> tuple[Splice, ...]:
    """Return the splice for the item behind a password's option in a list of arguments."""
    found = []
    for option, scalar in pairwise(scalars):
        source = text[scalar.span.start : scalar.span.end]
        if _PASSWORD_OPTION.fullmatch(option.value) and "$" not in source and "\\" not in source:
            found.append(_splice(scalar, 0, len(source), f'"{required(variable, template)}"'))
    return tuple(found)


def _splice(scalar: Scalar, start: int, end: int, text: str) -> Splice:
    return Splice(Span(scalar.span.start + start, scalar.span.start + end), text)


# --- places -----------------------------------------------------------------------------------------------------------


def scalar_at(document: Document, place: Location) -> Scalar | None:
    """Return the scalar that stands at a place, or None."""
    node = node_at(document, place)
    return node if isinstance(node, Scalar) else None


def node_at(document: Document, place: Location) -> Node | None:
    """Return the value that stands at a line and column; an anchor's node is found where it is written."""
    return known(_nodes_by_place, document).get((place.line, place.column))


def _nodes_by_place(document: Document) -> dict[tuple[int, int], Node]:
    """Return the first value at each line and column; where a mapping starts with an entry, the entry is meant."""
    found: dict[tuple[int, int], Node] = {}
    seen: set[int] = set()
    pending = [document.root] if document.root is not None else []
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            pending += [entry.value for entry in node.entries]
            continue
        found.setdefault((node.location.line, node.location.column), node)
        if isinstance(node, Sequence):
            pending += node.items
    return found
