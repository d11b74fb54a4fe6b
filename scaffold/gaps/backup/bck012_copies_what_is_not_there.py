"""BCK012: a backup copies a folder in which no service keeps anything, or asks a container or a role that does not exist."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.backup.archived_logs import Unbased, unbased_archives
from scaffold.gaps.backup.copied_paths import copied_paths
from scaffold.gaps.backup.dumps_in_containers import Misled, is_container_of, kept_in_the_container
from scaffold.gaps.backup.files import has_volume_by_variable, kept_files
from scaffold.gaps.backup.stubs import empty_backups
from scaffold.gaps.container_names import container_names_in_variables, given_container_names
from scaffold.gaps.docs.pages import current_pages, heading_above, headings_around
from scaffold.gaps.facts import declared_services, is_test_path, listed, once
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import durable_stores, main_environment
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.dumpers import DUMPER
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import below, known
from scaffold.model.names import EnvironmentClass, Layer, Role, Severity
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_SPEAKS = regex(r"(?i)back-?_?ups?|snapshot|sauvegarde|sicherung|бэкап|резервн")
_OF_DATA = regex(
    r"(?i)(?:.*[/_.-])?(?:data|database|db|sqlite|storage|uploads?|media|state|volumes?|(?:pg|mysql|redis|mongo)_?data)|.*\.(?:db|db3|sqlite3?)"
)
_DUMPS = rf"(?:{DUMPER}|pg_restore|mongorestore)"
_DUMP = regex(rf"\b{_DUMPS}\b")
_EXEC = regex(
    r"\bdocker(?P<compose>[ -]compose\b[^\n|;&]*?)?\s+exec\s+(?:-\w+\s+(?:[A-Z_]+=\S+\s+)?|--\w[\w-]*(?:=\S+)?\s+)*"
    rf"(?P<name>\w[\w.-]*)\s[^\n|]*?\b{_DUMPS}\b"
)
_GENERIC = regex(r"(?i).*(?:your|example|some[-_]|my[-_]|container|placeholder|xxx|name$|foo|bar\b).*")
_STAND_INS = frozenset({"user", "username", "db_user", "dbuser", "dbname", "database", "mydb", "myuser", "mydatabase", "myapp"})
_LOCAL = regex(r"(?i)\blocal(?:ly)?\b|\bdevelop(?:ment|ers?|ing)?\b")
_IF = regex(r"(?i)\bif\b|optional")
_ROLE = regex(r"\bpg_dump(?:all)?\b[^\n|;&>]*?\s(?:-U\s*|--username[= ])[\"']?(?P<role>[\w-]+)[\"']?(?=\s|$)")
_DATABASE = regex(
    r"\bpg_dump\b(?=[^\n|;&>]*\s-U)(?:\s+(?>-[UhpFfZjnNt]\s*[^\s|>]+|--\w[\w-]*(?:=\S+)?|-[a-zA-Z]+))*"
    r"(?:\s+(?:-d\s+|--dbname[= ])?[\"']?(?P<name>[A-Za-z_][\w-]*)|\s+-U\s*[\"']?(?P<role>[A-Za-z_][\w-]*))"
    r"[\"']?\s*(?:$|[>|;&]|\d>)"
)
_CONTEXTS = frozenset({"doc", "script", "makefile", "workflow", "package", "playbook"})
_NAMED = regex(r"(?:-f|--file)[= ]\s*[\"']?(?:\S*/)?([\w.-]+\.ya?ml)")
_HIDES = regex(r"[2&]>\s*/dev/null\b.{0,200}?\|\||\|\|\s*(?:true\b|:)")
"""What keeps the script going, and silent, where there is nothing to copy."""
_CHANGES = regex(r"\bcd\s+(\S+)")


def _detect(project: Project) -> Iterator[Gap]:
    for found in misled_backups(project):
        path = found.command.location.path
        yield RULE.gap(
            resource=path,
            subject=found.subject,
            message=found.message,
            expected=found.expected,
            actual=found.actual,
            locations=(found.command.location,),
            environment=main_environment(project) if found.command.context == "doc" else EnvironmentClass.BASE,
        )
    yield from once(_archive_gap(found) for found in unbased_archives(project))


def _archive_gap(found: Unbased) -> Gap:
    name, trial = found.service.name, found.trial
    only = f"; {trial.path}:{trial.line} takes one of a server for a try alone" if trial else ""
    grows = " And nothing deletes from it, so that it fills the disk." if found.grows else ""
    return RULE.gap(
        resource=found.stack.resource(name),
        subject="copies/log",
        message=f"{name} archives its write-ahead log, which is replayed over a copy of the whole server, and nothing takes"
        f" such a copy (pg_basebackup, pgBackRest, WAL-G){only}: no dump can stand for it, and there is no point in time"
        f" to go back to.{grows}",
        expected="a base backup on a schedule, and the log kept as long as the oldest of them",
        actual="a log without its base",
        locations=(found.location,),
        related=(trial,) if trial else (),
        severity=Severity.MEDIUM,
        environment=found.stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Let pgBackRest or WAL-G take base backups and the log to another host, and delete both by one rule; or turn "
                "archive_mode off where dumps are enough.",
            ),
        ),
    )


@remembered
def misled_backups(project: Project) -> tuple[Misled, ...]:
    """Return the commands of pages, scripts, makefiles and workflows that copy what is not there, one a file and kind."""
    pages = {page.path for page in current_pages(project)}
    found: dict[tuple[str, str], Misled] = {}
    for command in project.commands:
        path = command.location.path
        left_out = path not in pages if command.context == "doc" else is_test_path(path)
        if command.context not in _CONTEXTS or path in project.owned or left_out:
            continue
        inside = kept_in_the_container(project, command, _beside) if " exec " in command.text else None
        for misled in (
            _folder(project, command),
            _folder_unseen(project, command),
            _container(project, command),
            _login(project, command),
            inside,
        ):
            if misled:
                found.setdefault((path, misled.subject), misled)
    return (*found.values(), *empty_backups(project))


# --- folders ----------------------------------------------------------------------------------------------------------


def _folder(project: Project, command: Command) -> Misled | None:
    """Return what is wrong with a copy of folders, where the stack of the page or script keeps its data in volumes."""
    paths = copied_paths(command.text)
    if not paths or not _speaks_of_backups(project, command) or not _runs_on_the_host(project, command):
        return None
    if _is_of_developers(project, command) or not all(_is_data_of_nobody(project, command, path) for path in paths):
        return None
    stacks = _stacks_of(project, command)
    volumes = _volumes_with_data(project, stacks)
    beside = _beside(project, command)
    if not volumes or _DUMP.search(beside) or any(re.search(rf"\b{re.escape(name)}\b", beside) for name in volumes):
        return None
    if any(_is_mounted(stack, posixpath.normpath(path)) for stack in stacks for path in paths):
        return None
    if any(has_volume_by_variable(project, service) for stack in stacks for service in stack.services):
        return None
    return Misled(
        command,
        "copies/folder",
        f"The backup copies {listed(paths)}, which {stacks[0].files[-1]} mounts nowhere: the data is in {_kind(volumes)}"
        f" {listed(volumes)}, and each copy, and what is restored from it, is without it.",
        f"a copy of {listed(volumes)}, for example by a container that mounts them",
        f"a copy of {listed(paths)}",
    )


def _folder_unseen(project: Project, command: Command) -> Misled | None:
    """Return what is wrong with a copy that hides its failure, of a folder that a volume holds in the containers alone."""
    if command.context != "script" or not _HIDES.search(command.text) or not _speaks_of_backups(project, command):
        return None
    if not _runs_on_the_host(project, command):
        return None
    stacks = _stacks_of(project, command)
    for path in copied_paths(command.text):
        bare = posixpath.normpath(path)
        mounts = _volumes_at(stacks, bare) if _is_data_of_nobody(project, command, path) else []
        names = tuple(dict.fromkeys(mount.source for mount in mounts))
        # A script that reaches the volume, or its place in a container, has the data after all.
        beside = _beside(project, command) if names else ""
        if not names or any(word in beside for mount in mounts for word in (mount.source, mount.target)):
            continue
        if not any(_is_mounted(stack, bare) for stack in stacks):
            return Misled(
                command,
                f"copies/{bare}",
                f"The backup copies the folder {bare} of the host and goes on where there is none, and the stack "
                f"keeps that data in {_kind(names)} {listed(names)}: no copy has it.",
                f"a copy of {listed(names)}, for example by a container that mounts it",
                f"a copy of {bare}",
            )
    return None


def _volumes_at(stacks: tuple[Stack, ...], folder: str) -> list[Mount]:
    """Return the named volumes that applications mount at a folder of this name below that of their code."""
    return [
        mount
        for stack in stacks
        for service in stack.services
        for mount in service.mounts
        if service.is_application and _holds(mount) and mount.target.rstrip("/").endswith(f"/{folder}")
    ]


def _kind(volumes: tuple[str, ...]) -> str:
    return "the volumes" if len(volumes) > 1 else "the volume"


def _is_data_of_nobody(project: Project, command: Command, path: str) -> bool:
    """Whether a path is written as one of the project's folder, is called as data is, and holds no file of the repository."""
    bare = posixpath.normpath(path.rstrip("*"))
    if path.startswith(("/", "~", "..")) or not re.fullmatch(r"[\w./-]+", bare) or bare == ".":
        return False
    inside = below(project.files, bare)
    is_there = bare in known(frozenset, project.files) or not all(map(_is_placeholder, inside))
    goes = bool(inside) or _CHANGES.search(command.text) is None
    return bool(_OF_DATA.fullmatch(bare)) and not is_there and goes


