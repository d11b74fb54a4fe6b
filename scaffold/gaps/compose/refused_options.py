"""Scripts of a start that ask the shell of their image for an option which it refuses, and so end with their first line."""

from __future__ import annotations

from scaffold.gaps.facts import root_image
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_PIPEFAIL = regex(r"\s*set\s+-[a-z]*o\s+pipefail\s*;?\s*(?:#.*)?", words=("pipefail",))
_BY_SH = regex(r"#!\s*(?:/usr)?/bin/(?:env\s+)?sh(?:\s|$)")
_DASH = regex(r"(?:^|[-.])(?:buster|bullseye|bookworm)(?:[-.]|$)|^(?:focal|jammy|noble)(?:-|$)")
"""Releases of Debian and Ubuntu whose dash knows no pipefail; Debian's has it from trixie on (its 0.5.12-7)."""
_OTHER_SH = regex(r"\bbash\b[^\n]*\s/bin/sh\b|dpkg-reconfigure|update-alternatives", words=("/bin/sh", "dpkg-", "update-"))


def refused_option(project: Project, service: Service, dockerfile: Dockerfile, target: str) -> Location | None:
    """Return the line `set -o pipefail` of a script for sh with which a container starts whose sh is dash; None without one."""
    base = root_image(dockerfile, target)
    if base is None or base.registry or "/" in base.repository.removeprefix("library/") or not _DASH.search(base.tag):
        return None
    if any(_OTHER_SH.search(item.text) for stage in dockerfile.stages for item in stage.instructions):
        return None
    start = start_of(project, service)
    for line, place in start.lines if start else ():
        if _PIPEFAIL.fullmatch(line) and _BY_SH.match(project.source(place.path) or ""):
            name = place.path.rpartition("/")[2]
            called = [text for text, _ in start.lines if name in text] if start else []
            return None if any("bash" in text for text in called) else place
    return None
