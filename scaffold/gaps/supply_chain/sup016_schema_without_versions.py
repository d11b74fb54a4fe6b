"""SUP016: the tables of production follow the models by themselves, and no version says what changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.migrations import PUSHES, kept_versions, may_be_run, starting_services
from scaffold.gaps.shown_commands import shown_words
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, Layer, Role, Severity
from scaffold.model.project import CodeFact, Command, Project
from scaffold.model.regex import regex
from scaffold.model.starting import Start, changes_of_spring, is_below

_WRITES_MIGRATIONS = regex(
    r"\bmanage\.py[\"',\s]+makemigrations\b(?![^\n&|;]*--(?:check|dry-run))|\bprisma\s+migrate\s+dev\b"
    r"|\balembic\s+revision\s+[^\n&|;]*--autogenerate\b|\bflask\s+db\s+migrate\b|\bdoctrine:migrations:diff\b|\bmigration:generate\b",
    words=("--autogenerate", "flask", "makemigrations", "migration:generate", "migrations:diff", "prisma"),
)
"""Commands that write a migration from the models, for developers to read and to keep."""
_BUILDS = regex(
    r"(?:build|postbuild|prebuild|postinstall|release|deploy|start)(?::(?!dev|local|test|seed)\w+)*|vercel-build|heroku-postbuild"
)
"""What scripts of a package are called that a platform or a release runs."""
_RUNS_SCRIPTS = regex(r"\b(?:npm|pnpm|yarn|bun|turbo|nx)\s")
_MOST_STEPS = 3
"""Scripts are followed this far."""
_LOSES = regex(r"--accept-data-loss|--force-reset|--force\b")
_SERVED = regex(
    r"\b(?:FastAPI|Flask|Starlette|Litestar|Quart|Sanic)\(|\blifespan\b|on_event\(|on_startup|def create_app\b",
    words=(
        "FastAPI",
        "Flask",
        "Litestar",
        "Quart",
        "Sanic",
        "Starlette",
        "def create_app",
        "lifespan",
        "on_event(",
        "on_startup",
    ),
)
_SPRING_PROFILE = regex(r"application-(?P<profile>[\w-]+)\.(?:ya?ml|properties)$")
_ACTIVE = frozenset({"SPRING_PROFILES_ACTIVE", "spring.profiles.active"})
_ACTIVE_BY_COMMAND = regex(r"spring\.profiles\.active=(?P<names>[\w,-]+)")
_ALTERS = regex(r"(?:add|drop|rename|alter|change|remove)_\w*(?:columns?|fields?|tables?)|migrate_\w+")
"""What scripts are called that change tables."""
_OVERRIDES = ("SPRING_JPA_HIBERNATE_DDL_AUTO", "SPRING_JPA_PROPERTIES_HIBERNATE_HBM2DDL_AUTO")
_FOLLOWING = frozenset({"update", "create", "create-drop"})
_OVER_MEMORY = "hibernate-over-memory"
_KEEPS = regex(r"\b(?:ddl-auto|hbm2ddl\.auto)[\"']?\s*[:=]\s*[\"']?(?:validate|none)\b", words=("ddl-auto", "hbm2ddl"))
_SERVER = regex(r"jdbc:(?:postgresql|mysql|mariadb|oracle|sqlserver):", words=("jdbc",))
_TOOLS = {"flyway": "Flyway", "liquibase": "Liquibase"}


def _detect(project: Project) -> Iterator[Gap]:
    found = tuple(_by_services(project)) if project.main_stack is not None else ()
    yield from found
    # What a service starts by such a script is said of the service.
    told = {gap.primary for gap in found}
    yield from (gap for gap in _by_builds(project) if gap.primary not in told)


def _by_services(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "schema" and not is_test_path(fact.location.path)]
    kept = {item.tool for item in kept_versions(project)}
    seen: set[Location] = set()
    servers = sorted(starting_services(project), key=lambda item: item[1].role is not Role.WEB)
    for stack, service, start in servers:
        own = [fact for fact in facts if _belongs(fact, service)]
        if "Alembic" in kept:
            own = [fact for fact in own if not fact.detail.startswith("create-all")]
        found = (
            *_pushed(stack, service, start),
            *_written(stack, service, start),
            *_by_hibernate(project, stack, service, start, own),
            *_by_library(stack, service, own),
            *_by_create_all(project, stack, service, own),
        )
        # The workers of an image have its code and start none of it.
        yield from (gap for gap in found if gap.primary not in seen)
        seen |= {gap.primary for gap in found}


def _belongs(fact: CodeFact, service: Service) -> bool:
    context = service.made.context if service.made else None
    return context is not None and is_below(fact.location.path, context)


# --- the four ways ----------------------------------------------------------------------------------------------------


def _pushed(stack: Stack, service: Service, start: Start) -> Iterator[Gap]:
    for line, place in start.lines:
        match = PUSHES.search(line)
        if match:
            loses = bool(_LOSES.search(line[match.start() :]))
            how = f"`{match[0].partition(' --')[0]}`"
            harm = "and drops the columns and tables that a model no longer has" if loses else "and asks nobody"
            yield _gap(stack, service, "push", f"{service.name} runs {how} whenever it starts, {harm}", [place], loses=loses)
            return


def _written(stack: Stack, service: Service, start: Start) -> Iterator[Gap]:
    """Yield the start that writes migrations, which the next container does not have."""
    for line, place in start.lines:
        match = _WRITES_MIGRATIONS.search(line)
        if match:
            how = shown_words(re.sub(r"[\"',]+", " ", match[0]))
            message = (
                f"{service.name} runs `{how}` whenever it starts: it writes migrations that nobody has read, and applies"
                " them to the tables of production"
            )
            yield _gap(stack, service, "written", message, [place], loses=False)
            return


def _by_builds(project: Project) -> Iterator[Gap]:
    """Yield the scripts of packages for a release that push the models, themselves or by others that they run."""
    scripts = [item for item in project.commands if item.context == "package" and not is_test_path(item.location.path)]
    if not any(PUSHES.search(item.text) for item in scripts):
        return
    for command in scripts:
        how = _pushes(command, scripts) if _BUILDS.fullmatch(command.owner) else ""
        if how:
            path = command.location.path
            yield RULE.gap(
                resource=path,
                subject=f"schema/{command.owner}",
                message=f"The script {command.owner} of {path}, which a release runs, makes the tables follow the models by"
                f" `{how}`: no version tells what a release changed, and none can be taken back.",
                expected="migrations under version control, run once for each release",
                actual="tables that follow the models",
                locations=(command.location,),
                environment=path_environment(path),
            )


def _pushes(command: Command, scripts: list[Command]) -> str:
    """Return the command by which a script pushes the models, also by scripts that it runs by their names; "" for none."""
    seen, reached = {command.owner}, [command]
    for _ in range(_MOST_STEPS + 1):
        match = next(filter(None, (PUSHES.search(item.text) for item in reached)), None)
        if match:
            return match[0].partition(" --")[0]
        called = {word for item in reached for word in _called(item.text)} - seen
        named = [item for item in scripts if item.owner in called]
        # A script that the package has itself is the one that is meant.
        own = {item.owner for item in named if item.location.path == command.location.path}
        reached = [item for item in named if item.owner not in own or item.location.path == command.location.path]
        seen |= called
    return ""


def _called(text: str) -> Iterator[str]:
    for part in re.split(r"&&|\|\||;", text):
        yield from part.split() if _RUNS_SCRIPTS.search(part) else ()


def _by_hibernate(project: Project, stack: Stack, service: Service, start: Start, facts: list[CodeFact]) -> Iterator[Gap]:
    given = {entry.name: entry for entry in service.environment}
    override = next((given[name] for name in _OVERRIDES if name in given), None)
    if override is not None:
        found = [(override.value or "", override.location)] if override.value in _FOLLOWING else []
    else:
        found = [
            (fact.detail.split()[1], fact.location)
            for fact in facts
            if fact.detail.startswith("hibernate")
            and _is_active(fact, service, start)
            and not _is_replaced(project, fact, service, start)
            and (not fact.detail.startswith(_OVER_MEMORY) or _has_server(service))
        ]
    other = _other_tool(project, service) if found else None
    if not found or (other is not None and other[1] is None):
        return
    modes = sorted({mode for mode, _ in found})
    loses = any(mode.startswith("create") for mode in modes)
    harm = "so each start makes the tables anew, empty" if loses else "so Hibernate alters the tables at each start"
    message = f"{service.name} sets ddl-auto (hbm2ddl) to {', '.join(modes)}, {harm}"
    places = [place for _, place in found]
    if other is not None and other[1] is not None:
        message += f", beside the migrations of {other[0]}, which then tell only a part of them"
        places.append(other[1])
    yield _gap(stack, service, "hibernate", message, places, loses=loses)


def _active_profiles(service: Service, start: Start) -> set[str]:
    given = [entry.value or "" for entry in service.environment if entry.name in _ACTIVE]
    given += [match["names"] for match in _ACTIVE_BY_COMMAND.finditer(start.text)]
    return set(re.split(r"[\s,]+", " ".join(given))) - {""} or {"default"}


def _is_replaced(project: Project, fact: CodeFact, service: Service, start: Start) -> bool:
    """Whether the file of a profile that the service names sets another mode than the one for every profile."""
    folder, _, name = fact.location.path.rpartition("/")
    if not name.startswith("application.") or len(fact.detail.split()) > 2:
        return False
    files = (
        f"{folder}/application-{profile}.{ending}"
        for profile in _active_profiles(service, start)
        for ending in ("yml", "yaml", "properties")
    )
    return any(_KEEPS.search(project.source(path) or "") for path in files)


def _has_server(service: Service) -> bool:
    """Whether a service is given a database that is a server of its own."""
    return any(_SERVER.match(entry.value or "") for entry in service.environment)


def _is_active(fact: CodeFact, service: Service, start: Start) -> bool:
    """Whether the file and the part of it hold for every profile, or for one that the service names."""
    active = _active_profiles(service, start)
    of_file = _SPRING_PROFILE.search(fact.location.path)
    of_part = fact.detail.split()[2:]
    return (of_file is None or of_file["profile"] in active) and (not of_part or bool(active & set(of_part[0].split(","))))


def _other_tool(project: Project, service: Service) -> tuple[str, Location | None] | None:
    """Return the tool for migrations that a service has beside Hibernate, and the first change that it applies; None where
    there is none, or where the settings turn it off.
    """
    context = service.made.context if service.made else None
    if context is None:
        return None
    for item in project.manifests:
        tool = next((word for word in _TOOLS for name in item.dependencies if word in name.lower()), "")
        if tool and is_below(item.path, context) and not _is_off(project, item.folder, tool):
            changes = (place for place in changes_of_spring(project) if is_below(place.path, item.folder))
            return _TOOLS[tool], next(changes, None)
    return None


def _is_off(project: Project, folder: str, tool: str) -> bool:
    resources = f"{folder}/src/main/resources/".removeprefix("/")
    off = re.compile(rf"(?m)^[ \t]*(?:spring\.)?{tool}(?:\.enabled\s*[=:]|:\s*\n\s+enabled:)\s*false")
    names = (f"{resources}application.{ending}" for ending in ("yml", "yaml", "properties"))
    return any(off.search(project.source(name) or "") for name in names)


def _by_library(stack: Stack, service: Service, facts: list[CodeFact]) -> Iterator[Gap]:
    found = [fact for fact in facts if fact.detail.startswith(("typeorm", "sequelize")) and fact.reachable is not False]
    found = [fact for fact in found if path_environment(fact.location.path) not in TRIED]
    if found:
        loses = any(fact.detail == "sequelize force" for fact in found)
        how = "synchronize: true" if found[0].detail == "typeorm" else f"sync({{ {found[0].detail.partition(' ')[2]}: true }})"
        harm = "which drops every table first" if loses else "which alters and drops columns to match the models"
        message = f"{service.name} connects with `{how}`, {harm}"
        yield _gap(stack, service, "library", message, [fact.location for fact in found], loses=loses)


def _by_create_all(project: Project, stack: Stack, service: Service, facts: list[CodeFact]) -> Iterator[Gap]:
    """Yield the models that make their tables where a server starts, while no folder of versions changes one later."""
    found = [fact for fact in facts if fact.detail.startswith("create-all") and fact.reachable is not False]
    found = [fact for fact in found if _is_started(project, fact)]
    if found:
        message = f"{service.name} makes its tables by create_all, which adds new tables and never changes one that is there"
        places = [fact.location for fact in found]
        by_hand = [] if may_be_run(project) else list(_changes_by_hand(project, service))
        if by_hand:
            message += f"; what changed since stands in scripts that nothing of a release runs ({by_hand[0].path})"
        severity = Severity.MEDIUM if by_hand else Severity.LOW
        yield _gap(stack, service, "create-all", message, [*places, *by_hand], loses=False, severity=severity)


def _changes_by_hand(project: Project, service: Service) -> Iterator[Location]:
    """Yield the scripts beside the code that alter tables by what they are called, which no command but a person's starts."""
    context = service.build.context if service.build else None
    started = "\n".join(item.text for item in project.commands if item.context != "doc")
    for item in project.scripts:
        name = item.path.rpartition("/")[2].partition(".")[0]
        of_service = item.runnable and context is not None and is_below(item.path, context) and not is_test_path(item.path)
        if of_service and _ALTERS.fullmatch(name) and name not in started:
            yield Location(item.path, 1)


