"""CFG016: a mounted file asks for a variable, and the program that reads it takes the text as it stands."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.config.plain_files import PLAIN_FILES, PlainFile
from scaffold.gaps.config.unfilled import STOPS_NGINX, Unfilled, is_filled_in, is_of_nginx, read_by, unfilled
from scaffold.gaps.facts import FILLS_IN, judged_stacks, listed, once
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


@frozen
class _Found:
    """A variable that stays a text: its name and place, whether it stands for a login, and whether nginx ends at it."""

    name: str
    location: Location
    is_login: bool
    stops: bool


def _detect(project: Project) -> Iterator[Gap]:
    files = {file.path: file for file in project.mounted if not file.template and (b"${" in file.data or b"{$" in file.data)}
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    yield from once(gap for stack in stacks if files for gap in _of_stack(project, stack, files))
    yield from once(gap for stack in stacks if files for gap in _unfilled(project, stack, files))


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
        for path, target in read_by(mount, files):
            found = _first(plain, files[path], _given(project, service)) if plain.target.fullmatch(target) else None
            if found and not is_filled_in(project, path):
                yield _gap(stack, service, plain, mount, found)


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
            is_own = plain.program == "nginx" and is_of_nginx(text, match["name"])
            before = line[: match.start()]
            is_login = bool(_LOGIN.search(before))
            is_text = file.path.endswith(".sql") and not is_login and match["name"] not in given
            if not is_own and not is_text:
                place = Location(file.path, number, match.start() + 1)
                found.append(_Found(match["name"], place, is_login, bool(STOPS_NGINX.match(before))))
    return next((item for item in found if item.is_login or item.stops), found[0] if found else None)


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


def _unfilled(project: Project, stack: Stack, files: dict[str, MountedFile]) -> Iterator[Gap]:
    for found in unfilled(project, stack, files):
        names = listed(list(found.names))
        yield RULE.gap(
            resource=stack.resource(found.service.name),
            subject=f"placeholders/{posixpath.basename(found.path)}",
            message=f"{found.path} takes {names} from the environment of {found.service.name}, which has no such variable:"
            f" {_meaning(found)}.",
            expected="each variable of the file in `environment` of the service, with a value that is not empty",
            actual="given by no environment, env file or image",
            locations=(found.places[0],),
            related=(*found.places[1:3], found.mount.location),
            severity=Severity.HIGH if found.stops else Severity.MEDIUM,
            environment=stack.environment,
        )


def _meaning(found: Unfilled) -> str:
    if found.program == "nginx":
        return "the text stays as it is, and nginx does not start with it" if found.stops else "the text stays as it is"
    if found.stops:
        return "Caddy puts nothing in its place, refuses the file, and no site of it is served"
    return "Caddy puts nothing in its place"


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
