"""What a .dockerignore leaves out of a build context."""

from __future__ import annotations

from scaffold.model.frozen import frozen


@frozen
class IgnoreGroup:
    """Patterns of a .dockerignore with the reason that stands above them."""

    reason: str
    patterns: tuple[str, ...]


@frozen
class DockerignorePlan:
    """One .dockerignore, beside the files of a build context."""

    path: str
    groups: tuple[IgnoreGroup, ...]
