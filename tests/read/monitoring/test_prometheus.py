"""Prometheus, rules and Alertmanager as their documentation describes the files."""

from __future__ import annotations

import textwrap

import pytest

from scaffold.model.document import Document
from scaffold.read.prometheus import read_alert_rules, read_alertmanager, read_prometheus, split_host_port
from scaffold.read.yaml import parse_documents


def document(text: str) -> Document:
    return parse_documents("monitoring/config.yml", textwrap.dedent(text))[0][0]


def test_targets_with_their_places() -> None:
    found = read_prometheus(
        document(
            """\
            global: {scrape_interval: 15s}
            rule_files: ["rules/*.yml"]
            alerting:
              alertmanagers:
                - static_configs: [{targets: ["alertmanager:9093"]}]
            scrape_configs:
              - job_name: api
                metrics_path: /custom
                static_configs:
                  - targets: ["api:8000", 'https://web:8443/x']
                    labels: {a: b}
              - job_name: nodes
                kubernetes_sd_configs: [{role: node}]
              - job_name: plain
                static_configs:
                  - targets:
                      - node-exporter
                      - "[::1]:9100"
            """
        )
    )
    assert found is not None
    assert [(item.job, item.host, item.port, item.metrics_path, item.location.line) for item in found.targets] == [
        ("api", "api", 8000, "/custom", 10),
        ("api", "web", 8443, "/custom", 10),
        ("plain", "node-exporter", None, "/metrics", 17),
        ("plain", "[::1]", 9100, "/metrics", 18),
    ]
    assert found.dynamic_jobs == ("nodes",)
    assert found.rule_files == ("rules/*.yml",)
    assert found.alertmanagers == ("alertmanager:9093",)


@pytest.mark.parametrize(
    "text",
    [
        "services: {}\n",
        "scrape_configs: text\n",
        "- a\n",
        "clients: []\nscrape_configs: []\n",
        "positions: {}\nscrape_configs: []\n",
    ],
)
def test_other_documents_are_no_prometheus_configuration(text: str) -> None:
    assert read_prometheus(document(text)) is None


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("api:8000", "api", 8000),
        ("api", "api", None),
        ("http://u:p@api:80/x", "api", 80),
        ("[::1]:9", "[::1]", 9),
        ("a:b:c", "a:b:c", None),
        ("", "", None),
    ],
)
def test_hosts_and_ports(text: str, host: str, port: int | None) -> None:
    assert split_host_port(text) == (host, port)


def test_alert_rules() -> None:
    found = read_alert_rules(
        document(
            """\
            groups:
              - name: api
                rules:
                  - record: job:errors
                    expr: sum(x)
                  - alert: HighErrors
                    expr: job:errors > 1
                    labels: {severity: critical}
                    annotations: {summary: s, runbook_url: https://x}
                  - alert: Slow
                    expr: y > 2
            """
        )
    )
    assert found is not None
    assert [(item.name, item.expression, item.severity, item.has_runbook, item.location.line) for item in found.alerts] == [
        ("HighErrors", "job:errors > 1", "critical", True, 6),
        ("Slow", "y > 2", "", False, 10),
    ]


@pytest.mark.parametrize(
    "text", ["groups: [a]\n", "groups:\n  - rules: []\n", "groups:\n  - rules: [{alert: a}]\n", "apiVersion: 1\ngroups: []\n"]
)
def test_other_groups_are_no_rules(text: str) -> None:
    assert read_alert_rules(document(text)) is None


def test_alertmanager_receivers_and_their_placeholders() -> None:
    found = read_alertmanager(
        document(
            """\
            global:
              smtp_smarthost: mail.shop.io:25
              slack_api_url: https://hooks.slack.com/services/YOUR/SLACK/WEBHOOK
            route: {receiver: team}
            receivers:
              - name: team
                slack_configs: [{channel: "#ops", text: "{{ .X }}"}]
              - name: sink
                webhook_configs: [{url: "http://127.0.0.1:5001/"}]
              - name: mail
                email_configs: [{to: ops@example.com}]
              - name: real
                webhook_configs: [{url: "https://alerts.shop.io/hook"}]
                pagerduty_configs: [{routing_key: ""}]
              - name: nobody
            """
        )
    )
    assert found is not None
    assert [(item.name, item.integrations, [place.line for place in item.placeholders]) for item in found.receivers] == [
        ("team", ("slack",), [3]),
        ("sink", ("webhook",), [9]),
        ("mail", ("email",), [11, 3]),
        ("real", ("webhook", "pagerduty"), [14]),
        ("nobody", (), []),
    ]


def test_a_collector_with_receivers_is_no_alertmanager() -> None:
    assert read_alertmanager(document("receivers: {otlp: {}}\nservice: {}\n")) is None
    assert read_alertmanager(document("receivers: []\n")) is None
