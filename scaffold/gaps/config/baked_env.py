"""Debug that an `.env` of the repository turns on in the image of a PHP application, where production says nothing else."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import islice

from scaffold.gaps.config.django_settings import runnable_stacks
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service, Stack
from scaffold.model.dockerignore import ignore_patterns, leaves_out
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import given_names, is_in_image, runs_code
from scaffold.model.names import EnvironmentClass, Role
from scaffold.model.project import EnvEntry, EnvFile, Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

DEBUG = "APP_DEBUG"
"""By which Symfony and Laravel show code and settings on their error pages."""
_COMPILES = regex(
    r"\bcomposer\s+(?:[\w-]+\s+)?(?:symfony:)?dump-env\s+prod\b|\bdotenv:dump\b", words=("dump-env", "dotenv:dump")
)
_WRITES = regex(
    rf"\b(?:cp|mv|rm|ln|sed|tee|install|envsubst)\b[^\n|;]{{0,200}}?(?<![\w.*-])\.env(?![\w.-])|>\s*[\"']?[^\s\"'>]{{0,200}}?(?<![\w.*-])\.env(?![\w.-])"
    rf"|\b{DEBUG}\b",
    words=(".env", DEBUG),
)
"""Steps by which an image, or what is started in it, may have another file of that name, or another value."""
_FOR_PRODUCTION = frozenset({"prod", "production"})


@frozen
class BakedDebug:
    """A service of production, the line of the `.env` in its image, and the step that compiles it, if one does."""

    stack: Stack
    service: Service
    entry: EnvEntry
    step: Location | None


def debug_in_images(project: Project) -> Iterator[BakedDebug]:
    """Yield the services of production whose image holds an `.env` with debug on, which nothing sets otherwise."""
    files = [file for file in project.env_files if posixpath.basename(file.path) == ".env" and _turns_on(file)]
    for stack in runnable_stacks(project) if files else ():
        services = [service for service in stack.services if service.made and service.role is not Role.WORKER]
        for file in files if stack.environment is not EnvironmentClass.DEV else ():
            found = (_baked(project, stack, service, file) for service in services)
            # Others of the same image are run for the same pages, or show none.
            yield from islice(filter(None, found), 1)


def _turns_on(file: EnvFile) -> bool:
    entry = file.entry(DEBUG)
    return entry is not None and not entry.commented and means_true(entry.value)


def _baked(project: Project, stack: Stack, service: Service, file: EnvFile) -> BakedDebug | None:
    build, entry, folder = service.made, file.entry(DEBUG), posixpath.dirname(file.path)
    context = build.context or "" if build else ""
    if folder != context.strip("./") or posixpath.join(folder, "composer.json") not in project.present:
        return None
    dockerfile = project.image_of(service) if is_in_image(project, service, file.path) else None
    if dockerfile is None or build is None or entry is None or not runs_code(project, service):
        return None
    if leaves_out(ignore_patterns(project, dockerfile, context), ".env") or _is_set(project, stack, service, folder):
        return None
    instructions = [item for stage in dockerfile.chain(build.target) for item in stage.instructions]
    if any(map(_lays_over, instructions)) or _is_written(project):
        return None
    steps = (item for item in instructions if item.keyword == "RUN")
    step = next((item.location for item in steps if _COMPILES.search(item.text)), None)
    mode = file.entry("APP_ENV")
    is_meant = mode is not None and not mode.commented and mode.value.strip().lower() in _FOR_PRODUCTION
    return BakedDebug(stack, service, entry, step) if step is not None or is_meant else None


def _lays_over(item: Instruction) -> bool:
    """Whether an instruction takes the file out of the image, or puts another one in its place."""
    if item.keyword not in {"COPY", "ADD"}:
        return item.keyword == "RUN" and _WRITES.search(item.text) is not None
    names = [posixpath.basename(word.strip("[]\"',")) for word in item.text.split()]
    return names[-1:] == [".env"] and ".env" not in names[:-1]


@remembered
def _is_written(project: Project) -> bool:
    """Whether a script or a job writes the file or the variable: it may do so before the build, or as the image starts."""
    lines = (command.text for command in project.commands if command.context != "doc")
    return any(map(_WRITES.search, lines))


def _is_set(project: Project, stack: Stack, service: Service, folder: str) -> bool:
    """Whether something sets the variable for production, or may: env files that people write, a folder over the image's."""
    mounted = any(
        mount.kind == "bind" and (mount.resolved in {None, "", ".", folder} or ".env" in mount.source)
        for mount in service.mounts
    )
    others = (
        file for file in project.env_files if file.environment in {"prod", "production"} and file.entry(DEBUG) is not None
    )
    given = DEBUG in given_names(project, stack, service) or service.env_files
    return bool(given or mounted or next(others, None) or any(service.node.get(key) for key in ("secrets", "extends")))