def _is_started(project: Project, fact: CodeFact) -> bool:
    """Whether the code that serves calls the function, or is the one that holds it."""
    name = fact.detail.partition(" ")[2]
    own = project.source(fact.location.path) or ""
    if not name or name in {"lifespan", "create_app", "startup", "on_startup", "startup_event"}:
        return bool(_SERVED.search(own)) or bool(name)
    call = re.compile(rf"(?m)^[ \t]+(?:await[ \t]+)?(?:\w+\.)*{re.escape(name)}\(")
    return any(
        item.path.endswith(".py") and not is_test_path(item.path) and _SERVED.search(item.text) and call.search(item.text)
        for item in project.sources
    )


# --- the gap ----------------------------------------------------------------------------------------------------------


def _gap(  # noqa: PLR0913 - the place of a habit, its words and how bad it is
    stack: Stack,
    service: Service,
    subject: str,
    message: str,
    places: list[Location],
    *,
    loses: bool,
    severity: Severity | None = None,
) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"schema/{subject}",
        message=f"{message}: no version tells what a release changed, and none can be taken back.",
        expected="migrations under version control, run once for each release",
        actual="tables that follow the models",
        locations=tuple(places),
        severity=Severity.HIGH if loses else severity,
        environment=stack.environment,
    )


RULE = Rule(
    code="SUP016",
    name="schema-without-versions",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write migrations (prisma migrate, Flyway, Alembic, TypeORM), run them once for each release, and switch this off.",
        ),
    ),
)
