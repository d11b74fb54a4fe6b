"""Sessions: SQLite holds them, Redis is an optional cache in front."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

CACHE_SECONDS = 3600


class SessionStore:
    """Keeps the steps of each task."""

    def __init__(self, data_dir: Path, redis_url: str = "") -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._path = data_dir / "sessions.db"
        self._cache = _connect(redis_url) if redis_url else None
        with self._database() as database:
            database.execute("CREATE TABLE IF NOT EXISTS task (id TEXT PRIMARY KEY, steps TEXT)")

    def save(self, task_id: str, steps: list[dict[str, str]]) -> None:
        """Writes the steps of a task, first to disk and then to the cache."""
        text = json.dumps(steps)
        with self._database() as database:
            database.execute("REPLACE INTO task VALUES (?, ?)", (task_id, text))
        if self._cache is not None:
            self._cache.set(f"task:{task_id}", text, ex=CACHE_SECONDS)

    def load(self, task_id: str) -> list[dict[str, str]] | None:
        """Returns the steps of a task, or None when it is unknown."""
        text = self._cache.get(f"task:{task_id}") if self._cache is not None else None
        if text is None:
            with self._database() as database:
                row = database.execute("SELECT steps FROM task WHERE id = ?", (task_id,)).fetchone()
            text = row[0] if row else None
        if text is None:
            return None
        steps: list[dict[str, str]] = json.loads(text)
        return steps

    def states(self) -> dict[str, bool]:
        """Says which of the stores answer."""
        states = {"database": self._database_answers()}
        if self._cache is not None:
            states["cache"] = self._cache_answers()
        return states

    def _database_answers(self) -> bool:
        try:
            with self._database() as database:
                database.execute("SELECT 1")
        except sqlite3.Error:
            return False
        return True

    def _cache_answers(self) -> bool:
        from redis.exceptions import RedisError

        try:
            return bool(self._cache and self._cache.ping())
        except RedisError as error:
            logger.warning("the cache does not answer: %s", error)
            return False

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            yield connection


def _connect(url: str) -> Any:
    import redis

    return redis.Redis.from_url(url, socket_timeout=2, decode_responses=True)
