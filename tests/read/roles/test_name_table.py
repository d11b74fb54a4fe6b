"""A table of names: exact ones, open ends, paths and their ends, and the order of the rows."""

from __future__ import annotations

import pytest

from scaffold.read import role_data
from scaffold.read.name_table import NameTable

TABLE = NameTable(
    (
        ("*exporter*", "exporter"),
        ("postgres postgis timescaledb*", "postgres"),
        ("prom/pushgateway */prometheus vllm/*", "owned"),
        ("postgres timescaledb-tools last", "later"),
    )
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("postgres", "postgres"),
        ("library/postgres", "postgres"),
        ("ghcr-mirror/library/postgres", "postgres"),
        ("postgres-operator", None),
        ("timescaledb", "postgres"),
        ("timescale/timescaledb-ha", "postgres"),
        ("timescaledb-tools", "postgres"),
        ("team/postgres-exporter", "exporter"),
        ("node-exporter/app", None),
        ("prom/pushgateway", "owned"),
        ("mirror/prom/pushgateway", "owned"),
        ("pushgateway", None),
        ("prom/prometheus", "owned"),
        ("prometheus", None),
        ("vllm/anything", "owned"),
        ("last", "later"),
        ("", None),
    ],
)
def test_a_path_is_known_by_its_end_and_the_first_row_counts(path: str, expected: str | None) -> None:
    assert TABLE.of_path(path) == expected


def test_a_name_is_known_as_a_whole() -> None:
    assert (TABLE.of("postgis"), TABLE.of("x/postgis"), TABLE.of("timescaledb2")) == ("postgres", None, "postgres")


def test_no_name_of_the_tables_stands_in_two_rows() -> None:
    for table in (role_data.ENVIRONMENT, role_data.IMAGES, role_data.LISTENS):
        names = [name for row, _ in table for name in row.split()]
        assert len(names) == len(set(names))
