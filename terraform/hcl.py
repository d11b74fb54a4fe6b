"""Write HCL as `terraform fmt` would: from values in Terraform's JSON syntax, with blocks and attributes kept apart."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from terraform.values import Synthesised

WIDTH = 110
"""The longest list that stays on one line, in characters."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories that editors hide or show as the end of a line."""

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One `name = value` of a body."""

    name: str
    value: Synthesised
    json_text: bool = False
    """Whether the value is a document that has to become JSON text."""


@dataclass(frozen=True, slots=True)
class Block:
    """One `type "label" { ... }`; comments stand at the top of its body."""

    type: str
    labels: tuple[str, ...] = ()
    body: tuple[Attribute | Block, ...] = ()
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """One line; `name` is set where an assignment ends on the same line, which `terraform fmt` aligns with its neighbours."""

    depth: int
    text: str
    name: str = ""


def write_file(blocks: Iterable[Block], header: str = "") -> str:
    """Return a file of `blocks`, with a blank line between them."""
    texts = [*([f"# {header}"] if header else []), *("\n".join(_join(_block(block, 0))) for block in blocks)]
    return "\n\n".join(texts) + "\n"


def write_assignments(values: Mapping[str, Synthesised], header: str = "") -> str:
    """Return a file of assignments alone, such as a tfvars file."""
    lines = _join(_attributes([Attribute(name, value) for name, value in values.items()], 0))
    return "\n".join([*([f"# {header}", ""] if header else []), *lines]) + "\n"


def _join(lines: Iterable[_Line]) -> list[str]:
    """Return the lines as text; runs of assignments that end on their line are aligned at `=`."""
    result: list[str] = []
    run: list[_Line] = []
    for line in [*lines, _Line(0, "")]:
        if line.name:
            run.append(line)
            continue
        width = max((len(item.name) for item in run), default=0)
        result += [f"{'  ' * item.depth}{item.name}{' ' * (width - len(item.name))} = {item.text}" for item in run]
        run = []
        result.append(f"{'  ' * line.depth}{line.text}" if line.text else "")
    return result[:-1]


def _block(block: Block, depth: int) -> Iterator[_Line]:
    labels = "".join(f" {quote(label)}" for label in block.labels)
    comments = [_Line(depth + 1, f"#{comment}") for comment in block.comments]
    body = [*comments, *_body(block.body, depth + 1)]
    if not body:
        yield _Line(depth, f"{block.type}{labels} {{}}")
        return
    yield _Line(depth, f"{block.type}{labels} {{")
    yield from body
    yield _Line(depth, "}")


def _body(items: Sequence[Attribute | Block], depth: int) -> Iterator[_Line]:
    attributes = [item for item in items if isinstance(item, Attribute)]
    yield from _attributes(attributes, depth)
    for index, block in enumerate(item for item in items if isinstance(item, Block)):
        if index or attributes:
            yield _Line(0, "")
        yield from _block(block, depth)


def _attributes(attributes: Iterable[Attribute], depth: int) -> Iterator[_Line]:
    """Yield assignments; one over several lines stands apart from the others."""
    previous = 0
    for item in attributes:
        value = _lines(item.value, depth)
        if item.json_text and isinstance(item.value, (dict, list)):
            value = _wrap("jsonencode(", value, ")")
        if previous and max(previous, len(value)) > 1:
            yield _Line(0, "")
        previous = len(value)
        yield from _assignment(item.name, value, depth)


def _assignment(name: str, value: list[_Line], depth: int) -> Iterator[_Line]:
    if len(value) == 1:
        yield _Line(depth, value[0].text, name)
        return
    yield _Line(depth, f"{name} = {value[0].text}")
    yield from value[1:]


def _wrap(before: str, lines: list[_Line], after: str) -> list[_Line]:
    first, last = lines[0], lines[-1]
    if len(lines) == 1:
        return [_Line(first.depth, f"{before}{first.text}{after}")]
    return [_Line(first.depth, f"{before}{first.text}"), *lines[1:-1], _Line(last.depth, f"{last.text}{after}")]


def _lines(value: Synthesised, depth: int) -> list[_Line]:
    """Return the lines of a value; the first one has no indentation of its own."""
    if isinstance(value, dict):
        return _object(value, depth)
    if isinstance(value, list):
        return _list(value, depth)
    return [_Line(depth, scalar(value))]


def _object(value: Mapping[str, Synthesised], depth: int) -> list[_Line]:
    if not value:
        return [_Line(depth, "{}")]
    lines = [_Line(depth, "{")]
    for key, item in value.items():
        name = key if _IDENTIFIER.match(key) else _ascii(quote(key))
        lines += _assignment(name, _lines(item, depth + 1), depth + 1)
    return [*lines, _Line(depth, "}")]


def _list(value: Sequence[Synthesised], depth: int) -> list[_Line]:
    items = [_lines(item, depth + 1) for item in value]
    if all(len(item) == 1 for item in items):
        text = f"[{', '.join(item[0].text for item in items)}]"
        if len(text) <= WIDTH:
            return [_Line(depth, text)]
    if len(items) == 1 and len(items[0]) > 1:
        return _wrap("[", _lines(value[0], depth), "]")
    lines = [_Line(depth, "[")]
    for item in items:
        ended = _wrap("", item, ",")
        lines += [_Line(depth + 1, ended[0].text), *ended[1:]]
    return [*lines, _Line(depth, "]")]


def scalar(value: str | bool | int | float | None) -> str:  # noqa: FBT001 - a value, not a switch
    """Return one scalar: a template that is a single expression stands without quotes."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    parts = split_template(value)
    if len(parts) == 1 and isinstance(parts[0], Code):
        return parts[0].text
    return _quoted(parts)


