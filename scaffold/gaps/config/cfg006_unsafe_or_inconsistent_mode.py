"""CFG006: debug mode or settings for development where production runs, or an env file that names another environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.gaps.config.baked_env import DEBUG, BakedDebug, debug_in_images
from scaffold.gaps.config.cluster_modes import cluster_settings
from scaffold.gaps.config.django_settings import (
    NOT_FOR_PRODUCTION,
    VARIABLE,
    SettingsModule,
    last_assignment,
    module_path,
    runnable_stacks,
    used_modules,
)
from scaffold.gaps.config.mode_left_out import LeftOut, modes_left_out
from scaffold.gaps.facts import listed, once
from scaffold.gaps.starts import Strength, strength_of
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_DEBUG = regex(r"(?:^|_)DEBUG$")
_SHOWN = frozenset({"DEBUG", "APP_DEBUG", "DJANGO_DEBUG", "FLASK_DEBUG", "SYMFONY_DEBUG", "WORDPRESS_DEBUG"})
"""Variables by which a framework itself shows code and settings on its error pages."""
_HIDDEN = regex(r"WP_DEBUG_DISPLAY[\"']\s*,\s*(?:false|0)\b")
"""How WordPress is told to write errors to its log alone."""
_QUEUES = ("QUEUE_CONNECTION", "QUEUE_DRIVER")
_WORKS = regex(r"\bartisan[\"']?\s+(?:horizon|queue:(?:work|listen))\b", words=("artisan",))
_MODE = frozenset(
    {"ENVIRONMENT", "ENV", "APP_ENV", "APP_ENVIRONMENT", "NODE_ENV", "RAILS_ENV", "FLASK_ENV", "DEPLOY_ENV", "STAGE"}
)
_MODES_OF_FRAMEWORKS = frozenset(
    {"ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "RAILS_ENV", "RACK_ENV", "FLASK_ENV", "NODE_ENV", "SPRING_PROFILES_ACTIVE"}
)
"""Variables by which frameworks themselves choose what they show and check."""
_CLASSES = {
    "production": "production",
    "prod": "production",
    "live": "production",
    "staging": "staging",
    "stage": "staging",
    "development": "dev",
    "dev": "dev",
    "local": "dev",
    "test": "test",
    "testing": "test",
}
_RUNS_AS_PRODUCTION = frozenset({"NODE_ENV", "RAILS_ENV"})
"""Frameworks know no staging of their own: there `production` in a staging file is right."""


def _detect(project: Project) -> Iterator[Gap]:
    read = frozenset(item.name for item in project.env_reads)
    yield from once(gap for stack in runnable_stacks(project) for gap in _debug_in_stack(stack, read))
    yield from once(gap for stack in project.production_stacks for gap in _mode_of_stack(project, stack))
    yield from once(_baked_gap(item) for item in debug_in_images(project))
    yield from _modes_of_clusters(project)
    for modules in _alike(used_modules(project)):
        yield from _of_module(project, modules)
    for file in project.env_files:
        yield from _of_file(file)
    yield from _of_templates(project)
    yield from once(_left_out_gap(item) for item in modes_left_out(project))


def _left_out_gap(found: LeftOut) -> Gap:
    name, service, guard = found.default.name, found.service, found.guard
    return RULE.gap(
        resource=found.stack.resource(service.name),
        subject=f"environment/{name}",
        message=f"Neither the stack nor the image gives {service.name} {name}, and its code takes development then: what it "
        f"refuses elsewhere ({guard.path}:{guard.line}), such as keys and passwords made for a try, it starts with.",
        expected=f"{name}: production",
        actual="not set",
        locations=(service.location,),
        related=(found.default.location, guard),
        severity=Severity.MEDIUM,
        environment=found.stack.environment,
        closers=(
            Closer(None, "advice", f"Write {name}: production for {service.name}, or make that the default of the code."),
        ),
    )


def _of_templates(project: Project) -> Iterator[Gap]:
    """Yield the one template of a project that turns debug on, or names settings for development, for what production runs."""
    templates = [file for file in project.env_files if file.kind == "template" and file.path not in project.owned]
    if any(file.environment in {"production", "staging"} for file in templates):
        return
    fixed = _is_debug_fixed(project)
    for file in templates:
        listed_here = (entry for entry in file.entries if not file.environment and not entry.commented)
        entries = [item for item in listed_here if _is_for_development(item) and not (fixed and _DEBUG.search(item.name))]
        taken = _taken_by_production(project, file) if entries else {}
        found = [entry for entry in entries if entry.name in taken]
        if found:
            yield _template_gap(project, file, found, taken[found[0].name])


def _is_debug_fixed(project: Project) -> bool:
    """Whether every application of production starts with settings of Django that turn DEBUG off, whatever variables say."""
    modules = used_modules(project)
    named = {name for module in modules for name in module.services}
    stacks = [stack for stack in runnable_stacks(project) if stack.environment is EnvironmentClass.PRODUCTION]
    whole = all(service.name in named for stack in stacks for service in stack.services if service.is_application)
    found = [last_assignment(project, module_path(project, module.name), "DEBUG") for module in modules]
    return bool(found) and whole and all(item is not None and item[0] == "False" for item in found)


def _is_for_development(entry: EnvEntry) -> bool:
    value = entry.value.strip().strip("\"'").lower()
    if entry.name == VARIABLE:
        return bool(NOT_FOR_PRODUCTION & set(re.split(r"[._]", value)))
    if entry.name in _MODES_OF_FRAMEWORKS:
        return _means_development(value)
    return bool(_DEBUG.search(entry.name)) and means_true(value)


def _taken_by_production(project: Project, file: EnvFile) -> dict[str, Location]:
    """Return the variables that applications of production get from what people make of a template, and where each does."""
    found: dict[str, Location] = {}
    for stack in runnable_stacks(project):
        for service in stack.services if stack.environment is EnvironmentClass.PRODUCTION else ():
            if not service.is_application:
                continue
            own = {entry.name for entry in service.environment if entry.source == "environment"}
            # A framework such as Laravel reads the file itself where it is mounted beside its code.
            mounted = {item.resolved: item.location for item in service.mounts if item.resolved}
            places = {**mounted, **dict(service.env_files)}
            for path in missing_env_files(project, service):
                if path in places and template_of(project, path) is file:
                    found = {**dict.fromkeys({entry.name for entry in file.entries} - own, places[path]), **found}
            for entry in service.environment:
                if any(reference.name == entry.name for reference in entry.references):
                    found.setdefault(entry.name, entry.location)
    return found


def _template_gap(project: Project, file: EnvFile, entries: list[EnvEntry], taken: Location) -> Gap:
    names = listed(entry.name for entry in entries)
    defaults = [item for item in project.settings if item.name == VARIABLE and item.location.path.endswith("wsgi.py")]
    same = next((item.location for item in defaults if any(entry.value.strip() == item.value for entry in entries)), None)
    without = f"; without the line {same.path} chooses the same" if same else ""
    queue, worker = _idle_worker(project, file)
    if queue is not None:
        without += f"; with {queue.name} at sync requests do the work themselves, and {worker} gets nothing to do"
    return RULE.gap(
        resource=file.path,
        subject="debug",
        message=f"{file.path} is the only template and has {names} for development, and production takes what people make "
        f"of it ({taken.path}:{taken.line}): who copies it and forgets the line shows code and settings on errors{without}.",
        expected="off in the template, or a template for production beside it",
        actual="for development",
        locations=tuple(entry.location for entry in entries),
        related=(taken, *((same,) if same else ()), *((queue.location,) if queue else ())),
        severity=Severity.MEDIUM if same else Severity.LOW,
        closers=(
            Closer(
                None,
                "advice",
                f"Give {names} the value of production in the template, and the other one in files for development alone.",
            ),
        ),
    )


def _idle_worker(project: Project, file: EnvFile) -> tuple[EnvEntry | None, str]:
    """Return the line of a template by which Laravel does each job within the request, with the worker that production starts
    for them; None and "" where there is no such pair.
    """
    entries = [entry for entry in file.entries if entry.name in _QUEUES and not entry.commented]
    waits = [entry for entry in entries if entry.value.strip().strip("\"'").lower() == "sync"]
    stacks = [stack for stack in runnable_stacks(project) if stack.environment is EnvironmentClass.PRODUCTION]
    for service in (service for stack in stacks for service in stack.services) if waits else ():
        if _WORKS.search(" ".join(service.command or ())) and not any(service.env(name) for name in _QUEUES):
            return waits[0], service.name
    return None, ""


def _debug_in_stack(stack: Stack, read: frozenset[str]) -> Iterator[Gap]:
    """Yield the variables that turn debugging on, of frameworks and of the project's own code, which reads some of those."""
    found: dict[str, list[tuple[str, EnvValue]]] = {}
    for service in stack.services:
        hidden = any(_HIDDEN.search(entry.value or "") for entry in service.environment)
        for entry in service.environment if service.is_application and not hidden else ():
            known = entry.name in _SHOWN or entry.name in read
            if known and _DEBUG.search(entry.name) and means_true(entry.value):
                found.setdefault(entry.name, []).append((service.name, entry))
    for name, users in sorted(found.items()):
        yield _debug_gap(stack, name, users)


