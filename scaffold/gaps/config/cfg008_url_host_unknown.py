"""CFG008: a URL names a host that no service of the stack answers to, or a database or user that nothing makes there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scaffold.gaps.config.unmade import strangers
from scaffold.gaps.facts import judged_stacks, listed, once, production_or_all
from scaffold.gaps.signals import infrastructure_names
from scaffold.model.compose import Service, Stack
from scaffold.model.document import find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Role, Severity
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.unmade_stores import Unmade

_SCHEMES = {
    "postgres": Role.POSTGRES,
    "postgresql": Role.POSTGRES,
    "mysql": Role.MYSQL,
    "mariadb": Role.MYSQL,
    "mongodb": Role.MONGO,
    "redis": Role.REDIS,
    "rediss": Role.REDIS,
    "amqp": Role.BROKER,
    "amqps": Role.BROKER,
}
"""URLs that open a connection from inside a container; those of HTTP may be meant for a browser."""
_SCHEME = regex(r"([a-z][a-z0-9]*)(?:\+[a-z0-9_]+)?://")
_HOST = regex(r"(?P<host>[A-Za-z][A-Za-z0-9_-]*)(?:[:/?][^@]*)?")
_STAND_IN = regex(r"(?i)localhost|host(?:name)?|server|(?:db|your|my)[-_]?host(?:name)?|address|ip|example|your\w*|changeme|x+")


def _detect(project: Project) -> Iterator[Gap]:
    stacks = judged_stacks(project)
    yield from once(gap for stack in stacks if stack.complete for gap in _of_stack(project, stack))
    runnable = production_or_all(stack for stack in stacks if stack.is_runnable_in_production and stack.complete)
    yield from once(_stranger_gap(stack, items) for stack in runnable for items in strangers(project, stack))
    used = {path for stack in project.stacks for service in stack.services for path, _ in service.env_files}
    for file in project.env_files:
        if file.path not in used | project.owned:
            yield from _of_file(project, file)


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        for entry in service.environment:
            host = _foreign_host(entry.value or "")
            if host and entry.location.path not in project.owned and not _is_known(project, stack, service, host):
                near = _near(entry.value or "", (stack,))
                yield RULE.gap(
                    resource=stack.resource(service.name),
                    subject=f"environment/{entry.name}",
                    message=f"{entry.name} of {service.name} names the host {host}, and no service of the stack answers to it"
                    f"{f'; {near} is the one of this kind' if near else ''}.",
                    expected=near or "a service of the stack, or a full host name",
                    actual=host,
                    locations=(entry.location,),
                    environment=stack.environment,
                )


def _foreign_host(value: str) -> str:
    """Return the host of a store's URL when it is one plain word, as the names of services are, else ""."""
    scheme = _SCHEME.match(value.strip())
    if scheme is None or scheme[1] not in _SCHEMES:
        return ""
    # A password may hold any mark: what stands before the last @ is never looked at.
    match = _HOST.fullmatch(value.strip()[scheme.end() :].rpartition("@")[2])
    host = match["host"] if match else ""
    return "" if host.isupper() or _STAND_IN.fullmatch(host) else host


def _is_known(project: Project, stack: Stack, service: Service, host: str) -> bool:
    """Whether the host is a service, is written into the hosts file, may be on a network of others, or is in the cluster."""
    external = {network.name for network in stack.networks if network.external}
    stacks = (stack, *(other for other in project.stacks if other.directory == stack.directory))
    if any(other.resolve_host(host) for other in stacks):
        return True
    if service.network_mode or external & set(service.networks or ("default",)):
        return True
    if any(find(service.node, key) is not None for key in ("extra_hosts", "links", "external_links")):
        return True
    return _is_in_cluster(project, host)


def _is_in_cluster(project: Project, host: str) -> bool:
    return host in infrastructure_names(project)


def _near(value: str, stacks: tuple[Stack, ...]) -> str:
    """Return the only service with the store that the URL's scheme asks for, or ""."""
    scheme = _SCHEME.match(value.strip())
    role = _SCHEMES.get(scheme[1]) if scheme else None
    names = {service.name for stack in stacks for service in stack.services if service.role is role}
    return names.pop() if len(names) == 1 else ""


def _stranger_gap(stack: Stack, items: tuple[Unmade, ...]) -> Gap:
    first = items[0]
    names = tuple(dict.fromkeys(item.service.name for item in items))
    one = len(names) == 1
    if first.kind == "user":
        what = f"{'logs' if one else 'log'} in to {first.store.name} as {first.name}, a user that nothing makes"
    else:
        what = f"{'connects' if one else 'connect'} to the database {first.name} of {first.store.name}, which nothing makes"
    return RULE.gap(
        resource=stack.resource(first.store.name),
        subject=f"{first.kind}/{first.name}",
        message=f"{listed(names)} {what}: the image makes {first.made} alone ({first.maker.name}), and no script of the first"
        " start, command or code of this repository makes another. On a new volume the server refuses the connection.",
        expected=f"{first.made}, or a file in /docker-entrypoint-initdb.d that makes {first.name}",
        actual=first.name,
        locations=tuple(dict.fromkeys(item.entry.location for item in items)),
        related=(first.maker.location,),
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Let a file in /docker-entrypoint-initdb.d make it (a volume that is there needs the statement once by hand),"
                " or write the name that the server makes.",
            ),
        ),
    )


def _of_file(project: Project, file: EnvFile) -> Iterator[Gap]:
    names = {name for stack in project.stacks for service in stack.services for name in service.names}
    external = any(network.external for stack in judged_stacks(project) for network in stack.networks)
    if not names or external:
        return
    times = Counter(entry.name for entry in file.entries)
    for entry in file.entries:
        # A key that stands there several times shows alternatives.
        alone = times[entry.name] == 1
        host = _foreign_host(entry.value) if alone and not entry.commented else ""
        if host and host not in names and not _is_in_cluster(project, host):
            yield _file_gap(project, file, entry, host)


def _file_gap(project: Project, file: EnvFile, entry: EnvEntry, host: str) -> Gap:
    near = _near(entry.value, judged_stacks(project)[:1])
    return RULE.gap(
        resource=file.path,
        subject=entry.name,
        message=f"{entry.name} of {file.path} names the host {host}, and no service of any stack answers to it"
        f"{f'; {near} is the one of this kind' if near else ''}.",
        expected=near or "a service of a stack, or a full host name",
        actual=host,
        locations=(entry.location,),
        confidence=Confidence.MEDIUM,
    )


RULE = Rule(
    code="CFG008",
    name="url-host-unknown",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Write the name of the service into the URL, or the full name of a host outside the stack."),
    ),
)
