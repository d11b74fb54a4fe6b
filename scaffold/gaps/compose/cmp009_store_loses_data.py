"""CMP009: a store of production writes into its container, or beside its volume."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scaffold.gaps.compose.page_blocks import PageService, page_services
from scaffold.gaps.facts import final_stages, judged_stacks, once, root_image
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Entry, Location, Mapping, Node, find, scalars_of, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.probes import AS_OF, KnownImage, known_image
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.swarm import deployed_to_swarm
from scaffold.model.values import ImageReference

_PERSISTENT_REDIS = regex(r"--appendonly[= ]+yes|--save\b(?![= ]+(?:\"\"|''))", words=("appendonly", "save"))
_NEWEST_POSTGRES = 18
_OLD_FOLDER = "/var/lib/postgresql/data"
"""Where the image kept its data before 18; now it refuses to start with a volume there (docker-library/postgres#1259)."""
_NEW_FOLDER = "/var/lib/postgresql"
_HA_FOLDER = "/home/postgres/pgdata/data"
"""PGDATA of timescale/timescaledb-ha, which declares no VOLUME (its Dockerfile)."""
_UNVERSIONED = frozenset({"", "latest", "alpine", "bookworm", "trixie"})
_MINIO_SERVER = regex(r"\bserver\s+(?:--\S+(?:\s+[\"']?:\d+[\"']?)?\s+)*[\"']?(?P<folder>/[\w./-]+)(?![\w{/])[\"']?(?!\s+/)")
_MINIO_VOLUME = "/data"
"""Which folder the image of MinIO declares as its VOLUME."""
_WORKER = regex(r"\s*node\.role\s*(?:==\s*worker|!=\s*manager)\s*")
"""What leaves a store every worker of a swarm."""
_SERVER = regex(r"-|(?:\S*/)?(?:docker-entrypoint\.sh|postgres|mysqld|mariadbd|mongod|(?:redis|valkey|rabbitmq)-server|run)\b")
_FOLDERS = {
    "mysql": "/var/lib/mysql",
    "mariadb": "/var/lib/mysql",
    "mongo": "/data/db",
    "chroma": "/data",
    "qdrant": "/qdrant/storage",
    "weaviate": "/var/lib/weaviate",
    "rabbitmq": "/var/lib/rabbitmq",
    "elasticsearch": "/usr/share/elasticsearch/data",
    "redis": "/data",
    "valkey": "/data",
}
"""Where the image of a family keeps its data; PostgreSQL's depends on its version."""
_KAFKA_DEFAULT = "/tmp/"  # noqa: S108 - the folder of the image
"""Where Apache's image writes: kraft-combined-logs below it, or kafka-logs where variables are set."""
_KAFKA_MEANT = "KAFKA_LOG_DIRS: /var/lib/kafka/data, and a named volume there"
_LOGS = {
    "apache/kafka": ("KAFKA_LOG_DIRS", _KAFKA_DEFAULT, "/var/lib/kafka/data"),
    "confluentinc/cp-kafka": ("KAFKA_LOG_DIRS", "/var/lib/kafka/data", "/var/lib/kafka/data"),
    "eventstore/eventstore": ("EVENTSTORE_DB", "/var/lib/eventstore", "/var/lib/eventstore"),
    "clickhouse/clickhouse-server": ("", "/var/lib/clickhouse", "/var/lib/clickhouse"),
    "clickhouse": ("", "/var/lib/clickhouse", "/var/lib/clickhouse"),
    "neo4j": ("NEO4J_server_directories_data", "/data", "/data"),
    "couchdb": ("", "/opt/couchdb/data", "/opt/couchdb/data"),
    "cassandra": ("", "/var/lib/cassandra/data", "/var/lib/cassandra"),
    "arangodb": ("", "/var/lib/arangodb3", "/var/lib/arangodb3"),
    "mssql/server": ("MSSQL_DATA_DIR", "/var/opt/mssql/data", ""),
    "azure-sql-edge": ("MSSQL_DATA_DIR", "/var/opt/mssql/data", ""),
}
"""Stores outside of the table: the variable that moves their folder, the folder, and the VOLUME that their image declares."""
_ANONYMOUS = frozenset({"postgres", "mysql", "mariadb", "mongo", "rabbitmq", "redis", "valkey"})
"""Families whose images declare a VOLUME at their folder; Redis dropped it with 8.6."""
_STALE = {"chroma": "/chroma/chroma"}
"""Folders of earlier versions that the judged one no longer writes to."""


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    deployed = deployed_to_swarm(project)
    yield from once(
        _of_swarm(gap) if deployed & set(stack.files) else gap for stack in stacks for gap in _of_stack(project, stack)
    )
    yield from _on_pages(project)
    if any(command.context in {"script", "makefile"} and " run " in command.text for command in project.commands):
        from scaffold.gaps.compose.run_stores import run_stores

        yield from once(_run_gap(item.image, item.location) for item in run_stores(project) if item.is_removed)
    yield from once(gap for stack in stacks if deployed & set(stack.files) for gap in _wandering(stack))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        folder, declared = _log_folder(service)
        if folder:
            by_default = folder == _KAFKA_DEFAULT
            inside = (mount for mount in service.mounts if by_default and mount.target.startswith(folder))
            if next(inside, None) is None and not any(_holds(mount, folder) for mount in service.mounts):
                yield _absent_gap(stack, service, folder, is_kept=_is_kept(service, folder, *filter(None, (declared,))))
            continue
        folder = _object_folder(service)
        if folder:
            if not any(_holds(mount, folder) for mount in service.mounts):
                yield _absent_gap(stack, service, folder, is_kept=_is_kept(service, folder, _MINIO_VOLUME))
            continue
        folder = _folder_of_kartoza(service)
        if folder:
            misplaced = None if any(_holds(mount, folder) for mount in service.mounts) else _mount_at(service, _OLD_FOLDER)
            if misplaced:
                yield _wrong_gap(stack, service, folder, misplaced)
            continue
        folder = _folder_of_timescale(service)
        if folder:
            if not any(_holds(mount, folder) for mount in service.mounts):
                misplaced = _mount_at(service, _OLD_FOLDER) or _mount_at(service, _NEW_FOLDER)
                kept = _is_kept(service, folder)
                yield (
                    _wrong_gap(stack, service, folder, misplaced)
                    if misplaced
                    else _absent_gap(stack, service, folder, is_kept=kept)
                )
            continue
        yield from _of_image(project, stack, service)


def _of_image(project: Project, stack: Stack, service: Service) -> Iterator[Gap]:
    """Yield the gap of a store whose image the table of images knows."""
    image = _image_of(project, stack, service)
    known = known_image(image)
    folder = _data_folder(service, known, image) if known else ""
    if not known or not folder or _is_cache(service, known) or not _serves(service):
        return
    if any(_holds(mount, _written_by_postgres(service, folder, image)) for mount in service.mounts):
        return
    wrong = _wrong_mount(service, known, folder)
    if wrong:
        yield _wrong_gap(stack, service, folder, wrong, known)
    elif not any(_holds(mount, folder) for mount in service.mounts):
        yield _absent_gap(stack, service, folder, is_kept=_is_anonymous(service, known, folder, image))


def _image_of(project: Project, stack: Stack, service: Service) -> ImageReference | None:
    """Return the image of a service, or the one below its own Dockerfile where that says nothing of folders and commands."""
    if service.made is None and known_image(service.image) is None:
        service = _built_twin(project, stack, service) or service
    if service.made is None:
        return service.image
    dockerfile = project.image_of(service)
    steps = (
        [item for stage in final_stages(dockerfile, service.made.target) for item in stage.instructions] if dockerfile else []
    )
    own = any(
        item.keyword in {"VOLUME", "ENTRYPOINT", "CMD"} or (item.keyword == "ENV" and "PGDATA" in item.text) for item in steps
    )
    return None if own or dockerfile is None else root_image(dockerfile, service.made.target)


def _built_twin(project: Project, stack: Stack, service: Service) -> Service | None:
    """Return the service of the same name that another set of the folder builds under the name of this one's image."""
    twins = (other.service(service.name) for other in project.stacks if other.directory == stack.directory)
    name = service.image.name if service.image else ""
    return next((twin for twin in twins if twin and twin.build and twin.image and twin.image.name == name), None)


def _object_folder(service: Service) -> str:
    """Return the one folder in which a MinIO keeps its objects, by its command; "" for any other service."""
    if service.build or service.image is None or service.image.repository != "minio/minio":
        return ""
    match = _MINIO_SERVER.search(" ".join((*(service.entrypoint or ()), *(service.command or ()))))
    return match["folder"].rstrip("/") if match else ""


def _folder_of_kartoza(service: Service) -> str:
    """Return where the PostGIS of Kartoza keeps its data, by its version as Debian does; "" for any other service."""
    if service.build or service.image is None or service.image.repository != "kartoza/postgis":
        return ""
    configured = service.env("DATADIR")
    major = re.match(r"\d+", service.image.tag or "")
    if configured is not None or service.env_files or major is None:
        return ""
    return f"/var/lib/postgresql/{major[0]}/main"


def _folder_of_timescale(service: Service) -> str:
    """Return where the image of TimescaleDB for clusters keeps its data; "" for any other service."""
    if service.build or service.image is None or service.image.repository != "timescale/timescaledb-ha":
        return ""
    configured = service.env("PGDATA")
    if service.env_files or not _serves(service):
        return ""
    return (configured.value or "").rstrip("/") if configured else _HA_FOLDER


def _wandering(stack: Stack) -> Iterator[Gap]:
    """Yield each store of a swarm that may be started on another node than the one which has its volume."""
    local = {entry.key.value for entry in _entries(stack.node.get("volumes")) if not find(entry.value, "driver")}
    for service in stack.services:
        held = [mount for mount in service.mounts if (mount.kind == "volume" and mount.source in local) or mount.kind == "bind"]
        limits = [text_of(item) for item in scalars_of(find(service.node, "deploy", "placement", "constraints"))]
        is_bound = any(not _WORKER.fullmatch(limit) for limit in limits)
        if service.is_datastore and held and not is_bound and text_of(find(service.node, "deploy", "mode")) != "global":
            yield _wandering_gap(stack, service, held[0])


def _entries(node: Node | None) -> tuple[Entry, ...]:
    return node.entries if isinstance(node, Mapping) else ()


def _log_folder(service: Service) -> tuple[str, str]:
    """Return where a store outside of the table of images keeps its data, "" for another service and where nothing tells, and
    the VOLUME of its image.
    """
    if service.build or service.image is None or service.entrypoint is not None or service.command:
        return "", ""
    variable, folder, declared = _LOGS.get(service.image.repository.removeprefix("library/"), ("", "", ""))
    in_memory = service.env("EVENTSTORE_MEM_DB")
    if not folder or service.env_files or (in_memory and (in_memory.value or "").lower() == "true"):
        return "", ""
    configured = service.env(variable)
    return (configured.value or "").rstrip("/") if configured else folder, declared


def _data_folder(service: Service, known: KnownImage, image: ImageReference | None) -> str:
    """Return the folder that has to be a volume, "" when the table knows none."""
    if known.facts.family == "postgres":
        configured = service.env("PGDATA")
        if configured and configured.value:
            return configured.value.rstrip("/")
        return "/var/lib/postgresql" if _postgres_major(service, image) >= 18 else "/var/lib/postgresql/data"
    return _FOLDERS.get(known.facts.family, "")


def _postgres_major(service: Service, image: ImageReference | None) -> int:
    """Return the major version; the official image without a version in its tag is the newest one, 18 or later."""
    digits = re.match(r"\d+", service.datastore_version)
    if digits:
        return int(digits[0])
    return (
        _NEWEST_POSTGRES
        if image and image.repository.removeprefix("library/") == "postgres" and image.tag in _UNVERSIONED
        else 0
    )


def _written_by_postgres(service: Service, folder: str, image: ImageReference | None) -> str:
    """Return the folder below its VOLUME that PostgreSQL 18 and later write to; for every other store its folder."""
    if folder != "/var/lib/postgresql" or service.env("PGDATA") is not None:
        return folder
    return f"{folder}/{_postgres_major(service, image)}/docker"


def _serves(service: Service) -> bool:
    """Whether the container runs the server and not a client of the same image, such as a dump."""
    first = " ".join(service.command or ()).strip()
    return service.is_datastore and service.entrypoint is None and (not first or bool(_SERVER.match(first)))


def _is_cache(service: Service, known: KnownImage) -> bool:
    """Redis without persistence on purpose keeps nothing worth a volume."""
    if known.facts.family not in {"redis", "valkey"}:
        return False
    words = (*(service.entrypoint or ()), *(service.command or ()))
    # `--save ""` as a list has an empty word, which switches the snapshots off.
    return not _PERSISTENT_REDIS.search(" ".join(word or '""' for word in words))


def _holds(mount: Mount, folder: str) -> bool:
    target = mount.target.rstrip("/") or "/"
    inside = folder == target or folder.startswith(f"{target}/")
    # tmpfs says that the data may go; an anonymous volume has no name to be found by.
    return inside and (mount.kind == "tmpfs" or bool(mount.source))


def _wrong_mount(service: Service, known: KnownImage, folder: str) -> Mount | None:
    """Return the mount at a folder that this version does not use, or that keeps it from starting."""
    if known.facts.family == "postgres":
        stale = "/var/lib/postgresql/data" if folder == "/var/lib/postgresql" else ""
    else:
        stale = _STALE.get(known.facts.family, "")
    if not stale or any(_holds(mount, folder) for mount in service.mounts):
        return None
    return _mount_at(service, stale)


def _mount_at(service: Service, folder: str) -> Mount | None:
    return next((mount for mount in service.mounts if mount.target.rstrip("/") == folder and mount.source), None)


def _wrong_gap(stack: Stack, service: Service, folder: str, mount: Mount, known: KnownImage | None = None) -> Gap:
    assumed = known is not None and known.assumed
    judged = f" (no version in the tag: judged as the newest one of {AS_OF})" if assumed else ""
    refuses = known is not None and known.facts.family == "postgres"
    effect = "the image refuses to start on it" if refuses else "what is written goes with the container"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="volumes/data",
        message=f"{service.name} keeps its data in {folder}{judged}, and its volume is at {mount.target}: {effect}.",
        expected=f"the volume at {folder}",
        actual=f"the volume at {mount.target}",
        locations=(mount.location,),
        kind="another folder",
        related=(service.image_location,) if service.image_location else (),
        severity=Severity.HIGH,
        confidence=Confidence.MEDIUM if assumed else Confidence.HIGH,
        environment=stack.environment,
    )


