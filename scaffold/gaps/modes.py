"""Which mode a program is told to run in by a variable: development, tests, production."""

from __future__ import annotations

from scaffold.gaps.facts import path_environment
from scaffold.model.names import EnvironmentClass
from scaffold.model.regex import regex

_MODE = regex(r"(?:.*_)?(?:ENV|ENVIRONMENT|ENVIRONMENT_NAME|APP_MODE|RUN_MODE|STAGE)|SPRING_PROFILES_ACTIVE")


def mode_of(name: str, value: str | None) -> EnvironmentClass | None:
    """Return the class of environments that a variable for the mode says, base where its value says none; None for another
    variable.
    """
    return path_environment(value or "") if _MODE.fullmatch(name) else None
