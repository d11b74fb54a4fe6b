"""What a message shows of a command holds no credential that the command may have."""

from __future__ import annotations

import pytest

from scaffold.gaps.shown_commands import shown_until, shown_words
from scaffold.model.starting import RUNS


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("npm ci", "npm ci"),
        ("npm --//npm.example.com/:_authToken=hunter2 install", "npm ... install"),
        ("npm install --//npm.example.com/:_authToken=hunter2", "npm install ..."),
        ("pip install --find-links https://build:hunter2@wheels.example.com/simple .", "pip install ... ."),
        ("uvicorn app:app --ssl-keyfile-password hunter2 --reload", "uvicorn app:app ... --reload"),
        ("alembic -x url=postgresql://shop:hunter2@db/upgrade", "alembic ..."),
    ],
)
def test_options_and_addresses_are_left_out(command: str, shown: str) -> None:
    assert shown_words(command) == shown


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("npx --yes prisma migrate deploy", "npx ... prisma migrate deploy"),
        ("env DATABASE_URL=postgres://shop:hunter2@db/shop npx prisma migrate deploy", "env ... prisma migrate deploy"),
        ("migrate -path m -database postgres://shop:hunter2@db/shop up", "migrate ... up"),
    ],
)
def test_a_migration_is_named_without_its_address(command: str, shown: str) -> None:
    match = RUNS.search(command)
    assert match
    assert shown_until(command, *match.span()) == shown
