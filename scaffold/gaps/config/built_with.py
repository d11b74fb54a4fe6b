"""Where a build for production switches on what is made up: env files, settings of hosts, jobs that deploy, images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.config.django_settings import runnable_stacks
from scaffold.gaps.facts import is_test_path
from scaffold.model.deployments import is_deployment
from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_HOSTS = regex(r"(?:^|/)(?:vercel\.json|netlify\.toml)$")
_SECTION = regex(r"(?m)^[ \t]*\[(?P<name>[\w.\"-]+)\]\s*$")
_PREVIEW = regex(r"preview|branch|dev|staging")


def switched_on(project: Project, names: set[str]) -> Iterator[tuple[str, Location]]:
    """Yield each variable of `names` that a build for production has on, with its place."""
    given = (*_of_env_files(project), *_of_jobs(project, names), *_of_images(project))
    yield from ((name, place) for name, value, place in given if name in names and _is_true(value))
    for source in project.sources:
        if _HOSTS.search(source.path):
            yield from _of_host(source.path, source.text, names)


def _of_env_files(project: Project) -> Iterator[tuple[str, str, Location]]:
    for file in project.env_files:
        if file.kind == "real" and file.environment == EnvironmentClass.PRODUCTION and not is_test_path(file.path):
            yield from ((entry.name, entry.value, entry.location) for entry in file.entries if not entry.commented)


def _of_jobs(project: Project, names: set[str]) -> Iterator[tuple[str, str, Location]]:
    """Yield what the jobs that deploy set of the variables."""
    for workflow in project.workflows:
        for job in workflow.jobs:
            given = [(name, value, step.location) for step in job.all_steps for name, value in (*step.env, *job.env)]
            found = [item for item in given if item[0] in names]
            if found and is_deployment(workflow, job):
                yield from found


def _of_images(project: Project) -> Iterator[tuple[str, str, Location]]:
    for stack in runnable_stacks(project):
        for service in stack.services if stack.environment is EnvironmentClass.PRODUCTION else ():
            yield from ((name, value, service.location) for name, value in (service.build.args if service.build else ()))


def _is_true(value: str) -> bool:
    return means_true(value.strip().strip("\"'"))


def _of_host(path: str, text: str, names: set[str]) -> Iterator[tuple[str, Location]]:
    """Yield what the file of a host of pages sets, sections for previews left out."""
    for name in sorted(names):
        for match in re.finditer(rf"(?m)^[ \t]*\"?{re.escape(name)}\"?[ \t]*[:=][ \t]*(\"?\w+\"?)", text):
            sections = list(_SECTION.finditer(text, 0, match.start()))
            if _is_true(match[1]) and not (sections and _PREVIEW.search(sections[-1]["name"])):
                yield name, Location(path, text.count("\n", 0, match.start()) + 1)
