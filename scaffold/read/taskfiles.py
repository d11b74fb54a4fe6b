"""Taskfiles of go-task: the commands of each task, with the variables of its file put in."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.document import Location, Mapping, Node, Scalar, Sequence, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Command
from scaffold.model.regex import regex
from scaffold.read.yaml import parse_documents

_PATH = regex(r"(?:.*/)?\.?[tT]askfiles?(?:\.[\w-]+)*\.ya?ml|(?:.*/)?\.?[tT]askfiles?/[^/]+\.ya?ml")
_TEMPLATE = regex(r"\{\{-?(?P<inside>[^{}\n]{0,400}?)-?\}\}", words=("{{",))
_VARIABLE = regex(r"\s*\.(?P<name>\w+)\b(?:\s*\|[^{}\n]*)?\s*")
_LONGEST = 4_000
"""Characters of one command: variables that double one another end here."""
_DEEPEST = 4
"""Rounds in which variables of a file are put into one another."""


def is_taskfile(path: str) -> bool:
    """Whether go-task reads the file by its name, or it lies in a folder of files that such a one includes."""
    return _PATH.fullmatch(path) is not None


@frozen
class _Lines:
    """The lines of a file, and the variables that it sets, by name."""

    lines: tuple[str, ...]
    variables: ChainMap[str, str]


def read_taskfile(path: str, text: str) -> tuple[Command, ...]:
    """Return the commands of each task; a call of another task appears as `task <name>` with the variables it hands over."""
    found: list[Command] = []
    lines = tuple(text.split("\n"))
    for document in parse_documents(path, text)[0]:
        root = document.root
        tasks = root.get("tasks") if isinstance(root, Mapping) else None
        if not isinstance(root, Mapping) or not isinstance(tasks, Mapping):
            continue
        of_file = _variables(root.get("vars"))
        for entry in tasks.entries:
            own = _variables(entry.value.get("vars")) if isinstance(entry.value, Mapping) else {}
            file = _Lines(lines, ChainMap(own, of_file))
            found += [command for node in _steps(entry.value) for command in _commands(file, entry.key.value, node)]
    return tuple(sorted(found, key=lambda command: command.location.line))


def _steps(task: Node) -> Iterator[Node]:
    """Yield what a task runs: itself, where it is a text or a list, else what it needs and its commands."""
    if isinstance(task, Scalar):
        yield task
    elif isinstance(task, Sequence):
        yield from task.items
    elif isinstance(task, Mapping):
        for key in ("deps", "cmd", "cmds"):
            given = task.get(key)
            steps: tuple[Node, ...] = given.items if isinstance(given, Sequence) else (given,) if given is not None else ()
            for step in steps:
                yield _call(step) if key == "deps" and isinstance(step, Scalar) else step


def _call(name: Scalar) -> Scalar:
    return replace(name, value=f"task {name.value}")


def _commands(file: _Lines, owner: str, node: Node) -> Iterator[Command]:
    if isinstance(node, Mapping):
        called = text_of(node.get("task"))
        if called:
            given = " ".join(f"{name}={value}" for name, value in _variables(node.get("vars")).items() if value)
            text = _filled(f"task {called.removeprefix(':')} {given}".rstrip(), file.variables)
            yield Command(text, "makefile", owner, node.location)
            return
        node = node.get("cmd") or node.get("defer") or node
    for scalar in scalars_of(node):
        yield from _lines_of(file, owner, scalar)


def _lines_of(file: _Lines, owner: str, scalar: Scalar) -> Iterator[Command]:
    """Yield the lines of one command; a block begins on the line after its key."""
    place = scalar.location
    head = file.lines[place.line - 1][place.column - 1 :] if place.line <= len(file.lines) else ""
    start = place.line + (1 if head.startswith(("|", ">")) else 0)
    number = start
    for joined in scalar.value.replace("\\\n", "\0").split("\n"):
        line = _filled(joined.replace("\0", " "), file.variables).strip()
        if line and not line.startswith("#"):
            yield Command(line, "makefile", owner, Location(place.path, min(number, len(file.lines))))
        number += 1 + joined.count("\0")


def _variables(node: Node | None) -> dict[str, str]:
    entries = node.entries if isinstance(node, Mapping) else ()
    return {entry.key.value: text_of(entry.value)[:_LONGEST] for entry in entries if isinstance(entry.value, Scalar)}


def _filled(text: str, variables: ChainMap[str, str]) -> str:
    """Return a text with the variables of the file in place of their templates, and `${NAME}` for those of a caller."""
    for _ in range(_DEEPEST):
        if "{{" not in text:
            break
        text = _TEMPLATE.sub(lambda found: _value(found["inside"], variables), text[:_LONGEST])[:_LONGEST]
    return text


def _value(inside: str, variables: ChainMap[str, str]) -> str:
    match = _VARIABLE.fullmatch(inside)
    if match is None:
        return ""
    value = variables.get(match["name"], "")
    return value if value and f".{match['name']}" not in value else f"${{{match['name']}}}"
