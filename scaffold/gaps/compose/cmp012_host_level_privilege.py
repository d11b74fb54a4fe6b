"""CMP012: a container that can take over the host: privileged, Docker's socket, host namespaces, capabilities like root."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.compose.cmp015_source_shadows_image import shadows
from scaffold.gaps.facts import judged_stacks, listed, once
from scaffold.gaps.signals import image_name
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.deployments import run_text
from scaffold.model.document import Location, find, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Cause, Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

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
        *("woodpecker-agent", "drone-runner-docker", "forgejo-runner", "github-runner", "actions-runner", "inbound-agent"),
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
_FILTERS = frozenset({"docker-socket-proxy", "socket-proxy", "docker-socket-protector", "cetusguard", "sockguard"})
"""Proxies that pass on some requests to the engine alone, so that others need no socket."""
_PASSES_WRITES = regex(r"(?i)(?:^|_)(?:POST|PUT|EXEC|AUTH|SECRETS)$")
_WRITES_BY_OPTION = regex(r"(?i)allow[-_]?(?:POST|PUT)\b")
_SERVES_BUILDS = frozenset({"jenkins", "blueocean", "teamcity-server", "teamcity-agent", "gocd-server", "bamboo"})
"""Servers that build what is deployed, and are no part of it."""
_ENTRIES = frozenset({Role.WEB, Role.FRONTEND, Role.PROXY})
_FOLDERS_OF_CODE = frozenset(
    {
        *(
            "/",
            "/app",
            "/code",
            "/src",
            "/srv",
            "/work",
            "/workspace",
            "/workspaces",
            "/usr/src/app",
            "/opt/app",
            "/application",
        ),
        *(
            "/var/www",
            "/var/www/html",
            "/usr/share/nginx/html",
            "/home/node/app",
            "/project",
            "/repo",
            "/build",
            "/site",
            "/web",
        ),
    }
)
"""Where people mount the source of an application: CMP015 judges that."""
_ROOT = frozenset({"", "0", "root"})
_INTO_A_GROUP = regex(
    r"(?i)docker[_-]?g(?:id|roup)|\bsudo\b"
    r"|\b(?:adduser|addgroup|usermod|useradd|gpasswd|groupadd|groupmod)\b[^&|;\n]*(?<![\w/.-])(?:docker|root|ping)(?![\w/.-])"
)
"""What puts a user of an image into a group that may open the socket, or lets it become root."""
_READERS = frozenset({Role.MONITORING, Role.LOGGING, Role.TRACING})


@frozen
class _Right:
    words: str
    location: Location
    takes_over: bool
    """Whether it alone is enough to become root on the host."""
    at_next_start: bool = False
    """Whether it decides what the next start of the stack runs there."""


@frozen
class _Case:
    """What the message says beside the rights: what lessens them, what a filter leaves to others, what the tool is for."""

    less: tuple[Severity, str] | None
    makes: str
    by_design: bool = False


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        image = image_name(project, service)
        by_design = image in _BY_DESIGN or service.role in _READERS
        if service.role is Role.E2E:
            continue  # Browsers of tests want the host's shared memory.
        rights = [right for right in _rights(service) if right.location.path not in project.owned]
        rights += _of_the_stack(project, stack, service)
        decisive = [right for right in rights if right.takes_over or right.at_next_start]
        if decisive or (rights and not by_design and stack.environment.severity_steps == 0):
            less = _less(project, stack, service, rights, image)
            makes = _makes_containers(stack, service) if image in _FILTERS else ""
            yield _gap(stack, service, rights, _Case(less, makes, by_design=by_design))


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


def _of_the_stack(project: Project, stack: Stack, service: Service) -> Iterator[_Right]:
    """Yield the writable mounts of the folder that holds the stack's own compose files, in what takes visitors."""
    if not stack.is_runnable_in_production or not (service.role in _ENTRIES or service.ports):
        return
    folders = {posixpath.dirname(path) for path in stack.files if path not in project.owned}
    source = {mount.location for mount, _ in shadows(project, service)}
    for mount in service.mounts:
        whole = mount.resolved is not None and mount.resolved.strip("./") in {folder.strip("./") for folder in folders}
        target = mount.target.rstrip("/") or "/"
        own = target in _FOLDERS_OF_CODE or target == text_of(service.node.get("working_dir")).rstrip("/")
        if mount.kind == "bind" and whole and not mount.read_only and not own and mount.location not in source:
            yield _Right("the folder of the compose files, to write to", mount.location, takes_over=False, at_next_start=True)


