"""The load balancer in front of what Compose publishes: TLS alone, plain HTTP is sent there."""

from __future__ import annotations

from dataclasses import dataclass

from terraform import dated, names
from terraform.concerns.foundation import Foundation
from terraform.concerns.network import Door, Network, admit, security_group
from terraform.concerns.storage import Logs
from terraform.resource import Reference, Variable
from terraform.values import Expression, Value
from terraform.workload import Workload

FILE = "load_balancer.tf"


@dataclass(frozen=True, slots=True)
class Served:
    """One workload behind the load balancer: its target group, its port, and what has to be there before its service."""

    group: Reference
    port: int
    listeners: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Balancer:
    """The load balancer and what it serves, by workload."""

    reference: Reference
    targets: dict[str, Served]


def published(base: Foundation) -> tuple[Workload, ...]:
    """Return the services that the load balancer serves, the one in front first."""
    return tuple(
        workload
        for workload in base.plan.workloads
        if workload.kind == "service" and any(port.published for port in workload.ports)
    )


def build(base: Foundation, network: Network, application: Reference, logs: Logs | None) -> Balancer | None:
    """Add the load balancer where something is published."""
    workloads = published(base)
    if not workloads or logs is None:
        return None
    group = _group(base, network)
    reference = base.stack.resource(
        FILE,
        "aws_lb",
        "main",
        {
            "name": base.name,
            "load_balancer_type": "application",
            "subnets": network.public_subnets,
            "security_groups": [group.attribute("id")],
            "drop_invalid_header_fields": True,
            "enable_deletion_protection": base.variable(_protection()),
            "access_logs": {"bucket": logs.bucket.attribute("id"), "prefix": "load-balancer", "enabled": True},
            "depends_on": [logs.policy.whole],
        },
    )
    slugs = names.unique_slugs([workload.name for workload in workloads], 28)
    groups = {workload.name: _target_group(base, network, workload, slugs[workload.name]) for workload in workloads}
    _redirect(base, reference)
    listener = _listener(base, reference, groups[workloads[0].name])
    targets = {}
    for index, workload in enumerate(workloads):
        port = _port(workload)
        name = f"{names.identifier(slugs[workload.name])}_from_load_balancer"
        door = Door(FILE, name, "", "", port)
        admit(base, application, door, f"{workload.name} from the load balancer", group.attribute("id"))
        rule = (_rule(base, listener, groups[workload.name], workload, index),) if index else ()
        targets[workload.name] = Served(groups[workload.name], port, (listener, *rule))
    return Balancer(reference, targets)


def _port(workload: Workload) -> int:
    return next(port.port for port in workload.ports if port.published)


def _group(base: Foundation, network: Network) -> Reference:
    group = security_group(base, network, Door(FILE, "load_balancer", "load-balancer", "The load balancer", 0))
    everywhere: Value = "0.0.0.0/0"
    for port, name in ((80, "http"), (443, "https")):
        base.stack.resource(
            FILE,
            "aws_vpc_security_group_ingress_rule",
            name,
            {
                "security_group_id": group.attribute("id"),
                "description": f"{name.upper()} from the internet",
                "cidr_ipv4": everywhere,
                "ip_protocol": "tcp",
                "from_port": port,
                "to_port": port,
            },
        )
    base.stack.resource(
        FILE,
        "aws_vpc_security_group_egress_rule",
        "load_balancer",
        {
            "security_group_id": group.attribute("id"),
            "description": "To the tasks",
            "ip_protocol": "-1",
            "cidr_ipv4": Expression("var.vpc_cidr"),
        },
    )
    return group


def _target_group(base: Foundation, network: Network, workload: Workload, slug: str) -> Reference:
    return base.stack.resource(
        FILE,
        "aws_lb_target_group",
        names.identifier(slug),
        {
            "name_prefix": f"{slug[:5].rstrip('-')}-",
            "vpc_id": network.vpc.attribute("id"),
            "target_type": "ip",
            "protocol": "HTTP",
            "port": _port(workload),
            "deregistration_delay": str(min(workload.stop_seconds + 15, 300)),
            "health_check": {
                "path": workload.path or "/",
                # Where no path is known that answers 200, any answer but an error of the server counts.
                "matcher": "200-399" if workload.path else "200-499",
                "interval": 15,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            "lifecycle": {"create_before_destroy": True},
        },
    )


def _redirect(base: Foundation, reference: Reference) -> None:
    moved: Value = {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}
    listener: dict[str, Value] = {
        "load_balancer_arn": reference.attribute("arn"),
        "port": 80,
        "protocol": "HTTP",
        "default_action": [{"type": "redirect", "redirect": moved}],
    }
    base.stack.resource(FILE, "aws_lb_listener", "http", listener)


def _listener(base: Foundation, reference: Reference, group: Reference) -> Reference:
    return base.stack.resource(
        FILE,
        "aws_lb_listener",
        "https",
        {
            "load_balancer_arn": reference.attribute("arn"),
            "port": 443,
            "protocol": "HTTPS",
            "ssl_policy": dated.TLS_POLICY,
            "certificate_arn": Expression("var.certificate_arn"),
            "default_action": [{"type": "forward", "target_group_arn": group.attribute("arn")}],
        },
    )


def _rule(base: Foundation, listener: Reference, group: Reference, workload: Workload, index: int) -> Reference:
    """A second published service needs a host name of its own: Compose told them apart by port."""
    name = group.address.rpartition(".")[2]
    host = base.variable(
        Variable(
            f"{name}_host",
            "string",
            f"Host name at which the load balancer serves {workload.name}; the certificate has to hold it.",
            None,
            f'can(regex("^[a-z0-9.-]+$", var.{name}_host))',
            "A host name.",
        )
    )
    return base.stack.resource(
        FILE,
        "aws_lb_listener_rule",
        name,
        {
            "listener_arn": listener.attribute("arn"),
            "priority": index,
            "action": [{"type": "forward", "target_group_arn": group.attribute("arn")}],
            "condition": [{"host_header": {"values": [host]}}],
        },
    )


def _protection() -> Variable:
    return Variable(
        "load_balancer_deletion_protection", "bool", "Whether AWS refuses to delete the load balancer.", default=True
    )
