"""What production has to set for each service beside what its compose files write: for its code, and for its env files."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from scaffold.model.compose import EnvValue, Stack
from scaffold.model.document import VariableReference
from scaffold.model.environment import NeededVariable
from scaffold.model.image_code import runs_code
from scaffold.model.project import EnvEntry, Project
from scaffold.plan.env_entries import resolved
from scaffold.plan.needs.defaults import default_variables
from scaffold.plan.needs.env_files import env_file_variables
from scaffold.plan.needs.local_defaults import local_variables
from scaffold.plan.needs.required import required_variables
from scaffold.plan.needs.unread import with_unread


def needed_variables(project: Project, stack: Stack, managed: frozenset[str] = frozenset()) -> tuple[NeededVariable, ...]:
    """Return what each service of the stack needs beside its environment, by service and name; `managed` are the stores that
    run outside of the cluster.
    """
    templates = _templates(project, stack)
    found: list[NeededVariable] = []
    for service in stack.services:
        ours = (service.delivers_image or service.is_brought_by_hand) and runs_code(project, service)
        required = list(required_variables(project, stack, service, templates)) if ours else []
        from_files = list(env_file_variables(project, stack, service, managed, runs_code=ours))
        by_default = default_variables(project, stack, service, managed) if ours else ()
        local = local_variables(project, stack, service) if ours else ()
        known = (need for need in required if need.kind != "unknown")
        found += _each_once((*known, *from_files, *required, *by_default, *local))
    return with_unread(project, stack, tuple(sorted(found, key=lambda need: (need.service, need.name))))


def _each_once(needs: Iterable[NeededVariable]) -> list[NeededVariable]:
    """Return the first of each name: what is known of a variable goes before that somebody has to find it out."""
    found: dict[str, NeededVariable] = {}
    for need in needs:
        found.setdefault(need.name, need)
    return list(found.values())


def with_needed(stack: Stack, needs: tuple[NeededVariable, ...]) -> Stack:
    """Return the stack as production runs it: each variable that is known to be needed stands in the environment."""
    by_service: dict[str, list[EnvValue]] = defaultdict(list)
    for need in needs:
        if need.kind != "unknown":
            by_service[need.service].append(_entry(need))
    services = [
        replace(service, environment=tuple(sorted((*service.environment, *added), key=lambda entry: entry.name)))
        if (added := by_service.get(service.name))
        else service
        for service in stack.services
    ]
    return replace(stack, services=tuple(services)) if by_service else stack


def _entry(need: NeededVariable) -> EnvValue:
    if need.kind == "fixed" or (need.value and need.kind == "asked"):
        return EnvValue(need.name, need.value, need.value, (), "environment", need.location)
    operator = ":-" if need.kind == "default" else "-" if need.may_be_empty else ":?"
    reference = VariableReference(need.name, operator, need.value)
    return EnvValue(need.name, need.value, need.text, (reference,), "environment", need.location)


def _templates(project: Project, stack: Stack) -> dict[str, EnvEntry]:
    """Return the entries that the templates of developers set, those nearest to the project directory first."""
    files = [item for item in project.env_files if item.kind == "template" and item.path not in project.owned]
    files.sort(key=lambda item: (posixpath.dirname(item.path) != stack.directory, bool(item.environment), item.path))
    found: dict[str, EnvEntry] = {}
    for file in files:
        for entry in file.entries:
            if not entry.commented:
                found.setdefault(entry.name, entry)
    return resolved(found)
