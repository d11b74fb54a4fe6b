"""Which values of a tracked env file are nobody's: the defaults that a framework commits, and those of the template."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from scaffold.gaps.remembered import remembered
from scaffold.model.known import known
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, url_password

_SYMFONY = "symfony/"
_OF_SYMFONY = frozenset({".env", ".env.dev", ".env.test"})
"""Files of defaults that every project of Symfony commits; values of its own are in `.env.local` and `.env.*.local`.
https://symfony.com/doc/current/configuration.html#overriding-environment-values-via-env-local
"""
_MADE_BY_SYMFONY = frozenset({"APP_SECRET"})
"""What its installer writes into the file of defaults, drawn at random."""
_DEFAULTS = regex(
    r"\b(?:do not|don't|never) (?:deploy|use|run|ship)\b[^.]{0,60}\b(?:default|these|this|production)\b"
    r"|\bcopy (?:this|me|it)\b[^.]{0,20}\bto\b.{0,60}\bfill in\b"
    r"|\bchange (?:all|these|the|every)\b[^.]{0,40}\b(?:passwords?|secrets?|keys?|values?|credentials?)\b",
    re.IGNORECASE,
)
_LEAST_STAND_INS = 3
"""One or two may be left over in a file that is in use."""
_REAL = frozenset({SecretClass.RANDOM, SecretClass.PROVIDER_KEY})
_HEAD_LINES = 30
"""Lines that a head may have."""


def is_file_of_defaults(project: Project, file: EnvFile) -> bool:
    """Whether the file is the one that Symfony reads first and every project of it commits."""
    folder, _, name = file.path.rpartition("/")
    return name in _OF_SYMFONY and any(
        manifest.folder == folder and any(item.startswith(_SYMFONY) for item in manifest.dependencies)
        for manifest in project.manifests
        if manifest.ecosystem == "php"
    )


def made_by_framework(project: Project, file: EnvFile) -> frozenset[str]:
    """Return the names whose values in the file the framework's installer made."""
    return _MADE_BY_SYMFONY if is_file_of_defaults(project, file) else frozenset()


def template_with_the_same(project: Project, file: EnvFile, held: tuple[EnvEntry, ...]) -> EnvFile | None:
    """Return the template that shows each of these values as well, or None: such values were never drawn for one system.
    Where a compose file or an image takes the file as it is, the values are those of a system all the same.
    """
    name = re.compile(rf"(?<![\w.-]){re.escape(file.path.rpartition('/')[2])}(?![\w.-])")
    if name.search(_takers(project)):
        return None
    secrets = {_secret(entry) for entry in held}
    templates = (file for file in project.env_files if held and file.kind == "template")
    return next((template for template in templates if secrets <= known(_secrets, template.entries)), None)


@remembered
def _takers(project: Project) -> str:
    """Return the texts of all compose files and Dockerfiles as one."""
    paths = {item.path for item in project.compose_files} | {item.path for item in project.dockerfiles}
    return "\n".join(item.text for item in project.sources if item.path in paths)


def _secrets(entries: tuple[EnvEntry, ...]) -> frozenset[tuple[str, str]]:
    return frozenset(map(_secret, entries))


def _secret(entry: EnvEntry) -> tuple[str, str]:
    password = url_password(entry.value)
    return (entry.name, entry.value if password is None else password)


@remembered
def keys_of_providers(project: Project) -> dict[str, frozenset[str]]:
    """Return the names under which each file holds keys that a provider issued: those work wherever they are written."""
    found: dict[str, set[str]] = {}
    for sighting in project.sightings:
        found.setdefault(sighting.location.path, set()).add(sighting.key)
    return {path: frozenset(names) for path, names in found.items()}


def says_to_change(project: Project, file: EnvFile) -> bool:
    """Whether the head of the file says that its values are defaults which nobody may deploy with, or a form to fill in."""
    lines = (project.source(file.path) or "").splitlines()[:_HEAD_LINES]
    head = " ".join(
        line.lstrip("# ") for line in takewhile(lambda line: not line.strip() or line.lstrip().startswith("#"), lines)
    )
    return bool(_DEFAULTS.search(head)) and file.path not in keys_of_providers(project)


def is_to_be_filled(file: EnvFile, held: Iterable[str]) -> bool:
    """Whether stand-ins show that people fill the file in, and none of its credentials was drawn or issued by a provider."""
    classes = {entry.name: classify(entry.value) for entry in file.entries if not entry.commented}
    stand_ins = sum(found is SecretClass.PLACEHOLDER for found in classes.values())
    return stand_ins >= _LEAST_STAND_INS and not any(classes.get(name) in _REAL for name in held)
