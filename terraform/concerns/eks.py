"""EKS: a private control plane, managed nodes, the add-ons that the chart relies on, and who may enter.

Managed nodes rather than Auto Mode: the chart's network policies, ingress class and storage class then go by their
usual names, and enforcing network policies is one setting here instead of an object inside the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terraform import dated
from terraform.concerns import iam
from terraform.concerns.foundation import Foundation, log_group
from terraform.concerns.network import Network
from terraform.resource import Reference, Variable
from terraform.values import Expression, JsonDocument, Value, join

FILE = "eks.tf"
_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_NODE_POLICIES = ("AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy")
BACKUP_TAG = "BackupPlan"
"""The tag by which AWS Backup finds the volumes that the EBS driver makes."""
DEFAULT_ADMINS = "AmazonEKSClusterAdminPolicy"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster, and the expression of the security group that its nodes and so its pods have."""

    reference: Reference
    security_group: Expression


def build(base: Foundation, network: Network, key: Reference) -> Cluster:
    """Add the cluster with its nodes and add-ons."""
    for variable in _variables():
        base.variable(variable)
    cluster = _cluster(base, network, key)
    early = [
        _addon(base, cluster, _Addon("vpc-cni", {"enableNetworkPolicy": "true"})),
        _addon(base, cluster, _Addon("kube-proxy")),
        _addon(base, cluster, _Addon("eks-pod-identity-agent")),
    ]
    nodes = _nodes(base, network, cluster, early)
    for name in ("coredns", "metrics-server"):
        _addon(base, cluster, _Addon(name, after=nodes))
    if any(not volume.shared for volume in base.plan.volumes):
        _ebs_driver(base, cluster, key, nodes)
    if base.plan.file_systems:
        _efs_driver(base, cluster, nodes)
    _admins(base, cluster)
    group = Expression(f"{cluster.attribute('vpc_config').code}[0].cluster_security_group_id")
    return Cluster(cluster, group)


