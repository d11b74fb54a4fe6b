"""Which variables somebody has to know of before the stack starts, and whether an env template names them."""

from __future__ import annotations

import re

from scaffold.model.compose import Stack
from scaffold.model.document import Location, scalars_in
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name

_GIVEN = regex(
    r"COMPOSE_\w+|DOCKER_\w+|GITHUB_\w+|CI(?:_\w+)?|RUNNER_\w+|HOME|PATH|PWD|USER|UID|GID|HOSTNAME|SHELL|TERM|LANG|TMPDIR|TAG"
    r"|\w*_?(?:IMAGE_)?(?:TAG|VERSION)|AWS_\w+",
    words=(
        "AWS_",
        "CI",
        "COMPOSE_",
        "DOCKER_",
        "GID",
        "GITHUB_",
        "HOME",
        "HOSTNAME",
        "LANG",
        "PATH",
        "PWD",
        "RUNNER_",
        "SHELL",
        "TAG",
        "TERM",
        "TMPDIR",
        "UID",
        "USER",
        "VERSION",
    ),
)
"""Set by Compose, the shell, CI or the release: no template has to name them."""


def needed_variables(project: Project, stack: Stack) -> dict[str, Location]:
    """Return the variables of a stack that have no default, or hold a secret, with the first place of each."""
    found: dict[str, Location] = {}
    for service in stack.services:
        for scalar in scalars_in(service.node):
            if scalar.location.path in project.owned:
                continue
            for reference in scalar.references:
                open_end = not reference.has_default and reference.operator not in {":+", "+"}
                telling = is_sensitive_name(reference.name) and not (reference.has_default and not reference.argument)
                if (open_end or telling) and not _GIVEN.fullmatch(reference.name):
                    found.setdefault(reference.name, scalar.location)
    return {name: place for name, place in sorted(found.items()) if not _is_set_by_a_script(project, name)}


def _is_set_by_a_script(project: Project, name: str) -> bool:
    pattern = re.compile(rf"(?<!\w){name}[:?+]?=")
    return any(
        name in command.text and command.context in {"makefile", "script", "package"} and pattern.search(command.text)
        for command in project.commands
    )
