"""Dockerfiles into stages and instructions, as BuildKit's parser splits them (docs.docker.com/reference/dockerfile)."""

from __future__ import annotations

import json
import re
import shlex
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import replace

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Problem
from scaffold.model.frozen import frozen
from scaffold.model.project import Dockerfile, Instruction, Stage
from scaffold.model.regex import regex
from scaffold.read.lines import numbered

_KEYWORDS = frozenset(
    {
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    }
)
_DIRECTIVE = regex(r"#\s*([A-Za-z]+)\s*=\s*(.+)")
_PORTS = regex(r"(\d{1,5})(?:-(\d{1,5}))?(?:/tcp)?", re.ASCII | re.IGNORECASE)
_MOST_PORTS = 100
"""A range of more ports is not written out."""
_HEREDOC = regex(r"<<(-?)(['\"]?)([A-Za-z_][A-Za-z0-9_.]*)\2")
_FLAG = regex(r"(--[a-z][\w-]*(?:=(?:\"[^\"]*\"|'[^']*'|\S*))?)(?:\s+|$)")
_VARIABLE = regex(r"\$(?:\{([A-Za-z_]\w*)(?::?([-+])([^}]*))?\}|([A-Za-z_]\w*))")
_MOST_ROUNDS = 8
"""ARG defaults may name other arguments; deeper chains than this are left unknown."""


@frozen
class _Logical:
    """One instruction line after continuations and heredocs."""

    line: int
    column: int
    text: str


def with_lower_case(stacks: tuple[Stack, ...], exists: Callable[[str], bool]) -> tuple[Stack, ...]:
    """Return the stacks with the builds of a Dockerfile that is not there leading to the `dockerfile` beside it, which
    buildx takes instead (docker/buildx, pull request 444).
    """
    return tuple(
        replace(stack, services=services)
        if (services := tuple(_in_lower_case(service, exists) for service in stack.services)) != stack.services
        else stack
        for stack in stacks
    )


def _in_lower_case(service: Service, exists: Callable[[str], bool]) -> Service:
    build = service.build
    folder, slash, name = (build.dockerfile or "").rpartition("/") if build else ("", "", "")
    lower = f"{folder}{slash}dockerfile"
    if build is None or name != "Dockerfile" or exists(build.dockerfile or "") or not exists(lower):
        return service
    return replace(service, build=replace(build, dockerfile=lower))


