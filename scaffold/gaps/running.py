"""What shows that a stack runs for others than its developers: how strong that is decides how bad a gap of it can be."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import IntEnum

from scaffold.gaps.chart import PACKAGING
from scaffold.gaps.facts import DEFAULT_FILES, active_profiles, commented_profiles, mounts_source, path_environment
from scaffold.gaps.managed_stores import is_kept
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure, resource_types
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import (
    STARTS_CONTAINERS,
    Line,
    commands_of,
    hides_its_file,
    is_deployment,
    is_elsewhere,
    listed_files,
    named_files,
    renews_a_host,
    run_text,
    starts_elsewhere,
)
from scaffold.model.document import Location, Mapping, Scalar, find
from scaffold.model.frozen import frozen
from scaffold.model.gap import Gap
from scaffold.model.heads import says_it_is_for_tests
from scaffold.model.known import known
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Command, DocFile, Job, Project, Workflow
from scaffold.model.published_images import BUILD_ACTIONS
from scaffold.model.regex import regex
from scaffold.model.shell_values import file_values, filled_in
from scaffold.model.values import means_true

_COMPOSE_FILE = regex(
    r"(?<![\w.+-])((?:[\w+-]+[._-])?(?:docker-|podman-)?compose(?:[._-][\w.+-]+)?\.ya?ml)\b", words=("compose",)
)
_FOR_DEVELOPERS = regex(
    r"(?<![a-z])(?:local\w*|devs?|develop(?:ment|ers?|ing)?|contribut\w*|hacking|debug\w*|tests?|testing|e2e|ci|agents|claude)(?![a-z])",
    re.IGNORECASE,
)
_FOR_OTHERS = regex(
    r"(?<![a-z])(?:deploy\w*|prod|production|self[- ]?host\w*|servers?|vps|hosting|operat\w+|releas\w+|upgrad\w*"
    r"|staging|live|user_?data|provision\w*|bootstrap)(?![a-z])",
    re.IGNORECASE,
)
_INSTALLS = regex(r"(?<![a-z])(?:install\w*|update\w*)(?![a-z])", re.IGNORECASE)
"""A page or script of that name is for who runs the product; above a step on another page the word is a developer's as well."""
_SAID_BEFORE = regex(
    r"\blocally\b|\b(?:for|in|your)\s+(?:local\s+)?(?:development|testing|developers)\b"
    r"|\blocal (?:machine|develop\w+|deployment|env\w*)\b|\bdevelopment (?:env\w*|stack|setup|mode|server)\b",
    re.IGNORECASE,
)
_OF_AGENTS = regex(
    r"(?i)(?:.*/)?(?:claude|agents?|gemini|copilot-instructions)\.(?:local\.)?mdx?|(?:.*/)?\.(?:cursor|claude|windsurf)/.*"
)
"""Pages for programs that write code: where they say how to deploy, they repeat what developers call so."""
_ON_A_CLUSTER = regex(
    r"^[ \t]*(?:\$ )?(?:kubectl (?:apply|create)|helm (?:install|upgrade))\b", re.MULTILINE, words=("kubectl ", "helm ")
)
_SCRIPT = regex(r"(?<![\w.-])(?P<name>[\w-]{1,80}\.(?:sh|bash))\b", words=(".sh", ".bash"))
_COPIES = regex(
    r"\b(?:scp|rsync|sftp)\b|\b(?:gcloud\s+(?:storage|compute)|gsutil|s3|az\s+storage)\b[^\n]*\b(?:cp|scp|sync|upload(?:-batch)?|rsync)\b",
    words=("scp", "rsync", "sftp", "gcloud", "gsutil", "s3", "storage"),
)
"""Commands and actions that copy files to another machine, or to a store from which it takes them."""
_PROFILE = regex(r"--profile[= ]+[\"']?([\w.-]+|\*)")
_LINES_BEFORE = 4
_FOR_VISITORS = frozenset(
    {
        "cloudflared",
        "ngrok",
        "certbot",
        "acme-companion",
        "letsencrypt-nginx-proxy-companion",
        "docker-letsencrypt-nginx-proxy-companion",
    }
)
MAIL_CATCHERS = frozenset({"mailhog", "mailpit", "mailcatcher", "maildev", "smtp4dev", "inbucket", "fake-smtp-server"})
"""Images that take every mail and send none."""
_CERTIFICATES = regex(
    r"certificatesresolvers\.|--certresolver|\bacme\.sh\b|\bcertbot\b",
    words=("--certresolver", "acme.sh", "certbot", "certificatesresolvers."),
)
_DEPLOYMENT = frozenset({"deploy", "deployment", "deployments", "production", "prod", "prd"})
_RESTARTS = regex(
    r"\b(?:systemctl|service)\s+(?:--\S+\s+)*(?:re)?(?:start|load)\b|\bpm2\s+(?:re)?(?:start|load)\b|\bsupervisorctl\b|\bartisan\s+migrate\b"
    r"|\bsystemctl\b[^\n]*\brestart\b|\btouch\s+\S*restart\.txt\b|\bservice\s+\S+\s+(?:restart|reload)\b"
)
"""How a program of the host itself is brought to its new version."""
_CONTAINERS = regex(
    r"\b(?:docker|podman|compose|kubectl|helm|nerdctl|swarm)\b|[\w/-]+\.sh\b|\bmake\s+\w|\bansible\b", re.IGNORECASE
)
"""Words of containers, and of scripts that may start some."""
_MODE = regex(r"(?:^|_)(?:ENV|ENVIRONMENT|ENVIRONMENT_NAME|APP_MODE|STAGE)$")
_RENAMES = regex(
    r"\b(?:scp|cp|mv|rsync|install)\b[^\n;|&]{0,300}?[\s/](?=[\w.+-]*compose)(?P<file>[\w.+-]{1,250}\.ya?ml)[\"']?\s+"
    r"[^\s;|&]{0,300}?(?<![\w.+-])(?:docker-)?compose\.ya?ml(?![\w.+-])",
    words=("compose",),
)
"""A copy of a compose file under the name that Compose looks for."""
_README = regex(r"(?i)readme(?:\.\w+)?")
_PAGES = (".md", ".mdx", ".rst", ".adoc", ".txt")
_ENDINGS = (".service", ".tf", ".tpl", ".tftpl", ".yml", ".yaml", ".ps1", ".bat", ".cmd", ".toml", ".j2")
_JUDGED = frozenset({Layer.IMAGE, Layer.COMPOSE, Layer.CONFIG, Layer.SECRETS, Layer.NETWORK, Layer.BACKUP})
"""Layers whose gaps are about what a stack runs."""
_KEEPS_ITS_OWN = "is what runs in production, and where that keeps its data is not told here"
_REFUSED = "is refused by Compose as it stands, so nothing runs from it yet"
_NOT_IN_USE = "is all that tells of its use, and does not say that others reach it today"
_ABOUT_LOADING = frozenset({"CMP005", "CMP018"})
_DATABASES = frozenset(
    {"POSTGRES_DB", "POSTGRESQL_DATABASE", "MYSQL_DATABASE", "MARIADB_DATABASE", "MONGO_INITDB_DATABASE", "CLICKHOUSE_DB"}
)
"""Variables by which the image of a store is told the name of its database."""
_OF_DEVELOPMENT = regex(r"(?i)(?:.*[_-])?(?:dev|devel|development|local)(?:[_-]?db)?|(?:dev|development|local)[_-].*")
_MODE_OF_CODE = regex(r"(?:.*_)?(?:ENV|ENVIRONMENT|APP_MODE|RUN_MODE|STAGE)|SPRING_PROFILES_ACTIVE")
_ON_THE_OWN_MACHINE = regex(r"https?://(?:localhost|127\.0\.0\.1)(?::\d+)?(?:/.*)?")
_COMPOSE = regex(r"\b(?:docker[ -]?)?compose\b", re.IGNORECASE, words=("compose",))
_MANAGED = regex(
    r"\b(?:Heroku|Render|Railway|Fly\.io|Neon|Supabase|PlanetScale|Aiven|DigitalOcean|DO|AWS|Amazon|Google|Azure|Managed|managed)"
    r"\s+(?:Managed\s+|managed\s+)?(?:Postgres(?:QL)?|MySQL|MongoDB|Redis|[Dd]atabases?|RDS|Aurora)\b"
    r"|\b(?:Cloud SQL|MongoDB Atlas|AWS RDS)\b"
    r"|\bNeon\b|\bSupabase\b|\bPlanetScale\b"
)
"""Stores that a platform keeps, and copies by itself."""
_PRODUCTION = regex(r"\bproduction\b", re.IGNORECASE, words=("production",))
_UNUSED = "starts a store that nothing here was found to use: no other service's settings, no code and no dependency name it"


