"""CIQ009: a step needs a manifest, a script or a tool that is not there, so the job is always red."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from posixpath import normpath

from scaffold.gaps.ci.checked_out_paths import MissingPath, missing_paths, near_path
from scaffold.gaps.ci.outgoing import held_back
from scaffold.gaps.ci.package_scripts import Call, broken_calls
from scaffold.gaps.ci_signals import CiStep, ci_steps
from scaffold.gaps.facts import listed
from scaffold.model.document import Location, find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_NODE = regex(
    r"(?:npm|pnpm|yarn|bun)\s+(?:ci|run(?:-script)?\s+[\w:-]+|test|t|start|build|lint|i(?=\s*$)"
    r"|install(?=\s*(?:--[\w-]+(?:=\S+)?\s*)*$))(?=\s|$)[^|;&]*"
)
_REQUIREMENTS = regex(r"\bpip3?\s+install\b[^|;&]*?(?:-r|--requirement)[= ]+(?P<path>[\w./-]+)")
_MAKES_FILES = regex(
    r"npm init|npx (?:--yes )?create|git clone|cookiecutter|tar |unzip|cp |mv |curl |wget |printf|echo .*>"
    r"|pip-compile|export .*>|uv export"
)
_ELSEWHERE = regex(r"--prefix|--dir\b|--cwd\b|\s-C\b|--filter|--workspace|\s-w\b|\bcd\s|pushd|\$")


_MOST_PATHS = 100
_CALLS_SCRIPTS = regex(r"\b(?:npm|pnpm|yarn|bun)\s+(?:run|t|test)\b")


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, str, str], list[tuple[CiStep, str]]] = {}
    for item in ci_steps(project):
        if not item.is_own or _brings_files(item.job):
            continue
        for path, command in _needed(item):
            if not project.exists(path):
                found.setdefault((item.workflow.path, item.job.id, path), []).append((item, command))
    for (workflow, job, path), uses in found.items():
        lost = held_back(project, uses[0][0].workflow, {job})
        yield _gap(f"{workflow}/{job}", path, uses, lost)
    yield from _broken_scripts(project)
    yield from _missing_paths(project)


def _missing_paths(project: Project) -> Iterator[Gap]:
    """Yield the paths of the checkout that steps name and that are not there, one finding for the same words of a workflow."""
    found: dict[tuple[str, str], list[MissingPath]] = {}
    for (workflow, _), steps in _by_job(project).items():
        folders = [_folder(item.workflow, item.job, item.step.working_directory) for item in steps]
        known = {path.rpartition("/")[0] for item in steps for path, _ in _needed(item)}
        for entry in missing_paths(project, steps, folders):
            if entry.path not in known and steps[0].job.condition != "false":
                found.setdefault((workflow, entry.words), []).append(entry)
    for (_, words), entries in islice(found.items(), _MOST_PATHS):
        yield _path_gap(project, words, entries)


def _path_gap(project: Project, words: str, entries: list[MissingPath]) -> Gap:
    first = entries[0].item
    jobs = list(dict.fromkeys(entry.item.job.id for entry in entries))
    paths = list(dict.fromkeys(entry.path for entry in entries))
    lost = held_back(project, first.workflow, set(jobs))
    lost += [job for job in jobs if job not in lost and "deploy" in paths[0]]
    others = [job for job in lost if job not in jobs]
    then = ", and nothing goes out" if lost else ""
    then += f"; {listed(others, 3)} {'waits' if len(others) == 1 else 'wait'} for it" if others else ""
    who = f"The job{'s' if len(jobs) > 1 else ''} {listed(jobs, 3)} take{'s' if len(jobs) == 1 else ''}"
    ends = "it fails" if len(jobs) == 1 else "they fail"
    near = near_path(project, paths[0]) if len(paths) == 1 else ""
    shown = f" (`{words}`)" if words not in paths else ""
    hint = f"; {near} is there" if near else ""
    return RULE.gap(
        resource=f"{first.workflow.path}/{jobs[0]}",
        subject=f"path/{words}",
        message=f"{who} {listed(paths, 3)} from the checkout{shown}, where the repository has no such path{hint}:"
        f" {ends} on every run{then}.",
        expected=near or "a path of the repository",
        actual=words,
        locations=tuple(dict.fromkeys(_line(entry.item, words) for entry in entries)),
        related=(Location(near, 1),) if near else (),
        severity=Severity.HIGH if lost else Severity.MEDIUM,
        closers=(Closer(None, "advice", "Correct the path, or add what it names."),),
    )


def _broken_scripts(project: Project) -> Iterator[Gap]:
    """Yield the package scripts that a job calls and that the manifest lacks, or whose tool the job has not installed."""
    for (workflow, job), steps in _by_job(project).items():
        if not any(_CALLS_SCRIPTS.search(item.step.run) for item in steps) or _brings_files(steps[0].job):
            continue
        folders = {number: _folder(item.workflow, item.job, item.step.working_directory) for number, item in enumerate(steps)}
        for call in broken_calls(project, steps, folders):
            yield _script_gap(f"{workflow}/{job}", call)


def _by_job(project: Project) -> dict[tuple[str, str], list[CiStep]]:
    """Return the steps that stand in each job of the workflows that scaffold did not write."""
    jobs: dict[tuple[str, str], list[CiStep]] = {}
    for item in ci_steps(project):
        if item.is_own and item.workflow.path not in project.owned:
            jobs.setdefault((item.workflow.path, item.job.id), []).append(item)
    return jobs


def _script_gap(resource: str, call: Call) -> Gap:
    if call.tool:
        message = (
            f"`{call.command}` starts {call.tool}, and the job has installed what production needs alone: the step fails on"
            " every run, and nothing after it happens."
        )
        expected, actual = "an installation with the dependencies of development before it", f"{call.tool} left out"
        advice = "Install with the dependencies of development where something is tested; leave them out in the image."
    else:
        message = f"The job calls the script {call.script}, which {call.manifest} does not have: the step fails on every run."
        expected, actual = f"a script {call.script}, or the one that is meant", "no such script"
        advice = f"Write the script {call.script} into {call.manifest}, or call the one that is meant."
    return RULE.gap(
        resource=resource,
        subject=f"tool/{call.tool}/{call.script}" if call.tool else f"script/{call.script}",
        message=message,
        expected=expected,
        actual=actual,
        locations=(_line(call.item, call.command),),
        related=(Location(call.manifest, 1),),
        severity=Severity.MEDIUM,
        closers=(Closer(None, "advice", advice),),
    )


def _brings_files(job: Job) -> bool:
    """Whether steps of the job bring files that the repository does not hold."""
    return known(_brings, job)


def _brings(job: Job) -> bool:
    for step in job.all_steps:
        if step.action == "actions/checkout" and (step.input("path") or step.input("repository")):
            return True
        if step.action == "actions/download-artifact" or _MAKES_FILES.search(step.run):
            return True
    return not any(step.action == "actions/checkout" for step in job.all_steps)


def _needed(item: CiStep) -> Iterator[tuple[str, str]]:
    folder = _folder(item.workflow, item.job, item.step.working_directory)
    if "$" in folder or _ELSEWHERE.search(item.step.run):
        return
    for line in item.step.run.splitlines():
        text = line.strip()
        node = _NODE.match(text)
        if node:
            yield _joined(folder, "package.json"), _words(node[0])
        for match in _REQUIREMENTS.finditer(text):
            yield _joined(folder, match["path"]), match["path"]


def _words(command: str) -> str:
    """Return program and subcommand, with the name after `run`: further arguments may hold a token."""
    words = command.split()
    return " ".join(words[: 3 if words[1:2] in (["run"], ["run-script"]) else 2])


def _folder(workflow: Workflow, job: Job, own: str) -> str:
    shared = text_of(find(job.node, "defaults", "run", "working-directory"))
    return own or shared or text_of(find(workflow.document.root, "defaults", "run", "working-directory"))


def _joined(folder: str, name: str) -> str:
    return normpath(f"{folder or '.'}/{name}")


def _gap(resource: str, path: str, uses: list[tuple[CiStep, str]], lost: list[str]) -> Gap:
    commands = ", ".join(dict.fromkeys(command for _, command in uses))
    then = f", and {listed(lost, 3)} {'is' if len(lost) == 1 else 'are'} never reached" if lost else ""
    return RULE.gap(
        resource=resource,
        subject=path,
        message=f"The job needs {path} ({commands}), which the repository does not have: it fails on every run{then}.",
        expected=f"{path}, or the commands of the tools that the repository uses",
        actual="no such file",
        locations=tuple(_line(item, command) for item, command in uses),
        severity=Severity.HIGH if lost else Severity.MEDIUM,
    )


def _line(item: CiStep, command: str) -> Location:
    """Return the line of a command inside a step's script."""
    start = item.step.run_location or item.step.location
    lines = item.workflow.document.text.split("\n")
    for number in range(start.line, len(lines) + 1):
        if command in lines[number - 1]:
            return Location(start.path, number, lines[number - 1].index(command) + 1)
    return start


RULE = Rule(
    code="CIQ009",
    name="uses-tools-the-repository-lacks",
    layer=Layer.CI,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Remove the job, or replace its commands by those of the project's own tools."),),
)
