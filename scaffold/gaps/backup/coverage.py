"""Which store something backs up, by what commands, images and resources say, never by the name of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.backup.in_code import backups_in_code
from scaffold.gaps.backup.managed_copies import keeps_managed_copies
from scaffold.gaps.facts import is_turned_on
from scaffold.gaps.managed_stores import is_kept
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import durable_stores, foreign_infrastructure, resource_types
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.names import Role
from scaffold.model.other_stores import other_store
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_COMMANDS: dict[Role, re.Pattern[str]] = {
    Role.POSTGRES: regex(
        r"\bpg_dump(?:all)?\b|\bpg_basebackup\b|\bpgbackrest\b|\bwal-g\b|\bwal-e\b|\bbarman\b|\bpg_probackup\b",
        words=("barman", "pg_basebackup", "pg_dump", "pg_probackup", "pgbackrest", "wal-e", "wal-g"),
    ),
    Role.MYSQL: regex(r"\bmysqldump\b|\bmariadb-dump\b|\bmydumper\b|\bxtrabackup\b|\bmariabackup\b|\bmysqlpump\b"),
    Role.MONGO: regex(r"\bmongodump\b"),
    Role.REDIS: regex(
        r"redis-cli\b[^\n;&|]*(?:--rdb|\bbgsave\b|\bsave\b)|\bdump\.rdb\b|\bappendonly(?:\.aof|dir)\b", re.IGNORECASE
    ),
    Role.CLICKHOUSE: regex(r"clickhouse-backup|\bBACKUP\s+(?:DATABASE|TABLE|ALL)\b"),
    Role.SEARCH: regex(r"/_snapshot\b|elasticdump|meilisearch[^\n]*dump|/dumps\b"),
    Role.OBJECT_STORE: regex(r"\bmc\s+mirror\b|\brclone\s+(?:sync|copy)\b|\baws\s+s3\s+sync\b"),
    Role.VECTOR_DB: regex(r"/snapshots\b|chroma[^\n]*\b(?:backup|export|snapshot)\b|weaviate[^\n]*backups|milvus-backup"),
}
_ANY_STORE = regex(
    r"\b(?:restic\s+backup|borg\s+create|borgmatic|kopia\s+snapshot|duplicity|velero\s+(?:backup|schedule|install)|rdiff-backup"
    r"|backup:run|manage\.py\s+dbbackup)\b|call_command\(\s*[\"']dbbackup",
    words=(
        "backup:run",
        "borgmatic",
        "call_command(",
        "create",
        "duplicity",
        "manage.py",
        "rdiff-backup",
        "restic",
        "snapshot",
        "velero",
    ),
)
_CALLED_BACKUP = regex(r"(?i)back[-_]?up")
_SCHEMA_ONLY = regex(r"--schema-only|--no-data\b|\bpg_dump\b.*\s-s\s|--data-only\b[^|]*\s--table\b")
"""Dumps of the schema, or of the rows of single tables."""
_COPIES = regex(r"\b(?:tar|rsync|cp|rclone|zip|docker\s+cp|dd)\b")
_SETTINGS = regex(r"(?:\.env[\w.-]*|\.(?:dist|example|sample|template|conf|cnf|ini|ya?ml|toml|properties))[\"',;)]*$")
"""Files of settings, whose copies are none of a store; the folder that holds them is often called as the store is."""
_LONGEST_END = 60
"""Characters of a word's end that are looked at."""
_IMAGES = {
    Role.POSTGRES: r"postgres|pg|pgsql|db-backup",
    Role.MYSQL: r"mysql|mariadb|db-backup",
    Role.MONGO: r"mongo|db-backup",
    Role.REDIS: r"redis",
}
_RETENTION = regex(
    r"(?:backup_retention_period|snapshot_retention_limit|backup_retention_days|BackupRetentionPeriod)\"?\s*[=:]\s*+(?!\"?0\b)"
)
_BACKUP_PLANS = (
    "aws_backup_plan",
    "aws_dlm_lifecycle_policy",
    "AWS::Backup::",
    "google_compute_resource_policy",
    "azurerm_data_protection_",
)
_UNPACKS = regex(r"\btar\s+-?\w*x")
_TAKEN = regex(r"\$\{?(?P<name>[A-Za-z_]\w{0,60})")
_ASSIGNS = regex(r"(?m)^[ \t]*(?:(?:export|readonly|local)[ \t]+)?(?P<name>[A-Za-z_]\w{0,60})=(?P<value>[^\s;&|]{1,200})")
_LOOPS = regex(r"(?m)\bfor[ \t]+(?P<name>[A-Za-z_]\w{0,60})[ \t]+in[ \t]+(?P<value>[^;\n&|]{1,200})", words=("for",))
_OF_DATA = regex(r"/(?:var/lib|data|bitnami|usr/share/elasticsearch)(?:/.*)?")
"""Where images of stores keep what they hold; a folder of settings is mounted elsewhere."""
_SAYS = regex(r"^\s*(?:#|[\w.-]+\s+=\s|(?:echo|printf|die|log|info|warn\w*|error|fail|print_\w+)\b[^|;&`]*$)")
"""Lines that only speak of a dump, and settings of a file that a script writes."""
_AGAIN = regex(r"(?i)\bwhile\b|\buntil\b|\bfor\b|sleep|cron|schedul|interval|\bwatch\b|\btimer|every")
"""Words by which a container makes a copy again and again."""
_LONGEST_TEXT = 20_000
_WORD = regex(r"\w+")
_SHORTEST = 3
"""Names of volumes and folders that are no longer stand in too many texts."""


