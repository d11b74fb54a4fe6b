"""What applications keep in volumes and folders beside the stores: database files, uploads, and what copies such files."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator
from operator import attrgetter

from scaffold.gaps.facts import is_test_path, listed, may_run_in_production
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import main_services
from scaffold.model.code_databases import opened_databases, source_mount
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Sequence
from scaffold.model.durability import dependency_names, is_durable_store, is_made_again
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.frozen import frozen
from scaffold.model.known import first, with_folders
from scaffold.model.names import EnvironmentClass, Role
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

DATABASE, H2, VECTORS, UPLOADS, DATA, FILES = "SQLite database", "H2 database", "vector index", "uploads", "data", "files"
"""What is kept, by the word that people use for it; the first ones matter most."""

_SQLITE = regex(
    r"(?i)^(?:(?:django\.db\.backends\.)?sqlite3?|(?:jdbc:)?sqlite(?!\S*:memory:)\S*:\S*|file:(?!\S*memory)\S+\.(?:db|sqlite3?)(?:\?\S*)?"
    r"|jdbc:h2:(?:file:|[./~])\S*|data source\s*=\s*(?!:memory:)[^;=]+\.(?:db|sqlite3?)(?:;.*)?)$",
    words=("data source", "file:", "jdbc:h2:", "sqlite"),
)
"""An engine, an address or a connection string that means SQLite, or H2 in a file."""
_H2 = regex(r"(?i)^jdbc:h2:")
_NAMES_DATABASE = regex(r"(?i)database|jdbc|datasource|(?:^|_)DB_")
_FILE_PATH = regex(r"(?i)^/?[\w./-]*\w\.(?:db|db3|sqlite|sqlite3)$")
_PATH_IN = regex(r"(?:^|[:=\s])(?:file:)?(?P<slashes>/*)(?P<path>[\w.-][\w./-]*\w)\s*(?:$|[?;])")
_COPIES = regex(
    r"(?i)litestream|backup|\brestic\b|\bborg\b|\brclone\b|\bkopia\b|sqlite3\b[^\n]*\.dump|vacuum\s+into|(?<![-:])snapshot",
    words=("backup", "borg", "kopia", "litestream", "rclone", "restic", "snapshot", "sqlite3", "vacuum"),
)
_HOLDS_COPIES = regex(r"(?i)[/_-](?:backups?|dumps?)/?$")
_MAKES_FOLDERS = regex(
    r"(?:\b(?:mkdir|chown|chmod|install\s+-d)\b|^\s*[\w.-]+\s+=\s)[^\n&;|]*|^\s*(?:export\s+)?\w+=(?:\"[^\"$`]*\"|[^\s$`\"';&|]*)\s*$"
)
"""Commands that make or give away folders, plain assignments, and lines of a settings file that a script writes: no copies,
whatever they name.
"""
_COPYING = regex(r"\b(?:tar|rsync|cp|zip|restic|rclone|borg\w*|kopia|duplicity|scp|s3)\b")
_PASSING = regex(r"CELERY|BROKER|RESULT|CACHE|TEST")
"""Names of databases whose loss loses nothing that lasts."""
_FILE = regex(r"\.[A-Za-z]\w{0,5}$")
_DRIVERS = frozenset(
    {
        *("aiosqlite", "sqlite3", "better-sqlite3", "sqlite", "rusqlite", "sqlite-jdbc", "libsqlite3-sys", "r2d2_sqlite"),
        *("@prisma/adapter-better-sqlite3", "modernc.org/sqlite", "github.com/mattn/go-sqlite3", "github.com/glebarez/sqlite"),
        *("gorm.io/driver/sqlite", "github.com/ncruces/go-sqlite3", "zombiezen.com/go/sqlite", "exqlite", "ecto_sqlite3"),
        *("sql.js", "libsql", "@libsql/client", "github.com/pocketbase/pocketbase"),
        *("microsoft.data.sqlite", "microsoft.entityframeworkcore.sqlite", "system.data.sqlite", "sqlite-net-pcl"),
    }
)
_OTHER_DRIVERS = regex(
    r"psycopg.*|asyncpg|pg|pg8000|postgres|postgresql|mysql.*|mariadb|pymysql|aiomysql|mongodb|mongoose|pymongo|motor|npgsql.*"
    r"|github\.com/(?:jackc/pgx.*|lib/pq|go-sql-driver/mysql)|gorm\.io/driver/(?:postgres|mysql)|tokio-postgres|postgrex|myxql"
    r"|mysql2|trilogy|.*mysql.*|pomelo\..*|go\.mongodb\.org/.*"
)
_SAID_IN_CODE = regex(
    r"(?i)\bsqlite(?:\+\w+)?:///(?!:memory:)|django\.db\.backends\.sqlite3|provider\s*=\s*\"sqlite\"|jdbc:sqlite:|UseSqlite\("
)
_SQL = frozenset({Role.POSTGRES, Role.MYSQL, Role.MONGO, Role.CLICKHOUSE})
_NOT_THEIRS = frozenset({Role.ONE_SHOT, Role.E2E, Role.MOCK})
_PLACES_OF_DATABASES = regex(r"(?i)(?:.*[/_.-])?(?:\w*data|db|databases?|storage|sqlite3?|var|instance|state)(?:[/_.-].*)?")
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        VECTORS,
        regex(
            r"(?i)(?:.*[/_.-])?(?:chroma(?:db)?|lancedb|qdrant|faiss|vector(?:[_-]?(?:store|db|index))?)(?:[/_.-].*)?",
            words=("chroma", "faiss", "lancedb", "qdrant", "vector"),
        ),
    ),
    (
        UPLOADS,
        regex(
            r"(?i)(?:.*[/_.-])?(?:media|uploads?|uploaded|attachments?|avatars|photos|pictures)(?:[/_.-].*)?|.*[/_-]content",
            words=("attachment", "avatars", "content", "media", "photos", "pictures", "upload"),
        ),
    ),
    (
        FILES,
        regex(
            r"(?i)(?:.*[/_.-])?(?:storage|blobs?|documents|user[_-]?files)(?:[/_.-].*)?",
            words=("blob", "documents", "files", "storage"),
        ),
    ),
)
_CALLED_DATA = regex(
    r"(?i)(?:/[\w.-]+){0,5}/(?:(?:\w+[_-])?data(?:/(?!(?:db|postgres\w*|mysql|redis)\b)[\w.-]+){0,2}|files|images)/?",
    words=("data", "files", "images"),
)
"""Places in a container of which the name says that what is there is data."""
_DATA_VARIABLE = regex(r"\$\{?\w*DATA_?(?:PATH|DIR|ROOT|FOLDER|LOCATION)?\}?")
"""A variable alone, without a value in its place, that names where data is."""
_MADE_BY_TOOLS = regex(
    r"(?i).*(?:caddy|traefik|keycloak|acme|letsencrypt|certs?\b|certbot|ollama|hugging|whisper|embedding|geo(?:ip|lite)|seed|fixture|test|sample"
    r"|demo|backup|dump|history|bundle|gems|index|scratch|download|import|export|queue|session|transfer).*",
)
"""Volumes of a proxy, of models and of what is fetched or made anew, by their names."""
_OF_IMAGES: dict[str, str] = {
    "wordpress": "/var/www/html",
    "nextcloud": "/var/www/html",
    "drupal": "/var/www/html/sites",
    "joomla": "/var/www/html",
    "mediawiki": "/var/www/html/images",
    "matomo": "/var/www/html",
    "ghost": "/var/lib/ghost/content",
    "gitea": "/data",
    "forgejo": "/data",
    "gitlab-ce": "/var/opt/gitlab",
    "gitlab-ee": "/var/opt/gitlab",
    "n8n": "/home/node/.n8n",
    "directus": "/directus/uploads",
    "mattermost-team-edition": "/mattermost/data",
    "moodle": "/bitnami/moodledata",
    "redmine": "/usr/src/redmine/files",
    "vaultwarden": "/data",
    "paperless-ngx": "/usr/src/paperless",
    "nocodb": "/usr/app/data",
    "jenkins": "/var/jenkins_home",
}
"""Where the image of a known application keeps what its users put into it, by the last part of its name; as its page says."""
_VARIABLE_MOUNT = regex(r"(?P<source>\$\{[^}]*\}[^:\s]*|\$\w+[^:\s]*):(?P<target>\$\{[^}]*\}|\$\w+|/[^:\s]+)(?P<mode>:\w+)?")
_SOURCE = attrgetter("source")
_PLACEHOLDERS = frozenset({".gitkeep", ".keep", ".gitignore"})
_OF_THE_SYSTEM = regex(r"/|/(?:etc|proc|sys|dev|run|usr|lib|bin|boot|tmp|var/(?:run|log|lib/docker|cache|tmp))(?:/.*)?")


@frozen
class Kept:
    """What an application keeps: what it is, the volume or folder (a variable as written), and its place in the container."""

    what: str
    stack: Stack
    service: Service
    place: str
    target: str
    in_sources: bool = False
    """Whether it lies among the sources of the repository, which are mounted."""


@remembered
def kept_files(project: Project) -> tuple[Kept, ...]:
    """Return what the applications of the judged stacks keep in volumes and folders, each place once, databases first."""
    stores = {mount.source for _, service in main_services(project) if service.is_datastore for mount in service.mounts}
    found: dict[str, Kept] = {}
    for kept in sorted(_all_kept(project), key=lambda kept: (_ORDER.index(kept.what), kept.service.role is not Role.WEB)):
        if kept.place not in stores:
            found.setdefault(kept.place, kept)
    return tuple(found.values())


_ORDER = (DATABASE, H2, DATA, VECTORS, UPLOADS, FILES)


def said(kept: Iterable[Kept]) -> str:
    """Return in words what is kept and where: `the uploads of web in media`."""
    return listed(f"the {item.what} of {item.service.name} in {item.place}" for item in kept)


def databases(project: Project) -> tuple[Kept, ...]:
    """Return the databases that are files in a volume of an application."""
    return tuple(kept for kept in kept_files(project) if kept.what in {DATABASE, H2})


def has_volume_by_variable(project: Project, service: Service) -> bool:
    """Whether a variable, whose value no file of the repository gives, names the volume or the folder of a mount."""
    return next(_variable_mounts(project, service), None) is not None


def _all_kept(project: Project) -> Iterator[Kept]:
    for stack, service in main_services(project):
        if not _is_theirs(project, service):
            continue
        known = _of_known_image(project, service)
        if known is not None:
            yield Kept(DATA, stack, service, known.source, known.target)
            continue
        mounts = tuple(mount for mount in service.mounts if _keeps(mount) and not _is_tracked(project, mount))
        database = _database_mount(project, service, mounts)
        if database:
            yield Kept(_kind_of_database(project, service), stack, service, database.source, database.target)
        among = _database_among_sources(project, stack, service) if not database else None
        if among:
            yield Kept(DATABASE, stack, service, among.source, among.target, in_sources=True)
        places = [(mount.source, mount.target) for mount in mounts if mount is not database]
        for source, target in (*places, *_variable_mounts(project, service), *_data_by_variable(project, service)):
            what = next((what for what, names in _NAMES if names.fullmatch(target) or names.fullmatch(source)), "")
            if what or (_is_called_data(source, target) and any(is_durable_store(project, other) for other in stack.services)):
                yield Kept(what or DATA, stack, service, source, target)


def _is_called_data(source: str, target: str) -> bool:
    """Whether the place of a mount is called data, and neither it nor its source says that a tool fills it."""
    return bool(_CALLED_DATA.fullmatch(target)) and not any(_MADE_BY_TOOLS.fullmatch(name) for name in (source, target))


def _of_known_image(project: Project, service: Service) -> Mount | None:
    """Return the volume or folder in which a known application, which people install as it is, keeps the data of its users."""
    place = _OF_IMAGES.get(service.image.name, "").strip("/") if service.image and not service.build else ""
    held = (mount for mount in service.mounts if _keeps(mount) and not _is_tracked(project, mount)) if place else ()
    return next((m for m in held if is_below(place, m.target) or is_below(m.target.strip("/"), place)), None)


def _is_theirs(project: Project, service: Service) -> bool:
    """Whether the service runs the project's own code for users, by its role or as an image that the project makes."""
    if service.is_application:
        return True
    return service.role is None and not service.build and is_own_image(project, service.image)


