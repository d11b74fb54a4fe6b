"""Env files that a service mounts as files: in a cluster their variables stand one by one in its environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.compose import EnvValue, Mount, Service, Stack
from scaffold.model.env_templates import is_env_target
from scaffold.model.project import EnvFile, Project

STAND_IN = b"# What stood here is set in the environment of the container.\n"
"""What is mounted instead: a program may ask for the file to be there, and takes its variables from the environment first."""


def with_mounted_variables(project: Project, stack: Stack) -> Stack:
    """Return the stack with each variable of such files in the environment, where the service does not set it anyway."""
    return replace(stack, services=tuple(_with_variables(project, service) for service in stack.services))


def _with_variables(project: Project, service: Service) -> Service:
    known = {entry.name for entry in service.environment}
    added = {
        entry.name: EnvValue(entry.name, entry.value, entry.value, (), "environment", entry.location)
        for mount in service.mounts
        if (file := mounted_env_file(project, mount)) is not None
        for entry in file.entries
        if not entry.commented and entry.name not in known
    }
    if not added:
        return service
    return replace(service, environment=tuple(sorted((*service.environment, *added.values()), key=lambda item: item.name)))


def mounted_env_file(project: Project, mount: Mount) -> EnvFile | None:
    """Return the env file of the repository that is mounted where programs look for one, with plain values, or None."""
    if mount.kind != "bind" or not is_env_target(mount.target):
        return None
    file = next((item for item in project.env_files if item.path == mount.resolved), None)
    return file if file is not None and file.entries and not any("$" in text for text in _values(file)) else None


def _values(file: EnvFile) -> Iterator[str]:
    return (entry.value for entry in file.entries if not entry.commented)