@dataclass(frozen=True, slots=True)
class Code:
    """An interpolated expression of a template."""

    text: str


def quote(template: str) -> str:
    """Return a template of Terraform's JSON syntax as a quoted template of HCL."""
    return _quoted(split_template(template))


def _quoted(parts: Sequence[str | Code]) -> str:
    texts = []
    for index, part in enumerate(parts):
        if isinstance(part, Code):
            texts.append(f"${{{part.text}}}")
            continue
        before_code = index + 1 < len(parts)
        stem = part[:-1] if before_code and part.endswith("$") else part
        texts += [_literal(stem), '${"$"}' if stem != part else ""]
    return f'"{"".join(texts)}"'


def _literal(text: str) -> str:
    marked = text.replace("${", "$${").replace("%{", "%%{")
    if marked.isascii() and marked.isprintable():
        return marked.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(_ESCAPES.get(char) or (_escaped(char) if unicodedata.category(char) in _HIDDEN else char) for char in marked)


def _ascii(text: str) -> str:
    """Return `text` with everything outside ASCII escaped: alignment counts grapheme clusters, which Python cannot."""
    return "".join(char if char.isascii() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def split_template(template: str) -> list[str | Code]:
    """Split a template into literal text and expressions; raises ValueError when an expression does not end.

    `$${` and `%%{` are the literals `${` and `%{`, and an expression that is one quoted constant is literal text too.
    """
    parts: list[str | Code] = []
    text = ""
    position = 0
    while position < len(template):
        three = template[position : position + 3]
        if three in {"$${", "%%{"}:
            text += three[1:]
            position += 3
        elif three[:2] == "${":
            end = _expression_end(template, position + 2)
            code = template[position + 2 : end]
            constant = _constant(code)
            if constant is None:
                parts += [*([text] if text else []), Code(code)]
                text = ""
            else:
                text += constant
            position = end + 1
        else:
            text += template[position]
            position += 1
    return [*parts, text] if text or not parts else parts


def _constant(code: str) -> str | None:
    """Return the text of an expression that is one constant as values.py writes them, or None."""
    if not re.fullmatch(r'"[^"\\]*"', code):
        return None
    text: str = json.loads(code)
    return text


def _expression_end(template: str, start: int) -> int:
    depth = 1
    position = start
    while position < len(template):
        char = template[position]
        if char == '"':
            position = _string_end(template, position + 1)
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    raise ValueError("an expression does not end")


def _string_end(template: str, start: int) -> int:
    position = start
    while position < len(template) and template[position] != '"':
        if template[position] == "\\":
            position += 1
        elif template[position : position + 2] == "${" and template[position - 1] != "$":
            position = _expression_end(template, position + 2)
        position += 1
    return position
