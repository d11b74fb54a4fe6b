"""Who in the cluster may do what in AWS: the controllers that serve the chart, and each workload that needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terraform import names
from terraform.concerns import eks, iam, rds
from terraform.concerns.eks import Pod
from terraform.concerns.foundation import Foundation
from terraform.concerns.secrets import BuiltSecret
from terraform.resource import Reference
from terraform.values import Value, join

FILE = "identities.tf"
_ROLE_LENGTH = 30
"""IAM takes 64 characters; project and environment take 31 of them, hyphens and `pod` the rest."""
_BALANCER_KINDS = ("loadbalancer", "targetgroup", "listener", "listener-rule")
_BALANCER_CREATES = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
_TAGGED_CREATES = ["CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup"]
_LOOKS = [
    "acm:DescribeCertificate",
    "acm:ListCertificates",
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeCoipPools",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeIpamPools",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "ec2:GetCoipPoolUsage",
    "ec2:GetSecurityGroupsForVpc",
    "elasticloadbalancing:DescribeCapacityReservation",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeSSLPolicies",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DescribeTrustStores",
]
_BALANCER_CHANGES = [
    "elasticloadbalancing:AddListenerCertificates",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyListenerAttributes",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RegisterTargets",
    "elasticloadbalancing:RemoveListenerCertificates",
    "elasticloadbalancing:RemoveTags",
    "elasticloadbalancing:SetIpAddressType",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
]


@dataclass(frozen=True, slots=True)
class Material:
    """What roles give access to."""

    vpc: Reference
    key: Reference
    secrets: tuple[BuiltSecret, ...]
    databases: tuple[rds.Database, ...]
    buckets: Mapping[str, Reference]


def build(base: Foundation, cluster: Reference, material: Material) -> dict[str, Reference]:
    """Add the roles of the controllers and of the workloads, and return the latter's by workload."""
    _secrets_operator(base, cluster, material)
    _load_balancers(base, cluster, material.vpc)
    _autoscaler(base, cluster)
    return {name: _workload(base, cluster, material, name, purposes) for name, purposes in base.plan.bucket_users.items()}


def _controller(base: Foundation, cluster: Reference, pod: Pod, statements: list[iam.Statement]) -> None:
    role = eks.pod_role(base, cluster, pod)
    iam.grant(base, FILE, pod.name, role, statements)
    eks.associate(base, cluster, pod, role)


def _secrets_operator(base: Foundation, cluster: Reference, material: Material) -> None:
    """It reads what the chart names, and the masters' for the job that makes the application's role: no others."""
    arns: list[Value] = [secret.reference.attribute("arn") for secret in material.secrets if not secret.plan.host]
    arns += [rds.master_secret(database.instance) for database in material.databases]
    if not arns:
        return
    reads = iam.allow(["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], arns)
    pod = Pod(FILE, "external_secrets", "external-secrets", "external-secrets", "external-secrets")
    _controller(base, cluster, pod, [reads, iam.decrypt_through(base, "secretsmanager", material.key)])


def _autoscaler(base: Foundation, cluster: Reference) -> None:
    looks = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    node_groups = iam.arn(base, "eks", join("nodegroup/", base.name, "/*"))
    own: Value = {"StringEquals": {"aws:ResourceTag/eks:cluster-name": cluster.attribute("name")}}
    groups = iam.arn(base, "autoscaling", "autoScalingGroup:*")
    sizes = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    statements = [
        iam.allow(looks, "*"),
        iam.allow(["eks:DescribeNodegroup"], node_groups),
        iam.allow(sizes, groups, own),
    ]
    pod = Pod(FILE, "cluster_autoscaler", "cluster-autoscaler", "kube-system", "cluster-autoscaler")
    _controller(base, cluster, pod, statements)


def _load_balancers(base: Foundation, cluster: Reference, vpc: Reference) -> None:
    """The AWS Load Balancer Controller tags what it makes, and changes nothing that another cluster made."""
    tag = "elbv2.k8s.aws/cluster"
    name = cluster.attribute("name")
    asked: dict[str, Value] = {f"aws:RequestTag/{tag}": name}
    owned: Value = {"StringEquals": {f"aws:ResourceTag/{tag}": name}}
    groups = iam.arn(base, "ec2", "security-group/*")
    balancers: list[Value] = [iam.arn(base, "elasticloadbalancing", f"{kind}/*") for kind in _BALANCER_KINDS]
    linked: Value = {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}
    role = join("arn:", base.partition, ":iam::", base.account, ":role/aws-service-role/elasticloadbalancing.amazonaws.com/*")
    statements = [
        iam.allow(_LOOKS, "*"),
        iam.allow(["iam:CreateServiceLinkedRole"], role, linked),
        iam.allow(["ec2:CreateSecurityGroup"], [groups, vpc.attribute("arn")]),
        iam.allow(["ec2:CreateTags"], groups, {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup", **asked}}),
        iam.allow(["ec2:CreateTags", "ec2:DeleteTags", "ec2:DeleteSecurityGroup"], groups, owned),
        # The rules of the nodes' group change too, so that a balancer reaches the pods.
        iam.allow(
            ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
            groups,
            {"ArnEquals": {"ec2:Vpc": vpc.attribute("arn")}},
        ),
        iam.allow(_BALANCER_CREATES, balancers, {"StringEquals": asked}),
        iam.allow(
            ["elasticloadbalancing:AddTags"],
            balancers,
            {"StringEquals": {"elasticloadbalancing:CreateAction": _TAGGED_CREATES, **asked}},
        ),
        iam.allow(_BALANCER_CHANGES, balancers, owned),
    ]
    pod = Pod(FILE, "load_balancer_controller", "load-balancer", "kube-system", "aws-load-balancer-controller")
    _controller(base, cluster, pod, statements)


def _workload(base: Foundation, cluster: Reference, material: Material, name: str, purposes: tuple[str, ...]) -> Reference:
    suffix = names.unique_slugs(base.plan.bucket_users, _ROLE_LENGTH)[name]
    pod = Pod(FILE, f"pod_{names.identifier(suffix)}", f"pod-{suffix}", base.plan.app, name)
    role = eks.pod_role(base, cluster, pod)
    statements = [statement for purpose in purposes for statement in iam.bucket_access(material.buckets[purpose])]
    uses = iam.decrypt_through(base, "s3", material.key, ["kms:Decrypt", "kms:GenerateDataKey"])
    iam.grant(base, FILE, pod.name, role, [*statements, uses])
    eks.associate(base, cluster, pod, role)
    return role
