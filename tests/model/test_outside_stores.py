"""Which entries of an environment hold the address of a database server."""

from __future__ import annotations

import pytest

from scaffold.model.compose import EnvValue
from scaffold.model.outside_stores import names_server


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_URL", "postgres://shop@db.example.com/shop", True),
        ("DB_HOST", "db.example.com", True),
        # Prisma's address of a SQLite file, SQLAlchemy's, and H2 in a file: no server is there to be copied elsewhere.
        ("DATABASE_URL", "file:/app/data/prod.db", False),
        ("DATABASE_URL", "sqlite:////data/shop.db", False),
        ("DB_URL", "jdbc:h2:/data/shop", False),
        ("PUBLIC_URL", "https://shop.example.com", False),
    ],
)
def test_a_file_is_no_server(name: str, value: str, expected: bool) -> None:
    assert names_server(EnvValue(name, value, value, (), "environment")) is expected
