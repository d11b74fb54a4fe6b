"""Fills a Chroma that is thrown away, and prints what it holds; two prints are the same when everything came back.

usage: chroma-restore-test.py seed|state HOST:PORT
"""

from __future__ import annotations

import json
import sys
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

NAME = "restore-test"
COUNT = 1500  # more than Chroma keeps in memory before it writes its index
VERSIONS = ("/api/v2/tenants/default_tenant/databases/default_database", "/api/v1")


def ask(server: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the answer to a request; `body` makes it a POST. Raises OSError for an answer that is none."""
    data = None if body is None else json.dumps(body).encode()
    connection = HTTPConnection(server, timeout=60)
    try:
        connection.request("POST" if data else "GET", path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    except HTTPException as error:
        raise OSError(f"{server}: {error}") from error
    finally:
        connection.close()
    if answer.status >= 300:
        raise OSError(f"{path}: {answer.status} {text[:200]!r}")
    return json.loads(text or b"null")


def wait(server: str) -> str:
    """Return the path of the collections once the server answers; the first versions have another one."""
    for _ in range(60):
        for path in VERSIONS:
            try:
                ask(server, f"{path}/collections")
            except OSError:
                continue
            return f"{path}/collections"
        time.sleep(1)
    raise SystemExit(f"{server} does not answer")


def vector(number: int) -> list[float]:
    """Return the embedding of a document, which follows from its number."""
    return [((number * 2654435761 + place * 40503) % 65536) / 65536 for place in range(16)]


def seed(server: str, collections: str) -> None:
    """Make the collection and fill it."""
    key = ask(server, collections, {"name": NAME})["id"]
    for first in range(0, COUNT, 500):
        numbers = range(first, first + 500)
        body = {
            "ids": [f"n{number}" for number in numbers],
            "embeddings": [vector(number) for number in numbers],
            "documents": [f"text {number}" for number in numbers],
        }
        ask(server, f"{collections}/{key}/add", body)


def state(server: str, collections: str) -> str:
    """Return every document with its embedding, and what the index finds nearest to some."""
    key = ask(server, f"{collections}/{NAME}")["id"]
    found = ask(server, f"{collections}/{key}/get", {"include": ["documents", "embeddings"]})
    rows = sorted(zip(found["ids"], found["documents"], found["embeddings"], strict=True))
    nearest = [
        ask(server, f"{collections}/{key}/query", {"query_embeddings": [vector(number)], "n_results": 1})["ids"]
        for number in range(0, COUNT, 100)
    ]
    return json.dumps({"count": len(rows), "rows": rows, "nearest": nearest})


if __name__ == "__main__":
    place = wait(sys.argv[2])
    if sys.argv[1] == "seed":
        seed(sys.argv[2], place)
    print(state(sys.argv[2], place))
