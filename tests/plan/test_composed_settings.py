"""Texts that are made of variables, such as URLs: the chart asks for the variable once, and every text follows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.model.target import Target
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

Planned = Callable[..., Target]


@pytest.fixture
def planned(make_project: Callable[..., Path]) -> Planned:
    def plan(compose: str, tracked: str = "") -> Target:
        files = {"compose.yaml": compose, **({".env": tracked} if tracked else {})}
        return make_target(read_project(make_project(files, name="shop")), ())

    return plan


def env(target: Target, service: str) -> dict[str, str]:
    (workload,) = [item for item in target.workloads if item.service == service]
    return {
        variable.name: "".join(piece.text if piece.kind == "literal" else f"<{piece.text}>" for piece in variable.value)
        for variable in workload.environment
    }


def settings(target: Target) -> dict[str, str | None]:
    return {setting.name: setting.default for setting in target.settings}


def test_a_url_follows_the_variables_that_it_is_made_of(planned: Planned):
    target = planned(
        """\
    services:
      web:
        image: acme/web:1
        environment:
          SITE_URL: https://${SITE:-shop.acme.io}${BASE:-/shop}
          COOKIE_DOMAIN: ${SITE:-shop.acme.io}
          STORE_URL: redis://${STORE:-cache}:6379/${NUMBER:-0}
      cache: {image: "redis:8", volumes: ["cache:/data"]}
    volumes: {cache: }
    """
    )
    assert env(target, "web")["SITE_URL"] == "https://<SITE><BASE>"
    assert env(target, "web")["COOKIE_DOMAIN"] == "<SITE>"
    assert settings(target) == {"BASE": "/shop", "SITE": "shop.acme.io"}


def test_two_defaults_of_one_variable_stay_two_texts(planned: Planned):
    target = planned(
        """\
    services:
      web: {image: "acme/web:1", environment: {URL: "https://${SITE:-a.acme.io}/"}}
      api: {image: "acme/api:1", environment: {URL: "https://${SITE:-b.acme.io}/"}}
    """
    )
    assert env(target, "web") == {"URL": "https://a.acme.io/"}
    assert env(target, "api") == {"URL": "https://b.acme.io/"}
    assert settings(target) == {}


@pytest.mark.parametrize(
    ("variable", "default", "asked"),
    [
        ("SITE_HOST", "shop.local", True),
        ("DOMAIN", "shop.example.com", True),
        ("PUBLIC_URL", "https://shop.test/app", True),
        ("SITE_HOST", "shop.acme.io", False),
        # A name of another network, which may be right there.
        ("LDAP_HOST", "ldap.acme.local", False),
    ],
)
def test_a_name_that_nobody_else_reaches_is_no_default_of_production(
    planned: Planned, variable: str, default: str, asked: bool
):
    target = planned(f'services: {{web: {{image: "acme/web:1", environment: {{X: "${{{variable}:-{default}}}"}}}}}}\n')
    assert settings(target) == {variable: None if asked else default}
    assert target.environment.production is not None
    (found,) = [item for item in target.environment.production.variables if item.name == variable]
    assert (found.value, found.active) == (("", True) if asked else (default, False))


def test_production_keeps_what_the_tracked_env_file_sets(planned: Planned):
    target = planned(
        """\
    services:
      web:
        image: acme/web:1
        environment:
          SENDER: ${SENDER:-Shop}
          PAGES: ${PAGES:-10}
          DATA: ${DATA}
          API_TOKEN: ${API_TOKEN:-}
          SITE_URL: ${SITE_URL:-}
    """,
        tracked="DATA=/path/to/data\nSENDER=Shop of Acme\nPAGES=10\nAPI_TOKEN=f8Jk2mQz9LpX4vRt\nSITE_URL=http://localhost:3000\n",
    )
    assert target.environment.production is not None
    found = {item.name: (item.value, item.active) for item in target.environment.production.variables}
    assert found["SENDER"] == ("Shop of Acme", True)
    assert found["PAGES"] == ("10", False)
    assert found["API_TOKEN"][0] == found["DATA"][0] == ""
    assert found["SITE_URL"] == ("", True)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("redis-server --maxmemory-policy allkeys-lru --notify-keyspace-events Ex", ("allkeys-lru", "Ex")),
        ("--notify_keyspace_events=Ex", ("", "Ex")),
        ("redis-server --appendonly yes", ("", "")),
    ],
)
def test_a_managed_redis_keeps_the_options_that_its_clients_count_on(planned: Planned, command: str, told: tuple[str, str]):
    (store,) = planned(f"services: {{cache: {{image: 'redis:8', command: {command}}}}}\n").stores
    assert (store.eviction, store.events) == told
