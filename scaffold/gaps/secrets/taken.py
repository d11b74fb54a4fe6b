"""Stand-ins of an env template with which scripts log in to the running system: it was set up with the template as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.model.document import Location
from scaffold.model.names import TRIED
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify

_TELLING = 12
"""Characters of a stand-in that no script has by accident."""
_ON_A_HOST = regex(
    r"\bssh\b|\bdeploy|\bsystemctl\b|\bkubectl\b|(?:-f|--file)[ =]\S*prod|--env-file[ =]\S*prod|/(?:opt|srv|home|var/www)/"
)
"""What scripts name that work on the machine of a running system."""
_REPLACES = regex(r"\bsed\b|\bgrep\b|\breplace|==|!=|=~|\bcase\b|openssl|<<|>>|\becho\b|\bprintf\b")
"""Lines that look for the stand-in, or write it."""
_ASSIGNS = regex(r"^\s*(?:export\s+|local\s+|readonly\s+)?(?P<name>[A-Za-z_]\w*)=")
_LOGS_IN = r"(?:-p[\"']?|--password[= ][\"']?|PGPASSWORD=[\"']?|MYSQL_PWD=[\"']?|REDISCLI_AUTH=[\"']?|\s-a\s+[\"']?)"


def taken_stand_ins(project: Project, file: EnvFile) -> tuple[tuple[EnvEntry, Location], ...]:
    """Return the entries of a template whose stand-in a script logs in with on a host, and the first such place of each."""
    entries = [
        entry
        for entry in file.entries
        if not entry.commented
        and is_sensitive_name(entry.name)
        and len(entry.value) >= _TELLING
        and classify(entry.value) is SecretClass.PLACEHOLDER
    ]
    found: dict[EnvEntry, Location] = {}
    for path, text in _scripts(project) if entries else ():
        for entry in entries:
            number = _line_of_login(text, entry.value) if entry.value in text else 0
            if number:
                found.setdefault(entry, Location(path, number))
    return tuple(found.items())


def _scripts(project: Project) -> Iterator[tuple[str, str]]:
    for source in project.sources:
        path = source.path
        theirs = path.endswith((".sh", ".bash")) and path not in project.owned and not is_test_path(path)
        if theirs and path_environment(path) not in TRIED and _ON_A_HOST.search(source.text):
            yield path, source.text


def _line_of_login(text: str, value: str) -> int:
    """Return the line that logs in with a value, or that names it by a variable which one does; 0 for none."""
    for number, line in enumerate(text.split("\n"), 1):
        if value not in line or line.lstrip().startswith("#"):
            continue
        assigned = _ASSIGNS.match(line)
        if re.search(_LOGS_IN + re.escape(value), line):
            return number
        if (
            assigned
            and not _REPLACES.search(line.replace(value, ""))
            and re.search(rf"{_LOGS_IN}\$\{{?{assigned['name']}\b", text)
        ):
            return number
    return 0
