"""BCK007: a Redis holds the queue of the workers, and nothing of it outlives its container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.signals import main_services
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_APPENDS = regex(r"--appendonly[= ]+yes")
_SAVES = regex(r"--save\b(?![= ]+(?:\"\"|''|$))", words=("--save",))
_NEVER_SAVES = regex(r"--save(?:[= ]+(?:\"\"|'')|[= ]*(?=--|$)|[= ]+(?=\s|$))")
_RESULTS = regex(r".*(?:RESULT|CACHE).*")


def _detect(project: Project) -> Iterator[Gap]:
    for stack, service in main_services(project):
        if service.role is Role.REDIS and stack.is_runnable_in_production and holds_queue(stack, service):
            actual = _fault(service)
            if actual:
                yield _gap(stack, service, actual)


def holds_queue(stack: Stack, service: Service) -> bool:
    """Whether workers take jobs from it; a store of results or a cache alone can be filled again."""
    if not service.has_role(Role.BROKER):
        return False
    readers = (entry for other in stack.services if other.name != service.name for entry in other.environment)
    names = [entry.name.upper() for entry in readers if _names_host(entry.value or "", service)]
    return not names or any(not _RESULTS.fullmatch(name) for name in names)


def _names_host(value: str, service: Service) -> bool:
    return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", value) for name in service.names)


def _fault(service: Service) -> str:
    """Return what is missing, "" where jobs survive: a container that starts as it says so, without a volume, is CMP009."""
    words = _words(service)
    if not any(_keeps(mount) for mount in service.mounts):
        return "" if _APPENDS.search(words) or _SAVES.search(words) else "no volume holds its data"
    return "snapshots are off, and there is no append-only file" if never_saves(service) else ""


def never_saves(service: Service) -> bool:
    """Whether a Redis is told on its command line to write nothing to disk, so that its volume holds nothing."""
    words = _words(service)
    configured = any(mount.target.endswith(".conf") for mount in service.mounts)
    saves = _APPENDS.search(words) or _SAVES.search(words)
    return service.role is Role.REDIS and bool(_NEVER_SAVES.search(words)) and not saves and not configured


def _words(service: Service) -> str:
    return " ".join(word or '""' for word in (*(service.entrypoint or ()), *(service.command or ())))


def _keeps(mount: Mount) -> bool:
    return (
        mount.kind in {"volume", "bind"}
        and bool(mount.source)
        and not mount.read_only
        and mount.target.rstrip("/").endswith("data")
    )


def _gap(stack: Stack, service: Service, actual: str) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="persistence",
        message=f"{service.name} holds the queue of the workers, and {actual}: jobs that wait go with its next update.",
        expected="an append-only file (--appendonly yes) on a named volume at /data",
        actual=actual,
        locations=(service.image_location or service.location,),
        environment=stack.environment,
    )


RULE = Rule(
    code="BCK007",
    name="queue-without-persistence",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Let the workers empty the queue, mount a named volume at /data and start the server with --appendonly yes.",
        ),
    ),
)