def _keeps(mount: Mount) -> bool:
    """Whether a mount is a place for data: written to, no single file, and nothing that is made again."""
    if mount.kind not in {"volume", "bind"} or not mount.source or mount.read_only or _FILE.search(mount.target):
        return False
    if (mount.kind == "bind" and _OF_THE_SYSTEM.fullmatch(mount.source)) or _HOLDS_COPIES.search(mount.target):
        return False
    return not is_made_again(mount.source) and not is_made_again(mount.target)


def _is_tracked(project: Project, mount: Mount) -> bool:
    """Whether a folder that is mounted is a part of the repository."""
    if mount.kind != "bind" or mount.resolved is None:
        return False
    return mount.resolved in _tracked_folders(project)


@remembered
def _tracked_folders(project: Project) -> frozenset[str]:
    """Return the folders with a file that stands for more than the folder, the root as ""."""
    files = [path.rpartition("/") for path in project.files]
    held = {folder for folder, _, name in files if name not in _PLACEHOLDERS}
    return with_folders(held) | {""} if held else frozenset()


def _variable_mounts(project: Project, service: Service) -> Iterator[tuple[str, str]]:
    """Yield the folders of the host that variables without a value name, as written, with their places in the container."""
    named = {mount.target for mount in service.mounts if mount.source}
    for source, target in _mounts_by_variable(project, service):
        if target not in named and not is_made_again(target) and not target.startswith("/etc/"):
            yield source, target


