"""Which names and values count as secrets, by the lists of the audit's catalogue."""

from __future__ import annotations

import pytest

from scaffold.model.document import VariableReference
from scaffold.model.secrets import SecretClass, classify, is_sensitive_name, url_host, url_password

SENSITIVE = [
    "POSTGRES_PASSWORD",
    "DB_PASS",
    "JWT_SECRET",
    "SECRET_KEY",
    "API_TOKEN",
    "STRIPE_API_KEY",
    "openaiApiKey",
    "AWS_SECRET_ACCESS_KEY",
    "ENCRYPTION_KEY",
    "SENTRY_DSN",
    "MYSQL_PWD",
    "PGPASSWORD",
    "REDISCLI_AUTH",
    "spring.datasource.password",
]
INNOCENT = [
    "TOKEN_TTL",
    "PASSWORD_MIN_LENGTH",
    "SECRET_NAME",
    "POSTGRES_PASSWORD_FILE",
    "JWT_ALGORITHM",
    "ACCESS_TOKEN_EXPIRE_MINUTES",
    "PASSWORD_HASH",
    "STRIPE_PUBLIC_KEY",
    "NEXT_PUBLIC_API_KEY",
    "GOPASS_VERSION",
    "AUTH_ENABLED",
    "PWD",
    "COMPASS",
    "KEYBOARD",
    "",
]


@pytest.mark.parametrize("name", SENSITIVE)
def test_names_of_secrets(name: str) -> None:
    assert is_sensitive_name(name)


@pytest.mark.parametrize("name", INNOCENT)
def test_names_that_only_look_like_secrets(name: str) -> None:
    assert not is_sensitive_name(name)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", SecretClass.EMPTY),
        ("password123", SecretClass.WEAK),
        ("redis", SecretClass.WEAK),
        ("your-secret-key-change-in-production", SecretClass.PLACEHOLDER),
        ("<password>", SecretClass.PLACEHOLDER),
        ("changeme", SecretClass.PLACEHOLDER),
        ("/run/secrets/db", SecretClass.FILE_PATH),
        ("true", SecretClass.PLAIN),
        ("8080", SecretClass.PLAIN),
        ("k9F2vQ8xLm4Zt7Rb1Yw6", SecretClass.RANDOM),
        ("AIzaMade_Of_Words-Never_Issued_Anywhere", SecretClass.PROVIDER_KEY),
        ("hunter-two", SecretClass.LITERAL),
    ],
)
def test_classes_of_values(value: str, expected: SecretClass) -> None:
    assert classify(value) is expected


def test_a_reference_is_no_value_but_its_default_is() -> None:
    assert classify("", (VariableReference("X", ":?"),)) is SecretClass.REFERENCE
    assert classify("admin", (VariableReference("X", ":-", "admin"),)) is SecretClass.WEAK


def test_parts_of_urls() -> None:
    assert url_password("postgres://u:pw@db:5432/x") == "pw"
    assert url_password("https://example.org/a:b@c") is None
    assert url_host("redis://:pw@cache:6379/0") == "cache"
    assert url_host("not a url") is None
