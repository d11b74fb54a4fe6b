"""Workers that run the code of a service with a volume for files, and do not have that volume."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import may_run_in_production
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
_BUCKET = regex(r"(?i)\w*(?:S3_|_S3|BUCKET|MINIO|AZURE_STORAGE|AZURE_BLOB|GCS_|CLOUDINARY|SPACES_|R2_)\w*")
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
    jobs = [fact for fact in project.code_facts if fact.kind == "job-files" and may_run_in_production(fact)]
    for worker in stack.services if jobs else ():
        if worker.role is not Role.WORKER or _has_bucket(worker) or worker.node.get("volumes_from") is not None:
            continue
        job = next((fact.location for fact in jobs if _holds(project, worker, fact.location.path)), None)
        found = next(((holder, mount) for holder in stack.services for mount in _lacking(worker, holder)), None)
        if job is not None and found is not None:
            yield Unshared(worker, *found, job)


def _holds(project: Project, worker: Service, path: str) -> bool:
    """Whether the image of a worker has a file: one that is pulled is taken for that of the project."""
    return worker.build is None or is_in_image(project, worker, path)


def _lacking(worker: Service, holder: Service) -> Iterator[Mount]:
    if holder is worker or holder.role not in _SERVES or not _are_one_image(worker, holder) or _has_bucket(holder):
        return
    for mount in holder.mounts:
        kept = mount.kind in {"volume", "bind"} and mount.source and not mount.read_only and _OF_FILES.search(mount.target)
        if kept and not any(_covers(other.target, mount.target) for other in worker.mounts):
            yield mount


def _covers(target: str, place: str) -> bool:
    return is_below(place.strip("/"), target.strip("/")) or is_below(target.strip("/"), place.strip("/"))


def _are_one_image(first: Service, second: Service) -> bool:
    if first.build is None or second.build is None:
        return first.build is second.build and first.image is not None and first.image == second.image
    return (first.build.context, first.build.dockerfile, first.build.target) == (
        second.build.context,
        second.build.dockerfile,
        second.build.target,
    )


def _has_bucket(service: Service) -> bool:
    return any(entry.value and _BUCKET.fullmatch(entry.name) for entry in service.environment)