def _less(project: Project, stack: Stack, service: Service, rights: list[_Right], image: str) -> tuple[Severity, str] | None:
    """Return what lessens the rights of a service, and how the message says it; None for nothing."""
    of_sockets = all(right.words.startswith("the socket ") for right in rights)
    if image in _FILTERS and of_sockets and not _passes_writes(service) and all(port.is_loopback for port in service.ports):
        return Severity.LOW, "it passes on only some requests, which is what others should go through"
    if "0" in {text_of(service.node.get("scale")), text_of(find(service.node, "deploy", "replicas"))}:
        return Severity.MEDIUM, "no copy of it runs until somebody asks for one"
    if image in _SERVES_BUILDS and _stands_apart(project, stack):
        return Severity.MEDIUM, f"it builds what is deployed, and nothing here that deploys starts {stack.files[0]}"
    if of_sockets and _is_out_of_reach(project, service):
        return Severity.MEDIUM, "it offers no port, writes nowhere and has no capability, so it is hard to break into"
    user = _shut_out_user(project, service) if of_sockets else ""
    if user:
        return Severity.MEDIUM, (
            f"that needs a host whose socket lets {user} in, as whom it runs: by default the socket is for root and the group"
            " docker, and nothing here puts that user into a group"
        )
    return None


def _shut_out_user(project: Project, service: Service) -> str:
    """Return as which user a service runs that is not root and in no group but its own, by the compose file or the image that
    is built here; "" where it is root, or where that is not known.
    """
    dockerfile = project.image_of(service) if service.made else None
    steps = (
        [item for stage in dockerfile.chain(service.made.target) for item in stage.instructions]
        if dockerfile and service.made
        else []
    )
    said = dockerfile.effective("USER", service.made.target) if dockerfile and service.made else None
    user, _, group = (service.user or (said.text if said else "")).strip("\"' ").partition(":")
    # The groups of a user that another image makes are not known.
    is_known = dockerfile is not None or user.isdecimal()
    if not is_known or "$" in f"{user}{group}" or user in _ROOT or group not in {"", user}:
        return ""
    if service.node.get("group_add") is not None or any(_INTO_A_GROUP.search(item.text) for item in steps):
        return ""
    return user


def _passes_writes(service: Service) -> bool:
    """Whether a filter lets through requests that change something, or that show secrets."""
    on = (entry.name for entry in service.environment if means_true(entry.value))
    words = [*(service.command or ()), *(entry.name for entry in service.environment if entry.value)]
    return any(_PASSES_WRITES.search(name) for name in on) or any(_WRITES_BY_OPTION.search(word) for word in words)


def _clients(stack: Stack) -> dict[str, list[str]]:
    """Return the services that have another one as DOCKER_HOST, by the words of that address."""
    found: dict[str, list[str]] = {}
    for service in stack.services:
        entry = service.env("DOCKER_HOST")
        for word in re.split(r"[/:]+", entry.value or "")[:4] if entry else ():
            found.setdefault(word, []).append(service.name)
    return found


def _makes_containers(stack: Stack, service: Service) -> str:
    """Return what a filter leaves to those who reach it where it lets them make containers, "" where it does not: no filter
    looks at what the request says of mounts and rights.
    """
    on = {entry.name for entry in service.environment if means_true(entry.value)}
    if not {"CONTAINERS", "POST"} <= on:
        return ""
    clients = known(_clients, stack).get(service.name, [])
    who = f"{listed(clients)}, and whoever breaks into it," if clients else "whoever reaches it"
    return (
        "; it passes on POST for CONTAINERS, and no filter looks at the mounts and rights in a request:"
        f" {who} makes a container with the root of the host in it"
    )


