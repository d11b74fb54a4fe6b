"""CMP027: an application of production keeps its database file, or the files of its users, in its container."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.compose.kept_in_code import Kept, absolute, is_mounted, keeps_in_bucket, kept_by_code
from scaffold.gaps.compose.run_pages import Forgetful, forgetful_runs
from scaffold.gaps.compose.unshared_files import Unshared, unshared_files
from scaffold.gaps.facts import judged_stacks, may_run_in_production, once, path_environment
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image
from scaffold.model.lasting import builder_of
from scaffold.model.names import APPLICATION, TRIED, Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_SQLITE = regex(
    r"(?:django-)?sqlite3?(?:\+\w+)?:///(?P<path>[^?\s]+)|file:(?P<file>\.{0,2}/[^?\s]+\.(?:db|sqlite3?))(?:\?.*)?",
    words=("file:", "sqlite"),
)
_PASSING = regex(r"CELERY|BROKER|RESULT|CACHE|TEST")
"""Names of databases whose loss loses nothing that lasts."""
_FOLDER = regex(
    r"(?:.*_)?(?:UPLOADS?|UPLOADED|MEDIA|ATTACHMENTS?|USER_FILES)_(?:DIR|DIRECTORY|FOLDER|PATH|ROOT)",
    re.IGNORECASE,
    words=("attachment", "media", "upload", "user_files"),
)
_DATABASE = "its database"
_DATA_FOLDERS = frozenset({"/data", "/db", "/database", "/srv", "/storage"})
_SERVED = frozenset({"public", "static", "media", "wwwroot", "htdocs", "storage"})
"""Folders that frameworks and servers show to visitors, Active Storage of Rails included."""
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - the folders that are looked for


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack))
    yield from once(_unshared_gap(stack, found) for stack in stacks for found in unshared_files(project, stack))
    yield from (_page_gap(found) for found in forgetful_runs(project))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    bucket = keeps_in_bucket(project, stack)
    told: set[Location] = set()
    for service in sorted(stack.services, key=_for_others):
        if service.role not in APPLICATION or service.node.get("volumes_from") is not None:
            continue
        gap = _by_setting(project, stack, service, bucket=bucket)
        kept = kept_by_code(project, stack, service, bucket=bucket) if gap is None else None
        if gap is not None:
            yield gap
        elif kept is not None and kept.location not in told:
            # Services that share the code share the fault: the first stands for them, one of production before others.
            told.add(kept.location)
            yield _of_code(project, stack, service, kept)


def _for_others(service: Service) -> int:
    """Return what a service has before others of its stack by what its name is for: production, then what says nothing."""
    named = path_environment(service.name)
    return 0 if named is EnvironmentClass.PRODUCTION else 2 if named in {*TRIED, EnvironmentClass.STAGING} else 1


def _by_setting(project: Project, stack: Stack, service: Service, *, bucket: bool) -> Gap | None:
    for entry in service.environment:
        path, what = _kept(entry, bucket=bucket)
        place = absolute(project, service, path) if path else ""
        if place and not is_below(place, "tmp") and not is_mounted(project, service, place):
            is_missed = not entry.references and _is_missed(project, service, place, what)
            return _gap(stack, service, entry, (place, what), is_missed=is_missed)
    return None


def database_file(entry: EnvValue) -> str:
    """Return the path of the SQLite file that an entry names, relative to the working folder or not; "" for anything else."""
    database = _SQLITE.fullmatch((entry.value or "").strip())
    path = (database["path"] or database["file"]) if database and not _PASSING.search(entry.name) else ""
    return "" if ":memory:" in path else path


def _kept(entry: EnvValue, *, bucket: bool) -> tuple[str, str]:
    """Return the path in which an entry says that data is, and what it is; "" where it says nothing of the kind."""
    value = (entry.value or "").strip()
    if path := database_file(entry):
        return path, _DATABASE
    if not bucket and _FOLDER.fullmatch(entry.name) and value.startswith("/") and not value.startswith(_TEMPORARY):
        return value, "what people send"
    return "", ""


def _is_missed(project: Project, service: Service, place: str, what: str) -> bool:
    """Whether the files show that somebody gets back what is kept: a database, or a folder that visitors are shown. A route for
    uploads alone may have no page that leads to it, and what nothing reads is not missed.
    """
    if what == _DATABASE or _SERVED & set(place.split("/")):
        return True
    served = (fact for fact in project.code_facts if fact.kind in {"uploads-served", "serves-folder"})
    return any(is_in_image(project, service, fact.location.path) for fact in served if may_run_in_production(fact))


def _gap(stack: Stack, service: Service, entry: EnvValue, kept: tuple[str, str], *, is_missed: bool) -> Gap:
    place, what = kept
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"files/{entry.name}",
        message=f"{service.name} keeps {what} at /{place} in its container ({entry.name}), and no volume is there: the next "
        "release, which makes a new container, begins with nothing.",
        expected=_volume(f"/{place}", what),
        actual="no volume",
        locations=(entry.location,),
        related=(service.location,),
        severity=Severity.HIGH if is_missed else Severity.MEDIUM,
        environment=stack.environment,
    )


def _unshared_gap(stack: Stack, found: Unshared) -> Gap:
    name, holder, mount = found.worker.name, found.holder.name, found.mount
    return RULE.gap(
        resource=stack.resource(name),
        subject=f"files/unshared/{mount.target}",
        message=f"{name} runs the code of {holder}, and its jobs work with files ({found.job.path}:{found.job.line}), while"
        f" {mount.source} at {mount.target} is mounted in {holder} alone: a job does not find what people sent, and what it"
        f" stores goes with its container, where {holder} never sees it.",
        expected=f"{mount.source} at {mount.target} in {name} too, or a bucket",
        actual="no volume",
        locations=(found.worker.location,),
        related=(mount.location, found.job),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", f"Mount the volume in {name} at the same place."),),
    )


def _page_gap(found: Forgetful) -> Gap:
    return RULE.gap(
        resource=found.location.path,
        subject=f"run/{found.image}",
        message=f"Who starts {found.image} by this page keeps its SQLite database in the container: no volume is given, and "
        "the image declares none, so that the container of the next version begins with nothing.",
        expected="-v NAME:FOLDER at the folder of the database",
        actual="no volume",
        locations=(found.location,),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=EnvironmentClass.BASE,
        closers=(
            Closer(
                None,
                "advice",
                "Give the command of the page a named volume at the folder in which the image keeps its database.",
            ),
        ),
    )


def _volume(place: str, what: str) -> str:
    """Return what is expected: a volume at the folder, where it is not the one of the code."""
    folder = posixpath.dirname(place) if what == _DATABASE else place
    if what == _DATABASE and folder.count("/") < 2 and folder not in _DATA_FOLDERS:
        return "the file in a folder of its own, and a named volume there"
    return f"a named volume at {folder}"


def _of_code(project: Project, stack: Stack, service: Service, kept: Kept) -> Gap:
    is_missed = kept.is_certain and _is_missed(project, builder_of(project, service), kept.place, kept.what)
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="files/code",
        message=f"The code of {service.name} keeps {kept.what} at {kept.place} in its container, and no volume is there: the "
        "next release, which makes a new container, begins with nothing.",
        expected=_volume(kept.place, kept.what),
        actual="no volume",
        locations=(service.location,),
        related=(kept.location,),
        severity=Severity.HIGH if is_missed else Severity.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP027",
    name="application-loses-files",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Copy what is there out of the container (`docker cp`), mount a named volume at the place, and put it back.",
        ),
    ),
)
