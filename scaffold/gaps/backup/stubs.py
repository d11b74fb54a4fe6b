"""Scripts that are called a backup and copy nothing: they say something, wait and end well."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.dumps_in_containers import Misled
from scaffold.gaps.facts import is_test_path
from scaffold.model.document import Location
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_CALLED = regex(
    r"(?i)(?:.*[-_.])?back-?_?up(?!s?[-_.](?:status|check|list|alert|monitor|notify|verify|test))[\w.-]*\.(?:sh|bash)"
)
_KEY = regex(r"(?m)^(?P<indent>[ ]+)[\"']?(?P<name>[\w.-]+\.(?:sh|bash))[\"']?:[ ]*[|>][-+]?[ ]*$")
_DOES_NOTHING = regex(
    r"#.*|(?:set|echo|printf|exit|sleep|date|mkdir|true|:|cd|export|local|readonly|trap|umask|log|info|return|shift|then|else|fi|done|do|\{|\})"
    r"(?![\w=/.-])(?![^\n]*(?:\||>\s*[^&/\s]|\$\()).*|[A-Za-z_]\w*=[^\n|]*|[A-Za-z_]\w*\(\)\s*\{?|if\s+\[[^\n|]*|#!.*"
)
"""Lines of a shell text that read and write no data."""
_SAYS = regex(r"\b(?:echo|printf)\b")


def empty_backups(project: Project) -> Iterator[Misled]:
    """Yield the scripts, and those in ConfigMaps, that are called a backup and have no line which copies anything."""
    scripts: dict[str, list[Command]] = {}
    for command in project.commands:
        path = command.location.path
        if command.context == "script" and path not in project.owned and not is_test_path(path):
            scripts.setdefault(path, []).append(command)
    for path, commands in scripts.items():
        if _CALLED.fullmatch(path.rpartition("/")[2]) and _copies_nothing([item.text for item in commands]):
            yield _misled(path.rpartition("/")[2], commands[0])
    for item in project.infrastructure:
        text = (project.source(item.path) or "") if item.path not in project.owned else ""
        yield from _in_manifests(item.path, text) if "ConfigMap" in text and ".sh" in text else ()


def _in_manifests(path: str, text: str) -> Iterator[Misled]:
    for match in _KEY.finditer(text):
        lines = _block(text[match.end() + 1 :], len(match["indent"]))
        if _CALLED.fullmatch(match["name"]) and _copies_nothing(lines):
            place = Location(path, text.count("\n", 0, match.start("name")) + 1)
            yield _misled(match["name"], Command("", "script", "", place))


def _block(text: str, indent: int) -> list[str]:
    """Return the lines of a block scalar, up to the first that is not further in than its key."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
            break
        lines.append(line.strip())
    return lines


def _copies_nothing(lines: list[str]) -> bool:
    said = [line for line in lines if line.strip()]
    return any(_SAYS.search(line) for line in said) and all(_DOES_NOTHING.fullmatch(line.strip()) for line in said)


def _misled(name: str, command: Command) -> Misled:
    return Misled(
        command,
        f"copies/nothing/{name}",
        f"{name} is called a backup and copies nothing: it says that it runs and ends well, so that whoever looks at its runs"
        " believes in copies which never were.",
        "commands that copy each store to another place, and fail where they cannot",
        "lines that only say something",
    )
