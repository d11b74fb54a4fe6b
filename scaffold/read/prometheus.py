"""Prometheus, its rule files and Alertmanager, recognised by their content (prometheus.io/docs, configuration)."""

from __future__ import annotations

import re

from scaffold.model.document import Document, Location, Mapping, Node, Scalar, Sequence, scalars_of, text_of
from scaffold.model.project import AlertmanagerConfig, AlertRule, AlertRuleFile, PrometheusConfig, Receiver, ScrapeTarget
from scaffold.model.regex import regex

_PLACEHOLDER = regex(
    r"\byour[-_ ]?|YOUR_|example\.(?:com|org|net)|<[^>]*>|change[-_ ]?me|xxx|replace[-_ ]?(?:me|this|with)|placeholder|todo\b"
    r"|https?://(?:127\.0\.0\.1|localhost|0\.0\.0\.0)",
    re.IGNORECASE,
)
_RECEIVER_PLACES = frozenset(
    {
        "url",
        "api_url",
        "webhook_url",
        "to",
        "from",
        "smarthost",
        "routing_key",
        "service_key",
        "api_key",
        "bot_token",
        "channel",
        "chat_id",
        "user_key",
        "token",
        "credentials",
        "auth_username",
        "auth_password",
    }
)
_STAND_IN = regex(r"https?://(?:127\.0\.0\.1|localhost|0\.0\.0\.0)(?::\d+)?(?:/.*)?", re.IGNORECASE)


def read_prometheus(document: Document) -> PrometheusConfig | None:
    """Return the configuration when the document has `scrape_configs`, else None."""
    root = document.root
    jobs = root.get("scrape_configs") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(jobs, Sequence) or root.get("server") is not None or _is_promtail(root):
        return None
    targets: list[ScrapeTarget] = []
    dynamic = []
    for job in jobs.items:
        if isinstance(job, Mapping):
            name = text_of(job.get("job_name"))
            targets += _targets(job, name)
            if any(key.endswith("_sd_configs") for key in job.keys()):  # noqa: SIM118 - a Mapping node, no dict
                dynamic.append(name)
    return PrometheusConfig(
        path=document.path,
        targets=tuple(targets),
        dynamic_jobs=tuple(dynamic),
        rule_files=tuple(item.value for item in scalars_of(root.get("rule_files"))),
        alertmanagers=_alertmanagers(root.get("alerting")),
        location=root.location,
    )


def _is_promtail(root: Mapping) -> bool:
    return root.get("clients") is not None or root.get("positions") is not None


def _targets(job: Mapping, name: str) -> list[ScrapeTarget]:
    path = text_of(job.get("metrics_path")) or "/metrics"
    groups = job.get("static_configs")
    found = []
    for group in groups.items if isinstance(groups, Sequence) else ():
        for target in scalars_of(group.get("targets")) if isinstance(group, Mapping) else ():
            host, port = split_host_port(target.value)
            found.append(ScrapeTarget(name, host, port, path, target.location))
    return found


def split_host_port(text: str) -> tuple[str, int | None]:
    """Return host and port of `host:port`, with or without a scheme and a path; an unreadable port is None."""
    bare = re.sub(r"^[A-Za-z][\w+.-]*://", "", text.strip()).partition("/")[0].rpartition("@")[2]
    match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?", bare)
    if match is None:
        return bare, None
    return match[1], int(match[2]) if match[2] else None


def _alertmanagers(alerting: Node | None) -> tuple[str, ...]:
    managers = alerting.get("alertmanagers") if isinstance(alerting, Mapping) else None
    found: list[str] = []
    for manager in managers.items if isinstance(managers, Sequence) else ():
        groups = manager.get("static_configs") if isinstance(manager, Mapping) else None
        for group in groups.items if isinstance(groups, Sequence) else ():
            if isinstance(group, Mapping):
                found += [item.value for item in scalars_of(group.get("targets"))]
    return tuple(found)


def read_alert_rules(document: Document) -> AlertRuleFile | None:
    """Return the rules when the document has groups of rules with `alert` or `record`, else None."""
    groups = document.root.get("groups") if isinstance(document.root, Mapping) else None
    rules = [
        rule
        for group in (groups.items if isinstance(groups, Sequence) else ())
        if isinstance(group, Mapping) and isinstance(listed := group.get("rules"), Sequence)
        for rule in listed.items
        if isinstance(rule, Mapping) and (rule.get("alert") is not None or rule.get("record") is not None)
    ]
    if not rules or not all(rule.get("expr") is not None for rule in rules):
        return None
    return AlertRuleFile(document.path, tuple(_alert(rule) for rule in rules if rule.get("alert") is not None))


def _alert(rule: Mapping) -> AlertRule:
    labels, annotations, name = rule.get("labels"), rule.get("annotations"), rule.get("alert")
    return AlertRule(
        name=text_of(name),
        expression=text_of(rule.get("expr")),
        severity=text_of(labels.get("severity")) if isinstance(labels, Mapping) else "",
        location=name.location if name is not None else rule.location,
        has_runbook=isinstance(annotations, Mapping) and any("runbook" in key for key in annotations.keys()),  # noqa: SIM118
    )


def read_alertmanager(document: Document) -> AlertmanagerConfig | None:
    """Return the configuration when the document has `route` and `receivers`, else None."""
    root = document.root
    receivers = root.get("receivers") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(receivers, Sequence) or not isinstance(root.get("route"), Mapping):
        return None
    shared = _placeholders(root.get("global"))
    found = tuple(_receiver(item, shared) for item in receivers.items if isinstance(item, Mapping))
    return AlertmanagerConfig(document.path, found, root.location)


def _receiver(node: Mapping, shared: tuple[Location, ...]) -> Receiver:
    integrations = tuple(
        entry.key.value.removesuffix("_configs") for entry in node.entries if entry.key.value.endswith("_configs")
    )
    own = tuple(place for entry in node.entries if entry.key.value.endswith("_configs") for place in _placeholders(entry.value))
    mail = shared if "email" in integrations or "slack" in integrations else ()
    return Receiver(text_of(node.get("name")), integrations, tuple(dict.fromkeys(own + mail)), node.location)


def _placeholders(node: Node | None) -> tuple[Location, ...]:
    """Return the places below `node` where an address or a key is a stand-in, empty, or a sink on the same host."""
    found: list[Location] = []
    pending: list[tuple[str, Node]] = [("", node)] if node is not None else []
    visited = 0
    while pending and visited < 5000:
        key, item = pending.pop()
        visited += 1
        if isinstance(item, Mapping):
            pending += [(entry.key.value, entry.value) for entry in item.entries]
        elif isinstance(item, Sequence):
            pending += [(key, child) for child in item.items]
        elif _is_placeholder(key, item):
            found.append(item.location)
    return tuple(sorted(found, key=Location.sort_key))


def _is_placeholder(key: str, value: Scalar) -> bool:
    known = key in _RECEIVER_PLACES or key.endswith(("_url", "_key", "_token"))
    if not known or "{{" in value.value:
        return False
    return not value.value.strip() or bool(_PLACEHOLDER.search(value.value)) or bool(_STAND_IN.fullmatch(value.value.strip()))
