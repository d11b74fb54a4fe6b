"""Commands that a project names: make and just targets, scripts, tox and nox sessions."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Command, Manifest, Workflow
from scaffold.model.regex import regex
from scaffold.read.lines import Places, numbered

_JUST_RULE = regex(r"@?(?P<name>[A-Za-z_][\w-]*)(?:\s[^:\n]*)?:(?!=)(?P<needs>[^#=]*)(?:#.*)?")
_JSON_KEY = regex(r'"([^"\\\n]*)"\s*:')
_SECTION = regex(r"\[([^\]]+)\]\s*")
_OF_TOOLS = frozenset({"mvnw", "gradlew", "justfile", "artisan", "configure"})
"""Files at the root without an ending that tools put there."""
_RECIPE_PREFIX = regex(r"^[@\-+\s]+")
_SERVER_RUNS = regex(
    r"(?:hook-[\w-]+\s*=\s*exec:|(?:exec-[\w-]+|(?:smart-)?attach-daemon2?|command)\s*=)\s*(?P<command>[^;#\s].*?)(?:\s;.*)?"
)
"""Lines of uWSGI and of supervisord that start something."""
_PRINTS = regex(r"cat\s*<<-?\s*(?P<quote>[\"']?)(?P<end>\w+)(?P=quote)(?:\s*[12]?>&[12])?", words=("<<",))
"""A here-document that is shown to whoever runs the script: its lines do nothing."""
_SESSION_RUN = regex(r"session\.run(?:_always|_install)?\(\s*((?:[fr]?(?:\"[^\"]*\"|'[^']*')\s*+(?:,\s*+)?)+)")


def is_makefile(path: str) -> bool:
    """Whether make reads the file."""
    name = path.rpartition("/")[2]
    return name in {"Makefile", "makefile", "GNUmakefile"} or name.endswith(".mk")


def is_justfile(path: str) -> bool:
    """Whether just reads the file."""
    return path.rpartition("/")[2].lower() in {"justfile", ".justfile"}


def is_script(path: str) -> bool:
    """Whether the file is a shell script by its name, or may be one by its folder."""
    folder, _, name = path.rpartition("/")
    if name.endswith((".sh", ".bash")):
        return True
    if not folder and "." not in name and name.islower() and name not in _OF_TOOLS:
        return True
    return "." not in name and folder.rpartition("/")[2] in {"scripts", "script", "bin", "hack", "tools"}


def command_reader(path: str) -> Callable[[str, str], tuple[Command, ...]] | None:
    """Return the reader for a file that holds commands by its name, or None."""
    name = path.rpartition("/")[2]
    if is_makefile(path):
        return read_makefile
    if is_justfile(path):
        return read_justfile
    if "askfile" in path and path.endswith((".yml", ".yaml")):
        return _taskfile_reader(path)
    named: dict[str, Callable[[str, str], tuple[Command, ...]]] = {
        "tox.ini": read_tox,
        "noxfile.py": read_noxfile,
        "Makefile.toml": _read_cargo_make,
        "cloudbuild.yaml": _read_cloud_build,
        "cloudbuild.yml": _read_cloud_build,
    }
    if name in named:
        return named[name]
    if name.startswith(("uwsgi", "supervisor")) and name.endswith((".ini", ".conf")):
        return read_server
    return read_script if is_script(path) else None


def _taskfile_reader(path: str) -> Callable[[str, str], tuple[Command, ...]] | None:
    from scaffold.read.taskfiles import is_taskfile, read_taskfile

    return read_taskfile if is_taskfile(path) else None


def _read_cargo_make(path: str, text: str) -> tuple[Command, ...]:
    from scaffold.read.argument_lists import read_cargo_make

    return read_cargo_make(path, text)


def _read_cloud_build(path: str, text: str) -> tuple[Command, ...]:
    from scaffold.read.argument_lists import read_cloud_build

    return read_cloud_build(path, text)


def read_makefile(path: str, text: str) -> tuple[Command, ...]:
    """Return the recipe lines of each target; a needed target of the same file appears as `make <target>`."""
    commands = []
    needed: list[tuple[str, str, int]] = []
    targets: set[str] = set()
    owner = ""
    lines = _joined(numbered(text))
    for number, line in lines:
        if line.startswith("\t"):
            if owner and (recipe := _recipe(line)):
                commands.append(Command(recipe, "makefile", owner, Location(path, number)))
            continue
        rule = _rule(line)
        if rule is None:
            owner = owner if not line.strip() or line.startswith(("#", " ")) else ""
            continue
        names = rule.targets.split()
        owner = names[0] if names and not names[0].startswith(".") else ""
        targets.update(names)
        needed += [(owner, need, number) for need in rule.needs.split() if owner]
        if owner and rule.recipe.strip():
            commands.append(Command(_recipe(rule.recipe), "makefile", owner, Location(path, number)))
    commands += [
        Command(f"make {need}", "makefile", owner, Location(path, number)) for owner, need, number in needed if need in targets
    ]
    return tuple(sorted(commands, key=lambda command: command.location.line))


@frozen
class _Rule:
    """A line `targets: needs; recipe` of a makefile."""

    targets: str
    needs: str
    recipe: str


def _rule(line: str) -> _Rule | None:
    """Return the rule that a line starts, None for an assignment, a comment and everything else."""
    targets, colon, rest = line.partition(":")
    rest = rest.removeprefix(":")
    if not colon or not targets or targets[0].isspace() or rest.startswith("=") or "#" in targets or "=" in targets:
        return None
    needs, _, recipe = rest.partition("#")[0].partition(";")
    return None if "=" in needs else _Rule(targets, needs, recipe)


def _recipe(line: str) -> str:
    text = _RECIPE_PREFIX.sub("", line).strip()
    return "" if text.startswith("#") else text


def read_justfile(path: str, text: str) -> tuple[Command, ...]:
    """Return the lines of each recipe; a needed recipe of the same file appears as `just <recipe>`."""
    commands = []
    needed: list[tuple[str, str, int]] = []
    names: set[str] = set()
    owner = ""
    for number, line in _joined(numbered(text)):
        if line.startswith((" ", "\t")):
            if owner and (recipe := _recipe(line)) and not recipe.startswith("#!"):
                commands.append(Command(recipe, "makefile", owner, Location(path, number)))
            continue
        rule = _JUST_RULE.fullmatch(line)
        if rule is None:
            owner = owner if not line.strip() else ""
            continue
        owner = rule["name"]
        names.add(owner)
        needed += [(owner, need, number) for need in re.findall(r"[A-Za-z_][\w-]*", rule["needs"])]
    commands += [
        Command(f"just {need}", "makefile", owner, Location(path, number)) for owner, need, number in needed if need in names
    ]
    return tuple(sorted(commands, key=lambda command: command.location.line))


def read_script(path: str, text: str) -> tuple[Command, ...]:
    """Return the lines of a shell script that do something; a file that another program interprets gives none."""
    first = text.removeprefix("\ufeff").partition("\n")[0]
    named = path.endswith((".sh", ".bash"))
    if first.startswith("#!") and not re.search(r"\b(?:ba|da|z|k|a)?sh\b", first):
        return ()
    if not named and not first.startswith("#!"):
        return ()
    lines = ((number, line.strip()) for number, line in _joined(_run_lines(numbered(text))))
    return tuple(
        Command(line, "script", "", Location(path, number)) for number, line in lines if line and not line.startswith("#")
    )


def _run_lines(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the lines without those that a script only prints."""
    found: list[tuple[int, str]] = []
    end = ""
    for number, line in lines:
        if end:
            end = "" if line.strip() == end else end
            continue
        found.append((number, line))
        match = _PRINTS.fullmatch(line.strip())
        end = match["end"] if match else ""
    return found


