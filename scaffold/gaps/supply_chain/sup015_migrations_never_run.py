"""SUP015: the repository keeps migrations, and nothing that brings a release to production runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import calls_remote_workflow
from scaffold.gaps.facts import is_test_path, listed
from scaffold.gaps.migrations import IN_DEVELOPMENT, Versions, forgetful_scripts, kept_versions, may_be_run, starting_services
from scaffold.gaps.signals import main_services
from scaffold.gaps.supply_chain.bare_models import BareModels, bare_models
from scaffold.gaps.supply_chain.unable_migrations import Unable, unable_migrations
from scaffold.gaps.supply_chain.unreachable_migrations import Unreachable, unreachable_migrations
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS, is_below

_SERVERS = regex(
    r"\b(?:gunicorn|uvicorn|hypercorn|daphne|granian|uwsgi|waitress-serve|fastapi\s+run|flask\s+run|puma|unicorn|rails\s+s(?:erver)?"
    r"|php-fpm|apache2-foreground|frankenphp\s+(?:run|php-server)|next\s+start|nest\s+start)\b|\bnode\s+\S|\bdotnet\s+[\"'\\]*(?:\$|\S+\.dll)"
)
_BY_HAND = regex(r"\bcompose\b[^\n]*?\s(?:run|exec)\s+(?:-\S+\s+)*(?P<service>[\w.-]+)\s")
_NAME = r"(?:[\"`\w]+\.)?[\"`]?(?P<name>\w+)[\"`]?"
_MAKES = regex(rf"(?i)\bcreate\s+(?:\w+\s+)?(?:table|view)\s+(?:if\s+not\s+exists\s+)?{_NAME}")
_REFERS = regex(rf"(?i)\breferences\s+{_NAME}\s*(?:\(|on\b|,|\s)")
_OTHER_SOURCES = regex(r"(?im)^[^\S\n]*(?:\\i|source\s+\S+\.sql)|\bset\s+foreign_key_checks\s*=\s*0|session_replication_role")
"""What brings tables from elsewhere, or looks at references later."""
_DEPLOYMENT_PAGE = regex(r"(?i)deploy|production|install|operations|release|upgrad")


def _detect(project: Project) -> Iterator[Gap]:
    yield from _unmade_tables(project)
    yield from (_gap_of_unable(found) for found in unable_migrations(project))
    yield from (_gap_of_unreachable(found) for found in unreachable_migrations(project))
    if project.production_stack is None or project.other_ci or calls_remote_workflow(project):
        return
    if any(item.kind == "paas" for item in project.infrastructure):
        return
    versions = list(kept_versions(project))
    if not versions and not may_be_run(project):
        yield from (_gap_of_models(found) for found in bare_models(project))
    shown = [] if versions else list(_shown_by_pages(project))
    if not (versions or shown):
        return
    is_run = may_be_run(project)
    scripts = forgetful_scripts(project) if is_run else ()
    if is_run and not scripts:
        return
    for kept in versions:
        owner = _owner(project, kept)
        if owner:
            yield _gap_of_scripts(kept, *owner, scripts) if scripts else _gap(project, kept, *owner)
    yield from shown[:1]


def _gap_of_models(found: BareModels) -> Gap:
    hint = "; people push the models from their machines" if found.by_hand else ""
    return RULE.gap(
        resource=found.stack.resource(found.service.name),
        subject=f"models/{found.tool.lower()}",
        message=f"{found.path} says which tables {found.service.name} needs, the repository has no migrations of {found.tool},"
        f" and nothing on the way to production makes the tables{hint}: the application starts on an empty database.",
        expected="migrations under version control, and a step of the release that runs them",
        actual="models alone",
        locations=(Location(found.path, 1),),
        related=(found.service.location, *found.by_hand),
        environment=found.stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Write the present state as the first migration, mark it as applied where the tables are there, and run"
                " migrations once for each release.",
            ),
        ),
    )


def _gap_of_unable(found: Unable) -> Gap:
    return RULE.gap(
        resource=found.stack.resource(found.service.name),
        subject="migrations/unable",
        message=f"`{found.command}` does not do its work in the image of {found.service.name}: {found.why}. The release finds"
        " it out where it matters, and the tables stay as they are.",
        expected="the tool and the migrations in the image, or an image of their own that the release runs once",
        actual="a command whose image lacks what it needs",
        locations=(found.location,),
        related=(found.service.location,),
        environment=found.stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Keep the tool as a dependency and copy the migrations, or build a target for them; then try it in the image.",
            ),
        ),
    )


def _gap_of_unreachable(found: Unreachable) -> Gap:
    server = found.server.name
    return RULE.gap(
        resource=f"{found.path}/{found.job}",
        subject="migrations/unreachable",
        message=f"The job {found.job} migrates from a machine of GitHub at the address in {found.secret}, and {server}, the one"
        f" server that this repository has for production, publishes no port: a runner reaches it only where somebody opens"
        " the network by hand.",
        expected="the migrations on the host, in a container of the new image, or a runner in the network of the database",
        actual="a database that only its own network reaches",
        locations=(found.location,),
        related=(found.server.location,),
        closers=(
            Closer(None, "advice", "Migrate over SSH in a container of the release, or from a runner inside of the network."),
        ),
    )


def _gap_of_scripts(kept: Versions, stack: Stack, service: Service, place: Location, scripts: tuple[Command, ...]) -> Gap:
    names = listed(dict.fromkeys(item.location.path for item in scripts))
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"migrations/{kept.tool.lower().replace(' ', '-')}",
        message=f"{names} {'starts' if len(scripts) == 1 else 'start'} the stack without the {kept.tool} migrations in"
        f" {kept.folder}, and {service.name} runs none either: what a workflow migrates is the database of another path.",
        expected="the migrations in the script, before the new containers start",
        actual="no command of the script or the stack",
        locations=tuple(item.location for item in scripts),
        related=(place, Location(kept.first, 1)),
        environment=stack.environment,
    )


def _unmade_tables(project: Project) -> Iterator[Gap]:
    """Yield the store whose first start ends at a reference to a table that nothing has made by then."""
    for stack, service in main_services(project):
        mounts = [mount for mount in service.mounts if mount.target.startswith("/docker-entrypoint-initdb.d")]
        files = [item for item in project.mounted for mount in mounts if _is_of(item.path, mount.resolved)]
        texts = {item.path: item.data.decode("utf-8", "replace") for item in files}
        if service.role not in {Role.POSTGRES, Role.MYSQL} or not texts or any(mount.resolved is None for mount in mounts):
            continue
        if not all(path.endswith(".sql") for path in texts) or any(_OTHER_SOURCES.search(text) for text in texts.values()):
            continue
        made = {match["name"].lower() for text in texts.values() for match in _MAKES.finditer(_without_comments(text))}
        for path, text in texts.items():
            bare = _without_comments(text)
            missing = next((item for item in _REFERS.finditer(bare) if item["name"].lower() not in made), None)
            if missing is not None and made:
                where = Location.at_offset(path, bare, missing.start())
                yield _unmade_gap(stack, service, missing["name"], where)
                break


def _is_of(path: str, folder: str | None) -> bool:
    return folder is not None and (path == folder or path.startswith(f"{folder}/"))


def _without_comments(text: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.DOTALL)


def _unmade_gap(stack: Stack, service: Service, table: str, where: Location) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"init/{table}",
        message=f"{where.path} makes a table that refers to {table}, which no file of the first start makes: {service.name}"
        " stops there, and the next start goes on with half of the tables.",
        expected=f"CREATE TABLE {table} before the reference, or the whole schema by the migrations",
        actual="a reference to a table that is not there",
        locations=(where,),
        related=(service.location,),
        severity=Severity.HIGH,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Let the migrations make the tables, and keep extensions alone in the init file."),),
    )


def _shown_by_pages(project: Project) -> Iterator[Gap]:
    """Yield the service of an image of others whose migrations a page has people run in a container beside it."""
    pages = [item for item in project.commands if item.context == "doc" and item.location.path not in project.owned]
    for command in pages:
        match = _BY_HAND.search(command.text) if RUNS.search(command.text) else None
        for stack, service in main_services(project) if match else ():
            if match and service.name == match["service"] and service.build is None:
                yield RULE.gap(
                    resource=stack.resource(service.name),
                    subject="migrations/by-hand",
                    message=f"The migrations of {service.name} are a command that people type after each update: nothing of the"
                    " stack runs them, and a new image meets the old tables until somebody does.",
                    expected="a one-shot service of the same image that the others wait for",
                    actual="a command on a page",
                    locations=(command.location,),
                    related=(service.location,),
                    severity=Severity.LOW,
                    environment=stack.environment,
                )


def _owner(project: Project, kept: Versions) -> tuple[Stack, Service, Location] | None:
    """Return the first service that serves the code beside the migrations, and whose whole start is known."""
    for stack, service, start in starting_services(project):
        context = service.build.context if service.build else None
        if context is not None and is_below(kept.folder, context) and start.known and _SERVERS.search(start.text):
            return stack, service, start.lines[0][1]
    return None


def _gap(project: Project, kept: Versions, stack: Stack, service: Service, place: Location) -> Gap:
    theirs = [item for item in project.commands if item.location.path not in project.owned]
    by_hand = [
        item
        for item in theirs
        if item.context in {"doc", "makefile", "package"} and RUNS.search(item.text) and not is_test_path(item.location.path)
    ]
    pages = [
        item.location
        for item in theirs
        if item.context == "doc" and RUNS.search(item.text) and _DEPLOYMENT_PAGE.search(item.location.path)
    ]
    for_developers = [fact.location for fact in project.code_facts if fact.kind == "schema" and fact.detail == IN_DEVELOPMENT]
    tail = "people run it by hand" if by_hand or pages else "no command names it"
    if for_developers:
        tail = "its code does so in development alone"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"migrations/{kept.tool.lower().replace(' ', '-')}",
        message=f"{service.name} starts its server at once, and nothing on the way to production runs the {kept.tool}"
        f" migrations in {kept.folder}: {tail}. A release that needs a new column meets the old tables.",
        expected="a step of the release that runs them once, before the new containers start",
        actual=tail,
        locations=(place,),
        related=(*for_developers, Location(kept.first, 1), *pages, *(item.location for item in by_hand)),
        severity=Severity.LOW if pages else Severity.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="SUP015",
    name="migrations-never-run",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add a one-shot service or a job of the deployment that runs the migrations, and let the others wait for its end.",
        ),
    ),
)
