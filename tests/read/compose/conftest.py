"""A reader over a dictionary of texts, and loading from it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import settings

from scaffold.read.compose import LoadedStack, load_stack

# A loaded machine is no failure: the properties are about values, not about time.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")


@dataclass
class Texts:
    """The files of a project; remembers which ones were asked for."""

    files: dict[str, str]
    asked: list[str] = field(default_factory=list)

    def text(self, path: str) -> str | None:
        self.asked.append(path)
        return self.files.get(path)


@pytest.fixture
def texts() -> Callable[[Mapping[str, str]], Texts]:
    """Return a function that makes a reader of a dictionary of paths and indented texts."""
    return lambda files: Texts({path: textwrap.dedent(text) for path, text in files.items()})


@pytest.fixture
def load(texts: Callable[[Mapping[str, str]], Texts]) -> Callable[..., LoadedStack]:
    """Return a function that loads files given as a dictionary, all of them or those in `order`."""

    def run(files: Mapping[str, str] | str, *order: str, directory: str = "", **options: object) -> LoadedStack:
        given = {"compose.yaml": files} if isinstance(files, str) else files
        return load_stack(texts(given), order or tuple(given)[:1], directory=directory, **options)  # type: ignore[arg-type]

    return run
