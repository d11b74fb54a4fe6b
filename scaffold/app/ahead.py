"""Starts what takes longest before the rest of `generate` is even imported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scaffold.generate.terraform.program import is_installed, started_app
from scaffold.model.names import Room
from scaffold.process import Started


@contextmanager
def terraform_ahead(rooms: frozenset[Room] | None) -> Iterator[Started | None]:
    """Give the Terraform app where these rooms (None is all) need it and it is installed; what is missing is said later."""
    if (rooms is not None and Room.TERRAFORM not in rooms) or not is_installed():
        yield None
        return
    with started_app() as app:
        yield app
