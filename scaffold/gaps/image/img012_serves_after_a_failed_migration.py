"""IMG012: the start of a container goes on to the server when its migration has failed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import may_run_in_production
from scaffold.gaps.image.start_scripts import SERVES, joined_lines, purpose_of, start_scripts
from scaffold.gaps.signals import main_services
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS

_STOPS = regex(
    r"(?m)^[^\S\n]*set\s+(?:-[a-z]*e|-o\s+errexit|\S+\s+-[a-z]*e\b)|\A#!\S+(?:\s+\S+)*\s+-[a-z]*e|^[^\S\n]*trap\b[^\n]*\bERR\b|;\s*set\s+-[a-z]*e"
)
_ASKS = regex(r"^\s*(?:if|elif|until|while|!)\b|^\s*!\s|\$\(")
_SHRUGS = regex(r"\|\|\s*(?:true\b|:(?=\s|$|[;\"'])|echo\b|printf\b)[^\n]*")
_LEAVES = regex(r"\bexit\b|\breturn\s+[1-9]|\bfalse\b")
_FUNCTION = regex(r"^\s*(?:function\s+)?(?P<name>\w+)\s*\(\s*\)\s*\{?")


def _detect(project: Project) -> Iterator[Gap]:
    seen: set[Location] = set()
    for script in start_scripts(project):
        text = project.source(script.path) or ""
        place = _unguarded(script.path, text, stops=script.stops) if RUNS.search(text) else None
        if place and place not in seen:
            seen.add(place)
            yield _gap(project, script.dockerfile, place)
    yield from _of_commands(project)
    yield from _of_code(project)


def _unguarded(path: str, text: str, *, stops: bool) -> Location | None:
    """Return the line that migrates and whose failure stops nothing, where the script serves after it."""
    stops = stops or bool(_STOPS.search(text))
    lines = list(joined_lines(text))
    for index, (number, line) in enumerate(lines):
        if line.lstrip().startswith(("#", "echo", "printf")) or not RUNS.search(line) or _ASKS.search(line):
            continue
        later = [other for _, other in lines[index + 1 :]]
        shrugs = bool(_SHRUGS.search(line)) and not _LEAVES.search(line)
        if not any(SERVES.search(other) for other in later) and not _serves_behind(line):
            continue
        if shrugs or (not stops and not _is_checked(line, later) and not _is_called_with_care(lines, index)):
            return Location(path, number)
    return None


def _serves_behind(line: str) -> bool:
    """Whether the server stands in the same line, behind the migration."""
    match = RUNS.search(line)
    return bool(match and SERVES.search(line, match.end()))


def _is_checked(line: str, later: list[str]) -> bool:
    """Whether the line itself, or the one after it, asks how the migration ended."""
    match = RUNS.search(line)
    rest = line[match.end() :] if match else ""
    if "&&" in rest or "||" in rest or rest.rstrip().endswith("&"):
        return True
    return any("$?" in other for other in later[:3])


def _is_called_with_care(lines: list[tuple[int, str]], index: int) -> bool:
    """Whether the line stands in a function whose call is part of a condition or a chain."""
    holder = ""
    for _, line in reversed(lines[:index]):
        if line.startswith("}"):
            break
        found = _FUNCTION.match(line)
        if found:
            holder = found["name"]
            break
    calls = [line for _, line in lines if holder and re.search(rf"(?<!\w){holder}(?!\w|\s*\()", line)]
    return any("||" in line or "&&" in line or _ASKS.search(line) for line in calls)


def _of_code(project: Project) -> Iterator[Gap]:
    """Yield a gap for each program of a server that catches the failure of its migration, where an image has it."""
    facts = (fact for fact in project.code_facts if fact.kind == "swallowed-migration" and may_run_in_production(fact))
    for fact in facts if project.dockerfiles else ():
        path = fact.location.path
        yield RULE.gap(
            resource=path,
            subject="code/migrations",
            message=f"{path} migrates as it starts, catches the failure, reports it and serves all the same: the new code"
            " meets the old tables, and the deployment counts as done.",
            expected="a failure that ends the program, so that the old release stays",
            actual="a migration whose failure is caught and only reported",
            locations=(fact.location,),
        )


def _of_commands(project: Project) -> Iterator[Gap]:
    """Yield a gap for each command of Compose that only lists the migration and the server one after the other."""
    for stack, service in main_services(project):
        for key, words in (("entrypoint", service.entrypoint), ("command", service.command)):
            text = " ".join(words or ())
            if not words or not service.is_application or not RUNS.search(text) or not _goes_on(text):
                continue
            node = service.node.get(key)
            yield RULE.gap(
                resource=stack.resource(service.name),
                subject=f"{key}/migrations",
                message=_MESSAGE.format(f"The {key} of {service.name}"),
                expected=_EXPECTED,
                actual="a migration whose end nobody asks for",
                locations=(node.location if node else service.location,),
                environment=stack.environment,
            )


def _goes_on(text: str) -> bool:
    """Whether a shell reaches the server of a command after its migration has failed."""
    match = RUNS.search(text)
    rest = text[match.end() :] if match else ""
    if match is None or not SERVES.search(rest) or _ASKS.search(text[: match.start()]):
        return False
    between = rest[: (SERVES.search(rest) or match).start() + 1]
    if _SHRUGS.search(between):
        return True
    stops = re.search(r"\bset\s+-[a-z]*e|(?:^|\s)-[a-z]*e[a-z]*c?\b", text[: match.start()])
    return bool(re.match(r"[^&|;\n]*[;\n]", rest)) and not stops


def _gap(project: Project, dockerfile: Dockerfile, place: Location) -> Gap:
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"start/{place.path.rpartition('/')[2]}",
        message=_MESSAGE.format(place.path),
        expected=_EXPECTED,
        actual="a migration whose end nobody asks for",
        locations=(place,),
        related=(Location(dockerfile.path, 1),),
        environment=purpose_of(project, dockerfile),
    )


_MESSAGE = (
    "{} migrates and starts the server also when that failed: the container looks up, and the new code serves on tables that"
    " are old or half changed."
)
_EXPECTED = "set -e before it, or && between the migration and the server"

RULE = Rule(
    code="IMG012",
    name="serves-after-a-failed-migration",
    layer=Layer.IMAGE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Begin the script with `set -eu`, and take `|| true` from the migration; end with `exec`."),
    ),
)
