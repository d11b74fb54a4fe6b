"""CFG013: a deployment starts a compose file without the env file that its own instructions give it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.config.interpolated import Unread, unread
from scaffold.gaps.facts import DEFAULT_FILES, judged_stacks, listed, once
from scaffold.model.compose import Stack
from scaffold.model.deployments import COMPOSE, STARTS, deploy_scripts, is_deployment, place_of, run_text
from scaffold.model.document import Location, scalars_in
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name

_CALL = regex(rf"{COMPOSE}[^\n&|;#]*")
_FILE = regex(r"(?:\s-f|\s--file)[=\s]+[\"']?(?P<path>[^\s\"']+)")
_ENV_FILE = regex(r"\s--env-file[=\s]+[\"']?(?P<path>[\w./-]+)")
_ASSIGNS = regex(r"(?m)^[ \t]*(?:export\s+)?(?P<name>\w+)=[\"']?(?P<value>[\w./-]+\.ya?ml)[\"']?\s*$")
_GIVES = regex(
    r"--env-file|COMPOSE_ENV_FILES|(?m:(?:^|[\s/\"'{])\.env(?=[\s\"'}]|$))|(?m:^[^\S\n]*(?:export|source|set\s+-a|\.)\s)|\benvsubst\b|\bsops\b|\bdoppler\b"
    r"|\binfisical\b|\bop\s+run\b|\bvault\b|\bchamber\b"
)
"""What may give the variables their values: another env file, the shell's own variables, a store of secrets."""


@frozen
class _Instruction:
    """A line that starts a compose file with an env file, and where it stands."""

    env_file: str
    place: Location


@frozen
class _Deployment:
    """What a job or a script runs: its whole text, the variables that it sets by name, and the call that starts the stack."""

    resource: str
    name: str
    text: str
    given: frozenset[str]
    call: str
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    for deployment in (*_jobs(project), *_scripts(project)):
        if _GIVES.search(deployment.text):
            continue
        for stack in project.stacks:
            told = known(_instruction, project, stack) if _is_started(project, stack, deployment) else None
            unset = _unset(stack, deployment.given) if told else {}
            if told and unset:
                yield _gap(deployment, stack, told, unset)
                break
    yield from once(_unread_gaps(project))


def _unread_gaps(project: Project) -> Iterator[Gap]:
    """Yield each stack whose variables stand in the env file of its services alone."""
    for stack in judged_stacks(project):
        found = unread(project, stack) if stack.is_runnable_in_production and stack.complete else None
        if found is not None:
            yield _unread_gap(stack, found)


def _unread_gap(stack: Stack, found: Unread) -> Gap:
    places = list(found.names.values())
    instead = "what another .env happens to have, or an empty text," if found.partly else "an empty text"
    return RULE.gap(
        resource=stack.resource(found.service.name),
        subject=f"env-file/{found.file}",
        message=f"{' and '.join(stack.files)} fills in {listed(sorted(found.names))} from the shell or from .env, and what has"
        f" them is {found.file}, which `env_file` gives to containers alone: Compose writes {instead} in their place.",
        expected=f"--env-file {found.file} with each start, or the values in .env, and ${{NAME:?}} in the file",
        actual="no file from which Compose reads them",
        locations=(places[0][0],),
        related=(*(place for place, _ in places[1:3]), *dict.fromkeys(entry for _, entry in places[:2])),
        severity=Severity.MEDIUM if any(map(is_sensitive_name, found.names)) else Severity.LOW,
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                f"Start the stack with --env-file {found.file}, or let the container take the value from its env_file, and"
                " guard what is filled in with ${NAME:?}.",
            ),
        ),
    )


def _jobs(project: Project) -> Iterator[_Deployment]:
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            starting = [step for step in job.steps if STARTS.search(run_text(step)) and _CALL.search(run_text(step))]
            if not starting or not is_deployment(workflow, job):
                continue
            step = starting[0]
            text = "\n".join(run_text(item) for item in job.steps)
            given = {name for name, _ in (*workflow.env, *job.env, *step.env)} | set(re.findall(r"\w+", step.input("envs")))
            call = _starting_call(run_text(step))
            place = place_of(workflow, step, call)
            yield _Deployment(f"{workflow.path}/{job.id}", f"The job {job.id}", text, frozenset(given), call, place)