def _debug_gap(stack: Stack, name: str, users: list[tuple[str, EnvValue]]) -> Gap:
    services = " and ".join(dict.fromkeys(service for service, _ in users))
    shows = name in _SHOWN
    effect = "error pages show code and settings to everybody" if shows else "what that shows is meant for developers"
    return RULE.gap(
        resource=stack.resource(users[0][0]),
        subject=f"environment/{name}",
        message=f"{services} would run in production with {name} on: {effect}.",
        expected=f"{name}: false, or a variable with that default",
        actual="on",
        locations=tuple(entry.location for _, entry in users),
        environment=stack.environment,
        severity=None if shows else Severity.MEDIUM,
    )


def _baked_gap(baked: BakedDebug) -> Gap:
    path = baked.entry.location.path
    step = f" and `dump-env` (line {baked.step.line} of {baked.step.path}) writes it down for good" if baked.step else ""
    return RULE.gap(
        resource=baked.stack.resource(baked.service.name),
        subject=f"environment/{DEBUG}",
        message=f"{baked.service.name} would run in production with {DEBUG} on: its image holds {path}, which turns it on"
        f"{step}, and nothing for production sets another value: error pages show code and settings to everybody.",
        expected=f"no {DEBUG} in {path}, and {DEBUG}: 0 for production",
        actual="on in the image",
        locations=(baked.entry.location,),
        related=(baked.step,) if baked.step else (),
        severity=Severity.MEDIUM,
        environment=baked.stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                f"Take {DEBUG} out of {path} (a developer's .env.local is its place), and set {DEBUG}: 0 for production.",
            ),
        ),
    )