def _is_placeholder(path: str) -> bool:
    return path.rpartition("/")[2] in {".gitkeep", ".keep", ".gitignore"}


def _speaks_of_backups(project: Project, command: Command) -> bool:
    return bool(_SPEAKS.search(command.text) or _SPEAKS.search(_heading(project, command)))


def _runs_on_the_host(project: Project, command: Command) -> bool:
    """Whether the page or script starts containers from outside of them, so that its folders are those of the host."""
    inside = re.search(r"\bdocker\b[^\n]*\s(?:exec|run)\b", command.text)
    return inside is None and command.location.path in _starting_containers(project)


@remembered
def _starting_containers(project: Project) -> frozenset[str]:
    return frozenset(command.location.path for command in project.commands if re.search(r"\bdocker\b", command.text))


def _is_of_developers(project: Project, command: Command) -> bool:
    """Whether a command stands under a heading about the machine of a developer, where the stack's volumes are not in use."""
    page = next((page for page in project.docs if page.path == command.location.path), None)
    return page is not None and any(map(_LOCAL.search, headings_around(page, command.location)))


def _heading(project: Project, command: Command) -> str:
    """Return the heading under which a command stands, the path of its file where there is none."""
    page = next((page for page in project.docs if page.path == command.location.path), None)
    return (heading_above(page, command.location) if page else "") or command.location.path


