"""Other ways by which the application comes to others than the stack that a gap is about."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from scaffold.gaps.chart import PACKAGING
from scaffold.gaps.managed_stores import is_kept
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure, resource_types
from scaffold.gaps.starts import (
    DEPLOYMENT_FOLDERS,
    NAMES_COMPOSE,
    Strength,
    calls_of_deployments,
    is_about,
    strength_of,
    strength_of_line,
    workflows_for_others,
)
from scaffold.model.compose import Stack
from scaffold.model.deployments import is_deployment, is_elsewhere, run_text
from scaffold.model.document import Location
from scaffold.model.known import folders_above, known
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ON_A_CLUSTER = regex(
    r"^[ \t]*(?:\$ )?(?:kubectl (?:apply|create)|helm (?:install|upgrade))\b", re.MULTILINE, words=("kubectl ", "helm ")
)
_TO_A_CLUSTER = regex(r"\b(?:helm\s+upgrade|kubectl\s+(?:apply|set\s+image|rollout))\b", words=("helm", "kubectl"))
_COPIES = regex(
    r"\b(?:scp|rsync|sftp)\b|\b(?:gcloud\s+(?:storage|compute)|gsutil|s3|az\s+storage)\b[^\n]*\b(?:cp|scp|sync|upload(?:-batch)?|rsync)\b",
    words=("scp", "rsync", "sftp", "gcloud", "gsutil", "s3", "storage"),
)
"""Commands and actions that copy files to another machine, or to a store from which it takes them."""
_MOST_PATTERNS = 20
_RESTARTS = regex(
    r"\b(?:systemctl|service)\s+(?:--\S+\s+)*(?:re)?(?:start|load)\b|\bpm2\s+(?:re)?(?:start|load)\b|\bsupervisorctl\b|\bartisan\s+migrate\b"
    r"|\bsystemctl\b[^\n]*\brestart\b|\btouch\s+\S*restart\.txt\b|\bservice\s+\S+\s+(?:restart|reload)\b"
)
"""How a program of the host itself is brought to its new version."""
_CONTAINERS = regex(
    r"\b(?:docker|podman|compose|kubectl|helm|nerdctl|swarm)\b|[\w/-]+\.sh\b|\bmake\s+\w|\bansible\b", re.IGNORECASE
)
"""Words of containers, and of scripts that may start some."""


@remembered
def deployed_by_jobs(project: Project) -> tuple[tuple[Stack, Location], ...]:
    """Return the stacks that jobs which deploy for others start on their hosts, by themselves or by a script that they call,
    and the place in the job.
    """
    stacks = [stack for stack in project.stacks if stack.complete and stack.is_runnable_in_production and _runs_code(stack)]
    found: dict[str, tuple[Stack, Location]] = {}
    for call in calls_of_deployments(project) if stacks else ():
        for stack in (stack for stack in stacks if is_about(project, call, stack)):
            found.setdefault(stack.id, (stack, call.start.location))
    return tuple(found.values())


@remembered
def brought_to_hosts(project: Project) -> dict[str, Location]:
    """Return the compose files of sets for others that jobs which deploy copy to another machine, with a place for each."""
    stacks = (stack for stack in project.stacks if stack.complete and stack.is_runnable_in_production)
    files = {path for stack in stacks for path in stack.files}
    found: dict[str, Location] = {}
    for workflow in workflows_for_others(project) if files else ():
        jobs = (job for job in workflow.jobs if is_deployment(workflow, job) or "deploy" in f"{job.id} {job.name}".lower())
        for step in (step for job in jobs for step in job.all_steps):
            lines = [line for line in run_text(step).splitlines() if _COPIES.search(line)]
            lines += [step.input("source")] if _COPIES.search(step.action) else []
            for path in _named_by(files, lines):
                found.setdefault(path, step.run_location or step.location)
    return found


def other_way(project: Project, stacks: list[Stack]) -> Location | None:
    """Return a place that shows another way to run the applications in production: a stack of that class, or packaging."""
    files = {path for stack in stacks for path in stack.files}
    for stack in project.stacks:
        apart = stack.complete and project.owned.union(files).isdisjoint(stack.files)
        if apart and _runs_code(stack) and stack.environment is EnvironmentClass.PRODUCTION:
            return Location(stack.files[0], 1)
    outside = not any(_is_of_deployment(stack) for stack in stacks)
    kept = all(_is_kept(project, item) for item in stacks)
    for stack in _deployed(project) if kept or outside else ():
        if (kept or _is_of_deployment(stack)) and files.isdisjoint(stack.files):
            return Location(stack.files[0], 1)
    packaged = (item.location for item in foreign_infrastructure(project) if item.kind in PACKAGING)
    return next(packaged, None) or platform_of(project) or _told_for_a_cluster(project)


def _named_by(files: set[str], lines: list[str]) -> list[str]:
    """Return the files that lines name, by themselves, with a folder that they lie in, or by a pattern."""
    given = (word.strip("\"',;") for line in lines for word in re.split(r"[\s,]+", line))
    words = {posixpath.normpath(word).removesuffix("/*") for word in given if word}
    patterns = sorted(word for word in words if "*" in word)[:_MOST_PATTERNS]
    return sorted(
        path
        for path in files
        if not words.isdisjoint({path, ".", *folders_above(path)}) or any(fnmatchcase(path, item) for item in patterns)
    )


@remembered
def deployed_to_a_cluster(project: Project) -> Location | None:
    """Return the first job that deploys for others and brings the application to a cluster."""
    for workflow in workflows_for_others(project):
        for job in workflow.jobs:
            if is_deployment(workflow, job) and any(_TO_A_CLUSTER.search(run_text(step)) for step in job.all_steps):
                return job.location
    return None


@remembered
def _told_for_a_cluster(project: Project) -> Location | None:
    """Return the first line by which a page on deployment brings the application to a cluster, and speaks of no Compose."""
    for page in project.docs:
        if page.path in project.owned or not _ON_A_CLUSTER.search(page.text) or NAMES_COMPOSE.search(page.text):
            continue
        lines = page.text.splitlines()
        for number, line in enumerate(lines, 1):
            if _ON_A_CLUSTER.search(line) and strength_of_line(page, lines, number) is Strength.OTHERS:
                return Location(page.path, number)
    return None


def _runs_code(stack: Stack) -> bool:
    return known(_has_application, stack)


def _has_application(stack: Stack) -> bool:
    return any(service.is_application for service in stack.services)


def _is_of_deployment(stack: Stack) -> bool:
    """Whether the files of a stack lie in a folder for deployment."""
    return bool(DEPLOYMENT_FOLDERS & set(stack.directory.split("/")))


@remembered
def _deployed(project: Project) -> tuple[Stack, ...]:
    return tuple(stack for stack in project.stacks if _is_deployed(project, stack))


def _is_deployed(project: Project, stack: Stack) -> bool:
    """Whether a stack that is no developer's brings the application to others by a page, a job or a script that deploys."""
    if not stack.complete or not _runs_code(stack) or not project.owned.isdisjoint(stack.files):
        return False
    return stack.is_runnable_in_production and strength_of(project, stack).strength is Strength.OTHERS