def _scripts(project: Project) -> Iterator[_Deployment]:
    for path, commands in deploy_scripts(project).items():
        text = "\n".join(item.text for item in commands)
        for item in commands:
            if STARTS.search(item.text) and _CALL.search(item.text):
                yield _Deployment(path, path, text, frozenset(), _starting_call(item.text), item.location)
                break


def _starting_call(text: str) -> str:
    return next((match[0] for match in _CALL.finditer(text) if STARTS.search(match[0])), "")


def _is_started(project: Project, stack: Stack, deployment: _Deployment) -> bool:
    """Whether a deployment starts exactly the files of a stack; a variable stands for the first file that it may name."""
    named = [match["path"] for match in _FILE.finditer(deployment.call)]
    if not named:
        usual = next((path for path in DEFAULT_FILES if project.exists(path)), "")
        return not deployment.call.startswith("$") and stack.files == (usual,)
    values: dict[str, list[str]] = {}
    for match in _ASSIGNS.finditer(deployment.text):
        if project.exists(match["value"]):
            values.setdefault(match["name"], []).append(match["value"])
    found = tuple(next(iter(values.get(path.strip("${}"), [""])), "") if path.startswith("$") else path for path in named)
    return found == stack.files


def _instruction(project: Project, stack: Stack) -> _Instruction | None:
    """Return the line of the file's own comments, or of a page, that starts exactly this stack with an env file."""
    for path in stack.files:
        text = project.source(path) or ""
        for number, line in enumerate(text.split("\n"), 1):
            if line.lstrip().startswith("#") and (found := _told(line, stack)):
                return _Instruction(found, Location(path, number))
    for command in project.commands:
        is_theirs = command.context in {"doc", "makefile"} and command.location.path not in project.owned
        if is_theirs and (found := _told(command.text, stack)):
            return _Instruction(found, command.location)
    return None


def _told(line: str, stack: Stack) -> str:
    """Return the env file with which a line starts the stack, "" where it does not."""
    call = _CALL.search(line.lstrip("# "))
    given = _ENV_FILE.search(call[0]) if call else None
    if call is None or given is None or not re.search(r"\sup\b", call[0]):
        return ""
    files = tuple(match["path"].removeprefix("./") for match in _FILE.finditer(call[0]))
    return given["path"] if files == stack.files and given["path"].removeprefix("./") != ".env" else ""


def _unset(stack: Stack, given: frozenset[str]) -> dict[str, Location]:
    """Return the variables that become empty texts, with the first place of each; none where a guard stops the start."""
    found: dict[str, Location] = {}
    for service in stack.services:
        for scalar in scalars_in(service.node):
            for reference in scalar.references:
                if reference.is_required:
                    return {}
                if not reference.operator and reference.name not in given:
                    found.setdefault(reference.name, scalar.location)
    return found


def _gap(deployment: _Deployment, stack: Stack, told: _Instruction, unset: dict[str, Location]) -> Gap:
    where = f"{told.place.path}:{told.place.line}"
    are = "is" if len(unset) == 1 else "are"
    return RULE.gap(
        resource=deployment.resource,
        subject=f"env-file/{told.env_file}",
        message=f"{deployment.name} starts {' and '.join(stack.files)} without the --env-file {told.env_file} that {where}"
        f" gives it: {listed(unset)} {are} then empty, unless the host happens to have a .env, and nothing stops the start.",
        expected=f"--env-file {told.env_file} in the deployment, and ${{NAME:?}} in the file",
        actual="no env file",
        locations=(deployment.place,),
        related=(told.place, *list(unset.values())[:3]),
        severity=Severity.MEDIUM if any(map(is_sensitive_name, unset)) else Severity.LOW,
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG013",
    name="started-without-its-env-file",
    layer=Layer.CONFIG,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Name the env file in the deployment as the instructions do, and guard what it has to give."),
    ),
)
