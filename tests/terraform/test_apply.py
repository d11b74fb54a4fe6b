"""Both examples applied for real: apply, plan without changes, destroy, with the AWS provider against moto on loopback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import botocore.parsers
import pytest

from tests.terraform import support

NOT_APPLIED = {
    "aws_backup_selection": "moto has no CreateBackupSelection",
    "aws_eks_access_entry": "moto has no CreateAccessEntry",
    "aws_eks_access_policy_association": "moto has no AssociateAccessPolicy",
    "aws_eks_addon": "moto has no CreateAddon",
    "aws_eks_cluster": "moto returns neither accessConfig nor upgradePolicy: every plan would make the cluster anew",
    "aws_eks_node_group": "belongs to the cluster",
    "aws_eks_pod_identity_association": "moto has no CreatePodIdentityAssociation",
    "aws_elasticache_parameter_group": "moto has no CreateCacheParameterGroup",
    "aws_elasticache_replication_group": "moto makes no member clusters, through which the provider reads every group",
    "aws_elasticache_subnet_group": "moto has no DeleteCacheSubnetGroup",
    "aws_elasticache_user": "provider 5.100 has no passwords_wo, and moto has no ModifyUser",
    "aws_elasticache_user_group": "moto has no CreateUserGroup",
}
"""Resources that are left out of the applied copy, and why; everything else is applied."""

NOT_RETURNED = {
    "aws_backup_plan.tags_all": "moto does not tell the tags of a plan",
    "aws_backup_vault.tags_all": "moto does not tell the tags of a vault",
    "aws_db_instance.database_insights_mode": "moto takes it and does not tell it",
    "aws_db_instance.engine_lifecycle_support": "moto takes it and does not tell it",
    "aws_db_instance.performance_insights_enabled": "moto takes it and does not tell it",
    "aws_db_instance.performance_insights_kms_key_id": "moto takes it and does not tell it",
    "aws_db_instance.performance_insights_retention_period": "moto takes it and does not tell it",
    "aws_db_parameter_group.parameter": "moto's DescribeDBParameters lists no parameter that was set",
    "aws_launch_template.tag_specifications": "moto does not tell the tags of volumes",
    "aws_vpc_security_group_ingress_rule.description": "moto loses the description of a rule that names a group",
}
"""Arguments that come back empty, so that a plan after the apply would show them again."""

NODES_GROUP = ("aws_eks_cluster.main.vpc_config[0].cluster_security_group_id", "aws_vpc.main.default_security_group_id")
"""Another security group of the VPC stands in for the one of the cluster."""

STAND_IN = "stand-in.invalid"
_REFERENCE = re.compile(r"aws_(?:elasticache_\w+|eks_cluster)\.\w+\.\w+")
_DEPENDENCY = re.compile(rf"^ +({'|'.join(NOT_APPLIED)})\.\w+,\n", re.MULTILINE)


def applied_copy(files: dict[str, str]) -> dict[str, str]:
    """Return the files without the resources of NOT_APPLIED; what reads from them gets a stand-in."""
    copy = support.lowered(files)
    for path, whole in copy.items():
        if not path.endswith(".tf"):
            continue
        text = whole
        for address, block in support.blocks(whole).items():
            if address.split(".")[0] in NOT_APPLIED:
                text = text.replace(block, "")
        text = re.sub(r"replace_triggered_by = \[aws_elasticache.*\]", "replace_triggered_by = []", text)
        text = text.replace(*NODES_GROUP)
        text = support.without_arguments(text, support.LACKING_ARGUMENTS)
        copy[path] = _DEPENDENCY.sub("", _REFERENCE.sub(f'"{STAND_IN}"', text))
    # Virtual hosts of buckets are not names on loopback.
    copy["providers.tf"] = copy["providers.tf"].replace("  region =", "  s3_use_path_style = true\n  region =")
    return copy


def ignoring(files: dict[str, str]) -> dict[str, str]:
    """Return the files with the arguments of NOT_RETURNED left to the provider."""
    copy = dict(files)
    for path, text in files.items():
        for address, block in support.blocks(text).items():
            names = [key.split(".")[1] for key in NOT_RETURNED if key.split(".")[0] == address.split(".")[0]]
            if not names or not path.endswith(".tf"):
                continue
            line = f"ignore_changes = [{', '.join(names)}]\n"
            has_lifecycle = "\n  lifecycle {\n" in block
            mended = (
                block.replace("\n  lifecycle {\n", f"\n  lifecycle {{\n{line}")
                if has_lifecycle
                else f"{block[:-2]}lifecycle {{\n{line}}}\n}}\n"
            )
            copy[path] = copy[path].replace(block, mended)
    return copy


def changes(plan: dict[str, Any]) -> set[str]:
    """Return what a plan would change, as types with arguments; a resource that comes or goes shows as itself."""
    found = set()
    for item in plan["resource_changes"]:
        change = item["change"]
        if change["actions"] == ["no-op"] or item["mode"] != "managed":
            continue
        before, after = change["before"] or {}, change["after"] or {}
        names = {name for name in after if before.get(name) != after[name]}
        found |= (
            {f"{item['type']}.{name}" for name in names}
            if change["actions"] == ["update"]
            else {f"{item['address']} {change['actions']}"}
        )
    return found


@pytest.mark.slow
@pytest.mark.parametrize("plan", [support.FRIDAY, support.PROPERTYPRO], ids=["friday", "propertypro"])
def test_apply_plan_destroy(plan: dict[str, Any], terraform: str, prepared: Path, aws: str, tmp_path: Path) -> None:
    files = applied_copy(support.rendered(plan))
    folder = support.write(files, tmp_path)
    support.initialise(prepared, folder)
    inputs = ("-no-color", "-input=false", "-var-file=envs/staging.tfvars")

    support.terraform(terraform, folder, "apply", "-auto-approve", *inputs, endpoint=aws)
    try:
        support.terraform(terraform, folder, "plan", "-out=again", *inputs, codes=(0,), endpoint=aws)
        again = json.loads(support.terraform(terraform, folder, "show", "-json", "again", endpoint=aws).stdout)
        types = {item["type"] for item in again["resource_changes"]}
        assert changes(again) == {key for key in NOT_RETURNED if key.split(".")[0] in types}

        support.write(ignoring(files), folder)
        support.terraform(terraform, folder, "plan", "-detailed-exitcode", *inputs, codes=(0,), endpoint=aws)
        check_hand_over(terraform, folder, plan, aws)
        check_new_password(terraform, folder, inputs, plan["app"], aws)
    finally:
        # Emptying the other buckets is logged too: the bucket of the logs is emptied last, when nothing else is left.
        support.terraform(terraform, folder, "destroy", "-auto-approve", *inputs, codes=(0, 1), endpoint=aws)
        empty_log_bucket(plan["app"], aws)
        support.terraform(terraform, folder, "destroy", "-auto-approve", *inputs, endpoint=aws)
    assert support.terraform(terraform, folder, "state", "list").stdout == ""


def empty_log_bucket(app: str, aws: str) -> None:
    """Access logs are kept by people's decision: Terraform does not throw them away with the bucket."""
    bucket = boto3.resource(
        "s3", endpoint_url=aws, region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    ).Bucket(f"{app}-staging-logs-123456789012")
    bucket.object_versions.delete()


