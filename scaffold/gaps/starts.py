"""Which places start which stack, and for whom: pages, jobs, scripts and units."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from enum import IntEnum
from itertools import islice, takewhile

from scaffold.gaps.facts import DEFAULT_FILES, path_environment
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Stack
from scaffold.model.deployments import (
    RENAMES,
    STARTS_CONTAINERS,
    Line,
    commands_of,
    hides_its_file,
    is_deployment,
    listed_files,
    named_files,
    renews_a_host,
    run_text,
    starts_elsewhere,
)
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.heads import says_it_is_for_tests
from scaffold.model.known import known
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, DocFile, Heading, Job, Project, Workflow
from scaffold.model.regex import regex
from scaffold.model.shell_values import file_values, filled_in

_COMPOSE_FILE = regex(
    r"(?<![\w.+-])((?:[\w+-]+[._-])?(?:docker-|podman-)?compose(?:[._-][\w.+-]+)?\.ya?ml)\b", words=("compose",)
)
FOR_DEVELOPERS = regex(
    r"(?<![a-z])(?:local\w*|devs?|develop(?:ment|ers?|ing)?|contribut\w*|hacking|debug\w*|tests?|testing|e2e|ci|agents|claude)(?![a-z])",
    re.IGNORECASE,
)
FOR_OTHERS = regex(
    r"(?<![a-z])(?:deploy\w*|prod|production|self[- ]?host\w*|servers?|vps|hosting|operat\w+|releas\w+|upgrad\w*"
    r"|staging|live|user_?data|provision\w*|bootstrap)(?![a-z])",
    re.IGNORECASE,
)
_INSTALLS = regex(r"(?<![a-z])(?:install\w*|update\w*)(?![a-z])", re.IGNORECASE)
"""A page or script of that name is for who runs the product; above a step on another page the word is a developer's as well."""
SAID_BEFORE = regex(
    r"\blocally\b|\b(?:for|in|your)\s+(?:local\s+)?(?:development|testing|developers)\b"
    r"|\blocal (?:machine|develop\w+|deployment|env\w*)\b|\bdevelopment (?:env\w*|stack|setup|mode|server)\b",
    re.IGNORECASE,
)
OF_AGENTS = regex(
    r"(?i)(?:.*/)?(?:claude|agents?|gemini|copilot-instructions)\.(?:local\.)?mdx?|(?:.*/)?\.(?:cursor|claude|windsurf)/.*"
)
"""Pages for programs that write code: where they say how to deploy, they repeat what developers call so."""
_SCRIPT = regex(r"(?<![\w.-])(?P<name>[\w-]{1,80}\.(?:sh|bash))\b", words=(".sh", ".bash"))
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
_CERTIFICATES = regex(
    r"certificatesresolvers\.|--certresolver|\bacme\.sh\b|\bcertbot\b",
    words=("--certresolver", "acme.sh", "certbot", "certificatesresolvers."),
)
DEPLOYMENT_FOLDERS = frozenset({"deploy", "deployment", "deployments", "production", "prod", "prd"})
_README = regex(r"(?i)readme(?:\.\w+)?")
PAGES = (".md", ".mdx", ".rst", ".adoc", ".txt")
_ENDINGS = (".service", ".tf", ".tpl", ".tftpl", ".yml", ".yaml", ".ps1", ".bat", ".cmd", ".toml", ".j2")
NAMES_COMPOSE = regex(r"\b(?:docker[ -]?)?compose\b", re.IGNORECASE, words=("compose",))
_OF_PRODUCTION = regex(r"\bprod(?:uction)?\b", re.IGNORECASE, words=("prod",))
_FIRST_LINES = 3
"""Lines of a section that say what it is about."""


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
class Call:
    """A line that starts containers: the compose files that it names, and the folder of the file it stands in."""

    names: frozenset[str]
    folder: str
    start: Start
    profiles: frozenset[str] = frozenset()
    """The profiles that it turns on."""
    paths: frozenset[str] = frozenset()
    """The files themselves, where who calls the script hands them over."""