def _data_by_variable(project: Project, service: Service) -> Iterator[tuple[str, str]]:
    """Yield the folders for data that a variable names, as written, whose value here is a folder of the repository: on a server
    it is another one.
    """
    tracked = {mount.target for mount in service.mounts if _keeps(mount) and _is_tracked(project, mount)}
    for source, target in _mounts_by_variable(project, service):
        if target in tracked and _DATA_VARIABLE.fullmatch(source) and _CALLED_DATA.fullmatch(target):
            yield source, target


def _mounts_by_variable(project: Project, service: Service) -> Iterator[tuple[str, str]]:
    """Yield the source of each mount that begins with a variable, as written, with its place; what is only read left out."""
    volumes = service.node.get("volumes")
    for item in volumes.items if isinstance(volumes, Sequence) else ():
        text = project.source(item.location.path) or ""
        match = _VARIABLE_MOUNT.fullmatch(text[item.span.start : item.span.end].strip("\"'"))
        if match and match["mode"] != ":ro":
            yield match["source"], match["target"]


# --- databases --------------------------------------------------------------------------------------------------------


def _database_mount(project: Project, service: Service, mounts: tuple[Mount, ...]) -> Mount | None:
    """Return the volume or folder in which a service has its SQLite, None where it has none or keeps it in the container."""
    if not mounts:
        return None
    told = [text for name, text in _told(project, service) if not _PASSING.search(name) and _means_sqlite(project, name, text)]
    if told:
        return _holding(told, mounts)
    guessed = not _has_an_api(project, service) and (_is_all_sqlite(project) or _is_left_with_h2(project, service))
    return next((mount for mount in mounts if _is_for_databases(mount)), None) if guessed else None


