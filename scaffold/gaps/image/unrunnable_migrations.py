"""Images that take the migrations of Alembic by their name, and leave out the settings without which it does not start."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.image.builds import environment_of, is_built, released_targets, users_of
from scaffold.gaps.image.held_paths import Content, content_of
from scaffold.gaps.image.img003_no_dockerignore import build_contexts
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import copied_sources
from scaffold.model.names import TRIED
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_APPLIES = regex(r"\balembic\b[^\n;&|]*\s(?:upgrade|current|stamp)\b", words=("alembic",))
_BRINGS = regex(r"alembic|\bgit\s+clone\b|\bcp\s|\bmv\s", words=("alembic", "git", "cp", "mv"))


@frozen
class Unrunnable:
    """A Dockerfile that copies a folder of migrations and not the settings beside it, and a place that says to apply them."""

    dockerfile: Dockerfile
    step: Location
    folder: str
    settings: str
    told: Location


def unrunnable_migrations(project: Project) -> Iterator[Unrunnable]:
    """Yield the Dockerfiles of production that take Alembic's folder, and nothing of what it reads first."""
    folders = {posixpath.dirname(path): path for path in project.files if posixpath.basename(path) == "script.py.mako"}
    told = next((item.location for item in project.commands if _APPLIES.search(item.text)), None) if folders else None
    if told is None or _sets_up_in_code(project):
        return
    for dockerfile in project.dockerfiles:
        if environment_of(project, dockerfile) in TRIED or not is_built(project, dockerfile) or _brings(dockerfile):
            continue
        contexts = build_contexts(project, dockerfile)
        for target in released_targets(project, dockerfile) if len(contexts) == 1 else ():
            content = content_of(dockerfile, target, contexts[0])
            for path, step in copied_sources(dockerfile, target, contexts[0]):
                settings = _settings(project, path) if path in folders else None
                if content is not None and settings and _lacks(project, dockerfile, content, settings, path):
                    yield Unrunnable(dockerfile, step.location, path, settings, told)


def _settings(project: Project, folder: str) -> str | None:
    """Return the one alembic.ini that stands above a folder of migrations."""
    found = [path for path in project.files if posixpath.basename(path) == "alembic.ini"]
    return found[0] if len(found) == 1 and is_below(folder, posixpath.dirname(found[0])) else None


def _lacks(project: Project, dockerfile: Dockerfile, content: Content, settings: str, folder: str) -> bool:
    others = [path for path in project.files if is_below(path, posixpath.dirname(settings)) and path.endswith("pyproject.toml")]
    if content.holds(settings) or not content.holds(f"{folder}/script.py.mako"):
        return False
    if any("tool.alembic" in (project.source(path) or "") for path in others):
        return False
    mounts = (mount for service in users_of(project, dockerfile) for mount in service.mounts)
    return not any(mount.resolved is not None and is_below(settings, mount.resolved) for mount in mounts)


def _brings(dockerfile: Dockerfile) -> bool:
    steps = (item for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN")
    return any(_BRINGS.search(item.text) for item in steps)


def _sets_up_in_code(project: Project) -> bool:
    """Whether a program applies the migrations itself: it may have settings of its own."""
    kinds = {"applies-in-init", "applies-at-start"}
    return any(fact.kind == "schema" and fact.detail.partition(" ")[0] in kinds for fact in project.code_facts)
