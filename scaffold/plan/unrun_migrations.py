"""The commands by which the project migrates its database where nothing that a release starts is seen to run them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import is_called_for_a_trial
from scaffold.model.guides import ManualMigration
from scaffold.model.names import Role
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS, is_below, migration_of, start_of
from scaffold.plan.release import NOT_FOR_PRODUCTION, release_tasks

_ORDER = ("workflow", "makefile", "package", "script", "doc")
"""Where a command is looked for, that which people are most likely to mean for a release first."""
_BY_OPTION = regex(r"(?<!\S)--(?:apply|run)-migrations\b", words=("-migrations",))
_DEPLOYS = regex(r"(?i)deploy|release|rollout|(?<![a-z])cd(?![a-z])|prod")
_FOR_TESTS = regex(
    r"(?i)(?:^|/)(?:tests?|e2e|examples?|fixtures?|\.devcontainer)/|(?<![a-z])test(?:s|ing)?(?![a-z])|(?<![a-z])ci\.ya?ml$"
)
_DEVELOPS = regex(r"(?i)=dev(?:elopment)?\b", words=("=dev", "=Dev", "=DEV"))
_PAGES = regex(
    r"(?i)readme|install|deploy|setup|database|migrat|operation|production|runbook|claude|agents|contributing|upgrad"
)
"""Pages that say how the application is run, and no logs or plans of its making."""
_OF_ITS_MAKING = regex(r"(?i)(?:^|/)(?:logs?|plans?|archive|finished|history|reports?|audits?)(?:/|$)|audit")
_DIVIDES = regex(r"&&|\|\||[;|]")
_PLAIN = regex(r"[\w./:=@-]{1,60}(?: [\w./:=@-]{1,60}){0,8}")
_GOES_ELSEWHERE = regex(r"(?:docker|docker-compose|podman|kubectl|ssh|heroku|fly|flyctl|cd|curl)(?: |$)")
_OF_A_START = regex(r"(?i)(?:^|/)[\w.-]*(?:entrypoint|entry-point|start|init|(?<![a-z])run(?![a-z]))[\w.-]*$")
"""Scripts that containers begin with, whoever built the image."""
_NOT_IN_IMAGE = regex(r"venv/|(?:^| )\w+=")
_ONLY_LOOKS = regex(r"\bmigrate:(?!latest|up|run|deploy)\w|--(?:pretend|dry-run|plan|check|help)\b", words=("migrate:", "--"))
_IN_A_CONTAINER = regex(
    r"(?:docker compose|docker-compose)(?: -f [\w./-]+)* (?:exec|run)(?: (?:-T|--rm|-it|--no-deps|--build))*"
    r" (?P<service>[\w.-]+) (?P<words>.+)",
    words=("compose",),
)
_SHOWN = 3


def unrun_migrations(project: Project, stack: Stack) -> tuple[ManualMigration, ...]:
    """Return the project's own commands for it, each once; nothing where a start, a job or a one-off container migrates."""
    if release_tasks(project, stack) or any(_migrates(project, service) for service in stack.services):
        return ()
    commands = list(_commands(project))
    if any(item.context == "script" and _OF_A_START.search(item.location.path) for item in commands):
        return ()
    found: dict[str, ManualMigration] = {}
    for command in sorted(commands, key=_rank):
        text = _shown(command.text)
        if text and not any(text in item or item in text for item in found):
            place = f"{command.location.path}:{command.location.line}"
            service, words = _in_a_container(stack, command, text)
            found[text] = ManualMigration(text, place, service, words)
    return tuple(found.values())[:_SHOWN]


def _rank(command: Command) -> tuple[int, bool, str, int]:
    path = command.location.path
    return _ORDER.index(command.context), "readme" not in path.lower(), path, command.location.line


def _commands(project: Project) -> Iterator[Command]:
    for command in project.commands:
        if command.context not in _ORDER or command.location.path in project.owned or not _is_migration(command.text):
            continue
        if command.context == "workflow" and not _DEPLOYS.search(f"{command.location.path} {command.owner}"):
            continue
        if command.context == "doc" and not _tells(command.location.path):
            continue
        place = f"{command.owner} {command.location.path}"
        if not _FOR_TESTS.search(place) and not is_called_for_a_trial(command.owner) and not _is_undone(command):
            yield command


def _tells(path: str) -> bool:
    return bool(_PAGES.search(path.rpartition("/")[2])) and not _OF_ITS_MAKING.search(path)


def _is_undone(command: Command) -> bool:
    text = f"{command.owner} {command.text}"
    return any(pattern.search(text) for pattern in (NOT_FOR_PRODUCTION, _ONLY_LOOKS, _DEVELOPS))


def _is_migration(text: str) -> bool:
    return bool(RUNS.search(text) or _BY_OPTION.search(text))


def _migrates(project: Project, service: Service) -> bool:
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    start = start_of(project, service)
    return _is_migration(words) or bool(start and start.migrating) or migration_of(project, service) is not None


def _shown(text: str) -> str:
    """Return the part of a line that migrates, "" where it is more than plain words: it may hold a login."""
    part = next((part.strip() for part in _DIVIDES.split(text) if _is_migration(part)), "")
    return part if _PLAIN.fullmatch(part) and "://" not in part else ""


def _in_a_container(stack: Stack, command: Command, text: str) -> tuple[str, str]:
    """Return the service whose image may hold the command, and the command as it is run there."""
    match = _IN_A_CONTAINER.fullmatch(text)
    if match is not None:
        return (match["service"], match["words"]) if stack.service(match["service"]) else ("", "")
    return _service(stack, command, text), text


def _service(stack: Stack, command: Command, text: str) -> str:
    """Return the one service of the application whose image may hold the command, "" where it is not plain which one."""
    if _GOES_ELSEWHERE.match(text) or _NOT_IN_IMAGE.search(text):
        return ""
    built = [item for item in stack.services if item.build and item.role in {Role.WEB, Role.WORKER}]
    below = [item for item in built if item.build and is_below(command.location.path, item.build.context or ".")]
    for group in (below if command.location.path.count("/") else [], built):
        images = {(item.build.context, item.build.dockerfile, item.build.target) for item in group if item.build}
        if len(images) == 1:
            return group[0].name
    return ""
