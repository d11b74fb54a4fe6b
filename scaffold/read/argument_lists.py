"""Commands that a project keeps as lists of arguments: the tasks of cargo-make and the steps of Cloud Build."""

from __future__ import annotations

import re
import shlex

from scaffold.model.document import Location, Mapping, Sequence, scalars_of, text_of
from scaffold.model.project import Command
from scaffold.model.regex import regex
from scaffold.model.toml import read_toml
from scaffold.read.lines import Places
from scaffold.read.yaml import parse_documents

_TASK = regex(r"^[ \t]*\[tasks\.[\"']?([^\"'\]\n]+)[\"']?\]", re.MULTILINE)


def read_cargo_make(path: str, text: str) -> tuple[Command, ...]:
    """Return the command of each task of a Makefile.toml (cargo-make), at the line of the task; a broken file has none."""
    try:
        document = read_toml(text)
    except ValueError:
        return ()
    tasks = document.get("tasks")
    places = Places(path, text)
    headings: dict[str, int] = {}
    for heading in _TASK.finditer(text):
        headings.setdefault(heading[1], places.at(heading.end()).line)
    found = []
    for name, task in tasks.items() if isinstance(tasks, dict) else ():
        command, arguments = (task.get("command"), task.get("args", [])) if isinstance(task, dict) else (None, [])
        if isinstance(command, str) and isinstance(arguments, list):
            words = [command, *(word for word in arguments if isinstance(word, str))]
            found.append(Command(shlex.join(words), "makefile", name, Location(path, headings.get(name, 1))))
    return tuple(sorted(found, key=lambda item: item.location.line))


def read_cloud_build(path: str, text: str) -> tuple[Command, ...]:
    """Return what each step of a Cloud Build file runs: its entrypoint, else the program of its image, with its arguments."""
    found: list[Command] = []
    for document in parse_documents(path, text)[0]:
        lines: dict[str, int] = {}
        steps = document.root.get("steps") if isinstance(document.root, Mapping) else None
        for step in steps.items if isinstance(steps, Sequence) else ():
            if isinstance(step, Mapping):
                program = text_of(step.get("entrypoint")) or _program(text_of(step.get("name")))
                words = [program, *(scalar.value for scalar in scalars_of(step.get("args")))]
                owner = text_of(step.get("id"))
                after = _waited_for(step, lines)
                found.append(Command(shlex.join(words), "script", owner, step.location, after))
                lines[owner or f"#{len(lines)}"] = step.location.line
    return tuple(found)


def _waited_for(step: Mapping, lines: dict[str, int]) -> tuple[int, ...]:
    """Return the lines of the steps that one waits for: those it names, all before it where it names none, none for `-`."""
    names = scalars_of(step.get("waitFor"))
    if not names:
        return tuple(lines.values())
    return tuple(lines[name.value] for name in names if name.value in lines)


def _program(image: str) -> str:
    """The program that a builder's image starts: `docker-compose` of docker/compose:1.29, `docker` of .../builders/docker."""
    repository = image.partition("@")[0]
    name = repository.rpartition("/")[2].partition(":")[0]
    return "docker-compose" if repository.partition(":")[0] == "docker/compose" else name
