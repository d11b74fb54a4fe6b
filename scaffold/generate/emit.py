"""The one emitter of each format: YAML, JSON, env files and shell words. The text that comes out is data in that format."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import yaml

from scaffold.errors import ScaffoldError
from scaffold.model.regex import regex

# Scalars that some YAML reader takes for something else than text: YAML 1.1 (PyYAML, Ansible), 1.2 and go-yaml's mixture.
_WORDS = regex(r"(?:y|n|yes|no|on|off|true|false|null|~|nan|\.nan|[-+]?\.?inf)", re.IGNORECASE)
_NUMERIC = regex(r"[-+.]?[0-9][0-9a-fA-FxXoOeE_.:+\-TZ ]*")
_LINE_ENDS = regex("[\\n\\r\\x85\\u2028\\u2029\\ufeff]")
"""What some reader of YAML folds or drops unless it is escaped."""
_PLAIN_ENV = regex(r"[A-Za-z0-9_./:@%+,\-]*")


class _Dumper(yaml.SafeDumper):
    """Block style, lists indented below their key, no anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    tag = "tag:yaml.org,2002:str"
    if "\n" in value.rstrip("\n") and not re.search(r"[ \t]\n|[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe]|^[ \t\n]", value):
        return dumper.represent_scalar(tag, value, style="|")
    if _WORDS.fullmatch(value) or _NUMERIC.fullmatch(value) or _LINE_ENDS.search(value) or "${" in value:
        return dumper.represent_scalar(tag, value, style='"')
    return dumper.represent_scalar(tag, value)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))


def to_yaml(value: object, header: str = "") -> str:
    """Return `value` as a YAML document; every line of `header` becomes a comment above it."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=1_000_000)
    return comment(header) + text.removesuffix("...\n")


def to_json(value: object) -> str:
    """Return `value` as JSON with two spaces of indentation and a last line end."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def env_value(value: str) -> str:
    """Return `value` as the right side of an env file's line: bare, in single quotes, else in double quotes with escapes."""
    _refuse_nul(value)
    if _PLAIN_ENV.fullmatch(value):
        return value
    if "'" not in value and "\n" not in value and "\r" not in value and "\\" not in value:
        return f"'{value}'"
    escaped = re.sub(r'["$\\]', lambda match: "\\" + match[0], value)
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


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
