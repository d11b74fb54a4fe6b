"""The room of generate: from the Target to artifacts in the right folder."""

from __future__ import annotations

import dataclasses

import pytest

from scaffold.errors import ScaffoldError
from scaffold.generate.terraform import render
from scaffold.model.names import Role, Room
from scaffold.model.target import EnvironmentTarget, Secret, SecretKey, Store, Target
from tests.terraform import support

TARGET = Target(
    app="propertypro",
    region="us-east-1",
    compute="eks",
    environments=(EnvironmentTarget("staging", production=False), EnvironmentTarget("production", production=True)),
    stores=(
        Store("chromadb", Role.VECTOR_DB, "container", "no managed twin"),
        Store("db", Role.POSTGRES, "managed", "RDS", "postgres", "15", "15", "propertypro", "propertypro_app", 5432),
        Store("redis", Role.REDIS, "managed", "ElastiCache", "valkey", "8.2", "7", port=6379, broker=True),
    ),
    secrets=(
        Secret("db", "store", (SecretKey("password"),), "db"),
        Secret("redis", "store", (SecretKey("password"),), "redis"),
        Secret(
            "app",
            "application",
            tuple(SecretKey(key) for key in ("DATABASE_URL", "JWT_SECRET", "OPENAI_API_KEY", "SECRET_KEY")),
        ),
    ),
    workloads=(),
    base_set=("docker-compose.yml",),
    production_set=("docker-compose.yml",),
    closes=((Room.TERRAFORM, ("abc",)), (Room.EDITS, ("def",))),
)


def test_artifacts_are_what_the_app_makes_of_the_same_plan() -> None:
    """The example's Target and the plan that the other tests of the app use describe the same project."""
    artifacts = render(TARGET).artifacts
    assert {item.path: item.text for item in artifacts} == {
        f"infra/terraform/{path}": text for path, text in support.rendered(support.PROPERTYPRO).items()
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
    files = {item.path: item.text for item in render(dataclasses.replace(TARGET, stores=(store,), secrets=())).artifacts}
    assert "db_name" not in files["infra/terraform/rds.tf"]
    assert 'database        = "postgres"' in files["infra/terraform/outputs.tf"]


def test_an_error_of_the_app_names_its_place() -> None:
    with pytest.raises(ScaffoldError, match=r"plan\.secrets: the store 'db' is not in the plan"):
        render(dataclasses.replace(TARGET, stores=()))
