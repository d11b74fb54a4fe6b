"""Default ceilings for memory and CPU by role: far above normal use, there to keep one service from taking the host down.

Docker refuses a CPU limit above the number of CPUs of the host and idles the others below it, so only what never needs a whole
CPU gets a limit; the rest gets a weight, by which stores win over workers when the CPUs are short.
"""

from __future__ import annotations

from scaffold.model.compose import Service
from scaffold.model.document import find, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.regex import regex
from scaffold.model.values import parse_byte_size

AS_OF = "2026-11-22"
_MIB = 1024**2


@frozen
class Ceiling:
    """A memory limit in MiB, and a CPU limit or a weight."""

    memory: int
    cpus: str = ""
    shares: int = 0


_CEILINGS: dict[Role, Ceiling] = {
    Role.POSTGRES: Ceiling(2048, shares=2048),
    Role.MYSQL: Ceiling(2048, shares=2048),
    Role.MONGO: Ceiling(4096, shares=2048),
    Role.CLICKHOUSE: Ceiling(8192, shares=2048),
    # What these keep in memory grows with the data, and a kill while loading repeats itself: much room.
    Role.REDIS: Ceiling(4096, shares=2048),
    Role.VECTOR_DB: Ceiling(8192, shares=2048),
    Role.SEARCH: Ceiling(8192, shares=2048),
    Role.CACHE: Ceiling(512, shares=1024),
    Role.BROKER: Ceiling(2048, shares=2048),
    Role.OBJECT_STORE: Ceiling(4096, shares=2048),
    Role.WEB: Ceiling(2048, shares=1024),
    Role.WORKER: Ceiling(2048, shares=512),
    Role.SCHEDULER: Ceiling(512, "0.5"),
    Role.FRONTEND: Ceiling(1024, shares=1024),
    Role.PROXY: Ceiling(1024, shares=2048),
    Role.MONITORING: Ceiling(2048, shares=512),
    Role.LOGGING: Ceiling(2048, shares=512),
    Role.TRACING: Ceiling(2048, shares=512),
}
"""Roles without a row get no limit: what a model or a job needs is not in the files."""

_LEFT_ALONE = frozenset(
    {
        *("gitlab-ce", "gitlab-ee", "sonarqube", "jenkins", "discourse", "nexus3", "keycloak", "metabase", "kong", "odoo"),
        *("nextcloud", "neo4j", "cassandra", "druid", "solr", "vespa", "milvus", "opensearch", "clamav"),
    }
)
"""Programs that size themselves by the memory of the host, or need several GiB: a default would stop or starve them. (ClamAV:
3 GiB at least, 4 GiB preferred, by its manual, ClamAV in Docker.)
"""
_HOST_SIZED = 4096
"""MiB for what has one process a CPU, or a heap that is a share of the limit."""

_HEAP = regex(r"-Xmx(\d+[kKmMgG])\b")
_HEAP_VARIABLES = ("MAX_HEAP_SIZE", "HEAP_SIZE")
_NODE_HEAP = regex(r"--max[-_]old[-_]space[-_]size[= ](\d+)\b", words=("--max",))
_MYSQL_POOL = regex(r"innodb[-_]buffer[-_]pool[-_]size[= ](\d+[kKmMgG]?)\b", words=("innodb",))
_REDIS_MAXIMUM = regex(r"--maxmemory[= ]+(\d+\s*[kKmMgG]?[bB]?)\b", words=("--maxmemory",))
_PG_BUFFERS = regex(r"shared_buffers\s*=\s*'?(\d+\s*[kMG]?B?)\b", words=("shared_buffers",))
_MONGO_CACHE = regex(r"--wiredTigerCacheSizeGB[= ]+(\d+(?:\.\d+)?)\b", words=("--wiredTigerCacheSizeGB",))
_MEMCACHED = regex(r"(?:^|\s)(?:-m|--memory-limit)[= ]*(\d+)\b")
_CONCURRENCY = regex(
    r"(?:--concurrency[= ]|(?:^|\s)-c[= ]?|--processes[= ]|--workers[= ]|(?:^|\s)-w[= ]?)(\d+)\b",
    words=("--processes", "-c", "-w"),
)
_CELERY_WORKER = regex(r"\bcelery\b.*\bworker\b")
_AUTOSCALED = regex(r"--autoscale\b|(?:--pool[= ]|-P\s*)(?:solo|threads|gevent|eventlet)\b")
_PER_PROCESS = 384
"""MiB that one process of a prefork worker or a web server may take."""
_MODEL_LIBRARIES = frozenset({"torch", "tensorflow", "transformers", "sentence-transformers", "onnxruntime", "vllm", "jax"})


