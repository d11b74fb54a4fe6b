"""What starts containers, and where: how commands call Compose, and the jobs and scripts that start a release on a host or a
cluster that lasts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from scaffold.model.document import Location, find, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Command, Job, Project, Step, Workflow
from scaffold.model.regex import regex

_OF_DOCKER = r"(?:\s+--?[\w-]+[ =][^\s|;&]+){0,4}"
"""Options of docker itself, such as the context of another host."""
COMPOSE = rf"(?:\b(?:docker|podman|nerdctl){_OF_DOCKER}[ _-]compose\b|\$[({{]?(?=\w*COMPOSE)\w++[)}}]?)"
"""How commands call Compose: by its name, or by a variable for it."""
_SHORT = r"(?:\$[({]?(?=\w*(?:STACK|DC))\w++[)}]?|\$[({]?\w+[)}]?[\"']?\s+compose\b)"
"""Other variables that say so only right before a word of Compose."""
_WORDS = "build|create|down|exec|kill|pull|restart|rm|run|start|stop|up"
_OPTIONS = (
    rf"(?:\s++(?:-[\w-]++(?:=(?:\"[^\"\n]*+\"|\S)++|\s++(?![\"']?\$|\{{\{{|(?:{_WORDS})(?![\w./-]))"
    r"(?:\"[^\"$\n]*+\"|'[^'\n]*+'|[^\s|;&-][^\s|;&]*+))?+"
    r"|[\"']?\$\{{1,2}[^}\n]{0,80}+\}{1,2}[^\s|;&]*+|[\"']?\$[^\s|;&]++|\{\{[^}\n]{0,80}+\}\}[^\s|;&]*+))*+"
)
"""The options before the word, variables and templates for some of them included."""


def compose_call(words: str) -> str:
    """Return the source of a pattern for a call of Compose with one of these words, such as `up|start`."""
    return rf"(?:{COMPOSE}|{_SHORT})(?:\[[@*]\]\}}?)?[\"']?{_OPTIONS}\s+(?:{words})\b"


STARTS_CONTAINERS = regex(
    rf"{compose_call('up|start|run|create')}|\bstack\s+deploy\b", re.IGNORECASE, words=("compose", "deploy", "stack", "dc")
)
"""Commands that start containers, here or there, for a moment or for good."""
STARTS = regex(
    rf"{COMPOSE}(?>[^\n&|;]*?\sup\b)[^\n&|;]*\s(?:-d|--detach)\b|\bdocker\s+stack\s+deploy\b"
    r"|\bkubectl\s+(?:apply|set\s+image|rollout\s+restart)\b|\bhelm\s+(?:upgrade|install)\b|\baws\s+ecs\s+update-service\b",
    words=("COMPOSE", "compose", "docker", "helm", "kubectl", "update-service"),
)
"""Commands that start a release."""
_FILE = regex(
    r"(?:-f|--file|-c|--compose-file)[ =]+[\"']?(?:[^\s\"'`/]*+/)*+(?:\$\{[^}\s/]*+\})?([\w.+-]+\.ya?ml)", words=("-f", "-c")
)
_HIDDEN_FILE = regex(
    r"\s(?:-f|--file|-c|--compose-file)[ =]+[\"']?\$(?![^\s\"']*\.ya?ml)|\bstack\s+deploy\b", words=("-f", "-c", "deploy")
)
"""A variable for the file; `docker stack deploy`, which looks for none by itself."""
RENAMES = regex(
    r"\b(?P<by>scp|cp|mv|rsync|install)\b[^\n;|&]{0,300}?[\s/](?=[\w.+-]{0,250}compose)(?P<file>[\w.+-]{1,250}\.ya?ml)[\"']?\s+"
    r"[^\s;|&]{0,300}?(?<![\w.+-])(?:docker-)?compose\.ya?ml(?![\w.+-])",
    words=("compose",),
)
"""A copy of a compose file, by which command, under the name that Compose looks for."""
LISTED = regex(r"\bCOMPOSE_FILE\s*[:?]?=\s*[\"']?(?P<paths>[\w./:;+-]+)", words=("COMPOSE_FILE",))
"""The list of compose files that Compose takes where no option names any."""
_REMOTE = regex(
    r"\bssh\s|\bDOCKER_HOST=|--context\s|\bdocker\s+context\s+use\b|\baws\s+ssm\s+send-command\b|\baz\s+vm\s+run-command\s+invoke\b"
)
_SSH_ACTIONS = regex(r"appleboy/ssh-action|fifsky/ssh-action|garygrossgarten/github-action-ssh|cross-the-world/ssh")
"""Actions that run something on another machine, also where they are handed a file; others of that kind are handed a text."""
_DEPLOYS = regex(r"(?i)deploy|release|rollout|publish|(?<![a-z])cd(?![a-z])|prod")
_UPDATES = regex(r"(?i)deploy|rollout|release|update|upgrade")
_TRIAL = regex(
    r"(?i)(?<![a-z])(?:preview|review|ephemeral|pr|e2e|tests?|testing|ci|dev|develop|development|local|demo|build|lint|bench\w*|perf\w*)(?![a-z])"
)
_BRINGS = regex(
    r"\bgit\s+(?:-C\s+\S+\s+)?(?:pull|reset\s+--hard)\b|\bpm2\s+(?:reload|restart)\b|\bsystemctl\s+restart\b|\bdocker\s+pull\b"
)
SAYS = regex(r"\s*(?:echo|printf)\b[^|>`]*")
"""A command that only prints."""
_ECS = regex(r"aws-actions/amazon-ecs-deploy-task-definition@")
_IMAGES = r"(?:\s+(?:(?:docker|container|production)\s+)?(?:images?|containers?))?"
_STEPS_BEFORE = regex(
    rf"(?i)(?<![a-z])(?:(?:build|lint|ci|check){_IMAGES}(?:\s+and)?\s+|tests?\s+(?:and\s+|(?=build|lint)))"
    rf"(?:(?:build|lint|check|tests?|push|publish){_IMAGES}(?:\s+and)?\s+)*(?=deploy|cd\b)"
)
"""What a job does before it deploys: `build-test-deploy`, `test-and-deploy`, `ci-cd`, `build images and deploy`."""
_PIPELINE = regex(
    r"(?i)(?:ci|build|lint|checks?|tests?|and|pipeline|workflow|main)(?:\s(?:ci|build|lint|checks?|tests?|and|pipeline|workflow|main))*\sya?ml"
)
"""Files called after the first jobs of a pipeline, whose last one may deploy."""
_FUNCTION = regex(r"(?:function\s+)?(?P<name>[\w-]{1,60})\s*(?:\(\s*\))?\s*\{")
_HANDS_ON = regex(rf"(?P<call>{COMPOSE}[^\n;|&]{{0,400}}?)[\"']?\$@[\"']?\s*(?:;|\}}|$)", words=("$@",))
"""A call of Compose that gets all words of the function that it stands in."""
_MOST_FUNCTIONS = 20
_LONGEST = 8_000
"""Characters of a command in which the calls of functions are written out."""


@frozen
class Line:
    """One command of a script, what a backslash or `&&` continues included, and where it begins."""

    text: str
    place: Location


def named_files(text: str) -> frozenset[str]:
    """Return the names of the compose files that a line hands over, without their folders: by options, else by the variable."""
    return frozenset(_FILE.findall(text)) or frozenset(path.rpartition("/")[2] for path in listed_files(text))


def hides_its_file(text: str) -> bool:
    """Whether a line that names no compose file starts another one than Compose finds by itself: one that a variable names."""
    return bool(_HIDDEN_FILE.search(text))


def listed_files(text: str) -> tuple[str, ...]:
    """Return the compose files to which a line sets `COMPOSE_FILE`, in their order; () where it sets none."""
    match = LISTED.search(text)
    return tuple(path for path in re.split("[:;]", match["paths"]) if path) if match else ()


def run_text(step: Step) -> str:
    """Return what a step runs here or over there."""
    return f"{step.run}\n{step.input('script')}\n{step.input('command')}"


def place_of(workflow: Workflow, step: Step, line: str) -> Location:
    """Return where a line of what a step runs stands, else the place of the step."""
    given = step.run_location or step.uses_location or step.location
    if given.path != workflow.path:
        return given
    wanted, rows = line.strip(), known(_rows, workflow.document.text)
    if not wanted:
        return given
    number = next((at for at in range(given.line - 1, len(rows)) if wanted in rows[at]), None)
    return given if number is None else Location(given.path, number + 1)


def _rows(text: str) -> list[str]:
    return text.split("\n")


def lines_of(workflow: Workflow, step: Step, text: str) -> list[Line]:
    """Return the lines of one text that a step runs, each with its place: that of the step from the first line on that is not
    written as it runs.
    """
    given = step.run_location or step.uses_location or step.location
    rows = known(_rows, workflow.document.text) if given.path == workflow.path else []
    number = given.line - 1
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        number = next((at for at in range(number, len(rows)) if line in rows[at]), len(rows))
        found.append(Line(line, Location(given.path, number + 1) if number < len(rows) else given))
        number += 1
    return found


def commands_of(lines: Iterable[Line]) -> tuple[Line, ...]:
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
    return tuple(line for line in found if line.text and not SAYS.fullmatch(line.text))


def is_elsewhere(step: Step) -> bool:
    """Whether a step works on another machine than the runner."""
    action = step.action.lower()
    sends = "ssh" in action and (step.input("script") or step.input("command"))
    return bool(sends or _SSH_ACTIONS.match(action) or _REMOTE.search(run_text(step)))


def is_own_machine(job: Job) -> bool:
    """Whether the job runs on a machine of the team's own, which is still there after it."""
    return "self-hosted" in (item.value for item in scalars_of(find(job.node, "runs-on")))