def read_server(path: str, text: str) -> tuple[Command, ...]:
    """Return what uWSGI runs beside the application or before it, and the programs that supervisord starts."""
    found = ((number, _SERVER_RUNS.fullmatch(line.strip())) for number, line in numbered(text))
    return tuple(
        Command(match["command"].strip(), "server", "", Location(path, number)) for number, match in found if match is not None
    )


def read_tox(path: str, text: str) -> tuple[Command, ...]:
    """Return the commands of each test environment of a tox.ini (or setup.cfg); the owner is `tox` or `tox:<name>`."""
    commands = []
    owner = ""
    inside = False
    for number, line in _joined(numbered(text)):
        section = _SECTION.fullmatch(line)
        if section:
            name = section[1].strip()
            owner = (
                "tox" if name == "testenv" else f"tox:{name.removeprefix('testenv:')}" if name.startswith("testenv:") else ""
            )
            inside = False
            continue
        if not line.startswith((" ", "\t")):
            key, separator, value = line.partition("=")
            inside = bool(separator) and key.strip() in {"commands", "commands_pre"}
            line = value if inside else ""  # noqa: PLW2901 - the value on the line of its key
        if owner and inside and line.strip() and not line.strip().startswith("#"):
            commands.append(Command(line.strip().lstrip("-").strip(), "makefile", owner, Location(path, number)))
    return tuple(commands)


