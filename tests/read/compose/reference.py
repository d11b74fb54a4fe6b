"""Our merged model beside that of compose-go, the loader inside docker compose, for the same files."""

from __future__ import annotations

import json
import posixpath
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scaffold.model.document import Location, Problem
from scaffold.read.compose import load_stack
from scaffold.read.compose.consistency import inconsistencies
from scaffold.read.compose.render import Rendering, to_compose_json
from scaffold.read.outside import Outside
from scaffold.read.stacks import assemble

DIFFERENCES: dict[str, str] = {}
"""Route of a value that may differ, and why; at most ten."""


@dataclass(frozen=True)
class Files:
    """The files below a folder."""

    root: Path

    def text(self, path: str) -> str | None:
        file = self.root / path
        return file.read_bytes().decode("utf-8", "surrogateescape") if file.is_file() else None


@dataclass(frozen=True)
class Case:
    """One load: files relative to a root, the project directory, active profiles, and variables."""

    root: Path
    files: tuple[str, ...]
    directory: str = ""
    profiles: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> str:
        return posixpath.normpath(posixpath.join(str(self.root), self.directory))


def ours(case: Case) -> tuple[object, tuple[Problem, ...]]:
    """Our model of a case, and why Compose would refuse it."""
    reader = Files(case.root)
    outside = Outside(str(case.root), dict(case.variables), profiles=case.profiles)
    variables, _ = outside.variables(reader, case.directory)
    name = outside.default_name(case.directory)
    stack = load_stack(reader, case.files, directory=case.directory, variables=variables, name=name, strict=True)
    profiles = outside.active_profiles(variables)
    model = to_compose_json(stack.node, stack.services, Rendering(case.folder, stack.name, profiles))
    refused = inconsistencies(stack.node, stack.services, profiles, reader, case.directory)
    return json.loads(json.dumps(model)), (*stack.problems, *refused)


def theirs(program: str, cases: Iterable[Case]) -> list[dict[str, object]]:
    requests = [
        {
            "id": number,
            "dir": case.folder,
            "files": [str(case.root / path) for path in case.files],
            "profiles": list(case.profiles),
            "env": dict(case.variables),
        }
        for number, case in enumerate(cases)
    ]
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([program, "--batch"], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def differences(mine: object, reference: object, route: str = "") -> Iterator[str]:
    if isinstance(mine, dict) and isinstance(reference, dict):
        for key in sorted(set(mine) | set(reference)):
            if key in mine and key in reference:
                yield from differences(mine[key], reference[key], f"{route}/{key}")
            else:
                yield f"{route}/{key}: only {'ours' if key in mine else 'theirs'} has it"
    elif isinstance(mine, list) and isinstance(reference, list) and len(mine) == len(reference):
        for index, (one, other) in enumerate(zip(mine, reference, strict=True)):
            yield from differences(one, other, f"{route}/{index}")
    elif mine != reference or isinstance(mine, bool) != isinstance(reference, bool):
        yield f"{route}: {mine!r} is {reference!r} there"


def compare(program: str, cases: list[Case]) -> tuple[list[str], int]:
    """Every difference, and how many cases compose-go accepted; what it refuses must be a problem with file and line."""
    found = []
    accepted = 0
    for case, answer in zip(cases, theirs(program, cases), strict=True):
        model, problems = ours(case)
        label = f"{case.root.name} {' '.join(case.files)} {case.profiles}"
        if "error" in answer:
            found += [f"{label} accepted, refused there: {answer['error']}"] if not problems else []
            found += [f"{label} nowhere: {problem}" for problem in problems if not is_place(case.root, problem.location)]
            continue
        accepted += 1
        rows = [*differences(model, answer["project"]), *(f"problem: {problem}" for problem in problems)]
        found += [f"{label} {row}" for row in rows if row.split(":")[0] not in DIFFERENCES]
    return found, accepted


def is_place(root: Path, location: Location) -> bool:
    """Whether a location lies inside a file, or on the first line of one that is missing."""
    file = root / location.path
    lines = file.read_bytes().count(b"\n") + 1 if file.is_file() else 1
    return bool(location.path) and 1 <= location.line <= lines


def sets(root: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every set that stack assembly finds in a tree, and each compose file alone."""
    paths = [str(path.relative_to(root)) for path in sorted(root.rglob("*")) if path.is_file()]
    compose_files, stacks, _ = assemble(paths, Files(root))
    found = {stack.files: stack.directory for stack in stacks}
    for file in compose_files:
        found.setdefault((file.path,), posixpath.dirname(file.path))
    yield from found.items()