def _stands_apart(project: Project, stack: Stack) -> bool:
    """Whether a stack holds no application of the team, another one does, and no job and no script names one of its files."""
    applications = [service for service in stack.services if service.is_application]
    if stack is project.main_stack or any(image_name(project, service) not in _SERVES_BUILDS for service in applications):
        return False
    names = {posixpath.basename(path) for path in stack.files}
    texts = [command.text for command in project.commands if command.context != "doc"]
    texts += [run_text(step) for workflow in project.workflows for job in workflow.jobs for step in job.all_steps]
    others = (service for other in project.stacks if other is not stack for service in other.services)
    return any(service.is_application for service in others) and not any(name in text for text in texts for name in names)


def _is_out_of_reach(project: Project, service: Service) -> bool:
    """Whether an image that is built here offers no port, and the container is read-only and without capabilities, with every
    mount of the host read-only.
    """
    dockerfile = project.image_of(service) if service.made else None
    dropped = {item.value.upper() for item in scalars_of(service.node.get("cap_drop"))}
    is_closed = dockerfile is not None and not dockerfile.exposed and not service.ports and service.node.get("expose") is None
    is_fixed = text_of(service.node.get("read_only")) == "true" and "ALL" in dropped
    mounts = all(mount.read_only for mount in service.mounts if mount.kind == "bind")
    return is_closed and is_fixed and mounts and service.role not in _ENTRIES


def _gap(stack: Stack, service: Service, rights: list[_Right], case: _Case) -> Gap:
    less, by_design = case.less, case.by_design
    words = " and ".join(dict.fromkeys(right.words for right in rights))
    takes_over = any(right.takes_over for right in rights)
    is_filter = less is not None and less[0] is Severity.LOW
    later = any(right.at_next_start for right in rights)
    if takes_over:
        effect = "whoever breaks into it is root on the host"
    elif later:
        effect = "whoever breaks into it reads the secrets there, and decides what the next `docker compose up` starts as root"
    else:
        effect = "it shares what Docker keeps apart"
    note = "; the tool needs it, so keep it off the network and up to date" if by_design and not is_filter else ""
    note = case.makes or note
    if less:
        note += f"; {less[1]}"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="privileges",
        message=f"{service.name} has {words}: {effect}{note}.",
        expected="a container without the rights of the host",
        actual=words,
        locations=tuple(right.location for right in rights),
        severity=min(_severity(rights, by_design=by_design), less[0]) if less else _severity(rights, by_design=by_design),
        environment=stack.environment,
        kind=words,
        closers=(_KEEP_SHORT,)
        if is_filter
        else (_MADE_BY_ONE,)
        if case.makes
        else (_WITH_CARE,)
        if by_design
        else (_NOT_THE_STACK,)
        if later and not takes_over
        else None,
    )


def _severity(rights: list[_Right], *, by_design: bool) -> Severity:
    """The host's network alone is what discovery on a local network needs."""
    if any(right.takes_over for right in rights):
        return Severity.MEDIUM if by_design else Severity.HIGH
    return Severity.LOW if all(right.words.startswith("network_mode") for right in rights) else Severity.MEDIUM


_WITH_CARE = Closer(
    None, "advice", "Put a socket proxy that only reads in front of Docker's socket, or give the tool a host of its own."
)
_KEEP_SHORT = Closer(
    None, "advice", "Keep the filter on a network with those alone that need it, and let it pass on nothing that they do not."
)
_MADE_BY_ONE = Closer(
    None,
    "advice",
    "Leave the making of containers to a small service of your own that takes a job and writes the request itself, or to"
    " another host or a rootless engine; take POST from the filter.",
)
_NOT_THE_STACK = Closer(
    None, "advice", "Mount the folder that it needs and no other, and read-only (`:ro`) where it writes nothing."
)
RULE = Rule(
    code="CMP012",
    name="host-level-privilege",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Give the one device or capability that is needed, and take the rest away."),),
    maps_to=("CKV_K8S_16",),
    cause=Cause.STACK,
)
