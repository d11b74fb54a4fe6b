"""Places that start production with a list of compose files of their own: what is not on the list does not run there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from scaffold.model.deployments import (
    SAYS,
    Line,
    commands_of,
    compose_call,
    is_called_for_a_trial,
    is_elsewhere,
    is_own_machine,
    lines_of,
    listed_files,
    run_text,
)
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Job, Project
from scaffold.model.regex import regex

OPTION = regex(
    r"(?<![^\s\"'(=])(?P<option>-f|--file)(?P<by>\s+|=)(?P<quote>[\"']?)(?P<path>[^\s\"'`;|&()]+\.ya?ml)(?![^\s\"'`;|&()])",
    words=("-f", "--file"),
)
"""An option that hands a compose file over."""
_ANY_OPTION = regex(r"(?<![^\s\"'(=])(?:-f|--file)(?:\s+|=)", words=("-f", "--file"))
BETWEEN = regex(r"&&|\|\||[;|]")
"""What stands between two commands of a line."""
_UP = regex(compose_call("up"), re.IGNORECASE, words=("compose", "stack", "dc"))
"""A start that takes overlays: `docker stack deploy` refuses keys of ours."""
_OF_A_STACK = regex(
    r"(?<![^\s\"'(=])(?:-c|--compose-file)(?:\s+|=)[\"']?(?P<path>[^\s\"'`;|&()]+\.ya?ml)", words=("-c", "--compose-file")
)
_STACK = regex(r"\bstack\s+deploy\b")
_OF_A_RELEASE = regex(
    compose_call("up|start|create|pull|build|down|stop|restart|rm"), re.IGNORECASE, words=("compose", "stack", "dc")
)
_ASSIGNS = regex(r"\s*(?:(?:export|readonly|local)\s+)*(?P<name>\w+)\+?=[\"'(][^\"'()\n]*?(?:-f|--file)[\s=]")
_EXPORTS = regex(r"(?m)^export[ \t]+COMPOSE_FILE[ \t]*[:?]?=[^\n]*", words=("COMPOSE_FILE",))
_VARIABLE = "COMPOSE_FILE"
"""The variable from which Compose takes its list where no option names a file."""
_USED = regex(r"\$[{(]?(\w+)")
_RELEASES = regex(r"(?i)deploy|rollout|release|update|upgrade|prod(?!uct)")
_TREE = regex(r"\bgit\s+(?:-C\s+\S+\s+)?(?:pull|fetch|clone|checkout|reset)\b")
"""A command that gives a host every file of the repository."""


@frozen
class Group:
    """The lines of one job, script or target, and what it is called."""

    resource: str
    name: str
    lines: tuple[Line, ...]
    has_tree: bool = True
    """Whether every file of the repository is where the lines run."""
    is_target: bool = False
    """Whether people call it by its name with make or a package manager: what a job or script does beside it counts more."""


@frozen
class ListedStart:
    """A group that starts production with a list of files: its lines that do, and the others with the same list."""

    group: Group
    starts: tuple[Line, ...]
    others: tuple[Line, ...]
    missing: tuple[str, ...]
    """The overlays that are not on the list."""


def base_of_production(project: Project) -> tuple[str, ...]:
    """Return the user's own files that production runs; empty where a list could as well mean the files of another folder."""
    stack = project.production_stack
    base = tuple(path for path in stack.files if path not in project.owned) if stack else ()
    names = {posixpath.basename(path) for path in base}
    alike = (
        other
        for other in project.stacks
        if stack and other.directory != stack.directory and names <= {posixpath.basename(path) for path in other.files}
    )
    return () if next(alike, None) else base


def listed_starts(project: Project, overlays: tuple[str, ...]) -> Iterator[ListedStart]:
    """Yield the jobs, scripts and targets that start production with a list of their own which lacks one of the overlays;
    without overlays, those with such a list.
    """
    base = base_of_production(project)
    for group in (*_jobs(project), *_files(project)) if base else ():
        found = listed_start(group, base, overlays)
        if found is not None:
            yield found


