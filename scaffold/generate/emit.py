"""The one emitter of each format: YAML, JSON, env files and shell words. The text that comes out is data in that format."""

from __future__ import annotations

import json
import math
import re
import shlex
from functools import lru_cache

import yaml

from scaffold.errors import ScaffoldError
from scaffold.model.regex import regex

# Scalars that some YAML reader takes for something else than text: YAML 1.1 (PyYAML, Ansible), 1.2 and go-yaml's mixture.
_WORDS = regex(r"(?:y|n|yes|no|on|off|true|false|null|~|nan|\.nan|[-+]?\.?inf)", re.IGNORECASE)
_NUMERIC = regex(r"[-+.]?[0-9][0-9a-fA-FxXoOeE_.:+\-TZ ]*")
_LINE_ENDS = regex("[\\n\\r\\x85\\u2028\\u2029\\ufeff]")
"""What some reader of YAML folds or drops unless it is escaped."""
_PLAIN = regex(
    r"(?:[A-Za-z_/$(]|--?[A-Za-z]|\.\.?/|[0-9][0-9.]*[g-npqrsuvwyzG-NPQRSUVWY])"
    r"(?:[!-9;-~]|:(?=[!-~])| (?=[!-\"$-~]))*"
)
"""Texts that every reader takes as they stand, but for those with a `_style`: the usual ones, told without PyYAML."""
_BARE_IN_QUOTES = regex(r"[ !#-\[\]-~]*")
_NOT_LITERAL = regex(r"[ \t]\n|[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe]|\A[ \t\n]")
_STRING = "tag:yaml.org,2002:str"
_COLLECTIONS = (dict, list, tuple)
_STEP = 2
_SIMPLE_KEY = regex("[^\\n\\x85\\u2028\\u2029]{1,122}")
"""Keys that PyYAML writes without the question mark of a complex one."""


class _Dumper(yaml.SafeDumper):
    """Texts in the quotes that `_style` asks for."""


def _style(text: str) -> str | None:
    """Return the quotes of a text that some reader would take for something else, else None: PyYAML knows the rest."""
    return '"' if _WORDS.fullmatch(text) or _NUMERIC.fullmatch(text) or _LINE_ENDS.search(text) or "${" in text else None


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar(_STRING, text, style=_style(text)))


def to_yaml(value: object, header: str = "") -> str:
    """Return `value` as a YAML document; every line of `header` becomes a comment above it.

    Block style, keys in their order, lists indented below their key, no anchors. The layout is ours, because PyYAML's
    takes ten times as long; what a scalar needs to be read as it is, is asked of PyYAML. Raises yaml.YAMLError for
    what is neither a mapping, a list nor a scalar.
    """
    return f"{comment(header)}{_node(value, 0 if isinstance(value, _COLLECTIONS) else _STEP)}\n"


def _node(value: object, indent: int) -> str:
    """Return a value whose first line starts where it stands and whose other lines are indented, without the last line end."""
    between = "\n" + " " * indent
    if isinstance(value, dict) and value:
        return between.join(_entry(key, item, indent) for key, item in value.items())
    if isinstance(value, list | tuple) and value:
        return between.join(f"- {_node(item, indent + _STEP)}" for item in value)
    return _literal(value, between) if isinstance(value, str) and _is_literal(value) else _on_a_line(value)


def _entry(key: object, value: object, indent: int) -> str:
    """Return an entry of a mapping whose first line starts where it stands."""
    deeper = indent + _STEP
    if isinstance(key, _COLLECTIONS) or (isinstance(key, str) and not _SIMPLE_KEY.fullmatch(key)):
        return f"? {_node(key, deeper)}\n{' ' * indent}: {_node(value, deeper)}"
    below = "\n" + " " * deeper if isinstance(value, _COLLECTIONS) and value else " "
    return f"{_on_a_line(key)}:{below}{_node(value, deeper)}"


def _is_literal(text: str) -> bool:
    """Whether a text has lines that a block shows as they are, to every reader."""
    return "\n" in text.rstrip("\n") and not text.endswith(" ") and not _NOT_LITERAL.search(text)


def _literal(text: str, between: str) -> str:
    """Return a text as a block whose header says what becomes of its last line ends."""
    body = text.removesuffix("\n")
    header = "|-" if body == text else "|+" if body.endswith("\n") else "|"
    return header + "".join(f"{between}{line}" if line else "\n" for line in body.split("\n"))


def _on_a_line(value: object) -> str:
    """Return a scalar or an empty collection as it stands on one line."""
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, _COLLECTIONS):
        return "{}" if isinstance(value, dict) else "[]"
    return _asked(value)


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    quotes = _style(text)
    if (_BARE_IN_QUOTES if quotes else _PLAIN).fullmatch(text):
        return f'"{text}"' if quotes else text
    return _asked(text)


def _asked(value: object) -> str:
    """Return a scalar as PyYAML writes it; what it adds behind a plain one ends the document."""
    written: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, width=math.inf)
    return written.removesuffix("...\n").removesuffix("\n")


def to_json(value: object) -> str:
    """Return `value` as JSON with two spaces of indentation and a last line end."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_shell_word(value: str) -> str:
    """Return `value` as one word of a POSIX shell; raises ScaffoldError for NUL, which no argument can hold."""
    _refuse_nul(value)
    return shlex.quote(value)


def comment(text: str) -> str:
    """Return every line of `text` behind `# `; nothing for an empty text."""
    lines = [re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", line) for line in text.splitlines()]
    return "".join(f"# {line}".rstrip() + "\n" for line in lines)


def _refuse_nul(value: str) -> None:
    if "\x00" in value:
        raise ScaffoldError("a text with a NUL byte has no place in an env file or a command")
