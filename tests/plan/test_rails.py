"""The database of Rails in production is the one that its own file names, where no variable names another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generate.helm.test_chart import target_of

COMPOSE = """\
services:
  web:
    build: .
    ports: ["3000:3000"]
    environment: {{RAILS_ENV: production, {environment}}}
  db:
    image: postgres:17
    environment: {{POSTGRES_USER: shop, POSTGRES_PASSWORD: "${{PASSWORD:?}}"{store}}}
"""
DATABASES = """\
default: &default
  adapter: postgresql
  host: <%= ENV.fetch("DB_HOST") { "localhost" } %>

development:
  <<: *default
  database: shop_development

production:
  <<: *default
  database: NAME
"""
URL = "DATABASE_URL: 'postgres://shop:${{PASSWORD}}@db{path}'"


@pytest.mark.parametrize(
    ("name", "environment", "store", "expected"),
    [
        ("shop_production", URL.format(path=""), "", "shop_production"),
        ("'shop_production'", "DB_HOST: db", ", POSTGRES_DB: shop", "shop_production"),
        ('<%= ENV.fetch("DB_NAME") { "shop_production" } %>', "DB_HOST: db", "", "shop_production"),
        ("<%= ENV['DB_NAME'] || 'shop_production' %>", "DB_HOST: db", "", "shop_production"),
        ('<%= ENV.fetch("DB_NAME", "shop_production") %>', "DB_HOST: db, DB_NAME: shop", ", POSTGRES_DB: shop", "shop"),
        ("shop_production", URL.format(path="/shop"), ", POSTGRES_DB: shop", "shop"),
        ('<%= ENV.fetch("DB_NAME") %>\n  cache: {database: other}', "DB_HOST: db", ", POSTGRES_DB: shop", "shop"),
        ("shop_production\n\nstaging:\n  database: shop_staging", "DB_HOST: db", "", "shop_production"),
    ],
)
def test_the_database_that_rails_opens_is_made(
    name: str, environment: str, store: str, expected: str, make_project: Callable[..., Path]
) -> None:
    files = {
        "compose.yaml": COMPOSE.format(environment=environment.replace("{{", "{").replace("}}", "}"), store=store),
        "config/database.yml": DATABASES.replace("NAME", name, 1),
        "Dockerfile": 'FROM ruby:3.4\nCOPY . .\nCMD ["bin/rails", "server"]\n',
        "Gemfile": "gem 'rails'\n",
    }
    (found,) = target_of(make_project(files, name="other")).stores
    assert found.database == expected