@frozen
class Signal:
    """Something that backs up: its text, where it stands, what it belongs to, and whether it runs by itself."""

    text: str
    location: Location
    owner: str
    automatic: bool
    image: bool = False
    reach: frozenset[str] | None = None
    """The volumes and folders that a container mounts; None for a command, which may reach every volume of the host."""
    waits_for: str = ""
    """The profile behind which a container with a clock of its own stands, where nothing shown or run names it."""

    def reaches(self, service: Service) -> bool:
        """Whether it has a volume of the store before it, or the host's own folders."""
        if self.reach is None or any(re.fullmatch(r"/|/var/(?:lib/docker|run).*|/run.*", place) for place in self.reach):
            return True
        return any(mount.source in self.reach for mount in service.mounts if mount.source)


def copies_whole_host(signal: Signal) -> bool:
    """Whether a backup takes what it finds: a program for folders of every kind, or one that reaches the host's own."""
    return bool(_ANY_STORE.search(signal.text)) or (
        signal.image and not any(re.search(w, signal.text) for w in _IMAGES.values())
    )


@remembered
def signals(project: Project) -> tuple[Signal, ...]:
    """Return every command and service that backs up a store, by content; of what scaffold wrote nothing where that copies
    files beside the stores alone.
    """
    stores = tuple(service for _, service in durable_stores(project))
    found = (*_commands(project, stores), *_services(project, stores), *_in_code(project, stores))
    ours = tuple(signal for signal in found if signal.location.path in project.owned)
    if any(_is_copied(service, ours) for service in stores):
        return found
    return tuple(signal for signal in found if signal not in ours)


def their_signals(project: Project) -> tuple[Signal, ...]:
    """Return what backs up a store and was not written by scaffold."""
    return tuple(signal for signal in signals(project) if signal.location.path not in project.owned)


def surroundings(project: Project, found: tuple[Signal, ...]) -> str:
    """Return what stands beside the backups: their own texts, every command and all code of the same files, the scripts
    beside them, and the names of what a service of the project's own is given that is called a backup.
    """
    paths = {signal.location.path for signal in found}
    folders = {path.rpartition("/")[0] for path in paths if path.endswith((".sh", ".bash"))}
    scripts = {c.location.path for c in project.commands if c.context == "script"}
    near = paths | {path for path in scripts if path.rpartition("/")[0] in folders}
    beside = (command.text for command in project.commands if command.location.path in near)
    code = (project.source(item.location.path) or "" for item in backups_in_code(project) if item.location.path in paths)
    services = (service for stack in project.stacks for service in stack.services if service.build)
    settings = (entry.name for service in services if _CALLED_BACKUP.search(service.name) for entry in service.environment)
    return "\n".join((*(signal.text for signal in found), *beside, *code, *settings))


def _commands(project: Project, stores: tuple[Service, ...]) -> Iterator[Signal]:
    scheduled = {(w.path, job.id) for w in project.workflows if "schedule" in w.events for job in w.jobs}
    for command in project.commands:
        # What we wrote is run by services of ours, which say what they reach.
        if command.context == "doc" or command.location.path in project.owned or _SAYS.match(command.text):
            continue
        text = f"{command.text}{_volumes_by_variable(project, stores, command)}"
        if not is_backup_text(stores, text):
            continue
        automatic = (command.location.path, command.owner) in scheduled if command.context == "workflow" else False
        yield Signal(text, command.location, command.owner, automatic)