def _has_an_api(project: Project, service: Service) -> bool:
    """Whether a service shows pages and another one holds the data; one alone may have a database of its own (Next.js)."""
    others = (other for _, other in main_services(project) if other.is_application and other.role is not Role.FRONTEND)
    return service.role is Role.FRONTEND and next(others, None) is not None


def _database_among_sources(project: Project, stack: Stack, service: Service) -> Mount | None:
    """Return the sources, mounted to be written to, in which the code of production has its only database; None without one.

    In a stack for developers nobody misses it.
    """
    if stack.environment is not EnvironmentClass.PRODUCTION or not _is_all_sqlite(project):
        return None
    found = (source_mount(service, database) for database in opened_databases(project))
    return next((mount for mount in found if mount is not None), None)


def _kind_of_database(project: Project, service: Service) -> str:
    """Return what a service was told to use; SQLite where nothing but the code says so."""
    told = any(_H2.match(text) for _, text in _told(project, service))
    return H2 if told or _is_left_with_h2(project, service) else DATABASE


def _is_left_with_h2(project: Project, service: Service) -> bool:
    """Whether code of the project opens H2 in a file, and nothing gives a service the address of another database."""
    if not _opens_h2(project) or _has_server(project):
        return False
    if any(_NAMES_DATABASE.search(name) and value for name, value in _told(project, service)):
        return False
    # What a reference brings is another one.
    return not any(_NAMES_DATABASE.search(entry.name) and entry.references for entry in service.environment)


