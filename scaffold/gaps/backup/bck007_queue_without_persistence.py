"""BCK007: a Redis holds the queue of the workers, and nothing of it outlives its container."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.queued import Queued, queue_of
from scaffold.gaps.signals import main_services
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_APPENDS = regex(r"--appendonly[= ]+yes")
_SAVES = regex(r"--save\b(?![= ]+(?:\"\"|''|$))", words=("--save",))
_NEVER_SAVES = regex(r"--save(?:[= ]+(?:\"\"|'')|[= ]*(?=--|$)|[= ]+(?=\s|$))")


def _detect(project: Project) -> Iterator[Gap]:
    for stack, service in main_services(project):
        actual = _fault(service) if service.role is Role.REDIS and stack.is_runnable_in_production else ""
        queued = queue_of(project, stack, service) if actual else None
        if queued is not None:
            yield _gap(stack, service, queued, actual)


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


def _gap(stack: Stack, service: Service, queued: Queued, actual: str) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="persistence",
        message=f"{service.name} holds {queued.what}, and {actual}: {queued.lost} are lost with its container.",
        expected="an append-only file (--appendonly yes) on a named volume at /data",
        actual=actual,
        locations=(service.image_location or service.location,),
        related=queued.related,
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