def _is_anonymous(service: Service, known: KnownImage, folder: str, image: ImageReference | None) -> bool:
    """Whether the folder is an anonymous volume, of the service or of its image: Compose hands it on to the next container."""
    family = known.facts.family
    if family == "postgres":
        newest = _postgres_major(service, image) >= _NEWEST_POSTGRES
        return _is_kept(service, folder, "/var/lib/postgresql" if newest else _OLD_FOLDER)
    if _is_kept(service, folder):
        return True
    if family == "redis":
        version = re.match(r"(\d+)\.(\d+)", service.datastore_version)
        major = re.match(r"\d+$", service.datastore_version)
        # A bare 8 is the newest 8.
        return (int(version[1]), int(version[2])) < (8, 6) if version else bool(major) and int(service.datastore_version) < 8
    return family in _ANONYMOUS


def _is_kept(service: Service, folder: str, *declared: str) -> bool:
    """Whether a folder lies in an anonymous volume of the service, or in one of those that its image declares."""
    anonymous = (mount.target.rstrip("/") for mount in service.mounts if mount.kind == "volume" and not mount.source)
    return any(folder == target or folder.startswith(f"{target}/") for target in (*anonymous, *declared))


def _absent_gap(stack: Stack, service: Service, folder: str, *, is_kept: bool) -> Gap:
    place: Location = service.image_location or service.location
    effect = (
        "its data is in an anonymous volume, which `docker compose down -v`, `rm -v` and `up -V` delete, "
        "and which the `up` after a `down` no longer finds"
        if is_kept
        else "its data is in the container itself and goes with it, at each `down`, update of the image or changed setting"
    )
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="volumes/data",
        message=f"{service.name} has no named volume at {folder}: {effect}.",
        expected=_KAFKA_MEANT if folder == _KAFKA_DEFAULT else f"a named volume at {folder}",
        actual="an anonymous volume" if is_kept else "no volume",
        locations=(place,),
        severity=Severity.HIGH,
        environment=stack.environment,
    )


