"""Migrations that the repository keeps, what the services start, and which texts run the migrations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import ci_steps, runs_tests
from scaffold.gaps.facts import is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure, main_services
from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import COMPOSE
from scaffold.model.frozen import frozen
from scaffold.model.known import below
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex
from scaffold.model.starting import Start, start_of

_VERSIONS = {
    "Alembic": regex(r"(?P<folder>(?:.*/)?)versions/[^/]+\.py"),
    "Django": regex(r"(?P<folder>(?:.*/)?migrations/)0001_\w+\.py"),
    "Prisma": regex(r"(?P<folder>(?:.*/)?prisma/migrations/)[^/]+/migration\.sql"),
    "Rails": regex(r"(?P<folder>(?:.*/)?db/migrate/)\d+_\w+\.rb"),
    "Laravel": regex(r"(?P<folder>(?:.*/)?database/migrations/)\d{4}_\w+\.php"),
    "Doctrine": regex(r"(?P<folder>(?:.*/)?migrations/)Version\d{14}\.php"),
    "Drizzle": regex(r"(?P<folder>(?:.*/)?)meta/_journal\.json"),
    "Entity Framework": regex(r"(?P<folder>(?:.*/)?Migrations/(?:.*/)?)\d{14}_\w+\.cs"),
}
"""What tells versions of each tool; Alembic's folder has an env.py beside them, Drizzle's the statements."""
IN_DEVELOPMENT = "applies-in-development"
"""What code that migrates behind a condition for development alone is called among the facts."""
MAY_RUN = regex(
    r"(?i)migrat|alembic|db:(?:prepare|setup)|prestart|pre-start|upgrade\s+head|\bdb\s+upgrade|schema:load|(?<!entrypoint-)init[-_]?db"
)
"""Words behind which migrations may run, in a form that no list of commands knows."""
PUSHES = regex(r"\bprisma\s+db\s+push\b|\bdrizzle-kit\s+push\b|\bdoctrine:schema:update\b[^\n]*--force\b")
"""Commands that make the tables follow the models."""
_OF_A_RELEASE = regex(r"(?:pre|post)?(?:start|build|install|deploy|release)(?::\w+)*|vercel-build|heroku-postbuild")
"""What scripts of a package are called that an image, a platform or a release runs."""
_FOR_TRIALS = regex(r"(?:^|[/_.-])(?:e2e|tests?|dev|development|local)(?=[/_.-])")
_DEPLOYS = regex(r"(?i)deploy|rollout|release")
_STARTS = regex(rf"^(?!echo\b)[^\n]*{COMPOSE}[^\n&|;]*\sup\b")
_RELEASES = regex(r"(?i)deploy|prod|release|\bup\b|start")


@frozen
class Versions:
    """The migrations of one tool: its name, the folder that holds them, and the first of their files."""

    tool: str
    folder: str
    first: str


def kept_versions(project: Project) -> Iterator[Versions]:
    """Yield the migrations that the repository keeps, one folder for each tool; tests and samples left out."""
    seen: set[str] = set()
    for path in project.files:
        if not path.endswith((".py", ".sql", ".rb", ".php", ".cs", "/_journal.json")) or is_test_path(path):
            continue
        for tool, pattern in _VERSIONS.items():
            match = None if tool in seen else pattern.fullmatch(path)
            if match and _is_whole(project, tool, match["folder"]):
                seen.add(tool)
                yield Versions(tool, match["folder"].rstrip("/"), path)


def _is_whole(project: Project, tool: str, folder: str) -> bool:
    if tool == "Alembic":
        return f"{folder}env.py" in project.present
    if tool == "Drizzle":
        return any(path.endswith(".sql") for path in below(project.files, folder.rstrip("/")))
    return tool != "Django" or _has_manage(project)


@remembered
def _has_manage(project: Project) -> bool:
    """Whether a program of Django starts its commands."""
    return any(path.rpartition("/")[2] == "manage.py" for path in project.files)


# --- what the services start ------------------------------------------------------------------------------------------


def starting_services(project: Project) -> Iterator[tuple[Stack, Service, Start]]:
    """Yield each service of the main stacks that runs the team's own code, with what it starts."""
    for stack, service in main_services(project):
        is_own = service.is_application or (service.role is None and service.build is not None)
        start = start_of(project, service) if is_own else None
        if start is not None:
            yield stack, service, start


