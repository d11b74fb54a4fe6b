"""What stands beside the app: monitoring, infrastructure as code, proxies, found by name or by words that only they hold."""

from __future__ import annotations

from typing import Protocol

from scaffold.model.document import Document
from scaffold.model.frozen import frozen
from scaffold.model.project import (
    AlertmanagerConfig,
    AlertRuleFile,
    InfrastructureFile,
    MonitoringFile,
    PrometheusConfig,
    ProxyUpstream,
)
from scaffold.model.regex import regex
from scaffold.read import infrastructure, observability, prometheus, proxies
from scaffold.read.application import is_application_code
from scaffold.read.inventory import Inventory, TextReader
from scaffold.read.paths import is_workflow, is_yaml

_WORDS = (
    "scrape_configs:",
    "groups:",
    "receivers:",
    "datasources:",
    "providers:",
    "schema_config:",
    "distributor:",
    "modules:",
    "sinks:",
    "pipeline:",
    "apiVersion:",
    "AWSTemplateFormatVersion",
    "Resources:",
    "loadBalancer:",
)
"""A YAML file with none of these keys configures nothing that is looked for here, and is not parsed."""


_CODE = (".ts", ".js", ".mjs", ".cjs", ".py", ".go", ".java", ".cs")
_COPIES = ("etention", "ackup")
_CLOUD_CODE = ("AWS::", "aws-cdk", "aws_cdk", "awscdk", "pulumi", "Pulumi", "cdktf", "cdktn", "troposphere")
"""Words of code that CDK, Pulumi and generators of CloudFormation run."""
_TEST_DATA = regex(r"(?:^|/)(?:\w*tests?|fixtures?|testdata|scans)/")
"""Folders of templates that tests of parsers and scanners read, and that nobody deploys."""


class _Sources(Protocol):
    texts: TextReader

    def documents(self, path: str) -> tuple[Document, ...]: ...


@frozen
class Beside:
    """Everything found beside the app, each tuple in the order of paths."""

    prometheus: tuple[PrometheusConfig, ...]
    alert_rules: tuple[AlertRuleFile, ...]
    alertmanagers: tuple[AlertmanagerConfig, ...]
    monitoring_files: tuple[MonitoringFile, ...]
    infrastructure: tuple[InfrastructureFile, ...]
    upstreams: tuple[ProxyUpstream, ...]


_OF_A_PROFILE = regex(
    r"(?:^|/)src/main/resources/(?:config/)?application-[\w-]+\.(?:ya?ml|properties)$", words=("application-",)
)
_RAILS_SETTINGS = ("config/settings.yml", "config/settings/production.yml")
"""Settings that Rails reads in production by the gem config."""


def read_beside(inventory: Inventory, sources: _Sources) -> Beside:
    """Read every file that is neither compose, workflow nor code."""
    charts = {path.rpartition("/")[0] for path in inventory.files if path.rpartition("/")[2] in {"Chart.yaml", "Chart.yml"}}
    found: list[object] = []
    for path in inventory.files:
        if is_workflow(path):
            continue
        if _is_kept(path, sources):
            _keep(path, sources)
            continue
        chart_file = _in_chart_templates(path, charts)
        text = sources.texts.text(path) if chart_file or _by_name(path) else None
        if chart_file:
            found += [infrastructure.read_chart_template(path, text)] if text is not None and is_yaml(path) else []
        elif text is not None:
            found += _read_named(path, text)
            if infrastructure.is_blueprint(path):
                sources.documents(path)
        elif _is_chart_values(path, charts):
            sources.documents(path)
        elif is_yaml(path):
            found += _read_yaml(path, sources)
        elif path.endswith(".json"):
            found += _read_json(path, sources)
    return Beside(
        prometheus=tuple(item for item in found if isinstance(item, PrometheusConfig)),
        alert_rules=tuple(item for item in found if isinstance(item, AlertRuleFile)),
        alertmanagers=tuple(item for item in found if isinstance(item, AlertmanagerConfig)),
        monitoring_files=tuple(item for item in found if isinstance(item, MonitoringFile)),
        infrastructure=tuple(item for item in found if isinstance(item, InfrastructureFile)),
        upstreams=tuple(item for item in found if isinstance(item, ProxyUpstream)),
    )


