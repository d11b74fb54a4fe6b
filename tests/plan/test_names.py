"""Names that several outputs share hold the limits of what takes them, for any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.engines import MASTER_USER, RESERVED_USERS
from scaffold.plan.names import database_name, database_role, secret_name


@given(st.text())
def test_database_names(text: str) -> None:
    """PostgreSQL on RDS: 1 to 63 letters, digits and underscores, a letter first."""
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,62}", database_name(text))


@given(st.text(), st.text())
def test_database_roles(text: str, app: str) -> None:
    role = database_role(text, app)
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,15}", role)
    assert not role.startswith(("pg_", "rds"))
    assert role not in RESERVED_USERS
    assert role != MASTER_USER


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop", "shop"),
        ("Friday", "friday"),
        ("admin", "propertypro_app"),
        ("postgres", "propertypro_app"),
        ("user", "propertypro_app"),
        ("pg_monitor", "propertypro_app"),
        ("rdsadmin", "propertypro_app"),
        ("appadmin", "propertypro_app"),
        ("", "propertypro_app"),
        ("2024", "propertypro_app"),
    ],
)
def test_a_role_keeps_its_name_unless_it_is_refused(text: str, expected: str) -> None:
    assert database_role(text, "propertypro") == expected


def test_long_roles_stay_apart() -> None:
    first, second = (database_role(f"a_very_long_application_{end}", "app") for end in ("one", "two"))
    assert first != second


@pytest.mark.parametrize(
    ("text", "expected"), [("my-app", "my_app"), ("2024", "db_2024"), ("shop", "shop"), ("postgres", "postgres"), ("", "app")]
)
def test_database_names_that_people_use(text: str, expected: str) -> None:
    assert database_name(text) == expected


@given(st.text(), st.lists(st.text(), max_size=3))
def test_secret_names(text: str, taken: list[str]) -> None:
    name = secret_name(text, taken)
    assert re.fullmatch(r"[A-Za-z0-9/_+=.@-]{1,230}", name)
    assert not re.search(r"-[A-Za-z0-9]{6}$", name)
    assert name not in taken


def test_a_secret_does_not_end_like_an_arn() -> None:
    """Secrets Manager appends a hyphen and six characters to the ARN; a name with that ending is taken for one."""
    assert secret_name("stripe-tokens") == "stripe-tokens-login"
    assert secret_name("app") == "app"
    assert secret_name("app", {"app"}) == "app-login"
