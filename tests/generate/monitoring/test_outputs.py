"""The written monitoring of both examples, judged by the real programs and by what an operator relies on."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scaffold.generate.monitoring import render
from scaffold.generate.monitoring.pins import IMAGES
from scaffold.model.metrics import METRICS, metrics_in
from scaffold.model.monitoring import ComponentKind
from scaffold.plan.monitoring import plan_monitoring
from scaffold.read.project import read_project
from tests.generate.monitoring.conftest import Monitored, load, monitor, target_of

EXAMPLES = ("friday", "propertypro")
both = pytest.mark.parametrize("name", EXAMPLES)
Make = Callable[[str], Monitored]
Tool = Callable[[str], str]


def run(tool: str, *arguments: str, cwd: Path) -> None:
    done = subprocess.run([tool, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@both
def test_compose_takes_the_production_set(name: str, monitored: Make, require_tool: Tool) -> None:
    made = monitored(name)
    project, error = load(require_tool("compose-go-config"), made.root, made.production_set, made.plan.profiles)
    assert not error
    assert {item.service for item in made.plan.components} <= set(project["services"])
    published = [
        (port["published"], port.get("host_ip", "")) for item in project["services"].values() for port in item.get("ports", [])
    ]
    numbers = [port for port, _ in published]
    assert len(numbers) == len(set(numbers))
    for item in made.plan.components:
        if not item.theirs:
            service = project["services"][item.service]
            assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", []))
            assert not service.get("privileged")
            assert service["security_opt"] == ["no-new-privileges:true"]


@both
def test_promtool_takes_configuration_and_rules(name: str, monitored: Make, require_tool: Tool) -> None:
    made = monitored(name)
    promtool = require_tool("promtool")
    prometheus = made.plan.component(ComponentKind.PROMETHEUS)
    assert prometheus is not None
    run(promtool, "check", "config", "--lint=all", "--lint-fatal", prometheus.mounts[0].source, cwd=made.root)
    rules = [item.path for item in made.ending(".rules.yml")]
    assert rules
    run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *rules, cwd=made.root)


@both
def test_every_alert_fires_and_stays_quiet(name: str, monitored: Make, require_tool: Tool) -> None:
    made = monitored(name)
    tests = made.ending(".test.yml")
    run(require_tool("promtool"), "test", "rules", *(item.path for item in tests), cwd=made.root)
    cases = [case["name"] for item in tests for case in yaml.safe_load(item.text)["tests"]]
    for group in made.plan.alert_groups:
        for alert in group.alerts:
            assert any(case.startswith(alert.name) and case.endswith("fires") for case in cases)
        assert any(case.startswith(alert.name) and case.endswith("stays quiet") for alert in group.alerts for case in cases)


@both
def test_amtool_takes_the_receivers(name: str, monitored: Make, require_tool: Tool) -> None:
    made = monitored(name)
    run(require_tool("amtool"), "check-config", "monitoring/alertmanager/alertmanager.yml", cwd=made.root)


@both
def test_loki_takes_its_configuration(name: str, monitored: Make, require_tool: Tool) -> None:
    made = monitored(name)
    run(require_tool("loki"), "-verify-config", "-config.file=monitoring/loki/loki.yaml", cwd=made.root)


@both
def test_alloy_configuration_parses_and_is_formatted(name: str, monitored: Make, require_tool: Tool) -> None:
    made = monitored(name)
    run(require_tool("alloy-fmt"), "--test", "monitoring/alloy/config.alloy", cwd=made.root)


def programs(made: Monitored) -> set[str]:
    libraries = {job.library for job in made.plan.jobs if job.library}
    return {item.kind.value for item in made.plan.components} | libraries


def expressions(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["expr"]] if isinstance(node.get("expr"), str) and node.get("datasource", {}).get("type") != "loki" else []
        return own + [found for value in node.values() for found in expressions(value)]
    return [found for item in node for found in expressions(item)] if isinstance(node, list) else []


@both
def test_every_metric_is_one_that_something_gives(name: str, monitored: Make) -> None:
    made = monitored(name)
    given = set().union(*(METRICS.get(program, frozenset()) for program in programs(made)))
    boards = [text for item in made.ending(".json") for text in expressions(json.loads(item.text))]
    rules = [alert.expression for group in made.plan.alert_groups for alert in group.alerts]
    assert boards
    for expression in boards + rules:
        assert set(metrics_in(expression)) <= given, expression


@both
def test_dashboards_are_usable(name: str, monitored: Make) -> None:
    boards = [json.loads(item.text) for item in monitored(name).ending(".json")]
    assert len({board["uid"] for board in boards}) == len(boards)
    for board in boards:
        assert re.fullmatch(r"[a-z0-9-]{1,40}", board["uid"])
        assert board["id"] is None
        assert board["templating"]["list"][0]["type"] == "datasource"
        cells = set()
        for panel in board["panels"]:
            assert panel["targets"]
            assert panel["title"]
            assert panel["type"] == "logs" or panel["fieldConfig"]["defaults"]["unit"]
            assert panel["datasource"]["uid"] == "${datasource}"
            grid = panel["gridPos"]
            area = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
            assert grid["x"] + grid["w"] <= 24
            assert not area & cells
            cells |= area


@both
def test_the_guide_has_a_place_for_every_alert(name: str, monitored: Make) -> None:
    made = monitored(name)
    guide = made.text("monitoring/README.md")
    headings = set(re.findall(r"^### (\w+)$", guide, re.MULTILINE))
    for item in made.ending(".rules.yml"):
        for rule in yaml.safe_load(item.text)["groups"][0]["rules"]:
            page, _, heading = rule["annotations"]["runbook"].partition(", ")
            assert (page, heading) == ("monitoring/README.md", rule["alert"])
            assert heading in headings
            assert "runbook_url" not in rule["annotations"], "a path is no link"
            assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    for link in re.findall(r"\]\(([^)]+)\)", guide):
        assert (made.root / "monitoring" / link.partition("#")[0]).exists()


SECRETS = ("password123", "redis123", "admin123", "rag_password", "secure_password_123", "YOUR_WORKSPACE", "AIza")


@both
def test_no_credential_of_theirs_is_copied(name: str, monitored: Make) -> None:
    written = "".join(item.text for item in monitored(name).artifacts)
    assert not [secret for secret in SECRETS if secret in written]


@both
def test_the_same_tree_gives_the_same_bytes(name: str, monitored: Make) -> None:
    made = monitored(name)
    owned = frozenset(item.path for item in made.artifacts)
    again = plan_monitoring(read_project(made.root, hide=owned), ())
    assert again == made.plan
    assert render(target_of(read_project(made.root, hide=owned).name, again)).artifacts == made.artifacts


def test_friday_keeps_its_own_prometheus_and_grafana(monitored: Make) -> None:
    made = monitored("friday")
    overlay = yaml.safe_load(made.text("compose.monitoring.yaml"))["services"]
    assert "image" not in overlay["prometheus"]
    assert "image" not in overlay["grafana"]
    assert all(service["profiles"] == ["monitoring"] for service in overlay.values() if "image" in service)
    for path in (
        "monitoring/prometheus.yml",
        "monitoring/grafana/datasources/scaffold.yaml",
        "monitoring/grafana/dashboards/scaffold.yaml",
    ):
        assert (made.root / path).is_file()


def test_the_broken_overlay_of_propertypro_is_named_and_unused(monitored: Make) -> None:
    made = monitored("propertypro")
    assert made.production_set == ("docker-compose.yml", "compose.monitoring.yaml")
    assert "docker-compose.monitoring.yml" in made.text("monitoring/README.md")
    assert "Host: localhost" in made.text("monitoring/blackbox/blackbox.yml")


def test_every_image_is_pinned_and_has_a_healthcheck_or_brings_one() -> None:
    assert set(IMAGES) == set(ComponentKind)
    for kind, image in IMAGES.items():
        assert re.search(r":v?\d+\.\d+\.\d+(?:-alpine)?$", image.reference)
        assert image.healthcheck or kind is ComponentKind.CADVISOR


def test_hostile_text_stays_text(make_project: Callable[..., Path], require_tool: Tool) -> None:
    root = make_project(
        {
            "compose.yaml": """
            services:
              web:
                image: example.org/web:1
                ports: ["8000:8000"]
                healthcheck: {test: ["CMD", "curl", "http://localhost:8000/a'b{{x}}{=y=}%0a"]}
              db:
                image: postgres:16
                environment: {POSTGRES_DB: 'a"b$$c{= 7*7 =}', POSTGRES_PASSWORD: "${P}"}
            """,
            "package.json": '{"name": "x{{ y }}{= 7*7 =}\\"\'`$(id)"}',
        }
    )
    made = monitor(root)
    assert made is not None
    assert "49" not in made.text("monitoring/README.md").partition("## Runbook")[0]
    for item in made.ending(".json"):
        json.loads(item.text)
    run(require_tool("promtool"), "check", "config", "monitoring/prometheus/prometheus.yml", cwd=root)
    project, error = load(require_tool("compose-go-config"), root, made.production_set)
    assert not error
    assert project["services"]["postgres-exporter"]["environment"]["DATA_SOURCE_URI"].startswith('db:5432/a"b$$c{= 7*7 =}?')


@pytest.mark.parametrize("health", ["", ", healthcheck: {test: curl -f http://localhost:8000/up}"])
def test_a_status_is_shown_only_where_a_probe_gets_one(health: str, make_project: Callable[..., Path]) -> None:
    made = monitor(make_project({"compose.yaml": f"services:\n  api: {{image: 'acme/api:1', ports: ['8000:8000']{health}}}\n"}))
    assert made is not None
    titles = [panel["title"] for panel in json.loads(made.text("monitoring/dashboards/availability.json"))["panels"]]
    assert ("HTTP status" in titles) is bool(health)
    assert "Time to answer" in titles


def test_a_broker_has_a_dashboard_and_alerts_that_fire(make_project: Callable[..., Path], require_tool: Tool) -> None:
    made = monitor(make_project({"compose.yaml": "services: {mq: {image: 'rabbitmq:4.1', ports: ['5672:5672']}}"}))
    assert made is not None
    board = json.loads(made.text("monitoring/dashboards/rabbitmq.json"))
    shown = set().union(*(metrics_in(text) for text in expressions(board)))
    group = next(group for group in made.plan.alert_groups if group.name == "rabbitmq")
    alerted = set().union(*(metrics_in(alert.expression) for alert in group.alerts))
    assert shown == alerted == METRICS["rabbitmq"]
    run(require_tool("promtool"), "test", "rules", "monitoring/tests/rabbitmq.test.yml", cwd=made.root)
    run(require_tool("promtool"), "check", "rules", "monitoring/prometheus/rules/rabbitmq.rules.yml", cwd=made.root)
