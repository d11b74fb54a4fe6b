"""IAC011: a firewall of the cloud lets everybody on the internet at a store, a console for administration or every port."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.iac.blocks import Block, Folders, is_given, is_root, resources, terraform_folders, value_of
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location, Mapping, Node, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_STORES = {
    5432: "PostgreSQL",
    3306: "MySQL",
    1433: "SQL Server",
    1521: "Oracle",
    27017: "MongoDB",
    6379: "Redis",
    11211: "Memcached",
    9200: "Elasticsearch",
    9042: "Cassandra",
    5984: "CouchDB",
    2379: "etcd",
    5672: "RabbitMQ",
    9092: "Kafka",
    2375: "Docker",
    2376: "Docker",
}
_CONSOLES = {
    22: "SSH",
    3389: "RDP",
    2181: "ZooKeeper",
    5005: "a Java debugger",
    5601: "Kibana",
    8500: "Consul",
    8761: "Eureka",
    9090: "Prometheus",
    9229: "a Node.js debugger",
    15672: "RabbitMQ's console",
}
"""What people of the team and services alone need: logins to machines, registries, debuggers, consoles."""
_WORLD = regex(r"[\"'](?:0\.0\.0\.0/0|::/0|\*|Internet|any)[\"']")
_CIDR_BLOCKS = ("cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6")
_ALL_PROTOCOLS = frozenset({"-1", "all", "*"})
_UNSEEN = frozenset({"udp", "icmp", "icmpv6", "17", "1", "58"})
_WIDE = 1000
"""Ports of a range from which on it is everything and no service."""


@frozen
class Opening:
    """A range of ports that everybody reaches; `first` 0 with `last` 65535 is every port."""

    first: int
    last: int
    location: Location

    @property
    def is_wide(self) -> bool:
        """Whether it is everything and no service."""
        return self.last - self.first >= _WIDE

    def named(self) -> tuple[str, ...]:
        """Return what listens by habit on the ports, or the range where it holds nearly everything."""
        if self.is_wide:
            return ("every port" if self.first <= 1 and self.last >= 65535 else f"ports {self.first} to {self.last}",)
        every = _STORES | _CONSOLES
        return tuple(f"{every[port]} ({port})" for port in sorted(every) if self.first <= port <= self.last)

    @property
    def severity(self) -> Severity:
        """High where a store or everything is open."""
        holds_store = any(self.first <= port <= self.last for port in _STORES)
        return Severity.HIGH if self.is_wide or holds_store else Severity.MEDIUM


def _detect(project: Project) -> Iterator[Gap]:
    folders = terraform_folders(project)
    found: dict[str, list[Opening]] = {}
    for opening in (*terraform_openings(project, folders), *_cloudformation(project)):
        if opening.named():
            found.setdefault(opening.location.path.rpartition("/")[0], []).append(opening)
    for folder, openings in sorted(found.items()):
        yield _gap(folder, openings)


# --- Terraform --------------------------------------------------------------------------------------------------------


def terraform_openings(project: Project, folders: Folders) -> Iterator[Opening]:
    """Yield what the firewalls of Terraform open to everybody on the internet."""
    rules = [inner for group in resources(folders, "aws_security_group") for inner in group.blocks if inner.kind == "ingress"]
    rules += resources(folders, "aws_vpc_security_group_ingress_rule")
    rules += [rule for rule in resources(folders, "aws_security_group_rule") if _says(rule, "type") == "ingress"]
    for rule in rules:
        if any(_is_world(project, folders, rule, name) for name in _CIDR_BLOCKS):
            yield from _range(project, folders, rule)
    for wall in resources(folders, "google_compute_firewall"):
        incoming = (_says(wall, "direction") or "INGRESS") == "INGRESS"
        if incoming and _is_world(project, folders, wall, "source_ranges"):
            for allowed in (item for item in wall.blocks if item.kind == "allow"):
                yield from _listed_ports(allowed, "ports", _says(allowed, "protocol"))
    rules = [inner for group in resources(folders, "azurerm_network_security_group") for inner in group.blocks]
    for rule in (*rules, *resources(folders, "azurerm_network_security_rule")):
        says = (_says(rule, "access").lower(), _says(rule, "direction").lower())
        if says == ("allow", "inbound") and _is_world(project, folders, rule, "source_address_prefix"):
            yield from _listed_ports(rule, "destination_port_range", _says(rule, "protocol").lower())
            yield from _listed_ports(rule, "destination_port_ranges", _says(rule, "protocol").lower())


def _says(block: Block, name: str) -> str:
    attribute = block.get(name)
    return (attribute.literal or "") if attribute else ""


def _is_world(project: Project, folders: Folders, block: Block, name: str) -> bool:
    """Whether a list of addresses holds everybody, itself or as the default of a variable that nothing else sets."""
    attribute = block.get(name)
    if attribute is None:
        return False
    if not attribute.variable:
        return bool(_WORLD.search(attribute.expression))
    blocks = folders.get(block.folder, ())
    declared = next((item for item in blocks if item.kind == "variable" and item.type == attribute.variable), None)
    default = declared.get("default") if declared and is_root(blocks) else None
    return default is not None and bool(_WORLD.search(default.expression)) and not is_given(project, block, attribute.variable)


def _range(project: Project, folders: Folders, rule: Block) -> Iterator[Opening]:
    protocol = next((word for name in ("protocol", "ip_protocol") if (word := _says(rule, name))), "")
    if protocol in _UNSEEN:
        return
    first, last = (value_of(project, folders, rule, name) or "" for name in ("from_port", "to_port"))
    if protocol in _ALL_PROTOCOLS:
        yield Opening(0, 65535, rule.location)
    elif _is_port(first) and _is_port(last):
        yield Opening(int(first), int(last), rule.location)


def _listed_ports(block: Block, name: str, protocol: str) -> Iterator[Opening]:
    attribute = block.get(name)
    if protocol in _UNSEEN:
        return
    if attribute is None:
        if name == "ports" and protocol in {"tcp", "all"}:
            yield Opening(0, 65535, block.location)
        return
    for match in _PORTS.finditer(attribute.expression):
        if match["all"]:
            yield Opening(0, 65535, attribute.location)
        else:
            yield Opening(int(match["first"]), int(match["last"] or match["first"]), attribute.location)


_PORTS = regex(r"[\"'](?:(?P<all>\*)|(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?)[\"']")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5


# --- CloudFormation ---------------------------------------------------------------------------------------------------


def _cloudformation(project: Project) -> Iterator[Opening]:
    paths = {item.path for item in foreign_infrastructure(project) if item.kind == "cloudformation"}
    for document in project.documents if paths else ():
        listed = find(document.root, "Resources") if document.path in paths and not is_test_path(document.path) else None
        for entry in listed.entries if isinstance(listed, Mapping) else ():
            kind = text_of(find(entry.value, "Type"))
            if kind == "AWS::EC2::SecurityGroup":
                rules = find(entry.value, "Properties", "SecurityGroupIngress")
                for rule in rules.items if isinstance(rules, Sequence) else ():
                    yield from _ingress(rule)
            elif kind == "AWS::EC2::SecurityGroupIngress":
                yield from _ingress(find(entry.value, "Properties"))


def _ingress(rule: Node | None) -> Iterator[Opening]:
    sources = {text_of(find(rule, "CidrIp")), text_of(find(rule, "CidrIpv6"))}
    protocol = text_of(find(rule, "IpProtocol"))
    first, last = text_of(find(rule, "FromPort")), text_of(find(rule, "ToPort"))
    if rule is None or not sources & {"0.0.0.0/0", "::/0"} or protocol in _UNSEEN:
        return
    if protocol in _ALL_PROTOCOLS:
        yield Opening(0, 65535, rule.location)
    elif _is_port(first) and _is_port(last):
        yield Opening(int(first), int(last), rule.location)


# --- gaps -------------------------------------------------------------------------------------------------------------


def _gap(folder: str, openings: list[Opening]) -> Gap:
    names = tuple(dict.fromkeys(name for opening in openings for name in opening.named()))
    return RULE.gap(
        resource=folder or ".",
        subject="open-ports",
        message=f"The firewall lets everybody on the internet at {' and '.join(names)}: a password, or the next hole, is all "
        "that is between them and the machine.",
        expected="the addresses or the security group that need it; a session manager or a VPN for administration",
        actual="0.0.0.0/0",
        locations=tuple(dict.fromkeys(opening.location for opening in openings)),
        severity=max(opening.severity for opening in openings),
        environment=path_environment(openings[0].location.path),
    )


RULE = Rule(
    code="IAC011",
    name="port-open-to-the-world",
    layer=Layer.IAC,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Name the addresses or the security group that need the port; for administration use a session manager or a VPN "
            "and open none.",
        ),
    ),
    maps_to=("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_GCP_2", "CKV_AZURE_9", "CKV_AZURE_10"),
)
