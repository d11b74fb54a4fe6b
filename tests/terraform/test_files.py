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
    "alarms.tf",
    "backend.tf",
    "data.tf",
    "envs/production.s3.tfbackend",
    "envs/production.tfvars",
    "envs/staging.s3.tfbackend",
    "envs/staging.tfvars",
    "eks.tf",
    "github.tf",
    "identities.tf",
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
    [
        ("stateless", set()),
        ("friday", {"backup.tf", "elasticache.tf", "registry.tf", "storage.tf"}),
        ("propertypro", {"backup.tf", "efs.tf", "elasticache.tf", "rds.tf", "registry.tf", "storage.tf"}),
    ],
)
def test_a_concern_that_the_project_lacks_has_no_file(name: str, stores: set[str]) -> None:
    assert set(support.rendered(support.PLANS[name])) == CORE | stores


EVIL = '"}\nresource "aws_iam_user" "evil" {}\n${file("/etc/passwd")} %{ if true } <<EOT `id` {{ .x }} TfToken[TOKEN.0]'
HOSTILE = support.plan(
    "hostile",
    postgres=[support.postgres(EVIL)],
    caches=[support.cache(EVIL + "2")],
    secrets=[
        {"name": "one", "keys": [], "store": EVIL, "host": False},
        {"name": "two", "keys": [], "store": EVIL + "2", "host": False},
        {"name": "app", "keys": [EVIL], "store": "", "host": False},
    ],
    volumes=[{"name": EVIL, "shared": True}],
    buckets=[{"purpose": "uploads", "workloads": [EVIL]}],
)
ALL_PLANS = {**support.PLANS, "hostile": HOSTILE}


def test_hostile_text_is_data() -> None:
    """A name that tries to be code, in every field that takes text, makes no block, no path and no code fence."""
    files = support.rendered(HOSTILE)
    assert all(re.fullmatch(r"[a-z0-9_./-]+", path.lower()) for path in files)
    addresses = {address for text in files.values() for address in support.blocks(text)}
    assert not any(address.startswith("aws_iam_user") for address in addresses)
    assert not re.search(r"^resource \"aws_iam_user", "".join(files.values()), re.M)
    assert files["README.md"].count("```") % 2 == 0


def lowered(files: dict[str, str]) -> dict[str, str]:
    copy = support.lowered(files)
    return {path: support.without_arguments(text, support.LACKING_ARGUMENTS) for path, text in copy.items()}


def test_every_file_is_formatted(terraform: str, tmp_path: Path) -> None:
    for name, plan in ALL_PLANS.items():
        support.write(support.rendered(plan), tmp_path / name)
    support.terraform(terraform, tmp_path, "fmt", "-check", "-recursive", "-diff", "-no-color")


def test_every_plan_is_valid(terraform: str, prepared: Path, tmp_path: Path) -> None:
    """Valid with the provider that is at hand, but for exactly the arguments that it does not know yet.

    The plans are modules of one configuration, because the provider takes seconds to start.
    """
    calls = []
    for name, plan in ALL_PLANS.items():
        files = support.lowered(support.rendered(plan))
        support.write(files, tmp_path / name)
        variables = support.blocks(files["variables.tf"])
        required = [
            item.removeprefix("variable.") for item, block in variables.items() if not re.search("^  default +=", block, re.M)
        ]
        inputs = "".join(f"  {item} = {json.dumps(chosen(item))}\n" for item in required)
        calls.append(f'module "{name}" {{\n  source = "./{name}"\n{inputs}}}\n')
    support.write({"main.tf": "".join(calls)}, tmp_path)
    support.initialise(prepared, tmp_path)
    support.terraform(terraform, tmp_path, "get", "-no-color")
    answer = json.loads(support.terraform(terraform, tmp_path, "validate", "-json", codes=(0, 1)).stdout)
    assert {complaint(item) for item in answer["diagnostics"]} == set(support.LACKING_ARGUMENTS)


def chosen(name: str) -> Any:
    """What a person would give for an input without default."""
    known: dict[str, Any] = {
        "settings": {"PUBLIC_URL": "https://example.org"},
        "environment": "production",
        "cache_password": "0123456789abcdef",
        "image_tag": "abc",
    }
    known |= {"certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/x", "api_host": "api.example.org"}
    return known.get(name) or ("8.2" if name.startswith("cache") else "17")


def complaint(diagnostic: dict[str, Any]) -> tuple[str, str]:
    assert diagnostic["summary"] == "Unsupported argument", diagnostic
    context = re.search(r'resource "(\w+)"', diagnostic["snippet"]["context"])
    argument = re.search(r'An argument named "(\w+)"', diagnostic["detail"])
    assert context is not None
    assert argument is not None
    return context[1], argument[1]