def _means_development(value: str) -> bool:
    return any(_CLASSES.get(word) == "dev" for word in re.split(r"[\s,]+", value.strip().lower()))


def _modes_of_clusters(project: Project) -> Iterator[Gap]:
    """Yield, for each file and variable, what a cluster would start in a mode for development."""
    found: dict[tuple[str, str], list[Location]] = {}
    for name, value, place in cluster_settings(project, _MODES_OF_FRAMEWORKS):
        if _means_development(value):
            found.setdefault((place.path, name), []).append(place)
    for (path, name), places in found.items():
        yield RULE.gap(
            resource=path,
            subject=f"environment/{name}",
            message=f"{path} gives what the cluster runs {name} for development: what its framework, or a profile of its code, "
            "does then, such as accounts and data for a try or errors with code on pages, is not for visitors.",
            expected=f"{name} for production",
            actual="development",
            locations=tuple(places),
            severity=Severity.MEDIUM,
            closers=(
                Closer(
                    None,
                    "advice",
                    f"Give {name} the value of production here, and the other one in values for developers alone.",
                ),
            ),
        )


def _mode_of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    """Yield the applications of a stack for production that it starts in a mode for development."""
    is_called = stack.environment is EnvironmentClass.PRODUCTION
    if not is_called and not (stack is project.main_stack and strength_of(project, stack).strength is Strength.OTHERS):
        return
    for service in stack.services:
        runs = service.is_application and (is_called or not _runs_sources(project, service))
        for entry in service.environment if runs else ():
            if entry.name in _MODES_OF_FRAMEWORKS and _means_development(entry.value or ""):
                yield RULE.gap(
                    resource=stack.resource(service.name),
                    subject=f"environment/{entry.name}",
                    message=f"{service.name} would run in production with {entry.name} for development: what its framework "
                    "does then, such as errors with code and settings on pages, is not for visitors.",
                    expected=f"{entry.name} for production",
                    actual="development",
                    locations=(entry.location,),
                    severity=Severity.MEDIUM,
                    environment=stack.environment,
                    closers=(Closer(None, "advice", f"Give {entry.name} the value of production in this file."),),
                )


