"""Grafana, Loki, collectors and log shippers, recognised by their content, or by a name that only they have."""

from __future__ import annotations

import re

from scaffold.model.document import Document, Location, Mapping, Sequence, text_of
from scaffold.model.project import MonitoringFile
from scaffold.model.regex import regex
from scaffold.read.lines import line_of


def read_observability(document: Document) -> MonitoringFile | None:
    """Return what a YAML document configures, or None when it is none of the programs known here."""
    root = document.root
    if not isinstance(root, Mapping):
        return None
    keys = set(root.keys())
    kind, detail = _kind(document.path, root, keys)
    return MonitoringFile(document.path, kind, root.location, detail) if kind else None


def _kind(path: str, root: Mapping, keys: set[str]) -> tuple[str, str]:  # noqa: PLR0911 - one line a program
    if isinstance(root.get("datasources"), Sequence) and ("apiVersion" in keys or "/datasources" in path):
        return "grafana-datasource", _first(root, "datasources", "name")
    if isinstance(root.get("providers"), Sequence) and ("apiVersion" in keys or "grafana" in path) and "api" not in keys:
        return "grafana-dashboard-provider", _first(root, "providers", "name")
    if isinstance(root.get("scrape_configs"), Sequence) and ("clients" in keys or "positions" in keys):
        return "promtail", ""
    if "schema_config" in keys and (
        "ingester" in keys or "storage_config" in keys or "common" in keys or "limits_config" in keys
    ):
        return "loki", ""
    if "receivers" in keys and "service" in keys and ("exporters" in keys or "processors" in keys):
        return "otel-collector", ""
    if "distributor" in keys and "storage" in keys:
        return "tempo", ""
    modules = root.get("modules")
    if isinstance(modules, Mapping) and any(
        isinstance(e.value, Mapping) and e.value.get("prober") is not None for e in modules.entries
    ):
        return "blackbox", ""
    if {"sources", "sinks"} <= keys and isinstance(root.get("sources"), Mapping):
        return "vector", ""
    if "pipeline" in keys and isinstance(root.get("pipeline"), Mapping) and ("service" in keys or "fluent" in path):
        return "fluent", ""
    return "", ""


def _first(root: Mapping, key: str, field: str) -> str:
    items = root.get(key)
    first = items.items[0] if isinstance(items, Sequence) and items.items else None
    return text_of(first.get(field)) if isinstance(first, Mapping) else ""


def is_shipper(path: str) -> bool:
    """Whether a file that is neither YAML nor JSON may configure a log shipper."""
    name = path.rpartition("/")[2].lower()
    return name.endswith((".alloy", ".river")) or (
        bool(re.search(r"fluent|td-agent|logstash|vector", path.lower())) and name.endswith((".conf", ".toml"))
    )


def read_shipper(path: str, text: str) -> MonitoringFile | None:
    """Return what an Alloy, Fluentd, Fluent Bit, Vector or Logstash file configures, or None."""
    name = path.rpartition("/")[2].lower()
    if name.endswith((".alloy", ".river")):
        return MonitoringFile(path, "alloy", Location(path, 1))
    for kind, pattern in _SHIPPERS:
        match = pattern.search(text)
        if match:
            return MonitoringFile(path, kind, Location(path, line_of(text, match.start())))
    return None


_SHIPPERS = (
    (
        "fluent",
        regex(r"^[ \t]*(?:<(?:source|match|filter)\b|\[(?:SERVICE|INPUT|OUTPUT|FILTER)\])", re.MULTILINE | re.IGNORECASE),
    ),
    ("vector", regex(r"^\[(?:sources|sinks|transforms)\.", re.MULTILINE)),
    ("logstash", regex(r"^(?:input|filter|output)[ \t]*\{", re.MULTILINE)),
)


def may_be_dashboard(path: str, text: str) -> bool:
    """Whether a JSON text is worth parsing as a Grafana dashboard."""
    return path.endswith(".json") and '"panels"' in text


def read_dashboard(path: str, text: str) -> MonitoringFile | None:
    """Return a Grafana dashboard; detail is its title, or `wrapped` when it lies inside `{"dashboard": ...}`."""
    import json

    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    inner = data.get("dashboard")
    if isinstance(inner, dict) and isinstance(inner.get("panels"), list):
        return MonitoringFile(path, "grafana-dashboard", Location(path, 1), "wrapped")
    if not isinstance(data.get("panels"), list):
        return None
    title = data.get("title")
    return MonitoringFile(path, "grafana-dashboard", Location(path, 1), title if isinstance(title, str) else "")
