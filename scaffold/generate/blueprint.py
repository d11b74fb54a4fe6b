"""Blueprints: cookiecutter templates, rendered into a temporary folder with hooks off and no extension but our filters."""

from __future__ import annotations

import json
import re
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaffold.errors import ScaffoldError, ToolError
from scaffold.generate.emit import to_json, to_shell_word, to_yaml
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.resources import data_folder

if TYPE_CHECKING:
    from jinja2 import Environment

DELIMITERS = {
    "variable_start_string": "{=",
    "variable_end_string": "=}",
    "comment_start_string": "{=#",
    "comment_end_string": "#=}",
}
"""Jinja delimiters that collide with neither bash, TOML, GitHub expressions, Grafana nor Go templates."""
_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
_MAX_FILES = 500


@frozen
class RenderedFile:
    """One file of a rendered blueprint, its path relative to the blueprint's folder."""

    path: str
    text: str = field(repr=False)
    mode: int = 0o644


def render_blueprint(room: str, name: str, values: Mapping[str, object], shadow: Path | None) -> tuple[RenderedFile, ...]:
    """Render `blueprints/<room>/<name>`, or the folder of that name below `shadow`.

    Raises ToolError without the extra, ScaffoldError for a blueprint that cannot be rendered or that holds a link: what a
    link leads to is no part of the project.
    """
    folder = _folder(room, name, shadow)
    return _rendered(folder, room, name, values) if values else _fixed(folder, room, name, _texts(folder))


@lru_cache(maxsize=8)
def _fixed(folder: Path, room: str, name: str, texts: tuple[tuple[str, int, bytes], ...]) -> tuple[RenderedFile, ...]:  # noqa: ARG001 - what the answer depends on
    """Render a blueprint that takes no values: several rooms ask for the same one."""
    return _rendered(folder, room, name, {})


def _texts(folder: Path) -> tuple[tuple[str, int, bytes], ...]:
    """Return path, mode and content of every file of a blueprint."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple((str(path), path.stat().st_mode, path.read_bytes()) for path in files)


def _rendered(folder: Path, room: str, name: str, values: Mapping[str, object]) -> tuple[RenderedFile, ...]:
    generate_files = _cookiecutter()
    context = {"cookiecutter": {**values, "blueprint": name, **_engine()}}
    with tempfile.TemporaryDirectory(prefix="scaffold-") as temporary:
        try:
            made = generate_files(repo_dir=str(folder), context=context, output_dir=temporary, accept_hooks=False)
        except Exception as error:  # cookiecutter and Jinja raise many types, all of them about the blueprint
            raise ScaffoldError(f"the blueprint {room}/{name} cannot be rendered: {error}", where=str(folder)) from error
        return _read_back(Path(made), room, name)


def _engine() -> dict[str, Any]:
    # Each template is compiled for one rendering: to optimise it first takes longer than it saves.
    return {"_jinja2_env_vars": {**DELIMITERS, "optimized": False}, "_extensions": ["scaffold.generate.blueprint.Filters"]}


def _folder(room: str, name: str, shadow: Path | None) -> Path:
    for part in (room, name):
        if not _NAME.fullmatch(part):
            raise ScaffoldError(f"not a name of a blueprint: {part!r:.60}")
    own = shadow / room / name if shadow else None
    if own is not None and own.is_dir():
        link = next((path for path in (own, own.parent, *sorted(own.rglob("*"))) if path.is_symlink()), None)
        if link is not None:
            raise ScaffoldError("a blueprint holds a symbolic link, which is not followed", where=str(link))
        return own
    return data_folder("blueprints") / room / name


def _cookiecutter() -> Any:
    try:
        from cookiecutter.generate import generate_files  # type: ignore[import-untyped]
    except ImportError as error:
        raise ToolError("cookiecutter is not installed", hint="pip install 'scaffold-iac[generate]'") from error
    return generate_files


def _read_back(folder: Path, room: str, name: str) -> tuple[RenderedFile, ...]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if len(paths) > _MAX_FILES:
        raise ScaffoldError(f"the blueprint {room}/{name} gives {len(paths)} files, the limit is {_MAX_FILES}")
    return tuple(
        RenderedFile(
            path.relative_to(folder).as_posix(),
            path.read_text(encoding="utf-8"),
            0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644,
        )
        for path in paths
    )


def yaml_filter(value: object) -> str:
    """Return `value` as YAML that stands on one line."""
    return to_yaml(value).strip() if isinstance(value, bool | int) else json.dumps(value, ensure_ascii=False)


def json_filter(value: object) -> str:
    """Return `value` as JSON."""
    return to_json(value).rstrip("\n") if isinstance(value, list | dict) else json.dumps(value, ensure_ascii=False)


def shell_filter(value: object) -> str:
    """Return `value` as one shell word."""
    return to_shell_word(str(value))


def markdown_filter(value: object) -> str:
    """Return `value` as Markdown prose that formats and links nothing: one line, special characters escaped."""
    line = " ".join(str(value).split())
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", line)


def code_filter(value: object) -> str:
    """Return `value` as a Markdown code span, with a fence that the text does not hold."""
    line = " ".join(str(value).split())
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{fence}{space}{line}{space}{fence}"


def line_filter(value: object) -> str:
    """Return `value` on one line and otherwise unchanged: for a code block, or for our own Markdown."""
    return " ".join(str(value).split())


def name_filter(value: object) -> str:
    """Return `value` unchanged when it is a plain name (letters, digits, dot, hyphen, underscore); else ScaffoldError."""
    if not _NAME.fullmatch(str(value)):
        raise ScaffoldError(f"not a plain name: {str(value)!r:.60}")
    return str(value)


FILTERS = {
    "yaml": yaml_filter,
    "json": json_filter,
    "sh": shell_filter,
    "md": markdown_filter,
    "code": code_filter,
    "line": line_filter,
    "name": name_filter,
}
"""The filters of a blueprint; every insertion names one of them."""


class Filters:
    """The one Jinja extension that blueprints get: FILTERS."""

    identifier = "scaffold.generate.blueprint.Filters"
    priority = 100
    tags: frozenset[str] = frozenset()

    def __init__(self, environment: Environment) -> None:
        environment.filters.update(FILTERS)

    def bind(self, environment: Environment) -> Filters:
        """Return an extension for an overlay of the environment (Jinja's protocol)."""
        return Filters(environment)

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - Jinja's protocol
        """Return the source unchanged (Jinja's protocol)."""
        return source

    def filter_stream(self, stream: Any) -> Any:
        """Return the tokens unchanged (Jinja's protocol)."""
        return stream
