"""How much a workload gets, how many copies run, what it waits for, how it stops."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterator

from scaffold.model.ceilings import needs_much_memory
from scaffold.model.compose import Service
from scaffold.model.document import Mapping, Node, Sequence, find, scalars_of, text_of
from scaffold.model.lasting import follows_models
from scaffold.model.names import DATASTORES, Role
from scaffold.model.regex import regex
from scaffold.model.values import parse_byte_size, parse_duration
from scaffold.model.workload import Note, Resources, Scaling, Wait, WorkloadPort
from scaffold.plan.copies import OneCopy, is_scheduler
from scaffold.plan.migrations import ONE_COPY
from scaffold.plan.workloads.scope import Scope

_MEBIBYTE = 1024**2
_DEFAULTS: dict[Role | None, tuple[str, str, str]] = {
    Role.ML_INFERENCE: ("500m", "1Gi", "4Gi"),
    Role.FRONTEND: ("50m", "64Mi", "256Mi"),
    Role.PROXY: ("50m", "64Mi", "256Mi"),
    **dict.fromkeys(DATASTORES, ("250m", "512Mi", "2Gi")),
}
_USUAL = ("100m", "256Mi", "1Gi")
"""Requests of CPU and memory and the limit of memory where the compose file sets none; measure and correct them."""

_MOST_COPIES = 6
_REPLICATED = frozenset({Role.WEB, Role.FRONTEND, Role.PROXY, Role.ML_INFERENCE})
_OF_THE_CLUSTER = regex(r"\.dkr\.ecr\.[\w-]+\.amazonaws\.com$")
"""The nodes of EKS log in at ECR by their own role (EKS user guide, Amazon ECR images)."""
_PUBLIC_REGISTRIES = frozenset(
    {
        *("", "docker.io", "index.docker.io", "registry.hub.docker.com", "quay.io", "ghcr.io", "mcr.microsoft.com", "gcr.io"),
        *("public.ecr.aws", "registry.k8s.io", "docker.elastic.co", "lscr.io", "cr.weaviate.io", "registry.gitlab.com"),
        *("container-registry.oracle.com", "nvcr.io", "docker.n8n.io", "cr.fluentbit.io", "registry.access.redhat.com"),
    }
)


def plan_resources(service: Service, scope: Scope) -> Resources:
    """Return requests and limits; `deploy.resources` wins over the keys of the service, as in Compose."""
    limits, reservations = (find(service.node, "deploy", "resources", key) for key in ("limits", "reservations"))
    cpu_limit = _cpu(text_of(find(limits, "cpus")) or text_of(service.node.get("cpus")))
    cpu = _cpu(text_of(find(reservations, "cpus")))
    memory_limit = _bytes(text_of(find(limits, "memory")) or text_of(service.node.get("mem_limit")))
    memory = _bytes(text_of(find(reservations, "memory")) or text_of(service.node.get("mem_reservation")))
    # What loads models, or is known for its hunger, ends at the usual limit, whatever else it does.
    hungry = follows_models(scope.project, service) or needs_much_memory(service)
    usual = _DEFAULTS.get(Role.ML_INFERENCE if hungry else service.role, _USUAL)
    memory_request = memory or _smaller(usual[1], memory_limit)
    return Resources(
        cpu_request=cpu or _smaller_cpu(usual[0], cpu_limit),
        cpu_limit=cpu_limit,
        memory_request=memory_request,
        memory_limit=memory_limit or _larger(usual[2], memory_request),
        gpus=_gpus(reservations, service),
        assumed=not (memory_limit or cpu_limit or memory or cpu),
    )


def _cpu(text: str) -> str:
    """Return CPUs in thousandths, at least one: `0.5` is `500m`."""
    try:
        value = float(text)
    except ValueError:
        return ""
    return f"{max(1, math.ceil(value * 1000))}m" if math.isfinite(value) and value > 0 else ""


def _bytes(text: str) -> str:
    size = parse_byte_size(text) if text else None
    if not size:
        return ""
    for unit, factor in (("Gi", 1024**3), ("Mi", _MEBIBYTE), ("Ki", 1024)):
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def quantity(text: str) -> int:
    """Return a memory quantity such as `512Mi` in bytes."""
    match = re.fullmatch(r"(\d+)(Ki|Mi|Gi)?", text)
    units = {None: 1, "Ki": 1024, "Mi": _MEBIBYTE, "Gi": 1024**3}
    return int(match[1]) * units[match[2]] if match else 0


def _smaller(usual: str, limit: str) -> str:
    return limit if limit and quantity(limit) < quantity(usual) else usual


def _larger(usual: str, request: str) -> str:
    return request if quantity(request) > quantity(usual) else usual


def _smaller_cpu(usual: str, limit: str) -> str:
    return limit if limit and int(limit[:-1]) < int(usual[:-1]) else usual


def _gpus(reservations: Node | None, service: Service) -> int:
    devices = [find(reservations, "devices"), service.node.get("gpus")]
    count = 0
    for node in devices:
        if isinstance(node, Sequence):
            for item in node.items:
                words = {scalar.value for scalar in scalars_of(find(item, "capabilities"))}
                asked = text_of(find(item, "count"))
                if "gpu" in words or node is devices[1]:
                    count += int(asked) if asked.isdecimal() else 1
        elif text_of(node):
            count += 1
    return count


def plan_scaling(service: Service, kind: str, *, own: tuple[str, ...], migrates: bool, alone: OneCopy | None) -> Scaling:
    """Return how many copies run.

    `own` are the volumes that one pod alone can mount, `migrates` says that two copies would migrate at once, and `alone` why
    the code or the role allows one copy.
    """
    text = text_of(find(service.node, "deploy", "replicas")) or text_of(service.node.get("scale"))
    copies = int(text) if text.isdecimal() else 1
    if kind != "deployment":
        return Scaling(copies if kind == "job" else 1, 1)
    if alone is not None and is_scheduler(service):
        return Scaling(1, 1, singleton=True, reason=alone.reason)
    reason = _why_stopped_first(own, alone, migrates=migrates)
    if reason or alone is not None:
        return Scaling(min(copies, 1), 1, singleton=bool(reason), reason=reason or (alone.reason if alone else ""))
    more = service.role in _REPLICATED and copies > 0
    return Scaling(copies, max(copies, _MOST_COPIES) if more else copies)


def _why_stopped_first(own: tuple[str, ...], alone: OneCopy | None, *, migrates: bool) -> str:
    """Return why the last copy has to end before the next one starts; "" where both may run for a moment."""
    if own:
        return f"it keeps the volume{'s' if len(own) > 1 else ''} {', '.join(own)}, which one pod at a time can mount"
    if alone is not None and alone.stops_first:
        return alone.reason
    return ONE_COPY if migrates else ""


def plan_waits(
    service: Service, scope: Scope, kinds: dict[str, str], ports: dict[str, tuple[WorkloadPort, ...]], used: tuple[str, ...]
) -> tuple[Wait, ...]:
    """Return what has to be there before the container starts.

    `used` are the managed stores that it logs in to: there the role of the application has to exist, whatever
    `depends_on` says.
    """
    waits = {name: _of_store(name, scope) for name in used}
    for edge in service.depends_on:
        if edge.service in scope.stores:
            waits[edge.service] = _of_store(edge.service, scope)
        elif edge.service in kinds:
            wait = _of_edge(edge.service, edge.condition, scope, kinds, ports)
            if wait is not None:
                waits[edge.service] = wait
    return tuple(waits[name] for name in sorted(waits))


def _of_store(name: str, scope: Scope) -> Wait:
    store = scope.stores[name]
    return Wait("login" if store.engine == "postgres" else "tcp", name, store.port)


def _of_edge(
    name: str, condition: str, scope: Scope, kinds: dict[str, str], ports: dict[str, tuple[WorkloadPort, ...]]
) -> Wait | None:
    if kinds[name] == "job":
        return Wait("job", scope.names[name]) if condition == "service_completed_successfully" else None
    tcp = [port for port in ports[name] if port.protocol == "TCP"]
    if condition != "service_healthy" or not tcp:
        return None
    first = next((port for port in tcp if port.name == "http"), tcp[0])
    return Wait("tcp", scope.names[name], first.port)


def plan_grace(service: Service) -> int:
    """Return the seconds between the signal to stop and the end; Docker's default is 10."""
    text = text_of(service.node.get("stop_grace_period"))
    value = parse_duration(text) if text else None
    return math.ceil(value) if value is not None else 10