def _is_kept(project: Project, stack: Stack) -> bool:
    """Whether a stack starts stores alone, and the infrastructure code has a managed one for each."""
    return known(_has_managed_stores, project, stack)


def _has_managed_stores(project: Project, stack: Stack) -> bool:
    types = resource_types(foreign_infrastructure(project))
    stores = [service for service in stack.services if service.is_datastore]
    return bool(stores) and not _runs_code(stack) and all(is_kept(service, types) for service in stores)


def is_beside_production(project: Project, stack: Stack) -> bool:
    """Whether a stack of the class base starts stores for developers: production has managed ones, and another stack is what
    brings the application to others.
    """
    if stack.environment is not EnvironmentClass.BASE or not _is_kept(project, stack):
        return False
    others = (other for other in _deployed(project) if set(other.files).isdisjoint(stack.files))
    return next(others, None) is not None and strength_of(project, stack).strength < Strength.OTHERS


@remembered
def platform_of(project: Project) -> Location | None:
    """Return the file of a platform that runs the application, or the job that does so on a host without containers."""
    files = (item.location for item in foreign_infrastructure(project) if item.kind == "paas")
    return next(files, None) or next(_without_containers(project), None)


def _without_containers(project: Project) -> Iterator[Location]:
    """Yield the jobs that bring the application to a host over SSH and restart it there, and name no container at all."""
    for workflow in project.workflows:
        for job in workflow.jobs:
            text = "\n".join(run_text(step) for step in job.all_steps)
            if any(is_elsewhere(step) for step in job.all_steps) and _RESTARTS.search(text) and not _CONTAINERS.search(text):
                yield job.location
