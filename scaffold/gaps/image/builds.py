"""Who builds a Dockerfile, and whether what it makes is for development or tests."""

from __future__ import annotations

import posixpath
import re

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Scalar, find
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass, closest_to_production
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex

_OTHER_SCRIPTS = (
    *(".ps1", ".bat", ".cmd", "Jenkinsfile", ".gitlab-ci.yml", ".groovy", ".drone.yml", "azure-pipelines.yml", "buildspec.yml"),
    *(
        "docker-bake.hcl",
        "docker-bake.json",
        "skaffold.yaml",
        "Tiltfile",
        "Earthfile",
        "fly.toml",
        "railway.json",
        "render.yaml",
    ),
)
"""Files whose commands are not read: what stands beside or below them may be built by them."""
_NAMED_BY_VARIABLE = regex(r"Dockerfile[._-]?\$|\}[._-]?Dockerfile\b", re.IGNORECASE)
"""How a loop or a matrix names one of several Dockerfiles."""
_USUAL_NAMES = frozenset({"dockerfile", "containerfile"})
DEVELOPMENT = regex(
    r"(?:^|[./_-])(?:dev|devel|development|test|tests|e2e|playwright|ci|fuzz|clusterfuzzlite)(?:[./_-]|$)",
    re.IGNORECASE,
    words=("ci", "dev", "e2e", "fuzz", "playwright", "test"),
)
"""Words in a path or in the name of a stage that say development or tests."""


_DEBUG = regex(rf"{DEVELOPMENT.pattern}|(?:^|[./_-])debug(?:[./_-]|$)", re.IGNORECASE)
_FOR_PRODUCTION = regex(r"(?:^|[._-])(?:prod|prd|production|release|live)(?:[._-]|$)", re.IGNORECASE)


def production_stage(project: Project, service: Service) -> str:
    """Return how production builds another stage than the one that a service takes, which a variable chooses by its default or
    which is called after development: `TARGET=prod`, `build.target prod`; "" where there is no such choice.
    """
    build, dockerfile = service.made, project.image_of(service)
    if build is None or dockerfile is None or not build.target or _FOR_PRODUCTION.search(build.target):
        return ""
    node = find(service.node, "build", "target")
    chosen_by = next((item.name for item in node.references if item.has_default), "") if isinstance(node, Scalar) else ""
    if not chosen_by and not _DEBUG.search(build.target):
        return ""
    # A stage below the one that is built is a part of it.
    below = {stage.alias for stage in dockerfile.chain(build.target)}
    stages = [stage.alias for stage in dockerfile.stages if stage.alias and stage.alias not in below]
    found = next((alias for alias in stages if _FOR_PRODUCTION.search(alias)), "")
    return f"{chosen_by}={found}" if found and chosen_by else f"build.target {found}" if found else ""


def users_of(project: Project, dockerfile: Dockerfile) -> tuple[Service, ...]:
    """Return the services of all stacks that are built from this Dockerfile."""
    return tuple(service for _, service in _users(project).get(dockerfile.path, ()))


@remembered
def _users(project: Project) -> dict[str | None, list[tuple[Stack, Service]]]:
    """Return the services that are built, with their stacks, by the path of their Dockerfile."""
    found: dict[str | None, list[tuple[Stack, Service]]] = {}
    for stack in project.stacks:
        for service in stack.services:
            if service.build:
                found.setdefault(service.build.dockerfile, []).append((stack, service))
    return found


@remembered
def _environments(project: Project) -> dict[str | None, list[EnvironmentClass]]:
    """Return the classes of the stacks that build each Dockerfile, or pull what a workflow built from it, by its path."""
    users = _users(project)
    found = {path: list(dict.fromkeys(stack.environment for stack, _ in users[path])) for path in users}
    for stack in project.stacks:
        for service in stack.services:
            made = service.pulled
            if made is not None:
                found.setdefault(made.dockerfile, []).append(stack.environment)
    return found


@remembered
def _is_one_used(project: Project) -> bool:
    """Whether a service is built from one of the Dockerfiles."""
    return any(users_of(project, dockerfile) for dockerfile in project.dockerfiles)


@frozen
class _Builders:
    """What may name a Dockerfile: all commands and workflows as one text, and the folders of scripts that are not read."""

    text: str
    names_by_variable: bool
    unread: tuple[str, ...]


@remembered
def _builders(project: Project) -> _Builders:
    texts = [command.text for command in project.commands]
    texts += [project.source(workflow.path) or "" for workflow in project.workflows]
    unread = {posixpath.dirname(path) for path in project.files if path.endswith(_OTHER_SCRIPTS)}
    return _Builders("\n".join(texts), any(map(_NAMED_BY_VARIABLE.search, texts)), tuple(sorted(unread)))


def is_built(project: Project, dockerfile: Dockerfile) -> bool:
    """Whether something may build a Dockerfile: a service, a command or workflow that names its folder, or, where none of
    the services is built, somebody by hand.
    """
    if users_of(project, dockerfile) or not _is_one_used(project):
        return True
    folder, name = posixpath.split(dockerfile.path)
    usual = name.lower() in _USUAL_NAMES
    # What builds a folder takes the file with the usual name; another one has to be named.
    words = [word for word in (folder, dockerfile.path) if word] if usual else [name]
    builders = _builders(project)
    if folder.startswith(builders.unread) or (not usual and builders.names_by_variable):
        return True
    # A Dockerfile at the root is what `docker build .` takes.
    named = [(word, re.compile(rf"(?<![\w{'/' if usual else ''}-])(?:\./)?{re.escape(word)}(?![\w-])")) for word in words]
    return (usual and not folder) or any(word in builders.text and pattern.search(builders.text) for word, pattern in named)


def targets_of(project: Project, dockerfile: Dockerfile) -> tuple[str, ...]:
    """Return the stages that services run, the last one ("") where none is named."""
    builds = (service.build for service in users_of(project, dockerfile) if service.build)
    return tuple(dict.fromkeys(build.target for build in builds)) or ("",)


def released_targets(project: Project, dockerfile: Dockerfile) -> tuple[str, ...]:
    """Return the stages that services run; in place of one called after development, the stage that a release builds: the one
    called after production, else the last one, where neither is a part of it.
    """
    return tuple(dict.fromkeys(_released(dockerfile, target) for target in targets_of(project, dockerfile)))


def _released(dockerfile: Dockerfile, target: str) -> str:
    if not target or not _DEBUG.search(target):
        return target
    below = {stage.location for stage in dockerfile.chain(target)}
    named = [stage.alias for stage in dockerfile.stages if stage.alias and _FOR_PRODUCTION.search(stage.alias)]
    found = next((alias for alias in named if dockerfile.chain(alias)[0].location not in below), None)
    last = dockerfile.chain("")
    if found is None and last and last[0].location not in below and not _DEBUG.search(last[0].alias or ""):
        return ""
    return target if found is None else found


def environment_of(project: Project, dockerfile: Dockerfile) -> EnvironmentClass:
    """Return what the image is for, by its path, else by the stacks that build it: the one closest to production."""
    if DEVELOPMENT.search(dockerfile.path) or is_test_path(dockerfile.path):
        return EnvironmentClass.DEV
    return closest_to_production(_environments(project).get(dockerfile.path, ()))
