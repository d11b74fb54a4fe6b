"""Paths that the web server of an application's own image answers by itself, without the application behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_copied
from scaffold.model.project import Project
from scaffold.model.regex import regex

_RUNS_AN_APPLICATION = regex(
    r"(?m)^[ \t]*(?:php_server|php_fastcgi|(?:fastcgi|uwsgi)_pass\s|(?:reverse_proxy|proxy_pass)\s+(?:http://)?(?:localhost|127\.0\.0\.1|unix))"
)
_BLOCK = regex(r"^\s*(?:handle(?:_path)?|route|location(?:\s+(?:=|\^~))?)\s+(?P<path>/[\w./-]+)\*?\s*\{(?P<rest>.*)$")
_CONSTANT = regex(r"(?:^|[\s;{])(?:respond\b(?!\s+/)[^\n]*|return\s+200\b[^\n]*)")
_AT_ONCE = regex(r"^\s*respond\s+(?P<path>/[\w./-]+)(?:\s|$)")
_SHORTEST_BLOCK = 6
"""Lines of a block in which its answer stands, if it is a constant one."""


@frozen
class Answer:
    """A path with the line that answers it."""

    path: str
    location: Location


def constant_answers(project: Project, service: Service) -> tuple[Answer, ...]:
    """Return the paths that the web server in the image of a service answers by a constant, where the same file hands the
    others to an application.
    """
    dockerfile = project.image_of(service)
    build = service.made
    if dockerfile is None or build is None or build.context is None:
        return ()
    return tuple(
        answer for answer in _answers(project) if is_copied(dockerfile, build.target, build.context or "", answer.location.path)
    )


@remembered
def _answers(project: Project) -> tuple[Answer, ...]:
    found: list[Answer] = []
    for path in project.files:
        name = path.rpartition("/")[2].lower()
        if "caddyfile" in name or name.endswith((".conf", ".conf.template")):
            text = project.source(path) or ""
            if _RUNS_AN_APPLICATION.search(text):
                found += _of_file(path, text)
    return tuple(found)


def _of_file(path: str, text: str) -> Iterator[Answer]:
    lines = [re.sub(r"(?:^|\s)#.*", "", line) for line in text.split("\n")]
    for number, line in enumerate(lines, 1):
        at_once = _AT_ONCE.match(line)
        if at_once:
            yield Answer(at_once["path"], Location(path, number))
        block = _BLOCK.match(line)
        if block and _is_constant((block["rest"], *lines[number : number + _SHORTEST_BLOCK])):
            yield Answer(block["path"], Location(path, number))


def _is_constant(lines: tuple[str, ...]) -> bool:
    """Whether the block that begins with these lines holds a constant answer before it ends."""
    for line in lines:
        if _CONSTANT.search(line):
            return True
        if "}" in line or "{" in line:
            return False
    return False
