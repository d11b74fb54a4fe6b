"""Which stores hold data whose loss loses something, and which of them scaffold can back up, in what way."""

from __future__ import annotations

import re

from scaffold.model.compose import Mount, Service
from scaffold.model.known import known
from scaffold.model.names import Layer, Role
from scaffold.model.other_stores import other_store
from scaffold.model.project import Project
from scaffold.model.regex import regex

_QUEUE_LIBRARIES = frozenset({"celery", "rq", "dramatiq", "arq", "huey", "bull", "bullmq", "sidekiq", "resque", "asynq"})
_WITHOUT_BACKUP = frozenset({Role.BROKER, Role.CACHE})
WATCHERS = frozenset({Role.MONITORING, Role.LOGGING, Role.TRACING, Role.ADMIN_UI, Role.E2E, Role.MOCK})
"""Roles whose services can do without what is in their volumes."""
CHROMA_IMAGES = ("chromadb/chroma", "chroma-core/chroma")
CHROMA_FOLDERS = ("/data", "/chroma", "/index_data")
"""Where a Chroma keeps its database, by the version of its image."""
_SERVER = regex(
    r"(?<![\w./-])(?:\S*/)?(?:postgres|mysqld|mariadbd|mongod|redis-server|valkey-server|docker-entrypoint(?:\.sh)?)(?![\w./-])"
)
_LOGS_AND_CACHES = regex(
    r".*(?:^|[/_.-])(?:logs?|cache[sd]?|tmp|temp|run|node_modules|venv|\.venv|vendor|bundle|packages|deps|build|dist|target"
    r"|_build|static|staticfiles|static_files|\.next|\.npm|\.m2|\.cargo|gradle|huggingface|models?|sock(?:et)?s?|prometheus|grafana"
    r"|loki|pgadmin|portainer)(?:$|[/_.-]).*",
    re.IGNORECASE,
    words=(
        ".cargo",
        ".m2",
        ".next",
        ".npm",
        "build",
        "bundle",
        "cache",
        "deps",
        "dist",
        "gradle",
        "grafana",
        "huggingface",
        "log",
        "loki",
        "model",
        "node_modules",
        "packages",
        "pgadmin",
        "portainer",
        "prometheus",
        "run",
        "sock",
        "static",
        "target",
        "temp",
        "tmp",
        "vendor",
        "venv",
    ),
)

_EVICTS_ANY = regex(r"--maxmemory-policy[= ]+[\"']?allkeys-")
_NO_SNAPSHOTS = regex(r"--save[= ]+(?:\"\"|''|\\\"\\\")")
_APPENDS = regex(r"--appendonly[= ]+[\"']?yes")
_SIGNATURES = "/var/lib/clamav"
"""Where freshclam puts the signatures of viruses, which it fetches anew every day."""
_UPLOADS = regex(r"(?:.*[/_.-])?(?:media|uploads?|uploaded|attachments?|avatars)/?", re.IGNORECASE)


def dependency_names(project: Project) -> frozenset[str]:
    """Return the packages that the manifests name, in lower case and without version marks."""
    return known(_dependency_names, project)


def _dependency_names(project: Project) -> frozenset[str]:
    names = (name for manifest in project.manifests for name in manifest.dependencies)
    return frozenset(re.split(r"[\s<>=~!;\[(@]", name.lower(), maxsplit=1)[0] or name.lower() for name in names)


def is_queue(project: Project, service: Service) -> bool:
    """Whether a Redis holds a queue whose loss loses work, not only a cache: a worker's broker, or append-only on purpose."""
    if service.has_role(Role.BROKER) or re.search(r"appendonly\s+yes", " ".join(service.command or ())):
        return True
    if any(fact.kind == "celery-app" for fact in project.code_facts):
        return True
    return bool(_QUEUE_LIBRARIES & dependency_names(project))


def is_durable_store(project: Project, service: Service) -> bool:
    """Whether the loss of a store loses data; a Redis that is only a cache and message brokers are none."""
    other = other_store(service)
    if other is not None:
        # Behind a profile it is one of several that people may choose, or something to try with.
        is_meant = not service.profiles and not runs_a_script(service)
        return is_meant and (not other.fed_by_tools or _is_named_by_an_application(project, service))
    return (
        service.is_datastore
        and service.role not in _WITHOUT_BACKUP
        and not runs_a_script(service)
        and (service.role is not Role.REDIS or (is_queue(project, service) and not keeps_nothing(service)))
    )


