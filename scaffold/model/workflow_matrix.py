"""The legs of a matrix of GitHub Actions: what an expression of a job stands for in each of them."""

from __future__ import annotations

from itertools import islice, product

from scaffold.model.document import Mapping, Scalar, Sequence, find, text_of
from scaffold.model.project import Job
from scaffold.model.regex import regex

_MATRIX = regex(r"\$\{\{\s*matrix\.(?P<name>[\w.-]+)\s*\}\}", words=("matrix",))
_MOST_LEGS = 64


def legs(job: Job, *texts: str) -> list[tuple[str, ...]]:
    """Return texts with the values of a job's matrix in them, once a leg, 64 at most; none where they cannot be told."""
    names = list(dict.fromkeys(match["name"] for text in texts for match in _MATRIX.finditer(text)))
    if not names:
        return [texts]
    return list(dict.fromkeys(tuple(_filled(text, row) for text in texts) for row in _rows(job, names)))


def _filled(text: str, row: dict[str, str]) -> str:
    return _MATRIX.sub(lambda match: row[match["name"]], text)


def _rows(job: Job, names: list[str]) -> list[dict[str, str]]:
    matrix = find(job.node, "strategy", "matrix")
    if not isinstance(matrix, Mapping) or "exclude" in matrix.keys():  # noqa: SIM118 - a Mapping node, no dict
        return []
    include = matrix.get("include")
    own = {entry.key.value: entry.value for entry in matrix.entries if entry.key.value != "include"}
    if include is None:
        columns = [_values(own.get(name.partition(".")[0]), name) for name in names]
        rows = islice(product(*columns), _MOST_LEGS) if all(columns) else ()
        return [dict(zip(names, row, strict=True)) for row in rows]
    if own or not isinstance(include, Sequence):
        return []
    found = [{name: text_of(find(item, *name.split("."))) for name in names} for item in include.items[:_MOST_LEGS]]
    return [row for row in found if all(row.values())]


def _values(node: object, name: str) -> list[str]:
    if not isinstance(node, Sequence):
        return []
    inside = name.split(".")[1:]
    found = [item.value if isinstance(item, Scalar) and not inside else text_of(find(item, *inside)) for item in node.items]
    return found[:_MOST_LEGS] if all(found) else []
