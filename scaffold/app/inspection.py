"""`inspect`: the project as scaffold reads it, with the values of secrets left out unless they are asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from scaffold.app.examination import Place, look
from scaffold.app.view import View
from scaffold.model.compose import Stack
from scaffold.model.secrets import is_sensitive_name
from scaffold.report.redaction import MARK, Redactor

_HOLDING_TEXT = frozenset({"content"})
"""Keys whose text is a whole file: nothing tells which part of it is secret."""


def show_project(place: Place, view: View, *, show_secrets: bool) -> str:
    """Return the report of `inspect`; raises UsageError and NothingToReadError."""
    project, _ = look(place)
    redactor = Redactor(None if show_secrets else project)
    if view.form == "json":
        from scaffold.report.inspect_json import inspect_json

        directory = os.path.abspath(place.root)  # noqa: PTH100 - Compose's text of a path, links kept
        stacks = {stack.id: _compose(stack, directory, project.name) for stack in project.stacks}
        shown = stacks if show_secrets else {name: _hidden(tree, "", redactor) for name, tree in stacks.items()}
        return inspect_json(project, shown, redactor)
    from scaffold.report.inspect_text import inspect_text

    return inspect_text(project, redactor, width=view.width, color=view.color)


def _compose(stack: Stack, root: str, name: str) -> dict[str, object]:
    from scaffold.read.compose.render import Rendering, to_compose_json

    directory = os.path.normpath(os.path.join(root, stack.directory))  # noqa: PTH118
    rendering = Rendering(directory, stack.name or name, profiles=("*",))
    return dict(to_compose_json(stack.node, stack.services, rendering))


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
    if is_sensitive_name(key) or key in _HOLDING_TEXT:
        return MARK
    return redactor.clean_diff(f"{key}: {tree}").removeprefix(f"{key}: ")


def _hidden_words(words: list[str], key: str, redactor: Redactor) -> list[str]:
    """Return the words of a command: an option's value is told by the word before it, so they are looked at together."""
    line = f"{key}: {json.dumps(words, ensure_ascii=False)}"
    cleaned = redactor.clean_diff(line)
    if cleaned == line:
        return words
    try:
        return [str(word) for word in json.loads(cleaned.removeprefix(f"{key}: "))]
    except ValueError:
        return [MARK]
