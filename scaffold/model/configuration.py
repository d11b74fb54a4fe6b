"""The user's scaffold.yaml, after validation."""

from __future__ import annotations

from scaffold.model.frozen import frozen
from scaffold.model.names import Layer, Role, Severity


@frozen
class Ignore:
    """One entry of `ignore:`: a rule, where it does not count, why, and until when (ISO date, "" for ever)."""

    code: str
    reason: str
    path: str = ""
    resource: str = ""
    until: str = ""


@frozen
class Configuration:
    """What scaffold.yaml says; every field has the value that counts when the file is absent."""

    project: str = ""
    region: str = "us-east-1"
    compute: str = "eks"
    redis: str = "elasticache"
    environments: tuple[str, ...] = ("staging", "production")
    roles: tuple[tuple[str, Role], ...] = ()
    ports: tuple[tuple[str, int], ...] = ()
    ignores: tuple[Ignore, ...] = ()
    external: frozenset[Layer] = frozenset()
    severities: tuple[tuple[str, Severity], ...] = ()
    production: tuple[str, ...] = ()
    """The compose files that production runs together, in order; empty where scaffold has to find out."""
    blueprints: str = ""
    max_yaml_bytes: int = 4 * 1024 * 1024
    """The size limit of one YAML file, in bytes."""
