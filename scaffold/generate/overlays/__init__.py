"""Renders compose.hardening.yaml: limits, rotation, restarts and fewer rights for the services of the base set."""

from __future__ import annotations

from typing import Any

from scaffold.generate.emit import to_yaml
from scaffold.model.artifact import Artifact, Rendering
from scaffold.model.hardening import HardeningPlan, ServiceHardening
from scaffold.model.names import Room
from scaffold.model.target import Target

_ROTATION = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}


def render(target: Target) -> Rendering:
    """Return the overlay; nothing when the base set lacks nothing."""
    plan = target.hardening
    if plan is None:
        return Rendering()
    version = {"version": plan.version} if plan.version else {}
    document = {**version, "services": {item.service: _service(item) for item in plan.services}}
    return Rendering(
        (Artifact(plan.overlay, to_yaml(document, _header(plan)), Room.OVERLAYS, target.closed_by(Room.OVERLAYS)),)
    )


def _header(plan: HardeningPlan) -> str:
    lines = [
        "Hardening for the services of the base files, which name what is not repeated here. It is part of the production set.",
        "Memory limits are ceilings that keep one service from taking the host down, not sizes: before the first start compare",
        "them with what `docker stats` shows under load, and change them here (a later `scaffold generate` keeps your change).",
    ]
    if plan.swarm:
        lines[0] = "Hardening for the services of the base files, as `docker stack deploy` takes it: with -c behind them."
    groups: dict[str, list[str]] = {}
    for item in plan.services:
        for reason in item.reasons:
            groups.setdefault(reason, []).append(item.service)
    lines += [f"{', '.join(names)}: {reason}." for reason, names in groups.items()]
    return "\n".join(lines)


def _service(item: ServiceHardening) -> dict[str, Any]:
    node: dict[str, Any] = {}
    if item.restart:
        node["restart"] = item.restart
    if item.init:
        node["init"] = True
    if item.stop_grace_period:
        node["stop_grace_period"] = item.stop_grace_period
    if item.environment:
        node["environment"] = dict(item.environment)
    return {**node, **_rights(item), **_limits(item)}


def _rights(item: ServiceHardening) -> dict[str, Any]:
    node: dict[str, Any] = {}
    if item.no_new_privileges:
        node["security_opt"] = ["no-new-privileges:true"]
    if item.drop_capabilities:
        node["cap_drop"] = ["ALL"]
    if item.keep_capabilities:
        node["cap_add"] = list(item.keep_capabilities)
    if item.read_only:
        node["read_only"] = True
    if item.tmpfs:
        node["tmpfs"] = list(item.tmpfs)
    return node


def _limits(item: ServiceHardening) -> dict[str, Any]:
    node: dict[str, Any] = {}
    limits = {key: value for key, value in (("cpus", item.cpus), ("memory", item.memory)) if value}
    if item.cpu_shares:
        node["cpu_shares"] = item.cpu_shares
    if limits:
        node["deploy"] = {"resources": {"limits": limits}}
    if item.rotation:
        node["logging"] = _ROTATION
    return node
