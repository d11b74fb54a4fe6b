"""What the files say: one concern a file, the posture of production, text as data, names that fit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.terraform import support

CORE = {
    ".gitignore",
    "README.md",
    "backend.tf",
    "data.tf",
    "envs/production.s3.tfbackend",
    "envs/production.tfvars",
    "envs/staging.s3.tfbackend",
    "envs/staging.tfvars",
    "kms.tf",
    "locals.tf",
    "network.tf",
    "outputs.tf",
    "providers.tf",
    "secrets.tf",
    "variables.tf",
    "versions.tf",
}


@pytest.mark.parametrize(
    ("name", "stores"),
    [("stateless", set()), ("friday", {"elasticache.tf"}), ("propertypro", {"elasticache.tf", "rds.tf"})],
)
def test_a_concern_that_the_project_lacks_has_no_file(name: str, stores: set[str]) -> None:
    assert set(support.rendered(support.PLANS[name])) == CORE | stores


def test_hostile_text_is_data(terraform: str, tmp_path: Path, prepared: Path) -> None:
    """A name that tries to be code, in every field that takes text, gives valid files that hold no block of its making."""
    evil = '"}\nresource "aws_iam_user" "evil" {}\n${file("/etc/passwd")} %{ if true } <<EOT `id` {{ .x }} TfToken[TOKEN.0]'
    document = support.plan(
        evil,
        environments=[{"name": evil, "production": True}],
        postgres=[support.postgres(evil, database=evil, user=evil)],
        caches=[support.cache(evil + "2")],
        secrets=[{"name": evil, "keys": [evil], "store": ""}],
    )
    files = support.rendered(document)
    assert all(re.fullmatch(r"[a-z0-9_./-]+", path.lower()) for path in files)
    addresses = {address for text in files.values() for address in support.blocks(text)}
    assert not any(address.startswith("aws_iam_user") for address in addresses)
    whole = support.write(files, tmp_path / "whole")
    support.terraform(terraform, whole, "fmt", "-check", "-recursive", "-diff", "-no-color")
    folder = support.write(lowered(files), tmp_path / "older")
    support.initialise(prepared, folder)
    support.terraform(terraform, folder, "validate", "-no-color")
    assert "```" not in files["README.md"].split("with `")[1].split("\n")[0]


def lowered(files: dict[str, str]) -> dict[str, str]:
    copy = support.lowered(files)
    return {path: support.without_arguments(text, support.LACKING_ARGUMENTS) for path, text in copy.items()}


@pytest.mark.parametrize("name", sorted(support.PLANS))
def test_fmt_and_validate(name: str, terraform: str, prepared: Path, tmp_path: Path) -> None:
    """Clean with the provider that is at hand, but for exactly the arguments that it does not know yet."""
    files = support.rendered(support.PLANS[name])
    support.terraform(terraform, support.write(files, tmp_path / "whole"), "fmt", "-check", "-recursive", "-diff", "-no-color")
    folder = support.write(support.lowered(files), tmp_path / "older")
    support.initialise(prepared, folder)
    answer = json.loads(support.terraform(terraform, folder, "validate", "-json", codes=(0, 1)).stdout)
    found = {complaint(item) for item in answer["diagnostics"]}
    types = {address.split(".")[0] for text in files.values() for address in support.blocks(text)}
    assert found == {key for key in support.LACKING_ARGUMENTS if key[0] in types}


def complaint(diagnostic: dict[str, Any]) -> tuple[str, str]:
    assert diagnostic["summary"] == "Unsupported argument", diagnostic
    context = re.search(r'resource "(\w+)"', diagnostic["snippet"]["context"])
    argument = re.search(r'An argument named "(\w+)"', diagnostic["detail"])
    assert context is not None
    assert argument is not None
    return context[1], argument[1]


@pytest.fixture(scope="module")
def planned(terraform: str, prepared: Path, aws: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Terraform plans for each environment of propertypro, from nothing."""
    folder = support.write(lowered(support.rendered(support.PROPERTYPRO)), tmp_path_factory.mktemp("planned"))
    support.initialise(prepared, folder)
    found = {}
    for environment in ("production", "staging"):
        inputs = ("-no-color", "-input=false", "-refresh=false", f"-var-file=envs/{environment}.tfvars")
        support.terraform(terraform, folder, "plan", f"-out={environment}.plan", *inputs, endpoint=aws)
        text = support.terraform(terraform, folder, "show", "-json", f"{environment}.plan", endpoint=aws).stdout
        found[environment] = json.loads(text)
    return found


def resource(plan: dict[str, Any], address: str) -> dict[str, Any]:
    values: dict[str, Any] = next(
        item["values"] for item in plan["planned_values"]["root_module"]["resources"] if item["address"] == address
    )
    return values


