"""Whether every service that runs a piece of code gets a variable, so that only a start without Compose takes the default."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from scaffold.gaps.chart import PACKAGING
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.env_templates import missing_env_files, optional_env_files, template_of
from scaffold.model.image_code import is_in_image, runs_code
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of

_MODULES = regex(r"\s-m[\s\"',]+([A-Za-z_]\w*)|(?<![\w/.:])([A-Za-z_]\w*)(?:\.\w+)*:[A-Za-z_]\w*(?![\w/])")
_RUNNERS = frozenset({"uvicorn", "gunicorn", "hypercorn", "celery", "flask", "pytest", "alembic", "http", "pip", "venv"})
_READ_KINDS = frozenset({"getenv", "field", "expression", "fallback"})


def is_given_everywhere(project: Project, settings: list[SettingDefault]) -> bool:
    """Whether each service of production that runs the code of a default gets its variable: by its environment, or by an env
    file whose template, or the workflow that writes it, names it.
    """
    if any(setting.kind not in _READ_KINDS for setting in settings):
        return False
    name, paths = settings[0].name, {setting.location.path for setting in settings}
    services = [found for path in sorted(paths) for found in services_that_run(project, path)]
    needs_value = takes_empty_for_unset(settings)
    given = all(
        _is_given(project, stack, service, name, needs_value=needs_value)
        or _is_another_program(project, services, service, settings)
        for stack, service in services
    )
    return bool(services) and given and _is_in_packaging(project, name, paths)


def defaults_in_code(project: Project, services: Iterable[Service], names: frozenset[str]) -> tuple[str, ...]:
    """Return the defaults that code has for variables of these names: of the code that one of the services runs, as marks."""
    asked = [service for service in services if runs_code(project, service)]
    found = [item for name in sorted(names) for item in _read_as(project).get(name, ())]
    return tuple(
        dict.fromkeys(
            mark_of(item)
            for item in found
            if any(not service.made or _holds(project, service, item.location.path) for service in asked)
        )
    )


def mark_of(setting: SettingDefault) -> str:
    """Return the file and the name of a default of the code, by which the findings of one variable are told to be so."""
    return f"{setting.location.path}: {setting.name}"


@remembered
def _read_as(project: Project) -> dict[str, list[SettingDefault]]:
    """Return the defaults of the code by the names that the environment may give their variables."""
    found: dict[str, list[SettingDefault]] = {}
    for item in project.settings:
        for name in dict.fromkeys(written_names(item.name)) if item.kind in _READ_KINDS else ():
            found.setdefault(name, []).append(item)
    return found


def takes_empty_for_unset(settings: list[SettingDefault]) -> bool:
    """Whether the code takes the default for an empty text too: to Python's `getenv` that is a value."""
    kinds = {"expression", "fallback"}
    return any(setting.kind in kinds or not setting.location.path.endswith(".py") for setting in settings)


def is_run_by_nobody(project: Project, settings: list[SettingDefault]) -> bool:
    """Whether every application of the stacks for production is built from a folder without the code, and none mounts it: what
    the files start does without it.
    """
    services = [service for stack in project.stacks if stack.is_runnable_in_production for service in stack.services]
    applications = [service for service in services if runs_code(project, service) and (service.made or service.is_application)]
    contexts = [service.made.context if service.made else None for service in applications]
    if not applications or any(setting.kind not in _READ_KINDS for setting in settings):
        return False
    mounted = [mount.resolved for service in services for mount in service.mounts if mount.resolved]
    folders = [*contexts, *mounted]
    paths = {setting.location.path for setting in settings}
    return not any(folder is None or is_below(path, folder) for folder in folders for path in paths)


def is_left_empty(project: Project, settings: list[SettingDefault]) -> bool:
    """Whether an env template sets the variable to nothing, the code takes the default for that, and no service of production
    refuses to start without a value.
    """
    name = settings[0].name
    entries = [entry for file in project.env_files for entry in file.entries if entry.name == name and not entry.commented]
    if not entries or any(entry.value for entry in entries) or not takes_empty_for_unset(settings):
        return False
    stacks = (stack for stack in project.stacks if stack.is_runnable_in_production)
    services = (service for stack in stacks for service in stack.services)
    return not any(
        reference.name == name and (reference.is_required or reference.argument)
        for service in services
        for entry in service.environment
        for reference in entry.references
    )


def services_that_run(project: Project, path: str) -> tuple[tuple[Stack, Service], ...]:
    """Return the services that run the code, without those whose image holds it beside the package that they start, where
    another one starts the package of the code itself.
    """
    running = tuple(_running(project, path))
    modules = [_started_modules(project, service) for _, service in running]
    folders = set(posixpath.dirname(path).split("/"))
    if not any(found & folders for found in modules):
        return running
    return tuple(item for item, found in zip(running, modules, strict=True) if not found or found & folders)


