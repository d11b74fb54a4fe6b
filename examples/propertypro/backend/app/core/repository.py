"""The listings in PostgreSQL."""

from functools import lru_cache
from typing import Any

from fastapi import HTTPException

from app.core.settings import settings

SCHEMA = """
CREATE TABLE IF NOT EXISTS property (
    id serial PRIMARY KEY,
    title text NOT NULL,
    city text NOT NULL,
    price integer NOT NULL,
    description text NOT NULL DEFAULT ''
)
"""


class PropertyRepository:
    """Reads and writes listings."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._execute(SCHEMA)

    def add(self, title: str, city: str, price: int) -> dict[str, Any]:
        """Stores a listing and returns it with its number."""
        return self._execute(
            "INSERT INTO property (title, city, price) VALUES (:title, :city, :price) RETURNING *",
            title=title,
            city=city,
            price=price,
        )[0]

    def find(self, words: str = "", limit: int = 50) -> list[dict[str, Any]]:
        """Returns the listings whose title or city contains the words."""
        return self._execute(
            "SELECT * FROM property WHERE title ILIKE :words OR city ILIKE :words ORDER BY id LIMIT :limit",
            words=f"%{words}%",
            limit=limit,
        )

    def get(self, number: int) -> dict[str, Any] | None:
        """Returns one listing, or None."""
        return next(iter(self._execute("SELECT * FROM property WHERE id = :number", number=number)), None)

    def describe(self, number: int, text: str) -> None:
        """Stores the description of a listing."""
        self._execute("UPDATE property SET description = :text WHERE id = :number", number=number, text=text)

    def _execute(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        from sqlalchemy import text

        with self._engine.begin() as connection:
            result = connection.execute(text(statement), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []


@lru_cache
def open_repository() -> PropertyRepository:
    """Connects to the database; raises what its driver raises when there is none."""
    from sqlalchemy import create_engine

    return PropertyRepository(create_engine(settings.DATABASE_URL, pool_pre_ping=True))


def repository() -> PropertyRepository:
    """Returns the repository of this process; 503 when the database does not answer."""
    try:
        return open_repository()
    except Exception as error:
        raise HTTPException(503, "the database does not answer") from error
