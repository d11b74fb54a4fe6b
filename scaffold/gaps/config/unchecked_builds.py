"""Dockerfiles that have Node.js take any certificate, while an image is built or in all that it runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex

NAME = "NODE_TLS_REJECT_UNAUTHORIZED"
_FOR_ONE_STEP = regex(rf"(?<![\w-]){NAME}=[\"']?0(?![\w.])", words=(NAME,))
_FOR_ALL = regex(rf"(?<![\w-]){NAME}[= \t][ \t]*[\"']?0(?![\w.])", words=(NAME,))


@frozen
class UncheckedBuild:
    """The steps of a Dockerfile for which certificates are not looked at, and whether what it runs inherits that."""

    path: str
    places: tuple[Location, ...]
    runs_so: bool


def unchecked_builds(project: Project) -> Iterator[UncheckedBuild]:
    """Yield each Dockerfile, other than those for development and tests, with such steps."""
    for file in project.dockerfiles:
        if path_environment(file.path) in TRIED or is_test_path(file.path) or NAME not in (project.source(file.path) or ""):
            continue
        found = [
            (stage, item) for stage in file.stages for item in stage.instructions if _is_unchecked(item.keyword, item.text)
        ]
        if found:
            places = tuple(dict.fromkeys(item.location for _, item in found))
            yield UncheckedBuild(file.path, places, _runs_so(file))


def _is_unchecked(keyword: str, text: str) -> bool:
    return bool((keyword == "RUN" and _FOR_ONE_STEP.search(text)) or (keyword == "ENV" and _FOR_ALL.search(text)))


def _runs_so(file: Dockerfile) -> bool:
    """Whether the last word of the stage that is run, or of those that it is built from, leaves the check off."""
    for stage in file.chain():
        said = [item.text for item in stage.instructions if item.keyword == "ENV" and NAME in item.text]
        if said:
            return bool(_FOR_ALL.search(said[-1]))
    return False