class Strength(IntEnum):
    """How much shows that a stack runs for others; comparable."""

    NOTHING = 0
    DEVELOPERS = 1
    """Every place that starts it is for people who develop or test."""
    ANYBODY = 2
    """A page or command starts it and does not say for whom."""
    NAMED = 3
    """A make target or npm script starts it whose name speaks of production: beside another way it may be nobody's."""
    OTHERS = 4
    """A page on deployment starts it, or a job or script that deploys."""


@frozen
class Start:
    """A place that starts a stack, and for whom."""

    location: Location
    strength: Strength


@frozen
class _Call:
    """A line that starts containers: the compose files that it names, and the folder of the file it stands in."""

    names: frozenset[str]
    folder: str
    start: Start
    profiles: frozenset[str] = frozenset()
    """The profiles that it turns on."""
    paths: frozenset[str] = frozenset()
    """The files themselves, where who calls the script hands them over."""


def most_severe(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return the highest severity that the evidence for a stack allows a gap of it, why, and the place that shows it; None
    where the gap may stay what it is.
    """
    if gap.severity <= Severity.MEDIUM or gap.layer not in _JUDGED:
        return None
    refused = _refused(project, gap)
    if refused is not None:
        return Severity.MEDIUM, _REFUSED, refused
    if gap.resource in project.unused_stores:
        return Severity.MEDIUM, _UNUSED, _place_of_store(project, gap)
    judged = (check(project, gap) for check in _CHECKS.get(gap.environment, ()))
    return next(filter(None, judged), None)


def _beside_the_deployed(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a service where a job deploys a stack that has one of this name too, and no job this
    one: people may start it by a page, and what the job deploys is what production runs.
    """
    deployed = _deployed_by_jobs(project)
    named = _named(project, gap) if deployed else None
    stacks = _stacks_of(project, gap) or ([named] if named else []) if deployed else []
    files = {path for stack, _ in deployed for path in stack.files}
    if not stacks or gap.primary.path in files or any(not files.isdisjoint(stack.files) for stack in stacks):
        return None
    name = gap.resource.rpartition("/")[2]
    twin = next(((stack, place) for stack, place in deployed if stack.service(name)), None)
    if twin is None:
        return None
    return Severity.MEDIUM, f"deploys {twin[0].files[-1]}, which has a {name} too, and no job deploys this one", twin[1]


@remembered
def _deployed_by_jobs(project: Project) -> tuple[tuple[Stack, Location], ...]:
    """Return the stacks that jobs which deploy for others start on their hosts, by themselves or by a script that they call,
    and the place in the job.
    """
    counted = {EnvironmentClass.BASE, EnvironmentClass.PRODUCTION}
    stacks = [stack for stack in project.stacks if stack.complete and stack.environment in counted and _runs_code(stack)]
    found: dict[str, tuple[Stack, Location]] = {}
    for call in _calls_of_deployments(project) if stacks else ():
        for stack in (stack for stack in stacks if _is_about(project, call, stack)):
            found.setdefault(stack.id, (stack, call.start.location))
    return tuple(found.values())


def _calls_of_deployments(project: Project) -> Iterator[_Call]:
    """Yield the calls of Compose of each job that deploys for others, and of the scripts that it calls by their names."""
    scripts: dict[str, list[_Call]] = {}
    for call in _of_commands(project):
        scripts.setdefault(posixpath.basename(call.start.location.path), []).append(call)
    for workflow in project.workflows:
        if workflow.path in project.owned or path_environment(workflow.path) not in {
            EnvironmentClass.BASE,
            EnvironmentClass.PRODUCTION,
        }:
            continue
        for job in (job for job in workflow.jobs if is_deployment(workflow, job) or renews_a_host(workflow, job)):
            yield from _of_job(workflow, job)
            for step in job.all_steps:
                place = step.run_location or step.location
                for name in dict.fromkeys(match["name"] for match in _SCRIPT.finditer(run_text(step))):
                    yield from (replace(call, start=replace(call.start, location=place)) for call in scripts.get(name, ()))


def _left_at_home(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a set that is called production where a job that deploys brings other files alone to the
    host, and no page on deployment has people start this set.
    """
    stacks = _stacks_of(project, gap)
    brought = _brought(project)
    if not stacks or not brought or any(not brought.keys().isdisjoint(stack.files) for stack in stacks):
        return None
    if any(strength_of(project, stack).strength is Strength.OTHERS for stack in stacks):
        return None
    path, place = next(iter(brought.items()))
    return Severity.MEDIUM, f"brings {path} to the host, and nothing here brings {stacks[0].files[-1]}", place


@remembered
def _brought(project: Project) -> dict[str, Location]:
    """Return the compose files of sets for others that jobs which deploy copy to another machine, with a place for each."""
    others = {EnvironmentClass.BASE, EnvironmentClass.PRODUCTION}
    files = {path for stack in project.stacks if stack.complete and stack.environment in others for path in stack.files}
    found: dict[str, Location] = {}
    for workflow in project.workflows if files else ():
        if workflow.path in project.owned or path_environment(workflow.path) not in others:
            continue
        jobs = (job for job in workflow.jobs if is_deployment(workflow, job) or "deploy" in f"{job.id} {job.name}".lower())
        for step in (step for job in jobs for step in job.all_steps):
            lines = [line for line in run_text(step).splitlines() if _COPIES.search(line)]
            lines += [step.input("source")] if _COPIES.search(step.action) else []
            words = {word.strip("\"',;").removeprefix("./") for line in lines for word in re.split(r"[\s,]+", line)}
            for path in sorted(files & words):
                found.setdefault(path, step.run_location or step.location)
    return found


def _of_staging(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a set for staging that nothing starts, beside one for production that something does."""
    stacks = _stacks_of(project, gap)
    starts = [strength_of(project, stack) for stack in stacks]
    main = project.main_stack
    if not starts or any(start.strength is not Strength.NOTHING for start in starts) or main is None or main in stacks:
        return None
    return _capped(starts[0], stacks[0]) if strength_of(project, main).strength is Strength.OTHERS else None


def _refused(project: Project, gap: Gap) -> Location | None:
    """Return where a stack begins that Compose does not load, for a gap of what that stack would run."""
    stacks = _stacks_of(project, gap) if gap.code not in _ABOUT_LOADING else []
    return Location(stacks[0].files[0], 1) if stacks and not any(stack.complete for stack in stacks) else None


def _asleep(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap of a service in a stack for production whose profile no env file and no command turns on."""
    stack = _named(project, gap)
    service = stack.service(gap.resource.rpartition("/")[2]) if stack else None
    if service is None or not service.profiles:
        return None
    asked = {"*", *service.profiles}
    if asked & set(active_profiles(project)) or any(
        asked & call.profiles and call.start.strength > Strength.DEVELOPERS for call in _calls(project)
    ):
        return None
    return Severity.MEDIUM, "is behind a profile that nothing in this repository turns on", service.location


def _by_start(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what those who start the stacks of a gap allow, as `most_severe` does."""
    stacks = _stacks_of(project, gap)
    if not stacks:
        return _of_code(project, gap)
    catcher = _catcher(stacks)
    if catcher is not None:
        return Severity.MEDIUM, "catches every mail for developers to read, so no visitor of this stack gets one", catcher
    corrected = _corrected(project, gap)
    if corrected is not None:
        return corrected
    # What production runs instead of a stack lacks the copy of its data as well.
    counted = project.stacks if gap.layer is Layer.BACKUP else stacks
    start = max((strength_of(project, stack) for stack in counted), key=lambda item: item.strength)
    other = _other_way(project, stacks)
    bench = _of_developers(project, stacks) if start.strength in {Strength.NOTHING, Strength.ANYBODY} else None
    if bench:
        return Severity.MEDIUM, *bench
    if gap.layer is Layer.BACKUP and (start.strength >= Strength.ANYBODY or other):
        platform = _platform(project) if start.strength <= Strength.NAMED else None
        return (Severity.MEDIUM, _KEEPS_ITS_OWN, platform) if platform else None
    behind = _behind_profiles(project, gap, stacks)
    if behind is not None:
        start = min(start, behind, key=lambda item: item.strength)
    capped = _by_strength(project, stacks, start, other)
    return capped or _not_in_use(project, gap, stacks, start)


def _not_in_use(project: Project, gap: Gap, stacks: list[Stack], start: Start) -> tuple[Severity, str, Location] | None:
    """Return what counts of a critical gap where nothing says that others reach the stack today: it stays what has to be
    mended before they do.
    """
    if gap.severity is not Severity.CRITICAL or (start.strength is Strength.OTHERS and project.main_stack in stacks):
        return None
    return Severity.HIGH, _NOT_IN_USE, start.location


def _of_code(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a default in code whose only stack developers start, where no job brings it to others."""
    main = project.main_stack
    if gap.code != "SEC003" or main is None or main.environment is not EnvironmentClass.BASE:
        return None
    if path_environment(gap.primary.path) is EnvironmentClass.PRODUCTION:
        return None
    start = strength_of(project, main)
    jobs = ((workflow, job) for workflow in project.workflows for job in workflow.jobs)
    brought = any(
        is_deployment(workflow, job) or any(step.action in BUILD_ACTIONS for step in job.all_steps) for workflow, job in jobs
    )
    if start.strength is not Strength.DEVELOPERS or brought or _other_way(project, [main]):
        return None
    return _capped(start, main)


def _catcher(stacks: list[Stack]) -> Location | None:
    """Return the service that takes the mails of all stacks and sends none, where it is started with the others."""
    found = [known(_catcher_of, stack) for stack in stacks]
    return found[0] if all(found) else None


def _catcher_of(stack: Stack) -> Location | None:
    services = (item for item in stack.services if item.image and item.image.name in MAIL_CATCHERS and not item.profiles)
    return next((service.location for service in services), None)


def _corrected(project: Project, gap: Gap) -> tuple[Severity, str, Location] | None:
    """Return what counts of a gap that a base has alone: the set for production lays a file over it with which the gap is gone,
    and nobody is told to deploy the base without that file.
    """
    main = project.main_stack
    base = _named(project, gap)
    if main is None or main.environment is not EnvironmentClass.PRODUCTION or base is None or not project.is_covered(base):
        return None
    overlay = next((path for path in main.files if path not in base.files and path not in project.owned), None)
    names = {posixpath.basename(path) for path in base.files}
    alone = (call.start for call in _calls(project) if call.names <= names and _is_about(project, call, base))
    if overlay is None or max((start.strength for start in alone), default=Strength.NOTHING) >= Strength.OTHERS:
        return None
    return (
        Severity.MEDIUM,
        f"corrects it for production, and nothing says that {base.files[0]} runs there alone",
        Location(overlay, 1),
    )


def _named(project: Project, gap: Gap) -> Stack | None:
    """Return the stack that a gap names as its resource."""
    named = [stack for stack in project.stacks if gap.resource.startswith(f"{stack.id}/")]
    return max(named, key=lambda stack: len(stack.id), default=None)


def _by_strength(
    project: Project, stacks: list[Stack], start: Start, other: Location | None
) -> tuple[Severity, str, Location] | None:
    """Return what the strongest start of stacks allows beside another way to run, None where it allows everything."""
    if start.strength in {Strength.ANYBODY, Strength.NAMED} and other:
        return Severity.MEDIUM, f"is what runs in production, and nothing says that {stacks[0].files[0]} does", other
    if start.strength is Strength.NOTHING and project.main_stack in stacks and (not other or _runs_releases(project, stacks)):
        return None  # No page says how the application is run: then this is the only way, or one, that the files offer to all.
    return _capped(start, stacks[0]) if start.strength < Strength.ANYBODY else None


def _runs_releases(project: Project, stacks: list[Stack]) -> bool:
    """Whether stacks run nothing of the project but images that it has released: for people who have none of its sources."""
    own = [service for stack in stacks for service in stack.services if service.is_application]
    return bool(own) and all(service.build is None and is_own_image(project, service.image) for service in own)


def _place_of_store(project: Project, gap: Gap) -> Location:
    """Return where the service stands that a gap is about."""
    name = gap.resource.rpartition("/")[2]
    services = (stack.service(name) for stack in project.stacks if stack.resource(name) == gap.resource)
    return next((service.location for service in services if service), gap.primary)


def _capped(start: Start, stack: Stack) -> tuple[Severity, str, Location]:
    if start.strength is Strength.NOTHING:
        return Severity.MEDIUM, "is started by nothing in this repository", start.location
    return Severity.MEDIUM, f"starts {stack.files[0]} for development, and nothing here for anybody else", start.location


def strength_of(project: Project, stack: Stack) -> Start:
    """Return the strongest evidence that a stack runs for others; the file itself where nothing starts it."""
    return known(_strength_of, project, stack)


def _strength_of(project: Project, stack: Stack) -> Start:
    meant = (stack, *(other for other in project.stacks if other is not stack and _takes_in(project, other, stack)))
    found = [call.start for call in _calls(project) if any(_is_about(project, call, item) for item in meant)]
    found += _of_itself(stack)
    strongest = max(found, key=lambda start: start.strength, default=Start(Location(stack.files[0], 1), Strength.NOTHING))
    return (_by_the_readme(found) or strongest) if strongest.strength is Strength.ANYBODY else strongest


def _by_the_readme(starts: list[Start]) -> Start | None:
    """Return the start of the project's own README where it is for developers each time: a page further down that does not say
    for whom it is means the same people.
    """
    told = [start for start in starts if _README.fullmatch(start.location.path)]
    pages = all(start.location.path.endswith(_PAGES) for start in starts)
    return told[0] if told and pages and all(start.strength is Strength.DEVELOPERS for start in told) else None


def _behind_profiles(project: Project, gap: Gap, stacks: list[Stack]) -> Start | None:
    """Return the strongest evidence for a service that no env file turns on, by the calls that name its profile; None for a
    service without a profile, and where no call names it.
    """
    name = gap.resource.rpartition("/")[2]
    services = [service for stack in stacks if gap.resource == stack.resource(name) for service in stack.services]
    service = next((item for item in services if item.name == name and item.profiles), None)
    if service is None or {"*", *service.profiles} & {*active_profiles(project), *commented_profiles(project)}:
        return None
    starts = [call.start for call in _calls(project) if call.profiles & {"*", *service.profiles}]
    return max(starts, key=lambda start: start.strength, default=None)


def runs_for_others(project: Project, stack: Stack) -> bool:
    """Whether a stack is the main one, of the class production, or started for others than its developers."""
    chosen = stack is project.main_stack or stack.environment is EnvironmentClass.PRODUCTION
    return chosen or strength_of(project, stack).strength >= Strength.ANYBODY


def _of_itself(stack: Stack) -> Iterator[Start]:
    """Yield the services that only a stack with visitors has: a tunnel from the internet, an agent for certificates; and what
    is mounted from a folder for deployment.
    """
    for service in stack.services:
        words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
        public = service.image is not None and service.image.name in _FOR_VISITORS
        if public or _CERTIFICATES.search(words):
            yield Start(service.location, Strength.ANYBODY)
        for mount in service.mounts:
            if mount.resolved and _DEPLOYMENT & set(mount.resolved.split("/")[:-1]):
                yield Start(mount.location, Strength.ANYBODY)
        for path, location in service.env_files:
            if _DEPLOYMENT & set(path.split("/")[:-1]):
                yield Start(location, Strength.ANYBODY)


def _stacks_of(project: Project, gap: Gap) -> list[Stack]:
    """Return the stacks whose lines a gap is about, those included that take the lines in from another file; what the same
    files start for developers only where the gap names it.
    """
    path = gap.primary.path
    if not any(file.path == path for file in project.compose_files) and path not in _extended(project):
        return []
    longest = _named(project, gap)
    holding = [
        stack
        for stack in project.stacks
        if not stack.is_of_developers and (path in stack.files or any(s.location.path == path for s in stack.services))
    ]
    return [*([longest] if longest else ()), *(stack for stack in holding if stack is not longest)]


@remembered
def _extended(project: Project) -> frozenset[str]:
    """Return the files that services extend and that are no compose files by their name."""
    found = set()
    for file in project.compose_files:
        services = file.node.get("services")
        for entry in services.entries if isinstance(services, Mapping) else ():
            named = find(entry.value, "extends", "file")
            if isinstance(named, Scalar):
                found.add(posixpath.normpath(posixpath.join(posixpath.dirname(file.path), named.value)))
    return frozenset(found)


def _other_way(project: Project, stacks: list[Stack]) -> Location | None:
    """Return a place that shows another way to run the applications in production: a stack of that class, or packaging."""
    files = {path for stack in stacks for path in stack.files}
    for stack in project.stacks:
        apart = stack.complete and project.owned.union(files).isdisjoint(stack.files)
        if apart and _runs_code(stack) and stack.environment is EnvironmentClass.PRODUCTION:
            return Location(stack.files[0], 1)
    outside = not any(_is_of_deployment(stack) for stack in stacks)
    kept = all(_is_kept(project, item) for item in stacks)
    for stack in _deployed(project) if kept or outside else ():
        if (kept or _is_of_deployment(stack)) and files.isdisjoint(stack.files):
            return Location(stack.files[0], 1)
    packaged = (item.location for item in foreign_infrastructure(project) if item.kind in PACKAGING)
    return next(packaged, None) or _platform(project) or _told_for_a_cluster(project)


@remembered
def _told_for_a_cluster(project: Project) -> Location | None:
    """Return the first line by which a page on deployment brings the application to a cluster, and speaks of no Compose."""
    for page in project.docs:
        if page.path in project.owned or not _ON_A_CLUSTER.search(page.text) or _COMPOSE.search(page.text):
            continue
        lines = page.text.splitlines()
        for number, line in enumerate(lines, 1):
            if _ON_A_CLUSTER.search(line) and strength_of_line(page, lines, number) is Strength.OTHERS:
                return Location(page.path, number)
    return None


def _runs_code(stack: Stack) -> bool:
    return known(_has_application, stack)


def _has_application(stack: Stack) -> bool:
    return any(service.is_application for service in stack.services)


def _is_of_deployment(stack: Stack) -> bool:
    """Whether the files of a stack lie in a folder for deployment."""
    return bool(_DEPLOYMENT & set(stack.directory.split("/")))


@remembered
def _deployed(project: Project) -> tuple[Stack, ...]:
    return tuple(stack for stack in project.stacks if _is_deployed(project, stack))


def _is_deployed(project: Project, stack: Stack) -> bool:
    """Whether a stack that is no developer's brings the application to others by a page, a job or a script that deploys."""
    if not stack.complete or not _runs_code(stack) or not project.owned.isdisjoint(stack.files):
        return False
    chosen = stack.environment in {EnvironmentClass.BASE, EnvironmentClass.PRODUCTION}
    return chosen and strength_of(project, stack).strength is Strength.OTHERS


def _is_kept(project: Project, stack: Stack) -> bool:
    """Whether a stack starts stores alone, and the infrastructure code has a managed one for each."""
    return known(_has_managed_stores, project, stack)


def _has_managed_stores(project: Project, stack: Stack) -> bool:
    types = resource_types(foreign_infrastructure(project))
    stores = [service for service in stack.services if service.is_datastore]
    return bool(stores) and not _runs_code(stack) and all(is_kept(service, types) for service in stores)


def is_beside_production(project: Project, stack: Stack) -> bool:
    """Whether a stack of the class base starts stores for developers: production has managed ones, and another stack is what
    brings the application to others.
    """
    if stack.environment is not EnvironmentClass.BASE or not _is_kept(project, stack):
        return False
    others = (other for other in _deployed(project) if set(other.files).isdisjoint(stack.files))
    return next(others, None) is not None and strength_of(project, stack).strength < Strength.OTHERS


def _platform(project: Project) -> Location | None:
    """Return the file of a platform that runs the application, or the job that does so on a host without containers."""
    files = (item.location for item in foreign_infrastructure(project) if item.kind == "paas")
    return next(files, None) or next(_without_containers(project), None)


def _of_developers(project: Project, stacks: list[Stack]) -> tuple[str, Location] | None:
    """Return what says of stacks that developers run them, and where it stands."""
    bench = _of_a_workbench(stacks)
    if bench:
        return "says that developers run it, who mount their sources, and nothing here that others do", bench
    return known(_signs_of_developers, project, stacks[0])


def _of_a_workbench(stacks: list[Stack]) -> Location | None:
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
            value = (entry.value or "").lower()
            mode = _MODE.search(entry.name) and path_environment(value) is EnvironmentClass.DEV
            debug = entry.name.endswith("DEBUG") and means_true(value)
            if (mode or debug) and not entry.references and entry.source == "environment":
                return entry.location
    return None


def _signs_of_developers(project: Project, stack: Stack) -> tuple[str, Location] | None:
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
    mode = next((e for s, e in entries if s.is_application and _is_mode_of_development(e.name, e.value or "")), None)
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


def _is_mode_of_development(name: str, value: str) -> bool:
    return bool(_MODE_OF_CODE.fullmatch(name)) and path_environment(value.lower()) is EnvironmentClass.DEV


@remembered
def _said_of_compose(project: Project) -> tuple[str, Location] | None:
    """Return the first line of a page that calls Compose what people develop with."""
    for page, number, line in _lines_of_pages(project):
        if _COMPOSE.search(line) and _SAID_BEFORE.search(line) and not _FOR_OTHERS.search(line):
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
        if page.path not in project.owned and not _OF_AGENTS.fullmatch(page.path):
            for number, line in enumerate(page.text.splitlines(), 1):
                yield page, number, line


def _says_production(service: Service) -> bool:
    """Whether a service is told that it runs in production, by itself or where nobody says otherwise."""
    return any(
        _MODE.search(entry.name) and path_environment((entry.value or "").lower()) is EnvironmentClass.PRODUCTION
        for entry in service.environment
    )


def _without_containers(project: Project) -> Iterator[Location]:
    """Yield the jobs that bring the application to a host over SSH and restart it there, and name no container at all."""
    for workflow in project.workflows:
        for job in workflow.jobs:
            text = "\n".join(run_text(step) for step in job.all_steps)
            if any(is_elsewhere(step) for step in job.all_steps) and _RESTARTS.search(text) and not _CONTAINERS.search(text):
                yield job.location


# --- which places start which stack -----------------------------------------------------------------------------------


def _takes_in(project: Project, other: Stack, stack: Stack) -> bool:
    """Whether a file of another stack names one of this stack's, as `include` and `extends` do."""
    names = [name for path in stack.files if (name := posixpath.basename(path)) not in DEFAULT_FILES]
    texts = (project.source(path) or "" for path in other.files if path not in stack.files) if names else ()
    return any(name in text for text in texts for name in names)


def _names_of_files(stack: Stack) -> tuple[str, ...]:
    return tuple(map(posixpath.basename, stack.files))


def _is_about(project: Project, call: _Call, stack: Stack) -> bool:
    names = known(_names_of_files, stack)
    if call.paths:
        return not call.paths.isdisjoint(stack.files)
    if call.names:
        return not call.names.isdisjoint(names) and not _is_of_another(project, call, stack)
    if names[0] not in DEFAULT_FILES:
        return False
    defaults = _folders_with_default_files(project)
    if call.folder in defaults:
        return stack.directory == call.folder
    return stack.directory == "" or len(defaults) == 1 or stack.directory.startswith(f"{call.folder}/" if call.folder else "")


def _is_of_another(project: Project, call: _Call, stack: Stack) -> bool:
    """Whether a set in the folder of a call has all the files that it names, where this one of another folder lacks some."""
    if call.names <= frozenset(known(_names_of_files, stack)):
        return False
    beside = (other for other in project.stacks if other.directory == call.folder != stack.directory)
    return any(
        call.names <= frozenset(known(_names_of_files, other)) and set(other.files).isdisjoint(stack.files) for other in beside
    )


@remembered
def _folders_with_default_files(project: Project) -> frozenset[str]:
    return frozenset(other.directory for other in project.stacks if posixpath.basename(other.files[0]) in DEFAULT_FILES)


@remembered
def _calls(project: Project) -> tuple[_Call, ...]:
    pages = [page for page in project.docs if page.path not in project.owned and "changelog" not in page.path.lower()]
    found = (*(call for page in pages for call in _of_page(page)), *_of_commands(project), *_of_workflows(project))
    return (*found, *_of_texts(project, {call.start.location.path for call in found}))


def _of_page(page: DocFile) -> Iterator[_Call]:
    if "compose" not in page.text and "stack deploy" not in page.text:
        return
    lines = page.text.splitlines()
    for number, line in enumerate(lines, 1):
        # That a page names a file says that people start it.
        names = frozenset(_COMPOSE_FILE.findall(line)).difference(DEFAULT_FILES)
        if names or STARTS_CONTAINERS.search(line):
            start = Start(Location(page.path, number), strength_of_line(page, lines, number))
            yield _Call(names | named_files(line), posixpath.dirname(page.path), start, _profiles(line))


def strength_of_line(page: DocFile, lines: list[str], number: int) -> Strength:
    """Return for whom a line of a page is, by the words before it, a comment above it, the headings from the nearest on, and
    the page.
    """
    before = " ".join(lines[max(0, number - 1 - _LINES_BEFORE) : number])
    if _SAID_BEFORE.search(before):
        return Strength.DEVELOPERS
    comment = lines[number - 2].strip() if number > 1 and lines[number - 2].lstrip().startswith("#") else ""
    title = page.headings[0] if page.headings else None
    level, headings = 9, []
    for heading in reversed([item for item in page.headings if item.location.line < number]):
        if heading.level < level and heading is not title:
            headings.append(heading.text)
            level = heading.level
    strengths = (_strength_of_words(text, is_name=text == page.path) for text in (comment, *headings, page.path))
    said = next((strength for strength in strengths if strength is not Strength.ANYBODY), Strength.ANYBODY)
    return min(said, Strength.ANYBODY) if _OF_AGENTS.fullmatch(page.path) else said


def _strength_of_words(text: str, *, is_name: bool = True) -> Strength:
    spaced = re.sub(r"[_/.-]+", " ", text)
    inside = bool(_FOR_DEVELOPERS.search(spaced))
    outside = bool(_FOR_OTHERS.search(spaced)) or (is_name and bool(_INSTALLS.search(spaced)))
    if inside == outside:
        return Strength.ANYBODY
    return Strength.DEVELOPERS if inside else Strength.OTHERS


def _of_commands(project: Project) -> Iterator[_Call]:
    for command in project.commands:
        if command.context in {"doc", "workflow"} or command.location.path in project.owned:
            continue
        if STARTS_CONTAINERS.search(command.text):
            names = _files_by_name(project, command)
            words = f"{command.owner} {posixpath.basename(command.location.path)} {' '.join(names)}"
            folder = posixpath.dirname(command.location.path)
            strength = Strength.OTHERS if command.context == "playbook" else _strength_of_words(words)
            if command.context in {"makefile", "package"}:
                strength = min(strength, Strength.NAMED)
            if says_it_is_for_tests(project.source(command.location.path) or ""):
                strength = min(strength, Strength.DEVELOPERS)
            paths = _handed_over(project).get(posixpath.basename(command.location.path), frozenset())
            if names or paths or not hides_its_file(command.text):
                yield _Call(names, folder, Start(command.location, strength), _profiles(command.text), paths)


def _files_by_name(project: Project, command: Command) -> frozenset[str]:
    """Return the names of the compose files that a command hands over, in variables of its script or Makefile as well."""
    values = known(file_values, project.source(command.location.path) or "")
    return frozenset(name for text in filled_in(command.text, values) for name in named_files(text))


@remembered
def _handed_over(project: Project) -> dict[str, frozenset[str]]:
    """Return the compose files that callers hand to each script, by its name: `COMPOSE_FILE=deploy/compose.yml ./deploy.sh`."""
    there = {file.path for file in project.compose_files}
    steps = (step for workflow in project.workflows for job in workflow.jobs for step in job.all_steps)
    lines = (line for step in steps for line in run_text(step).splitlines())
    found: dict[str, frozenset[str]] = {}
    for text in (*(command.text for command in project.commands), *lines):
        paths = there.intersection(listed_files(text))
        for match in _SCRIPT.finditer(text) if paths else ():
            found[match["name"]] = found.get(match["name"], frozenset()) | paths
    return found


def _of_workflows(project: Project) -> Iterator[_Call]:
    for workflow in project.workflows:
        for job in workflow.jobs:
            yield from _of_job(workflow, job)


def _of_job(workflow: Workflow, job: Job) -> Iterator[_Call]:
    brought = _renamed("\n".join(run_text(step) for step in job.all_steps))
    for step in job.all_steps:
        place = step.run_location or step.location
        lines = commands_of(Line(text.strip(), place) for text in run_text(step).splitlines() if text.strip())
        for line in (item.text for item in lines if STARTS_CONTAINERS.search(item.text)):
            away = is_deployment(workflow, job) or starts_elsewhere(job, step)
            strength = Strength.OTHERS if away else Strength.DEVELOPERS
            yield _Call(named_files(line) or brought, "", Start(place, strength), _profiles(line))


def _renamed(text: str) -> frozenset[str]:
    """Return the files that a job puts in place of the one that Compose finds by itself: a start without a name is theirs."""
    return frozenset(match["file"] for match in _RENAMES.finditer(text) if match["file"] not in DEFAULT_FILES)


def _of_texts(project: Project, known: set[str]) -> Iterator[_Call]:
    """Units, playbooks, data of a new host, batch files, and the usage that a compose file tells of itself."""
    for source in project.sources:
        apart = source.path not in known and source.path not in project.owned and not source.path.startswith(".github/")
        if apart and source.path.endswith(_ENDINGS) and "compose" in source.text:
            for number, line in enumerate(source.text.splitlines(), 1):
                if STARTS_CONTAINERS.search(line):
                    start = Start(Location(source.path, number), _strength_of_words(source.path))
                    yield _Call(named_files(line), posixpath.dirname(source.path), start, _profiles(line))


def _profiles(text: str) -> frozenset[str]:
    return frozenset(_PROFILE.findall(text))


_CHECKS: dict[EnvironmentClass | None, tuple[Callable[[Project, Gap], tuple[Severity, str, Location] | None], ...]] = {
    EnvironmentClass.PRODUCTION: (_beside_the_deployed, _asleep, _left_at_home),
    EnvironmentClass.STAGING: (_of_staging,),
    EnvironmentClass.BASE: (_beside_the_deployed, _by_start),
}
"""What can lower a gap of a set of each class, the first that does."""
