"""Images whose program uses the client of Prisma while no step makes it: the package alone ends with an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import relpath

from scaffold.gaps.image.builds import environment_of, is_built
from scaffold.gaps.image.img003_no_dockerignore import build_contexts
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Dockerfile, Instruction, Manifest, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_PACKAGE = "@prisma/client"
_INSTALLS = regex(r"\b(?:npm|pnpm|yarn|bun)\s+(?:ci|clean-install|install|i|add)\b|\byarn\s*(?:$|&&|--)")
_MAKES = regex(r"prisma[^\n]{0,200}\b(?:generate|push|dev|reset)\b", words=("prisma",))
"""Commands of Prisma that write the client, by themselves or afterwards."""
_RELEASE = regex(r"[~^>=v\s]*(?P<major>\d{1,4})(?:\.|$)")
_LAST = 6
"""The last release whose package makes the client where it is installed beside a schema; later ones write it into the code."""
_WRITTEN = regex(r"(?:^|/)(?:generated|\.prisma)/|query_engine|prisma/client/")
"""Paths of a client that is part of the repository."""


@frozen
class UnmadeClient:
    """A Dockerfile whose image lacks the client: its last installation, the schema, and a file that makes it."""

    dockerfile: Dockerfile
    installation: Location
    schema: str
    other: str


def unmade_clients(project: Project) -> Iterator[UnmadeClient]:
    """Yield the Dockerfiles of production that install Prisma's client for a program and never make it."""
    used = [item for item in project.manifests if item.path.endswith("package.json") and _uses(project, item)]
    for dockerfile in project.dockerfiles if used else ():
        if environment_of(project, dockerfile) in TRIED or not is_built(project, dockerfile):
            continue
        contexts = build_contexts(project, dockerfile) or (dockerfile.path.rpartition("/")[0],)
        for manifest in used if len(contexts) == 1 else ():
            found = _of_package(project, dockerfile, manifest, contexts[0])
            if found is not None:
                yield found


def _uses(project: Project, manifest: Manifest) -> bool:
    """Whether a program needs the client when it runs, and no script of its package makes it."""
    try:
        data = json.loads(project.source(manifest.path) or "{}")
    except (ValueError, RecursionError):
        return False
    needed = data.get("dependencies") if isinstance(data, dict) else None
    release = _RELEASE.match(str(needed.get(_PACKAGE))) if isinstance(needed, dict) else None
    made = any("prisma" in command or "zenstack" in command for _, command in manifest.scripts)
    return release is not None and int(release["major"]) <= _LAST and not made


def _of_package(project: Project, dockerfile: Dockerfile, manifest: Manifest, context: str) -> UnmadeClient | None:
    schemas = [path for path in project.present if path.endswith(".prisma") and is_below(path, manifest.folder)]
    written = any(_WRITTEN.search(path) for path in project.present if is_below(path, manifest.folder))
    if manifest.folder != context or len(schemas) != 1 or written:
        return None
    steps = [item for stage in dockerfile.stages for item in stage.instructions]
    made = any("prisma" in item.text for item in steps if item.keyword in {"RUN", "CMD", "ENTRYPOINT"})
    scripts = (command.text for command in project.commands if command.context in {"script", "makefile"})
    installations = [item for item in steps if item.keyword == "RUN" and _INSTALLS.search(item.text)]
    if (
        made
        or not installations
        or not any(_brings(item, "package.json") for item in steps)
        or any(_MAKES.search(text) for text in scripts)
    ):
        return None
    if _is_there_before(dockerfile, relpath(schemas[0], context or ".")):
        return None
    other = _made_elsewhere(project, dockerfile, context)
    return UnmadeClient(dockerfile, installations[-1].location, schemas[0], other) if other else None


def _made_elsewhere(project: Project, dockerfile: Dockerfile, context: str) -> str:
    """Return the path of a Dockerfile, a page or a workflow that makes the client, "" for none: then no program may need it."""
    files = (
        file.path for file in project.dockerfiles if file is not dockerfile and is_below(file.path, context) and _makes(file)
    )
    pages = (command.location.path for command in project.commands if "prisma generate" in command.text)
    return next(files, "") or next(pages, "")


def _makes(dockerfile: Dockerfile) -> bool:
    return any(_MAKES.search(item.text) for stage in dockerfile.stages for item in stage.instructions)


def _is_there_before(dockerfile: Dockerfile, schema: str) -> bool:
    """Whether an installation finds the schema: the package then makes the client by itself."""
    holding: set[str] = set()
    for stage in dockerfile.stages:
        here = stage.base in holding
        for item in stage.instructions:
            here = here or _brings(item, schema)
            if here and item.keyword == "RUN" and _INSTALLS.search(item.text):
                return True
        if here and stage.alias:
            holding.add(stage.alias)
    return False


def _brings(item: Instruction, schema: str) -> bool:
    if item.keyword == "RUN":
        return any("--mount" in flag for flag in item.flags)
    if item.keyword not in {"COPY", "ADD"} or any(flag.startswith("--from") for flag in item.flags):
        return item.keyword in {"COPY", "ADD"} and "schema" in item.text
    sources = [word.strip("\"',[]").removeprefix("./").rstrip("/") for word in item.text.split()[:-1]]
    top = schema.partition("/")[0]
    return any(
        word in {"", "."} or "$" in word or is_below(schema, word) or fnmatchcase(top, word) or fnmatchcase(schema, word)
        for word in sources
    )
