"""NET004: a proxy's configuration forwards to a host that no service of its stack answers to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, judged_stacks
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import infrastructure_names
from scaffold.model.compose import Service, Stack
from scaffold.model.document import find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import is_within, known
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, ProxyUpstream
from scaffold.model.regex import regex
from scaffold.model.values import closest

_GROUP = regex(r"\bupstream\s+(?=(?P<name>[^\s{;]{1,250}))", words=("upstream",))


def _detect(project: Project) -> Iterator[Gap]:
    unknown: dict[tuple[str, str], list[ProxyUpstream]] = {}
    for item in project.upstreams:
        if "." not in item.host and ":" not in item.host and item.host != "localhost":
            unknown.setdefault((item.location.path, item.host), []).append(item)
    users_of = {path: _users(project, path) for path in sorted({path for path, _ in unknown})}
    for (path, host), items in sorted(unknown.items()):
        users = users_of[path]
        if users and not is_test_path(path) and not any(_answers(project, stack, proxy, host) for stack, proxy in users):
            yield _gap(users[0][0], users[0][1], host, items)


def _users(project: Project, path: str) -> list[tuple[Stack, Service]]:
    """Return the services that read the file: through a mount of it or of its folder."""
    return [
        (stack, service)
        for stack in judged_stacks(project)
        if stack.complete
        for service in stack.services
        if is_within(path, known(_mounted, service))
    ]


def _mounted(service: Service) -> frozenset[str]:
    return frozenset(mount.resolved for mount in service.mounts if mount.resolved)


def _answers(project: Project, stack: Stack, proxy: Service, host: str) -> bool:
    """Whether the host is a service, is written into the hosts file, or may be on a network or in a file that was not seen."""
    external = {network.name for network in stack.networks if network.external}
    if stack.resolve_host(host) or proxy.network_mode or external & set(proxy.networks or ("default",)):
        return True
    if any(find(proxy.node, key) is not None for key in ("extra_hosts", "links", "external_links")):
        return True
    return host in _groups(project) or host in infrastructure_names(project)


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
