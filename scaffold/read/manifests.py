"""Dependency manifests: the names that a project declares, by ecosystem, never the versions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from scaffold.model.document import Location, Problem
from scaffold.model.project import Manifest
from scaffold.model.regex import regex
from scaffold.model.toml import read_toml
from scaffold.read.lines import line_of, numbered

_REQUIREMENT = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(?:[=<>!~;@,#]|$)")
_EGG = regex(r"[#&]egg=([A-Za-z0-9._-]+)")
_OPENING = regex(r"<([A-Za-z]+)>")
_OF_OTHERS = frozenset({"parent", "dependencies", "build", "dependencyManagement", "profiles"})
"""Elements of a pom.xml that name other artifacts."""
_NODE_TABLES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_PHP_TABLES = ("require", "require-dev")

_Result = tuple[Manifest, tuple[Problem, ...]]


def manifest_reader(path: str) -> Callable[[str, str], _Result] | None:
    """Return the reader for a manifest of this name, or None."""
    name = path.rpartition("/")[2]
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name.endswith((".csproj", ".fsproj")):
        return read_project_file
    folder = path.rpartition("/")[0].rpartition("/")[2]
    if name.endswith((".txt", ".in")) and (
        name.startswith("requirements") or "-requirements" in name or folder == "requirements"
    ):
        return read_requirements
    return None


def read_requirements(path: str, text: str) -> _Result:
    """Return the names in a requirements file; options and nested files are passed over."""
    names = []
    for _, line in numbered(text):
        egg = _EGG.search(line)
        match = _REQUIREMENT.match(line)
        if egg:
            names.append(egg[1])
        elif match and not line.lstrip().startswith(("-", "#")):
            names.append(match[1])
    return _manifest(path, "python", "", names), ()


def read_pyproject(path: str, text: str) -> _Result:
    """Return the dependencies of every group that pyproject.toml names, PEP 621, PEP 735, Poetry and PDM alike."""
    data, problems = _toml(path, text)
    project, poetry = _table(data, "project"), _table(data, "tool", "poetry")
    lines = [*_strings(project.get("dependencies"))]
    groups = [
        _table(data, "project", "optional-dependencies"),
        _table(data, "dependency-groups"),
        _table(data, "tool", "pdm", "dev-dependencies"),
    ]
    for group in groups:
        for items in group.values():
            lines += _strings(items)
    lines += _strings(_table(data, "tool", "uv").get("dev-dependencies"))
    names = [match[1] for line in lines if (match := _REQUIREMENT.match(line))]
    names += _poetry_names(poetry)
    name = project.get("name") or poetry.get("name")
    return _manifest(path, "python", name, names), problems


def _poetry_names(poetry: dict[str, object]) -> list[str]:
    names = [*_table(poetry, "dependencies"), *_table(poetry, "dev-dependencies")]
    groups = _table(poetry, "group")
    for group in groups:
        names += _table(groups, group, "dependencies")
    return [name for name in names if name != "python"]


def read_pipfile(path: str, text: str) -> _Result:
    """Return the packages of a Pipfile."""
    data, problems = _toml(path, text)
    return _manifest(path, "python", "", [*_table(data, "packages"), *_table(data, "dev-packages")]), problems


def read_package_json(path: str, text: str) -> _Result:
    """Return the dependencies and scripts of a package.json."""
    data, problems = _json(path, text)
    names = [name for table in _NODE_TABLES for name in _table(data, table)]
    scripts = tuple((key, value) for key, value in _table(data, "scripts").items() if isinstance(value, str))
    return _manifest(path, "node", data.get("name"), names, scripts), problems


def read_composer(path: str, text: str) -> _Result:
    """Return the packages of a composer.json, and its scripts that are one command."""
    data, problems = _json(path, text)
    names = [name for table in _PHP_TABLES for name in _table(data, table)]
    scripts = tuple((key, value) for key, value in _table(data, "scripts").items() if isinstance(value, str))
    return _manifest(path, "php", data.get("name"), names, scripts), problems


def read_cargo(path: str, text: str) -> _Result:
    """Return the crates that a Cargo.toml depends on, workspace dependencies included."""
    data, problems = _toml(path, text)
    tables = (("dependencies",), ("dev-dependencies",), ("build-dependencies",), ("workspace", "dependencies"))
    names = [name for route in tables for name in _table(data, *route)]
    return _manifest(path, "rust", _table(data, "package").get("name"), names), problems


def read_gemfile(path: str, text: str) -> _Result:
    """Return the gems of a Gemfile."""
    return _manifest(path, "ruby", "", re.findall(r"^[ \t]*gem[ (]+['\"]([\w.-]+)['\"]", text, re.MULTILINE)), ()


def read_go_mod(path: str, text: str) -> _Result:
    """Return the modules that a go.mod requires."""
    module = re.search(r"^module[ \t]+(\S+)", text, re.MULTILINE)
    names = re.findall(r"^(?:require)?[ \t]+((?=[\w-]*\.)[\w.-]+/\S+|[\w.-]+\.[a-z]+)[ \t]+v\d", text, re.MULTILINE)
    # `/v2` at the end is the major version, not the name (go.dev/ref/mod#major-version-suffixes).
    last = re.sub(r"/v\d+$", "", module[1].rstrip("/")).rpartition("/")[2] if module else ""
    return _manifest(path, "go", last, names), ()


def read_pom(path: str, text: str) -> _Result:
    """Return the artifacts of the dependency blocks of a pom.xml; text patterns, so no XML entity is ever expanded."""
    blocks = [text[start:end] for start, end in _elements(text, frozenset({"dependency"}))]
    names = [match[1] for block in blocks if (match := re.search(r"<artifactId>\s*([\w.-]+)\s*</artifactId>", block))]
    around = [0, *(place for span in _elements(text, _OF_OTHERS) for place in span), len(text)]
    rest = "".join(text[start:end] for start, end in zip(around[::2], around[1::2], strict=True))
    own = re.search(r"<artifactId>\s*([\w.-]+)\s*</artifactId>", rest)
    return _manifest(path, "java", own[1] if own else "", names), ()


def _elements(text: str, names: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Yield where the content of each element of these names starts and ends, those inside another one left out."""
    position = 0
    endless: set[str] = set()
    while match := _OPENING.search(text, position):
        name, position = match[1], match.end()
        end = text.find(f"</{name}>", position) if name in names - endless else -1
        if end >= 0:
            yield position, end
            position = end
        elif name in names:
            endless.add(name)


