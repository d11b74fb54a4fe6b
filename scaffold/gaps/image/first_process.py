"""Programs that a shell starts and waits for as the first process of a container: the signal of a stop does not reach them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import root_image
from scaffold.gaps.image.standing_programs import PREFIX, SERVERS, WORKERS
from scaffold.gaps.image.start_scripts import joined_lines
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image
from scaffold.model.lasting import builder_of
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import called_scripts, package_scripts_of
from scaffold.model.values import ImageReference

_ENDS_WELL = {
    **{name: SERVERS[name] for name in ("PHP-FPM", "Gunicorn", "Uvicorn", "Apache", "Java")},
    "Hypercorn": regex(r"^(?:uv\s+run\s+|poetry\s+run\s+)?(?:hypercorn|daphne|granian)\b"),
    "Puma": regex(r"^(?:bundle\s+exec\s+|bin/)?(?:puma|rails\s+s(?:erver)?|falcon)\b"),
    "FastAPI": regex(r"^(?:uv\s+run\s+|poetry\s+run\s+)?fastapi\s+run\b"),
    "supervisord": regex(r"^(?:/usr/bin/)?supervisord\b"),
    "FrankenPHP": regex(r"^frankenphp\s+(?:run|php-server)\b|^php\s+artisan\s+octane:(?:start|frankenphp)\b"),
}
"""Servers that finish what they have begun when they are told to stop."""
_OWN = regex(
    r"^(?:uv\s+run\s+|poetry\s+run\s+)?(?:node|bun|tsx|python3?|\./[\w.-]+|/app/[\w.-]+|dotnet)\b(?!\s+manage\.py\s+migrate)"
)
"""A program of the project, which ends in order where its code says so."""
_NPM = regex(
    r"^npm\s+(?:run\s+|run-script\s+)?(?:--\S+\s+)*(?P<name>start[\w:.-]*|worker[\w:.-]*|serve[\w:.-]*|prod[\w:.-]*)\b"
)
_SHELLS = frozenset({"sh", "dash"})
_WITH_DASH = frozenset(
    {
        *(
            "python",
            "node",
            "ruby",
            "php",
            "golang",
            "rust",
            "perl",
            "elixir",
            "debian",
            "ubuntu",
            "eclipse-temurin",
            "openjdk",
            "aspnet",
        ),
        *("dotnet/aspnet", "dotnet/runtime", "buildpack-deps", "gradle", "maven", "astral-sh/uv"),
    }
)
"""Images whose `/bin/sh` is dash unless the tag says otherwise: it starts the last command of `-c` beside itself, where bash
and the shell of BusyBox become it.
"""
_OTHER_SHELL = regex(r"alpine|nanoserver|windows|oracle|ubi|distroless|amazoncorretto")
_BEARS_OPENJDK = regex(r"slim|bullseye|bookworm|buster|jammy|noble|focal")
_TRAPS = regex(r"(?m)^[ \t]*trap\b|(?:^|[\s;&])wait\b")
_PARTS = regex(r"&&|;|\n")
_OPENS = regex(r"^(?:if|case|for|while|until)\b|^[\w-]+\s*\(\)\s*\{")
_CLOSES = regex(r"^(?:fi|esac|done|\})(?:\s|;|$)|;\s*(?:fi|esac|done)$")
_BRANCH = regex(r"^(?:if|elif|then|else|case|while|until|for)\b|^[^()\s]*\)\s")
_GIVEN = regex(r"^[\"']?\$[@*][\"']?$|^[\"']?\$\{@\}[\"']?$")
_BECOMES = regex(r"(?:^|[\s;&|(])exec\s")


@frozen
class Hidden:
    """A program behind a shell, the line where the shell starts it, and what it is: `worker`, `server` or `own`."""

    program: str
    kind: str
    location: Location
    shell: str


def hidden_program(project: Project, service: Service) -> Hidden | None:
    """Return the program that a service's first process, a shell, starts and waits for without handing signals on."""
    dockerfile = project.image_of(builder_of(project, service))
    words, place = _first_words(service, dockerfile)
    if not words or service.node.get("init") is not None or service.node.get("stop_signal") is not None:
        return None
    name = posixpath.basename(words[0])
    if name in _SHELLS and len(words) > 2 and re.fullmatch(r"-[a-z]*c", words[1]):
        base = root_image(dockerfile, service.build_target) if dockerfile else service.image
        return _in_text(words[2], (), place, "sh -c") if _is_dash(base) else None
    if name == "npm":
        return _of_npm(project, service, dockerfile, words, place)
    script = words[1] if name in {"sh", "bash", "ash"} and len(words) > 1 else words[0]
    if script.startswith("-"):
        return None
    return _in_script(project, service, script, words)


