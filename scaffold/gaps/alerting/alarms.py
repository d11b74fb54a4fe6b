"""Alarms that another service than Prometheus gives: those of a cloud, and rules for an operator in a cluster."""

from __future__ import annotations

from scaffold.gaps.signals import foreign_infrastructure, resource_types
from scaffold.model.project import Project

_ALARMS = (
    "aws_cloudwatch_metric_alarm",
    "google_monitoring_alert_policy",
    "azurerm_monitor_",
    "datadog_monitor",
    "PrometheusRule",
)


def alarms_declared(project: Project) -> bool:
    """Whether infrastructure files that scaffold did not write declare an alarm."""
    return any(kind.startswith(_ALARMS) for kind in resource_types(foreign_infrastructure(project)))