def _started_modules(project: Project, service: Service) -> set[str]:
    """Return the packages of Python that the start of a service names: `python -m shop`, `uvicorn shop.main:app`."""
    start = start_of(project, service)
    return {first or second for first, second in _MODULES.findall(start.text)} - _RUNNERS if start else set()


def _running(project: Project, path: str) -> Iterator[tuple[Stack, Service]]:
    """Yield the services that run the code, those included that start the image that another set builds of it."""
    stacks = [stack for stack in project.stacks if stack.is_runnable_in_production]
    builds = {
        service.name
        for stack in project.stacks
        for service in stack.services
        if service.made and runs_code(project, service) and _holds(project, service, path)
    }
    for stack in stacks:
        for service in stack.services:
            runs = not service.made or _holds(project, service, path)
            if service.name in builds and runs and runs_code(project, service):
                yield stack, service


def _holds(project: Project, service: Service, path: str) -> bool:
    """Whether the image of a service takes a file: from its context, or beside its Dockerfile in a clone of the repository."""
    if is_in_image(project, service, path):
        return True
    dockerfile = project.image_of(service)
    folder = posixpath.dirname(dockerfile.path) if dockerfile else ""
    runs = (
        [item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN"] if dockerfile else []
    )
    return bool(folder) and path.startswith(f"{folder}/") and any("git clone" in text for text in runs)


def _is_given(project: Project, stack: Stack, service: Service, name: str, *, needs_value: bool) -> bool:
    entry = next((item for item in service.environment if item.name in written_names(name)), None)
    if entry is not None:
        return _has_value(project, stack, entry) if needs_value or entry.value is None else True
    optional = optional_env_files(service)
    files = (path for path in missing_env_files(project, service) if posixpath.basename(path) not in optional)
    return any(_names(project, path, name) for path in files)


def _is_another_program(
    project: Project, services: list[tuple[Stack, Service]], service: Service, settings: list[SettingDefault]
) -> bool:
    """Whether a service has an image of its own beside that of the service whose folder holds the code, and for which Compose
    requires the variable: then what it starts is another program, which was not given it on purpose.
    """
    names, folders = written_names(settings[0].name), [set(item.location.path.split("/")[:-1]) for item in settings]
    own = project.image_of(service)
    for _, other in services:
        entry = next((item for item in other.environment if item.name in names), None)
        image = project.image_of(other)
        required = entry is not None and any(reference.is_required for reference in entry.references)
        apart = own is not None and image is not None and own.path != image.path
        if required and apart and all(other.name in held and service.name not in held for held in folders):
            return True
    return False


def written_names(name: str) -> tuple[str, ...]:
    """Return how the environment may write a name: Spring and viper join its parts with `_`, .NET with `__`."""
    return name, name.replace(":", "__"), re.sub(r"[^A-Za-z0-9]+", "_", name).upper()


def _has_value(project: Project, stack: Stack, entry: EnvValue) -> bool:
    """Whether the entry has a value of its own, or one that people are told to set beside the compose file."""
    if entry.value and not entry.references:
        return True
    beside = f"{stack.directory}/.env" if stack.directory else ".env"
    names = [reference.name for reference in entry.references] or [entry.name]
    certain = bool(entry.references) and all(item.is_required or item.has_default for item in entry.references)
    return certain or any(_names(project, beside, wanted) for wanted in names)


def _names(project: Project, path: str, name: str) -> bool:
    """Whether the template of an env file sets a variable, where there is none an env file beside it that people copy, or a
    step of a workflow writes it into an env file.
    """
    template = template_of(project, path)
    beside = [file for file in project.env_files if posixpath.dirname(file.path) == posixpath.dirname(path)]
    copied = beside if template is None else [template]
    if any(entry.name == name and not entry.commented for file in copied for entry in file.entries):
        return True
    written = re.compile(rf"(?<![\w$]){re.escape(name)}=")
    return any(".env" in text and written.search(text) for text in _workflow_texts(project))


@remembered
def _workflow_texts(project: Project) -> tuple[str, ...]:
    return tuple(step.run for workflow in project.workflows for job in workflow.jobs for step in job.all_steps if step.run)


def _is_in_packaging(project: Project, name: str, paths: set[str]) -> bool:
    """Whether packaging of the code for a cluster, where there is any, names the variable as well."""
    packaged = [item.path for item in foreign_infrastructure(project) if item.kind in PACKAGING]
    own = [path for path in packaged if not _is_of_another(project, path, paths)]
    return not own or any(name in (project.source(path) or "") for path in own)


def _is_of_another(project: Project, path: str, code: set[str]) -> bool:
    """Whether a file lies in the folder from which another image than that of the code is built."""
    builds = (service.build for stack in project.stacks for service in stack.services)
    folders = {build.context for build in builds if build and build.context not in {None, "", "."}}
    return any(folder and is_below(path, folder) and not any(is_below(item, folder) for item in code) for folder in folders)
