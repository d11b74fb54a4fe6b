"""Whether an image has a folder at a place: a new volume takes its owner from there, and is root's where the image has none."""

from __future__ import annotations

import posixpath
import re

from scaffold.gaps.image.held_paths import Content, content_of
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_TOOLS = regex(r"(?:^|/)(?:uv|node|bun|golang|python|busybox)(?:[:@]|$)")
"""Images of others from which programs alone are taken."""
_MAKES_UNKNOWN = regex(r"\bmkdir\b[^\n;&|]*\$|\.sh\b|<<")


def may_have(project: Project, dockerfile: Dockerfile, target: str, context: str, place: str) -> bool:
    """Whether the image may have a folder at an absolute place: a step names it, or copies a folder of the project there."""
    content = content_of(dockerfile, target, context)
    inside = posixpath.normpath(place).strip("/")
    if content is None or _is_brought(project, content, inside):
        return True
    name = re.compile(rf"(?<!\w){re.escape(posixpath.basename(inside))}(?!\w)")
    for stage in dockerfile.stages:
        for item in stage.instructions:
            if item.keyword in {"RUN", "COPY", "ADD", "WORKDIR"} and (
                name.search(item.text) or (item.keyword == "RUN" and _MAKES_UNKNOWN.search(item.text))
            ):
                return True
            if _is_from_elsewhere(dockerfile, item.flags):
                return True
    # What packages do as they are built is not seen: one that makes folders may make this one.
    return any(name.search(command.text) and "mkdir" in command.text for command in project.commands)


def _is_brought(project: Project, content: Content, inside: str) -> bool:
    for item in content.held:
        if is_below(item.place, inside) or set(item.source) & set("*?["):
            return True
        if is_below(inside, item.place):
            rest = posixpath.relpath(inside, item.place or ".")
            if project.exists(posixpath.normpath(posixpath.join(item.source or ".", rest))):
                return True
    return False


def _is_from_elsewhere(dockerfile: Dockerfile, flags: tuple[str, ...]) -> bool:
    """Whether a step copies from an image of others, whose folders nobody knows here."""
    origin = next((flag.partition("=")[2] for flag in flags if flag.startswith("--from")), "")
    return bool(origin) and not dockerfile.chain(origin) and not _TOOLS.search(origin)
