"""Env files of every spelling: templates, real ones, and what they set or only mention."""

from __future__ import annotations

import re

from scaffold.model.document import Location, Problem
from scaffold.model.project import EnvEntry, EnvFile
from scaffold.model.regex import regex
from scaffold.read.lines import numbered
from scaffold.read.paths import is_env_template, name_words

_ENTRY = regex(r"(?P<comment>\s*#+\s?)?\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\s*(?:=|:\s)(?P<value>.*)", re.DOTALL)
_ENVIRONMENTS = {
    "production": "production",
    "prod": "production",
    "prd": "production",
    "live": "production",
    "staging": "staging",
    "stage": "staging",
    "stg": "staging",
    "preprod": "staging",
    "uat": "staging",
    "development": "dev",
    "develop": "dev",
    "dev": "dev",
    "local": "dev",
    "test": "test",
    "tests": "test",
    "testing": "test",
    "ci": "test",
    "e2e": "test",
}
_DOCUMENTED = regex(r"(?:committed|safe|checked in|defaults?)\b[^\n]{0,60}\b(?:repo|commit|git|defaults?)", re.IGNORECASE)
_HEAD = 400
"""Characters at the top of a file in which it says of itself that its values are defaults on purpose."""


def read_env_file(path: str, text: str) -> tuple[EnvFile, tuple[Problem, ...]]:
    """Return the entries of an env file; lines that are neither an entry nor a comment are passed over, as shells differ."""
    words = name_words(path)
    template = is_env_template(path)
    entries = _entries(path, text)
    kind = "template" if template else "documented" if _is_documented(text) else "real"
    environment = next((_ENVIRONMENTS[word] for word in words if word in _ENVIRONMENTS), "")
    return EnvFile(path, kind, entries, environment), ()


def _is_documented(text: str) -> bool:
    head = text[:_HEAD]
    comments = "\n".join(line for _, line in numbered(head) if line.lstrip().startswith("#"))
    return bool(_DOCUMENTED.search(comments))


def _entries(path: str, text: str) -> tuple[EnvEntry, ...]:
    found = []
    lines = numbered(text)
    index = 0
    while index < len(lines):
        number, line = lines[index]
        index += 1
        match = _ENTRY.fullmatch(line)
        if match is None or (match["comment"] and not _is_commented_entry(match)):
            continue
        raw = match["value"].strip()
        if not match["comment"] and _opens_quote(raw):
            raw, index = _quoted_lines(lines, index, raw)
        column = match.start("name") + 1
        found.append(EnvEntry(match["name"], _unquote(raw), Location(path, number, column), bool(match["comment"])))
    return tuple(found)


def _is_commented_entry(match: re.Match[str]) -> bool:
    """Tell `# KEY=value` from a sentence that holds an equals sign: the name is in upper case and stands alone."""
    name = match["name"]
    return name.upper() == name and any(char.isalpha() for char in name) and match.string[match.end("name") :].startswith("=")


def _opens_quote(raw: str) -> bool:
    return raw[:1] in {'"', "'"} and _closing(raw) is None


def _closing(raw: str) -> int | None:
    """Return the index of the quote that closes the one at the start; a backslash escapes inside double quotes."""
    quote = raw[0]
    index = 1
    while index < len(raw):
        if raw[index] == "\\" and quote == '"':
            index += 1
        elif raw[index] == quote:
            return index
        index += 1
    return None


def _quoted_lines(lines: list[tuple[int, str]], index: int, raw: str) -> tuple[str, int]:
    """Join the following lines up to the closing quote; without one, the value ends at its own line."""
    joined = raw
    for end in range(index, min(index + 200, len(lines))):
        joined = f"{joined}\n{lines[end][1]}"
        if _closing(joined) is not None:
            return joined, end + 1
    return raw, index


def _unquote(raw: str) -> str:
    if raw[:1] in {'"', "'"}:
        end = _closing(raw)
        if end is not None:
            inner = raw[1:end]
            return re.sub(r'\\(["\\$])', r"\1", inner) if raw[0] == '"' else inner
        return raw
    return re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip()
