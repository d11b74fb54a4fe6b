"""Which workflows run Compose, and whether they set the variables that an edit would make required."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.model.known import known
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex

_RUNS = regex(
    r"\bdocker[ -]compose\b(?:\s+(?:-f|--file|-p|--project-name|--profile|--env-file)[ =]\S+)*\s+"
    r"(?:up|run|build|config|create|pull|start|exec|down|ps|logs|push)\b"
)
_NAMES_FILES = regex(r"(?:^|\s)(?:-f|--file)[ =]?[\"']?(?P<path>[\w./-]+)")
_DEFAULT_FILES = frozenset(
    f"{name}{override}.{end}"
    for name in ("compose", "docker-compose")
    for override in ("", ".override")
    for end in ("yaml", "yml")
)


def workflow_that_would_break(
    project: Project, paths: Iterable[str], variables: tuple[str, ...]
) -> tuple[str, tuple[str, ...]] | None:
    """Return the first workflow that runs Compose with one of these files and lacks a variable, with what it lacks."""
    names = frozenset(path.rpartition("/")[2] for path in paths)
    for workflow in project.workflows:
        for job, step in _compose_steps(workflow, names):
            missing = tuple(name for name in variables if not _is_set(workflow, job, step, name))
            if missing:
                return workflow.path, missing
    return None


def _compose_steps(workflow: Workflow, names: frozenset[str]) -> Iterator[tuple[Job, Step]]:
    for job in workflow.jobs:
        for step in job.all_steps:
            if _RUNS.search(step.run) and _uses(step.run, names):
                yield job, step


def _uses(script: str, names: frozenset[str]) -> bool:
    named = {match["path"].rpartition("/")[2] for match in _NAMES_FILES.finditer(script)}
    return bool(names & named) if named else bool(names & _DEFAULT_FILES)


def _is_set(workflow: Workflow, job: Job, step: Step, name: str) -> bool:
    """Whether the environment of the step has the variable, or a step of the job writes it somewhere."""
    if any(key == name for key, _ in (*workflow.env, *job.env, *step.env)):
        return True
    return f"{name}=" in known(_runs, job)


def _runs(job: Job) -> str:
    return "\n".join(step.run for step in job.all_steps)