PRODUCTION = {
    "aws_db_instance.main": {
        "backup_retention_period": 35,
        "db_name": "propertypro",
        "deletion_protection": True,
        "engine": "postgres",
        "engine_lifecycle_support": "open-source-rds-extended-support-disabled",
        "engine_version": "15",
        "identifier": "propertypro-production-db",
        "manage_master_user_password": True,
        "multi_az": True,
        "performance_insights_enabled": True,
        "publicly_accessible": False,
        "skip_final_snapshot": False,
        "storage_encrypted": True,
        "username": "appadmin",
    },
    "aws_elasticache_replication_group.main": {
        "at_rest_encryption_enabled": "true",
        "automatic_failover_enabled": True,
        "engine": "valkey",
        "engine_version": "8.2",
        "num_cache_clusters": 2,
        "replication_group_id": "propertypro-production-redis",
        "snapshot_retention_limit": 7,
        "transit_encryption_enabled": True,
        "transit_encryption_mode": "required",
    },
    "aws_elasticache_parameter_group.main": {
        "family": "valkey8",
        "parameter": [{"name": "maxmemory-policy", "value": "noeviction"}],
    },
    "aws_kms_key.main": {"deletion_window_in_days": 30, "enable_key_rotation": True},
    "aws_nat_gateway.main[1]": {"connectivity_type": "public"},
    "aws_vpc_security_group_ingress_rule.rds_db": {"from_port": 5432, "to_port": 5432, "cidr_ipv4": None},
}
STAGING = {
    "aws_db_instance.main": {"multi_az": False, "deletion_protection": False, "storage_encrypted": True, "backup_retention_period": 7},
    "aws_elasticache_replication_group.main": {"num_cache_clusters": 1, "automatic_failover_enabled": False},
}  # fmt: skip


@pytest.mark.parametrize(("environment", "posture"), [("production", PRODUCTION), ("staging", STAGING)])
def test_posture(planned: dict[str, Any], environment: str, posture: dict[str, dict[str, Any]]) -> None:
    for address, expected in posture.items():
        values = resource(planned[environment], address)
        assert {name: values.get(name) for name in expected} == expected, address


def test_every_resource_is_tagged_with_project_and_environment(planned: dict[str, Any]) -> None:
    tags = resource(planned["production"], "aws_db_instance.main")["tags_all"]
    assert tags == {"Environment": "production", "ManagedBy": "terraform", "Project": "propertypro"}


def test_no_password_is_in_a_plan(planned: dict[str, Any]) -> None:
    """Write-only arguments and ephemeral values stay out; a plan is shown in pull requests."""
    for plan in planned.values():
        versions = [
            item
            for item in plan["planned_values"]["root_module"]["resources"]
            if item["type"] == "aws_secretsmanager_secret_version"
        ]
        assert len(versions) == 2
        assert all(
            item["values"].get("secret_string") is None and item["values"].get("secret_string_wo") is None for item in versions
        )
        assert "random_password" not in json.dumps(plan["planned_values"])


def test_one_number_changes_every_holder_of_a_cache_password() -> None:
    """Two write-only sinks of one ephemeral value agree only when both are written in the same apply."""
    files = support.rendered(support.FRIDAY)
    user = support.blocks(files["elasticache.tf"])["aws_elasticache_user.main"]
    version = support.blocks(files["secrets.tf"])["aws_secretsmanager_secret_version.redis"]
    assert "passwords_wo_version = var.cache_credentials_version\n" in user
    assert "secret_string_wo_version = var.cache_credentials_version\n" in version
    password = "ephemeral.aws_secretsmanager_random_password.elasticache_redis.random_password"
    assert f"passwords_wo         = {password}\n" in user
    assert f"password = {password}\n" in version


def test_several_stores_have_names_and_inputs_of_their_own() -> None:
    files = support.rendered(support.PLANS["several"])
    databases = [address for address in support.blocks(files["rds.tf"]) if address.startswith("aws_db_instance")]
    assert databases == ["aws_db_instance.users_db", "aws_db_instance.orders_db"]
    variables = support.blocks(files["variables.tf"])
    assert "default " in variables["variable.database_users_db_engine_version"]
    assert "default " not in variables["variable.database_orders_db_engine_version"]
    assert "`database_orders_db_engine_version`" in files["README.md"]
    orders = support.blocks(files["rds.tf"])["aws_db_instance.orders_db"]
    assert "db_name" not in orders


def test_the_backend_is_partial_and_locked() -> None:
    files = support.rendered(support.FRIDAY)
    assert "use_lockfile = true" in files["backend.tf"]
    assert "bucket" not in files["backend.tf"]
    assert 'key    = "friday/staging/terraform.tfstate"' in files["envs/staging.s3.tfbackend"]


def test_no_resource_asks_which_environment_it_is_in() -> None:
    """Environments differ by their inputs alone; a comparison in a resource would hide the difference."""
    for plan in support.PLANS.values():
        for path, text in support.rendered(plan).items():
            assert not re.search(r'var\.environment\s*[!=]=|"(production|prod|staging)"', text) or path.startswith("envs/")


def test_each_input_is_described_typed_and_used() -> None:
    files = support.rendered(support.PROPERTYPRO)
    code = "".join(text for path, text in files.items() if path.endswith(".tf") and path != "variables.tf")
    for address, block in support.blocks(files["variables.tf"]).items():
        assert re.search(r'description = "\w', block), address
        assert re.search(r"type +=", block), address
        assert f"var.{address.removeprefix('variable.')}" in code, address


def test_the_chart_keeps_its_load_balancers_where_the_compute_is_eks() -> None:
    assert "kubernetes.io/role/elb" in support.rendered(support.FRIDAY)["network.tf"]
    assert "kubernetes.io" not in support.rendered(support.PLANS["several"])["network.tf"]