def _cluster(base: Foundation, network: Network, key: Reference) -> Reference:
    role = iam.role(base, FILE, "eks_cluster", "eks-cluster", iam.service_trust(base, "eks.amazonaws.com", own_account=False))
    attached = iam.attach(base, FILE, "eks_cluster", role, "AmazonEKSClusterPolicy")
    secrets = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"]
    granted = iam.grant(base, FILE, "eks_cluster_secrets", role, [iam.allow(secrets, key.attribute("arn"))])
    # EKS writes to a fixed path: whoever creates the group first decides its retention and its key.
    log = log_group(base, FILE, "eks_cluster", join("/aws/eks/", base.name, "/cluster"), key)
    return base.stack.resource(
        FILE,
        "aws_eks_cluster",
        "main",
        {
            "name": base.name,
            "role_arn": role.attribute("arn"),
            "version": Expression("var.cluster_version"),
            "enabled_cluster_log_types": list(_LOGS),
            "bootstrap_self_managed_addons": False,
            "deletion_protection": Expression("var.cluster_deletion_protection"),
            "access_config": {"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            "encryption_config": {"resources": ["secrets"], "provider": {"key_arn": key.attribute("arn")}},
            "upgrade_policy": {"support_type": "STANDARD"},
            "vpc_config": {
                "subnet_ids": network.private_subnets,
                "endpoint_private_access": True,
                "endpoint_public_access": Expression("length(var.cluster_public_access_cidrs) > 0"),
                "public_access_cidrs": Expression(
                    "length(var.cluster_public_access_cidrs) > 0 ? var.cluster_public_access_cidrs : null"
                ),
            },
            "zonal_shift_config": {"enabled": True},
            "depends_on": [attached.whole, granted.whole, log.whole],
        },
    )


def _nodes(base: Foundation, network: Network, cluster: Reference, early: list[Reference]) -> Reference:
    role = iam.role(base, FILE, "eks_node", "eks-node", iam.service_trust(base, "ec2.amazonaws.com", own_account=False))
    attached = [
        iam.attach(base, FILE, f"eks_node_{name}", role, policy)
        for name, policy in zip(("images", "worker", "network"), _NODE_POLICIES, strict=True)
    ]
    template = _launch_template(base)
    return base.stack.resource(
        FILE,
        "aws_eks_node_group",
        "main",
        {
            "cluster_name": cluster.attribute("name"),
            "node_group_name_prefix": "nodes-",
            "node_role_arn": role.attribute("arn"),
            "subnet_ids": network.private_subnets,
            "version": Expression("var.cluster_version"),
            "ami_type": dated.NODE_IMAGE,
            "instance_types": Expression("var.node_instance_types"),
            "launch_template": {"id": template.attribute("id"), "version": template.attribute("latest_version")},
            "scaling_config": {
                "min_size": Expression("var.node_count_min"),
                "max_size": Expression("var.node_count_max"),
                "desired_size": Expression("var.node_count_min"),
            },
            "update_config": {"max_unavailable_percentage": 33},
            "node_repair_config": {"enabled": True},
            "lifecycle": {
                "create_before_destroy": True,
                # The cluster autoscaler decides it from then on.
                "ignore_changes": [Expression("scaling_config[0].desired_size")],
            },
            "depends_on": [item.whole for item in (*attached, *early)],
        },
    )


def _launch_template(base: Foundation) -> Reference:
    """Hop limit 1 keeps the node's own credentials out of the pods; default tags do not reach what a group starts."""
    tags: Value = {
        "Name": base.named("node"),
        "Project": Expression("var.project"),
        "Environment": Expression("var.environment"),
    }
    disk: Value = {
        "volume_type": "gp3",
        "volume_size": Expression("var.node_disk_size"),
        "encrypted": "true",
        "delete_on_termination": "true",
    }
    return base.stack.resource(
        FILE,
        "aws_launch_template",
        "node",
        {
            "name": base.named("node"),
            "description": join("Nodes of ", base.name),
            "update_default_version": True,
            "block_device_mappings": [{"device_name": "/dev/xvda", "ebs": disk}],
            "metadata_options": {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1},
            "monitoring": {"enabled": True},
            "tag_specifications": [{"resource_type": kind, "tags": tags} for kind in ("instance", "volume")],
        },
    )


@dataclass(frozen=True, slots=True)
class _Addon:
    """An add-on, its settings, what has to be there before, and the service account that acts as a role."""

    name: str
    settings: Mapping[str, Value] | None = None
    after: Reference | None = None
    account: str = ""
    role: Reference | None = None


def _addon(base: Foundation, cluster: Reference, addon: _Addon) -> Reference:
    """Add an add-on in the version that EKS chooses for the cluster's."""
    identity: list[Value] = [{"service_account": addon.account, "role_arn": addon.role.attribute("arn")}] if addon.role else []
    return base.stack.resource(
        FILE,
        "aws_eks_addon",
        addon.name.removeprefix("aws-").replace("-", "_"),
        {
            "cluster_name": cluster.attribute("name"),
            "addon_name": addon.name,
            "configuration_values": JsonDocument(addon.settings) if addon.settings else None,
            "resolve_conflicts_on_create": "OVERWRITE",
            "resolve_conflicts_on_update": "OVERWRITE",
            "pod_identity_association": identity or None,
            "depends_on": [addon.after.whole] if addon.after else None,
        },
    )


def _ebs_driver(base: Foundation, cluster: Reference, key: Reference, nodes: Reference) -> None:
    """Volumes carry a tag by which AWS Backup finds them; the key is used through grants, as EC2 asks for it."""
    account = "ebs-csi-controller-sa"
    role = pod_role(base, cluster, Pod(FILE, "ebs_csi", "ebs-csi", "kube-system", account))
    iam.attach(base, FILE, "ebs_csi", role, "service-role/AmazonEBSCSIDriverPolicy")
    resource = key.attribute("arn")
    grants = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
    uses = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    granted = iam.allow(grants, resource, {"Bool": {"kms:GrantIsForAWSResource": "true"}})
    iam.grant(base, FILE, "ebs_csi_key", role, [granted, iam.decrypt_through(base, "ec2", key, uses)])
    settings: dict[str, Value] = {
        "controller": {"extraVolumeTags": {BACKUP_TAG: base.name}},
        "defaultStorageClass": {"enabled": True},
    }
    _addon(base, cluster, _Addon("aws-ebs-csi-driver", settings, nodes, account, role))


def _efs_driver(base: Foundation, cluster: Reference, nodes: Reference) -> None:
    account = "efs-csi-controller-sa"
    role = pod_role(base, cluster, Pod(FILE, "efs_csi", "efs-csi", "kube-system", account))
    iam.attach(base, FILE, "efs_csi", role, "service-role/AmazonEFSCSIDriverPolicy")
    _addon(base, cluster, _Addon("aws-efs-csi-driver", after=nodes, account=account, role=role))


def _admins(base: Foundation, cluster: Reference) -> None:
    count = Expression("length(var.cluster_admin_arns)")
    arguments: dict[str, Value] = {
        "count": count,
        "cluster_name": cluster.attribute("name"),
        "principal_arn": Expression("var.cluster_admin_arns[count.index]"),
    }
    entry = base.stack.resource(FILE, "aws_eks_access_entry", "admin", arguments)
    base.stack.resource(
        FILE,
        "aws_eks_access_policy_association",
        "admin",
        {
            "count": count,
            "cluster_name": cluster.attribute("name"),
            "principal_arn": entry.attribute("principal_arn", "count.index"),
            "policy_arn": join("arn:", base.partition, f":eks::aws:cluster-access-policy/{DEFAULT_ADMINS}"),
            "access_scope": {"type": "cluster"},
        },
    )


@dataclass(frozen=True, slots=True)
class Pod:
    """A service account that gets a role: the file and name of the role's block, the ending of its name, and the account."""

    file: str
    name: str
    suffix: str
    namespace: str
    account: str


def pod_role(base: Foundation, cluster: Reference, pod: Pod) -> Reference:
    """Add the role that the pods of one service account in this cluster, and nothing else, can take."""
    trust: iam.Statement = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "StringEquals": {
                "aws:RequestTag/eks-cluster-arn": cluster.attribute("arn"),
                "aws:RequestTag/kubernetes-namespace": pod.namespace,
                "aws:RequestTag/kubernetes-service-account": pod.account,
            }
        },
    }
    return iam.role(base, pod.file, pod.name, pod.suffix, iam.document([trust]))