@remembered
def _opens_h2(project: Project) -> bool:
    return any(fact.kind == "opens-h2" and may_run_in_production(fact) for fact in project.code_facts)


def _holding(told: list[str], mounts: tuple[Mount, ...]) -> Mount | None:
    """Return the mount in which a database lies by its address, the likeliest one where only a relative path is known."""
    found = next((match for text in told if "/" in text and (match := _PATH_IN.search(text))), None)
    if found:
        holding = (mount for mount in mounts if f"/{found['path']}".startswith(f"{mount.target.rstrip('/')}/"))
        mount = next(holding, None)
        if mount or len(found["slashes"]) not in {0, 3}:
            return mount
    return next((mount for mount in mounts if _is_for_databases(mount)), mounts[0])


def _is_for_databases(mount: Mount) -> bool:
    return any(_PLACES_OF_DATABASES.fullmatch(name) for name in (mount.target, mount.source))


def _told(project: Project, service: Service) -> Iterator[tuple[str, str]]:
    """Yield names and values of a service's environment; of its image and its template only what Compose does not set."""
    given = {entry.name for entry in service.environment if entry.value}
    has_server = _has_server(project)
    # Beside a server the default of a variable is what a developer gets, and the environment names the server.
    sure = (entry for entry in service.environment if not (has_server and entry.references))
    yield from ((entry.name, (entry.value or "").strip()) for entry in sure)
    if has_server or _has_an_api(project, service):
        return
    for path in missing_env_files(project, service):
        template = template_of(project, path)
        entries = [entry for entry in template.entries if not entry.commented] if template else []
        yield from ((entry.name, entry.value.strip()) for entry in entries if entry.name not in given)
    dockerfile = project.image_of(service)
    for stage in dockerfile.chain(service.made.target) if dockerfile and service.made else ():
        words = (word.partition("=") for item in stage.instructions if item.keyword == "ENV" for word in item.text.split())
        yield from ((name, value.strip("\"'")) for name, _, value in words if name not in given)


def _means_sqlite(project: Project, name: str, text: str) -> bool:
    """Whether a value means SQLite by itself, or is the path of a database file where a driver for SQLite is installed."""
    if _SQLITE.match(text):
        return True
    is_path = _FILE_PATH.match(text) and re.search(r"DB|DATABASE|SQLITE|DATA|PATH|DSN", name.upper())
    return bool(is_path) and (text.lower().endswith((".sqlite", ".sqlite3")) or bool(_DRIVERS & dependency_names(project)))


@remembered
def _has_server(project: Project) -> bool:
    """Whether a database server stands in the stacks, or an address of one in an environment."""
    for _, service in main_services(project):
        if service.role in _SQL:
            return True
        if any(
            re.match(r"(?i)(?:jdbc:)?(?:postgres|mysql|mariadb|mongodb)\S*:", entry.value or "")
            for entry in service.environment
        ):
            return True
    return False


@remembered
def _is_all_sqlite(project: Project) -> bool:
    """Whether the code knows SQLite and no other database: one driver, or an address in code, and no server anywhere."""
    names = dependency_names(project)
    if _has_server(project) or any(_OTHER_DRIVERS.fullmatch(name) for name in names):
        return False
    if _DRIVERS & names or any(f.kind == "opens-sqlite" and not is_test_path(f.location.path) for f in project.code_facts):
        return True
    code = (item for item in project.sources if item.path not in project.owned and not is_test_path(item.path))
    return any(_SAID_IN_CODE.search(item.text) for item in code)