def _volumes_by_variable(project: Project, stores: tuple[Service, ...], command: Command) -> str:
    """Return the values of a script's variables that a command which copies takes and that name the volume of a store."""
    copies = _COPIES.search(command.text) and not _UNPACKS.search(command.text)
    if command.context != "script" or "$" not in command.text or not copies:
        return ""
    values = _assigned(project).get(command.location.path, {})
    taken = dict.fromkeys(match["name"] for match in _TAKEN.finditer(command.text[:_LONGEST_TEXT]))
    named = (values[name] for name in taken if name in values)
    return "".join(f" {value}" for value in named if _names_data(stores, value))


@remembered
def _assigned(project: Project) -> dict[str, dict[str, str]]:
    """Return the variables of each script that copies something, with the text that it gives them."""
    paths = {c.location.path for c in project.commands if c.context == "script" and _COPIES.search(c.text)}
    texts = ((path, project.source(path) or "") for path in sorted(paths))
    return {
        path: {match["name"]: match["value"] for pattern in (_LOOPS, _ASSIGNS) for match in pattern.finditer(text)}
        for path, text in texts
    }


def _services(project: Project, stores: tuple[Service, ...]) -> Iterator[Signal]:
    for stack in project.stacks:
        for service in stack.services:
            name = service.image.repository if service.image else ""
            words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
            reach = frozenset(mount.source for mount in service.mounts if mount.source)
            settings = " ".join(entry.name for entry in service.environment)
            if re.search(r"\brestore\b", words):
                continue
            runs = service.location.path in project.owned or is_turned_on(project, service)
            if re.search(r"backup|pgbackrest|wal-g|barman|restic|borgmatic|velero|offen/", name):
                text = f"{name} {words} {settings}"
                profile = service.profiles[0] if not runs and _AGAIN.search(text) else ""
                yield Signal(text, service.location, service.name, automatic=runs, image=True, reach=reach, waits_for=profile)
            elif words and is_backup_text(stores, text := f"{words}\n{_called(project, words)}"):
                again = runs and _runs_again(project, service, f"{text}\n{settings}")
                yield Signal(f"{text}\n{settings}", service.location, service.name, automatic=again, reach=reach)


def _runs_again(project: Project, service: Service, text: str) -> bool:
    """Whether a service copies more than once: by a loop or a clock of its own, a restart, or a scheduler that starts it."""
    if service.location.path in project.owned or _AGAIN.search(text) or service.restart not in {"", "no"}:
        return True
    deploy = service.node.get("deploy")
    return deploy is not None or any(word in (project.source(service.location.path) or "") for word in ("ofelia", "cronjob"))


def _in_code(project: Project, stores: tuple[Service, ...]) -> Iterator[Signal]:
    for found in backups_in_code(project):
        if is_backup_text(stores, found.line):
            yield Signal(found.line, found.location, "", found.by_a_clock)


def _called(project: Project, words: str) -> str:
    """Return the lines of the shell scripts that a command names, wherever they are mounted."""
    names = set(re.findall(r"[\w.-]{1,200}\.(?:sh|bash)\b", words))
    return "\n".join(c.text for c in project.commands if c.context == "script" and c.location.path.rpartition("/")[2] in names)


def is_backup_text(stores: tuple[Service, ...], text: str) -> bool:
    """Whether a command line copies a store's data away."""
    text = text[:_LONGEST_TEXT]
    patterns = known(_dumps, stores)
    if _ANY_STORE.search(text) or (any(pattern.search(text) for pattern in patterns) and not _SCHEMA_ONLY.search(text)):
        return True
    return bool(_COPIES.search(text)) and _names_data(stores, _without_settings(text))


def _dumps(stores: tuple[Service, ...]) -> tuple[re.Pattern[str], ...]:
    """Return how commands write the copies of stores, each pattern once."""
    return tuple({id(pattern): pattern for service in stores if (pattern := _dump_of(service)) is not None}.values())


def _without_settings(text: str) -> str:
    return " ".join(word for word in text.split() if not _SETTINGS.search(word[-_LONGEST_END:]))


def is_dumped(project: Project, role: Role) -> bool:
    """Whether a script, a workflow, a service or a page of the project dumps stores of the role, whatever stack has them."""
    words = (" ".join((*(s.entrypoint or ()), *(s.command or ()))) for stack in project.stacks for s in stack.services)
    texts = (*(command.text for command in project.commands), *words)
    return any(_COMMANDS[role].search(text) or _ANY_STORE.search(text) for text in texts)


# --- volumes and folders ----------------------------------------------------------------------------------------------


