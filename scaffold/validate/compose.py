"""Compose's own loader over each set of files: compose-go, else `docker compose config`; neither needs a daemon."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.frozen import frozen
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import Completed, find_program, run
from scaffold.validate.events import outline
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run, version_of, without_folder
from scaffold.validate.request import ValidationRequest

NAME = "compose"
STAND_IN = "1"
"""What a required variable gets: it passes as text, number, port and size."""
_REQUIRED = regex(r"(?<!\$)(?:\$\$)*\$\{([A-Za-z_]\w*):?\?")
STAND_IN_FOLDER = "/stand-in"
"""What a variable gets that stands for a folder of the host: Compose takes a bare word for a volume."""
_BARE = regex(r"(?<!\$)(?:\$\$)*\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<plain>[A-Za-z_]\w*))(?P<mounted>:/)?")
_ENV_FILE = regex(r"env file (?P<path>.+?) not found")
_LINE = regex(r"line (?P<line>\d+)")
_ROUTE = regex(r"\b((?:services|networks|volumes|secrets|configs)(?:\.[\w-]+|\[\d+\])*)")
_SERVICE = regex(r"\bservice \"?([\w.-]+)")
_ENV_FILES_AT_MOST = 50
_EXTRA_SECONDS = 30.0
_EVERY_PROFILE = ("*",)
_LEFT_OUT = regex(r"depends on undefined service|undefined service|no such service")
"""What a loader says of a service that another profile starts: only people know which profiles they start together."""


@frozen
class _Loader:
    """A program that loads compose files, with its version."""

    program: tuple[str, ...]
    version: str
    docker: bool


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Load every set with stand-ins for required variables; secret values of the shell or of .env play no part."""
    del material  # the sets say which files count
    if not request.compose_sets:
        return not_run(NAME)
    loader = _find_loader(request)
    if loader is None:
        return not_run(NAME, "neither compose-go-config nor docker with the compose plugin is installed")
    findings = {finding: None for files in request.compose_sets for finding in _judge_set(loader, request, files)}
    return judged(NAME, loader.version, len(request.compose_sets), findings)


def _find_loader(request: ValidationRequest) -> _Loader | None:
    if own := find_program("compose-go-config"):
        return _Loader((own,), f"compose-go {version_of(own, cwd=request.folder)}", docker=False)
    docker = find_program("docker")
    if docker is None:
        return None
    done = run([docker, "compose", "version", "--short"], cwd=request.folder, timeout=_EXTRA_SECONDS)
    return _Loader((docker, "compose"), f"docker compose {done.stdout.strip()}", docker=True) if done.code == 0 else None


def _judge_set(loader: _Loader, request: ValidationRequest, files: Sequence[str]) -> list[Finding]:
    missing = [path for path in files if not (request.folder / path).is_file()]
    if missing:
        return [
            Finding(NAME, "missing", path, 0, Severity.HIGH, "the set names a compose file that is not there")
            for path in missing
        ]
    done = _loaded(loader, request, files, _EVERY_PROFILE)
    if not done.code:
        return []
    together = request.profile_sets.get(tuple(files), ())
    if not together:
        return [_finding(request, files, _message(done))]
    # Profiles may be alternatives, which nobody starts beside each other: what counts is what is started together.
    findings = (_of_profiles(loader, request, files, profiles) for profiles in together)
    return list(dict.fromkeys(finding for finding in findings if finding))


def _of_profiles(
    loader: _Loader, request: ValidationRequest, files: Sequence[str], profiles: tuple[str, ...]
) -> Finding | None:
    done = _loaded(loader, request, files, profiles)
    refused = bool(done.code) and not (profiles and _LEFT_OUT.search(_message(done)))
    return _finding(request, files, _message(done)) if refused else None


def _loaded(loader: _Loader, request: ValidationRequest, files: Sequence[str], profiles: tuple[str, ...]) -> Completed:
    """Load one set of files with these profiles, with stand-ins for what only the host has."""
    texts = [request.text(path) for path in files]
    variables = {name: STAND_IN for text in texts for name in _REQUIRED.findall(text)}
    with _stand_in_env_files(request.folder) as stand_in:
        done = _load(loader, request, files, profiles, variables)
        while done.code and stand_in(_message(done)):
            done = _load(loader, request, files, profiles, variables)
        if done.code:
            # `${PORT}:80` is refused where PORT is empty, which it is only here: the file of the host sets it.
            found = [match for text in texts for match in _BARE.finditer(text)]
            bare = {match["braced"] or match["plain"]: STAND_IN for match in found}
            bare |= {match["braced"] or match["plain"]: STAND_IN_FOLDER for match in found if match["mounted"]}
            done = _load(loader, request, files, profiles, {**bare, **variables})
    return done


def _load(
    loader: _Loader, request: ValidationRequest, files: Sequence[str], profiles: tuple[str, ...], variables: dict[str, str]
) -> Completed:
    named = [word for path in files for word in ("-f", path)]
    if loader.docker:
        named += [word for name in profiles for word in ("--profile", name)]
        argv = [*loader.program, *named, "--env-file", "/dev/null", "config", "--quiet"]
        return run(argv, cwd=request.folder, timeout=request.seconds, env={**variables, "COMPOSE_FILE": ""})
    given = [word for name, value in variables.items() for word in ("-env", f"{name}={value}")]
    given += [word for name in profiles for word in ("-profile", name)]
    argv = [*loader.program, *named, "-no-dot-env", *given]
    return run(argv, cwd=request.folder, timeout=request.seconds)


@contextmanager
def _stand_in_env_files(folder: Path) -> Iterator[Callable[[str], bool]]:
    """Give a function that puts an empty file where a message misses an env file: real ones are not in the tree."""
    made: list[Path] = []

    def stand_in(message: str) -> bool:
        match = _ENV_FILE.search(message)
        target = folder / match["path"] if match else None
        if target is None or len(made) >= _ENV_FILES_AT_MOST or not _is_inside(folder, target) or target.exists():
            return False
        target.write_text("", encoding="utf-8")
        made.append(target)
        return True

    try:
        yield stand_in
    finally:
        for path in made:
            path.unlink(missing_ok=True)


def _is_inside(folder: Path, target: Path) -> bool:
    return target.parent.is_dir() and target.resolve().is_relative_to(folder.resolve())


def _message(done: Completed) -> str:
    """Return what the loader complains of; compose-go-config answers JSON, docker plain text."""
    try:
        return str(json.loads(done.stdout or done.stderr)["error"])
    except (ValueError, KeyError, TypeError):
        return " ".join((done.stderr or done.stdout).split())


def _finding(request: ValidationRequest, files: Sequence[str], message: str) -> Finding:
    """Return the finding with the file that the message names, else the last file that has the place it names."""
    said = without_folder(message, request.folder)
    named = [path for path in files if path in said]
    route = _route(said)
    texts = {path: outline(request.text(path)) for path in (named or reversed(files))}
    holder = next((path for path, text in texts.items() if route and text.lines.get(route[:2])), next(iter(texts)))
    by_line = _LINE.search(said)
    line = int(by_line["line"]) if by_line else texts[holder].line(route)
    return Finding(NAME, "refused", holder, line, Severity.HIGH, said[:500])


def _route(message: str) -> tuple[str | int, ...]:
    match = _ROUTE.search(message)
    if not match:
        service = _SERVICE.search(message)
        return ("services", service[1]) if service else ()
    parts = re.findall(r"[\w-]+|\[\d+\]", match[1])
    return tuple(int(part[1:-1]) if part.startswith("[") else part for part in parts)
