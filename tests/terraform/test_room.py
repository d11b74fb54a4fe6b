"""The room of generate: from the Target to artifacts in the right folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.generation import make_target
from scaffold.errors import ScaffoldError
from scaffold.gaps.judge import judge
from scaffold.generate.terraform.plan import make_plan
from scaffold.generate.terraform.render import render
from scaffold.model.names import Role, Room
from scaffold.model.target import EnvironmentTarget, Secret, SecretKey, Store, Target
from scaffold.read.project import read_project
from tests.terraform import support

TARGET = Target(
    app="propertypro",
    region="us-east-1",
    compute="eks",
    environments=(EnvironmentTarget("staging", production=False), EnvironmentTarget("production", production=True)),
    stores=(
        Store("chromadb", Role.VECTOR_DB, "container", "no managed twin"),
        Store("db", Role.POSTGRES, "managed", "RDS", "postgres", "15", "propertypro", "propertypro_app", 5432, product="rds"),
    ),
    secrets=(Secret("db", "store", (SecretKey("password"),), "db"), Secret("app", "application", (SecretKey("TOKEN"),))),
    workloads=(),
    images=(),
    base_set=("docker-compose.yml",),
    production_set=("docker-compose.yml",),
    closes=((Room.TERRAFORM, ("abc",)), (Room.EDITS, ("def",))),
)


@pytest.mark.parametrize("name", ["friday", "propertypro"])
def test_the_plans_of_the_other_tests_are_what_the_examples_give(name: str, example: Callable[[str], Path]) -> None:
    project = read_project(example(name))
    assert make_plan(make_target(project, judge(project))) == support.PLANS[name]


def test_artifacts_are_what_the_app_makes() -> None:
    plan = support.plan(
        "propertypro",
        postgres=[support.postgres()],
        secrets=[
            {"name": "db", "keys": ["password"], "store": "db", "host": False},
            {"name": "app", "keys": ["TOKEN"], "store": "", "host": False},
        ],
    )
    artifacts = render(TARGET).artifacts
    assert {item.path: item.text for item in artifacts} == {
        f"infra/terraform/{path}": text for path, text in support.rendered(plan).items()
    }
    assert {(item.room, item.closes, item.mode) for item in artifacts} == {(Room.TERRAFORM, ("abc",), 0o644)}


def test_the_folder_is_the_target_s() -> None:
    moved = dataclasses.replace(TARGET, terraform_folder="infra/terraform-scaffold", stores=(), secrets=())
    assert {item.path.rpartition("/")[0] for item in render(moved).artifacts} == {
        "infra/terraform-scaffold",
        "infra/terraform-scaffold/envs",
    }


def test_the_database_that_always_exists_is_not_created_again() -> None:
    store = dataclasses.replace(TARGET.stores[1], database="")
    files = {item.path: item.text for item in render(dataclasses.replace(TARGET, stores=(store,))).artifacts}
    assert "db_name" not in files["infra/terraform/rds.tf"]
    assert 'database        = "postgres"' in files["infra/terraform/outputs.tf"]


def test_an_error_of_the_app_names_its_place() -> None:
    with pytest.raises(ScaffoldError, match=r"plan\.secrets: the store 'db' is not in the plan"):
        render(dataclasses.replace(TARGET, stores=()))


LOST = """\
services:
  web:
    image: acme/web:1
    ports: ["80:8080"]
    volumes: ["./conf/app.conf:/etc/app.conf:ro"]
    secrets: [license]
    extra_hosts: ["legacy:10.0.0.9"]
    environment: {RESOLVER: "names:53"}
    networks: {default: {aliases: [shop]}}
  names: {image: "acme/dns:1", expose: ["53/udp"]}
  job: {image: "acme/job:1", environment: {URL: "http://shop:8080/"}}
secrets: {license: {file: ./license.key}}
"""


def test_what_fargate_cannot_do_is_in_the_report_and_in_the_readme(make_project: Callable[..., Path]) -> None:
    files = {"compose.yaml": LOST, "conf/app.conf": "a = 1\n", "scaffold.yaml": "compute: ecs\n"}
    project = read_project(make_project(files, name="shop"))
    rendering = render(make_target(project, judge(project)))
    lost = {item.path: item.reason for item in rendering.skipped}
    assert set(lost) >= {"web, /etc/app.conf", "web, /run/secrets/license", "web, legacy as 10.0.0.9", "names, port 53/udp"}
    assert "web, the name shop" in lost
    assert "COPY" in lost["web, /etc/app.conf"]
    readme = next(item.text for item in rendering.artifacts if item.path.endswith("README.md"))
    assert all(f"`{path.partition(', ')[2]}`" in readme for path in lost)
    chart = read_project(make_project({**files, "scaffold.yaml": "compute: eks\n"}, name="shop-on-eks"))
    assert render(make_target(chart, judge(chart))).skipped == ()