def plan_backoff(service: Service) -> int:
    """Return how often a job may fail: `on-failure:3` is three times, `on-failure` as often as Kubernetes' default of six."""
    match = re.fullmatch(r"on-failure(?::(\d+))?", service.restart)
    attempts = text_of(find(service.node, "deploy", "restart_policy", "max_attempts"))
    if attempts.isdecimal():
        return int(attempts)
    return (int(match[1]) if match[1] else 6) if match else 0


def plan_host_aliases(service: Service) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[Note, ...]]:
    """Return the addresses of `extra_hosts` with their names; the host that Compose runs on is none of a cluster."""
    node = service.node.get("extra_hosts")
    found: dict[str, list[str]] = {}
    notes = []
    for name, address in sorted(_extra_hosts(node)):
        try:
            ipaddress.ip_address(address.strip("[]"))
        except ValueError:
            location = node.location if node is not None else service.location
            notes.append(
                Note(service.name, "extra_hosts", f"{name} stands for the host of Compose, which a pod has not", location)
            )
            continue
        found.setdefault(address.strip("[]"), []).append(name)
    return tuple((address, tuple(names)) for address, names in sorted(found.items())), tuple(notes)


def _extra_hosts(node: Node | None) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from ((entry.key.value, scalar.value) for scalar in scalars_of(entry.value))
    for scalar in scalars_of(node):
        name, separator, address = scalar.value.partition("=" if "=" in scalar.value else ":")
        if separator:
            yield name, address


def pull_notes(service: Service) -> tuple[Note, ...]:
    """Return a note where the image comes from a registry that is not known to serve everybody."""
    image = service.image
    if image is None or image.registry in _PUBLIC_REGISTRIES or _OF_THE_CLUSTER.search(image.registry):
        return ()
    message = (
        f"{image.registry} may ask for a login: make a Secret of type kubernetes.io/dockerconfigjson in the namespace, and "
        "name it in `imagePullSecrets` of the values"
    )
    return (Note(service.name, "image", message, service.image_location or service.location),)