def workflows_for_others(project: Project) -> Iterator[Workflow]:
    """Yield the workflows that scaffold did not write and whose names speak of no developers, tests or staging."""
    counted = {EnvironmentClass.BASE, EnvironmentClass.PRODUCTION}
    for workflow in project.workflows:
        if workflow.path not in project.owned and path_environment(workflow.path) in counted:
            yield workflow


def calls_of_deployments(project: Project) -> Iterator[Call]:
    """Yield the calls of Compose of each job that deploys for others, and of the scripts that it calls by their names."""
    scripts: dict[str, list[Call]] = {}
    for call in _of_commands(project):
        scripts.setdefault(posixpath.basename(call.start.location.path), []).append(call)
    for workflow in workflows_for_others(project):
        for job in (job for job in workflow.jobs if is_deployment(workflow, job) or renews_a_host(workflow, job)):
            yield from _of_job(workflow, job)
            for step in job.all_steps:
                place = step.run_location or step.location
                for name in dict.fromkeys(match["name"] for match in _SCRIPT.finditer(run_text(step))):
                    yield from (replace(call, start=replace(call.start, location=place)) for call in scripts.get(name, ()))


def strength_of(project: Project, stack: Stack) -> Start:
    """Return the strongest evidence that a stack runs for others; the file itself where nothing starts it."""
    return known(_strength_of, project, stack)


def _strength_of(project: Project, stack: Stack) -> Start:
    names = [name for name in known(_names_of_files, stack) if name not in DEFAULT_FILES]
    others = (other for other in project.stacks if other is not stack and _takes_in(project, other, stack, names))
    meant = (stack, *others) if names else (stack,)
    found = [call.start for call in calls_of(project) if any(is_about(project, call, item) for item in meant)]
    found += _of_itself(stack)
    strongest = max(found, key=lambda start: start.strength, default=Start(Location(stack.files[0], 1), Strength.NOTHING))
    return (_by_the_readme(found) or strongest) if strongest.strength is Strength.ANYBODY else strongest


def _by_the_readme(starts: list[Start]) -> Start | None:
    """Return the start of the project's own README where it is for developers each time: a page further down that does not say
    for whom it is means the same people.
    """
    told = [start for start in starts if _README.fullmatch(start.location.path)]
    pages = all(start.location.path.endswith(PAGES) for start in starts)
    return told[0] if told and pages and all(start.strength is Strength.DEVELOPERS for start in told) else None


def runs_for_others(project: Project, stack: Stack) -> bool:
    """Whether a stack is the main one, of the class production, or started for others than its developers."""
    chosen = stack is project.main_stack or stack.environment is EnvironmentClass.PRODUCTION
    return chosen or strength_of(project, stack).strength >= Strength.ANYBODY


def has_visitors(stack: Stack) -> bool:
    """Whether a stack has what only one with visitors has: a tunnel, an agent for certificates, files of a deployment."""
    return known(_shows_visitors, stack)


def _shows_visitors(stack: Stack) -> bool:
    return next(_of_itself(stack), None) is not None


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
            if mount.resolved and DEPLOYMENT_FOLDERS & set(mount.resolved.split("/")[:-1]):
                yield Start(mount.location, Strength.ANYBODY)
        for path, location in service.env_files:
            if DEPLOYMENT_FOLDERS & set(path.split("/")[:-1]):
                yield Start(location, Strength.ANYBODY)


def _takes_in(project: Project, other: Stack, stack: Stack, names: list[str]) -> bool:
    """Whether a file of another stack says one of the names of this stack's, as `include` and `extends` do."""
    texts = (project.source(path) or "" for path in other.files if path not in stack.files)
    return any(name in text for text in texts for name in names)


def _names_of_files(stack: Stack) -> tuple[str, ...]:
    return tuple(map(posixpath.basename, stack.files))