def _first_words(service: Service, dockerfile: Dockerfile | None) -> tuple[tuple[str, ...], Location]:
    """Return the words of the first process, those of an image's shell form behind its shell."""
    place = service.location
    words: list[str] = []
    for key, keyword, given in (("entrypoint", "ENTRYPOINT", service.entrypoint), ("command", "CMD", service.command)):
        if given is not None:
            node = service.node.get(key)
            words += given
            place = node.location if node is not None else place
            continue
        item = dockerfile.effective(keyword, service.build_target) if dockerfile else None
        if item is None or (keyword == "CMD" and service.entrypoint is not None):
            continue
        words += item.argv if item.exec_form else ("/bin/sh", "-c", item.text)
        place = item.location
    return tuple(words), place


def _is_dash(image: ImageReference | None) -> bool:
    if image is None or _OTHER_SHELL.search(f"{image.repository}:{image.tag}"):
        return False
    name = image.repository.removeprefix("library/")
    known = name in _WITH_DASH or posixpath.basename(name) in {"aspnet", "runtime", "uv"}
    return known and (name != "openjdk" or _BEARS_OPENJDK.search(image.tag) is not None)


def _in_text(text: str, given: tuple[str, ...], place: Location, shell: str) -> Hidden | None:
    """Return the program that a text of `sh -c` ends with."""
    if _TRAPS.search(text) or _BECOMES.search(text) or re.search(r"(?<![&>])&(?![&>\d])", text):
        return None
    parts = [part.strip() for part in _PARTS.split(text.replace("\\\n", " ")) if part.strip()]
    if not parts or _OPENS.match(parts[0]) or "|" in parts[-1]:
        return None
    found = _program(parts[-1], given)
    return Hidden(*found, place, shell) if found else None


def _program(line: str, given: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the program of a command and its kind, `"$@"` taken for the words that the script is given."""
    text = " ".join(given) if _GIVEN.match(line.strip()) else PREFIX.sub("", line, count=1).strip()
    for name, pattern in WORKERS.items():
        if pattern.search(text):
            return name, "worker"
    for name, pattern in _ENDS_WELL.items():
        if pattern.search(text):
            return name, "server"
    own = _OWN.match(text)
    return (" ".join(text.split()[:3]), "own") if own else None


def _in_script(project: Project, service: Service, script: str, words: tuple[str, ...]) -> Hidden | None:
    """Return the program that a script of the image ends with, where it does not become it."""
    if not script.endswith((".sh", ".bash")) and "entrypoint" not in script:
        return None
    path = called_scripts(project, service, posixpath.basename(script))
    text = project.source(path) if path else None
    if path is None or text is None or not text.startswith("#!") or "sh" not in text.split("\n", 1)[0] or _TRAPS.search(text):
        return None
    given = words[words.index(script) + 1 :]
    for number, line in _tail(text):
        if _BECOMES.search(line) or line.endswith("&"):
            return None
        found = None if _BRANCH.match(line) else _program(line, given)
        if found:
            return Hidden(*found, Location(path, number), path)
    return None


def _tail(text: str) -> list[tuple[int, str]]:
    """Return the lines of the last statement of a script, with their numbers: one line, or a block."""
    depth = 0
    found: list[tuple[int, str]] = []
    for number, raw in joined_lines(text):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if not depth:
            found = []
        opened, closed = bool(_OPENS.match(line)), bool(_CLOSES.search(line))
        depth = max(depth + opened - closed, 0)
        found.append((number, line))
    return found


def _of_npm(
    project: Project, service: Service, dockerfile: Dockerfile | None, words: tuple[str, ...], place: Location
) -> Hidden | None:
    """Return the program that npm starts by a shell, which ends at a signal without handing it on where it is dash."""
    match = _NPM.match(" ".join(words))
    base = root_image(dockerfile, service.build_target) if dockerfile else None
    if match is None or not _is_dash(base):
        return None
    lines = package_scripts_of(project, service, match["name"])
    found = _program(lines[0].text.strip(), ()) if len(lines) == 1 and "&&" not in lines[0].text else None
    return Hidden(*found, place, "npm") if found else None


def hears(project: Project, service: Service) -> Iterator[Location]:
    """Yield where code in the image of a service listens to the signal of a stop."""
    builder = builder_of(project, service)
    for fact in project.code_facts:
        if fact.kind == "hears-stop" and is_in_image(project, builder, fact.location.path):
            yield fact.location
