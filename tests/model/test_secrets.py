"""Which values count as secrets, by the lists of the audit's catalogue."""

from __future__ import annotations

import pytest

from scaffold.model.document import VariableReference
from scaffold.model.secrets import SecretClass, classify, is_drawn_key, reads_as_name, url_host, url_password


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", SecretClass.EMPTY),
        ("password123", SecretClass.WEAK),
        ("redis", SecretClass.WEAK),
        ("your-secret-key-change-in-production", SecretClass.PLACEHOLDER),
        ("default-session-secret", SecretClass.PLACEHOLDER),
        ("<password>", SecretClass.PLACEHOLDER),
        ("changeme", SecretClass.PLACEHOLDER),
        ("/run/secrets/db", SecretClass.FILE_PATH),
        ("%kernel.project_dir%/config/jwt/private.pem", SecretClass.FILE_PATH),
        ("config/jwt/private.pem", SecretClass.FILE_PATH),
        ("f8K2mQ9z/R4tX7wLb/Zp0Vn3Hc", SecretClass.RANDOM),
        ("true", SecretClass.PLAIN),
        ("8080", SecretClass.PLAIN),
        ("7d", SecretClass.PLAIN),
        ("15 minutes", SecretClass.PLAIN),
        ("HS256", SecretClass.PLAIN),
        ("7dwarfs", SecretClass.LITERAL),
        ("k9F2vQ8xLm4Zt7Rb1Yw6", SecretClass.RANDOM),
        ("AIzaMade_Of_Words-Never_Issued_Anywhere", SecretClass.PROVIDER_KEY),
        ("hunter-two", SecretClass.LITERAL),
        ("postgres://shop@db:5432/shop?sslmode=disable", SecretClass.PLAIN),
        ("amqp://queue:5672", SecretClass.PLAIN),
        ("redis://:hunter-two@cache", SecretClass.RANDOM),
        ("postgres://shop@db/shop?password=hunter-two", SecretClass.RANDOM),
        ("https://0a1b2c3d4e5f60718293a4b5c6d7e8f9@o1.ingest.sentry.io/1", SecretClass.RANDOM),
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
    assert url_host("mongodb://u:pw@first:27017,second:27017/db") == "first"
    assert url_host("http://u:pw@[fe80::1]:8080/") == "[fe80::1]"
    assert url_host("redis://:pw@") is None


def test_an_at_sign_in_a_password_ends_nothing() -> None:
    assert url_host("postgres://u:p@ss@db:5432/x") == "db"
    assert url_password("postgres://u:p@ss@db:5432/x") == "p@ss"
    assert url_host("https://example.org/a@b") == "example.org"


@pytest.mark.parametrize(
    "value",
    [
        "text-embedding-3-small",
        "claude-3-5-sonnet-20241022",
        "sentence-transformers/all-MiniLM-L6-v2",
        "Qwen2.5-7B-Instruct",
        "nomic-embed-text:latest",
        "django.contrib.auth.backends.ModelBackend",
        "api.internal.service-name.local",
    ],
)
def test_names_of_things(value: str) -> None:
    assert reads_as_name(value)


@pytest.mark.parametrize(
    "value",
    [
        "k9F2vQ8xLm4Zt7Rb1Yw6",
        "9b2f6c1e-4d7a-4e0b-8f3d-5a6c7e8f9a0b",
        "wJalrXUtnFEMI-K7MDENG-bPxRfiCY",
        "VGhpcyBpcyBub3-hIHNlY3JldA_x",
        "abed-fihu-nola-mose",
        "ABCD-EFGH-2345-IJKL",
        "fallback-9271-value",
        "mail-pass-48151623",
        "",
    ],
)
def test_tokens_are_no_names(value: str) -> None:
    assert not reads_as_name(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("APP_SECRETBOX_KEY", "b31e60724269fb0aeaccf241a81b1438"),
        ("appBoxKey", "b31e60724269fb0aeaccf241a81b1438"),
        ("APP_KEY", "base64:Zq7rT2mX9cVb4Kd8Zq7rT2mX9cVb4Kd8Zq7rT2mX9cU="),
        ("HASH_SALT", '"b31e60724269fb0aeaccf241a81b1438"'),
    ],
)
def test_keys_that_were_drawn(name: str, value: str) -> None:
    assert is_drawn_key(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAPTCHA_SITE_KEY", "b31e60724269fb0aeaccf241a81b1438"),
        ("SENTRY_KEY", "b31e60724269fb0aeaccf241a81b1438"),
        ("VITE_MAP_KEY", "b31e60724269fb0aeaccf241a81b1438"),
        ("PUBLIC_KEY", "b31e60724269fb0aeaccf241a81b1438"),
        ("IMAGE_DIGEST", "b31e60724269fb0aeaccf241a81b1438"),
        ("SORT_ORDER_KEY", "created_at_descending_by_default_1"),
        ("BOX_KEY", "change-me-b31e60724269fb0aeaccf241a81b1438"),
        ("BOX_KEY", "/run/secrets/box-key-4269-of-the-shop"),
        ("BOX_KEY", "vault"),
    ],
)
def test_values_that_are_no_drawn_keys(name: str, value: str) -> None:
    assert not is_drawn_key(name, value)
