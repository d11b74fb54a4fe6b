"""What the compose reader needs of its surroundings: texts by path, parsed once, and paths that stay in the project."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import field
from typing import Protocol

from scaffold.model.document import Document, Problem
from scaffold.model.frozen import changing
from scaffold.read.yaml import parse_documents


class TextReader(Protocol):
    """Gives the text of a tracked file of the project, or None where there is none or it cannot be read."""

    def text(self, path: str) -> str | None:
        """Return the text of the file at `path`, relative to the root."""


@changing
class Documents:
    """The parsed YAML files of a project, each parsed once; `source` is another room's parser that keeps the problems."""

    reader: TextReader
    source: Callable[[str], tuple[Document, ...]] | None = None
    parsed: dict[str, tuple[tuple[Document, ...], tuple[Problem, ...]]] = field(default_factory=dict)

    def of(self, path: str) -> tuple[tuple[Document, ...], tuple[Problem, ...]] | None:
        """Return the documents and problems of a file, or None when there is no such file."""
        if path not in self.parsed:
            text = self.reader.text(path)
            if text is None:
                return None
            self.parsed[path] = (self.source(path), ()) if self.source else parse_documents(path, text)
        return self.parsed[path]


def join(directory: str, path: str) -> str | None:
    """Return `path` below `directory` as a path relative to the root, None when it is absolute, leaves the root, or is
    what a variable has to say.
    """
    if path.startswith(("/", "~", "$", "\\")) or (len(path) > 1 and path[1] == ":" and path[0].isalpha()):
        return None
    clean = posixpath.normpath(posixpath.join(directory, path))
    if clean == ".." or clean.startswith("../"):
        return None
    return "" if clean == "." else clean


def is_remote(path: str) -> bool:
    """Whether an include or extends names something that Compose would fetch."""
    return path.startswith(("oci://", "https://", "http://", "git://", "ssh://", "git@", "github.com/"))
