"""BCK000: stores hold data that nothing copies away, and no backup of any kind is scripted."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck007_queue_without_persistence import never_saves
from scaffold.gaps.backup.coverage import is_covered, is_dumped, signals, their_signals
from scaffold.gaps.backup.files import DATABASE, FILES, H2, UPLOADS, Kept, copies_files, kept_files, said, uncopied_files
from scaffold.gaps.backup.in_code import copied_before_migrations
from scaffold.gaps.backup.keys import stored_keys
from scaffold.gaps.backup.recipes import recipe, told_to_run
from scaffold.gaps.backup.standing import has_volume, why_it_matters_less
from scaffold.gaps.backup.started import StartedStore, started_stores
from scaffold.gaps.facts import listed
from scaffold.gaps.other_ways import is_beside_production
from scaffold.gaps.scaling.scl004_local_state_in_stateless_tier import has_bucket
from scaffold.gaps.signals import durable_stores, main_environment, without_repeats
from scaffold.gaps.starts import runs_for_others
from scaffold.model.compose import Service, Stack
from scaffold.model.copied_files import places_to_copy
from scaffold.model.durability import stores_to_copy
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Role, Room, Severity
from scaffold.model.project import Project

_PACKAGES = frozenset({"spatie/laravel-backup", "django-dbbackup"})
_AND_GONE = "after a lost volume or a wrong migration, what came since the last copy that somebody made by hand is gone"


def _detect(project: Project) -> Iterator[Gap]:
    if signals(project):
        yield from () if their_signals(project) else _beside_ours(project)
        return
    bare = [
        (stack, service)
        for stack, service in durable_stores(project)
        if not is_covered(project, service, ())
        and not never_saves(service)
        and runs_for_others(project, stack)
        and not is_beside_production(project, stack)
    ]
    kept = () if copies_files(project) else kept_files(project)
    # A Redis that no volume keeps is meant to lose what it has, where something else is kept.
    lasting = [item for item in bare if item[1].role is not Role.REDIS or has_volume(project, item[1])]
    bare = lasting if lasting or kept else bare
    used = [(stack, service) for stack, service in bare if stack.resource(service.name) not in project.unused_stores]
    files = _files(project, kept)
    if used or (bare and not kept):
        named = files.ours if stores_to_copy(project) else (*files.ours, *files.left)
        yield _of_stores(project, bare, named)
        yield from _rest(project, files, is_part=True) if stores_to_copy(project) else ()
        return
    started = tuple(store for store in started_stores(project) if not is_dumped(project, store.role))
    if started:
        yield _of_started(project, started, kept)
        return
    if _matter(project, files.ours):
        yield _of_files(project, files.ours, BY_FILES)
    yield from _rest(project, files, is_part=files.is_part)
    yield from _beside_the_cloud(project)


def _beside_ours(project: Project) -> Iterator[Gap]:
    """Yield what is left where the stores are copied by what scaffold wrote."""
    files = _files(project, () if copies_files(project) else kept_files(project))
    if _matter(project, files.ours):
        yield _of_files(project, files.ours, BY_FILES)
    yield from _rest(project, files, is_part=True)


@frozen
class _Files:
    """What nothing copies yet of the kept files: what scaffold has a way to copy, and the rest."""

    ours: tuple[Kept, ...]
    left: tuple[Kept, ...]
    is_part: bool
    """Whether the rest is a part of all that is kept."""


def _files(project: Project, kept: tuple[Kept, ...]) -> _Files:
    places = places_to_copy(project)
    ours = [item for item in kept if _is_copied_by_us(item, places)]
    bare = {item.place for item in uncopied_files(project)}
    left = tuple(item for item in kept if not _is_copied_by_us(item, places))
    return _Files(tuple(item for item in ours if item.place in bare), left, is_part=bool(ours))


def _is_copied_by_us(kept: Kept, places: frozenset[str]) -> bool:
    return kept.place in places and kept.what != H2


def _matter(project: Project, kept: tuple[Kept, ...]) -> bool:
    """Whether files are a finding by themselves: beside settings for a bucket the folder of uploads may stay empty."""
    passing = {FILES, UPLOADS} if has_bucket(project) else {FILES}
    return any(item.what not in passing for item in kept)


def _rest(project: Project, files: _Files, *, is_part: bool) -> Iterator[Gap]:
    """Yield the gap of files that scaffold has no way to copy, which stays when it copies the others and the stores."""
    if _matter(project, files.left):
        yield _of_files(project, files.left, (_OF_FILES,), part="/left" if is_part else "")


def _of_stores(project: Project, bare: list[tuple[Stack, Service]], kept: tuple[Kept, ...]) -> Gap:
    files = f", {said(kept)}" if kept else ""
    names = ", ".join(f"{service.name}{_volume(service)}" for _, service in bare)
    environment = main_environment(project)
    page = recipe(project, [service for _, service in bare])
    less = "" if environment.severity_steps else why_it_matters_less(project, bare, kept) or _queues_alone(bare, kept)
    note = "".join(f"; {text}" for text in (_keys(project), less, _dormant(project)) if text)
    how = (
        f"{page.path}:{page.line} shows copies by a clock that everybody who runs this sets up by hand, and nothing that is"
        " delivered makes them"
        if page
        else _AND_GONE
    )
    return RULE.gap(
        resource="backup",
        subject="stores",
        message=f"Nothing in this repository copies {names}{files} off the host on a schedule: {how}{note}.",
        expected="a scheduled dump or snapshot of each store, kept off the host",
        actual="no scheduled dump, snapshot or retention by content of scripts, workflows, services and resources",
        locations=tuple(service.location for _, service in bare),
        related=(page,) if page else (),
        severity=Severity.MEDIUM if less or page else Severity.HIGH,
        environment=environment,
        closers=BY_FILES if stores_to_copy(project) else None,
    )


def _volume(service: Service) -> str:
    """Return the volume or folder of a store in brackets, "" where it has none or a file for configuration alone."""
    mount = next((mount for mount in service.mounts if mount.source and not mount.read_only and mount.kind == "volume"), None)
    return f" ({mount.source})" if mount else ""


def _keys(project: Project) -> str:
    """Return that a copy of the store alone cannot be read, where the application encrypts a part of what it stores."""
    names = stored_keys(project, with_values=True)
    if not names:
        return ""
    return f"a copy needs {listed(names)} beside it, without which nobody reads what the application encrypted"


def _dormant(project: Project) -> str:
    """Return which package for backups a manifest names, though nothing starts it."""
    found = sorted((name, item.path) for item in project.manifests for name in item.dependencies if name.lower() in _PACKAGES)
    return f"{found[0][0]}, which {found[0][1]} names, is started by nothing" if found else ""


def _queues_alone(bare: list[tuple[Stack, Service]], kept: tuple[Kept, ...]) -> str:
    """Return why the loss is a small one where all that is not copied holds work that waits, or what is made of records."""
    if kept or not all(service.role in {Role.REDIS, Role.SEARCH, Role.VECTOR_DB} for _, service in bare):
        return ""
    if all(service.role is Role.REDIS for _, service in bare):
        return "it holds work that waits, and no records"
    return "an index can mostly be made again from the records, which stand elsewhere"


def _of_files(project: Project, kept: tuple[Kept, ...], closers: tuple[Closer, ...], part: str = "") -> Gap:
    """Return the gap of applications' own files that nothing copies."""
    environment = main_environment(project)
    less = "" if environment.severity_steps else why_it_matters_less(project, [], kept)
    note = "".join(f"; {text}" for text in (_keys(project), less) if text)
    is_database = kept[0].what in {DATABASE, H2}
    before = copied_before_migrations(project) if is_database else None
    is_worst = is_database and environment is EnvironmentClass.PRODUCTION and recipe(project, ()) is None and not before
    worst = Severity.HIGH if is_worst and not kept[0].in_sources else Severity.MEDIUM
    how, theirs = "a lost volume or a wrong migration it is gone", "Copies that the application makes by itself"
    if before:
        how, theirs = "a lost volume it is gone", f"The copies that {before.path}:{before.line} makes before a migration"
    return RULE.gap(
        resource="backup",
        subject=f"sqlite{part}" if is_database else f"files{part}",
        message=f"Nothing in this repository copies {said(kept)} off the host on a schedule: after {how}. {theirs} stay on that"
        f" host, in the volume or in a container that the next update replaces{note}.",
        expected="a scheduled copy of the database and the files beside it, kept off the host",
        actual="no copy by content of scripts, workflows and services",
        locations=without_repeats(item.service.location for item in kept),
        related=(before,) if before else (),
        severity=Severity.LOW if less else worst,
        environment=environment,
        closers=closers,
    )