def _is_kept(path: str, sources: _Sources) -> bool:
    """Whether a file is looked at as text alone: settings of Spring and Rails, inputs of Terraform, code that declares
    resources of a cloud with copies of their own.
    """
    if ("/application" in path and _is_spring_settings(path)) or path.endswith((".tfvars", ".hcl")):
        return not path.endswith(".terraform.lock.hcl")
    if path.endswith(_RAILS_SETTINGS):
        return "verify_mode" in (sources.texts.glance(path) or "")
    is_code = path.endswith(_CODE) and is_application_code(path) and not _by_name(path)
    text = (sources.texts.glance(path) if is_code else None) or ""
    return any(word in text for word in _COPIES) and any(word in text for word in _CLOUD_CODE)


def _is_spring_settings(path: str) -> bool:
    """Whether a file holds the settings of a Spring Boot application, for all environments or for a profile."""
    from scaffold.model.spring_logging import is_spring_settings

    return is_spring_settings(path) or bool(_OF_A_PROFILE.search(path))


def _keep(path: str, sources: _Sources) -> None:
    """Read a file that is looked at, and edited, as text and document."""
    sources.texts.text(path)
    if is_yaml(path):
        sources.documents(path)


def _in_chart_templates(path: str, charts: set[str]) -> bool:
    chart, separator, _ = path.partition("/templates/")
    return bool(separator) and chart in charts


def _is_chart_values(path: str, charts: set[str]) -> bool:
    """Whether the file lies beside a Chart.yaml and gives values to the chart; rules look for them by their path."""
    folder, _, name = path.rpartition("/")
    return folder in charts and is_yaml(path) and name.startswith("values")


def _by_name(path: str) -> bool:
    return bool(infrastructure.infrastructure_kind(path)) or observability.is_shipper(path) or bool(proxies.proxy_kind(path))


def _read_named(path: str, text: str) -> list[object]:
    if infrastructure.infrastructure_kind(path):
        return [] if infrastructure.is_as_generated(text) else [infrastructure.read_infrastructure(path, text)]
    if proxies.proxy_kind(path):
        return list(proxies.read_proxy(path, text))
    shipper = observability.read_shipper(path, text)
    return [shipper] if shipper else []


def _read_yaml(path: str, sources: _Sources) -> list[object]:
    text = sources.texts.glance(path)
    if text is not None and "values" in path.rpartition("/")[2] and "backup:" in text:
        sources.texts.text(path)  # Values for a chart of others, which stands in no folder of a chart.
    packaged = path.rpartition("/")[2] in {"kustomization.yaml", "kustomization.yml", "app.yaml", "app.yml"}
    if text is None or not (packaged or any(word in text for word in _WORDS)):
        return []
    documents = sources.documents(path)
    declared = infrastructure.read_manifests(documents)
    if declared is not None:
        return [] if declared.kind == "cloudformation" and _TEST_DATA.search(path) else [declared]
    first = next(iter(documents), None)
    if first is None:
        return []
    readers = (
        prometheus.read_prometheus,
        prometheus.read_alert_rules,
        prometheus.read_alertmanager,
        observability.read_observability,
    )
    found: list[object] = [value for reader in readers if (value := reader(first)) is not None]
    return found or list(proxies.read_traefik(first))


def _read_json(path: str, sources: _Sources) -> list[object]:
    text = sources.texts.glance(path)
    if text is None or not observability.may_be_dashboard(path, text):
        return []
    sources.texts.text(path)
    dashboard = observability.read_dashboard(path, text)
    return [dashboard] if dashboard else []
