"""What shows that a stack is what developers work with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import mounts_source
from scaffold.gaps.modes import mode_of
from scaffold.gaps.remembered import remembered
from scaffold.gaps.starts import FOR_OTHERS, NAMES_COMPOSE, OF_AGENTS, SAID_BEFORE
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, find
from scaffold.model.known import known
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import DocFile, Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_KEEPS_UP = frozenset({"always", "unless-stopped"})
"""Policies by which Docker starts a container after a reboot as well; `on-failure` does not.
https://docs.docker.com/engine/containers/start-containers-automatically/
"""
_LEAST_SHARE = 4
"""One in so many services that is kept up shows somebody's care for the whole."""
_DATABASES = frozenset(
    {"POSTGRES_DB", "POSTGRESQL_DATABASE", "MYSQL_DATABASE", "MARIADB_DATABASE", "MONGO_INITDB_DATABASE", "CLICKHOUSE_DB"}
)
"""Variables by which the image of a store is told the name of its database."""
_OF_DEVELOPMENT = regex(r"(?i)(?:.*[_-])?(?:dev|devel|development|local)(?:[_-]?db)?|(?:dev|development|local)[_-].*")
_ON_THE_OWN_MACHINE = regex(r"https?://(?:localhost|127\.0\.0\.1)(?::\d+)?(?:/.*)?")
_MANAGED = regex(
    r"\b(?:Heroku|Render|Railway|Fly\.io|Neon|Supabase|PlanetScale|Aiven|DigitalOcean|DO|AWS|Amazon|Google|Azure|Managed|managed)"
    r"\s+(?:Managed\s+|managed\s+)?(?:Postgres(?:QL)?|MySQL|MongoDB|Redis|[Dd]atabases?|RDS|Aurora)\b"
    r"|\b(?:Cloud SQL|MongoDB Atlas|AWS RDS)\b"
    r"|\bNeon\b|\bSupabase\b|\bPlanetScale\b"
)
"""Stores that a platform keeps, and copies by itself."""
_OF_ONE_PERSON = regex(r"/Users/(?!Shared/)[\w.-]+/|[A-Za-z]:[\\/]Users[\\/]")
"""Homes of macOS and Windows."""
_PRODUCTION = regex(r"\bproduction\b", re.IGNORECASE, words=("production",))


def signs_of_developers(project: Project, stacks: list[Stack]) -> tuple[str, Location] | None:
    """Return what says of stacks that developers run them, and where it stands."""
    bench = workbench_of(stacks)
    if bench:
        return "says that developers run it, who mount their sources, and nothing here that others do", bench
    own = known(_own_folder, *stacks)
    if own:
        return "mounts a folder of one person's own machine, and nothing here says that others run it", own
    return known(_signs_in_settings, project, stacks[0])


def _own_folder(*stacks: Stack) -> Location | None:
    """Return the first service that mounts a folder of one person's computer: a server has no such path."""
    services = (service for stack in stacks for service in stack.services)
    return next(
        (item.location for item in services if any(_OF_ONE_PERSON.match(mount.source or "") for mount in item.mounts)), None
    )


def is_not_kept_up(stacks: list[Stack]) -> bool:
    """Whether stacks show by themselves that nobody keeps them running: hardly a service comes up again after a crash or a
    reboot of the host, and none is told that it runs in production.
    """
    return known(_has_no_care, *stacks)


def _has_no_care(*stacks: Stack) -> bool:
    services = [service for stack in stacks for service in stack.services]
    kept = [service for service in services if service.restart in _KEEPS_UP or find(service.node, "deploy", "restart_policy")]
    return len(kept) * _LEAST_SHARE < len(services) and not any(map(_says_production, services))


def workbench_of(stacks: list[Stack]) -> Location | None:
    """Return where a stack shows that developers run it: it mounts the sources of everything that it builds, or those of one
    application, which it tells so in plain text.
    """
    return known(_workbench, *stacks)


def _workbench(*stacks: Stack) -> Location | None:
    built = [service for stack in stacks for service in stack.services if service.build and service.is_application]
    if built and all(mounts_source(service) and not _says_production(service) for service in built):
        return built[0].location
    for service in (service for stack in stacks for service in stack.services if mounts_source(service)):
        for entry in service.environment:
            mode = mode_of(entry.name, entry.value) is EnvironmentClass.DEV
            debug = entry.name.endswith("DEBUG") and means_true(entry.value)
            if (mode or debug) and not entry.references and entry.source == "environment":
                return entry.location
    return None


def _signs_in_settings(project: Project, stack: Stack) -> tuple[str, Location] | None:
    """Return what a stack has that only developers' has, its database or its mode, where something else says the same of it,
    and the place: one sign alone may be left over in what others run.
    """
    if stack.environment is not EnvironmentClass.BASE or any(map(_says_production, stack.services)):
        return None
    entries = [
        (service, entry)
        for service in stack.services
        for entry in service.environment
        if entry.value and not entry.references and entry.source == "environment"
    ]
    named = next((e for s, e in entries if e.name in _DATABASES and _OF_DEVELOPMENT.fullmatch(e.value or "")), None)
    mode = next((e for s, e in entries if s.is_application and mode_of(e.name, e.value) is EnvironmentClass.DEV), None)
    first = named or mode
    if first is None:
        return None
    what = "names a database of development" if named else "tells the application that it is in development"
    other = _said_of_compose(project) or _kept_by_a_platform(project)
    if other:
        return f"{what}, and {other[1].path}:{other[1].line} {other[0]}; nothing here says that others run it", first.location
    browsers = (e for _, e in entries if e.name.startswith(tuple(BUNDLERS)) and _ON_THE_OWN_MACHINE.fullmatch(e.value or ""))
    own = next(browsers, None)
    if own is None:
        return None
    why = f"{what}, and line {own.location.line} sends browsers to their own machine; nothing here says that others run it"
    return why, first.location


@remembered
def _said_of_compose(project: Project) -> tuple[str, Location] | None:
    """Return the first line of a page that calls Compose what people develop with."""
    for page, number, line in _lines_of_pages(project):
        if NAMES_COMPOSE.search(line) and SAID_BEFORE.search(line) and not FOR_OTHERS.search(line):
            return "says that Compose is for development", Location(page.path, number)
    return None


@remembered
def _kept_by_a_platform(project: Project) -> tuple[str, Location] | None:
    """Return the first line of a page that names a managed store for production."""
    for page, number, line in _lines_of_pages(project):
        if _PRODUCTION.search(line) and _MANAGED.search(line):
            return "has production keep its data in a managed store", Location(page.path, number)
    return None


def _lines_of_pages(project: Project) -> Iterator[tuple[DocFile, int, str]]:
    for page in project.docs:
        if page.path not in project.owned and not OF_AGENTS.fullmatch(page.path):
            for number, line in enumerate(page.text.splitlines(), 1):
                yield page, number, line


def _says_production(service: Service) -> bool:
    """Whether a service is told that it runs in production, by itself or where nobody says otherwise."""
    return any(mode_of(entry.name, entry.value) is EnvironmentClass.PRODUCTION for entry in service.environment)
