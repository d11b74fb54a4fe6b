"""Load balancers of AWS in code that hand requests from the internet on over plain HTTP, with nothing in code that ends TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import path_environment
from scaffold.gaps.iac.blocks import Block, Folders, resources, terraform_folders, value_of
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Project
from scaffold.model.regex import regex

_BALANCERS = ("aws_lb", "aws_alb")
_LISTENERS = ("aws_lb_listener", "aws_alb_listener")
_ENDS_TLS = regex(
    r"(?:aws_cloudfront|aws_acm|aws_globalaccelerator|aws_apigatewayv2|cloudflare|tls|acme)_\w+|aws_a?lb_listener_certificate"
)
"""Types of resources by which TLS ends before a load balancer, or a certificate for it is there."""
_RULES = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule")
_EVERYBODY = "/0"
_PLAIN = "HTTP"
_WRITES_TLS = regex(
    r"\bcertificate_arn\b|\bHTTPS\b|\bcloudfront\b", re.IGNORECASE, words=("certificate_arn", "https", "cloudfront")
)
"""What modules of others are given where they add the listener with TLS."""


_ADDRESS = regex(r"(?P<address>[^.\[]+\.[^.\[]+)[.\[]")


@frozen
class PlainBalancer:
    """A load balancer that the internet reaches, and its listener that forwards what comes over plain HTTP."""

    name: str
    location: Location
    listener: Location


def plain_balancers(project: Project) -> Iterator[PlainBalancer]:
    """Yield each load balancer open to the internet all of whose listeners are plain and one of which forwards."""
    folders = terraform_folders(project)
    if any(_ends_tls(block) for blocks in folders.values() for block in blocks):
        return
    listeners: dict[tuple[str, str], list[Block]] = {}
    for item in resources(folders, *_LISTENERS):
        listeners.setdefault((item.folder, _balancer_of(item)), []).append(item)
    for balancer in resources(folders, *_BALANCERS):
        forwarding = [item for item in listeners.get((balancer.folder, balancer.address), ()) if _forwards(item)]
        tried = path_environment(balancer.location.path) in TRIED
        if forwarding and not tried and _is_open(project, folders, balancer):
            yield PlainBalancer(balancer.labels[1], balancer.location, forwarding[0].location)


def _ends_tls(block: Block) -> bool:
    """Whether a block ends TLS, holds a certificate, or is a listener of which that is not known."""
    if block.kind == "resource" and block.type in _LISTENERS:
        protocol = block.get("protocol")
        return protocol is None or protocol.literal != _PLAIN
    if block.kind == "module":
        return any(_WRITES_TLS.search(item.name) or _WRITES_TLS.search(item.expression) for item in block.attributes)
    return block.kind in {"resource", "data"} and bool(_ENDS_TLS.fullmatch(block.type))


def _balancer_of(listener: Block) -> str:
    """Return the address of the load balancer that a listener names, "" where it names none by its address."""
    of = listener.get("load_balancer_arn")
    match = _ADDRESS.match(of.expression) if of is not None else None
    return match["address"] if match else ""


def _forwards(listener: Block) -> bool:
    action = listener.inner("default_action")
    kind = action.get("type") if action else None
    return kind is not None and kind.literal == "forward"


def _is_open(project: Project, folders: Folders, balancer: Block) -> bool:
    """Whether the internet reaches an application's load balancer, by what the code says or leaves to the provider."""
    internal = value_of(project, folders, balancer, "internal")
    kind = value_of(project, folders, balancer, "load_balancer_type")
    return internal in {"", "false"} and kind in {"", "application"} and not _is_walled(folders, balancer)


def _is_walled(folders: Folders, balancer: Block) -> bool:
    """Whether the security groups of a load balancer name whom they let in, and nothing there is open to everybody."""
    named = balancer.get("security_groups")
    groups = [
        group.address
        for group in resources(folders, "aws_security_group")
        if named is not None and group.folder == balancer.folder and f"{group.address}." in named.expression
    ]
    sources = [
        inner
        for group in resources(folders, "aws_security_group")
        if group.folder == balancer.folder and group.address in groups
        for inner in group.blocks
        if inner.kind == "ingress"
    ]
    sources += [rule for rule in resources(folders, *_RULES) if rule.folder == balancer.folder and _lets_in(rule, groups)]
    return bool(sources) and not any(_EVERYBODY in item.expression for source in sources for item in source.attributes)


def _lets_in(rule: Block, groups: list[str]) -> bool:
    of, kind = rule.get("security_group_id"), rule.get("type")
    is_way_out = kind is not None and kind.literal == "egress"
    return of is not None and not is_way_out and any(f"{group}." in of.expression for group in groups)
