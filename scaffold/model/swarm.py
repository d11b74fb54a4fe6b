"""Which compose files are deployed to a swarm: it starts anew what ended, and publishes a port once for all copies."""

from __future__ import annotations

from scaffold.model.compose import Stack
from scaffold.model.deployments import named_files
from scaffold.model.document import Mapping, find, text_of
from scaffold.model.known import known
from scaffold.model.project import Project
from scaffold.model.regex import regex

_DEPLOY = regex(r"\bstack\s+deploy\b[^;&|\n]*", words=("deploy",))
_NAMED = regex(r"(?:.*/)?(?:(?:[^/]*[._-])?swarm|(?:docker-)?stack)(?:[._-][^/]*)?\.ya?ml", words=("swarm", "stack"))
REFUSED = ("cpu_shares", "profiles")
"""Keys of our overlays at which `docker stack deploy` ends with an error (docker/cli: ForbiddenProperties, and its schema)."""
_ASKED = ("placement", "update_config", "rollback_config", "endpoint_mode", "mode")
"""Keys of `deploy` that mean something in a swarm alone."""


def deployed_to_swarm(project: Project) -> frozenset[str]:
    """Return the compose files that a command of the project deploys to a swarm, or that are called after one."""
    return known(_deployed_to_swarm, project)


def _deployed_to_swarm(project: Project) -> frozenset[str]:
    calls = (match[0] for command in project.commands for match in _DEPLOY.finditer(command.text))
    names = {name for call in calls for name in named_files(call)}
    paths = (file.path for file in project.compose_files)
    return frozenset(path for path in paths if path.rpartition("/")[2] in names or _NAMED.fullmatch(path))


def swarm_files(project: Project, stack: Stack) -> tuple[str, ...]:
    """Return the user's own files of a stack where one of them is deployed to a swarm; else none."""
    own = tuple(path for path in stack.files if path not in project.owned)
    return own if deployed_to_swarm(project) & set(own) else ()


def is_for_swarm(project: Project, stack: Stack) -> bool:
    """Whether a stack is deployed to a swarm by its files, or says so by a network or by keys that only a swarm heeds."""
    return not deployed_to_swarm(project).isdisjoint(stack.files) or known(_heeds_a_swarm, stack)


def _heeds_a_swarm(stack: Stack) -> bool:
    networks = stack.node.get("networks")
    entries = networks.entries if isinstance(networks, Mapping) else ()
    if any(text_of(find(entry.value, "driver")) == "overlay" for entry in entries):
        return True
    return any(find(service.node, "deploy", key) is not None for service in stack.services for key in _ASKED)
