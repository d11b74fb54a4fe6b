"""Workers that run the code of a service with a volume for files, and do not have that volume."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from scaffold.gaps.facts import may_run_in_production
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image
from scaffold.model.names import Role
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_OF_FILES = regex(
    r"(?i)(?:^|/)(?:storage|uploads?|uploaded|media|attachments?|user[_-]?files|documents?|files)(?:/|$)",
    words=("storage", "upload", "media", "attachment", "files", "document"),
)
_BUCKET = regex(r"(?i)S3_|_S3|BUCKET|MINIO|AZURE_STORAGE|AZURE_BLOB|GCS_|CLOUDINARY|SPACES_|R2_")
_MOST = 20
"""Jobs, and folders of one image, that are looked at: one is enough to tell of them all."""
_SERVES = frozenset({Role.WEB, Role.FRONTEND})


@frozen
class Unshared:
    """A worker, the service whose folder it lacks, the mount of that, and the job that needs it."""

    worker: Service
    holder: Service
    mount: Mount
    job: Location


def unshared_files(project: Project, stack: Stack) -> Iterator[Unshared]:
    """Yield each worker of a stack whose jobs work with files that another service of the same image keeps in a volume."""
    jobs = _jobs(project)
    workers = (
        [service for service in stack.services if service.role is Role.WORKER and not _has_bucket(service)] if jobs else []
    )
    held = _held(stack) if workers else {}
    needed: dict[object, Location | None] = {}
    for worker in workers:
        image = _image_of(worker)
        if image not in held or worker.node.get("volumes_from") is not None:
            continue
        if image not in needed:
            needed[image] = next((job for job in jobs if _holds(project, worker, job)), None)
        job = needed[image]
        found = next(((holder, mount) for holder, mount in held[image] if not _has(worker, mount)), None)
        if job is not None and found is not None:
            yield Unshared(worker, *found, job)


def _holds(project: Project, worker: Service, job: Location) -> bool:
    """Whether the image of a worker has a file; beside Dockerfiles of the project an image of other people has none of it."""
    if worker.made is not None:
        return is_in_image(project, worker, job.path)
    return not project.dockerfiles or is_own_image(project, worker.image)


@remembered
def _jobs(project: Project) -> tuple[Location, ...]:
    """Return the first lines by which jobs work with files: one of a few tells as much as all."""
    facts = (fact for fact in project.code_facts if fact.kind == "job-files" and may_run_in_production(fact))
    return tuple(fact.location for fact in islice(facts, _MOST))


def _held(stack: Stack) -> dict[object, list[tuple[Service, Mount]]]:
    """Return the first folders of files that services for visitors keep in volumes, by the image that they run."""
    found: dict[object, list[tuple[Service, Mount]]] = {}
    for service in stack.services:
        image = _image_of(service)
        if service.role in _SERVES and image is not None and not _has_bucket(service):
            kept = (
                mount
                for mount in service.mounts
                if mount.kind in {"volume", "bind"} and mount.source and not mount.read_only and _OF_FILES.search(mount.target)
            )
            places = found.setdefault(image, [])
            places += ((service, mount) for mount in islice(kept, max(_MOST - len(places), 0)))
    return found


def _has(worker: Service, mount: Mount) -> bool:
    return any(_covers(other.target, mount.target) for other in worker.mounts)


def _covers(target: str, place: str) -> bool:
    return is_below(place.strip("/"), target.strip("/")) or is_below(target.strip("/"), place.strip("/"))


def _image_of(service: Service) -> object:
    """Return what tells the image of a service from others: what it is built from, else its name, or None."""
    if service.made is not None:
        return (service.made.context, service.made.dockerfile, service.made.target)
    return service.image


def _has_bucket(service: Service) -> bool:
    return any(entry.value and _BUCKET.search(entry.name) for entry in service.environment)
