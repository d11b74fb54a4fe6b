"""Dependencies that a start script installs each time its container starts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.image.start_scripts import StartScript, joined_lines, start_scripts
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_INSTALLS = regex(
    r"(?<![\w./-])(?P<words>(?P<tool>composer|npm|yarn|pnpm|bundle|poetry|pipenv)\s+(?:install|ci|i)(?=\s|$|[;&|)])(?!\s+-g\b)"
    r"|(?P<pip>pip3?)\s+install\b[^\n;&|]*\s-r\s|(?P<uv>uv)\s+sync\b)",
    words=("composer", "npm", "yarn", "pnpm", "bundle", "poetry", "pip", "uv"),
)
_NAMES_A_PACKAGE = regex(r"\b(?:npm|pnpm)\s+(?:install|i)\s+(?:-\S+\s+)*[\w@]")
_PRINTS = ("#", "echo ", "printf ")
_OPENS = regex(r"^\s*(?:if|case)\b")
_OTHERWISE = regex(r"^\s*(?:else|elif)\b")
_CLOSES = regex(r"^\s*(?:fi|esac)\b")
_FOR_DEVELOPERS = regex(r"(?i)(?<![a-z])(?:dev|devel|development|debug|local|tests?)(?![a-z])|!=\s*[\"']?prod")
_LEAVES_OUT = regex(r"--(?:no|omit|without)[= -](?:dev\w*|test)\b|--only[= ]main\b")
_MISSING = regex(r"\b(?:vendor|node_modules|\.venv|autoload)\b")


@frozen
class StartInstall:
    """An installation in a start script: the script, the place, the command, and whether the image installs nothing itself."""

    script: StartScript
    location: Location
    words: str
    is_only_one: bool


def installed_at_start(project: Project) -> Iterator[StartInstall]:
    """Yield the first installation of each start script of an image for production."""
    seen: set[str] = set()
    for script in start_scripts(project):
        if script.path not in seen:
            seen.add(script.path)
            yield from _of_script(project, script)


def _of_script(project: Project, script: StartScript) -> Iterator[StartInstall]:
    built = {tool for stage in script.dockerfile.stages for item in stage.instructions for tool in _tools(item.text)}
    conditions: list[str] = []
    for number, line in joined_lines(project.source(script.path) or ""):
        if _OPENS.match(line):
            conditions.append(line)
        elif conditions and _OTHERWISE.match(line):
            conditions[-1] = line
        elif conditions and _CLOSES.match(line):
            conditions.pop()
        match = None if line.lstrip().startswith(_PRINTS) or _NAMES_A_PACKAGE.search(line) else _INSTALLS.search(line)
        if match is None or any(map(_FOR_DEVELOPERS.search, (*conditions, _LEAVES_OUT.sub("", line)))):
            continue
        is_only_one = not built & set(_tools(line))
        if is_only_one or not any(map(_MISSING.search, (*conditions, line))):
            yield StartInstall(script, Location(script.path, number), " ".join(match["words"].split()[:2]), is_only_one)
            return


def _tools(text: str) -> Iterator[str]:
    for match in _INSTALLS.finditer(text):
        yield match["tool"] or match["pip"] or match["uv"]