def _is_named_by_an_application(project: Project, store: Service) -> bool:
    """Whether an application of the same stack waits for a store, or is given its address."""
    stacks = (stack for stack in project.stacks if store in stack.services)
    users = (service for stack in stacks for service in stack.services if service.is_application)
    return any(
        any(edge.service == store.name for edge in user.depends_on)
        or any(f"//{name}:" in (entry.value or "") or entry.value == name for entry in user.environment for name in store.names)
        for user in users
    )


def keeps_nothing(service: Service) -> bool:
    """Whether a Redis is told to lose what it holds: it evicts any key, or writes neither snapshots nor a log."""
    return bool(_EVICTS_ANY.search(_told(service))) or writes_nothing(service)


def writes_nothing(service: Service) -> bool:
    """Whether a Redis is told to write neither snapshots nor a log, so that it has nothing to load either."""
    words = _told(service)
    return bool(_NO_SNAPSHOTS.search(words)) and not _APPENDS.search(words)


def _told(service: Service) -> str:
    return " ".join(word or '""' for word in (*(service.entrypoint or ()), *(service.command or ())))


def runs_a_script(service: Service) -> bool:
    """Whether a store's image is used for its client programs only: its command is a shell text without a server."""
    words = (*(service.entrypoint or ()), *(service.command or ()))
    shell = bool(words) and words[0].rpartition("/")[2] in {"sh", "bash", "ash"}
    return shell and not _SERVER.search(" ".join(words))


def backup_way(service: Service) -> str:
    """Return how scaffold copies a store that runs: `postgres`, `mysql`, `redis` or `chroma`; "" where it has no way."""
    if service.network_mode or (service.build and not service.datastore_version and not is_built_here(service)):
        return ""
    if service.role is Role.POSTGRES or service.role is Role.MYSQL:
        return service.role.value
    image = service.image.repository if service.image and not service.build else ""
    if service.role is Role.REDIS:
        # Dragonfly and KeyDB clusters answer another replication protocol than the client of Redis asks.
        return "" if "dragonfly" in image else "redis"
    if service.role is Role.VECTOR_DB and image.endswith(CHROMA_IMAGES):
        return "chroma" if chroma_volume(service) else ""
    return ""


def is_built_here(service: Service) -> bool:
    """Whether the project builds the image of a service from a folder of its own."""
    build = service.build
    return build is not None and build.context is not None and not build.inline and not build.remote


def stores_to_copy(project: Project) -> tuple[Service, ...]:
    """Return the stores of the production stack that scaffold can back up, by name; none where that is done elsewhere."""
    return known(_stores_to_copy, project)


def _stores_to_copy(project: Project) -> tuple[Service, ...]:
    stack = project.main_stack
    if stack is None or not stack.complete or not stack.is_runnable_in_production:
        return ()
    if Layer.BACKUP in project.configuration.external:
        return ()
    found = [service for service in stack.services if is_durable_store(project, service) and backup_way(service)]
    return tuple(sorted(found, key=lambda service: service.name))


def chroma_volume(service: Service) -> Mount | None:
    """Return the named volume in which a Chroma keeps its database, or None."""
    found = [mount for mount in service.mounts if mount.kind == "volume" and mount.source and not mount.read_only]
    return next((mount for mount in found if mount.target.startswith(CHROMA_FOLDERS)), None)


def is_worth_copying(mount: Mount) -> bool:
    """Whether a named volume of the application may hold what cannot be made again: neither logs nor caches nor a build."""
    if mount.kind != "volume" or not mount.source or mount.read_only:
        return False
    return not is_made_again(mount.source) and not is_made_again(mount.target)


def is_made_again(name: str) -> bool:
    """Whether the name of a volume or the place of a mount speaks of logs, caches or what a build makes.

    The last word decides over those before it: `static/upload` is what people sent, `upload_tmp` is not.
    """
    return (bool(_LOGS_AND_CACHES.fullmatch(name)) and not _UPLOADS.fullmatch(name)) or name.rstrip("/") == _SIGNATURES