def listed_start(group: Group, base: tuple[str, ...], overlays: tuple[str, ...]) -> ListedStart | None:
    """Return how a group starts production with a list that lacks one of the overlays, None where it does not."""
    starts, others = [], []
    missing: dict[str, None] = {}
    started = {name for line in group.lines if _UP.search(line.text) for name in _USED.findall(line.text)}
    if any(_UP.search(line.text) and not _ANY_OPTION.search(line.text) for line in group.lines):
        started.add(_VARIABLE)
    for line in group.lines:
        for piece in BETWEEN.split(line.text):
            named = named_of(piece, (*base, *overlays))
            lacking = tuple(path for path in overlays if path not in named)
            if not set(base) <= named or (overlays and not lacking):
                continue
            is_said = bool(SAYS.match(piece))
            if not is_said and (_UP.search(piece) or _assigned(piece) in started):
                starts.append(line)
                missing |= dict.fromkeys(lacking)
            elif is_said or _OF_A_RELEASE.search(piece):
                others.append(line)
    if not starts:
        return None
    ordered = tuple(path for path in overlays if path in missing)
    return ListedStart(group, tuple(dict.fromkeys(starts)), tuple(dict.fromkeys(others)), ordered)


def named_of(piece: str, paths: Iterable[str]) -> set[str]:
    """Return which of these paths a command names; none where a variable hides one of the files."""
    found = [match["path"] for match in OPTION.finditer(piece)]
    of_others = listed_files(piece) if names_list(piece) else [match["path"] for match in _OF_A_STACK.finditer(piece)]
    if not found and of_others:
        found = list(of_others)
    elif not found or len(found) != len(_ANY_OPTION.findall(piece)):
        return set()
    if any("$" in posixpath.basename(path) for path in found):
        return set()
    return {path for path in paths if any(is_same(text, path) for text in found)}


def names_list(piece: str) -> bool:
    """Whether Compose takes the list of the variable for a command; `docker stack deploy` does not read it."""
    return not _STACK.search(piece)


def is_same(text: str, path: str) -> bool:
    """Whether a command means a file of the project: one is the end of the other."""
    parts = [part for part in text.split("/") if part not in {"", ".", ".."} and "$" not in part]
    wanted = path.split("/")
    count = min(len(parts), len(wanted))
    return count > 0 and parts[-count:] == wanted[-count:]


def _assigned(piece: str) -> str:
    """Return the variable that gets a list of files as its value, "" where none does."""
    assigns = _ASSIGNS.match(piece)
    return assigns["name"] if assigns else _VARIABLE if listed_files(piece) else ""


def _jobs(project: Project) -> Iterator[Group]:
    for workflow in project.workflows:
        for job in workflow.jobs if workflow.path not in project.owned else ():
            steps = [step for step in job.steps if is_elsewhere(step) or is_own_machine(job)]
            if steps and not is_called_for_a_trial(f"{job.id} {job.name}"):
                lines = tuple(line for step in steps for line in commands_of(lines_of(workflow, step, run_text(step))))
                yield Group(f"{workflow.path}/{job.id}", f"The job {job.id}", lines, _has_tree(job))


def _has_tree(job: Job) -> bool:
    text = "\n".join(run_text(step) for step in job.steps)
    here = is_own_machine(job) and any(step.action == "actions/checkout" for step in job.steps)
    return here or bool(_TREE.search(text))


def _exported(project: Project, path: str) -> tuple[Line, ...]:
    """Return the line of a makefile that hands the list of Compose to the commands of every target."""
    text = project.source(path) or ""
    match = _EXPORTS.search(text)
    return (Line(match[0], Location.at_offset(path, text, match.start())),) if match else ()


def _files(project: Project) -> Iterator[Group]:
    """Yield the scripts, and the targets of make and of packages, whose name speaks of a release or of production."""
    found: dict[tuple[str, str], list[Line]] = {}
    for command in project.commands:
        path = command.location.path
        if command.context in {"script", "makefile", "package"} and path not in project.owned:
            found.setdefault((path, command.owner), []).append(Line(command.text, command.location))
    for (path, owner), lines in found.items():
        lines[:0] = _exported(project, path) if owner else ()
        called = f"{owner} {posixpath.basename(path)}"
        if _RELEASES.search(called) and not is_called_for_a_trial(f"{owner} {path}"):
            name = f"The target {owner} of {path}" if owner else path
            yield Group(f"{path}/{owner}" if owner else path, name, tuple(lines), is_target=bool(owner))
