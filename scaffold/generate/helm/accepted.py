"""The checks of checkov that a workload does not follow, each with its reason, from one table that the documentation shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from scaffold.model.frozen import frozen
from scaffold.model.values import ImageReference
from scaffold.model.workload import Workload
from scaffold.resources import package_file

_HIGH_USER = 10000
"""The lowest number of a user that no user of the nodes has (CKV_K8S_40)."""


@frozen
class AcceptedCheck:
    """One check: `scope` names the property of a workload by which it fails there."""

    id: str
    scope: str
    reason: str
    source: str


def load() -> tuple[AcceptedCheck, ...]:
    """Return the table."""
    text = package_file("generate", "helm", "accepted_checks.json").read_text(encoding="utf-8")
    return tuple(AcceptedCheck(**row) for row in json.loads(text)["checks"])


def accepted_at(workload: Workload) -> dict[str, str]:
    """Return the annotations that tell checkov, by the name behind `checkov.io/`: only checks that fail at this workload."""
    found = [check for check in load() if check.scope in _SCOPES and _SCOPES[check.scope](workload)]
    return {f"skip{number}": f"{check.id}={_reason(check, workload)}" for number, check in enumerate(found, 1)}


def _reason(check: AcceptedCheck, workload: Workload) -> str:
    """Return the reason; why capabilities come back depends on the image, which the plan has looked at."""
    why = workload.security.reason if check.scope == "added capabilities" else ""
    return f"{check.reason}: {why}" if why else check.reason


def accepted_for_roles() -> dict[str, str]:
    """Return the annotations of the jobs that make the application's roles."""
    found = [check for check in load() if check.scope in {"no cpu limit", "secrets in the environment"}]
    return {f"skip{number}": f"{check.id}={check.reason}" for number, check in enumerate(found, 1)}


def accepted_for_backup(images: tuple[str, ...], user: int) -> dict[str, str]:
    """Return the annotations of a job of the backups that pulls these images and runs as `user`."""
    found = [check for check in load() if check.scope == "no cpu limit" or _holds(check.scope, images, user)]
    return {f"skip{number}": f"{check.id}={check.reason}" for number, check in enumerate(found, 1)}


def _holds(scope: str, images: tuple[str, ...], user: int) -> bool:
    return scope in _BACKUP_SCOPES and _BACKUP_SCOPES[scope](tuple(map(_tag_of, images)), user)


_BACKUP_SCOPES: dict[str, Callable[[tuple[str, ...], int], bool]] = {
    "backup as the owner of files": lambda _, user: user < _HIGH_USER,
    "backup as root": lambda _, user: user == 0,
    "backup image by tag": lambda tags, _: any(tags),
    "backup image by a moving tag": lambda tags, _: "latest" in tags,
}


def _serves(workload: Workload) -> bool:
    return workload.kind != "job"


def _has_secrets(workload: Workload) -> bool:
    return any(piece.kind == "secret" for variable in workload.environment for piece in variable.value) or any(
        wait.kind == "login" for wait in workload.waits
    )


def _low_user(workload: Workload) -> bool:
    return workload.security.user is None or workload.security.user < _HIGH_USER


def _tag(workload: Workload) -> str:
    return _tag_of(workload.image)


def _tag_of(text: str) -> str:
    image = ImageReference.parse(text) if text else None
    return "" if image is None or image.digest else image.tag or "latest"


_SCOPES: dict[str, Callable[[Workload], bool]] = {
    "no liveness probe": lambda workload: _serves(workload) and workload.probes.liveness is None,
    "no readiness probe": lambda workload: _serves(workload) and workload.probes.readiness is None,
    "no cpu limit": lambda workload: not workload.resources.cpu_limit or bool(workload.waits),
    "secrets in the environment": _has_secrets,
    "user below 10000": _low_user,
    "may run as root": lambda workload: not workload.security.non_root,
    "writable root": lambda workload: not workload.security.read_only_root,
    "added capabilities": lambda workload: bool(workload.security.add_capabilities),
    "no digest": lambda workload: bool(_tag(workload)),
    "moving tag": lambda workload: _tag(workload) == "latest",
}


def conditions() -> Iterator[str]:
    """Yield every scope that the table may name."""
    yield from _SCOPES
    yield from _BACKUP_SCOPES