def read_noxfile(path: str, text: str) -> tuple[Command, ...]:
    """Return what each nox session runs, where the arguments are literals; the owner is `nox:<session>`."""
    commands = []
    sessions = list(re.finditer(r"^def (\w+)\(session", text, re.MULTILINE))
    starts = [match.start() for match in sessions]
    places = Places(path, text)
    for match in _SESSION_RUN.finditer(text):
        before = bisect_left(starts, match.start())
        owner = sessions[before - 1][1] if before else ""
        words = re.findall(r"\"([^\"]*)\"|'([^']*)'", match[1])
        line = places.at(match.start()).line
        commands.append(
            Command(" ".join(first or second for first, second in words), "makefile", f"nox:{owner}", Location(path, line))
        )
    return tuple(commands)


def workflow_commands(workflows: Iterable[Workflow]) -> tuple[Command, ...]:
    """Return the run lines of every step, the owner being the job; comments and empty lines are left out."""
    found: list[Command] = []
    for workflow in workflows:
        lines = workflow.document.text.split("\n")
        for job in workflow.jobs:
            for step in job.steps:
                found += run_lines(lines, job.id, step.run, step.run_location)
    return tuple(found)


def run_lines(lines: list[str], owner: str, run: str, location: Location | None) -> tuple[Command, ...]:
    """Return the lines of one `run` text with their places in the file's; a block scalar begins on the line after its key."""
    if location is None:
        return ()
    head = lines[location.line - 1][location.column - 1 :] if location.line <= len(lines) else ""
    first = location.line + (1 if head.startswith(("|", ">")) else 0)
    rows = _joined([(min(first + index, len(lines)), line) for index, line in enumerate(run.split("\n"))])
    return tuple(
        Command(line.strip(), "workflow", owner, Location(location.path, number))
        for number, line in rows
        if line.strip() and not line.strip().startswith("#")
    )


def package_commands(manifests: Iterable[Manifest], text_of: dict[str, str]) -> tuple[Command, ...]:
    """Return the scripts of package.json and composer.json files, each at its line."""
    commands = []
    for manifest in manifests:
        text = text_of.get(manifest.path, "")
        places = Places(manifest.path, text)
        lines: dict[str, int] = {}
        for match in _JSON_KEY.finditer(text, max(text.find('"scripts"'), 0)):
            lines.setdefault(match[1], places.at(match.start()).line)
        for name, command in manifest.scripts:
            commands.append(Command(command, "package", name, Location(manifest.path, lines.get(name, 1))))
    return tuple(commands)


def _joined(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Join lines that end in a backslash; the number is that of the first."""
    result: list[tuple[int, str]] = []
    parts: list[str] = []
    first = 0
    for number, line in lines:
        first = first if parts else number
        part = line.strip() if parts else line
        continued = part.endswith("\\")
        parts.append(part[:-1].rstrip() if continued else part)
        if not continued:
            result.append((first, " ".join(parts)))
            parts = []
    # What the last line continues never came: the backslash is a part of it.
    return [*result, (first, " ".join(parts) + "\\")] if parts else result