def _beside(project: Project, command: Command) -> str:
    """Return what else the section of the page, or the whole script, does."""
    own = command.location.path
    place = _heading(project, command)
    return "\n".join(
        other.text
        for other in project.commands
        if other.location.path == own and (command.context != "doc" or _heading(project, other) == place)
    )


def _stacks_of(project: Project, command: Command) -> tuple[Stack, ...]:
    """Return the stacks whose files the page or script names, every stack where it names none."""
    own = command.location.path
    names = {name for other in project.commands if other.location.path == own for name in _NAMED.findall(other.text)}
    named = [stack for stack in project.stacks if stack.complete and names & {path.rpartition("/")[2] for path in stack.files}]
    return tuple(named) or project.stacks


def _volumes_with_data(project: Project, stacks: tuple[Stack, ...]) -> tuple[str, ...]:
    """Return the named volumes of the stacks in which stores and applications keep what cannot be made again."""
    chosen = {service.name for stack in stacks for service in stack.services}
    stores = [
        mount.source
        for _, service in durable_stores(project)
        for mount in service.mounts
        if _holds(mount) and service.name in chosen and service.role is not Role.REDIS
    ]
    files = [
        kept.place
        for kept in kept_files(project)
        if kept.service.name in chosen and any(_holds(m) and m.source == kept.place for m in kept.service.mounts)
    ]
    return tuple(dict.fromkeys((*files, *stores)))


def _holds(mount: Mount) -> bool:
    return mount.kind == "volume" and bool(mount.source) and not mount.read_only


def _is_mounted(stack: Stack, path: str) -> bool:
    """Whether a service of the stack mounts the folder, one in it, or one above it."""
    binds = [m.resolved for service in stack.services for m in service.mounts if m.kind == "bind" and m.resolved is not None]
    return any(bind in {"", ".", path} or bind.startswith(f"{path}/") or path.startswith(f"{bind}/") for bind in binds)


# --- containers -------------------------------------------------------------------------------------------------------


