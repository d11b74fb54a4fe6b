"""Variables that code cannot do without when it comes to use them, and which nothing outside the code names or sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice

from scaffold.gaps.config.reaching import is_set_by_code, templates_of
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.image_code import reads_in_image
from scaffold.model.project import EnvRead, Project
from scaffold.model.regex import regex

_OF_THE_PLATFORM = frozenset(
    {"CI", "HOME", "HOSTNAME", "PATH", "PORT", "PWD", "SHELL", "TEMP", "TMP", "TMPDIR", "USER", "NODE_ENV", "NEXT_RUNTIME"}
)
"""Variables that systems, shells and runtimes set themselves."""
_BUNDLED = regex("|".join(BUNDLERS))
_SPRING = regex(r"(?:^|/)src/main/resources/(?:[^/]+/)?application[\w.-]*\.(?:properties|ya?ml)$", words=("application",))
_FALLS_BACK = regex(r"\|\||\?\?|\?:|\bor\b|\belse\b|\bif\b|\?\s")
"""What may give another value in place of one that is not there, in the expression of the read."""
_ENDS = regex(r"\bthrow\b|\braise\b|\bpanic!?\(|\bFatal\w*\(|errors\.New\(|fmt\.Errorf\(|\bbail!\(")
_WHERE = regex(r"\b(?:when|if|unless|enabled)\b")
"""Words of a refusal that counts only for who chose something."""
_NEAR = 300
"""Characters behind a read in which code says that it does without the variable not at all."""
_LOGIN = regex(r"(?P<store>[A-Z0-9]{2,30}_(?:DB|DATABASE|POSTGRES|MYSQL|PG)_)(?P<part>HOST|PORT|USER|USERNAME|PASSWORD|NAME)")
_WHOLE = 4
"""Parts of a login that make it whole."""
_ASKS = regex(r"\b(?:if|unless|when|case)\b|\?")
_LINES = 6
"""Lines around a read that belong to it."""
_LONGEST = 1000
"""Characters of a line that somebody wrote."""
_MOST = 40
"""Variables of a service that are followed."""
_MOST_IN_ALL = 400
"""Variables of a project that every text of it is asked for."""
_NOT_CODE = (".yml", ".yaml", ".toml", ".tf", ".tfvars", ".sh", ".json", ".conf", ".ini", ".md")


@frozen
class Asked:
    """A service, and where its code demands each variable that nobody is told to set."""

    service: Service
    reads: tuple[EnvRead, ...]


def asked_for(project: Project, stack: Stack, services: list[Service], given: set[str]) -> Iterator[Asked]:
    """Yield the services whose code demands variables that no service gets and nothing but code names, each variable once."""
    told = given | {entry.name for file in project.env_files for entry in file.entries}
    told |= {reference.name for item in stack.services for entry in item.environment for reference in entry.references}
    lines: dict[str, list[str]] = {}
    left = _MOST_IN_ALL
    for service in services:
        if templates_of(project, [service]) is None or service.node.get("extends") is not None:
            continue
        unknown = (
            item for item in sorted(reads_in_image(project, service).items()) if told.isdisjoint({item[0], f"{item[0]}_FILE"})
        )
        demanded = (read for name, reads in unknown if (read := _demanding(project, name, reads, lines)) is not None)
        second = _second_store(project, reads_in_image(project, service), told, lines)
        followed = list(islice(chain(demanded, second), min(_MOST, left)))
        left -= len(followed)
        found = [
            read for read in followed if not is_set_by_code(project, service, read.name) and not _is_named(project, read.name)
        ]
        if found:
            told |= {read.name for read in found}
            yield Asked(service, tuple(found))


def _demanding(project: Project, name: str, reads: list[EnvRead], lines: dict[str, list[str]]) -> EnvRead | None:
    """Return the first read that cannot do without the variable; None where another one can, and where one ends the program:
    that is told as required. `lines` keeps those of each file.
    """
    if name in _OF_THE_PLATFORM or _BUNDLED.match(name) or not name.isupper():
        return None
    if not all(read.required and not read.fails for read in reads):
        return None
    for read in reads:
        path = read.location.path
        if path not in lines:
            lines[path] = (project.source(path) or "").split("\n")
        if _demands(lines[path], read):
            return read
    return None


def _demands(lines: list[str], read: EnvRead) -> bool:
    """Whether code raises where the variable is not there, and names it, or is a setting that Spring has to fill in."""
    number = read.location.line - 1
    if number >= len(lines) or len(lines[number]) > _LONGEST:
        return False
    if _SPRING.search(read.location.path):
        return f"${{{read.name}}}" in lines[number]
    expression = next((part for part in re.split(r"[,;{}]", lines[number]) if read.name in part), "")
    if _FALLS_BACK.search(expression):
        return False
    behind = "\n".join([lines[number].partition(read.name)[2], *lines[number + 1 : number + _LINES]])[:_NEAR]
    refusal = _ENDS.search(behind)
    said = behind[refusal.end() :].partition("\n")[0] if refusal is not None else ""
    return read.name in said and not _WHERE.search(said)


def _second_store(
    project: Project, reads: Mapping[str, list[EnvRead]], told: set[str], lines: dict[str, list[str]]
) -> Iterator[EnvRead]:
    """Yield the reads of a whole login of a database of which nothing is told, where code reads that of another one the same
    way, which is told, and never asks whether it is there: a replica that nobody gives.
    """
    groups: dict[str, dict[str, EnvRead]] = {}
    defaults = {item.name for item in project.settings}
    for name, found in sorted(reads.items()):
        match = _LOGIN.fullmatch(name)
        if match is not None and name not in defaults and not any(read.fails for read in found):
            groups.setdefault(match["store"], {})[match["part"]] = found[0]
    given = [parts.keys() for store, parts in groups.items() if all(f"{store}{part}" in told for part in parts)]
    for store, parts in groups.items():
        if len(parts) < _WHOLE or any(f"{store}{part}" in told for part in parts) or parts.keys() not in given:
            continue
        path = next(iter(parts.values())).location.path
        text = lines.setdefault(path, (project.source(path) or "").split("\n"))
        word = store.partition("_")[0].lower()
        if not any(word in line.lower() and _ASKS.search(line) for line in text):
            yield from parts.values()


def _is_named(project: Project, name: str) -> bool:
    """Whether a page, a workflow, a manifest or a script names the variable: somebody is told to set it."""
    texts = (page.text for page in project.docs)
    commands = (command.text for command in project.commands)
    files = (source.text for source in project.sources if source.path.endswith(_NOT_CODE) and not _SPRING.search(source.path))
    workflows = (workflow.document.text for workflow in project.workflows)
    return any(name in text for group in (texts, commands, workflows, files) for text in group)
