"""The `.env` that a build takes into an image whose program ends where the file is missing."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.dockerignore import ignore_patterns, leaves_out
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image, is_served
from scaffold.model.known import known
from scaffold.model.project import CodeFact, Dockerfile, Project

_NAME = ".env"
_WHOLE = frozenset({".", "./", ".env", "./.env"})
_PATTERNS = (".env", "*.env", ".env*")


@frozen
class BuiltInEnvFile:
    """The path in the project, where the file lies in the image, and the line that ends the program without it."""

    path: str
    target: str
    needed_at: Location


def built_in_env_file(project: Project, service: Service) -> BuiltInEnvFile | None:
    """Return the `.env` of a service's build context that its image holds and its program asks for, where git tracks none."""
    return known(_built_in, project, service) if any(known(_asking, project)) else None


def _asking(project: Project) -> tuple[CodeFact, ...]:
    return tuple(fact for fact in project.code_facts if fact.kind == "needs-env-file" and is_served(fact.location.path))


def _built_in(project: Project, service: Service) -> BuiltInEnvFile | None:
    build, dockerfile = service.made, project.image_of(service)
    if build is None or build.context is None or dockerfile is None:
        return None
    path = posixpath.normpath(posixpath.join(build.context, _NAME))
    target = next(_places(dockerfile, build.target), "")
    asking = (fact for fact in known(_asking, project) if is_in_image(project, service, fact.location.path))
    asked = (
        next(asking, None) if target and not leaves_out(ignore_patterns(project, dockerfile, build.context), _NAME) else None
    )
    mounted = any(mount.target == target for mount in service.mounts)
    if asked is None or mounted or any(file.path == path for file in project.env_files):
        return None
    return BuiltInEnvFile(path, target, asked.location)


def _places(dockerfile: Dockerfile, target: str) -> Iterator[str]:
    """Yield where the stage that runs puts the file: with its whole context, or by its name from there or another stage."""
    folder = "/"
    for stage in reversed(dockerfile.chain(target)):
        for item in stage.instructions:
            words = item.text.replace('"', " ").replace("[", " ").replace("]", " ").replace(",", " ").split()
            if item.keyword == "WORKDIR":
                folder = posixpath.join(folder, item.text.strip().strip("\"'"))
            elif item.keyword in {"COPY", "ADD"} and len(words) > 1:
                of_stage = any(flag.startswith("--from") for flag in item.flags)
                if any(_takes(word, of_stage=of_stage) for word in words[:-1]):
                    yield posixpath.normpath(posixpath.join(folder, words[-1].removesuffix(f"/{_NAME}"), _NAME))


def _takes(word: str, *, of_stage: bool) -> bool:
    return posixpath.basename(word) in _PATTERNS or (not of_stage and word in _WHOLE)