def starts_elsewhere(job: Job, step: Step) -> bool:
    """Whether a step starts containers on another machine than a runner that is thrown away."""
    return bool(STARTS.search(run_text(step))) and (is_elsewhere(step) or is_own_machine(job))


def _names(workflow: Workflow, job: Job) -> tuple[str, str]:
    """Return the words of a job's names, and the same without what it does before; empty where they mean no release."""
    file = workflow.path.rpartition("/")[2]
    parts = [re.sub(r"[_.+&-]+", " ", text) for text in (job.id, job.name, file)]
    names = " ".join(parts)
    if _PIPELINE.fullmatch(parts[-1]) and _DEPLOYS.search(f"{job.id} {job.name}"):
        parts.pop()
    bare = " ".join(_STEPS_BEFORE.sub("", part) for part in parts)
    if not _DEPLOYS.search(f"{names} {job.environment}") or _TRIAL.search(bare):
        return "", ""
    return names, bare


def renews_a_host(workflow: Workflow, job: Job) -> bool:
    """Whether a job brings new sources to a host over SSH, or has ECS start a task, however it is started there."""
    names, _ = _names(workflow, job)
    steps = job.steps if names else ()
    return any(_ECS.match(step.uses) or (is_elsewhere(step) and _BRINGS.search(run_text(step))) for step in steps)


