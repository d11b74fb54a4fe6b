"""The Terraform app as a program: whether it is there, and how it starts; imports next to nothing, to start at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from scaffold.errors import ToolError
from scaffold.process import Started, started
from scaffold.resources import data_folder


def is_installed() -> bool:
    """Whether the extra that the app needs is there."""
    return find_spec("cdktn") is not None


@contextmanager
def started_app() -> Iterator[Started]:
    """Give the app, which gets ready while the plan is still made: half of its time. Raises ToolError when it is missing."""
    if not is_installed():
        raise ToolError("the Terraform generator is not installed", hint="pip install 'scaffold-iac[generate]'")
    folder = data_folder("terraform")
    with started([sys.executable, str(folder / "main.py")], cwd=folder) as app:
        yield app