def read_dockerfile(path: str, text: str) -> tuple[Dockerfile, tuple[Problem, ...]]:
    """Return the stages of a Dockerfile; a file without FROM gives no stage and a problem."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    current: list[Instruction] = []
    aliases: set[str] = set()
    for logical in _logical_lines(text):
        instruction = _instruction(path, logical)
        if instruction is None:
            continue
        if instruction.keyword == "FROM":
            _close(stages, current)
            stages.append(_stage(instruction, arguments, aliases))
            aliases.add(stages[-1].alias)
        elif stages:
            current.append(instruction)
        elif instruction.keyword == "ARG":
            arguments |= _arguments(instruction.text)
    _close(stages, current)
    problems = () if stages else (Problem(Location(path, 1), "a Dockerfile without a FROM instruction"),)
    return Dockerfile(path, tuple(stages)), problems


def read_dockerignore(text: str) -> tuple[str, ...]:
    """Return the patterns of a .dockerignore, comments and empty lines left out."""
    lines = (line.strip() for _, line in numbered(text))
    return tuple(line for line in lines if line and not line.startswith("#"))


def _close(stages: list[Stage], current: list[Instruction]) -> None:
    if stages and current:
        stages[-1] = replace(stages[-1], instructions=tuple(current))
        current.clear()


def _escape(lines: list[tuple[int, str]]) -> str:
    for _, line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            return "\\"
        if directive[1].lower() == "escape" and directive[2] in {"\\", "`"}:
            return directive[2]
    return "\\"


def _logical_lines(text: str) -> list[_Logical]:
    lines = numbered(text)
    ends = re.compile(re.escape(_escape(lines)) + r"[ \t]*$")
    closers = _Closers(lines)
    result = []
    index = 0
    while index < len(lines):
        number, line = lines[index]
        index += 1
        stripped = line.lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        parts, index = _continued(lines, index, line, ends)
        body, index = _heredocs(lines, index, parts, closers)
        result.append(_Logical(number, len(line) - len(stripped) + 1, (parts + body).strip()))
    return result


def _continued(lines: list[tuple[int, str]], index: int, first: str, ends: re.Pattern[str]) -> tuple[str, int]:
    """Join the lines that a trailing escape continues; comments and empty lines between them do not count."""
    parts = []
    line = first
    while ends.search(line):
        parts.append(ends.sub("", line))
        while index < len(lines) and (not lines[index][1].strip() or lines[index][1].lstrip().startswith("#")):
            index += 1
        if index >= len(lines):
            line = ""
            break
        line = lines[index][1]
        index += 1
    return "".join([*parts, line]), index


class _Closers:
    """Where the lines stand that may end a heredoc: found at once for all, so that open ones cost no search each."""

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        self.lines = lines
        self.places: dict[bool, dict[str, list[int]]] = {}

    def find(self, word: str, start: int, *, indented: bool) -> int | None:
        """Return the index of the first line from `start` on that is the word, after tabs where it may be indented."""
        if indented not in self.places:
            found: dict[str, list[int]] = {}
            for index, (_, line) in enumerate(self.lines):
                found.setdefault(line.lstrip("\t") if indented else line, []).append(index)
            self.places[indented] = found
        places = self.places[indented].get(word, [])
        position = bisect_left(places, start)
        return places[position] if position < len(places) else None


def _heredocs(lines: list[tuple[int, str]], index: int, joined: str, closers: _Closers) -> tuple[str, int]:
    """Return the bodies of the heredocs that RUN, COPY or ADD open on this line, and the index after them."""
    keyword = joined.split(maxsplit=1)[0].upper() if joined.strip() else ""
    if keyword not in {"RUN", "COPY", "ADD"}:
        return "", index
    body: list[str] = []
    for dash, _, word in _HEREDOC.findall(joined):
        end = closers.find(word, index, indented=bool(dash))
        if end is None:
            break
        body += [f"\n{line}" for _, line in lines[index:end]]
        index = end + 1
    return "".join(body), index


def _instruction(path: str, logical: _Logical) -> Instruction | None:
    word, _, rest = logical.text.partition(" ")
    keyword, tab, after = word.partition("\t")
    rest = f"{after} {rest}" if tab else rest
    keyword = keyword.upper()
    if keyword not in _KEYWORDS:
        return None
    flags, rest = _flags(rest.strip())
    location = Location(path, logical.line, logical.column)
    if keyword not in {"CMD", "ENTRYPOINT", "RUN", "SHELL", "HEALTHCHECK"}:
        return Instruction(keyword, rest, location, flags=flags)
    command = rest
    if keyword == "HEALTHCHECK":
        start = re.match(r"CMD\b\s*", rest, re.IGNORECASE)
        command = rest[start.end() :] if start else rest
    argv, exec_form = _argv(command)
    return Instruction(keyword, rest, location, argv, exec_form, flags)


def _flags(rest: str) -> tuple[tuple[str, ...], str]:
    flags = []
    position = 0
    while match := _FLAG.match(rest, position):
        flags.append(match[1])
        position = match.end()
    return tuple(flags), rest[position:]


def _argv(command: str) -> tuple[tuple[str, ...], bool]:
    if command.startswith("["):
        try:
            items = json.loads(command)
        except (ValueError, RecursionError):
            items = None
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return tuple(items), True
    try:
        return tuple(shlex.split(command)), False
    except ValueError:
        return tuple(command.split()), False


def exposed_ports(dockerfile: Dockerfile, target: str = "") -> tuple[int, ...]:
    """Return the TCP ports that the stage of a target and those before it expose; variables have their defaults."""
    ports: list[int] = []
    environment: dict[str, str] = {}
    for stage in reversed(dockerfile.chain(target)):
        arguments: dict[str, str] = {}  # only ENV is passed on to the next stage, and it wins
        for item in stage.instructions:
            if item.keyword == "ARG":
                arguments |= _arguments(item.text)
            elif item.keyword == "ENV":
                environment |= _set_by(item.text)
            elif item.keyword == "EXPOSE":
                values = {**arguments, **environment}
                ports += [port for word in item.text.split() for port in _tcp_ports(_expand(word, values))]
    return tuple(dict.fromkeys(ports))


def _set_by(text: str) -> dict[str, str]:
    """Return what an ENV instruction sets, in its form `NAME=value ...` or `NAME value`."""
    name, _, value = text.strip().partition(" ")
    return _arguments(text) if "=" in name else {name: value.strip()}


def _tcp_ports(word: str) -> Iterable[int]:
    """The ports of a word of EXPOSE: `8000`, `8000/tcp`, `8000-8002`."""
    match = _PORTS.fullmatch(word)
    if match is None:
        return ()
    first = int(match[1])
    return range(first, min(int(match[2] or first), first + _MOST_PORTS) + 1)


def _arguments(text: str) -> dict[str, str]:
    """Return the arguments of an ARG instruction that have a default."""
    found = {}
    for match in re.finditer(r"([A-Za-z_]\w*)(?:=(\"[^\"]*\"|'[^']*'|\S*))?", text):
        if match[2] is not None:
            found[match[1]] = match[2].strip("\"'")
    return found


def _expand(text: str, arguments: dict[str, str]) -> str:
    """Return `text` with ARG defaults put in, or "" when an argument without a default is part of it."""
    unknown = False

    def value(match: re.Match[str]) -> str:
        nonlocal unknown
        name, operator, word = match[1] or match[4], match[2], match[3]
        if operator == "+":
            return word if name in arguments else ""
        if name in arguments:
            return arguments[name]
        unknown = unknown or operator != "-"
        return word or ""

    for _ in range(_MOST_ROUNDS):
        if "$" not in text:
            break
        text = _VARIABLE.sub(value, text)[:2000]
        if unknown:
            return ""
    return "" if "$" in text else text


def _stage(instruction: Instruction, arguments: dict[str, str], earlier: set[str]) -> Stage:
    words = instruction.text.split()
    alias = words[2].lower() if len(words) >= 3 and words[1].lower() == "as" else ""
    base = _expand(words[0].strip("\"'"), arguments) if words else ""
    # Stage names are compared without regard to case.
    if base.lower() in earlier:
        base = base.lower()
    return Stage(base, alias, instruction.location)
