"""What ECS runs, in the words of the Terraform app's plan: sizes that Fargate has, bounds that ECS holds, texts in pieces."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

from scaffold.model.names import DATASTORES, Role
from scaffold.model.target import APPLICATION_SECRET, Target
from scaffold.model.values import parse_byte_size
from scaffold.model.workload import Piece, Probe, Text, Workload, WorkloadMount, WorkloadPort, literal_text, secrets_in

AS_OF = "2026-11-25"
"""Fargate's sizes and ECS's bounds below are those of the ECS API reference (TaskDefinition, HealthCheck) on this day."""

_FARGATE: tuple[tuple[int, tuple[int, ...]], ...] = (
    (256, (512, 1024, 2048)),
    (512, tuple(range(1024, 4097, 1024))),
    (1024, tuple(range(2048, 8193, 1024))),
    (2048, tuple(range(4096, 16385, 1024))),
    (4096, tuple(range(8192, 30721, 1024))),
    (8192, tuple(range(16384, 61441, 4096))),
    (16384, tuple(range(32768, 122881, 8192))),
)
"""Processor (1/1024) with the memory (MiB) that goes with it."""

_FRONT = (Role.PROXY, Role.FRONTEND, Role.WEB)
"""Which published workload the load balancer asks where no rule says otherwise, the first role first."""


def plan_workloads(target: Target) -> list[dict[str, object]]:
    """Return the workloads for ECS; none where the chart deploys the app."""
    return [_workload(workload) for workload in _ordered(target)] if target.compute == "ecs" else []


def plan_settings(target: Target) -> list[dict[str, object]]:
    """Return the settings that the workloads for ECS read."""
    if target.compute != "ecs":
        return []
    return [
        {"name": setting.name, "default": setting.default or "", "required": setting.default is None}
        for setting in target.settings
    ]


def lost_on_fargate(target: Target) -> list[tuple[str, str, str]]:
    """Return what of the workloads Fargate has no twin for: service, what it is, and what to do; none for the chart."""
    if target.compute != "ecs":
        return []
    return [(workload.service, what, why) for workload in _ordered(target) for what, why in _lost(workload)]


def _lost(workload: Workload) -> Iterator[tuple[str, str]]:
    yield from ((mount.path, _MOUNTS_LOST[mount.kind]) for mount in workload.mounts if mount.kind in _MOUNTS_LOST)
    for alias in workload.aliases:
        yield f"the name {alias}", f"Service Connect gives each port one name: reach it as {workload.name}"
    for port in workload.ports:
        if port.protocol != "TCP":
            yield f"port {port.port}/{port.protocol.lower()}", "Service Connect and the load balancer carry TCP alone"
    for address, names in workload.host_aliases:
        yield f"{', '.join(names)} as {address}", "tasks have no entries of their own in /etc/hosts: use a name of DNS"
    yield from ((what, why) for what, why, holds in _LOST if holds(workload))


_MOUNTS_LOST = {
    "file": "Fargate mounts no files of the repository: COPY it into an image of your own",
    "secret": "Fargate mounts no secret as a file: read it from a variable, or write the file at the start",
}
_LOST: tuple[tuple[str, str, Callable[[Workload], bool]], ...] = (
    (
        "its healthcheck",
        "ECS expands no variables in one: write the value, or ask over HTTP",
        lambda workload: any(probe.kind == "exec" for probe in _probes(workload)) and not _health(workload),
    ),
    ("its GPUs", "Fargate has none: run it on instances", lambda workload: workload.resources.gpus > 0),
    (
        "one on every node",
        "Fargate has no nodes: it runs as a service with the number of task_counts",
        lambda workload: workload.kind == "daemon-set",
    ),
)


def _ordered(target: Target) -> list[Workload]:
    """Return the workloads with the one in front first."""

    def rank(workload: Workload) -> tuple[int, str]:
        published = any(_is_public(workload, port) for port in workload.ports)
        place = _FRONT.index(workload.role) if published and workload.role in _FRONT else len(_FRONT)
        return place, workload.name

    return sorted(target.workloads, key=rank)


def _workload(workload: Workload) -> dict[str, object]:
    variables = {variable.name: variable.value for variable in workload.environment}
    cpu, memory = _size(workload)
    entry_point, command = _argv(workload, variables)
    user = workload.security.user
    group = f":{workload.security.group}" if workload.security.group is not None else ""
    return {
        "name": workload.name,
        "service": workload.service,
        "kind": "job" if workload.kind == "job" else "service",
        "built": workload.built,
        "image": workload.image,
        "entry_point": entry_point,
        "command": command,
        "working_dir": workload.working_dir,
        "user": f"{user}{group}" if user is not None else "",
        "environment": [{"name": name, "value": _value(workload, name, variables)} for name in variables],
        "ports": [
            {"port": port.port, "published": _is_public(workload, port)} for port in workload.ports if port.protocol == "TCP"
        ],
        "health": _health(workload),
        "path": next((probe.path for probe in _probes(workload) if probe.kind == "http"), ""),
        "mounts": [mount for item in workload.mounts for mount in _mount(item)],
        "read_only_root": workload.security.read_only_root,
        "cpu": cpu,
        "memory": memory,
        "stop_seconds": min(max(workload.grace_seconds, 2), 120),
        "replicas": workload.scaling.replicas,
        "maximum": max(workload.scaling.maximum, workload.scaling.replicas),
        "singleton": workload.scaling.singleton,
    }


def _is_public(workload: Workload, port: WorkloadPort) -> bool:
    """Whether the load balancer serves a port; a store that Compose opens on its host is not put on the internet."""
    return port.published and workload.role not in DATASTORES


def composed_keys(target: Target) -> list[str]:
    """Return the keys of the application's secret for texts around a secret of it: only people can put those together."""
    return [
        _composed_key(workload, variable.name)
        for workload in (target.workloads if target.compute == "ecs" else ())
        for variable in workload.environment
        if _surrounds_own_secret(variable.value)
    ]


