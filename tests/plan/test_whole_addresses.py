"""An address of a store of which nothing shows what it holds is a secret: the login stands in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.secret_names import names_whole_address

COMPOSE = """\
services:
  web:
    build: .
    ports: ["8000:8000"]
    env_file: .env.web
    environment:
      DATABASE_URL: ${DATABASE_URL:?}
      REDIS_URL: ${REDIS_URL:-redis://cache.internal:6379/0}
      API_URL: ${API_URL}
"""


def test_it_goes_to_the_secrets_everywhere(make_project: Callable[..., Path]) -> None:
    root = make_project(
        {
            "compose.yaml": COMPOSE,
            "Dockerfile": "FROM node:24\nCOPY . /srv\nCMD [node, /srv/a.js]\n",
            "a.js": "",
            ".env.web.example": "MONGO_URI=your_mongo_uri\nSITE_URL=your_site_url\n",
            ".gitignore": ".env.web\n",
        },
        name="shop",
    )
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    env = yaml.safe_load((root / "deploy/helm/shop/values.yaml").read_text())["workloads"]["web"]["env"]
    assert env["DATABASE_URL"] == {"secret": "app", "key": "DATABASE_URL"}
    assert env["MONGO_URI"] == {"secret": "app", "key": "MONGO_URI"}
    assert env["REDIS_URL"] == {"setting": "REDIS_URL"}
    assert env["API_URL"] == {"setting": "API_URL"}
    assert env["SITE_URL"] == {"setting": "SITE_URL"}
    assert '"DATABASE_URL",\n    "app",' in (root / "scripts/secrets-env").read_text()
    assert "Secret, used by web; the URL with its login" in (root / ".env.production.example").read_text()
    rotation = (root / "docs/operations/rotation.md").read_text()
    assert "| `DATABASE_URL` | `web` | the address with the login in it, as the store has them |" in rotation


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("DATABASE_URL", True),
        ("ORDERS_DATABASE_URL", True),
        ("MONGODB_URI", True),
        ("DIRECT_URL", True),
        ("VITE_DATABASE_URL", False),
        ("API_URL", False),
        ("REDIS_URL_PREFIX", False),
    ],
)
def test_names(name: str, is_one: bool) -> None:
    assert names_whole_address(name) is is_one


BASE = """\
services:
  web:
    build: .
    ports: ["8000:8000"]
    environment:
      DATABASE_URL: postgresql+psycopg://shop:hunter2@db:5432/shop?connect_timeout=5
      REDIS_URL: redis://cache:6379/0
      EVENTS_URL: amqp://events:hunter3@broker.example.com:5672/
  db: {image: postgres:17, environment: {POSTGRES_PASSWORD: hunter2, POSTGRES_USER: shop}}
  cache: {image: redis:8}
"""
PRODUCTION = """\
services:
  web:
    environment:
      DATABASE_URL: ${DATABASE_URL:?}
      REDIS_URL: ${REDIS_URL:?}
      EVENTS_URL: ${EVENTS_URL:?}
"""


@pytest.mark.parametrize(
    ("command", "redis"),
    [
        ("", "the URL, redis://cache:6379/0 (that store asks for no login)"),
        ("  cache: {command: redis-server --requirepass $REDIS_PASSWORD}\n", "redis://:<password>@cache:6379/0;"),
    ],
)
def test_a_url_of_a_store_beside_it_is_shown_as_developers_write_it_without_their_login(
    make_project: Callable[..., Path], command: str, redis: str
) -> None:
    """Redis refuses a password where it has none, and a driver that the scheme names is not guessed by who fills it in."""
    files = {"compose.yaml": BASE, "compose.prod.yaml": PRODUCTION + command, "Dockerfile": "FROM node:24\nCMD [node, a.js]\n"}
    root = make_project(files, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    lines = (root / ".env.production.example").read_text().splitlines()
    above = {name: lines[lines.index(f"{name}=") - 1] for name in ("DATABASE_URL", "REDIS_URL", "EVENTS_URL")}
    assert "postgresql+psycopg://<user>:<password>@db:5432/shop?connect_timeout=5;" in above["DATABASE_URL"]
    assert redis in above["REDIS_URL"]
    assert "broker" not in above["EVENTS_URL"]
    assert "hunter" not in "".join(lines)