def read_gradle(path: str, text: str) -> _Result:
    """Return the artifacts that a Gradle build names in `group:artifact` notation."""
    return _manifest(path, "java", "", re.findall(r"['\"][\w.-]+:([\w.-]+)(?::[^'\"]*)?['\"]", text)), ()


def read_mix(path: str, text: str) -> _Result:
    """Return the packages of a mix.exs."""
    own = re.search(r"\bapp:\s*:(\w+)", text)
    return _manifest(path, "elixir", own[1] if own else "", re.findall(r"\{:(\w+)\s*,", text)), ()


def read_project_file(path: str, text: str) -> _Result:
    """Return the packages that a .csproj refers to."""
    names = re.findall(r"<PackageReference\s[^>]{0,1000}Include=\"([\w.-]+)\"", text)
    return _manifest(path, "dotnet", path.rpartition("/")[2].rpartition(".")[0], names), ()


def _manifest(path: str, ecosystem: str, name: object, names: list[str], scripts: tuple[tuple[str, str], ...] = ()) -> Manifest:
    return Manifest(path, ecosystem, name if isinstance(name, str) else "", tuple(sorted(dict.fromkeys(names))), scripts)


def _table(data: object, *route: str) -> dict[str, object]:
    """Return the table at `route`, or an empty one."""
    for key in route:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _json(path: str, text: str) -> tuple[dict[str, object], tuple[Problem, ...]]:
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        return {}, (Problem(Location(path, line_of(text, error.pos)), f"cannot be read as JSON: {error.msg}"),)
    except (RecursionError, ValueError):
        return {}, (Problem(Location(path, 1), "cannot be read as JSON: nested too deeply, or a number too large"),)
    return (data, ()) if isinstance(data, dict) else ({}, ())


def _toml(path: str, text: str) -> tuple[dict[str, object], tuple[Problem, ...]]:
    try:
        return read_toml(text), ()
    except ValueError as error:
        # The reason is not repeated, since it may quote the text.
        match = re.search(r"at line (\d+)", str(error))
        return {}, (Problem(Location(path, int(match[1]) if match else 1), "cannot be read as TOML"),)


_BY_NAME: dict[str, Callable[[str, str], _Result]] = {
    "pyproject.toml": read_pyproject,
    "Pipfile": read_pipfile,
    "package.json": read_package_json,
    "composer.json": read_composer,
    "Cargo.toml": read_cargo,
    "Gemfile": read_gemfile,
    "go.mod": read_go_mod,
    "pom.xml": read_pom,
    "build.gradle": read_gradle,
    "build.gradle.kts": read_gradle,
    "mix.exs": read_mix,
}
