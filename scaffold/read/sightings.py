"""Credentials in forms that providers issue, seen in the text of tracked files; the values are never kept."""

from __future__ import annotations

import re

from scaffold.model.document import Location
from scaffold.model.project import SecretSighting
from scaffold.model.regex import regex
from scaffold.model.secrets import is_provider_key
from scaffold.read.lines import line_of

_PROVIDERS = (
    ("aws", ("AKIA", "ASIA")),
    ("google", ("AIza",)),
    ("anthropic", ("sk-ant-",)),
    ("openai", ("sk-",)),
    ("github", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")),
    ("slack", ("xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-")),
    ("gitlab", ("glpat-",)),
    ("stripe", ("sk_live_", "rk_live_")),
    ("sendgrid", ("SG.",)),
    ("private key", ("PRIVATE KEY-----",)),
)
"""Each provider with the letters that its credentials begin with: a cheap test before the pattern of the model."""

_KEY = regex(r"([A-Za-z_][A-Za-z0-9_.-]*)[\"']?\s*[:=]\s*[\"']?[^\"'\s=:]*$")
_KEY_BODY = regex(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\s|\\[rn])*(?:[A-Za-z0-9-]+: [^\n]*\s+)*[A-Za-z0-9+/=]{40}")
_TOKEN = regex(r"[A-Za-z0-9_\-]+")
_LONGEST_LINE = 2000
"""Characters; longer lines are minified code or data."""


def read_sightings(path: str, text: str) -> tuple[SecretSighting, ...]:
    """Return where a text holds a provider's credential, with the key that it is given to; one a line at most."""
    present = [(name, begin) for name, begins in _PROVIDERS for begin in begins if begin in text]
    found: dict[int, SecretSighting] = {}
    for provider, begin in present:
        offset = text.find(begin)
        while offset != -1:
            sighting = _sighting(path, text, provider, offset)
            if sighting is not None:
                found.setdefault(sighting.location.line, sighting)
            offset = text.find(begin, offset + len(begin))
    return tuple(found[line] for line in sorted(found))


def _looks_issued(text: str, provider: str, offset: int) -> bool:
    """Whether more than the first letters look real: a key's body follows its head, `sk-` keys mix cases and digits."""
    if provider == "private key":
        return bool(_KEY_BODY.match(text, offset))
    if provider in {"openai", "anthropic"}:
        body = _TOKEN.match(text, offset)
        return body is not None and all(re.search(kind, body[0]) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return True


def _sighting(path: str, text: str, provider: str, offset: int) -> SecretSighting | None:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end != -1 else len(text)]
    column = offset - start
    if len(line) > _LONGEST_LINE or (
        column and provider != "private key" and (line[column - 1].isalnum() or line[column - 1] in "_-")
    ):
        return None
    if provider == "private key":
        column = max(line.find("-----BEGIN"), 0)
    if not is_provider_key(line[column:]) or not _looks_issued(text, provider, start + column):
        return None
    key = _KEY.search(line[:column])
    return SecretSighting(provider, key[1] if key else "", Location(path, line_of(text, start), column + 1))
