"""CMP012: a container that can take over the host: privileged, Docker's socket, host namespaces, capabilities like root."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.gaps.signals import image_name
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project

_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock")
_LIKE_ROOT = frozenset({"ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO"})
_NAMESPACES = ("pid", "ipc", "network_mode", "userns_mode", "uts")
_BY_DESIGN = frozenset(
    {
        *("cadvisor", "node-exporter", "node_exporter", "traefik", "watchtower", "portainer", "portainer-ce", "dockge"),
        *(
            "alloy",
            "promtail",
            "fluent-bit",
            "vector",
            "filebeat",
            "logspout",
            "dozzle",
            "visualizer",
            "datadog-agent",
            "telegraf",
        ),
        *("netdata", "nginx-proxy", "docker-gen", "acme-companion", "docker-socket-proxy", "dind", "docker", "ofelia"),
        *("autoheal", "gitlab-runner", "runner", "act_runner", "coolify", "falco", "crowdsec", "caddy-docker-proxy"),
        *(
            "opentelemetry-collector-contrib",
            "newrelic-infra",
            "glances",
            "diun",
            "docker-volume-backup",
            "wireguard",
            "gluetun",
        ),
    }
)
"""Images whose work is on the host."""
_READERS = frozenset({Role.MONITORING, Role.LOGGING, Role.TRACING})


@frozen
class _Right:
    words: str
    location: Location
    takes_over: bool
    """Whether it alone is enough to become root on the host."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        by_design = image_name(project, service) in _BY_DESIGN or service.role in _READERS
        if service.role is Role.E2E:
            continue  # Browsers of tests want the host's shared memory.
        rights = [right for right in _rights(service) if right.location.path not in project.owned]
        if any(right.takes_over for right in rights) or (rights and not by_design and stack.environment.severity_steps == 0):
            yield _gap(stack, service, rights, by_design=by_design)


def _rights(service: Service) -> Iterator[_Right]:
    privileged = service.node.get("privileged")
    if privileged is not None and text_of(privileged) == "true":
        yield _Right("privileged: true", privileged.location, takes_over=True)
    for item in scalars_of(service.node.get("cap_add")):
        if item.value.upper().removeprefix("CAP_") in _LIKE_ROOT:
            yield _Right(f"cap_add: {item.value}", item.location, takes_over=True)
    for mount in service.mounts:
        words = _of_mount(mount)
        if words:
            yield _Right(words, mount.location, takes_over=True)
    for key in _NAMESPACES:
        node = service.node.get(key)
        if node is not None and text_of(node) == "host":
            yield _Right(f"{key}: host", node.location, takes_over=False)


def _of_mount(mount: Mount) -> str:
    """Return what a mount gives away: the socket of the engine (read-only changes nothing), or the host's root to write to."""
    if mount.kind != "bind":
        return ""
    if mount.source.endswith(_SOCKETS):
        return f"the socket {mount.source.rpartition('/')[2]}"
    return "the root folder of the host" if mount.source == "/" and not mount.read_only else ""


def _gap(stack: Stack, service: Service, rights: list[_Right], *, by_design: bool) -> Gap:
    words = " and ".join(dict.fromkeys(right.words for right in rights))
    takes_over = any(right.takes_over for right in rights)
    effect = "whoever breaks into it is root on the host" if takes_over else "it shares what Docker keeps apart"
    note = "; the tool needs it, so keep it off the network and up to date" if by_design else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="privileges",
        message=f"{service.name} has {words}: {effect}{note}.",
        expected="a container without the rights of the host",
        actual=words,
        locations=tuple(right.location for right in rights),
        severity=_severity(rights, by_design=by_design),
        environment=stack.environment,
        closers=(_WITH_CARE,) if by_design else None,
    )


def _severity(rights: list[_Right], *, by_design: bool) -> Severity:
    """The host's network alone is what discovery on a local network needs."""
    if any(right.takes_over for right in rights):
        return Severity.MEDIUM if by_design else Severity.HIGH
    return Severity.LOW if all(right.words.startswith("network_mode") for right in rights) else Severity.MEDIUM


_WITH_CARE = Closer(
    None, "advice", "Put a socket proxy that only reads in front of Docker's socket, or give the tool a host of its own."
)
RULE = Rule(
    code="CMP012",
    name="host-level-privilege",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Give the one device or capability that is needed, and take the rest away."),),
    maps_to=("CKV_K8S_16",),
)
