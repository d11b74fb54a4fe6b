"""SUP019: a deployment starts the new release on the old tables, or migrates what nothing has copied."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import SAYS, is_test_path
from scaffold.gaps.signals import durable_stores, main_services
from scaffold.gaps.supply_chain.images import BUILDS_ON_HOST
from scaffold.gaps.supply_chain.rollbacks import refusing_tool, start_of_before
from scaffold.model.compose import Mount
from scaffold.model.deployments import COMPOSE, deploy_scripts, is_deployment, is_elsewhere, is_own_machine, place_of, run_text
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import awaited_jobs
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Command, Job, Project, Step, Workflow
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS, RUNS_ITSELF, migration_of, start_of

_UP = regex(
    rf"{COMPOSE}[^\n&|;]{{0,200}}\sup\b(?P<words>[^\n&|;]{{0,200}}\s(?:-d|--detach)\b[^\n&|;]*)"
    r"|\bdocker\s+stack\s+deploy\b"
)
_COPIES = regex(r"(?i)dump|back-?_?up|snapshot|wal-g|restic|\bborg|\bpg_basebackup\b")
_HOLDS_BACK = regex(
    r"(?i)maintenance|artisan[\"',\s]+down\b|\bblue\b|\bgreen\b|--scale\b|canary|--no-traffic\b|--slot\b|slot-name"
)
"""What keeps the new release from the users until the tables are there."""
_RELATIONAL = frozenset({Role.POSTGRES, Role.MYSQL})


@frozen
class _Deployment:
    """What one script or job runs where the release lives, line after line."""

    path: str
    name: str
    lines: tuple[tuple[str, Location], ...]
    prepared: bool = False
    """Whether another job has migrated before."""


_PULLS = regex(r"\bgit\s+(?:-C\s+\S+\s+)?(?:pull|fetch|checkout|reset)\b|\brsync\s")
_RUN = regex(rf"{COMPOSE}[^\n&|;]*\srun\s(?P<words>[^\n&|;]*)")
_INSTALLS = regex(r"(?i)(?:^|[/_-])(?:install|setup|bootstrap)[\w-]*\.(?:sh|bash)$")
_UPGRADES = regex(r"(?:^|[\s\"'|])--(?:upgrade|update)\b", words=("--up",))
"""An option by which a script renews what it has installed before."""
_NEAR = 5
"""Lines between two commands of one piece of work on a page."""


_PLATFORM_STARTS = regex(
    r"\baz\s+containerapp\s+update\b[^\n]{0,400}\s--image\b|\baz\s+webapp\s+(?:deploy\b|config\s+container\s+set\b)"
    r"|\baws\s+ecs\s+update-service\b|\bgcloud\s+(?:\w+\s+)?run\s+deploy\b|\bkubectl\b[^\n;&|]{0,200}\s(?:set\s+image|rollout\s+restart)\b",
    words=("containerapp", "webapp", "update-service", "deploy", "kubectl"),
)
"""Commands of platforms and clusters that put a new image in the place of the one that serves."""
_STARTING_ACTIONS = regex(
    r"aws-actions/amazon-ecs-deploy-task-definition@|azure/(?:webapps-deploy|container-apps-deploy-action)@"
)
_MIGRATING_SCRIPT = regex(
    r"(?:^|[\s\"'/])(?:(?:apply|run|exec|execute|deploy|db|database)[_-])?migrat(?:e|ions?)(?:[_-](?:db|database|prod|production))?\.(?:sh|py|js|ts)\b",
    words=("migrat",),
)


def _detect(project: Project) -> Iterator[Gap]:
    yield from _stale_images(project)
    yield from _rollbacks(project)
    if not _migrates_itself(project):
        yield from _after_platforms(project)
    stores = [service for _, service in durable_stores(project) if service.role in _RELATIONAL]
    if not stores:
        return
    itself = _migrates_itself(project)
    jobs = _migrating_jobs(project)
    for deployment in (*_scripts(project), *_jobs(project)):
        migrations = [place for line, place in deployment.lines if _migrates(line)]
        start = None if itself or deployment.prepared else _start_before(project, deployment)
        if start:
            yield _order(deployment, start, migrations[0], copied=_copies(deployment))
        elif place := _bare_migration(project, deployment, jobs):
            yield _copy(deployment, place, stores[0].name, stores[0].location)
    for deployment in _upgrades(project):
        if place := _bare_migration(project, deployment, jobs):
            yield _copy(deployment, place, stores[0].name, stores[0].location)


def _copies(deployment: _Deployment) -> bool:
    return any(_COPIES.search(line) for line, _ in deployment.lines)


def _bare_migration(project: Project, deployment: _Deployment, jobs: frozenset[str]) -> Location | None:
    """Return the first line that migrates, or runs a job that does so, where no line copies anything."""
    if _copies(deployment):
        return None
    migrations = (place for line, place in deployment.lines if _migrates(line))
    return next(migrations, None) or _by_a_job(project, deployment, jobs)


def _scripts(project: Project) -> Iterator[_Deployment]:
    for path, commands in deploy_scripts(project).items():
        yield _Deployment(path, path, tuple((item.text, item.location) for item in commands))


def _upgrades(project: Project) -> Iterator[_Deployment]:
    """Yield the scripts of an installation that take an option for an upgrade too, and start the stack."""
    known, lines = deploy_scripts(project), _lines_by_script(project)
    for path, commands in lines.items():
        upgrades = path not in known and any(_UPGRADES.search(command.text) for command in commands)
        if upgrades and any(_UP.search(command.text) for command in commands):
            yield _Deployment(path, path, tuple((item.text, item.location) for item in commands))


def _lines_by_script(project: Project) -> dict[str, list[Command]]:
    found: dict[str, list[Command]] = {}
    for command in project.commands:
        path = command.location.path
        if command.context == "script" and _INSTALLS.search(path) and path not in project.owned and not is_test_path(path):
            found.setdefault(path, []).append(command)
    return found


def _jobs(project: Project) -> Iterator[_Deployment]:
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            if is_deployment(workflow, job):
                steps = [step for step in job.steps if is_elsewhere(step) or is_own_machine(job)]
                lines = tuple((line, place_of(workflow, step, line)) for step in steps for line in run_text(step).split("\n"))
                yield _Deployment(workflow.path, f"The job {job.id}", lines, _is_prepared(workflow, job))


def _after_platforms(project: Project) -> Iterator[Gap]:
    """Yield the jobs that give a platform the new image and migrate afterwards, in a later step."""
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            lines = [(line, place_of(workflow, step, line), step) for step in job.steps for line in _lines(step)]
            starts = [place for line, place, step in lines if _starts_on_a_platform(line, step)]
            migrations = [place for line, place, _ in lines if _migrates(line) or _is_migrating_script(line)]
            text = "\n".join(line for line, _, _ in lines)
            if starts and migrations and not _is_before(migrations, starts[0]) and not _HOLDS_BACK.search(text):
                deployment = _Deployment(workflow.path, f"The job {job.id}", ())
                yield _order(deployment, starts[0], migrations[0], copied=bool(_COPIES.search(text)))


def _lines(step: Step) -> list[str]:
    return [line for line in run_text(step).replace("\\\n", " ").split("\n") if line.strip()] or [step.uses]


def _starts_on_a_platform(line: str, step: Step) -> bool:
    if SAYS.match(line):
        return False
    return bool(_PLATFORM_STARTS.search(line) or _STARTING_ACTIONS.match(step.uses.lower()))


def _is_migrating_script(line: str) -> bool:
    return bool(_MIGRATING_SCRIPT.search(line)) and not SAYS.match(line)


def _is_before(migrations: list[Location], start: Location) -> bool:
    return any(place.line < start.line for place in migrations)


def _is_prepared(workflow: Workflow, job: Job) -> bool:
    before = [item for item in workflow.jobs if item.id in job.needs]
    return any(item.uses or any(RUNS.search(run_text(step)) for step in item.steps) for item in before)


def _migrates(line: str) -> bool:
    return bool(RUNS.search(line) or RUNS_ITSELF.search(line)) and not SAYS.match(line)


def _migrates_itself(project: Project) -> bool:
    """Whether a service of any stack runs the migrations, so that the order of the script is not the one that counts."""
    for service in (service for stack in project.stacks for service in stack.services if not service.is_datastore):
        start = start_of(project, service)
        if (start and (RUNS.search(start.text) or start.migrating)) or migration_of(project, service):
            return True
    return False


def _migrating_jobs(project: Project) -> frozenset[str]:
    """Return the services of the main stack that migrate and end, which its applications wait for or a profile keeps apart."""
    stack = project.main_stack
    if stack is None:
        return frozenset()
    awaited = awaited_jobs(stack)
    jobs = (item for item in stack.services if item.name in awaited or item.role is Role.ONE_SHOT)
    return frozenset(item.name for item in jobs if (start := start_of(project, item)) is not None and start.migrating)


def _by_a_job(project: Project, deployment: _Deployment, jobs: frozenset[str]) -> Location | None:
    """Return the line that runs such a job, or that starts the stack with the job in it."""
    awaited = jobs & awaited_jobs(project.main_stack) if project.main_stack else jobs
    for line, place in deployment.lines if jobs else ():
        match = None if SAYS.match(line) else _RUN.search(line)
        named = match is not None and bool(jobs & set(match["words"].split()))
        if named or (awaited and not SAYS.match(line) and _starts_the_application(project, line)):
            return place
    return None


def _start_before(project: Project, deployment: _Deployment) -> Location | None:
    """Return the line that starts the application before the first line that migrates."""
    if any(_HOLDS_BACK.search(line) for line, _ in deployment.lines):
        return None
    found = None
    for line, place in deployment.lines:
        if _migrates(line):
            return found
        if found is None and not SAYS.match(line) and _starts_the_application(project, line):
            found = place
    return None


def _starts_the_application(project: Project, line: str) -> bool:
    match = _UP.search(line)
    if match is None:
        return False
    words = re.sub(r"--\S+[= ]\d+", "", match["words"] or "").split()
    given = [word.strip("\"'") for word in words if not word.startswith(("-", ">", "2>")) and not word.isdigit()]
    if not given:
        return True
    return any(service.name in given and service.is_application for _, service in main_services(project))


def _stale_images(project: Project) -> Iterator[Gap]:
    """Yield what pulls the sources, migrates in a container, and only then builds the image that the container is made of."""
    for deployment in (*_scripts(project), *_jobs(project), *_pages(project)):
        pulled = False
        stale: Location | None = None
        for line, place in deployment.lines:
            if BUILDS_ON_HOST.search(line):
                if stale is not None:
                    yield _stale(deployment, stale, place)
                    break
                pulled = False
            pulled = pulled or bool(_PULLS.search(line))
            if pulled and stale is None and not SAYS.match(line) and _migrates_in_a_built_image(project, line):
                stale = place


def _pages(project: Project) -> Iterator[_Deployment]:
    """Yield the commands of pages that stand together and pull the sources."""
    found: list[tuple[str, Location]] = []
    for command in (item for item in project.commands if item.context == "doc" and item.location.path not in project.owned):
        last = found[-1][1] if found else None
        if last and (last.path != command.location.path or command.location.line - last.line > _NEAR):
            yield _Deployment(last.path, last.path, tuple(found))
            found = []
        if found or _PULLS.search(command.text):
            found.append((command.text, command.location))
    if found:
        yield _Deployment(found[0][1].path, found[0][1].path, tuple(found))


def _migrates_in_a_built_image(project: Project, line: str) -> bool:
    """Whether a line runs a service that is built here, and that migrates: by itself, or by what the line has it run."""
    match = _RUN.search(line)
    if match is None or "--build" in match["words"]:
        return False
    words = match["words"].split()
    services = (item for stack in project.stacks for item in stack.services if item.build is not None and item.name in words)
    service = next(services, None)
    if service is None or any(_holds_sources(project, mount) for mount in service.mounts):
        return False
    start = start_of(project, service)
    return bool(_migrates(line) or (start and start.migrating))


def _holds_sources(project: Project, mount: Mount) -> bool:
    """Whether a mount lays files of the repository over those of the image."""
    return mount.resolved is not None and (mount.resolved in {"", "."} or mount.resolved in project.directories)


def _rollbacks(project: Project) -> Iterator[Gap]:
    """Yield the deployments that go back to images which refuse the tables that the new release made."""
    tool = refusing_tool(project)
    for deployment in (*_scripts(project), *_jobs(project)) if tool else ():
        place = start_of_before(deployment.lines)
        if tool and place:
            yield RULE.gap(
                resource=deployment.path,
                subject="rollback",
                message=f"{deployment.name} starts the release before again when the new one fails, and {tool.name}"
                f" ({tool.place.path}:{tool.place.line}) ends with an error where the database has a version that its image"
                " does not hold: once a migration of the new release has run, the old one no longer starts.",
                expected="the old release without its migrations, or the copy of the database from before",
                actual="the old release with its migrations",
                locations=(place,),
                related=(tool.place,),
                closers=(Closer(None, "advice", _GO_BACK),),
            )


def _stale(deployment: _Deployment, migration: Location, build: Location) -> Gap:
    return RULE.gap(
        resource=deployment.path,
        subject="stale-image",
        message=f"{deployment.name} migrates before it builds: `docker compose run` takes the image that is there, so the"
        " migrations of the release before run, and the new code starts on tables that it does not know.",
        expected="the build first, or `docker compose run --build`",
        actual="the build after the migrations",
        locations=(migration,),
        related=(build,),
        closers=(Closer(None, "advice", "Build before the migrations, with every profile that is to be renewed."),),
    )


def _order(deployment: _Deployment, start: Location, migration: Location, *, copied: bool) -> Gap:
    tail = "" if copied else " Nothing copies the database before."
    return RULE.gap(
        resource=deployment.path,
        subject="order",
        message=f"{deployment.name} starts the new release and migrates afterwards: until then it serves users on the old"
        f" tables, and when the migration fails it goes on doing so.{tail}",
        expected="a copy of the database, the migrations in a container of the new image, then the start",
        actual="the start before the migrations",
        locations=(start,),
        related=(migration,),
    )


def _copy(deployment: _Deployment, migration: Location, store: str, where: Location) -> Gap:
    return RULE.gap(
        resource=deployment.path,
        subject="copy",
        message=f"{deployment.name} migrates {store} and copies nothing before it: what a migration drops or changes by"
        " mistake is as old as the last backup, if there is one.",
        expected="a dump or snapshot in the step before, kept until the release has proven itself",
        actual="migrations alone",
        locations=(migration,),
        related=(where,),
        severity=Severity.LOW,
    )


_GO_BACK = (
    "Start the old release without the job that migrates (`up -d --no-deps web`), keep each migration such that the release"
    " before works on its tables, and try the way back once."
)

RULE = Rule(
    code="SUP019",
    name="migrations-after-the-start",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Dump the database, run the migrations with `docker compose run --rm` of the new image, and start the services"
            " only when they succeeded.",
        ),
    ),
)