def is_deployment(workflow: Workflow, job: Job) -> bool:
    """Whether a job starts a release on a host or a cluster that lasts."""
    return known(_starts_a_release, workflow, job)


def _starts_a_release(workflow: Workflow, job: Job) -> bool:
    names, bare = _names(workflow, job)
    if not names:
        return False
    starts = [step for step in job.steps if STARTS.search(run_text(step))]
    if bare != names:  # One job does all: only another machine is certainly no try on the runner.
        return any(is_elsewhere(step) for step in starts)
    if is_own_machine(job) and starts:
        return True
    return any(is_elsewhere(step) or not re.search(r"compose", run_text(step), re.IGNORECASE) for step in starts)


def deploy_scripts(project: Project) -> dict[str, list[Command]]:
    """Return the lines of the shell scripts that are called after a deployment."""
    found: dict[str, list[Command]] = {}
    for command in project.commands:
        if command.context == "script":
            found.setdefault(command.location.path, []).append(command)
    return {path: _unwrapped(item) for path, item in found.items() if path not in project.owned and _is_called_after(path)}


def _unwrapped(commands: list[Command]) -> list[Command]:
    """Return the commands of a script with what its functions call in their place, where such a one hands its words to Compose:
    `compose_cmd up -d` is `docker compose -f compose.yaml up -d`.
    """
    calls = _wrappers(commands)
    if not calls:
        return commands
    names = "|".join(map(re.escape, calls))
    pattern = re.compile(rf"(?<![\w./$-])({names})(?=\s+(?:{_WORDS})\b)")
    return [replace(item, text=pattern.sub(lambda match: calls[match[1]], item.text)[:_LONGEST]) for item in commands]


def _wrappers(commands: list[Command]) -> dict[str, str]:
    """Return the calls of Compose behind the functions of a script that hand all their words to it, by their names."""
    found: dict[str, str] = {}
    name = ""
    for text in (item.text for item in commands):
        opening = _FUNCTION.match(text)
        name = opening["name"] if opening else "" if text == "}" else name
        call = _HANDS_ON.search(text) if name and len(found) < _MOST_FUNCTIONS else None
        if call:
            found.setdefault(name, call["call"].strip())
    return found


def is_called_for_a_trial(name: str) -> bool:
    """Whether the name of a job, script or target speaks of a try, a preview or of development."""
    return bool(_TRIAL.search(_STEPS_BEFORE.sub("", re.sub(r"[_.:+&-]+", " ", name))))


def _is_called_after(path: str) -> bool:
    name = path.rpartition("/")[2]
    is_shell = name.endswith((".sh", ".bash"))
    return is_shell and bool(_UPDATES.search(name)) and not _TRIAL.search(re.sub(r"[_.-]", " ", path))
