"""Workflows that migrate from a machine of GitHub, where production keeps its database on a network that none reaches."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.managed_stores import is_kept
from scaffold.gaps.signals import foreign_infrastructure, resource_types
from scaffold.model.compose import Service
from scaffold.model.deployments import is_elsewhere, is_own_machine
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass, Role
from scaffold.model.project import Job, Project, Step
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS

_ADDRESS = regex(r"(?i)(?:(?:DB|DATABASE|PG|POSTGRES\w*|MYSQL\w*)_?(?:HOST|URL|URI)|DSN)", words=("dsn", "host", "uri", "url"))
_FROM_SECRETS = regex(r"\$\{\{\s*(?:secrets|vars)\.(?P<name>\w+)\s*\}\}")
_WAYS_IN = regex(
    r"(?i)\bssh\b|tailscale|wireguard|openvpn|cloudflared|\bvpn\b|port-forward|bastion|tunnel|ngrok|twingate|netbird|zerotier"
    r"|allowlist|firewall"
)
"""What brings the machine of a runner into the network of the database."""
_RENTED = (
    "neon.tech",
    "supabase.co",
    "rds.amazonaws.com",
    "planetscale",
    "database.azure.com",
    "ondigitalocean.com",
    "aivencloud",
)
"""Words of the addresses of databases that a provider runs."""
_PACKAGE_SCRIPT = regex(r"\b(?:npm|pnpm|yarn|bun)\s+(?:-\S+\s+)*(?:run\s+)?(?P<name>[\w:.-]*migrat[\w:.-]*)")
_FOR_TRIES = regex(r"(?i)(?:^|_)(?:test\w*|ci|dev\w*|stag\w*|preview|shadow|e2e)(?:_|$)")
"""Words of a secret with the address of another database than production's."""
_STATUS = regex(r"\b(?:show|status|list|check|dry)\b")


@frozen
class Unreachable:
    """A job that migrates from outside: workflow, name, step, the secret with the address, and the hidden server."""

    path: str
    job: str
    location: Location
    secret: str
    server: Service


def unreachable_migrations(project: Project) -> Iterator[Unreachable]:
    """Yield the jobs on machines of GitHub that migrate a database at an address of a secret, where the one server that the
    repository has for production publishes no port, no infrastructure code keeps another, and nothing leads the runner in.
    """
    server = _hidden_server(project)
    for workflow in foreign_workflows(project) if server else ():
        for job in workflow.jobs:
            found = None if is_own_machine(job) or _has_a_way_in(job) else _migrating(project, job)
            if found and server:
                yield Unreachable(workflow.path, job.id, found[0].run_location or found[0].location, found[1], server)


def _hidden_server(project: Project) -> Service | None:
    """Return the database server of the stacks for production where none of them publishes a port, or can be a managed one."""
    stacks = [stack for stack in project.production_stacks if stack.environment is EnvironmentClass.PRODUCTION]
    found = [item for stack in stacks for item in stack.services if item.role in {Role.POSTGRES, Role.MYSQL}]
    if not found or any(item.network_mode or any(not port.is_loopback for port in item.ports) for item in found):
        return None
    types = resource_types(foreign_infrastructure(project))
    return None if any(is_kept(item, types) for item in found) or _rents_one(project) else found[0]


def _rents_one(project: Project) -> bool:
    """Whether a page or an env file has the address of a provider's database."""
    texts = (*(page.text for page in project.docs), *(entry.value for file in project.env_files for entry in file.entries))
    return any(word in text for text in texts for word in _RENTED)


def _has_a_way_in(job: Job) -> bool:
    return any(is_elsewhere(step) or _WAYS_IN.search(f"{step.name} {step.uses} {step.run}") for step in job.all_steps)


def _migrating(project: Project, job: Job) -> tuple[Step, str] | None:
    """Return the step that migrates, and the secret that holds the address."""
    if job.node is not None and job.node.get("services") is not None:
        return None
    for step in job.steps:
        if not _runs_migrations(project, step.run):
            continue
        for name, value in (*step.env, *job.env):
            match = _FROM_SECRETS.fullmatch(value.strip()) if _ADDRESS.search(name) else None
            if match and not _FOR_TRIES.search(match["name"]):
                return step, match["name"]
    return None


def _runs_migrations(project: Project, run: str) -> bool:
    if RUNS.search(run):
        return True
    names = {match["name"] for match in _PACKAGE_SCRIPT.finditer(run) if not _STATUS.search(match["name"])}
    return any(item.context == "package" and item.owner in names and RUNS.search(item.text) for item in project.commands)