# --- copies -----------------------------------------------------------------------------------------------------------


@remembered
def copies_files(project: Project) -> bool:
    """Whether a command, a service or an image of the project's own speaks of a backup, or of a program that makes one.

    What scaffold wrote says by its mounts what it copies: the scripts of a chart copy nothing on a host that runs Compose.
    """
    owned = project.owned
    commands = [command for command in project.commands if command.context != "doc" and command.location.path not in owned]
    return any(_speaks_of_copies(command) for command in commands) or others_copy(project)


def _speaks_of_copies(command: Command) -> bool:
    """Whether a command, or the name of its script, speaks of a copy; snapshots of a package's scripts are those of tests."""
    text = f"{command.location.path} {_MAKES_FOLDERS.sub('', command.text)}"
    return any(command.context != "package" or match[0].lower() != "snapshot" for match in _COPIES.finditer(text))


@remembered
def others_copy(project: Project) -> bool:
    """Whether a service, an image or a workflow of the project's own speaks of a backup, or a file of Litestream is there."""
    owned = project.owned
    texts = []
    for service in (service for stack in project.stacks for service in stack.services):
        if service.location.path not in owned:
            image = service.image.repository if service.image else ""
            texts.append(" ".join((service.name, image, *(service.entrypoint or ()), *(service.command or ()))))
    dockerfiles = (dockerfile for dockerfile in project.dockerfiles if dockerfile.path not in owned)
    instructions = (item for dockerfile in dockerfiles for stage in dockerfile.stages for item in stage.instructions)
    texts += [_MAKES_FOLDERS.sub("", item.text) for item in instructions]
    workflows = (workflow for workflow in project.workflows if workflow.path not in owned)
    texts += [step.run for workflow in workflows for job in workflow.jobs for step in job.all_steps]
    paths = (path for path in project.files if path not in owned)
    return any(_COPIES.search(text) for text in texts) or any("litestream" in path for path in paths)


@remembered
def uncopied_files(project: Project) -> tuple[Kept, ...]:
    """Return what of the kept files neither the project nor an overlay that scaffold wrote copies away."""
    if copies_files(project):
        return ()
    return tuple(kept for kept in kept_files(project) if kept.what == H2 or not is_copied_by_ours(project, kept))


def is_copied_by_ours(project: Project, kept: Kept) -> bool:
    """Whether the overlay of scaffold copies the volume or folder of what is kept."""
    return _key(kept.service, kept.place) in _copied_by_ours(project)


@remembered
def _copied_by_ours(project: Project) -> frozenset[str]:
    """Return the volumes and folders whose databases and files the overlay of scaffold copies."""
    stack = project.main_stack
    ours = [service for service in stack.services if service.location.path in project.owned] if stack else []
    databases = {key for service in ours if "dump-sqlite.sh" in " ".join(service.command or ()) for key in _read(service)}
    files = {key for service in ours if service.image and service.image.name == "restic" for key in _read(service)}
    return frozenset(databases & files)


def _read(service: Service) -> list[str]:
    return [_key(service, mount.source) for mount in service.mounts if mount.read_only and mount.source]


def _key(service: Service, source: str) -> str:
    """Return what two names of the same folder have in common; a volume and a folder never have."""
    mount = first(service.mounts, _SOURCE, source)
    return f"{mount.resolved}/" if mount and mount.resolved is not None else source


def is_named(kept: Kept, text: str) -> bool:
    """Whether a text names the volume, the folder or its place in the container, by its last word too; what an application of
    others keeps at a place that everything else about it names as well must stand in a line that copies.
    """
    if kept.what == DATA:
        text = "\n".join(line for line in text.splitlines() if _COPYING.search(line))
    ends = itertools.chain.from_iterable((place, posixpath.basename(place.rstrip("/"))) for place in (kept.place, kept.target))
    return any(re.search(rf"(?<![\w-]){re.escape(end)}(?![\w-])", text) for end in ends if len(end) > 2)
