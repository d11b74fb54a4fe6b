"""What of a monitoring stack the project runs already: services by their image, and where their files come from."""

from __future__ import annotations

import json
import posixpath
import re

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Mapping, Node, Scalar, Sequence
from scaffold.model.monitoring import ComponentKind
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import Project, PrometheusConfig
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import url_password
from scaffold.model.values import ImageReference

_IMAGES: tuple[tuple[ComponentKind, re.Pattern[str]], ...] = (
    (ComponentKind.POSTGRES_EXPORTER, re.compile(r"postgres[-_]exporter$")),
    (ComponentKind.REDIS_EXPORTER, re.compile(r"redis[-_]exporter$")),
    (ComponentKind.CELERY_EXPORTER, re.compile(r"celery[-_](?:prometheus[-_])?exporter$")),
    (ComponentKind.BLACKBOX, re.compile(r"blackbox[-_]exporter$")),
    (ComponentKind.NODE_EXPORTER, re.compile(r"node[-_]exporter$")),
    (ComponentKind.CADVISOR, re.compile(r"(?:^|/)cadvisor$")),
    (ComponentKind.ALERTMANAGER, re.compile(r"(?:^|/)alertmanager$")),
    (ComponentKind.PROMETHEUS, re.compile(r"(?:^|/)prometheus$")),
    (ComponentKind.GRAFANA, re.compile(r"(?:^|/)grafana(?:-oss|-enterprise)?$")),
    (ComponentKind.LOKI, re.compile(r"(?:^|/)loki$")),
    (ComponentKind.ALLOY, re.compile(r"(?:^|/)(?:alloy|promtail|grafana-agent|agent)$")),
)
_OTHER_LOGS = regex(
    r"(?:^|/)(?:fluent-bit|fluentd|vector|logstash|filebeat|graylog|victoria-?logs|datadog/agent|openobserve|seq)$"
)
_OTHER_METRICS = regex(r"(?:^|/)(?:victoria-metrics|vmagent|datadog/agent|newrelic/infrastructure|netdata|zabbix-.*)$")
_MAX_CARRIED = 200_000


def image_of(project: Project, service: Service) -> ImageReference | None:
    """Return the image that a service runs, for a built one that of its last stage's base."""
    if not service.build:
        return service.image
    dockerfile = project.image_of(service)
    stage = dockerfile.stage(service.build.target) if dockerfile else None
    return ImageReference.parse(stage.base) if stage and stage.base else service.image


def kind_of(project: Project, service: Service) -> ComponentKind | None:
    """Return which program of a monitoring stack a service is, or None."""
    image = image_of(project, service)
    if image is None:
        return None
    return next((kind for kind, pattern in _IMAGES if pattern.search(image.repository)), None)


def has_other_logs(project: Project, stack: Stack) -> bool:
    """Whether the stack ships logs with something else than Loki."""
    return _any_image(project, stack, _OTHER_LOGS)


def has_other_metrics(project: Project, stack: Stack) -> bool:
    """Whether the stack measures with something else than Prometheus."""
    return _any_image(project, stack, _OTHER_METRICS)


def _any_image(project: Project, stack: Stack, pattern: re.Pattern[str]) -> bool:
    images = [image_of(project, service) for service in stack.services]
    return any(image is not None and pattern.search(image.repository) for image in images)


def host_path(service: Service, container_path: str) -> str | None:
    """Return the path in the project that a bind shows at `container_path`, or None when no bind covers it."""
    best: tuple[int, str] | None = None
    for mount in service.mounts:
        target = mount.target.rstrip("/")
        inside = container_path == target or container_path.startswith(f"{target}/")
        if mount.kind == "bind" and inside and mount.resolved is not None and (best is None or len(target) > best[0]):
            best = (len(target), posixpath.normpath(mount.resolved + container_path[len(target) :]))
    return best[1] if best else None


def configuration_path(service: Service, default: str) -> str:
    """Return the path in the container that `--config.file` names, else `default`."""
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    match = re.search(r"--config\.file[=\s]+(\S+)", words)
    return match[1].strip("\"'") if match else default


def unreachable(config: PrometheusConfig, stack: Stack, prometheus: Service | None) -> tuple[str, ...]:
    """Return the hosts of static targets that no service of the stack answers to, in order."""
    local = {*LOOPBACK, *(prometheus.names if prometheus else ())}
    hosts = [target.host for target in config.targets if "." not in target.host or target.host in local]
    return tuple(dict.fromkeys(host for host in hosts if host not in local and stack.resolve_host(host) is None))


def carried(project: Project, path: str, folder: str, drop: tuple[str, ...]) -> str | None:
    """Return the configuration at `path` as JSON without the jobs of the hosts in `drop`.

    Rule files below `folder`, which is where the container has it, become relative to it. None when the file holds anything
    like a credential, or has a form that cannot be carried over.
    """
    document = project.document(path)
    source = project.source(path)
    if document is None or not isinstance(document.root, Mapping) or (source and len(source) > _MAX_CARRIED):
        return None
    if _holds_secret(document.root):
        return None
    data = _plain(document.root)
    if not isinstance(data, dict):
        return None
    rules = data.get("rule_files")
    if isinstance(rules, list):
        data["rule_files"] = [str(rule).removeprefix(f"{folder}/") for rule in rules]
    jobs = data.get("scrape_configs")
    if isinstance(jobs, list):
        data["scrape_configs"] = [job for job in jobs if not _targets(job) & set(drop)]
    return json.dumps(data, ensure_ascii=False)


def _targets(job: object) -> set[str]:
    groups = job.get("static_configs") if isinstance(job, dict) else None
    found: set[str] = set()
    for group in groups if isinstance(groups, list) else []:
        targets = group.get("targets") if isinstance(group, dict) else None
        found |= {str(target).rpartition(":")[0] or str(target) for target in targets or []}
    return found


_CREDENTIALS = {"basic_auth", "authorization", "bearer_token", "oauth2", "credentials", "remote_write", "remote_read", "sigv4"}


def _holds_secret(node: Node) -> bool:
    if isinstance(node, Mapping):
        return any(
            entry.key.value in _CREDENTIALS or may_be_sensitive_name(entry.key.value) or _holds_secret(entry.value)
            for entry in node.entries
        )
    if isinstance(node, Sequence):
        return any(_holds_secret(item) for item in node.items)
    return url_password(node.value) is not None


def _plain(node: Node) -> object:
    if isinstance(node, Mapping):
        return {entry.key.value: _plain(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [_plain(item) for item in node.items]
    return _scalar(node)


def _scalar(node: Scalar) -> object:
    if not node.plain:
        return node.value
    words = {"true": True, "false": False, "null": None, "~": None, "": None}
    if node.value.lower() in words:
        return words[node.value.lower()]
    return int(node.value) if re.fullmatch(r"-?(?:0|[1-9]\d{0,15})", node.value) else node.value
