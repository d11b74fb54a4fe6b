"""`inspect`: the project as scaffold reads it, with the values of secrets left out unless they are asked for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path

from scaffold.app.examination import Place, look, refuse_missing
from scaffold.app.view import View
from scaffold.errors import UsageError
from scaffold.model.compose import Stack
from scaffold.model.document import Location, Problem
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.read.compose.reader import join
from scaffold.read.inventory import file_text
from scaffold.read.outside import Outside
from scaffold.report.redaction import MARK, Redactor

_LOGINS = regex(r"basic-?auth|htpasswd", re.IGNORECASE)
"""Keys such as Traefik's `basicauth.users`, whose values are logins."""
_HOLDING_TEXT = frozenset({"content"})
"""Keys whose text is a whole file: nothing tells which part of it is secret."""


@frozen
class Call:
    """How Compose would be called: env files, profiles, files relative to the project, and the process's environment."""

    env_files: tuple[Path, ...] = ()
    profiles: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def show_project(place: Place, view: View, call: Call, *, show_secrets: bool) -> str:
    """Return the report of `inspect`; raises UsageError and NothingToReadError."""
    refuse_missing(place)
    outside = _outside(place.root, call)
    project, _ = look(place, outside=outside)
    reader = _Texts({source.path: source.text for source in project.sources})
    shown = {stack.id: _compose(stack, outside, reader) for stack in project.stacks}
    refused = (problem for _, problems in shown.values() for problem in problems)
    problems = sorted({*project.problems, *refused}, key=lambda problem: (problem.location.sort_key(), problem.message))
    project = replace(project, problems=tuple(problems))
    redactor = Redactor(None if show_secrets else project)
    if view.form == "json":
        from scaffold.report.inspect_json import inspect_json

        trees = {name: tree if show_secrets else _hidden(tree, "", redactor) for name, (tree, _) in shown.items()}
        return inspect_json(project, trees, redactor)
    from scaffold.report.inspect_text import inspect_text

    return inspect_text(project, redactor, width=view.width, color=view.color)


@frozen
class _Texts:
    """The texts that the reading gave."""

    texts: Mapping[str, str] = field(repr=False)

    def text(self, path: str) -> str | None:
        return self.texts.get(path)


def _outside(root: Path, call: Call) -> Outside:
    """Return how Compose is called; raises UsageError for an env file that cannot be read and a file outside the project."""
    listed = call.environment.get("COMPOSE_ENV_FILES", "").split(",")
    named = call.env_files or tuple(Path(item) for item in listed if item)
    return Outside(
        root=os.path.abspath(root),  # noqa: PTH100 - Compose's text of a path, links kept
        environment=call.environment,
        env_files=tuple((str(path), _env_text(path)) for path in named),
        profiles=call.profiles,
        files=tuple(_inside(root, file) for file in call.files),
    )


def _env_text(path: Path) -> str:
    if str(path) == os.devnull:
        return ""  # how people tell Compose to take no env file
    try:
        return file_text(path)
    except (OSError, ValueError) as error:
        raise UsageError("is no env file that can be read", where=str(path)) from error


def _inside(root: Path, file: str) -> str:
    found = join("", file)
    if not found or not (root / found).is_file():
        raise UsageError("is no file of the project", where=file, hint="paths of -f start from the project's folder")
    return found


def _compose(stack: Stack, outside: Outside, reader: _Texts) -> tuple[dict[str, object], tuple[Problem, ...]]:
    """Return a stack as Compose prints it, and why it would refuse to."""
    from scaffold.read.compose.consistency import inconsistencies
    from scaffold.read.compose.render import Rendering, to_compose_json

    variables, _ = outside.variables(reader, stack.directory)
    profiles = outside.active_profiles(variables)
    home = outside.environment.get("HOME", "")
    rendering = Rendering(outside.folder(stack.directory), stack.name, profiles, home)
    problems = inconsistencies(stack.node, stack.services, profiles, reader, stack.directory)
    if not stack.name:
        problems = (*problems, Problem(Location(stack.files[0], 1), "the project has no name: Compose asks for `name:`"))
    return dict(to_compose_json(stack.node, stack.services, rendering)), problems


def _hidden(tree: object, key: str, redactor: Redactor) -> object:
    """Return the tree without the values of secrets: what a diff of the same lines would hide is hidden here."""
    if isinstance(tree, Mapping):
        return {name: _hidden(value, name, redactor) for name, value in tree.items()}
    if isinstance(tree, list) and not all(isinstance(item, str) for item in tree):
        return [_hidden(item, key, redactor) for item in tree]
    if isinstance(tree, list):
        return _hidden_words(tree, key, redactor)
    if not isinstance(tree, str) or not tree:
        return tree
    if may_be_sensitive_name(key) or key in _HOLDING_TEXT or _LOGINS.search(key):
        return MARK
    return redactor.clean_diff(f"{key}: {tree}").removeprefix(f"{key}: ")


def _hidden_word(before: str, word: str) -> str:
    """Return the value of `--api-key VALUE` as a mark, and the password of `-u user:VALUE`."""
    if before.startswith("-") and "=" not in before and may_be_sensitive_name(before.lstrip("-")):
        return MARK
    user, colon, _ = word.partition(":")
    return f"{user}:{MARK}" if before in {"-u", "--user"} and colon else word


def _hidden_words(words: list[str], key: str, redactor: Redactor) -> list[str]:
    """Return the words of a command: an option's value is told by the word before it, so they are looked at together."""
    words = [_hidden_word(before, word) for before, word in zip(("", *words), words, strict=False)]
    line = f"{key}: {json.dumps(words, ensure_ascii=False)}"
    cleaned = redactor.clean_diff(line)
    if cleaned == line:
        return words
    try:
        return [str(word) for word in json.loads(cleaned.removeprefix(f"{key}: "))]
    except ValueError:
        return [MARK]