def is_about(project: Project, call: Call, stack: Stack) -> bool:
    """Whether a call starts this stack: by the paths or names that it hands over, else as what Compose finds in its folder."""
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


def _is_of_another(project: Project, call: Call, stack: Stack) -> bool:
    """Whether a set in the folder of a call has all the files that it names, where this one of another folder lacks some."""
    if call.names <= frozenset(known(_names_of_files, stack)):
        return False
    beside = _by_folder(project).get(call.folder, ()) if call.folder != stack.directory else ()
    return any(
        call.names <= frozenset(known(_names_of_files, other)) and set(other.files).isdisjoint(stack.files) for other in beside
    )


@remembered
def _by_folder(project: Project) -> dict[str, list[Stack]]:
    found: dict[str, list[Stack]] = {}
    for stack in project.stacks:
        found.setdefault(stack.directory, []).append(stack)
    return found


@remembered
def _folders_with_default_files(project: Project) -> frozenset[str]:
    return frozenset(other.directory for other in project.stacks if posixpath.basename(other.files[0]) in DEFAULT_FILES)


@remembered
def calls_of(project: Project) -> tuple[Call, ...]:
    """Return every line that starts containers: of pages, scripts, Makefiles, jobs, units and compose files' own usage."""
    pages = [page for page in project.docs if page.path not in project.owned and "changelog" not in page.path.lower()]
    found = (*(call for page in pages for call in _of_page(page)), *_of_commands(project), *_of_workflows(project))
    return (*found, *_of_texts(project, {call.start.location.path for call in found}))


def _of_page(page: DocFile) -> Iterator[Call]:
    if "compose" not in page.text and "stack deploy" not in page.text:
        return
    lines = page.text.splitlines()
    for number, line in enumerate(lines, 1):
        # That a page names a file says that people start it.
        names = frozenset(_COMPOSE_FILE.findall(line)).difference(DEFAULT_FILES)
        if names or STARTS_CONTAINERS.search(line):
            start = Start(Location(page.path, number), strength_of_line(page, lines, number))
            yield Call(names | named_files(line), posixpath.dirname(page.path), start, _profiles(line))


def strength_of_line(page: DocFile, lines: list[str], number: int) -> Strength:
    """Return for whom a line of a page is, by the words before it, a comment above it, the headings from the nearest on, and
    the page.
    """
    before = " ".join(lines[max(0, number - 1 - _LINES_BEFORE) : number])
    if SAID_BEFORE.search(before):
        return Strength.DEVELOPERS
    comment = lines[number - 2].strip() if number > 1 and lines[number - 2].lstrip().startswith("#") else ""
    places, headings = known(_headings, page)
    section = bisect_left(places, number)
    opened = known(_opened_for_developers, page)
    if opened[section]:
        return Strength.DEVELOPERS
    # Where a section says that Compose is for developers, the name of the page says nothing of its other calls.
    texts = (comment, *headings[section], *(() if any(opened) else (page.path,)))
    strengths = (_strength_of_words(text, is_name=text == page.path) for text in texts)
    said = next((strength for strength in strengths if strength is not Strength.ANYBODY), Strength.ANYBODY)
    return min(said, Strength.ANYBODY) if OF_AGENTS.fullmatch(page.path) else said


def _headings(page: DocFile) -> tuple[list[int], list[tuple[str, ...]]]:
    """Return the lines of the headings of a page, and what stands above each of them: the headings that a line there is below,
    the nearest first and the title left out. One more is for what comes behind the last heading.
    """
    found: list[tuple[str, ...]] = [()]
    open_ones: list[Heading] = []
    for heading in page.headings:
        if heading is not page.headings[0]:
            open_ones = [item for item in open_ones if item.level < heading.level]
            open_ones.append(heading)
        found.append(tuple(item.text for item in reversed(open_ones)))
    return [item.location.line for item in page.headings], found


