"""The shell scripts that images for production start with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import builds_image, ci_steps, pushes_image
from scaffold.gaps.image.builds import DEVELOPMENT, environment_of, is_built, targets_of
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import main_services
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex

_STOPPING_SHELL = regex(r"\b(?:ba|da|a|z)?sh\s+(?:-\S+\s+){0,9}-(?=[a-z]*e)[a-z]++\s+(?:-\S+\s+){0,9}$")
"""A shell that the image starts with `-e`, whatever the script says."""
_SCRIPT = regex(
    r"(?<![\w./-])(?:[\w.-]*/)*+[\w.-]{0,100}?(?P<name>[\w.-]+\.(?:sh|bash)|entrypoint|docker-entrypoint)(?=[\s\"',\]]|$)"
)
_MOST_LINES = 600
_TRIED = frozenset({EnvironmentClass.DEV, EnvironmentClass.TEST})
SERVES = regex(
    r"(?:^\s*|[;&|]\s*)exec\s|(?:^|[\s;&|\"'])(?:gunicorn|uvicorn|hypercorn|daphne|granian|uwsgi|fastapi\s+run|flask\s+run|puma"
    r"|rails\s+s(?:erver)?|php-fpm|apache2-foreground|frankenphp|node\s+\S+|next\s+start|nest\s+start"
    r"|(?:npm|yarn|pnpm)\s+(?:run\s+)?start|java\s+-\w+|supervisord|caddy\s+run)(?=[\s\"'&;|]|$)"
)
"""What a container serves with, or hands itself over to."""


@frozen
class StartScript:
    """A script that an image starts with, and whether its shell is told to stop at a failure."""

    dockerfile: Dockerfile
    path: str
    stops: bool


def start_scripts(project: Project) -> Iterator[StartScript]:
    """Yield each shell script that an image for production starts with, by itself or as a service of a stack has it."""
    for dockerfile in project.dockerfiles:
        if purpose_of(project, dockerfile) in _TRIED:
            continue
        for words in _starts(project, dockerfile):
            first: dict[str, int] = {}
            for match in _SCRIPT.finditer(words):
                first.setdefault(match["name"], match.start())
            for name, start in first.items():
                path = script_of(project, dockerfile, name)
                if path and is_built(project, dockerfile):
                    yield StartScript(dockerfile, path, bool(_STOPPING_SHELL.search(words[:start])))


def _starts(project: Project, dockerfile: Dockerfile) -> Iterator[str]:
    """Yield what starts containers of an image, as one text each: its own instructions, and the words of services."""
    for target in targets_of(project, dockerfile):
        instructions = (dockerfile.effective(keyword, target) for keyword in ("ENTRYPOINT", "CMD"))
        yield " ".join(" ".join(item.argv) or item.text for item in instructions if item)
    yield from known(_words_by_dockerfile, project).get(dockerfile.path, ())


def _words_by_dockerfile(project: Project) -> dict[str, list[str]]:
    """Return the words with which services start, by the Dockerfiles of their images."""
    found: dict[str, list[str]] = {}
    for _, service in main_services(project):
        if service.made and service.made.dockerfile:
            found.setdefault(service.made.dockerfile, []).append(
                " ".join((*(service.entrypoint or ()), *(service.command or ())))
            )
    return found


def purpose_of(project: Project, dockerfile: Dockerfile) -> EnvironmentClass:
    """Return what the image is for; one that a workflow publishes is for users, also where the stack of the tests builds it."""
    found = environment_of(project, dockerfile)
    return EnvironmentClass.BASE if found in _TRIED and _is_published(project, dockerfile) else found


def joined_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a script with their numbers, those that a backslash or a chain continues as one."""
    pending, start = "", 0
    for number, line in enumerate(text.split("\n")[:_MOST_LINES], 1):
        start = start or number
        if line.endswith("\\") or re.search(r"(?:&&|\|\|)\s*$", line):
            pending += line.removesuffix("\\") + " "
            continue
        yield start, pending + line
        pending, start = "", 0


def _is_published(project: Project, dockerfile: Dockerfile) -> bool:
    """Whether a job builds this Dockerfile by its path and pushes images."""
    if DEVELOPMENT.search(dockerfile.path):
        return False
    steps = ci_steps(project)
    pushing = {(item.workflow.path, item.job.id) for item in steps if pushes_image(item)}
    by_flag = regex(rf"(?:\s-f|--file)[=\s]+[\"']?(?:\./)?{re.escape(dockerfile.path)}(?![\w./-])")
    return any(
        (item.workflow.path, item.job.id) in pushing
        and builds_image(item)
        and (by_flag.search(item.text) or item.step.input("file").removeprefix("./") == dockerfile.path)
        for item in steps
    )


def script_of(project: Project, dockerfile: Dockerfile, name: str) -> str | None:
    """Return the script that a step copies to this name, the one of this name beside the Dockerfile, else the only one."""
    folder = dockerfile.path.rpartition("/")[0]
    scripts = _scripts(project)
    alike = [folders for called in {name, _original(dockerfile, name)} if (folders := scripts.get(called))]
    beside = [folders[folder] for folders in alike if folder in folders]
    found = beside or [path for folders in alike for path in folders.values()]
    return found[0] if len(found) == 1 else None


@remembered
def _scripts(project: Project) -> dict[str, dict[str, str]]:
    """Return the scripts of a project by their name and folder."""
    found: dict[str, dict[str, str]] = {}
    for command in project.commands:
        if command.context == "script":
            folder, _, name = command.location.path.rpartition("/")
            found.setdefault(name, {})[folder] = command.location.path
    return found


def _original(dockerfile: Dockerfile, name: str) -> str:
    """Return how a file is called before a step of the image copies it to another name, else that name."""
    copies = (item for stage in dockerfile.stages for item in stage.instructions if item.keyword in {"COPY", "ADD"})
    for item in copies:
        words = [word.strip('",[]') for word in item.text.split()]
        if len(words) == 2 and words[1].rpartition("/")[2] == name:
            return words[0].rpartition("/")[2]
    return name
