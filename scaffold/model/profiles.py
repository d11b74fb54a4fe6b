"""The profiles that env files enable through COMPOSE_PROFILES, as Compose resolves them, and those that commands name."""

from __future__ import annotations

import re

from scaffold.model.env_templates import template_of
from scaffold.model.project import EnvFile, Project
from scaffold.model.regex import regex

PROFILES_VARIABLE = "COMPOSE_PROFILES"
_WORDS = regex(
    r"--profile[= ]+[\"']?([\w.-]+|\*)|COMPOSE_PROFILES[=:]\s*[\"']?([\w.,*-]+)", words=("--profile", "COMPOSE_PROFILES")
)
_REFERENCE = regex(r"\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<sign>:?[-+])(?P<word>[^${}]*)|:?\?[^${}]*)?\})")
_MAX_TEXT = 4_000
"""Characters of one value: lines that double the one before end here."""


def env_path(directory: str) -> str:
    """Return the path of the file that Compose reads by itself in a project directory."""
    return f"{directory}/.env" if directory else ".env"


def named_profiles(text: str) -> tuple[str, ...]:
    """Return the profiles that a line of shell activates, in their order; `*` stands for all."""
    return tuple(name for match in _WORDS.finditer(text) for name in (match[1] or match[2]).split(",") if name)


def declared_profiles(project: Project, directory: str) -> tuple[str, tuple[str, ...]]:
    """Return the env file of a project directory, else the template that people copy to it, and the profiles it enables."""
    path = env_path(directory)
    file = next((item for item in project.env_files if item.path == path), None) or template_of(project, path)
    return (file.path, listed_profiles(file)) if file else ("", ())


def enabled_profiles(project: Project, directory: str) -> frozenset[str]:
    """Return the profiles that the tracked .env of a project directory enables; `*` stands for all."""
    file = next((file for file in project.env_files if file.path == env_path(directory)), None)
    return frozenset(listed_profiles(file)) if file else frozenset()


def listed_profiles(file: EnvFile) -> tuple[str, ...]:
    """Return the profiles that an env file, or a template of one, enables, in their order."""
    value = _values(file).get(PROFILES_VARIABLE, "")
    return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))


def _values(file: EnvFile) -> dict[str, str]:
    """Return the values with references to earlier lines resolved; the environment of the host is unknown, so it is empty."""
    values: dict[str, str] = {}
    for entry in file.entries:
        if not entry.commented:
            value = entry.value if len(entry.value) <= _MAX_TEXT else ""
            text = _REFERENCE.sub(lambda match: _resolved(match, values), value)
            values[entry.name] = text if len(text) <= _MAX_TEXT else ""
    return values


def _resolved(match: re.Match[str], values: dict[str, str]) -> str:
    value = values.get(match["name"] or match["bare"])
    sign, word = match["sign"] or "", match["word"] or ""
    present = bool(value) if sign.startswith(":") else value is not None
    if sign.endswith("+"):
        return word if present else ""
    return (value or "") if present or not sign else word
