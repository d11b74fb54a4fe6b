"""The shells that a deployment starts: the steps of its job, the texts that they hand to a host, its scripts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.deployments import deploy_scripts, is_deployment, place_of, renews_a_host
from scaffold.gaps.facts import path_environment
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex

_HEREDOC = regex(r"\bssh\s[^\n]*<<-?\s*[\"']?(?P<word>\w+)")
_QUOTED = regex(r"\bssh\s(?:-o\s*[\"'][^\"']*[\"']|[^\"'<|;&])*\s(?P<quote>[\"'])(?P<body>.*)")
_STOPPING_SHELL = regex(r"(?<![\w-])(?:ba|da|k|z)?sh\s+(?:-\S+\s+)*?-(?:\w*e\w*|\w*o\s+errexit)(?=[\s\"'])")
"""A shell at the other end that is told to end at the first failure, such as `bash -se`."""
_BLOCK = regex(r"\b(?:if|for|while|until|case)\s")
_SAYS = regex(r"(?:echo|printf)\b[^|>`]*")
_WITHOUT_STOP = regex(r"appleboy/ssh-action@(?:v1|master|main|v1\.2\.[1-9]\d*)$")


@frozen
class Line:
    """One command of a script, what a backslash or `&&` continues included, and where it begins."""

    text: str
    place: Location


@frozen
class Script:
    """What one job or one file of a deployment runs, in order; `remote` are the shells that it starts on another machine."""

    resource: str
    name: str
    lines: tuple[Line, ...]
    remote: tuple[tuple[Line, ...], ...]
    staging: bool
    is_file: bool


def deploying_scripts(project: Project) -> Iterator[Script]:
    """Yield what the jobs that deploy run, then the scripts that are called after a deployment."""
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            if is_deployment(workflow, job) or renews_a_host(workflow, job):
                yield _of_job(workflow, job)
    for path, commands in deploy_scripts(project).items():
        lines = [Line(item.text, item.location) for item in commands]
        staging = path_environment(path) is EnvironmentClass.STAGING
        yield Script(path, path, _commands(lines), tuple(_bodies(lines)), staging, is_file=True)


def _of_job(workflow: Workflow, job: Job) -> Script:
    lines: list[Line] = []
    remote: list[tuple[Line, ...]] = []
    for step in job.steps:
        own = _numbered(workflow, step, step.run)
        sent = _numbered(workflow, step, step.input("script") or step.input("command"))
        lines += (*own, *sent)
        remote += _bodies(own)
        if sent and not _stops_by_input(step):
            remote.append(_commands(sent))
    words = f"{workflow.path.rpartition('/')[2]} {job.id} {job.environment}"
    staging = path_environment(words) is EnvironmentClass.STAGING
    return Script(f"{workflow.path}/{job.id}", f"The job {job.id}", _commands(lines), tuple(remote), staging, is_file=False)


def _stops_by_input(step: Step) -> bool:
    """Whether the SSH action itself ends at the first failure: an input that it lost in December 2024, after 1.2.0."""
    asked = step.input("script_stop").lower() == "true"
    return asked and not _WITHOUT_STOP.search(step.uses)


def _numbered(workflow: Workflow, step: Step, text: str) -> list[Line]:
    return [Line(line.strip(), place_of(workflow, step, line)) for line in text.splitlines() if line.strip()]


def _bodies(lines: list[Line]) -> Iterator[tuple[Line, ...]]:
    """Yield what a text hands to ssh: the lines of a heredoc, or the commands of a quoted argument; none of a heredoc whose
    shell ends at the first failure.
    """
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        opening = _HEREDOC.search(line.text)
        quoted = _QUOTED.search(line.text) if opening is None else None
        if opening is not None:
            end = next((at for at in range(number, len(lines)) if lines[at].text == opening["word"]), len(lines))
            if not _STOPPING_SHELL.search(line.text):
                yield _commands(lines[number:end])
            number = end + 1
        elif quoted is not None and quoted["quote"] in quoted["body"]:
            body = quoted["body"].partition(quoted["quote"])[0]
            parts = [body] if _BLOCK.search(body) else body.split(";")
            yield tuple(Line(part.strip(), line.place) for part in parts if part.strip())
        elif quoted is not None:
            end = next((at for at in range(number, len(lines)) if quoted["quote"] in lines[at].text), len(lines))
            first = [Line(quoted["body"], line.place)] if quoted["body"].strip() else []
            last = [Line(item.text.partition(quoted["quote"])[0], item.place) for item in lines[end : end + 1]]
            yield _commands([*first, *lines[number:end], *last])
            number = end + 1


def _commands(lines: list[Line]) -> tuple[Line, ...]:
    """Return the commands of a text: lines that go on joined, comments and what is only printed left out."""
    found: list[Line] = []
    going_on = False
    for line in lines:
        if line.text.startswith("#"):
            continue
        text = line.text.removesuffix("\\").rstrip()
        if going_on:
            found[-1] = Line(f"{found[-1].text} {text}", found[-1].place)
        else:
            found.append(Line(text, line.place))
        going_on = text != line.text or text.endswith(("&&", "||", "|"))
    return tuple(line for line in found if line.text and not _SAYS.fullmatch(line.text))
