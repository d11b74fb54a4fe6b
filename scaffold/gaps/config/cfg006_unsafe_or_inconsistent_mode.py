"""CFG006: debug mode or settings for development where production runs, or an env file that names another environment."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.config.django_settings import (
    VARIABLE,
    SettingsModule,
    last_assignment,
    module_path,
    runnable_stacks,
    used_modules,
)
from scaffold.gaps.facts import once
from scaffold.model.compose import EnvValue, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex

_DEBUG = regex(r"(?:^|_)DEBUG$")
_TRUE = frozenset({"1", "true", "yes", "on"})
_MODE = frozenset(
    {"ENVIRONMENT", "ENV", "APP_ENV", "APP_ENVIRONMENT", "NODE_ENV", "RAILS_ENV", "FLASK_ENV", "DEPLOY_ENV", "STAGE"}
)
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
    yield from once(gap for stack in runnable_stacks(project) for gap in _debug_in_stack(stack))
    for module in used_modules(project):
        yield from _of_module(project, module)
    for file in project.env_files:
        yield from _of_file(file)


def _debug_in_stack(stack: Stack) -> Iterator[Gap]:
    found: dict[str, list[tuple[str, EnvValue]]] = {}
    for service in stack.services:
        for entry in service.environment:
            if service.is_application and _DEBUG.search(entry.name) and (entry.value or "").strip().lower() in _TRUE:
                found.setdefault(entry.name, []).append((service.name, entry))
    for name, users in sorted(found.items()):
        services = " and ".join(dict.fromkeys(service for service, _ in users))
        yield RULE.gap(
            resource=stack.resource(users[0][0]),
            subject=f"environment/{name}",
            message=f"{services} would run in production with {name} on: error pages show code and settings to everybody.",
            expected=f"{name}: false, or a variable with that default",
            actual="on",
            locations=tuple(entry.location for _, entry in users),
            environment=stack.environment,
        )


def _of_module(project: Project, module: SettingsModule) -> Iterator[Gap]:
    """Yield a gap for a settings module of Django that is for development, or that turns DEBUG on."""
    path = module_path(project, module.name)
    debug = last_assignment(project, path, "DEBUG") if path else None
    is_on = debug is not None and debug[0] == "True"
    if not module.is_for_development and not is_on:
        return
    who = " and ".join(module.services) or "The application"
    effect = (
        "with DEBUG on: error pages show code and settings to everybody" if is_on else "which is for development by its name"
    )
    yield RULE.gap(
        resource=module.stack.resource(module.services[0]) if module.stack else module.location.path,
        subject=f"environment/{VARIABLE}",
        message=f"{who} would run in production with {module.name}, {effect}.",
        expected=f"{VARIABLE} names the settings of production, and DEBUG is False there",
        actual="DEBUG is True" if is_on else "settings for development",
        locations=(module.location,),
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
        if file.environment == "production" and _DEBUG.search(entry.name) and entry.value.strip().lower() in _TRUE:
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
