"""Which secrets of services the code names: it spells a variable in the way of its language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scaffold.read.project import read_project

_COMPOSE = """\
services:
  api:
    build: .
    environment:
      SHOP__TOKENS__SIGNING_KEY: one-of-the-shop
      SPRING_MAIL_PASSWORD: two-of-the-shop
      BOOTSTRAP_TOKEN: three-of-the-shop
      REPORT_TOKEN: ${REPORT_TOKEN:-four-of-the-shop}
      VISITOR_TOKEN: ${VISITOR_TOKEN:?}
"""


def test_a_secret_is_named_in_any_spelling_by_code_and_not_by_pages_or_tests(make_project: Callable[..., Path]) -> None:
    root = make_project(
        {
            "docker-compose.yml": _COMPOSE,
            "src/tokens.rs": "pub struct Tokens { pub signing_key: String, pub visitor_token: String }\n",
            "src/main/resources/application.yml": "spring:\n  x: ${SPRING_MAIL_PASSWORD}\n",
            "README.md": "Set `BOOTSTRAP_TOKEN`.\n",
            "tests/report_test.go": 'package tests\nvar name = os.Getenv("REPORT_TOKEN")\n',
        }
    )
    assert read_project(root).named_secrets == {"SHOP__TOKENS__SIGNING_KEY", "SPRING_MAIL_PASSWORD"}
