"""The VPC: public subnets for what faces the internet, private ones for what runs, isolated ones for the data."""

from __future__ import annotations

from dataclasses import dataclass

from terraform.concerns import iam
from terraform.concerns.foundation import Foundation, log_group
from terraform.resource import Reference, Variable
from terraform.values import Expression, Value, join

FILE = "network.tf"
_COUNT = Expression("length(var.availability_zones)")
_INDEX = Expression("count.index")
_FIRST_ZONES = {"ap-northeast-1": "ac", "us-west-1": "ac"}
"""Regions where newer accounts do not see a zone with the letter b."""


@dataclass(frozen=True, slots=True)
class Network:
    """What other concerns attach to."""

    vpc: Reference
    public_subnets: Expression
    private_subnets: Expression
    data_subnets: Expression
    data_subnet: Expression
    """One of them, inside a block that is counted by zone."""


def build(base: Foundation, key: Reference) -> Network:
    """Add the network and its flow log."""
    for variable in _variables(base.plan.region):
        base.variable(variable)
    vpc = _vpc(base)
    gateway = base.stack.resource(
        FILE, "aws_internet_gateway", "main", {"vpc_id": vpc.attribute("id"), "tags": {"Name": base.name}}
    )
    public = _subnets(base, vpc, "public", "cidrsubnet(var.vpc_cidr, 8, 240 + count.index)")
    private = _subnets(base, vpc, "private", "cidrsubnet(var.vpc_cidr, 4, count.index)")
    data = _subnets(base, vpc, "data", "cidrsubnet(var.vpc_cidr, 8, 200 + count.index)")
    nat = _nat(base, public, gateway)
    tables = _routes(base, vpc, gateway, nat)
    for kind, subnets in (("public", public), ("private", private), ("data", data)):
        _associate(base, kind, subnets, tables[kind])
    _endpoint(base, vpc, tables)
    _flow_log(base, vpc, key)
    return Network(
        vpc=vpc,
        public_subnets=public.attribute("id", "*"),
        private_subnets=private.attribute("id", "*"),
        data_subnets=data.attribute("id", "*"),
        data_subnet=data.attribute("id", "count.index"),
    )


def _variables(region: str) -> tuple[Variable, ...]:
    letters = _FIRST_ZONES.get(region, "ab")
    return (
        Variable(
            "vpc_cidr",
            "string",
            "IPv4 range of the VPC. It must not overlap with networks that are to be peered.",
            "10.0.0.0/16",
            'can(cidrnetmask(var.vpc_cidr)) && can(regex("/(16|17|18|19|20)$", var.vpc_cidr))',
            "An IPv4 range with a prefix from /16 to /20.",
        ),
        Variable(
            "availability_zones",
            "list(string)",
            "Zones to use (`aws ec2 describe-availability-zones` lists yours). Named here, so that a new zone moves nothing.",
            [f"{region}{letter}" for letter in letters],
            "length(var.availability_zones) >= 2 && length(var.availability_zones) <= 4 && "
            "alltrue([for zone in var.availability_zones : startswith(zone, var.region)])",
            "2 to 4 zones of var.region; RDS and ElastiCache want subnets in at least two.",
        ),
        Variable(
            "nat_gateway_count",
            "number",
            "NAT gateways, billed by the hour: one for each zone keeps the loss of a zone local, a single one costs less.",
            2,
            "var.nat_gateway_count >= 1 && var.nat_gateway_count <= length(var.availability_zones)",
            "From 1 to the number of zones.",
        ),
    )


def _vpc(base: Foundation) -> Reference:
    vpc = base.stack.resource(
        FILE,
        "aws_vpc",
        "main",
        {
            "cidr_block": Expression("var.vpc_cidr"),
            "enable_dns_support": True,
            "enable_dns_hostnames": True,
            "tags": {"Name": base.name},
        },
    )
    tags: Value = {"Name": base.named("default-unused")}
    base.stack.resource(FILE, "aws_default_security_group", "main", {"vpc_id": vpc.attribute("id"), "tags": tags})
    return vpc


def _subnets(base: Foundation, vpc: Reference, kind: str, cidr: str) -> Reference:
    roles = {"public": "kubernetes.io/role/elb", "private": "kubernetes.io/role/internal-elb"}
    load_balancers: dict[str, Value] = {roles[kind]: "1"} if base.plan.compute == "eks" and kind in roles else {}
    return base.stack.resource(
        FILE,
        "aws_subnet",
        kind,
        {
            "count": _COUNT,
            "vpc_id": vpc.attribute("id"),
            "availability_zone": Expression("var.availability_zones[count.index]"),
            "cidr_block": Expression(cidr),
            "map_public_ip_on_launch": False,
            "tags": {"Name": join(base.name, f"-{kind}-", _INDEX), **load_balancers},
        },
    )