def _runs_sources(project: Project, service: Service) -> bool:
    """Whether a service runs a folder of the host, as people do who change the code."""
    return any(mount.resolved is not None and mount.resolved in {"", *project.directories} for mount in service.mounts)


def _alike(modules: Iterable[SettingsModule]) -> Iterator[list[SettingsModule]]:
    """Yield what names the same settings module for one stack, or as a default: one cause. wsgi.py, which most servers load,
    comes before asgi.py.
    """
    found: dict[tuple[str, str], list[SettingsModule]] = {}
    for module in sorted(modules, key=lambda item: item.location.path.endswith("asgi.py")):
        found.setdefault((module.name, module.stack.id if module.stack else ""), []).append(module)
    yield from found.values()


def _of_module(project: Project, modules: list[SettingsModule]) -> Iterator[Gap]:
    """Yield a gap for a settings module of Django that is for development, or that turns DEBUG on."""
    module = modules[0]
    path = module_path(project, module.name)
    debug = last_assignment(project, path, "DEBUG") if path else None
    is_on = debug is not None and debug[0] == "True"
    if not module.is_for_development and not is_on:
        return
    who = " and ".join(dict.fromkeys(name for item in modules for name in item.services)) or "The application"
    effect = (
        "with DEBUG on: error pages show code and settings to everybody" if is_on else "which is for development by its name"
    )
    yield RULE.gap(
        resource=module.stack.resource(module.services[0]) if module.stack else module.location.path,
        subject=f"environment/{VARIABLE}",
        message=f"{who} would run in production with {module.name}, {effect}.",
        expected=f"{VARIABLE} names the settings of production, and DEBUG is False there",
        actual="DEBUG is True" if is_on else "settings for development",
        locations=tuple(dict.fromkeys(item.location for item in modules)),
        related=(debug[1],) if debug is not None and is_on else (),
        severity=Severity.HIGH if is_on else Severity.MEDIUM,
        environment=module.stack.environment if module.stack else EnvironmentClass.BASE,
        closers=(
            Closer(
                None, "advice", f"Set {VARIABLE} to the settings of production, with DEBUG = False, where production starts."
            ),
        ),
    )


def _of_file(file: EnvFile) -> Iterator[Gap]:
    if file.environment not in {"production", "staging"}:
        return
    for entry in file.entries:
        said = _CLASSES.get(entry.value.strip().lower(), "")
        if entry.commented:
            continue
        if entry.name in _MODE and said and not _agrees(file, entry, said):
            yield _contradiction(file, entry)
        if file.environment == "production" and _DEBUG.search(entry.name) and means_true(entry.value):
            yield _debug_in_file(file, entry)


def _agrees(file: EnvFile, entry: EnvEntry, said: str) -> bool:
    return said == file.environment or (said == "production" and entry.name in _RUNS_AS_PRODUCTION)


def _contradiction(file: EnvFile, entry: EnvEntry) -> Gap:
    return RULE.gap(
        resource=file.path,
        subject=entry.name,
        message=f"{file.path} is for {file.environment} and sets {entry.name} to {entry.value.strip()}: "
        "the code takes the branches of the other environment.",
        expected=f"{entry.name}={file.environment}",
        actual=f"{entry.name}={entry.value.strip()}",
        locations=(entry.location,),
        severity=Severity.MEDIUM,
    )


def _debug_in_file(file: EnvFile, entry: EnvEntry) -> Gap:
    return RULE.gap(
        resource=file.path,
        subject=entry.name,
        message=f"{file.path} is for production and turns {entry.name} on: error pages show code and settings to everybody.",
        expected=f"{entry.name}=false",
        actual="on",
        locations=(entry.location,),
    )


RULE = Rule(
    code="CFG006",
    name="unsafe-or-inconsistent-mode",
    layer=Layer.CONFIG,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(None, "advice", "Turn debug off by default, and give each environment's file the mode that its name says."),
    ),
)
