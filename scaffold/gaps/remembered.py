"""`@remembered`: what several rules ask of a project is worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from scaffold.model.project import Project

_T = TypeVar("_T")


def remembered(function: Callable[[Project], _T]) -> Callable[[Project], _T]:
    """Return the function with the answer for the last project at hand: projects never change, and are judged one by one."""
    last: dict[str, tuple[Project, _T]] = {}

    @wraps(function)
    def answer(project: Project) -> _T:
        known = last.get("project")
        if known is None or known[0] is not project:
            known = last["project"] = (project, function(project))
        return known[1]

    return answer