def loads_models(dependencies: frozenset[str]) -> bool:
    """Whether the code loads models into memory, whose size no file tells."""
    return bool(_MODEL_LIBRARIES & dependencies)


def ceiling(service: Service, *, java: bool) -> Ceiling | None:
    """Return the ceiling of a service with what its own settings ask for, or None where no default is safe."""
    row = _CEILINGS.get(service.role) if service.role else None
    if row is None or has_own_devices(service) or needs_much_memory(service):
        return None
    floor = _HOST_SIZED if java or _follows_the_host(service) else 0
    return Ceiling(_rounded(max((row.memory, floor, *_asked(service)))), row.cpus, row.shares)


def needs_much_memory(service: Service) -> bool:
    """Whether a service pulls a program that is known to need several GiB, or to take what the host has."""
    return service.image is not None and service.build is None and service.image.name in _LEFT_ALONE


def _follows_the_host(service: Service) -> bool:
    """Whether the number of worker processes is the number of CPUs, or a variable that somebody may raise."""
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    if not _CELERY_WORKER.search(words) or _AUTOSCALED.search(words):
        return False
    variable = any(reference for item in scalars_of(service.node.get("command")) for reference in item.references)
    return variable or not _CONCURRENCY.search(words)


def has_own_devices(service: Service) -> bool:
    """Whether a service reserves a GPU or another device: then what it needs follows the device, not its role."""
    return bool(find(service.node, "deploy", "resources", "reservations", "devices") or service.node.get("gpus"))


def _rounded(mib: int) -> int:
    step = 256 if mib > 512 else 128
    return -(-mib // step) * step


def _asked(service: Service) -> list[int]:
    """Return in MiB the limits that the settings of a service make necessary, each with room for what is not counted in it."""
    text = " ".join((*(service.entrypoint or ()), *(service.command or ()), *_values(service)))
    needs = [_mib(match[1]) * 3 // 2 + 256 for match in _HEAP.finditer(text)]
    needs += [_mib(entry.value or "") * 3 // 2 + 256 for name in _HEAP_VARIABLES if (entry := service.env(name))]
    needs += [int(match[1]) * 5 // 4 + 256 for match in _NODE_HEAP.finditer(text)]
    needs += [_mib(match[1]) * 3 // 2 + 512 for match in _MYSQL_POOL.finditer(text)]
    # A fork for a snapshot may copy as much as is written while it runs.
    needs += [_mib(match[1]) * 2 + 64 for match in _REDIS_MAXIMUM.finditer(text)]
    needs += [_mib(match[1]) * 3 for match in _PG_BUFFERS.finditer(text)]
    needs += [int(float(match[1]) * 1024) * 2 + 512 for match in _MONGO_CACHE.finditer(text)]
    if service.role is Role.CACHE:
        needs += [int(match[1]) * 5 // 4 + 64 for match in _MEMCACHED.finditer(text)]
    if service.role in {Role.WEB, Role.WORKER}:
        needs += [int(match[1]) * _PER_PROCESS for match in _CONCURRENCY.finditer(text) if len(match[1]) < 4]
    needs += [_mib(text_of(service.node.get("shm_size"))) * 2]
    reserved = find(service.node, "deploy", "resources", "reservations", "memory") or service.node.get("mem_reservation")
    return [*needs, _mib(text_of(reserved)) * 2]


def _values(service: Service) -> list[str]:
    return [entry.value for entry in service.environment if entry.value]


def _mib(text: str) -> int:
    return -(-(parse_byte_size(text) or 0) // _MIB)


def has_memory_limit(service: Service) -> bool:
    """Whether the base limits the memory of a service, in either form."""
    return bool(find(service.node, "deploy", "resources", "limits", "memory") or service.node.get("mem_limit"))


def has_cpu_setting(service: Service) -> bool:
    """Whether the base limits, reserves or weighs the CPUs of a service, in any form."""
    keys = ("cpus", "cpu_quota", "cpu_shares", "cpu_percent", "cpu_count", "cpuset")
    declared = any(find(service.node, "deploy", "resources", part, "cpus") for part in ("limits", "reservations"))
    return declared or any(service.node.get(key) for key in keys)
