"""The checker refuses what the provider would refuse; the schema's data agrees with the real provider."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from terraform.errors import BuildError
from terraform.resource import Stack
from terraform.schema.check import load, problems, resource_type
from terraform.values import Expression, JsonDocument, Value, join
from tests.terraform import support

SUBNET = {"vpc_id": "vpc-1"}
LISTENER = {"load_balancer_arn": "arn"}


def complaints(type_name: str, values: dict[str, Value]) -> list[str]:
    found = resource_type("resource", type_name)
    assert found is not None
    return [f"{problem.path}: {problem.message}" for problem in problems(found.arguments, values)]


@pytest.mark.parametrize(
    ("type_name", "values", "expected"),
    [
        ("aws_subnet", {**SUBNET, "cidr": "10.0.0.0/24"}, ["cidr: unknown argument"]),
        ("aws_subnet", {}, ["vpc_id: required argument is missing"]),
        ("aws_subnet", {"vpc_id": None}, ["vpc_id: required argument is missing"]),
        ("aws_subnet", {**SUBNET, "map_public_ip_on_launch": "false"}, ["map_public_ip_on_launch: bool wanted, string given"]),
        ("aws_kms_key", {"deletion_window_in_days": "30"}, ["deletion_window_in_days: number wanted, string given"]),
        ("aws_kms_key", {"deletion_window_in_days": True}, ["deletion_window_in_days: number wanted, bool given"]),
        ("aws_kms_key", {"tags": {"Name": 1}}, ["tags: map(string) wanted, object given"]),
        ("aws_kms_key", {"tags": ["Name"]}, ["tags: map(string) wanted, list given"]),
        ("aws_kms_key", {"policy": {"Version": "2012-10-17"}}, ["policy: string wanted, object given"]),
        ("aws_db_instance", {"instance_class": "x", "vpc_security_group_ids": "sg"}, ["vpc_security_group_ids: set(string) wanted, string given"]),
        ("aws_db_instance", {"instance_class": "x", "timeouts": "60m"}, ["timeouts: a block is wanted, string given"]),
        ("aws_db_instance", {"instance_class": "x", "timeouts": {"creat": "60m"}}, ["timeouts.creat: unknown argument"]),
        ("aws_db_instance", {"instance_class": "x", "blue_green_update": [{"enabled": True}, {}]}, ["blue_green_update: one block at most, 2 given"]),
        ("aws_db_parameter_group", {"family": "postgres17", "parameter": [{"name": "a"}]}, ["parameter[0].value: required argument is missing"]),
        ("aws_elasticache_user", {"access_string": "on", "user_id": "a", "user_name": "b"}, ["engine: required argument is missing"]),
    ],
)  # fmt: skip
def test_refused(type_name: str, values: dict[str, Value], expected: list[str]) -> None:
    assert complaints(type_name, values) == expected


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("aws_subnet", {"vpc_id": Expression("aws_vpc.main.id"), "count": 2, "depends_on": [], "lifecycle": {}}),
        ("aws_kms_key", {"policy": JsonDocument({"Version": "2012-10-17"}), "description": join("a", Expression("local.b"))}),
        ("aws_kms_key", {"tags": {"Name": Expression("local.b")}}),
        ("aws_db_parameter_group", {"family": "postgres17", "parameter": [{"name": "a", "value": "1"}]}),
        # A nullable boolean, which the provider itself declares as a string.
        (
            "aws_elasticache_replication_group",
            {"description": "d", "replication_group_id": "r", "at_rest_encryption_enabled": True},
        ),
    ],
)
def test_accepted(type_name: str, values: dict[str, Value]) -> None:
    assert complaints(type_name, values) == []


def test_building_says_where(tmp_path: Path) -> None:
    stack = Stack(str(tmp_path))
    with pytest.raises(BuildError) as error:
        stack.resource("kms.tf", "aws_kms_key", "main", {"descripton": "x"})
    assert (error.value.path, error.value.message) == ("kms.tf/aws_kms_key.main/descripton", "unknown argument")
    with pytest.raises(BuildError, match="holds no resource aws_quantum_ledger"):
        stack.resource("kms.tf", "aws_quantum_ledger", "main", {})


def test_names_and_references_are_held_too(tmp_path: Path) -> None:
    stack = Stack(str(tmp_path))
    key = stack.resource("kms.tf", "aws_kms_key", "main", {})
    assert key.attribute("arn") == Expression("aws_kms_key.main.arn")
    with pytest.raises(BuildError, match="has no attribute arm"):
        key.attribute("arm")
    with pytest.raises(BuildError, match="the name is taken"):
        stack.resource("other.tf", "aws_kms_key", "main", {})


def test_the_file_says_where_it_comes_from() -> None:
    document = load()
    assert document["version"] == "6.69.1"
    assert document["licence"] == "MPL-2.0"
    assert all(document[key] for key in ("source", "date", "provider"))


KNOWN_DIFFERENCES = {
    # Booleans that the provider declares as strings to tell an absent one from a false one.
    "aws_elasticache_replication_group.at_rest_encryption_enabled: bool here, string there",
    "aws_elasticache_replication_group.auto_minor_version_upgrade: bool here, string there",
    "aws_lb_target_group.load_balancing_cross_zone_enabled: bool here, string there",
    "aws_lb_target_group.preserve_client_ip: bool here, string there",
    # Attributes that Terraform lets people write as blocks (its documentation: "attributes as blocks").
    "aws_default_security_group.egress: block or attribute",
    "aws_default_security_group.ingress: block or attribute",
    "aws_route_table.route: block or attribute",
    "aws_security_group.egress: block or attribute",
    "aws_security_group.ingress: block or attribute",
}


@pytest.fixture(scope="session")
def older_schema(terraform: str, prepared: Path) -> dict[str, Any]:
    document = json.loads(support.terraform(terraform, prepared, "providers", "schema", "-json").stdout)
    schema: dict[str, Any] = next(iter(document["provider_schemas"].values()))
    return schema


def test_the_extractor_agrees_with_the_provider(older_schema: dict[str, Any]) -> None:
    """What two versions of the provider share must be the same thing in both: name, type, block or attribute."""
    kinds = {"resource": "resource_schemas", "data": "data_source_schemas", "ephemeral": "ephemeral_resource_schemas"}
    compared = 0
    differences = []
    for kind, older in kinds.items():
        for name in load()[kind]:  # type: ignore[attr-defined]
            found = resource_type(kind, name)
            if found is None or name not in older_schema[older]:
                continue
            compared += 1
            differences += [
                f"{name}.{text}" for text in _differences(found.arguments, found.exports, older_schema[older][name]["block"])
            ]
    assert compared > 80
    assert set(differences) == KNOWN_DIFFERENCES


def _differences(ours: Any, exports: frozenset[str], block: dict[str, Any]) -> list[str]:
    theirs = {**block.get("attributes", {}), **block.get("block_types", {})}
    found = []
    for name, entry in theirs.items():
        if name in exports or name not in ours:
            continue
        argument = ours[name]
        if argument.is_block != ("nesting_mode" in entry):
            found.append(f"{name}: block or attribute")
        elif argument.is_block:
            found += [f"{name}.{text}" for text in _differences(argument.level, frozenset(), entry["block"])]
        elif argument.type and _type(entry["type"]) != argument.type:
            found.append(f"{name}: {argument.type} here, {_type(entry['type'])} there")
    return found


def _type(entry: Any) -> str:
    return entry if isinstance(entry, str) else f"{entry[0]}({_type(entry[1])})" if isinstance(entry[1], str) else "object"
