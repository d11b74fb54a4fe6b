"""The scripts and jobs that work on a running stack, command by command, and what their variables hold."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.model.deployments import Line, commands_of, is_called_for_a_trial, is_deployment, lines_of, run_text
from scaffold.model.frozen import frozen
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_SETS = regex(
    r"(?:export\s+|readonly\s+|local\s+)?(?P<name>[A-Za-z_]\w{0,60})=(?P<value>\"[^\"\n`]{0,300}\"|'[^'\n]{0,300}'|[^\s;&|#\"'`]{1,300})"
)
_DEFAULT = regex(r"\$\{(?P<name>[A-Za-z_]\w{0,60})(?::?-(?P<default>[^{}$\n]{0,200}))?\}|\$(?P<bare>[A-Za-z_]\w{0,60})")
_PRINTS = regex(r"(?:echo|printf|log|info|warn|err|error|die|fail|fatal|print|msg|say|note|success|usage)(?:_\w+)?\s")
_REMOTE = regex(r"\b(?:ssh|eval|sudo|su|sh|bash|timeout|run|exec)\b")
_HERE = regex(r"<<-?\s*[\"']?(?P<word>[A-Za-z_]\w*)")
_LONGEST = 2_000
_ROUNDS = 3
"""How often the values of variables are put in for each other."""


@frozen
class AskingPlace:
    """A script, or a job of a workflow, that runs commands against a stack."""

    path: str
    name: str
    resource: str
    commands: tuple[Line, ...]
    """What it runs, in order, with the values of its variables where the place itself sets each once."""
    text: str
    """All that it says, unchanged."""
    deploys: bool
    """Whether it is a job that deploys."""


@remembered
def asking_places(project: Project) -> tuple[AskingPlace, ...]:
    """Return the shell scripts that are no tests, and the jobs that deploy."""
    return (*_scripts(project), *_jobs(project))


def _scripts(project: Project) -> Iterator[AskingPlace]:
    lines: dict[str, list[Line]] = {}
    for command in project.commands:
        if command.context == "script":
            lines.setdefault(command.location.path, []).append(Line(command.text, command.location))
    for path, found in lines.items():
        name = path.rpartition("/")[2]
        if path not in project.owned and not is_test_path(path) and not is_called_for_a_trial(name):
            text = project.source(path) or "\n".join(line.text for line in found)
            yield AskingPlace(path, path, path, _filled(_run(found, text)), text, deploys=False)


def _jobs(project: Project) -> Iterator[AskingPlace]:
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            if is_deployment(workflow, job):
                yield _of_job(workflow, job)


def _of_job(workflow: Workflow, job: Job) -> AskingPlace:
    text = "\n".join(run_text(step) for step in job.steps)
    lines = [line for step in job.steps for line in lines_of(workflow, step, run_text(step))]
    resource = f"{workflow.path}/{job.id}"
    return AskingPlace(workflow.path, f"The job {job.id}", resource, _filled(_run(lines, text)), text, deploys=True)


def _run(lines: list[Line], text: str) -> tuple[Line, ...]:
    """Return the commands that are run: none that is only printed, and none of a text that the place writes out."""
    written = _written(text)
    return tuple(
        Line(line.text[:_LONGEST], line.place)
        for line in commands_of(line for line in lines if line.text.strip() not in written)
        if not _PRINTS.match(line.text)
    )


def _written(text: str) -> frozenset[str]:
    """Return the lines of the here-documents that a text writes or prints, without those that a shell reads."""
    found: set[str] = set()
    end = ""
    for row in text.split("\n"):
        if end:
            if row.strip() == end:
                end = ""
            else:
                found.add(row.strip())
            continue
        match = _HERE.search(row)
        if match and not _REMOTE.search(row):
            end = match["word"]
    return frozenset(found)


def _filled(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the commands with the values of the variables that are set once, and with the defaults of those that are not."""
    values: dict[str, set[str]] = {}
    for line in lines:
        for match in _SETS.finditer(line.text):
            values.setdefault(match["name"], set()).add(match["value"].strip("\"'"))
    single = {name: _own_default(name, value) for name, (value, *others) in values.items() if not others and "$(" not in value}
    return tuple(Line(_put_in(line.text, single), line.place) for line in lines)


def _own_default(name: str, value: str) -> str:
    """Return the value of a variable without the one that its caller may give it: `TAG="${TAG:-main}"` is `main`."""
    return _DEFAULT.sub(lambda match: (match["default"] or "") if match["name"] == name else match[0], value)


def _put_in(text: str, values: dict[str, str]) -> str:
    for _ in range(_ROUNDS):
        filled = _DEFAULT.sub(lambda match: values.get(match["name"] or match["bare"]) or match["default"] or match[0], text)
        if filled == text or len(filled) > _LONGEST:
            break
        text = filled
    return text


def is_printed(text: str, start: int) -> bool:
    """Whether what stands at a place of a command is part of a quoted text that no shell is handed."""
    before = text[:start]
    return before.count('"') % 2 == 1 and not _REMOTE.search(before) and "$(" not in before