def _nat(base: Foundation, public: Reference, gateway: Reference) -> Reference:
    count = Expression("var.nat_gateway_count")
    name: Value = {"Name": join(base.name, "-nat-", _INDEX)}
    address = base.stack.resource(FILE, "aws_eip", "nat", {"count": count, "domain": "vpc", "tags": name})
    return base.stack.resource(
        FILE,
        "aws_nat_gateway",
        "main",
        {
            "count": count,
            "allocation_id": address.attribute("id", "count.index"),
            "subnet_id": public.attribute("id", "count.index"),
            "tags": name,
            "depends_on": [gateway.whole],
        },
    )


def _routes(base: Foundation, vpc: Reference, gateway: Reference, nat: Reference) -> dict[str, Reference]:
    stack, vpc_id = base.stack, vpc.attribute("id")
    public = stack.resource(FILE, "aws_route_table", "public", {"vpc_id": vpc_id, "tags": {"Name": base.named("public")}})
    private = stack.resource(
        FILE,
        "aws_route_table",
        "private",
        {"count": _COUNT, "vpc_id": vpc_id, "tags": {"Name": join(base.name, "-private-", _INDEX)}},
    )
    data = stack.resource(FILE, "aws_route_table", "data", {"vpc_id": vpc_id, "tags": {"Name": base.named("data")}})
    everywhere = "0.0.0.0/0"
    stack.resource(
        FILE,
        "aws_route",
        "public",
        {
            "route_table_id": public.attribute("id"),
            "destination_cidr_block": everywhere,
            "gateway_id": gateway.attribute("id"),
        },
    )
    stack.resource(
        FILE,
        "aws_route",
        "private",
        {
            "count": _COUNT,
            "route_table_id": private.attribute("id", "count.index"),
            "destination_cidr_block": everywhere,
            "nat_gateway_id": nat.attribute("id", "min(count.index, var.nat_gateway_count - 1)"),
        },
    )
    return {"public": public, "private": private, "data": data}


def _associate(base: Foundation, kind: str, subnets: Reference, table: Reference) -> None:
    base.stack.resource(
        FILE,
        "aws_route_table_association",
        kind,
        {
            "count": _COUNT,
            "subnet_id": subnets.attribute("id", "count.index"),
            "route_table_id": table.attribute("id", "count.index" if kind == "private" else ""),
        },
    )


def _endpoint(base: Foundation, vpc: Reference, tables: dict[str, Reference]) -> None:
    """The gateway endpoint of S3 is free, and images and backups then do not pay for NAT."""
    private = tables["private"].attribute("id", "*").code
    others = ", ".join(tables[kind].attribute("id").code for kind in ("public", "data"))
    base.stack.resource(
        FILE,
        "aws_vpc_endpoint",
        "s3",
        {
            "vpc_id": vpc.attribute("id"),
            "service_name": join("com.amazonaws.", base.region, ".s3"),
            "vpc_endpoint_type": "Gateway",
            "route_table_ids": Expression(f"concat([{others}], {private})"),
            "tags": {"Name": base.named("s3")},
        },
    )


def _flow_log(base: Foundation, vpc: Reference, key: Reference) -> None:
    group = log_group(base, FILE, "flow_log", join("/aws/vpc/", base.name, "/flow-log"), key)
    role = iam.role(base, FILE, "flow_log", "flow-log", iam.service_trust(base, "vpc-flow-logs.amazonaws.com"))
    writes = ["logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    iam.grant(base, FILE, "flow_log", role, [iam.allow(writes, [group.attribute("arn"), join(group.attribute("arn"), ":*")])])
    base.stack.resource(
        FILE,
        "aws_flow_log",
        "main",
        {
            "vpc_id": vpc.attribute("id"),
            "traffic_type": "ALL",
            "log_destination": group.attribute("arn"),
            "iam_role_arn": role.attribute("arn"),
            "tags": {"Name": base.name},
        },
    )


@dataclass(frozen=True, slots=True)
class Door:
    """A security group to be built: the file and name of its block, the ending of its name, and the port that it opens."""

    file: str
    name: str
    suffix: str
    description: str
    port: int


def store_group(base: Foundation, network: Network, application: Expression, door: Door) -> Reference:
    """Add a security group that lets what runs the application, and nothing else, reach a store on its port."""
    group = security_group(base, network, door)
    admit(base, group, door, "From the application", application)
    return group


def security_group(base: Foundation, network: Network, door: Door) -> Reference:
    """Add a security group without rules."""
    arguments: dict[str, Value] = {
        "name": base.named(door.suffix),
        "description": door.description,
        "vpc_id": network.vpc.attribute("id"),
        "tags": {"Name": base.named(door.suffix)},
    }
    return base.stack.resource(door.file, "aws_security_group", door.name, arguments)


def admit(base: Foundation, group: Reference, door: Door, description: str, source: Expression) -> None:
    """Let the members of the security group `source` reach those of another on the door's port."""
    base.stack.resource(
        door.file,
        "aws_vpc_security_group_ingress_rule",
        door.name,
        {
            "security_group_id": group.attribute("id"),
            "description": description,
            "referenced_security_group_id": source,
            "ip_protocol": "tcp",
            "from_port": door.port,
            "to_port": door.port,
        },
    )
