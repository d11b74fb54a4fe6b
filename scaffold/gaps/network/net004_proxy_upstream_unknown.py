"""NET004: a proxy's configuration forwards to a host that no service of its stack answers to, or to a port of one where its
program does not listen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, judged_stacks
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import infrastructure_names
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import sources_in_image
from scaffold.model.known import is_within, known
from scaffold.model.names import Layer, Severity
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Dockerfile, Project, ProxyUpstream
from scaffold.model.regex import regex
from scaffold.model.starting import is_below
from scaffold.model.values import closest

_REWRITES = regex(r"\bsed\b|\benvsubst\b|\.sh\b|<<", words=(".sh", "<<", "envsubst", "sed"))
"""Steps and starts that may write another host into the file of an image."""
_PORT = "PORT"
"""The variable by which a program of most languages is told where to listen."""
_GROUP = regex(r"\bupstream\s+(?=(?P<name>[^\s{;]{1,250}))", words=("upstream",))


def _detect(project: Project) -> Iterator[Gap]:
    unknown: dict[tuple[str, str], list[ProxyUpstream]] = {}
    for item in project.upstreams:
        if "." not in item.host and ":" not in item.host and item.host != "localhost":
            unknown.setdefault((item.location.path, item.host), []).append(item)
    users_of = {path: _users(project, path) for path in sorted({path for path, _ in unknown})}
    for (path, host), items in sorted(unknown.items()):
        users = users_of[path]
        if not users or is_test_path(path):
            continue
        if not any(_answers(project, stack, proxy, host) for stack, proxy in users):
            yield _gap(users[0][0], users[0][1], host, items)
        else:
            yield from _at_wrong_port(project, users, host, items)


def _users(project: Project, path: str) -> list[tuple[Stack, Service]]:
    """Return the services that read the file: through a mount of it or of its folder, or in an image of nginx that holds it."""
    return [
        (stack, service)
        for stack in judged_stacks(project)
        if stack.complete
        for service in stack.services
        if is_within(path, known(_mounted, service)) or _is_copied(project, service, path)
    ]


def _is_copied(project: Project, service: Service, path: str) -> bool:
    """Whether the image that a service is built to starts nginx with the file as it stands in the repository."""
    dockerfile = project.image_of(service) if service.build else None
    if dockerfile is None or all(file.path != path for file in nginx_files(project, service)):
        return False
    return service.command is None and service.entrypoint is None and _keeps_its_files(dockerfile, service.build_target)


def _keeps_its_files(dockerfile: Dockerfile, target: str) -> bool:
    """Whether no step of an image, and nothing that it starts, may change the files that are copied."""
    changing = {"RUN", "CMD", "ENTRYPOINT"}
    items = [item for stage in dockerfile.chain(target) for item in stage.instructions if item.keyword in changing]
    return not any(_REWRITES.search(item.text) for item in items)


def _mounted(service: Service) -> frozenset[str]:
    return frozenset(mount.resolved for mount in service.mounts if mount.resolved)


def _answers(project: Project, stack: Stack, proxy: Service, host: str) -> bool:
    """Whether the host is a service, is written into the hosts file, or may be on a network or in a file that was not seen."""
    external = {network.name for network in stack.networks if network.external}
    if stack.resolve_host(host) or proxy.network_mode or external & set(proxy.networks or ("default",)):
        return True
    if any(find(proxy.node, key) is not None for key in ("extra_hosts", "links", "external_links")):
        return True
    # Files of one folder and one environment are one project, which may be started in parts.
    if any(
        other.resolve_host(host)
        for other in project.stacks
        if other.directory == stack.directory and other.environment is stack.environment
    ):
        return True
    return host in _groups(project) or host in infrastructure_names(project)


def _at_wrong_port(
    project: Project, users: list[tuple[Stack, Service]], host: str, items: list[ProxyUpstream]
) -> Iterator[Gap]:
    """Yield the port at which a proxy asks a service that is told to listen at another one, in every stack that builds it."""
    targets = [(stack, proxy, target) for stack, proxy in users if (target := stack.resolve_host(host)) is not None]
    built = [found for found in targets if found[2].build]
    for item in items:
        told = [_told(project, target, item.port) for _, _, target in built if item.port is not None]
        if told and all(told) and not any(item.port in _shown_ports(target) for _, _, target in targets):
            yield _port_gap(*built[0], next(filter(None, told)), item)
            return


def _shown_ports(service: Service) -> frozenset[int | None]:
    return frozenset((*(port.target for port in service.ports), *service.expose))


def _told(project: Project, service: Service, asked: int | None) -> EnvValue | None:
    """Return the variable that tells the program of a service where to listen, where that is not the port that is asked and
    nothing of its image speaks of this one.
    """
    entry = service.env(_PORT)
    number = (entry.value or "").strip("\"' ") if entry else ""
    context = service.build.context if service.build else None
    if entry is None or context is None or not number.isdigit() or int(number) == asked:
        return None
    if not any(read.name == _PORT and is_below(read.location.path, context) for read in project.env_reads):
        return None
    word = re.compile(rf"(?<!\d){asked}(?!\d)")
    dockerfile = project.image_of(service)
    stages = dockerfile.chain(service.build_target) if dockerfile else ()
    texts = [other.value or "" for other in service.environment] + [*(service.command or ()), *(service.entrypoint or ())]
    texts += [item.text for stage in stages for item in stage.instructions]
    texts += [item.text for item in sources_in_image(project, service, str(asked)) if "/.env" not in f"/{item.path}"]
    return None if any(word.search(text) for text in texts) else entry


@remembered
def _groups(project: Project) -> frozenset[str]:
    """Return the names of groups of servers that the texts make, and their beginnings up to the end of a word."""
    found = set()
    for match in (match for item in project.sources for match in _GROUP.finditer(item.text)):
        name = match["name"]
        found |= {name[: end.start()] for end in re.finditer(r"\b", name)}
    return frozenset(found)


def _gap(stack: Stack, proxy: Service, host: str, items: list[ProxyUpstream]) -> Gap:
    near = closest(host, tuple(sorted(service.name for service in stack.services)))
    return RULE.gap(
        resource=items[0].location.path,
        subject=f"upstream/{host}",
        message=f"{proxy.name} forwards to {host}, and no service of the stack answers to it: nginx does not start, others "
        f"answer 502{f'; {near} is near in name' if near else ''}.",
        expected=near or "the name of a service",
        actual=host,
        locations=tuple(dict.fromkeys(item.location for item in items)),
        related=(proxy.location,),
        environment=stack.environment,
    )


def _port_gap(stack: Stack, proxy: Service, target: Service, entry: EnvValue, item: ProxyUpstream) -> Gap:
    return RULE.gap(
        resource=item.location.path,
        subject=f"upstream/{item.host}/{item.port}",
        message=f"{proxy.name} forwards to port {item.port} of {target.name}, and {_PORT} has the program listen at"
        f" {entry.value}: the proxy answers 502.",
        expected=f"{item.host}:{entry.value}",
        actual=f"{item.host}:{item.port}",
        locations=(item.location,),
        related=(entry.location, proxy.location),
        environment=stack.environment,
    )


RULE = Rule(
    code="NET004",
    name="proxy-upstream-unknown",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Write the name of the service, and the port that it listens on, into the proxy's configuration."
        ),
    ),
)
