"""The emitter of GitHub Actions workflows: block YAML, comments behind pins and permissions, blank lines between steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from scaffold.generate.emit import comment, to_yaml
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

Step = Mapping[str, Any]

# An expression or a condition may stand bare: no reader of YAML takes it for anything but text.
_BARE = regex(r"(?:\$\{\{|[a-z]+[.(])(?:[^\n#:]|:(?! |$)|(?<! )#)*[^\s:]")
_ESCAPED = regex("[\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff\\ufeff\\ufffe\\uffff]")
_PLAIN = regex(r"[A-Za-z][\w./-]*")
# A text of lines whose first begins with no space, without spaces at the ends of lines and without odd characters.
_BLOCK = regex(
    r"[\x21-\x7e](?:[\x20-\x7e\xa1-\u1fff]*[\x21-\x7e\xa1-\u1fff])?(?:\n+[\x20-\x7e\xa1-\u1fff]*[\x21-\x7e\xa1-\u1fff])*\n"
)


@frozen
class Noted:
    """A plain value with a comment behind it on the same line: the version of a pinned action, the reason of a permission."""

    value: str
    note: str


def literal(text: str) -> str:
    """Return `text` so that GitHub evaluates nothing in it: what looks like an expression stays the text that it is."""
    return text.replace("${{", "${{ '${{' }}")


def workflow_text(workflow: Mapping[str, Any], header: str) -> str:
    """Return a workflow as text; top-level keys, jobs and steps stand apart by a blank line."""
    parts = []
    for key, value in workflow.items():
        if key == "jobs":
            jobs = "\n".join("".join(_lines(f"  {name}", job, 1)) for name, job in value.items())
            parts.append(f"jobs:\n{jobs}")
        else:
            parts.append("".join(_lines(key, value, 0)))
    return comment(header) + "\n".join(parts)


def steps_text(steps: Iterable[Step], indent: int) -> str:
    """Return steps as the items of a list whose dashes stand `indent` columns in, with a blank line between them."""
    return "\n".join(_item(step, indent) for step in steps)


def _lines(key: str, value: Any, level: int) -> list[str]:
    """Return `key: value` with everything below it; `key` brings its own indentation, `level` counts two columns each."""
    if isinstance(value, Mapping) and value:
        inner = "  " * (level + 1)
        return [f"{key}:\n", *(line for name, item in value.items() for line in _lines(f"{inner}{name}", item, level + 1))]
    if key.strip() == "steps":
        return [f"{key}:\n", steps_text(value, 2 * level + 2)]
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        return [f"{key}:\n", *(_item(item, 2 * level + 2) for item in value)]
    if isinstance(value, list | tuple):
        return [f"{key}: [{', '.join(scalar_text(item, flow=True) for item in value)}]\n"]
    if isinstance(value, str) and "\n" in value and _BLOCK.fullmatch(value):
        inner = "  " * (level + 1)
        return [f"{key}: |\n", *(f"{inner}{line}\n" if line else "\n" for line in value.splitlines())]
    return [f"{key}: {scalar_text(value)}\n"]


def _item(item: Mapping[str, Any], indent: int) -> str:
    """Return a mapping as an item of a list: its first key behind the dash."""
    inner = " " * (indent + 2)
    lines = [line for name, value in item.items() for line in _lines(f"{inner}{name}", value, indent // 2 + 1)]
    text = "".join(lines)
    return f"{' ' * indent}- {text[indent + 2 :]}"


def scalar_text(value: Any, *, flow: bool = False) -> str:
    """Return a value as it stands on one line; in a flow list whatever is not a plain word is quoted."""
    if isinstance(value, Noted):
        return f"{value.value} # {value.note}"
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, str) and ((flow and not _PLAIN.fullmatch(value)) or "\n" in value):
        return _quoted(value)
    if isinstance(value, str) and "${" in value and _BARE.fullmatch(value):
        return value
    return to_yaml(value).strip("\n")


def _quoted(text: str) -> str:
    """Return a text in double quotes on one line; what YAML takes for a line end or refuses is escaped as well."""
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04X}", json.dumps(text, ensure_ascii=False))
