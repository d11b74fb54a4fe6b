"""CMP018: Compose refuses a file, so that no command with it starts anything."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import DEFAULT_FILES
from scaffold.model.document import Problem
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity, closest_to_production
from scaffold.model.project import Project
from scaffold.model.regex import regex

_NAME = regex(r"(?:[\w.+-]+[._-])?(?:docker-|podman-)?compose(?:[._-][\w.+-]+)?\.ya?ml")
_ELSEWHERE = ("would have to be fetched", "outside the project", "the env file", "the label file", "larger than")
"""What may well be there when the command runs: only this repository lacks it."""


def _detect(project: Project) -> Iterator[Gap]:
    broken: dict[str, list[Problem]] = {}
    for problem in project.problems:
        if _counts(project, problem):
            broken.setdefault(problem.location.path, []).append(problem)
    for path, problems in sorted(broken.items()):
        yield RULE.gap(
            resource=path,
            subject="load",
            message=f"Compose cannot load {path}: {problems[0].message}.",
            expected="a file that `docker compose config` accepts",
            actual=problems[0].message,
            locations=tuple(dict.fromkeys(problem.location for problem in problems)),
            environment=_environment(project, path),
        )


def _counts(project: Project, problem: Problem) -> bool:
    path = problem.location.path
    known = any(file.path == path for file in project.compose_files) or _NAME.fullmatch(path.rpartition("/")[2])
    if not known or path in project.owned or path.startswith(".github/"):
        return False
    if any(words in problem.message for words in _ELSEWHERE) or _is_fragment(project, path):
        return False
    lines = (project.source(path) or "").split("\n")
    line = lines[problem.location.line - 1] if problem.location.line <= len(lines) else ""
    return "$" not in line  # A variable may hold what is missing.


def _is_fragment(project: Project, path: str) -> bool:
    """Whether the file only works together with others that no command names: Compose takes one of its own names alone."""
    stacks = [stack for stack in project.stacks if path in stack.files]
    by_itself = any(stack.files == (path,) and path.rpartition("/")[2] in DEFAULT_FILES for stack in stacks)
    return bool(stacks) and not by_itself and not any(stack.complete for stack in stacks)


def _environment(project: Project, path: str) -> EnvironmentClass:
    classes = [stack.environment for stack in project.stacks if path in stack.files]
    name = path.rpartition("/")[2]
    unread = next((item for item in EnvironmentClass if item.value in name.replace("-", ".").split(".")), EnvironmentClass.BASE)
    return closest_to_production(classes, default=unread)


RULE = Rule(
    code="CMP018",
    name="compose-file-not-loadable",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Mend the line; `docker compose -f FILE config -q` says whether the file loads."),),
)
