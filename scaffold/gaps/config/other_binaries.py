"""Code of a program that a service does not start: one of several binaries of a Cargo workspace, one folder below Go's cmd/."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.known import known
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of
from scaffold.model.toml import read_toml

_OF_GO = regex(r"(?P<folder>(?:[\w.-]+/)*cmd/(?P<name>[\w.-]+))/[\w.-]+\.go")
"""A file of a main package: no other package can import it."""
_MAIN = "/src/main.rs"
_BUILDS_ALL = regex(r"/\.\.\.|cmd/\*|--workspace\b|--bins\b")
_MAY_COMPILE = regex(r"\b(?:cargo|rustc|maturin|wasm-pack|trunk|make|just|bazel|nix|pip|uv|gem|bundle|mix)\b|\.sh\b")
"""What a step compiles Rust by, or may."""
_BUILT = regex(r"(?:\bcmd/|--bin[= ]|-p[= ]|--package[= ])(?P<name>[\w.-]+)")


def is_of_another_program(project: Project, service: Service, path: str) -> bool:
    """Whether a file belongs to one program alone, and a service starts another one, or its image holds others and not this
    one: by the words of its start, else by those of its Dockerfile.
    """
    name = _program_of(project, path)
    if not name:
        return False
    programs = known(_programs, project)
    start = start_of(project, service)
    started = set(_named(start.text, programs)) if start is not None else set()
    dockerfile = project.image_of(service)
    if name not in started and _is_excluded(project, path):
        return True
    if not started and dockerfile is not None:
        steps = " ".join(item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN")
        if path.endswith(".rs") and steps and not _MAY_COMPILE.search(steps):
            return True
        started = set(_named_by_builds(steps, programs))
    return bool(started) and name not in started


def _is_excluded(project: Project, path: str) -> bool:
    """Whether a file is part of a crate that the workspace at the root leaves out, so that its builds do not make it."""
    crate = path.partition("/src/")[0] if path.endswith(".rs") else ""
    return bool(crate) and crate in known(_left_out, project)


def _left_out(project: Project) -> frozenset[str]:
    try:
        workspace = read_toml(project.source("Cargo.toml") or "").get("workspace")
    except ValueError:
        return frozenset()
    folders = workspace.get("exclude") if isinstance(workspace, dict) else None
    listed = folders if isinstance(folders, list) else ()
    return frozenset(item.rstrip("/") for item in listed if isinstance(item, str))


def _program_of(project: Project, path: str) -> str:
    """Return the one program that a file is part of; "" for the code of a library, which any program may use."""
    found = _OF_GO.fullmatch(path)
    if found:
        return _plain(found["name"])
    crate = path.partition("/src/")[0] if "/src/" in path else ""
    is_alone = bool(crate) and crate + _MAIN in project.present and f"{crate}/src/lib.rs" not in project.present
    return _plain(posixpath.basename(crate)) if is_alone and f"{crate}/Cargo.toml" in project.present else ""


def _programs(project: Project) -> frozenset[str]:
    """Return the names of the programs of the repository that have a folder each."""
    found = set()
    for path in project.present:
        if path.endswith((_MAIN, ".go")):
            found.add(_program_of(project, path))
    return frozenset(found - {""})


def _named(text: str, programs: frozenset[str]) -> Iterator[str]:
    """Yield the programs that a command names as a word, or as the last part of a path."""
    for word in re.findall(r"[\w./-]+", text):
        name = _plain(posixpath.basename(word))
        if name in programs:
            yield name


def _named_by_builds(text: str, programs: frozenset[str]) -> Iterator[str]:
    """Yield the programs that steps build by name; all of them where a step builds whatever there is, or by an unknown name."""
    names = {_plain(match["name"]) for match in _BUILT.finditer(text)}
    yield from programs if _BUILDS_ALL.search(text) or not names <= programs else names


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").removesuffix(".exe")