def _of_swarm(gap: Gap) -> Gap:
    """Return the gap of a store without a volume with what that means where a swarm starts it anew on any node."""
    if gap.actual != "an anonymous volume":
        return gap
    name, _, _ = gap.message.partition(":")
    effect = "its data is in an anonymous volume, and each task that the swarm starts anew, on any node, begins empty"
    return replace(gap, message=f"{name}: {effect}.")


def _run_gap(image: str, place: Location) -> Gap:
    return RULE.gap(
        resource=place.path,
        subject=f"run/{image}",
        message=f"{place.path} starts {image} without a volume and removes the container again: what it kept goes with it.",
        expected="-v NAME:FOLDER at the folder of its data",
        actual="no volume",
        locations=(place,),
        severity=Severity.LOW,
        confidence=Confidence.MEDIUM,
        closers=(Closer(None, "advice", "Give the container a named volume at the folder where the image keeps its data."),),
    )


def _on_pages(project: Project) -> Iterator[Gap]:
    """Yield a gap for each PostgreSQL of a block on a page whose volume lies where its image refuses to start on it."""
    for service in page_services(project, _OLD_FOLDER):
        image = ImageReference.parse(service.image) if "$" not in service.image else None
        if image is None or image.repository.removeprefix("library/") != "postgres" or "PGDATA" in service.text:
            continue
        digits = re.match(r"\d+", image.tag)
        mount = next((place for _, target, place in service.mounts if target.rstrip("/") == _OLD_FOLDER), None)
        assumed = digits is None and image.tag in _UNVERSIONED and not image.digest
        if mount is not None and (assumed or (digits is not None and int(digits[0]) >= _NEWEST_POSTGRES)):
            yield _page_gap(service, mount, assumed=assumed)


