"""CFG016: a mounted file asks for a variable, and the program that reads it takes the text as it stands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.config.plain_files import PLAIN_FILES, PlainFile
from scaffold.gaps.facts import FILLS_IN, judged_stacks, once
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import MountedFile, Project
from scaffold.model.regex import regex

_VARIABLE = regex(r"\$\{(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)(?::?[-?+][^}\n]*)?\}", words=("${",))
_COMMENT = regex(r"^\s*(?:#|;|--|//)|^\s*<!--.*-->\s*$")
_OF_PROGRAMS = regex(r"\breplacement\b|\btarget_label\b|\bregex\b|\bexternal_labels\b|\bset\s+\$|\bmap\s+\$")
"""Keys whose values have variables of the program's own."""
_EXTERNAL_LABELS = regex(r"(?m)^([ \t]*)external_labels:[^\n]*(?:\n(?:\1[ \t]+[^\s][^\n]*|[ \t]*(?=\n)))*")
"""Labels in which Prometheus replaces variables by itself (since 3.0)."""
_LOGIN = regex(
    r"(?i)passw|secret|\btoken\b|identified\s+by|\bpass\b|_key\b|access_key|\bkey:|userlist|credential",
)
_STOPS = regex(
    r"\s*(?:proxy_pass|return|rewrite|root|alias|add_header|proxy_set_header|access_log|fastcgi_pass|uwsgi_pass|grpc_pass|listen"
    r"|client_max_body_size|worker_processes|worker_connections|keepalive_timeout|proxy_read_timeout|if)\s"
)
"""Directives of nginx that compile their variables as it starts, or whose value has to be a number."""
_BUILT_IN = regex(
    r"(?i)(?:http|https|arg|cookie|sent|upstream|remote|server|request|document|query|content|proxy|ssl|time|body|bytes|binary|connection"
    r"|geoip2?|realpath|limit|tcpinfo|fastcgi|gzip|secure|uid|host|scheme|uri|args|status|pid|hostname|msec|is)(?:_\w+)?"
)
"""Names that nginx may know, in whatever case they are written."""


@frozen
class _Found:
    """A variable that stays a text: its name and place, whether it stands for a login, and whether nginx ends at it."""

    name: str
    location: Location
    is_login: bool
    stops: bool


def _detect(project: Project) -> Iterator[Gap]:
    files = {file.path: file for file in project.mounted if not file.template and b"${" in file.data}
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    return iter(once(gap for stack in stacks if files for gap in _of_stack(project, stack, files)))


def _of_stack(project: Project, stack: Stack, files: dict[str, MountedFile]) -> Iterator[Gap]:
    for service in stack.services:
        if service.image is None or service.build is not None or service.entrypoint is not None:
            continue
        words = " ".join(service.command or ())
        repository = service.image.repository
        plain = [item for item in PLAIN_FILES if item.images.fullmatch(repository)] if not FILLS_IN.search(words) else []
        for item in plain:
            if not (item.expands_with and item.expands_with.search(words)):
                yield from _of_service(project, stack, service, item, files)


def _of_service(
    project: Project, stack: Stack, service: Service, plain: PlainFile, files: dict[str, MountedFile]
) -> Iterator[Gap]:
    for mount in service.mounts:
        for path, target in _read_by(mount, files):
            found = _first(plain, files[path], _given(project, service)) if plain.target.fullmatch(target) else None
            if found and not _is_filled_in(project, path):
                yield _gap(stack, service, plain, mount, found)


def _read_by(mount: Mount, files: dict[str, MountedFile]) -> Iterator[tuple[str, str]]:
    """Yield each file with variables that a mount brings, and where it is in the container."""
    for path in files if mount.resolved else ():
        if path == mount.resolved:
            yield path, mount.target
        elif path.startswith(f"{mount.resolved}/"):
            yield path, posixpath.join(mount.target, posixpath.relpath(path, mount.resolved))


def _given(project: Project, service: Service) -> frozenset[str]:
    """Return the names of variables that the service or an env file has a value for."""
    of_files = (entry.name for file in project.env_files for entry in file.entries)
    return frozenset((*(entry.name for entry in service.environment), *of_files))


def _first(plain: PlainFile, file: MountedFile, given: frozenset[str]) -> _Found | None:
    """Return the first variable of a file that its program leaves as it is, one of a login before the others.

    Rows of a database are full of texts for others, in which `${NAME}` is meant as it stands.
    """
    text = file.data.decode("utf-8", "replace")
    if plain.program == "Prometheus":
        text = _EXTERNAL_LABELS.sub(lambda match: "\n" * match[0].count("\n"), text)
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if "${" not in line or _COMMENT.search(line) or _OF_PROGRAMS.search(line):
            continue
        for match in _VARIABLE.finditer(line):
            is_own = plain.program == "nginx" and (_BUILT_IN.fullmatch(match["name"]) or _is_set(text, match["name"]))
            before = line[: match.start()]
            is_login = bool(_LOGIN.search(before))
            is_text = file.path.endswith(".sql") and not is_login and match["name"] not in given
            if not is_own and not is_text:
                place = Location(file.path, number, match.start() + 1)
                found.append(_Found(match["name"], place, is_login, bool(_STOPS.match(before))))
    return next((item for item in found if item.is_login or item.stops), found[0] if found else None)


def _is_set(text: str, name: str) -> bool:
    """Whether a file of nginx gives itself a variable."""
    return bool(re.search(rf"(?im)^[ \t]*(?:set|map|geo|split_clients)\s[^;{{\n]*\$\{{?{name}\b", text))


def _is_filled_in(project: Project, path: str) -> bool:
    """Whether a command of the project may write the file, with the values in it, before it is mounted."""
    name = posixpath.basename(path)
    return any(name in command.text and FILLS_IN.search(command.text) for command in project.commands)


def _effect(plain: PlainFile, found: _Found, text: str) -> tuple[str, Severity]:
    if plain.holds_logins and found.is_login:
        return (
            f"the password is the text {text} itself, which the repository tells, and whoever shows the real one is refused",
            Severity.HIGH,
        )
    if plain.program == "nginx" and found.stops:
        return f"it does not start, as it knows no variable {text}", Severity.HIGH
    return f"{text} is a text to it, not the value", Severity.LOW if plain.program == "nginx" else Severity.MEDIUM


def _gap(stack: Stack, service: Service, plain: PlainFile, mount: Mount, found: _Found) -> Gap:
    path = found.location.path
    text = f"${{{found.name}}}"
    effect, severity = _effect(plain, found, text)
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"variables/{posixpath.basename(path)}",
        message=f"{plain.program} replaces no variables in {path}, which {service.name} mounts as it is: {effect}.",
        expected="a file with the values, written before the start, or the program's own way to a secret",
        actual=f"{text} in the file that is mounted",
        locations=(found.location,),
        related=(mount.location,),
        severity=severity,
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG016",
    name="variable-not-replaced",
    layer=Layer.CONFIG,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Keep the file as a template and write the real one before the start (`envsubst < x.template > x.conf`), or use "
            "what the program has for it: a `.sh` instead of `.sql` in docker-entrypoint-initdb.d, /etc/nginx/templates, "
            "-config.expand-env, password_file.",
        ),
    ),
)