def _opened_for_developers(page: DocFile) -> tuple[bool, ...]:
    """Return for each section of a page, the part above the first heading included, whether its first words, or those of the
    section that it is a part of, say that Compose is what people develop with.
    """
    lines = page.text.splitlines()
    found = [False]
    open_ones: list[tuple[int, bool]] = []
    for heading in page.headings:
        open_ones = [item for item in open_ones if item[0] < heading.level]
        says = any(map(_is_for_developing, _first_words(lines, heading.location.line)))
        found.append(says or any(above for _, above in open_ones))
        if heading is not page.headings[0]:
            open_ones.append((heading.level, says))
    return tuple(found)


def _first_words(lines: list[str], start: int) -> list[str]:
    written = (line for line in islice(lines, start, start + 2 * _FIRST_LINES) if line.strip())
    return list(islice(takewhile(lambda line: not line.startswith(("#", "```", "    ")), written), _FIRST_LINES))


def _is_for_developing(line: str) -> bool:
    return bool(NAMES_COMPOSE.search(line) and SAID_BEFORE.search(line) and not _OF_PRODUCTION.search(line))


def _strength_of_words(text: str, *, is_name: bool = True) -> Strength:
    spaced = re.sub(r"[_/.-]+", " ", text)
    inside = bool(FOR_DEVELOPERS.search(spaced))
    outside = bool(FOR_OTHERS.search(spaced)) or (is_name and bool(_INSTALLS.search(spaced)))
    if inside == outside:
        return Strength.ANYBODY
    return Strength.DEVELOPERS if inside else Strength.OTHERS


def _of_commands(project: Project) -> Iterator[Call]:
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
            if known(_is_for_tests, project, command.location.path):
                strength = min(strength, Strength.DEVELOPERS)
            # An option of the command comes before what its caller sets.
            handed = {} if named_files(command.text) else _handed_over(project)
            paths = handed.get(posixpath.basename(command.location.path), frozenset())
            if names or paths or not hides_its_file(command.text):
                yield Call(names, folder, Start(command.location, strength), _profiles(command.text), paths)


def _is_for_tests(project: Project, path: str) -> bool:
    return says_it_is_for_tests(project.source(path) or "")


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


def _of_workflows(project: Project) -> Iterator[Call]:
    for workflow in project.workflows:
        for job in workflow.jobs:
            yield from _of_job(workflow, job)


def _of_job(workflow: Workflow, job: Job) -> Iterator[Call]:
    brought = _renamed("\n".join(run_text(step) for step in job.all_steps))
    for step in job.all_steps:
        place = step.run_location or step.location
        lines = commands_of(Line(text.strip(), place) for text in run_text(step).splitlines() if text.strip())
        for line in (item.text for item in lines if STARTS_CONTAINERS.search(item.text)):
            away = is_deployment(workflow, job) or starts_elsewhere(job, step)
            strength = Strength.OTHERS if away else Strength.DEVELOPERS
            yield Call(named_files(line) or brought, "", Start(place, strength), _profiles(line))


def _renamed(text: str) -> frozenset[str]:
    """Return the files that a job puts in place of the one that Compose finds by itself: a start without a name is theirs."""
    return frozenset(match["file"] for match in RENAMES.finditer(text) if match["file"] not in DEFAULT_FILES)


def _of_texts(project: Project, known: set[str]) -> Iterator[Call]:
    """Units, playbooks, data of a new host, batch files, and the usage that a compose file tells of itself."""
    for source in project.sources:
        apart = source.path not in known and source.path not in project.owned and not source.path.startswith(".github/")
        if apart and source.path.endswith(_ENDINGS) and "compose" in source.text:
            for number, line in enumerate(source.text.splitlines(), 1):
                if STARTS_CONTAINERS.search(line):
                    start = Start(Location(source.path, number), _strength_of_words(source.path))
                    yield Call(named_files(line), posixpath.dirname(source.path), start, _profiles(line))


def _profiles(text: str) -> frozenset[str]:
    return frozenset(_PROFILE.findall(text))
