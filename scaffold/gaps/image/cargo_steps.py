"""What Cargo cannot do in a stage: build a workspace without all its manifests, or make a program that no package names."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator, Mapping

from scaffold.gaps.compose.image_content import copy_words
from scaffold.gaps.remembered import remembered
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Instruction, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.toml import read_toml

_BUILDS = regex(r"\bcargo\s+(?:\+\S+\s+)?(?:build|b|check|fetch|test|rustc)\b", words=("cargo",))
_PROGRAM = regex(r"(?:^|.*/)target/(?:[\w.-]+/)?release/(?P<name>[\w-]+)", words=("release",))
_MOVES = regex(r"(?:^|[\s;&|])(?:cp|mv|ln|install|rename)\s[^\n;&|]*")
_BRINGS = regex(
    r"\bgit\s+clone\b|\bcurl\b[^\n]*(?:\btar\b|-o\s)|\bwget\b|\bcargo\s+(?:init|new|generate|chef|install)\b|Cargo\.toml"
)
"""Steps that may put another manifest or program there."""
_SHOWN = 3


@frozen
class LackingMember:
    """A step of Cargo that reads a manifest which the stage lacks: its folder, and the file that names it."""

    step: Instruction
    member: str
    named_by: str


@frozen
class LackingProgram:
    """A program that no package makes: what the packages make, and where it is written."""

    why: str
    places: tuple[Location, ...]


@frozen
class _Crates:
    """The manifests of Cargo by their paths, and whether all of them could be read."""

    tables: Mapping[str, Mapping[str, object]]
    made: Mapping[str, str]
    """The programs that the packages may make, each with its manifest."""
    complete: bool


@remembered
def _crates(project: Project) -> _Crates:
    found: dict[str, Mapping[str, object]] = {}
    complete = True
    for path in (item.path for item in project.manifests if item.ecosystem == "rust"):
        try:
            found[path] = read_toml(project.source(path) or "[")
        except ValueError:
            complete = False
    made = {name: path for path, table in found.items() for name in _named(table)}
    for file in project.files if found else ():
        folder, mark, name = file.partition("src/bin/")
        if mark:
            owner = f"{folder}Cargo.toml"
            made.setdefault(name.partition("/")[0].removesuffix(".rs"), owner if owner in found else next(iter(found)))
    return _Crates(found, made, complete)


def lacking_program(project: Project, chain: tuple[Stage, ...], place: str) -> LackingProgram | None:
    """Return why Cargo makes no program at a place of a stage, None where it may."""
    program = _PROGRAM.fullmatch(place)
    if program is None:
        return None
    crates, name = _crates(project), program["name"]
    runs = [item.text for stage in chain for item in stage.instructions if item.keyword == "RUN"]
    moved = any(name in part for text in runs for part in _MOVES.findall(text))
    if moved or not crates.tables or not crates.complete or not any(map(_BUILDS.search, runs)) or _brings(chain):
        return None
    made = crates.made
    if not made or name in made or name in {item.replace("-", "_") for item in made}:
        return None
    shown = sorted(made)[:_SHOWN]
    near = sorted(item for item in made if _has_bin(crates.tables.get(made[item]), item)) or shown
    places = tuple(dict.fromkeys(Location(made[item], 1) for item in near[:_SHOWN]))
    return LackingProgram(f"they make {', '.join(near[:_SHOWN])}", places)


def _brings(chain: tuple[Stage, ...]) -> bool:
    """Whether a step may bring manifests or programs from elsewhere."""
    for item in (item for stage in chain for item in stage.instructions):
        if item.keyword == "RUN" and _BRINGS.search(item.text):
            return True
        if item.keyword in {"COPY", "ADD"} and ("://" in item.text or any(flag.startswith("--from") for flag in item.flags)):
            return True
    return False


def _named(table: Mapping[str, object]) -> Iterator[str]:
    """Yield the programs that a manifest names: the package itself may be one."""
    package, bins = table.get("package"), table.get("bin")
    if isinstance(package, dict):
        yield str(package.get("name", ""))
    yield from (str(item.get("name", "")) for item in bins if isinstance(item, dict)) if isinstance(bins, list) else ()


def _has_bin(table: Mapping[str, object] | None, name: str) -> bool:
    bins = table.get("bin") if table else None
    return isinstance(bins, list) and any(isinstance(item, dict) and item.get("name") == name for item in bins)


def lacking_member(project: Project, stage: Stage, context: str) -> LackingMember | None:
    """Return the first step of Cargo in a stage to which a manifest of its workspace is missing, None where it may have all."""
    copied: list[str] = []
    for item in stage.instructions:
        if item.keyword in {"COPY", "ADD"}:
            if any(flag.startswith("--") and not flag.startswith(("--chown", "--chmod", "--link")) for flag in item.flags):
                return None
            copied += [
                posixpath.normpath(posixpath.join(context or ".", word.lstrip("/") or ".")) for word in copy_words(item)[:-1]
            ]
        elif item.keyword == "RUN" and _BRINGS.search(item.text):
            return None
        elif item.keyword == "RUN" and _BUILDS.search(item.text):
            found = _missing(project, tuple(copied), context)
            return LackingMember(item, *found) if found else None
    return None


def _missing(project: Project, copied: tuple[str, ...], context: str) -> tuple[str, str] | None:
    """Return a manifest that Cargo reads and that is not among the copies, and the manifest that names it."""
    crates = _crates(project)
    root = posixpath.join(context, "Cargo.toml")
    table = crates.tables.get(root)
    workspace = table.get("workspace") if table else None
    if not isinstance(workspace, dict) or not crates.complete or root not in copied or _takes_all(copied, context):
        return None
    names = [str(item).rstrip("/") for item in _strings(workspace.get("members"))]
    left_out = {str(item).rstrip("/") for item in _strings(workspace.get("exclude"))}
    taken = {path for path in crates.tables if _is_taken(path, copied)}
    for name in names:
        path = posixpath.normpath(posixpath.join(context, name, "Cargo.toml"))
        if crates.tables.get(path) is not None and path not in taken and name not in left_out:
            return name, root
    members = [path for path in sorted(taken) if _is_member(path, names, context)]
    for path in members:
        for needed in _paths(crates.tables.get(path) or {}, workspace, posixpath.dirname(path), context):
            if crates.tables.get(needed) is not None and needed not in taken:
                return posixpath.relpath(posixpath.dirname(needed), context or "."), path
    return None


def _takes_all(copied: tuple[str, ...], context: str) -> bool:
    """Whether a copy takes the whole context, or hides by a variable what it takes."""
    return any("$" in path or path == (context or ".") or path.endswith(("/*", "*/")) or path == "*" for path in copied)


def _is_taken(path: str, copied: tuple[str, ...]) -> bool:
    return any(path == item or path.startswith(f"{item}/") or fnmatch.fnmatchcase(path, item) for item in copied)


def _is_member(path: str, names: list[str], context: str) -> bool:
    folder = posixpath.relpath(posixpath.dirname(path) or ".", context or ".")
    return any(fnmatch.fnmatchcase(folder, name) for name in names)


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _paths(table: Mapping[str, object], workspace: Mapping[str, object], folder: str, context: str) -> Iterator[str]:
    """Yield the manifests on which a package depends by their paths, those of the workspace's own table included."""
    shared = workspace.get("dependencies")
    for kind in ("dependencies", "build-dependencies", "dev-dependencies"):
        entries = table.get(kind)
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(entry, dict):
                continue
            inherited = shared.get(name) if entry.get("workspace") is True and isinstance(shared, dict) else None
            base, found = (context, inherited) if isinstance(inherited, dict) else (folder, entry)
            place = found.get("path")
            if isinstance(place, str):
                yield posixpath.normpath(posixpath.join(base, place, "Cargo.toml"))