def associate(base: Foundation, cluster: Reference, pod: Pod, role: Reference) -> None:
    """Let the pods of a service account act as a role."""
    base.stack.resource(
        pod.file,
        "aws_eks_pod_identity_association",
        pod.name,
        {
            "cluster_name": cluster.attribute("name"),
            "namespace": pod.namespace,
            "service_account": pod.account,
            "role_arn": role.attribute("arn"),
        },
    )


def deploys(cluster: Reference) -> list[iam.Statement]:
    """Return what a workflow needs to find the cluster; what it may do inside is decided by cluster_admin_arns."""
    return [iam.allow(["eks:DescribeCluster"], cluster.attribute("arn"))]


def _variables() -> tuple[Variable, ...]:
    return (
        Variable(
            "cluster_version",
            "string",
            f"Kubernetes version of the cluster and of its nodes, as of {dated.AS_OF}. Raise it by one minor at a time.",
            dated.KUBERNETES,
            'can(regex("^1[.][0-9]{2}$", var.cluster_version))',
            "A Kubernetes minor such as 1.36.",
        ),
        Variable("cluster_deletion_protection", "bool", "Whether AWS refuses to delete the cluster.", default=True),
        Variable(
            "cluster_public_access_cidrs",
            "list(string)",
            "IPv4 ranges from which the Kubernetes API can be reached over the internet. Empty: from inside the VPC alone.",
            [],
            'alltrue([for cidr in var.cluster_public_access_cidrs : can(cidrnetmask(cidr)) && cidr != "0.0.0.0/0"])',
            "IPv4 ranges such as 203.0.113.0/24, and not the whole internet.",
        ),
        Variable(
            "cluster_admin_arns",
            "list(string)",
            "ARNs of the IAM roles that administer the cluster. Whoever applies this is none of them by that alone.",
            [],
            'alltrue([for arn in var.cluster_admin_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/", arn))])',
            "ARNs of IAM roles or users.",
        ),
        Variable(
            "node_instance_types",
            "list(string)",
            "Instance types of the nodes, the first one preferred.",
            ["m6i.large"],
            "length(var.node_instance_types) > 0",
            "At least one instance type.",
        ),
        Variable(
            "node_count_min",
            "number",
            "Nodes at the start, and the fewest that the autoscaler keeps.",
            2,
            "var.node_count_min >= 1",
            "At least one node.",
        ),
        Variable(
            "node_count_max",
            "number",
            "The most nodes that the autoscaler may start.",
            6,
            "var.node_count_max >= var.node_count_min",
            "At least as many as node_count_min.",
        ),
        Variable(
            "node_disk_size",
            "number",
            "Disk of a node for images and logs, in GiB.",
            50,
            "var.node_disk_size >= 20",
            "At least 20 GiB.",
        ),
    )
