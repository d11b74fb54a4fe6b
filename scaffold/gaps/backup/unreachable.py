"""Dumps and restores that cannot reach the server: from the host, where it publishes no port, or by an address that the client
refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_plus

from scaffold.gaps.docs.pages import current_pages
from scaffold.gaps.facts import SAYS, is_test_path, judged_stacks, production_or_all
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.dumpers import DUMPER, DUMPERS
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_ROLES = {"pg_dump": Role.POSTGRES, "pg_dumpall": Role.POSTGRES, "mysqldump": Role.MYSQL, "mariadb-dump": Role.MYSQL}
_ASKS_HOST = regex(
    rf"\b(?P<program>{DUMPER})\b[^\n|;&]*?\s(?:-h\s*|--host[= ]\s*)[\"']?"
    r"(?:\$\{?(?P<name>[A-Za-z_]\w*)(?::?-(?P<default>[\w.-]+))?\}?|(?P<host>[\w.-]+))",
    words=DUMPERS,
)
_IN_A_CONTAINER = regex(r"\b(?:docker|podman|nerdctl|kubectl|compose|ssh)\b|COMPOSE")
_TUNNEL = regex(r"\bssh\b[^\n]*\s-\w*L|port-forward|\bsocat\b|cloud[-_]sql[-_]proxy|\bflyctl?\s+proxy\b")
_ON_THE_HOST = regex(
    r"\binstall\b[^\n]*\s(?:postgresql|mysql-server|mariadb-server)(?![-\w]*client)|\bsudo\s+-u\s+postgres\b"
    r"|\bsystemctl\b[^\n]*\b(?:postgresql|mysql|mariadb)\b"
)
"""What says that a server runs on the host itself, beside the stack."""
_SETS = r"(?m)^(?:export\s+|readonly\s+|local\s+|declare\s+(?:-\w+\s+)?)*{name}=[\"']?(?P<value>[^\"'\n#;]*)"
_PLAIN = regex(r"\$\{?(?P<name>[A-Za-z_]\w*)(?::?[-?][^}]*)?\}?")
_FALLBACK = regex(r"\$\{[A-Za-z_]\w*:?-(?P<value>[\w.-]+)\}")

_CLIENT = regex(
    r"\b(?P<program>pg_dump(?:all)?|pg_restore|psql)\b[^\n|;&<>]*?[\s=][\"']?\$\$?\{?(?P<name>\w*(?:URL|URI|DSN|url|dsn)\w*)\}?"
    r"(?=[\"']?(?:[\s|;&<>)]|$))",
    words=("pg_dump", "pg_restore", "psql"),
)
_URL = regex(
    r"(?P<scheme>(?:jdbc:)?(?:postgres(?:ql)?|postgis|pgsql|ecto)(?:\+\w+)?)://[^\s\"'`<>]*?(?:\?(?P<query>[^\s\"'`)|#]*))?(?=[\s\"'`)|#]|$)",
    words=("ecto", "pgsql", "postgis", "postgres"),
)
_PARAMETER = regex(r"[A-Za-z_]\w*")
_KNOWN_TO_LIBPQ = frozenset(
    {
        *("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "require_auth", "channel_binding"),
        *("connect_timeout", "client_encoding", "options", "application_name", "fallback_application_name", "keepalives"),
        *("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "replication", "gssencmode"),
        *("sslmode", "ssl", "requiressl", "sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslkeylogfile"),
        *("sslpassword", "sslcertmode", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requirepeer"),
        *("ssl_min_protocol_version", "ssl_max_protocol_version", "min_protocol_version", "max_protocol_version"),
        *("krbsrvname", "gsslib", "gssdelegation", "scram_client_key", "scram_server_key", "service", "servicefile"),
        *("target_session_attrs", "load_balance_hosts", "oauth_issuer", "oauth_client_id", "oauth_client_secret"),
        *("oauth_scope",),
    }
)
"""What a URL may hold for PostgreSQL's own clients: libpq's connection parameters, as of PostgreSQL 18."""
_MENDS = regex(
    r"%%?\\?\?|\bcut\s+-d\W*\?|\bsed\b[^\n]*(?:\?|\+|asyncpg|psycopg|schema)|/\+\w+/|\bURL\(|searchParams|urlparse|urlsplit"
    r"|make_url|\.split\([\"']\?|\.replace\(|\.gsub|parse_url|url\.Parse"
)
"""What takes out of an address what a client would refuse."""
_HANDS_ON = regex(r"[\"'`](?:pg_dump|psql|pg_restore)\b")
_ENVIRONMENTS = frozenset({"dev", "development", "test", "testing", "local", "ci"})


@frozen
class Unreachable:
    """A client that cannot connect: who starts it, the key of the finding, what is wrong in words, and its places."""

    resource: str
    subject: str
    message: str
    expected: str
    actual: str
    places: tuple[Location, ...]
    saves: bool
    """Whether it makes or reads back a copy; else people look at the data by it."""


def unreachable_dumps(project: Project) -> Iterator[Unreachable]:
    """Yield the dumps from the host that meet no port, then the clients that are handed an address which they refuse."""
    yield from _once(_from_the_host(project))
    yield from _once((*_refused_by_commands(project), *_refused_by_code(project)))


def _once(found: Iterable[Unreachable]) -> tuple[Unreachable, ...]:
    return tuple({item.resource: item for item in reversed(tuple(found))}.values())[::-1]


def _scripts(project: Project, contexts: frozenset[str]) -> Iterator[Command]:
    for command in project.commands:
        path = command.location.path
        if (
            command.context in contexts
            and path not in project.owned
            and not is_test_path(path)
            and not SAYS.match(command.text)
        ):
            yield command


# --- from the host ----------------------------------------------------------------------------------------------------


def _from_the_host(project: Project) -> Iterator[Unreachable]:
    if any(_ON_THE_HOST.search(command.text) for command in project.commands):
        return
    for command in _scripts(project, frozenset({"script", "makefile"})):
        match = _ASKS_HOST.search(command.text)
        role = _ROLES.get(match["program"]) if match else None
        if match is None or role is None or _IN_A_CONTAINER.search(command.text):
            continue
        path = command.location.path
        text = project.source(path) or ""
        host = match["host"] or match["default"] or _default(text, match["name"])
        stores = _stores(project, role)
        if host not in LOOPBACK or not stores or _TUNNEL.search(text) or _runs_inside(project, path):
            continue
        if any(store.ports or str(store.node.get("network_mode") or "").count("host") for store in stores):
            continue
        if match["name"] and _is_elsewhere(project, match["name"], stores):
            continue
        yield Unreachable(
            path,
            "connects/port",
            f"{path} asks {host} for {stores[0].name}, which publishes no port: on the host nothing answers there, and the dump"
            " fails at each run.",
            f"`docker compose exec -T {stores[0].name} {match['program']} ...`, or a container in the network of the stack",
            f"{match['program']} against {host}",
            (command.location, stores[0].location),
            saves=True,
        )


def _default(text: str, name: str) -> str:
    """Return what a variable of a script is where nobody sets it, "" where that is not known."""
    found = re.search(_SETS.format(name=re.escape(name)), text)
    value = found["value"].strip() if found else ""
    fallback = _FALLBACK.fullmatch(value)
    return fallback["value"] if fallback else value


def _stores(project: Project, role: Role) -> tuple[Service, ...]:
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production)
    return tuple(service for stack in stacks for service in stack.services if service.role is role)


def _runs_inside(project: Project, path: str) -> bool:
    """Whether an image or a service has the script, so that its localhost may be another."""
    name = path.rpartition("/")[2]
    stages = (stage for dockerfile in project.dockerfiles for stage in dockerfile.stages)
    copied = any(name in item.text for stage in stages for item in stage.instructions)
    services = (service for stack in project.stacks for service in stack.services)
    words = (" ".join((*(s.entrypoint or ()), *(s.command or ()), *(m.source for m in s.mounts))) for s in services)
    return copied or any(name in text for text in words)


def _is_elsewhere(project: Project, name: str, stores: tuple[Service, ...]) -> bool:
    """Whether a template names another server than one of the stack for a variable."""
    inside = {"", *LOOPBACK, *(word for store in stores for word in (store.name, *store.names))}
    entries = (entry for file in project.env_files for entry in file.entries if entry.name == name)
    return any(entry.value.strip() not in inside for entry in entries)


# --- addresses --------------------------------------------------------------------------------------------------------


def _refused_by_commands(project: Project) -> Iterator[Unreachable]:
    pages = {page.path for page in current_pages(project)}
    for command in _scripts(project, frozenset({"script", "makefile", "doc"})):
        match = _CLIENT.search(command.text)
        path = command.location.path
        if match is None or (command.context == "doc" and path not in pages):
            continue
        text = project.source(path) or ""
        name = match["name"] if command.context == "doc" else _origin(text, match["name"])
        if name and not (command.context != "doc" and _MENDS.search(text)):
            saves = command.context == "script" or match["program"] != "psql"
            yield from _refused(project, match["program"], name, command.location, saves=saves)


def _origin(text: str, name: str) -> str:
    """Return the variable from which a script takes another one as it stands, the name itself where it sets none; "" for what
    it makes itself.
    """
    found = re.search(_SETS.format(name=re.escape(name)), text)
    if found is None:
        return name
    plain = _PLAIN.fullmatch(found["value"].strip())
    return plain["name"] if plain else ""


def _refused_by_code(project: Project) -> Iterator[Unreachable]:
    for fact in project.code_facts:
        path = fact.location.path
        if fact.kind != "dump" or path in project.owned or is_test_path(path):
            continue
        text = project.source(path) or ""
        started = _HANDS_ON.search(text)
        program = re.sub(r"\W", "", started[0]) if started else ""
        if program and not _MENDS.search(text) and re.search(r"(?i)database_?url|connection_?(?:string|url)|db_?url", text):
            name = _named_nearby(project, path)
            yield from _refused(project, program, name, fact.location, saves=True) if name else ()


def _named_nearby(project: Project, path: str) -> str:
    """Return the variable with the address of the database that code of the same package reads, "" for none."""
    package = path.rpartition("/src/")[0] or path.rpartition("/")[0]
    texts = [item.text for item in project.sources if item.path.startswith(f"{package}/") or item.path == path]
    if any(_MENDS.search(text) and "pg_dump" in text for text in texts):
        return ""
    names = ("DATABASE_URL", "POSTGRES_URL", "DB_URL", "DATABASE_URI")
    return next((name for name in names if any(re.search(rf"\b{name}\b", text) for text in texts)), "")


def _refused(project: Project, program: str, name: str, place: Location, *, saves: bool) -> Iterator[Unreachable]:
    """Yield the client where every address that the project names for the variable is one which it refuses."""
    resource = place.path
    known = [(_problem(value), where) for value, where in _addresses(project, name)]
    if not known or not all(problem for problem, _ in known):
        return
    problem, where = known[0]
    yield Unreachable(
        resource,
        f"connects/{name}",
        f"{resource} hands {name} to {program} as it stands, and by {where.path}:{where.line} it has {problem}: {program}"
        " refuses the address and ends.",
        f"an address of its own for {program}, or the same without {problem}",
        f"{program} with {problem}",
        (place, where),
        saves=saves,
    )


def _addresses(project: Project, name: str) -> Iterator[tuple[re.Match[str], Location]]:
    """Yield the addresses of PostgreSQL that templates and services name for a variable."""
    files = (file for file in project.env_files if file.environment not in _ENVIRONMENTS and file.path not in project.owned)
    stacks = (stack for stack in judged_stacks(project) if stack.is_runnable_in_production)
    told = [(entry.value, entry.location) for file in files for entry in file.entries if entry.name == name]
    given = (entry for stack in stacks for service in stack.services for entry in service.environment)
    told += [(entry.value or "", entry.location) for entry in given if entry.name == name]
    for value, where in told:
        match = _URL.search(value)
        if match:
            yield match, where


def _problem(match: re.Match[str]) -> str:
    """Return what of an address PostgreSQL's clients refuse, in words and without its values; "" for nothing."""
    if match["scheme"] not in {"postgres", "postgresql"}:
        return f"the scheme {match['scheme']}"
    query = match["query"] or ""
    if "@" in query:
        return ""  # The question mark stands in the password.
    names = [unquote_plus(part.partition("=")[0]) for part in query.split("&") if "=" in part]
    unknown = [name for name in names if _PARAMETER.fullmatch(name) and name not in _KNOWN_TO_LIBPQ]
    return f"the parameter {unknown[0]}" if unknown else ""
