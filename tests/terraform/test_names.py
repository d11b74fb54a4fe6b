"""Names hold the limits of AWS's API for any text; two texts never share one by accident."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform import names


@given(st.text(), st.integers(12, 40))
def test_a_slug_is_a_name_that_rds_and_elasticache_take(text: str, limit: int) -> None:
    """RDS identifiers: letters, digits and single hyphens, a letter first, no hyphen last."""
    slug = names.slug(text, limit)
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug)
    assert len(slug) <= limit


@given(st.lists(st.text(), unique=True, max_size=6))
def test_slugs_of_different_texts_differ(texts: list[str]) -> None:
    slugs = names.unique_slugs(texts, names.CACHE_LENGTH)
    assert len(set(slugs.values())) == len(texts)
    assert all(len(slug) <= 8 for slug in slugs.values())


@given(st.text())
def test_database_names(text: str) -> None:
    """PostgreSQL on RDS: 1 to 63 letters, digits and underscores, a letter first."""
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", names.database_name(text))


@given(st.text())
def test_role_names(text: str) -> None:
    name = names.role_name(text)
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,15}", name)
    assert not name.startswith(("pg_", "rds"))


@given(st.text())
def test_secret_names(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9/_+=.@-]{1,207}", names.secret_name(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("admin", "app_admin"),
        ("postgres", "app_postgres"),
        ("user", "app_user"),
        ("pg_monitor", "app_pg_monitor"),
        ("rdsadmin", "app_rdsadmin"),
        ("appadmin", "app_appadmin"),
        ("propertypro_app", "propertypro_app"),
        ("Friday", "friday"),
    ],
)
def test_refused_roles_are_renamed(text: str, expected: str) -> None:
    assert names.role_name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("my-app", "my_app"), ("2024", "db_2024"), ("shop", "shop"), ("postgres", "postgres"), ("", "db")]
)
def test_database_names_that_people_use(text: str, expected: str) -> None:
    assert names.database_name(text) == expected


def test_a_secret_does_not_end_like_an_arn() -> None:
    """Secrets Manager appends a hyphen and six characters to the ARN; a name with that ending is taken for one."""
    assert names.secret_name("stripe-tokens") == "stripe-tokens-secret"
    assert names.secret_name("app") == "app"
