"""The releases that commands bring to a host: what a job or a script runs there, and whether anything looks at it after."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.looks import ONLY_SHOWS, from_the_start, is_looked_at, looks_at_it
from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import SAYS, is_test_path, path_environment
from scaffold.gaps.remembered import remembered
from scaffold.model.deployments import (
    Line,
    commands_of,
    compose_call,
    deploy_scripts,
    is_deployment,
    is_elsewhere,
    is_own_machine,
    lines_of,
    run_text,
)
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_UP = regex(compose_call("up") + r"[^\n&|;]{0,300}\s(?:-d|--detach)\b|\bdocker\s+run\b[^\n&|;]{0,300}\s(?:-d|--detach)\b")
"""Commands that put a new container in the place of the one that serves; a cluster keeps the old one until the new is ready."""
_BUILDS = regex(
    compose_call(r"build|up\b[^\n&|;]{0,300}\s--build") + r"|\bdocker\s+(?:image\s+|buildx\s+)?build\b",
    words=("build",),
)
_FETCHES = regex(
    compose_call(r"pull|up\b[^\n&|;]{0,300}\s--pull") + r"|\bdocker\s+(?:image\s+)?(?:pull|load)\b",
    words=("pull", "load"),
)
_SCRIPT = regex(r"(?<![\w.-])[\w.-]{1,255}\.(?:ba)?sh\b", words=("sh",))


@frozen
class HostRelease:
    """What one job or script runs on the host to replace a release, in order."""

    path: str
    name: str
    resource: str
    lines: tuple[Line, ...]
    start: Location
    """The line that starts the new release."""
    looked_at: bool
    staging: bool
    whole: str
    """Every text of the place, also what it runs elsewhere and what names its steps have."""

    @property
    def fetches(self) -> bool:
        """Whether images come to the host from a registry or a file."""
        return any(_FETCHES.search(line.text) for line in self.lines)

    @property
    def builds(self) -> bool:
        """Whether the images are built on the host."""
        return any(_BUILDS.search(line.text) for line in self.lines)


def host_releases(project: Project) -> Iterator[HostRelease]:
    """Yield the jobs, then the scripts, that replace a release by Compose or Docker on a host that lasts."""
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            if is_deployment(workflow, job):
                yield from _of_job(workflow, job)
    for path, commands in deploy_scripts(project).items():
        lines = commands_of(Line(item.text, item.location) for item in commands)
        start = _start(lines)
        if start is not None and not is_test_path(path):
            text = "\n".join(line.text for line in lines)
            staging = path_environment(path) is EnvironmentClass.STAGING
            yield HostRelease(path, path, path, lines, start, looks_at_it(from_the_start(text)), staging, text)


def _of_job(workflow: Workflow, job: Job) -> Iterator[HostRelease]:
    there = [step for step in job.steps if is_elsewhere(step) or is_own_machine(job)]
    lines = commands_of(line for step in there for line in lines_of(workflow, step, run_text(step)))
    start = _start(lines)
    if start is not None:
        words = f"{workflow.path.rpartition('/')[2]} {job.id} {job.environment}"
        yield HostRelease(
            workflow.path,
            f"The job {job.id}",
            f"{workflow.path}/{job.id}",
            lines,
            start,
            is_looked_at(workflow, job),
            path_environment(words) is EnvironmentClass.STAGING,
            known(_whole, workflow),
        )


def _whole(workflow: Workflow) -> str:
    """Return every text of a workflow."""
    steps = (step for job in workflow.jobs for step in job.all_steps)
    return "\n".join((workflow.name, *(f"{step.name}\n{step.uses}\n{run_text(step)}" for step in steps)))


def _start(lines: tuple[Line, ...]) -> Location | None:
    started = (
        line for line in lines if _UP.search(line.text) and not ONLY_SHOWS.fullmatch(line.text) and not SAYS.match(line.text)
    )
    return next((line.place for line in started), None)


def with_called_scripts(project: Project, release: HostRelease) -> str:
    """Return every text of a release with those of the shell scripts of the repository that it names."""
    return known(_with_called_scripts, project, release.whole)


def _with_called_scripts(project: Project, whole: str) -> str:
    commands = _commands_of_scripts(project)
    called = sorted(item for name in set(_SCRIPT.findall(whole)) for item in commands.get(name, ()))
    return "\n".join((whole, *(text for _, text in called)))


@remembered
def _commands_of_scripts(project: Project) -> dict[str, list[tuple[int, str]]]:
    """Return the commands of scripts, with their numbers, by the names of the scripts without folders."""
    found: dict[str, list[tuple[int, str]]] = {}
    for number, item in enumerate(project.commands):
        if item.context == "script":
            found.setdefault(item.location.path.rpartition("/")[2], []).append((number, item.text))
    return found
