"""Scripts that are called a backup and copy nothing: they say something, wait and end well."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.backup.dumps_in_containers import Misled
from scaffold.gaps.backup.empty_jobs import does_nothing
from scaffold.gaps.facts import is_test_path
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_CALLED = regex(
    r"(?i)(?:.*[-_.])?back-?_?up(?!s?[-_.](?:status|check|list|alert|monitor|notify|verify|test))[\w.-]*\.(?:sh|bash)"
)


def empty_backups(project: Project) -> Iterator[Misled]:
    """Yield the scripts that are called a backup and have no line which copies anything."""
    scripts: dict[str, list[Command]] = {}
    for command in project.commands:
        path = command.location.path
        if command.context == "script" and path not in project.owned and not is_test_path(path):
            scripts.setdefault(path, []).append(command)
    for path, commands in scripts.items():
        text = "\n".join(item.text for item in commands)
        if _CALLED.fullmatch(path.rpartition("/")[2]) and re.search(r"\b(?:echo|printf)\b", text) and does_nothing(text):
            yield _misled(path.rpartition("/")[2], commands[0])


def _misled(name: str, command: Command) -> Misled:
    return Misled(
        command,
        f"copies/nothing/{name}",
        f"{name} is called a backup and copies nothing: it says that it runs and ends well, so that whoever looks at its runs"
        " believes in copies which never were.",
        "commands that copy each store to another place, and fail where they cannot",
        "lines that only say something",
    )