def _names_data(stores: tuple[Service, ...], text: str) -> bool:
    """Whether a text names a volume or a folder with the data of one of some stores."""
    names = known(_data_by_word, stores)
    return any(re.search(pattern, text) for word in names.keys() & _words(text) for pattern in names[word])


def _words(text: str) -> frozenset[str]:
    """Return the words of a text, and what follows the underscore at the start of one: `${PROJECT}_data`."""
    words = _WORD.findall(text)
    return frozenset((*words, *(word[1:] for word in words if word[0] == "_")))


def _data_by_word(stores: tuple[Service, ...]) -> dict[str, tuple[str, ...]]:
    """Return patterns of what stores keep their data in, by the first word of the name: a text without it has no such name."""
    found: dict[str, dict[str, None]] = {}
    for service in stores:
        for name, pattern in _data_of(service):
            word = _WORD.search(name)
            if word is not None:
                found.setdefault(word[0], {})[pattern] = None
    return {word: tuple(patterns) for word, patterns in found.items()}


def _data_of(service: Service) -> Iterator[tuple[str, str]]:
    """Yield the name of each volume and folder with the data of a store, and a pattern that finds it in a text."""
    for mount in service.mounts:
        if mount.kind == "volume" and len(mount.source) > _SHORTEST:
            yield mount.source, rf"(?:\b|(?<=\}}_)){re.escape(mount.source)}\b"
        name = mount.source.rstrip("/").rpartition("/")[2]
        if mount.kind == "bind" and not mount.read_only and _OF_DATA.fullmatch(mount.target) and len(name) > _SHORTEST:
            yield name, rf"(?<![\w.-]){re.escape(name)}(?![\w.-])"


# --- what is covered --------------------------------------------------------------------------------------------------


def is_covered(project: Project, service: Service, found: tuple[Signal, ...]) -> bool:
    """Whether a signal or a managed resource with retention keeps copies of this store."""
    return _dump_of(service) is None or _is_managed(project, service) or _is_copied(service, found)


def _dump_of(service: Service) -> re.Pattern[str] | None:
    """Return how commands write the copy of a store, None for what is none."""
    other = other_store(service)
    return other.copies if other is not None else _COMMANDS.get(service.role) if service.role else None


def _is_copied(service: Service, found: tuple[Signal, ...]) -> bool:
    pattern = _dump_of(service)
    if pattern is not None and known(_is_written_by, pattern, found):
        return True
    if any(signal.reaches(service) for signal in known(_of_any_store, found)):
        return True
    if any(_covers_by_image(signal, service) for signal in known(_by_image, found)):
        return True
    text, words = known(_copied, found)
    names = _data_by_word((service,))
    return any(re.search(pattern, text) for word in names.keys() & words for pattern in names[word])


def _is_written_by(pattern: re.Pattern[str], found: tuple[Signal, ...]) -> bool:
    return any(pattern.search(signal.text) for signal in found)


def _of_any_store(found: tuple[Signal, ...]) -> tuple[Signal, ...]:
    return tuple(signal for signal in found if _ANY_STORE.search(signal.text))


def _by_image(found: tuple[Signal, ...]) -> tuple[Signal, ...]:
    return tuple(signal for signal in found if signal.image)


def _copied(found: tuple[Signal, ...]) -> tuple[str, frozenset[str]]:
    """Return the lines of the backups that copy files, and their words."""
    text = "\n".join(_without_settings(signal.text) for signal in found if _COPIES.search(signal.text))
    return text, _words(text)


def _covers_by_image(signal: Signal, service: Service) -> bool:
    """Whether a backup image is for stores of the role; one that names no database copies volumes of every kind."""
    name = signal.text.split()[0]
    named = [other for other, words in _IMAGES.items() if re.search(words, name)]
    return service.role in named or (not named and signal.reaches(service))


def _is_managed(project: Project, service: Service) -> bool:
    """Whether the project's infrastructure code keeps the store and, there or by a plan of the cloud, its copies.

    What scaffold wrote is a proposal: until somebody moves the data there, it is where Compose keeps it.
    """
    files = foreign_infrastructure(project)
    other = other_store(service)
    if other is not None:
        return any(kind.startswith(other.managed) for kind in resource_types(files)) if other.managed else False
    planned = any(kind.startswith(_BACKUP_PLANS) for kind in resource_types(files))
    return keeps_managed_copies(project, service) or any(
        is_kept(service, resource_types((item,))) and (planned or bool(_RETENTION.search(project.source(item.path) or "")))
        for item in files
    )