@pytest.fixture(scope="module")
def planned(terraform: str, prepared: Path, aws: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Terraform plans for the production of propertypro, from nothing."""
    folder = support.write(lowered(support.rendered(support.PROPERTYPRO)), tmp_path_factory.mktemp("planned"))
    support.initialise(prepared, folder)
    inputs = ("-no-color", "-input=false", "-refresh=false", "-var-file=envs/production.tfvars")
    support.terraform(terraform, folder, "plan", "-out=production.plan", *inputs, endpoint=aws)
    found: dict[str, Any] = json.loads(
        support.terraform(terraform, folder, "show", "-json", "production.plan", endpoint=aws).stdout
    )
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
SMALLER = {
    "backup_lock_days": "1",
    "backup_retention_days": "7",
    "backup_vault_locked": "false",
    "cluster_deletion_protection": "false",
    "create_github_oidc_provider": "false",
    "create_registry": "false",
    "node_count_max": "3",
    "node_count_min": "1",
    "node_instance_types": '["t3.large"]',
    "cache_failover": "false",
    "cache_node_count": "1",
    "cache_snapshot_retention_days": "1",
    "database_backup_retention_days": "7",
    "database_deletion_protection": "false",
    "database_instance_class": '"db.t4g.small"',
    "database_multi_az": "false",
    "database_skip_final_snapshot": "true",
    "kms_deletion_window_days": "7",
    "log_retention_days": "30",
    "nat_gateway_count": "1",
    "secret_recovery_window_days": "7",
}


def test_production_has_the_full_posture(planned: dict[str, Any]) -> None:
    for address, expected in PRODUCTION.items():
        values = resource(planned, address)
        assert {name: values.get(name) for name in expected} == expected, address


def test_inputs_relax_the_smaller_environments_alone() -> None:
    files = support.rendered(support.PROPERTYPRO)
    found = {
        name: dict(re.findall(r"^(\w+) += (.+)$", files[f"envs/{name}.tfvars"], re.M)) for name in ("production", "staging")
    }
    place = {"region": '"us-east-1"'}
    assert found["production"] == {"environment": '"production"', **place}
    assert found["staging"] == {"environment": '"staging"', **place, **SMALLER}


def test_every_resource_is_tagged_with_project_and_environment(planned: dict[str, Any]) -> None:
    tags = resource(planned, "aws_db_instance.main")["tags_all"]
    assert tags == {"Environment": "production", "ManagedBy": "terraform", "Project": "propertypro"}


def test_no_password_is_in_a_plan(planned: dict[str, Any]) -> None:
    """Write-only arguments and ephemeral values stay out; a plan is shown in pull requests."""
    resources = planned["planned_values"]["root_module"]["resources"]
    versions = [item["values"] for item in resources if item["type"] == "aws_secretsmanager_secret_version"]
    assert len(versions) == 2
    assert all(item.get("secret_string") is None and item.get("secret_string_wo") is None for item in versions)
    assert "random_password" not in json.dumps(planned["planned_values"])


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


def test_a_url_asks_for_tls_as_its_client_wants_it() -> None:
    """libpq and redis-py read these; Celery refuses `rediss` without ssl_cert_reqs (its documentation of the Redis backend)."""
    jobs = support.blocks(support.rendered(support.PROPERTYPRO)["secrets.tf"])
    assert re.search(
        r'url += "rediss://:\$\{.*:6379/0\?ssl_cert_reqs=required"\n', jobs["aws_secretsmanager_secret_version.redis"]
    )
    assert re.search(
        r'url += "postgresql://.*:5432/propertypro\?sslmode=require"\n', jobs["aws_secretsmanager_secret_version.db"]
    )
    sessions = support.blocks(support.rendered(support.FRIDAY)["secrets.tf"])
    assert re.search(r'url += "rediss://:\$\{.*:6379/0"\n', sessions["aws_secretsmanager_secret_version.redis"])


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


def test_the_page_names_the_buckets_and_copies_that_the_files_have() -> None:
    stateless = support.rendered(support.plan("a", postgres=[support.postgres()], secrets=[support.login("db", "username")]))
    assert "a daily copy of databases, in a vault" in stateless["README.md"]
    assert "storage.tf" not in stateless["README.md"]
    page = support.rendered(support.FRIDAY)["README.md"]
    assert "`storage.tf` buckets for backups and access logs" in page
    assert "`backup.tf` a daily copy of volumes, in a vault" in page
    assert "buckets for backups, uploads and access logs" in support.rendered(support.UPLOADS)["README.md"]
    everything = support.rendered(support.PROPERTYPRO)["README.md"]
    assert "a daily copy of databases, files that several copies share and volumes, in a vault" in everything
    assert "at each deployment" not in everything
    assert "SUBDOMAIN.DOMAIN" in everything


def test_the_backend_is_partial_and_locked() -> None:
    files = support.rendered(support.FRIDAY)
    assert "use_lockfile = true" in files["backend.tf"]
    assert "bucket" not in files["backend.tf"]
    assert 'key    = "friday-ai/staging/terraform.tfstate"' in files["envs/staging.s3.tfbackend"]


def test_the_cluster_cannot_read_what_only_the_host_of_compose_needs() -> None:
    text = support.rendered(support.PROPERTYPRO)["identities.tf"]
    policy = text[text.index('resource "aws_iam_role_policy" "external_secrets"') :]
    policy = policy[: policy.index("\n}\n")]
    assert set(re.findall(r"aws_secretsmanager_secret\.(\w+)\.arn", policy)) == {"app", "backup", "db", "redis"}


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


@pytest.mark.parametrize(
    ("parts", "policy", "events"),
    [
        ({"eviction": "allkeys-lru", "events": "Ex"}, "allkeys-lru", "Ex"),
        ({"eviction": "", "events": ""}, "volatile-lru", None),
        # What holds jobs gives nothing up, whatever its command says.
        ({"eviction": "allkeys-lru", "events": "", "broker": True}, "noeviction", None),
    ],
)
@pytest.mark.parametrize("product", ["elasticache", "memorydb"])
def test_a_cache_keeps_the_options_of_its_command(product: str, parts: dict[str, Any], policy: str, events: str | None) -> None:
    files = support.rendered(
        support.plan("shop", caches=[support.cache(product=product, **parts)], secrets=[support.login("redis")])
    )
    text = files[f"{product}.tf"]
    found = re.findall(r'name\s+= "notify-keyspace-events"\s+value\s+= "(\w+)"', text)
    assert found == ([events] if events else [])
    if product == "elasticache":
        block = files["variables.tf"].partition('variable "cache_maxmemory_policy"')[2].partition("\n}")[0]
        assert f'default     = "{policy}"' in block
