"""SEC013: services get the secrets of others by an env file that they share, and nothing in them reads these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scaffold.gaps.facts import judged_stacks, listed, once
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, scalars_in
from scaffold.model.env_templates import template_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import reads_in_image, sources_in_image
from scaffold.model.names import Cause, Layer, Role, Severity
from scaffold.model.project import EnvRead, Project
from scaffold.model.secret_names import is_sensitive_name

_FEWEST = 2
"""Secrets of others that a service gets, from which on it is told."""
_READS_OWN = (Role.POSTGRES, Role.MYSQL, Role.MONGO, Role.REDIS, Role.CACHE, Role.BROKER, Role.PROXY)
"""Roles of published images that take variables with a prefix of their own alone."""
_OF_STORES = ("POSTGRES", "PG", "MYSQL", "MARIADB", "MONGO", "REDIS", "VALKEY", "RABBITMQ", "DB_", "DATABASE", "ALLOW_EMPTY")

_TAKES_ALL = (
    *("env_prefix", "os.environ.items", "dict(os.environ", "**os.environ", "...process.env", "(process.env)", "= process.env;"),
    *(
        "viper.",
        "envconfig.",
        "koanf.",
        "@ConfigurationProperties",
        "AddEnvironmentVariables",
        "os.Environ()",
        "ENV.to_h",
        "ENV.fetch(name",
    ),
)
"""What code has that takes its variables without their whole names."""

_Reads = Mapping[str, Mapping[str, list[EnvRead]]]
"""What the code of each service reads: the places, by the name of the variable."""


@frozen
class _Holder:
    """A service with the secrets of others that it gets, and the place that hands them to it."""

    service: Service
    names: tuple[str, ...]
    location: Location


def _detect(project: Project) -> Iterator[Gap]:
    return iter(
        once(gap for stack in judged_stacks(project) if stack.is_runnable_in_production for gap in _of_stack(project, stack))
    )


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    shared: dict[str, list[tuple[Service, Location]]] = {}
    for service in stack.services:
        for path, place in service.env_files:
            shared.setdefault(path, []).append((service, place))
    for path, users in shared.items():
        secrets = _secrets(project, path) if len(users) > 1 else ()
        reads = {service.name: reads_in_image(project, service) for service, _ in users} if len(secrets) >= _FEWEST else {}
        used = [name for name in secrets if any(name in found for found in reads.values())]
        if len(used) < _FEWEST:
            continue
        holders = [item for service, place in users if (item := _holder(project, service, place, used, reads))]
        if holders:
            yield _gap(stack, path, holders)


def _secrets(project: Project, path: str) -> tuple[str, ...]:
    """Return the names of the secrets that an env file, or the template that people copy to it, holds."""
    file = next((item for item in project.env_files if item.path == path), None) or template_of(project, path)
    entries = file.entries if file else ()
    return tuple(dict.fromkeys(item.name for item in entries if not item.commented and is_sensitive_name(item.name)))


def _holder(project: Project, service: Service, place: Location, used: list[str], reads: _Reads) -> _Holder | None:
    """Return a service that gets secrets which other services read and it certainly does not, None for every other one."""
    if service.made is None:
        is_known = any(service.has_role(role) for role in _READS_OWN) and not service.is_application
        names = [name for name in used if not name.startswith(_OF_STORES)] if is_known else []
        texts = _mounted(project, service) if names else ""
        names = [name for name in names if name not in texts]
    else:
        own = reads[service.name]
        # Code of which no read is seen may take its settings in a way that is not known here.
        takes_all = any(True for word in _TAKES_ALL for _ in sources_in_image(project, service, word))
        names = [] if not own or takes_all else [name for name in used if not _mentions(project, service, name)]
        names = names if len(names) == len(used) else []
    return _Holder(service, tuple(names), place) if len(names) >= _FEWEST else None


def _mounted(project: Project, service: Service) -> str:
    """Return what a service reads out of the repository, its own lines of Compose with it, as one text."""
    places = [mount.resolved for mount in service.mounts if mount.resolved]
    files = (
        item for item in project.mounted if any(item.path == place or item.path.startswith(f"{place}/") for place in places)
    )
    lines = (item.value for item in scalars_in(service.node))
    return "\n".join((*lines, *(item.data.decode("utf-8", "replace") for item in files)))


def _mentions(project: Project, service: Service, name: str) -> bool:
    return any(True for word in (name, name.lower()) for _ in sources_in_image(project, service, word))


def _gap(stack: Stack, path: str, holders: list[_Holder]) -> Gap:
    names = list(dict.fromkeys(name for item in holders for name in item.names))
    services = listed(item.service.name for item in holders)
    return RULE.gap(
        resource=stack.resource(holders[0].service.name),
        subject=f"env_file/{path}",
        message=f"All of {path} goes to {services}, {listed(names)} with it, which nothing there reads: a hole in one of them "
        "gives the secrets of the others away.",
        expected="the variables that each service reads, by `environment` or an env file of its own",
        actual="one env file for all",
        locations=tuple(dict.fromkeys(item.location for item in holders)),
        environment=stack.environment,
    )


RULE = Rule(
    code="SEC013",
    name="secrets-given-to-all",
    layer=Layer.SECRETS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(None, "advice", "Give each service the variables that it reads, by name or in an env file of its own."),),
    cause=Cause.STACK,
)
