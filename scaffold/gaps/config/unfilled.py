"""Placeholders of a mounted configuration that its program replaces, and whose variables the service does not have."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import FILLS_IN
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import MountedFile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

STOPS_NGINX = regex(
    r"\s*(?:proxy_pass|return|rewrite|root|alias|add_header|proxy_set_header|access_log|fastcgi_pass|uwsgi_pass|grpc_pass|listen"
    r"|client_max_body_size|worker_processes|worker_connections|keepalive_timeout|proxy_read_timeout|if)\s"
)
"""Directives of nginx that compile their variables as it starts, or whose value has to be a number."""
_BUILT_IN = regex(
    r"(?i)(?:http|https|arg|cookie|sent|upstream|remote|server|request|document|query|content|proxy|ssl|time|body|bytes|binary|connection"
    r"|geoip2?|realpath|limit|tcpinfo|fastcgi|gzip|secure|uid|host|scheme|uri|args|status|pid|hostname|msec|is)(?:_\w+)?"
)
"""Names that nginx may know, in whatever case they are written."""
_SETS = regex(r"(?im)^[ \t]*(?:set|map|geo|split_clients)\s(?P<names>[^;\n]*)")
_NAMES = regex(r"\$\{?(\w+)", words=("$",))
_OF_IMAGE = frozenset({"HOSTNAME", "HOME", "PATH", "NGINX_VERSION", "NGINX_LOCAL_RESOLVERS", "CADDY_VERSION", "XDG_DATA_HOME"})
_COMMENT = regex(r"(?:^|\s)#.*$")
_GIVES = regex(r"env|export|\.sh\b|\bsh\b|\bbash\b")
_BASIC_AUTH = regex(r"^\s*basic_?auth\b", words=("basic",))
_TWO_WORDS = 2
"""A name and a hash, or an address and its brace."""


@frozen
class _Program:
    """A program that fills in its configuration: its images, where they read it, and how a place is written."""

    name: str
    images: re.Pattern[str]
    target: re.Pattern[str]
    place: re.Pattern[str]


_PROGRAMS = (
    _Program(
        "Caddy",
        regex(r"(?:library/)?caddy"),
        regex(r"/etc/caddy/.+"),
        regex(r"\{\$(?P<name>[A-Za-z_]\w*)\}", words=("{$",)),
    ),
    _Program(
        "nginx",
        regex(r"(?:library/)?nginx|nginx(?:inc)?/nginx-unprivileged"),
        regex(r"/etc/nginx/templates/.+\.template"),
        regex(r"\$\{(?P<name>[A-Z][A-Z0-9_]*)\}", words=("${",)),
    ),
)


@frozen
class Unfilled:
    """The variables of a mounted file that its service lacks; whether the program refuses the file without them."""

    program: str
    service: Service
    mount: Mount
    path: str
    names: tuple[str, ...]
    places: tuple[Location, ...]
    stops: bool


def is_of_nginx(text: str, name: str) -> bool:
    """Whether nginx may know a variable by itself, or the file gives it to itself."""
    return bool(_BUILT_IN.fullmatch(name)) or name.lower() in known(_set_by_nginx, text)


def _set_by_nginx(text: str) -> frozenset[str]:
    lines = (match["names"] for match in _SETS.finditer(text))
    return frozenset(name.lower() for line in lines for name in _NAMES.findall(line))


def read_by(mount: Mount, files: dict[str, MountedFile]) -> Iterator[tuple[str, str]]:
    """Yield each file with variables that a mount brings, and where it is in the container."""
    for path in files if mount.resolved else ():
        if path == mount.resolved:
            yield path, mount.target
        elif path.startswith(f"{mount.resolved}/"):
            yield path, posixpath.join(mount.target, posixpath.relpath(path, mount.resolved))


def is_filled_in(project: Project, path: str) -> bool:
    """Whether a command of the project may write the file, with the values in it, before it is mounted."""
    name = posixpath.basename(path)
    return any(name in command.text and FILLS_IN.search(command.text) for command in project.commands)


def unfilled(project: Project, stack: Stack, files: dict[str, MountedFile]) -> Iterator[Unfilled]:
    """Yield each mounted file of a stack with placeholders for which its service has no variable."""
    for service in stack.services:
        program = None if _is_unknown(service) else _program(project, service)
        for mount in service.mounts if program else ():
            for path, target in read_by(mount, files):
                if program and program.target.fullmatch(target) and not is_filled_in(project, path):
                    found = _lacking(project, service, mount, program, files[path])
                    if found:
                        yield found


def _is_unknown(service: Service) -> bool:
    """Whether more than the stack tells may give the service variables: an env file, a start script of its own."""
    words = " ".join(service.command or ())
    return service.entrypoint is not None or service.node.get("env_file") is not None or bool(_GIVES.search(words))


def _program(project: Project, service: Service) -> _Program | None:
    """Return the program of a service by the image that it pulls, or by the base of the one that is built for it."""
    image = service.image
    if service.made is not None:
        made = project.image_of(service)
        chain = made.chain(service.build_target) if made else ()
        if made is None or not chain or made.effective("ENTRYPOINT", service.build_target) is not None:
            return None
        image = ImageReference.parse(chain[-1].base)
    return next((item for item in _PROGRAMS if image and item.images.fullmatch(image.repository)), None)


def _lacking(project: Project, service: Service, mount: Mount, program: _Program, file: MountedFile) -> Unfilled | None:
    text = file.data.decode("utf-8", "replace")
    made = project.image_of(service) if service.made else None
    given = {entry.name for entry in service.environment} | _OF_IMAGE
    baked = (project.source(made.path) or "") if made else ""
    names: dict[str, Location] = {}
    stops = False
    before = ""
    for number, raw in enumerate(text.split("\n"), 1):
        line = _COMMENT.sub("", raw)
        for match in program.place.finditer(line):
            name = match["name"]
            is_known = name in given or name in baked or (program.name == "nginx" and is_of_nginx(text, name))
            if not is_known and line.strip() != match[0]:
                names.setdefault(name, Location(file.path, number, match.start() + 1))
                stops |= _stops(program, line, before)
        before = line if line.strip() else before
    return Unfilled(program.name, service, mount, file.path, tuple(names), tuple(names.values()), stops) if names else None


def _stops(program: _Program, line: str, before: str) -> bool:
    """Whether the program refuses a file in which nothing stands for the variable of a line."""
    if program.name == "nginx":
        return bool(STOPS_NGINX.match(line))
    words = line.split()
    is_login = bool(_BASIC_AUTH.match(before)) and len(words) == _TWO_WORDS
    is_site = len(words) == _TWO_WORDS and words[1] == "{" and words[0].startswith("{$") and line[:1] == "{"
    return is_login or is_site
