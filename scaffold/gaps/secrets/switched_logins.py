"""Logins that ask for no password, which what people deploy with switches on by a variable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, judged_stacks, path_environment
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.names import TRIED
from scaffold.model.project import EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_SWITCH = regex(
    r"(?:(?!VITE_|NEXT_PUBLIC_|REACT_APP_)[A-Z][A-Z0-9]*_)?(?:(?:DUMMY|FAKE|MOCK|DEV|INSECURE|PASSWORDLESS)_(?:LOGIN|AUTH|SIGN_?IN)"
    r"|(?:SKIP|BYPASS|DISABLE)_AUTH(?:ENTICATION)?|NO_AUTH|AUTH(?:ENTICATION)?_BYPASS)(?:_(?:ENABLED?|ALLOWED|MODE))?",
    words=("AUTH", "LOGIN", "SIGN"),
)
"""Names of variables that let callers in without a proof; those of a page alone decide nothing."""
_OF_A_HOST = "app.json"
"""What Heroku and its like fill a new application's environment with."""
_IN_JSON = regex(r"\"(?P<name>[A-Z][A-Z0-9_]*)\"\s*:\s*(?:\{[^{}]*?\"value\"\s*:\s*)?\"(?P<value>[^\"\n]{1,10})\"")
_OF_MODE = regex(r"(?i)NODE_ENV|APP_ENV|\bdevelopment\b|\bproduction\b|is_?(?:dev|prod)|Mix\.env|config_env")


@frozen
class SwitchedLogin:
    """A variable that is on, the places where it is so, and one where code reads it."""

    name: str
    places: tuple[Location, ...]
    read: Location


def switched_logins(project: Project) -> Iterator[SwitchedLogin]:
    """Yield each such variable that code reads, where nothing at the read asks for the mode of the program."""
    reads = {item.name: item.location for item in reversed(project.env_reads) if _SWITCH.fullmatch(item.name)}
    reads = {name: place for name, place in reads.items() if not is_test_path(place.path)}
    asking = _asking_for_mode(project, frozenset(reads))
    found: dict[str, list[Location]] = {}
    for name, place in _given(project) if reads else ():
        if name in reads and name not in asking:
            found.setdefault(name, []).append(place)
    for name, places in found.items():
        yield SwitchedLogin(name, tuple(dict.fromkeys(places)), reads[name])


def _asking_for_mode(project: Project, names: frozenset[str]) -> frozenset[str]:
    """Return those of the variables of which a line that reads them, or one beside it, names the mode of the program too."""
    found = set()
    for read in (read for read in project.env_reads if read.name in names):
        rows = known(str.splitlines, project.source(read.location.path) or "")
        if any(_OF_MODE.search(row) for row in rows[max(read.location.line - 2, 0) : read.location.line + 1]):
            found.add(read.name)
    return frozenset(found)


def _given(project: Project) -> Iterator[tuple[str, Location]]:
    text = project.source(_OF_A_HOST) or ""
    for match in _IN_JSON.finditer(text):
        if means_true(match["value"]):
            yield match["name"], Location(_OF_A_HOST, text.count("\n", 0, match.start()) + 1)
    for stack in judged_stacks(project):
        if stack.is_runnable_in_production and stack.environment not in TRIED:
            for service in stack.services:
                yield from _of_service(project, service)


def _of_service(project: Project, service: Service) -> Iterator[tuple[str, Location]]:
    if not service.is_application:
        return
    for entry in service.environment:
        if means_true(entry.value):
            yield entry.name, entry.location
    files = (template_of(project, path) for path in missing_env_files(project, service))
    own = {entry.name for entry in service.environment}
    for file in files:
        for item in file.entries if file is not None and _is_for_production(file) else ():
            if not item.commented and item.name not in own and means_true(re.sub(r"\s+#.*", "", item.value).strip("\"' ")):
                yield item.name, item.location


def _is_for_production(file: EnvFile) -> bool:
    return file.environment not in {"dev", "test"} and path_environment(file.path) not in TRIED
