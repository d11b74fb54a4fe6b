"""Services of developers beside those of production in one file: sets apart, by their profiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.read.project import read_project
from tests.read.stacks.test_stacks import stacks

PROFILES = """
services:
  mail: {image: 'axllent/mailpit:v1'}
  db-dev: {image: 'postgres:17', profiles: [dev], networks: [tried], volumes: ['tried:/data']}
  web-dev: {image: web, profiles: [dev], networks: [tried], depends_on: [db-dev]}
  db-test: {image: 'postgres:17', profiles: [test]}
  db-prod: {image: 'postgres:17', profiles: [prod], networks: [live], volumes: ['live:/data']}
  web-prod: {image: web, profiles: [prod, audit], networks: [live], depends_on: [db-prod]}
  audit: {image: web, profiles: [audit], networks: [live]}
  shared: {image: web, profiles: [dev, prod]}
networks: {tried: {}, live: {}}
volumes: {tried: {}, live: {}}
"""


def names(text: str, stack: str = "base") -> list[str]:
    return [service.name for service in stacks({"compose.yaml": text})[stack].services]


def test_what_developers_start_is_a_set_of_its_own() -> None:
    found = stacks({"compose.yaml": PROFILES})
    base, theirs = found["base"], found["base-developers"]
    assert [service.name for service in base.services] == ["audit", "db-prod", "mail", "shared", "web-prod"]
    assert ([item.name for item in base.networks], [item.name for item in base.volumes]) == (["live"], ["live"])
    assert [service.name for service in theirs.services] == ["db-dev", "db-test", "mail", "web-dev"]
    assert ([item.name for item in theirs.networks], [item.name for item in theirs.volumes]) == (["tried"], ["tried"])
    assert (base.environment, theirs.environment) == (EnvironmentClass.BASE, EnvironmentClass.DEV)
    assert theirs.evidence[-1] == "db-dev starts with the profile dev, db-prod with prod"


def test_the_main_set_stands_for_no_set_of_developers() -> None:
    found = stacks({"compose.yaml": PROFILES})
    project = Project("shop", (), stacks=tuple(found.values()))
    assert project.main_stack is found["base"]
    assert not project.is_covered(found["base-developers"])


def test_what_production_waits_for_or_names_stays_with_it() -> None:
    text = PROFILES.replace("depends_on: [db-prod]", "depends_on: [db-test], environment: {CACHE: 'redis://web-dev:1/0'}")
    assert names(text) == ["audit", "db-dev", "db-prod", "db-test", "mail", "shared", "web-dev", "web-prod"]
    waits = PROFILES.replace("depends_on: [db-prod]", "depends_on: [web-dev]")
    assert names(waits) == ["audit", "db-dev", "db-prod", "mail", "shared", "web-dev", "web-prod"]
    assert names(waits, "base-developers") == ["db-test", "mail"]


def test_profiles_that_speak_of_developers_alone_or_of_operators_part_nothing() -> None:
    alone = PROFILES.replace("prod", "full")
    assert list(stacks({"compose.yaml": alone})) == ["base"]
    operators = "services: {web: {image: web, profiles: [prod]}, back: {image: web, profiles: [restore]}}"
    assert list(stacks({"compose.yaml": operators})) == ["base"]


def test_the_set_that_scaffold_keeps_is_without_them_too() -> None:
    files = {"compose.yaml": PROFILES, "compose.hardening.yaml": "services: {web-prod: {restart: always}}"}
    kept = frozenset({"compose.hardening.yaml"})
    found = stacks(files, production_set=("compose.yaml", "compose.hardening.yaml"), owned=kept)
    assert sorted(found) == ["base", "base-developers", "production"]
    assert [service.name for service in found["production"].services] == ["audit", "db-prod", "mail", "shared", "web-prod"]


def test_a_set_for_development_is_one_set() -> None:
    assert list(stacks({"compose.dev.yaml": PROFILES})) == ["dev"]


def test_the_main_stack_runs_an_application_where_one_does(make_project: Callable[..., Path]) -> None:
    """A set for monitoring beside it has more services, and is no place to run the project in."""
    watching = "services: {a: {image: grafana/grafana}, b: {image: prom/prometheus}, c: {image: grafana/loki}}\n"
    root = make_project(
        {
            "infra/docker-stack.prod.yml": "services: {api: {image: ghcr.io/acme/api}, db: {image: 'postgres:17'}}\n",
            "infra/watch/docker-stack.watch.prod.yml": watching,
        }
    )
    main = read_project(root).main_stack
    assert main is not None
    assert main.files == ("infra/docker-stack.prod.yml",)