def _container(project: Project, command: Command) -> Misled | None:
    """Return what is wrong with a dump inside a container that no file starts."""
    match = _EXEC.search(command.text) if " exec " in command.text else None
    if match is None or _GENERIC.fullmatch(match["name"]) or _IF.search(_heading(project, command)):
        return None
    name = match["name"]
    if _is_started(project, name, by_service=bool(match["compose"])):
        return None
    kind = "service" if match["compose"] else "container"
    return Misled(
        command,
        f"container/{name}",
        f"The dump runs in the {kind} {name}, and no compose file of this repository has one of that name: the command fails,"
        " or leaves an empty file where it is redirected.",
        f"a {kind} that a compose file declares",
        name,
    )


def _is_started(project: Project, name: str, *, by_service: bool) -> bool:
    services = declared_services(project)
    if name in services:
        return True
    if by_service:
        return False
    if any(is_container_of(service, name) for service in services):
        return True
    return name in given_container_names(project) or name in container_names_in_variables(project)


# --- roles and databases ----------------------------------------------------------------------------------------------


def _login(project: Project, command: Command) -> Misled | None:
    """Return what is wrong with a dump as a role, or of a database, that no file makes."""
    if not (" exec " in command.text and "pg_dump" in command.text) or _IF.search(_heading(project, command)):
        return None
    inside = _EXEC.search(command.text)
    role, named = _ROLE.search(command.text), _DATABASE.search(command.text)
    # Without a database pg_dump takes the one that is called as the role.
    database = named and (named["name"] or named["role"])
    given = (inside and inside["name"], role and role["role"], database)
    if any(word and (_GENERIC.fullmatch(word) or word in _STAND_INS) for word in given):
        return None
    users = known(_values, project, "POSTGRES_USER", "postgres")
    if role and users and role["role"] not in users and not _is_named(project, role["role"]):
        return _wrong(command, "role", role["role"], users)
    bases = known(_values, project, "POSTGRES_DB", "") or users
    if database and bases and database not in bases | {"postgres"} and not _is_named(project, database):
        return _wrong(command, "database", database, bases)
    return None


def _wrong(command: Command, kind: str, name: str, known: frozenset[str]) -> Misled:
    return Misled(
        command,
        f"{kind}/{name}",
        f"The dump asks for the {kind} {name}, and the server of this repository has {listed(sorted(known))}: it fails at each"
        " run.",
        f"the {kind} of the stack",
        name,
    )


def _values(project: Project, name: str, default: str) -> frozenset[str]:
    """Return what a variable of the PostgreSQL services is, by all stacks; nothing where one of them leaves it open."""
    servers = [service for stack in project.stacks for service in stack.services if service.role is Role.POSTGRES]
    if any(server.build or any("initdb" in mount.target for mount in server.mounts) for server in servers):
        return frozenset()  # What else an image or its first scripts make is not read.
    values = [_value(service, name, default) for service in servers]
    return frozenset(values) if values and all(values) else frozenset()


def _value(service: Service, name: str, default: str) -> str:
    entry = next((entry for entry in service.environment if entry.name == name), None)
    if entry is None:
        return "" if service.node.get("env_file") else default
    return entry.value or ""


def _is_named(project: Project, name: str) -> bool:
    """Whether another file than a page makes a role or database of the name, or logs in with it."""
    word = rf"[\"']?{re.escape(name)}(?![\w-])"
    makes = re.compile(
        rf"(?i)\bcreate\s+(?:role|user|database)\s+(?:if\s+not\s+exists\s+)?{word}|\bcreate(?:user|db)\b[^\n]*\s{word}|://{word}|\w/{word}"
        rf"|(?:USER|USERNAME|DB|DATABASE|DBNAME|NAME)[\"']?\s*(?:[:=]|:-)+\s*{word}"
    )
    entries = (f"{entry.name}={entry.value}" for file in project.env_files for entry in file.entries)
    wanted = (".sql", ".sh", ".yml", ".yaml", ".toml", ".properties")
    texts = (item.text for item in project.sources if item.path.endswith(wanted) and name in item.text)
    return any(makes.search(text) for text in (*entries, *texts))


RULE = Rule(
    code="BCK012",
    name="copies-what-is-not-there",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Copy what the stack really has: a dump by the service and role of the compose file, or the named volumes by a"
            " container that mounts them; then restore one copy and look for a record of yesterday.",
        ),
    ),
)
