"""What the image of a PostgreSQL runs at its first start, and a managed one does not: the scripts that are mounted for it."""

from __future__ import annotations

import posixpath
import re

from scaffold.model.compose import Service, Stack
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.target import FirstStart, Store
from scaffold.model.workload import Note

_FOLDER = "/docker-entrypoint-initdb.d"
_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.sql")
_LARGEST = 100_000
"""Characters of all scripts together: Kubernetes keeps a ConfigMap of a mebibyte, and Helm the whole release in as much."""
_CONTROLS = regex(r"[\x00-\x08\x0b-\x1f\x7f\ufffd]")
"""What no YAML carries byte for byte."""
_COMMENT = regex(r"--[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?")
"""Comments of SQL; one without an end takes all that is left, as it does in PostgreSQL."""
_EXTENSION = regex(
    r"\bcreate\s+extension\s+(?P<there>if\s+not\s+exists\s+)?[\"']?(?P<name>[a-z_][\w-]*)[\"']?(?P<rest>[^;']*)(?:;|$)",
    re.IGNORECASE,
    words=("extension",),
)
_PLAIN = regex(r"(?:\s+with)?(?:\s+schema\s+\"?public\"?)?(?:\s+cascade)?\s*", re.IGNORECASE)
_OF_THE_SERVER = regex(
    r"(?m)^[ \t]*\\|\b(?:create|alter|drop)\s+(?:database|role|user|group|tablespace|server|subscription|publication)\b"
    r"|\b(?:alter\s+system|owner\s+to|for\s+role|on\s+role|authorization|create\s+(?:event|(?:or\s+replace\s+)?language))\b"
    r"|\bset\s+(?:local\s+|session\s+)?role\b|\blanguage\s+'?(?:c|plpython3?u|plperlu)\b|\bfrom\s+'/"
    r"|\bpassword\s+'|-----BEGIN|\$(?:2[abxy]|argon2\w{0,2})\$|\binsert\s+into\s+[\"\w.]*(?:user|account|admin|member)",
    re.IGNORECASE,
)
"""What the role of the application may not do, what psql alone knows, and logins, which no chart holds."""
_GRANTED = regex(r"\bgrant\b[^;]{0,2000}?\bto\s+(?P<names>[\w\",\s]+)", re.IGNORECASE, words=("grant",))
_ANYBODY = frozenset({"public", "current_user", "current_role", "session_user", "with", "grant", "option"})
_TABLE = r"(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?(?:\"?\w+\"?\.)?\"?(?P<name>\w+)"
_MADE = regex(rf"\bcreate\s+(?:(?!table\b|view\b)\w+\s+){{0,4}}(?:table|view)\s+{_TABLE}", re.IGNORECASE)
_USED = regex(rf"\b(?:insert\s+into|alter\s+table|references|truncate(?:\s+table)?)\s+{_TABLE}", re.IGNORECASE)
_INDEXED = regex(rf"\bindex\s[^;()]{{0,300}}?\bon\s+{_TABLE}", re.IGNORECASE)
_EXTENSIONS = frozenset(
    {
        *("address_standardizer", "amcheck", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int"),
        *("earthdistance", "fuzzystrmatch", "hll", "hstore", "intarray", "isn", "ltree", "pg_buffercache", "pg_hint_plan"),
        *("pg_prewarm", "pg_similarity", "pg_stat_statements", "pg_trgm", "pgcrypto", "pgrouting", "pgrowlocks", "pgstattuple"),
        *("pgtap", "plpgsql", "postgis", "postgis_raster", "postgis_tiger_geocoder", "postgis_topology", "postgres_fdw"),
        *("prefix", "seg", "tablefunc", "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "vector"),
    }
)
"""Those of RDS for PostgreSQL that need no library loaded at the start of the server (RDS user guide, Extension versions)."""


def plan_first_starts(project: Project, stack: Stack, stores: tuple[Store, ...]) -> tuple[FirstStart, ...]:
    """Return what the job of each managed PostgreSQL does in an empty database; nothing for scripts that need a person."""
    found = (_planned(project, service, store) for service, store in _managed(stack, stores))
    return tuple(item for item in found if item is not None)


def first_start_notes(project: Project, stack: Stack, stores: tuple[Store, ...]) -> tuple[Note, ...]:
    """Return a note for each store whose scripts no job can run."""
    return tuple(
        Note(
            service.name,
            "volumes",
            f"what lies in {_FOLDER} runs at the first start of the container, and a managed database has no such start: "
            "do by hand what it does, before the first release",
            next(mount.location for mount in service.mounts if mount.target.startswith(_FOLDER)),
        )
        for service, store in _managed(stack, stores)
        if _planned(project, service, store) is None
    )


def _managed(stack: Stack, stores: tuple[Store, ...]) -> tuple[tuple[Service, Store], ...]:
    managed = {store.service: store for store in stores if store.placement == "managed" and store.engine == "postgres"}
    return tuple(
        (service, managed[service.name])
        for service in stack.services
        if service.name in managed and any(mount.target.startswith(_FOLDER) for mount in service.mounts)
    )


def _planned(project: Project, service: Service, store: Store) -> FirstStart | None:
    texts = _texts(project, service)
    if texts is None or sum(map(len, texts.values())) > _LARGEST:
        return None
    bare = {name: _COMMENT.sub(" ", text) for name, text in texts.items()}
    made = [match for text in bare.values() for match in _EXTENSION.finditer(text)]
    extensions = tuple(dict.fromkeys(match["name"].lower() for match in made))
    beyond = any(_OF_THE_SERVER.search(text) or _names_others(text, store.user) for text in bare.values())
    beyond = beyond or not _tables(bare, _USED, _INDEXED) <= _tables(bare, _MADE)
    if beyond or not _EXTENSIONS.issuperset(extensions) or not all(_PLAIN.fullmatch(match["rest"]) for match in made):
        return None
    scripts = {name: _careful(texts[name]) for name, text in bare.items() if _EXTENSION.sub("", text).strip()}
    return FirstStart(service.name, extensions, tuple(sorted(scripts.items())))


def _tables(texts: dict[str, str], *patterns: re.Pattern[str]) -> set[str]:
    """Return the tables that patterns find; those that migrations make are not there yet at the first start."""
    return {match["name"].lower() for text in texts.values() for pattern in patterns for match in pattern.finditer(text)}


def _names_others(text: str, user: str) -> bool:
    """Whether rights are given to a role that is not there."""
    named = (word for match in _GRANTED.finditer(text) for word in re.findall(r"\w+", match["names"].lower()))
    return any(word not in _ANYBODY and word != user for word in named)


def _careful(text: str) -> str:
    """Return a script that leaves an extension alone which is there: the master has made it, and the application may not."""
    return _EXTENSION.sub(
        lambda match: match[0] if match["there"] else re.sub(r"(?i)(extension)", r"\1 IF NOT EXISTS", match[0], count=1), text
    )


def _texts(project: Project, service: Service) -> dict[str, str] | None:
    """Return the mounted scripts by the name that the image knows them by, None where one is no SQL of this repository."""
    found: dict[str, str] = {}
    for mount in service.mounts:
        if not mount.target.startswith(_FOLDER) or posixpath.dirname(mount.target.rstrip("/")) not in {"/", _FOLDER}:
            continue
        whole = mount.target.rstrip("/") == _FOLDER
        for file in project.mounted:
            below = file.path.removeprefix(f"{mount.resolved}/") if whole else ""
            is_mounted = file.path != below and "/" not in below if whole else file.path == mount.resolved
            if is_mounted and not file.template:
                found[below or posixpath.basename(mount.target)] = file.data.decode("utf-8", "replace").replace("\r\n", "\n")
    known = bool(found) and all(_NAME.fullmatch(name) and not _CONTROLS.search(text) for name, text in found.items())
    return found if known else None
