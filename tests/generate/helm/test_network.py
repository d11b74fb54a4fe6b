"""Who reaches whom by the NetworkPolicies is who reaches whom under Compose, for every pair and for the internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaffold.model.compose import Stack, shared_network
from scaffold.plan.target import make_target
from scaffold.read.project import read_project
from tests.generate.helm import support
from tests.projects import EXAMPLES

COMPOSE = """\
services:
  edge: {image: "acme/a:1", ports: ["80:8080", "127.0.0.1:9000:9000"], networks: [front]}
  web: {image: "acme/b:1", expose: ["7000"], networks: [front, back]}
  worker: {image: "acme/c:1", networks: [back]}
  alone: {image: "acme/d:1"}
  store: {image: "mysql:8.4", ports: ["3306:3306"], networks: [back]}
networks: {front: , back: {internal: true}}
"""
INTERNET = "203.0.113.7"
LOAD_BALANCER = "10.0.3.4"


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def chosen(peers: list[dict[str, Any]] | None, other: dict[str, str] | None, address: str) -> bool:
    """Whether a list of peers names a pod of the same namespace (by labels) or an address outside."""
    if peers is None:
        return True
    for peer in peers:
        if (
            other is not None
            and "podSelector" in peer
            and "namespaceSelector" not in peer
            and matches(peer["podSelector"], other)
        ):
            return True
        if address and "ipBlock" in peer:
            block, ip = peer["ipBlock"], ipaddress.ip_address(address)
            inside = ip in ipaddress.ip_network(block["cidr"])
            if inside and not any(ip in ipaddress.ip_network(text) for text in block.get("except", ())):
                return True
    return False


def allowed(
    policies: list[dict[str, Any]],
    way: str,
    pod: dict[str, str],
    port: int,
    *,
    other: dict[str, str] | None = None,
    address: str = "",
) -> bool:
    """Whether policies let a pod receive (ingress) or send (egress): without a policy for the way, everything."""
    own = [item["spec"] for item in policies if matches(item["spec"]["podSelector"], pod)]
    limited = [spec for spec in own if way.capitalize() in spec["policyTypes"]]
    if not limited:
        return True
    for spec in limited:
        for rule in spec.get(way, ()):
            ports = rule.get("ports")
            open_port = ports is None or any(item.get("port") == port for item in ports)
            if open_port and chosen(rule.get("from" if way == "ingress" else "to"), other, address):
                return True
    return False


def assert_reachability(root: Path, tmp_path: Path, helm: str) -> int:
    project = read_project(root)
    target = make_target(project, ())
    found = support.objects(support.template(helm, support.write_chart(target, tmp_path / "out")))
    policies = [item for item in found if item["kind"] == "NetworkPolicy"]
    labels = {name: pod["metadata"]["labels"] for name, pod in support.pods(found)}
    stack = project.main_stack
    assert isinstance(stack, Stack)
    services = {item.name: stack.service(item.service) for item in target.workloads}
    for source, sender in services.items():
        for goal, receiver in services.items():
            assert sender is not None
            assert receiver is not None
            if source == goal:
                continue
            sends = allowed(policies, "egress", labels[source], 4321, other=labels[goal])
            receives = allowed(policies, "ingress", labels[goal], 4321, other=labels[source])
            assert (sends and receives) == shared_network(sender, receiver), (source, goal)
    for item in target.workloads:
        published = {port.port for port in item.ports if port.published} if item.kind != "stateful-set" else set()
        for port in {port.port for port in item.ports} | {1}:
            assert allowed(policies, "ingress", labels[item.name], port, address=LOAD_BALANCER) == (port in published)
            assert not allowed(policies, "ingress", labels[item.name], port, address=INTERNET)
        assert allowed(policies, "egress", labels[item.name], 587, address=INTERNET) == item.egress
        assert not allowed(policies, "egress", labels[item.name], 80, address="169.254.169.254")
    return len(services)


def test_networks_published_ports_and_internal_networks(
    make_project: Callable[..., Path], tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    assert assert_reachability(make_project({"compose.yaml": COMPOSE}, name="shop"), tmp_path, require_tool("helm")) == 5


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str, example: Callable[[str], Path], tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    assert assert_reachability(example(name), tmp_path, require_tool("helm"))


def test_only_users_of_a_store_reach_it(make_project: Callable[..., Path], tmp_path: Path, require_tool) -> None:
    compose = """\
        services:
          db: {image: "postgres:16", environment: {POSTGRES_PASSWORD: x}}
          web: {image: "acme/web:1", environment: {DATABASE_URL: "postgres://postgres:x@db/postgres"}}
          other: {image: "acme/other:1"}
    """
    target = make_target(read_project(make_project({"compose.yaml": compose}, name="shop")), ())
    found = support.objects(support.template(require_tool("helm"), support.write_chart(target, tmp_path / "out")))
    policies = [item for item in found if item["kind"] == "NetworkPolicy"]
    labels = {name: pod["metadata"]["labels"] for name, pod in support.pods(found)}
    reach = {name: allowed(policies, "egress", labels[name], 5432, address="10.1.2.3") for name in labels}
    assert reach == {"web": True, "other": False, "db-role": True}
