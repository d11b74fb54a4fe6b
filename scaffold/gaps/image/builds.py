"""Who builds a Dockerfile, and whether what it makes is for development or tests."""

from __future__ import annotations

import posixpath
import re

from scaffold.gaps.facts import is_test_path
from scaffold.model.compose import Service
from scaffold.model.document import Scalar, find
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
_FOR_PRODUCTION = regex(r"(?:^|[._-])(?:prod|production|release|live)(?:[._-]|$)", re.IGNORECASE)


def production_stage(project: Project, service: Service) -> str:
    """Return how production builds another stage than the one that a service takes, which a variable chooses by its default or
    which is called after development: `TARGET=prod`, `build.target prod`; "" where there is no such choice.
    """
    build, dockerfile = service.build, project.image_of(service)
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
    services = (service for stack in project.stacks for service in stack.services if service.build)
    return tuple(service for service in services if service.build and service.build.dockerfile == dockerfile.path)


def is_built(project: Project, dockerfile: Dockerfile) -> bool:
    """Whether something may build a Dockerfile: a service, a command or workflow that names its folder, or, where none of
    the services is built, somebody by hand.
    """
    if users_of(project, dockerfile) or not any(users_of(project, other) for other in project.dockerfiles):
        return True
    folder, name = posixpath.split(dockerfile.path)
    usual = name.lower() in _USUAL_NAMES
    # What builds a folder takes the file with the usual name; another one has to be named.
    words = [word for word in (folder, dockerfile.path) if word] if usual else [name]
    texts = [command.text for command in project.commands]
    texts += [project.source(workflow.path) or "" for workflow in project.workflows]
    if any(path.endswith(_OTHER_SCRIPTS) and folder.startswith(posixpath.dirname(path)) for path in project.files):
        return True
    if not usual and any(_NAMED_BY_VARIABLE.search(text) for text in texts):
        return True
    # A Dockerfile at the root is what `docker build .` takes.
    named = [(word, re.compile(rf"(?<![\w{'/' if usual else ''}-])(?:\./)?{re.escape(word)}(?![\w-])")) for word in words]
    return (usual and not folder) or any(word in text and pattern.search(text) for word, pattern in named for text in texts)


def targets_of(project: Project, dockerfile: Dockerfile) -> tuple[str, ...]:
    """Return the stages that services run, the last one ("") where none is named."""
    builds = (service.build for service in users_of(project, dockerfile) if service.build)
    return tuple(dict.fromkeys(build.target for build in builds)) or ("",)


def environment_of(project: Project, dockerfile: Dockerfile) -> EnvironmentClass:
    """Return what the image is for, by its path, else by the stacks that build it: the one closest to production."""
    if DEVELOPMENT.search(dockerfile.path) or is_test_path(dockerfile.path):
        return EnvironmentClass.DEV
    builders = [
        stack.environment
        for stack in project.stacks
        if any(service.build and service.build.dockerfile == dockerfile.path for service in stack.services)
    ]
    return closest_to_production(builders)


def ignore_file(project: Project, dockerfile: Dockerfile, context: str) -> str:
    """Return the file whose patterns count for this build, one of the Dockerfile's own first; "" where there is none."""
    read = dict(project.dockerignores)
    return next((path for path in _ignore_paths(dockerfile, context) if path in read or path in project.files), "")


def ignore_patterns(project: Project, dockerfile: Dockerfile, context: str) -> tuple[str, ...]:
    """Return the patterns of the file whose patterns count for this build; none where there is no such file."""
    read = dict(project.dockerignores)
    return next((read[path] for path in _ignore_paths(dockerfile, context) if path in read), ())


def _ignore_paths(dockerfile: Dockerfile, context: str) -> tuple[str, str]:
    return f"{dockerfile.path}.dockerignore", ignore_path(context)


def ignore_path(context: str) -> str:
    """Return where the .dockerignore of a build context is."""
    return f"{context}/.dockerignore" if context else ".dockerignore"