# --- what runs the migrations -----------------------------------------------------------------------------------------


def may_be_run(project: Project) -> bool:
    """Whether anything beside people's own commands may run migrations: a service, an image, a script, a workflow that does
    not only test, a platform, a chart, or the code itself.
    """
    return _code_applies(project) or any(MAY_RUN.search(text) for text in _texts_of_production(project))


def may_be_pushed(project: Project) -> bool:
    """Whether anything of production may bring the tables to what the models say: as `may_be_run` does, or by a script of a
    package that a release runs or that something of it names.
    """
    texts = list(_texts_of_production(project, packages=False))
    scripts = [item for item in project.commands if item.context == "package" and PUSHES.search(item.text)]
    by_name = [item for item in scripts if _OF_A_RELEASE.fullmatch(item.owner) or any(item.owner in text for text in texts)]
    return bool(by_name) or any(PUSHES.search(text) for text in texts)


def forgetful_scripts(project: Project) -> tuple[Command, ...]:
    """Return, for each script that deploys the stack, the line that starts it, where neither the script, nor the stack, nor the
    code runs migrations; none where one script does: what runs on another path does not count for these.
    """
    if _code_applies(project) or any(MAY_RUN.search(text) for text in _texts_of_the_stack(project)):
        return ()
    by_path: dict[str, list[Command]] = {}
    for command in project.commands:
        path = command.location.path
        if command.context == "script" and _DEPLOYS.search(path.rpartition("/")[2]) and not _FOR_TRIALS.search(path):
            by_path.setdefault(path, []).append(command)
    found = []
    for commands in by_path.values():
        starts = [item for item in commands if _STARTS.search(item.text)]
        if starts and any(_may_migrate(item.text) for item in commands):
            return ()
        found += starts[:1]
    return tuple(found)


def _may_migrate(line: str) -> bool:
    return bool(MAY_RUN.search(line)) and not re.match(r"(?:echo|printf|info|log|warn)\b", line)


def _code_applies(project: Project) -> bool:
    return any(
        fact.kind == "schema" and fact.detail.startswith("applies") and fact.detail != IN_DEVELOPMENT
        for fact in project.code_facts
    )


def _texts_of_the_stack(project: Project) -> Iterator[str]:
    """Yield what the services of the production stack start, and what their images run as they are built."""
    stack = project.production_stack
    for service in stack.services if stack else ():
        start = start_of(project, service)
        yield " ".join((service.name, *(service.entrypoint or ()), *(service.command or ()), start.text if start else ""))
        dockerfile = project.image_of(service)
        for stage in dockerfile.stages if dockerfile else ():
            yield from (item.text for item in stage.instructions if item.keyword in {"CMD", "ENTRYPOINT", "RUN"})


def _texts_of_production(project: Project, *, packages: bool = True) -> Iterator[str]:
    for stack in project.stacks:
        if stack.is_runnable_in_production:
            for service in stack.services:
                if not service.is_datastore:
                    yield " ".join((service.name, *(service.entrypoint or ()), *(service.command or ())))
    stages = (stage for dockerfile in project.dockerfiles for stage in dockerfile.stages)
    for instruction in (item for stage in stages for item in stage.instructions):
        if instruction.keyword in {"CMD", "ENTRYPOINT", "RUN"}:
            yield instruction.text or " ".join(instruction.argv)
    listed = (command for command in project.commands if packages or command.context != "package")
    yield from (command.text for command in listed if _may_be_of_a_release(command))
    testing = {(item.workflow.path, item.job.id) for item in ci_steps(project) if runs_tests(item)}
    for item in ci_steps(project):
        if (item.workflow.path, item.job.id) not in testing:
            yield f"{item.step.name} {item.step.uses} {item.text}"
    yield from (project.source(file.path) or "" for file in foreign_infrastructure(project))


def _may_be_of_a_release(command: Command) -> bool:
    """Whether a command is one of a script or a server, or of a target that is not called after the migrations themselves."""
    if command.context in {"script", "server"}:
        return not is_test_path(command.location.path) and not _FOR_TRIALS.search(command.location.path)
    if command.context == "package":
        return not MAY_RUN.search(command.owner)
    return command.context == "makefile" and bool(_RELEASES.search(command.owner))