def check_hand_over(terraform: str, folder: Path, plan: dict[str, Any], aws: str) -> None:
    """The logins work as the chart expects them, and no password is in the state or in the output."""
    values = json.loads(support.terraform(terraform, folder, "output", "-json", "helm_values").stdout)["infrastructure"]
    kept = (folder / "terraform.tfstate").read_text(encoding="utf-8") + json.dumps(values)
    stores = values["stores"]
    assert set(stores) == {store["service"] for store in (*plan["postgres"], *plan["caches"])}
    for service, store in stores.items():
        login = secret(store["secretName"], aws)
        assert len(login["password"]) == 48
        assert login["password"] not in kept
        assert (login["username"], login["host"], login["port"]) == (store["username"], store["host"], str(store["port"]))
        assert store["secretName"] == f"{plan['app']}/staging/{service}"
    assert values["secrets"]["app"] == f"{plan['app']}/staging/app"
    for database in plan["postgres"]:
        check_database(stores[database["service"]], database, kept, aws)


def check_database(store: dict[str, Any], database: dict[str, Any], kept: str, aws: str) -> None:
    """The application has its own login, encrypted on the way; the one of the master stands nowhere but in its secret."""
    login = secret(store["secretName"], aws)
    user, name = database["user"], database["database"]
    assert login["url"] == f"postgresql://{user}:{login['password']}@{store['host']}:5432/{name}?sslmode=require"
    assert secret(store["masterSecretArn"], aws)["password"] not in kept


def check_new_password(terraform: str, folder: Path, inputs: tuple[str, ...], app: str, aws: str) -> None:
    """Raising one number gives the application another password."""
    before = secret(f"{app}/staging/redis", aws)["password"]
    raised = ("-var=cache_credentials_version=2",)
    support.terraform(terraform, folder, "apply", "-auto-approve", *inputs, *raised, endpoint=aws)
    assert secret(f"{app}/staging/redis", aws)["password"] != before


def secret(name: str, aws: str) -> dict[str, str]:
    text: str = client("secretsmanager", aws).get_secret_value(SecretId=name)["SecretString"]
    return dict(json.loads(text))


def client(service: str, aws: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=aws,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_cache_parameter_group", {"CacheParameterGroupName": "a", "CacheParameterGroupFamily": "valkey8", "Description": "d"}),
        ("create_user_group", {"UserGroupId": "a", "Engine": "valkey"}),
        ("delete_cache_subnet_group", {"CacheSubnetGroupName": "a"}),
        ("modify_user", {"UserId": "a"}),
    ],
)  # fmt: skip
def test_moto_still_lacks(operation: str, arguments: dict[str, str], aws: str) -> None:
    """When one of these is answered, its resource leaves NOT_APPLIED; what moto lacks gives a page of HTML, not an answer of AWS."""
    with pytest.raises(botocore.parsers.ResponseParserError, match="500 Internal Server Error"):
        getattr(client("elasticache", aws), operation)(**arguments)


def test_moto_still_makes_no_members(aws: str) -> None:
    elasticache = client("elasticache", aws)
    made = elasticache.create_replication_group(
        ReplicationGroupId="members", ReplicationGroupDescription="d", NumCacheClusters=2
    )
    assert made["ReplicationGroup"]["ReplicationGroupId"] == "members"
    assert elasticache.describe_cache_clusters()["CacheClusters"] == []
