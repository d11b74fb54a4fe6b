"""Dumps that ask the host itself for a server, where the stack of production lets nobody but its own services reach it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.backup.dumps_in_containers import Misled
from scaffold.gaps.facts import SAYS, is_test_path
from scaffold.model.compose import Service
from scaffold.model.dumpers import DUMPERS
from scaffold.model.names import EnvironmentClass, Role
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_DUMPS = {
    Role.POSTGRES: regex(r"\bpg_dump(?:all)?\s(?P<words>[^\n|]*)", words=DUMPERS[:1]),
    Role.MYSQL: regex(r"\b(?:mysqldump|mariadb-dump)\s(?P<words>[^\n|]*)", words=DUMPERS[1:3]),
    Role.MONGO: regex(r"\bmongodump\s(?P<words>[^\n|]*)", words=DUMPERS[3:]),
}
_ELSEWHERE = regex(
    r"\b(?:docker|podman|nerdctl|container|kubectl|oc|ssh|sudo\s+-u|su)\s|\$\{?\w*(?:COMPOSE|DOCKER|EXEC)\w*\}?|\b\w*exec\s"
)
"""What runs the dump at another place than the host."""
_HOST = regex(r"(?:^|\s)(?:-h|--host)[\s=]*[\"']?(?P<host>\$\{?(?P<name>\w+)(?::?-(?P<default>[\w.-]+))?\}?|[\w.-]+)")
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})
_ON_THE_HOST = regex(
    r"\bsystemctl\s[^\n]*(?:postgres|mysql|mariadb|mongod)|\bservice\s+(?:postgres\w*|mysqld?|mariadb|mongod)\s+\w|\b(?:apt|apt-get|dnf|yum)\s[^\n]*"
    r"(?:postgresql|mysql-server|mariadb-server|mongodb)|\bsudo\s+-u\s+postgres\b",
    words=("mariadb", "mongod", "mysql", "postgres"),
)
"""What installs or runs a server of its own on a host."""
_FOR_TRIALS = regex(r"(?:^|[/_.-])(?:dev|development|local|e2e|tests?)(?=[/_.-])")


def unreachable_dump(project: Project, command: Command) -> Misled | None:
    """Return what is wrong with a dump of a script or target that asks localhost for a server that publishes no port there."""
    if command.context not in {"script", "makefile"} or SAYS.match(command.text) or _FOR_TRIALS.search(command.location.path):
        return None
    for role, pattern in _DUMPS.items():
        match = pattern.search(command.text)
        if match is None or _ELSEWHERE.search(command.text[: match.start()]):
            continue
        host = _HOST.search(match["words"])
        server = _hidden_server(project, role) if host and _is_loopback(project, command, host) else None
        if server and not _runs_in_a_container(project, command.location.path) and not _has_another_way(project, pattern):
            return Misled(
                command,
                f"server/{server.name}",
                f"The dump asks localhost for {server.name}, and {server.location.path} publishes no port of it: on the host of"
                " production nothing answers there, and each run ends without a copy.",
                f"the dump inside the container: docker compose exec -T {server.name} ...",
                "a host that only a stack for development has",
            )
    return None


def _has_another_way(project: Project, pattern: re.Pattern[str]) -> bool:
    """Whether another command dumps the server where it is, or the project tells of a server that a host runs by itself."""
    return any(_ON_THE_HOST.search(command.text) or _is_inside(command, pattern) for command in project.commands)


def _is_inside(command: Command, pattern: re.Pattern[str]) -> bool:
    match = pattern.search(command.text) if command.context != "doc" else None
    return match is not None and bool(_ELSEWHERE.search(command.text[: match.start()]))


def _is_loopback(project: Project, command: Command, host: re.Match[str]) -> bool:
    """Whether the address is the host itself, by its word or by the default of a variable that nothing else sets."""
    name = host["name"]
    if not name:
        return host["host"] in _LOOPBACK
    values = {host["default"]} if host["default"] else set()
    assigned = re.compile(rf"^\s*(?:export\s+|local\s+)?{name}=[\"']?(?:\$\{{\w+:?-)?(?P<value>[\w.-]+)\}}?[\"']?")
    lines = (other.text for other in project.commands if other.location.path == command.location.path)
    values |= {match["value"] for line in lines if (match := assigned.match(line))}
    return bool(values) and values <= _LOOPBACK and not _is_given(project, name)


def _is_given(project: Project, name: str) -> bool:
    """Whether a page, a workflow, a unit or an env file tells another address for the variable."""
    entries = (entry.value for file in project.env_files for entry in file.entries if entry.name == name)
    told = re.compile(rf"\b{name}\s*[=:]\s*[\"']?(?P<value>[\w.-]+)")
    texts = (command.text for command in project.commands if command.context in {"doc", "workflow"} and name in command.text)
    values = [*entries, *(match["value"] for text in texts for match in told.finditer(text))]
    return any(value and value not in _LOOPBACK for value in values)


def _hidden_server(project: Project, role: Role) -> Service | None:
    """Return the server of the role where every stack that people deploy hides it from its host."""
    stacks = [stack for stack in project.production_stacks if stack.environment is EnvironmentClass.PRODUCTION]
    stacks = stacks or ([project.production_stack] if project.production_stack and len(project.stacks) == 1 else [])
    found = [service for stack in stacks for service in stack.services if service.role is role]
    return found[0] if found and all(map(_is_hidden, found)) else None


def _is_hidden(service: Service) -> bool:
    return not service.ports and not service.network_mode


def _runs_in_a_container(project: Project, path: str) -> bool:
    """Whether an image or a mount brings the script into a container, where localhost means something else."""
    return is_test_path(path) or any(_is_brought(text, path) for text in _places(project))


def _places(project: Project) -> Iterator[str]:
    for dockerfile in project.dockerfiles:
        instructions = (item for stage in dockerfile.stages for item in stage.instructions)
        yield from (item.text for item in instructions if item.keyword in {"COPY", "ADD"})
    services = (service for stack in project.stacks for service in stack.services)
    yield from (mount.resolved for service in services for mount in service.mounts if mount.resolved)


def _is_brought(text: str, path: str) -> bool:
    folder, _, name = path.rpartition("/")
    words = {word.strip("\"'").removeprefix("./").rstrip("/") for word in text.split()}
    return any(word in words for word in (path, folder, name) if word)
