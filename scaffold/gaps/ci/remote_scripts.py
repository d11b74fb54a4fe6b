"""The shells that a deployment starts: the steps of its job, the texts that they hand to a host, its scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import path_environment
from scaffold.model.deployments import Line, commands_of, deploy_scripts, is_deployment, lines_of, renews_a_host
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex

_HEREDOC = regex(r"\bssh\s[^\n]*<<-?\s*[\"']?(?P<word>\w+)")
_QUOTED = regex(r"\bssh\s(?:-o\s*[\"'][^\"']*[\"']|[^\"'<|;&])*\s(?P<quote>[\"'])(?P<body>.*)")
_STOPPING_SHELL = regex(r"(?<![\w-])(?:ba|da|k|z)?sh\s+(?:-\S+\s+)*?-(?:\w*e\w*|\w*o\s+errexit)(?=[\s\"'])")
"""A shell at the other end that is told to end at the first failure, such as `bash -se`."""
_BLOCK = regex(r"\b(?:if|for|while|until|case)\s")
_WITHOUT_STOP = regex(r"appleboy/ssh-action@(?:v1|master|main|v1\.2\.[1-9]\d*)$")


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
        yield Script(path, path, commands_of(lines), tuple(_bodies(lines)), staging, is_file=True)


def _of_job(workflow: Workflow, job: Job) -> Script:
    lines: list[Line] = []
    remote: list[tuple[Line, ...]] = []
    for step in job.steps:
        own = lines_of(workflow, step, step.run)
        sent = lines_of(workflow, step, step.input("script") or step.input("command"))
        lines += (*own, *sent)
        remote += _bodies(own)
        if sent and not _stops_by_input(step):
            remote.append(commands_of(sent))
    words = f"{workflow.path.rpartition('/')[2]} {job.id} {job.environment}"
    staging = path_environment(words) is EnvironmentClass.STAGING
    return Script(f"{workflow.path}/{job.id}", f"The job {job.id}", commands_of(lines), tuple(remote), staging, is_file=False)


def _stops_by_input(step: Step) -> bool:
    """Whether the SSH action itself ends at the first failure: an input that it lost in December 2024, after 1.2.0."""
    asked = step.input("script_stop").lower() == "true"
    return asked and not _WITHOUT_STOP.search(step.uses)


def _bodies(lines: list[Line]) -> Iterator[tuple[Line, ...]]:
    """Yield what a text hands to ssh: the lines of a heredoc, or the commands of a quoted argument; none of a heredoc whose
    shell ends at the first failure.
    """
    number = 0
    while number < len(lines):
        opening = _HEREDOC.search(lines[number].text)
        quoted = _QUOTED.search(lines[number].text) if opening is None else None
        body: tuple[Line, ...] | None = None
        if opening is not None:
            body, number = _heredoc(lines, number, opening["word"])
        elif quoted is not None:
            body, number = _argument(lines, number, quoted)
        else:
            number += 1
        if body is not None:
            yield body


def _heredoc(lines: list[Line], number: int, word: str) -> tuple[tuple[Line, ...] | None, int]:
    """Return the commands of the heredoc that a line opens, None where its shell ends at a failure, and the line behind it."""
    end = next((at for at in range(number + 1, len(lines)) if lines[at].text == word), len(lines))
    stops = _STOPPING_SHELL.search(lines[number].text)
    return (None if stops else commands_of(lines[number + 1 : end])), end + 1


def _argument(lines: list[Line], number: int, quoted: re.Match[str]) -> tuple[tuple[Line, ...], int]:
    """Return the commands of the quoted argument that begins in a line, and the line behind its end."""
    line, mark, body = lines[number], quoted["quote"], quoted["body"]
    if mark in body:
        text = body.partition(mark)[0]
        parts = [text] if _BLOCK.search(text) else text.split(";")
        return tuple(Line(part.strip(), line.place) for part in parts if part.strip()), number + 1
    end = next((at for at in range(number + 1, len(lines)) if mark in lines[at].text), len(lines))
    first = [Line(body, line.place)] if body.strip() else []
    last = [Line(item.text.partition(mark)[0], item.place) for item in lines[end : end + 1]]
    return commands_of([*first, *lines[number + 1 : end], *last]), end + 1
