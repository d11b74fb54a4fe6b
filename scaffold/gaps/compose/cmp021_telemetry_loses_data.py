"""CMP021: what logs, traces or dashboards are kept in goes with the container that keeps them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_FOLDERS = {
    "grafana/loki": "/loki",
    "grafana/tempo": "/var/tempo",
    "grafana/grafana": "/var/lib/grafana",
    "grafana/grafana-oss": "/var/lib/grafana",
}
"""Where images that declare no volume of their own (as Prometheus does) keep what they collect by their settings."""
_ELSEWHERE = regex(r"\b(?:s3|gcs|azure|swift|bos|cos|alibabacloud|GF_DATABASE_(?:TYPE|URL))\b")
"""Words of settings that keep it somewhere else."""


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found = {service.name: service for service in stack.services if _loses(project, service)}
    if not found:
        return
    names = " and ".join(found)
    folders = " and ".join(dict.fromkeys(_folder(service) for service in found.values()))
    lack = "has no volume for what it collects" if len(found) == 1 else "have no volume for what they collect"
    has_logs = any(_folder(service) == "/loki" for service in found.values())
    yield RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="volumes/telemetry",
        message=f"{names} {lack}: that goes with the container, at the next update of the image or changed setting, just when "
        "somebody wants to look back.",
        expected=f"a named volume where the data is (by the images' own settings {folders})",
        actual="no volume",
        locations=tuple(service.image_location or service.location for service in found.values()),
        severity=Severity.MEDIUM if has_logs else Severity.LOW,
        environment=stack.environment,
    )


def _folder(service: Service) -> str:
    return _FOLDERS.get(service.image.repository, "") if service.image and not service.build else ""


def _loses(project: Project, service: Service) -> bool:
    """Whether no mount of a service can be where it keeps its data, and no setting puts that elsewhere."""
    if not _folder(service) or service.env_files or any(_may_hold(project, mount) for mount in service.mounts):
        return False
    texts = [*(service.entrypoint or ()), *(service.command or ()), *(entry.name for entry in service.environment)]
    paths = {mount.resolved for mount in service.mounts}
    texts += [item.data.decode("utf-8", "replace") for item in project.mounted if item.path in paths]
    return not any(_ELSEWHERE.search(text) for text in texts)


def _may_hold(project: Project, mount: Mount) -> bool:
    """Whether a mount is no file or folder of the repository: a named volume, tmpfs on purpose, or a folder of the host."""
    if mount.kind != "bind":
        return mount.kind == "tmpfs" or bool(mount.source)
    return mount.resolved is None or not project.exists(mount.resolved)


RULE = Rule(
    code="CMP021",
    name="telemetry-loses-data",
    layer=Layer.COMPOSE,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(None, "advice", "Mount a named volume at each of the folders, and set how long is kept."),),
)
