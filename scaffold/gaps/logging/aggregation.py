"""Where logs go: collectors in use, drivers, hosted services, and the folders that services write to."""

from __future__ import annotations

from scaffold.gaps.chart_words import chart_names
from scaffold.gaps.signals import (
    LOGGING_TOOLS,
    foreign_infrastructure,
    resource_types,
    ships_by_driver,
    stacks_in_use,
    tool_services,
    variable_names,
)
from scaffold.model.durability import dependency_names
from scaffold.model.project import Project
from scaffold.model.regex import regex

_VARIABLES = regex(
    r"(?:DD|DATADOG)_API_KEY|NEW_RELIC_LICENSE_KEY|LOGTAIL_(?:SOURCE_)?TOKEN|LOGDNA_\w*KEY|PAPERTRAIL_\w+|LOGGLY_TOKEN|SPLUNK_HEC_\w+|AXIOM_TOKEN"
    r"|BETTERSTACK_\w*TOKEN|APPLICATIONINSIGHTS_CONNECTION_STRING|LOKI_(?:URL|HOST)|OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    words=(
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "AXIOM_TOKEN",
        "BETTERSTACK_",
        "LOGDNA_",
        "LOGGLY_TOKEN",
        "LOGTAIL_",
        "LOKI_",
        "NEW_RELIC_LICENSE_KEY",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        "PAPERTRAIL_",
        "SPLUNK_HEC_",
        "_API_KEY",
    ),
)
_LIBRARIES = frozenset(
    {
        *(
            "python-logging-loki",
            "logging-loki",
            "winston-loki",
            "pino-loki",
            "watchtower",
            "winston-cloudwatch",
            "logtail-python",
        ),
        *("@logtail/node", "google-cloud-logging", "@google-cloud/logging", "fluent-logger", "ddtrace", "newrelic", "axiom-py"),
    }
)
_RESOURCES = (
    *(
        "aws_cloudwatch_log_group",
        "aws_kinesis_firehose_delivery_stream",
        "google_logging_",
        "azurerm_log_analytics_",
        "AWS::Logs::",
    ),
    *("logdna_", "splunk_", "datadog_logs_", "aws_ecs_", "aws_apprunner_", "google_cloud_run", "AWS::ECS::", "AWS::Lambda::"),
)


def has_aggregation(project: Project) -> bool:
    """Whether a collector in use, a driver, a hosted service or the platform gathers the logs in one place."""
    in_use = stacks_in_use(project)
    foreign = foreign_infrastructure(project)
    return bool(
        tool_services(project, in_use, LOGGING_TOOLS)
        or any(ships_by_driver(service) for stack in in_use for service in stack.services)
        or any(_VARIABLES.fullmatch(name) for name in variable_names(project))
        or _LIBRARIES & dependency_names(project)
        or any(item.kind == "paas" for item in foreign)
        or any(kind.startswith(_RESOURCES) for kind in resource_types(foreign))
        or chart_names(project, "loki", "fluent", "vector", "promtail", "alloy", "datadog", "filebeat")
    )