def _composed_key(workload: Workload, name: str) -> str:
    return f"{workload.name}.{name}"


def _surrounds_own_secret(text: Text) -> bool:
    return len(text) > 1 and any(piece.text == APPLICATION_SECRET for piece in secrets_in(text))


def _value(workload: Workload, name: str, variables: dict[str, Text]) -> list[dict[str, str]]:
    if _surrounds_own_secret(variables[name]):
        return [{"kind": "secret", "text": APPLICATION_SECRET, "field": _composed_key(workload, name)}]
    return _pieces(variables[name], variables)


_Words = list[list[dict[str, str]]]


def _argv(workload: Workload, variables: dict[str, Text]) -> tuple[_Words, _Words]:
    """Return entry point and command; ECS expands no variables, so words with a secret are left to a shell to expand."""
    words = (*(workload.command or ()), *(workload.args or ()))
    if not any(_is_secret_variable(piece, variables) for word in words for piece in word):
        entry_point = [_pieces(text, variables) for text in workload.command or ()]
        return entry_point, [_pieces(text, variables) for text in workload.args or ()]
    line = [piece for word in words for piece in (_literal(' "'), *_quoted(word, variables), _literal('"'))]
    return [[_literal("/bin/sh")], [_literal("-c")]], [[_literal("exec"), *line]]


def _literal(text: str) -> dict[str, str]:
    return {"kind": "literal", "text": text, "field": ""}


def _is_secret_variable(piece: Piece, variables: dict[str, Text]) -> bool:
    return piece.kind == "env" and bool(secrets_in(variables.get(piece.text, ())))


def _quoted(word: Text, variables: dict[str, Text]) -> list[dict[str, str]]:
    """Return a word as it stands between double quotes of a shell: text stays text, variables with secrets are expanded."""
    found: list[dict[str, str]] = []
    for piece in word:
        if _is_secret_variable(piece, variables):
            found.append(_literal(f"${{{piece.text}}}"))
        elif piece.kind == "literal":
            found.append(_literal(re.sub(r'([\\"$`])', r"\\\1", piece.text)))
        else:
            found += _pieces((piece,), variables)
    return found


def _pieces(text: Text, variables: dict[str, Text], depth: int = 0) -> list[dict[str, str]]:
    """Return the pieces of a text; ECS expands no variables, so what one holds takes its place, and a secret none does."""
    found: list[dict[str, str]] = []
    for piece in text:
        if piece.kind == "env":
            found += _pieces(variables.get(piece.text, ()), variables, depth + 1) if depth < len(variables) else []
        else:
            found.append({"kind": piece.kind, "text": piece.text, "field": piece.field})
    return found


def _size(workload: Workload) -> tuple[int, int]:
    """Return the smallest size of Fargate that holds the limits, or the requests where none is set."""
    resources = workload.resources
    processor = _processor(resources.cpu_limit or resources.cpu_request)
    memory = _memory(resources.memory_limit or resources.memory_request)
    fitting = ((cpu, size) for cpu, sizes in _FARGATE for size in sizes if cpu >= processor and size >= memory)
    return next(fitting, (_FARGATE[-1][0], _FARGATE[-1][1][-1]))


def _processor(text: str) -> int:
    value = float(text[:-1]) / 1000 if text.endswith("m") else float(text or 0)
    return math.ceil(value * 1024)


def _memory(text: str) -> int:
    return math.ceil((parse_byte_size(text) or 0) / 2**20) if text else 0


def _probes(workload: Workload) -> list[Probe]:
    probes = workload.probes
    return [probe for probe in (probes.readiness, probes.liveness, probes.startup) if probe is not None]


def _health(workload: Workload) -> list[dict[str, object]]:
    """Return the command that ECS asks, within its bounds; a probe over the network is the load balancer's to ask."""
    probe = next((probe for probe in _probes(workload) if probe.kind == "exec"), None)
    words = [literal_text(word) for word in probe.words] if probe else []
    if probe is None or any(piece.kind != "literal" for word in probe.words for piece in word):
        return []
    startup = workload.probes.startup
    return [
        {
            "command": ["CMD", *words],
            "interval": min(max(probe.period, 5), 300),
            "timeout": min(max(probe.timeout, 2), 60),
            "retries": min(max(probe.failures, 1), 10),
            "start": min(startup.period * startup.failures, 300) if startup else 0,
        }
    ]


def _mount(mount: WorkloadMount) -> list[dict[str, object]]:
    """Return a mount that Fargate has; files and secrets as files have no twin there, and are named as lost."""
    if mount.kind in {"file", "secret"}:
        return []
    volume = mount.name if mount.kind == "volume" else ""
    return [{"volume": volume, "path": mount.path, "read_only": mount.read_only}]
