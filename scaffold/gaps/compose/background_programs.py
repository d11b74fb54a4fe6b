"""Servers and workers that a start puts into the background of a container, where nothing starts them again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scaffold.gaps.facts import Share, is_test_path, path_environment
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Build, Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Project
from scaffold.model.published_images import published
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_BACKGROUND = regex(r"(?<![&>|<\\])&(?![&>\d])")
"""What ends a command and leaves it in the background; neither `&&` nor a redirection."""
_PARTS = regex(r"&&|\|\||;|\|")
_QUOTED = regex(r"'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"")
_LONGEST = 2_000
_WRAPPERS = frozenset(
    {"exec", "nohup", "setsid", "bash", "sh", "env", "poetry", "uv", "run", "bundle", "runuser", "su-exec", "gosu", "sudo"}
)
_TAKE_A_USER = frozenset({"-u", "su-exec", "gosu"})
_MOST_WORDS = 12
_PROGRAM = regex(
    r"(?P<program>nginx|httpd|caddy|php-fpm[\d.]*|crond|cron|supercronic|celery\s[^\n]{0,80}?\b(?:worker|beat)|rq\s+worker|sidekiq"
    r"|(?:php\s+)?(?:[\w./-]*/)?artisan\s+(?:queue:work|queue:listen|schedule:work|horizon)|gunicorn|uvicorn|hypercorn|daphne|puma|redis-server"
    r"|node\s+[\w./-]+|npm\s+(?:run\s+)?start\S*|python3?\s+(?:-u\s+)?(?:-m\s+[\w.]+|[\w/-]+\.py)|java\s[^\n]{0,200}?-jar\s+\S+"
    r"|dotnet\s+[\w.-]+\.dll|next\s+start|x11vnc|websockify)(?![\w-])",
    words=(
        *("nginx", "httpd", "caddy", "php-fpm", "cron", "celery", "worker", "sidekiq", "artisan", "gunicorn", "uvicorn"),
        *(
            "hypercorn",
            "daphne",
            "puma",
            "redis-server",
            "node",
            "npm",
            "python",
            "java",
            "dotnet",
            "next",
            "x11vnc",
            "websockify",
        ),
    ),
)
"""Servers and workers that run until somebody stops them."""
_WATCHED = regex(
    r"\bwait\s+-n\b|\bwait\s+[\"']?\$|\bkill\s+-0\b|\bpgrep\b|\bpidof\b|supervis|\bs6-|\bpm2\b|\brunit|\bcircusd\b|\bmonit\b|concurrently"
    r"|trap\s[^\n]{0,200}\b(?:CHLD|SIGCHLD)\b|\bhoncho\b|\bforeman\b"
)
"""How a start notices the end of what it left in the background."""
_ONCE = regex(
    r"migrat|seed|setup|init|wait|sleep|curl|collectstatic|download|warm|check|load|import|create|build|watch|install"
)
"""Words of programs that end by themselves, or are no part of what runs."""


@frozen
class Background:
    """A program in the background: of which service, its place and its name in words."""

    service: str
    location: Location
    program: str


def background_programs(project: Project, share: Share) -> Iterator[Background]:
    """Yield the first such program of each service that is started again with its container alone."""
    seen: set[Location] = set()
    for service in share.lasting():
        found = _of(project, service) if service.is_application or service.role is None else None
        if found is not None and found.location not in seen:
            seen.add(found.location)
            yield found


def _of(project: Project, service: Service) -> Background | None:
    start = start_of(project, _with_image(project, service))
    if start is None or "&" not in start.text or _WATCHED.search(start.text):
        return None
    found: Background | None = None
    for line, place in start.lines:
        parts = [part for piece in line[:_LONGEST].split("\n") for part in _commands(piece)]
        for index, (command, stays) in enumerate(parts):
            name = _program(command)
            if name and not stays:
                found = found or Background(service.name, place, name)
            elif name and found is not None and index == len(parts) - 1:
                return found
    return None


def _commands(line: str) -> Iterator[tuple[str, bool]]:
    """Yield the last command of each part of a line, and whether it stays in the foreground."""
    pieces = _BACKGROUND.split(_QUOTED.sub("''", line))
    for number, piece in enumerate(pieces):
        command = _PARTS.split(piece)[-1].strip(" \t\"'()")
        if command and not command.startswith("#"):
            yield command, number == len(pieces) - 1


def _program(command: str) -> str:
    """Return the server or worker that a command starts, behind the words that only start another one."""
    match = _PROGRAM.match(_unwrapped(command))
    return _short(match["program"]) if match and not _ONCE.search(match["program"]) else ""


def _short(program: str) -> str:
    words = program.split()
    return " ".join((words[0], words[-1]) if words[0] == "celery" else words[:3])


def _unwrapped(command: str) -> str:
    words = command.split(maxsplit=_MOST_WORDS)
    while len(words) > 1 and (words[0] in _WRAPPERS or words[0].startswith("-") or "=" in words[0] or words[0].endswith(".sh")):
        words = words[2 if words[0] in _TAKE_A_USER else 1 :]
    if not words:
        return ""
    return " ".join((words[0].rpartition("/")[2] or words[0], *words[1:]))


def _with_image(project: Project, service: Service) -> Service:
    """Return a service with what its image is built from, where it pulls one that the project makes of its only Dockerfile."""
    if service.build is not None or service.image is None:
        return service
    made = published(project, service)
    if made is not None:
        return replace(service, build=_build(made.dockerfile, made.context, made.target, service))
    only = _only_dockerfile(project)
    if only and is_own_image(project, service.image):
        return replace(service, build=_build(only, "", "", service))
    return service


@remembered
def _only_dockerfile(project: Project) -> str:
    """Return the one Dockerfile of a project that is not for development or tests, "" where there are none or more."""
    files = [
        item.path for item in project.dockerfiles if path_environment(item.path) not in TRIED and not is_test_path(item.path)
    ]
    return files[0] if len(files) == 1 else ""


def _build(dockerfile: str, context: str, target: str, service: Service) -> Build:
    place = service.image_location or service.location
    return Build(
        context=context,
        dockerfile=dockerfile,
        raw_context=context,
        raw_dockerfile=dockerfile,
        target=target,
        inline=False,
        remote=False,
        location=place,
        context_location=place,
        dockerfile_location=place,
    )