def _of_started(project: Project, started: tuple[StartedStore, ...], kept: tuple[Kept, ...]) -> Gap:
    """Return the gap of databases that a page or a script starts beside the stacks."""
    files = f", and {said(kept)}" if kept else ""
    names = ", ".join(f"{store.name} ({store.place})" for store in started)
    first = started[0].location
    return RULE.gap(
        resource="backup",
        subject="stores/started",
        message=f"Nothing in this repository copies {names}, which {first.path}:{first.line} starts beside the stack{files} off"
        f" the host on a schedule: {_AND_GONE}.",
        expected="a scheduled dump of the database and a copy of the files, kept off the host",
        actual="no scheduled dump, snapshot or retention by content of scripts, workflows and services",
        locations=tuple(store.location for store in started),
        related=without_repeats(item.service.location for item in kept),
        severity=Severity.MEDIUM,
        environment=main_environment(project),
        closers=(_OF_FILES,),
    )


def _beside_the_cloud(project: Project) -> Iterator[Gap]:
    """Yield a gap for stores that only the cloud's copies cover, where a page tells people to run them with Compose."""
    stores = durable_stores(project)
    page = told_to_run(project) if stores else None
    environment = main_environment(project)
    if page is None or environment.severity_steps or why_it_matters_less(project, list(stores), ()):
        return
    names = ", ".join(f"{service.name}{_volume(service)}" for _, service in stores)
    yield RULE.gap(
        resource="backup",
        subject="stores/composed",
        message=f"The copies that the infrastructure code keeps are those of the cloud: who runs the stack with Compose, as"
        f" {page.path}:{page.line} tells, has {names} and nothing that copies it.",
        expected="a scheduled dump for those who run the stack themselves as well",
        actual="copies of managed stores alone",
        locations=tuple(service.location for _, service in stores),
        related=(page,),
        severity=Severity.LOW,
        environment=environment,
        closers=BY_FILES if stores_to_copy(project) else None,
    )


_OF_FILES = Closer(
    None,
    "advice",
    "Copy the database with `sqlite3 FILE '.backup COPY'`, Litestream or what it brings itself, the files with restic, to"
    " another host by a clock, and restore one copy.",
)

BY_FILES = (Closer(Room.BACKUP, "files"),)
"""What closes a gap of this layer where scaffold has a way to copy the stores."""

RULE = Rule(
    code="BCK000",
    name="no-backup",
    layer=Layer.BACKUP,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Schedule a dump of each store to an object store with versioning and retention, and restore one of them in CI. "
            "Generated Terraform counts once Compose no longer runs the stores.",
        ),
    ),
)