def _page_gap(service: PageService, mount: Location, *, assumed: bool) -> Gap:
    judged = f" (no version in the tag: judged as the newest one of {AS_OF})" if assumed else ""
    return RULE.gap(
        resource=mount.path,
        subject="volumes/data",
        message=f"Who installs by this page gets a PostgreSQL with its data in /var/lib/postgresql{judged}, and the volume"
        f" at {_OLD_FOLDER}: the image refuses to start on it.",
        expected="the volume at /var/lib/postgresql, or a version before 18 in the tag",
        actual=f"the volume at {_OLD_FOLDER}",
        locations=(mount,),
        related=(service.location,),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM if assumed else Confidence.HIGH,
        environment=EnvironmentClass.BASE,
        closers=(Closer(None, "advice", "Write the version that is tested into the tag, and its folder into the volume."),),
    )


def _wandering_gap(stack: Stack, service: Service, mount: Mount) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="deploy/placement",
        message=f"{service.name} has its data on one node of the swarm, and nothing keeps it there: started on another node it "
        "begins with an empty volume.",
        expected="deploy.placement.constraints with a label of the node that has the data, or a volume of shared storage",
        actual="no node is named",
        locations=(mount.location,),
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
        closers=(
            Closer(None, "advice", "Label the node that has the data (`docker node update --label-add`), and constrain it."),
        ),
    )


RULE = Rule(
    code="CMP009",
    name="store-loses-data",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Mount a named volume at the folder that the message names, after a dump of what is there now."),
    ),
    cause=Cause.STACK,
)
