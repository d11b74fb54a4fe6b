"""What the plan of the monitoring decides, on small projects that are really read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.model.monitoring import Component, ComponentKind, MonitoringPlan
from scaffold.plan.monitoring import plan_monitoring
from scaffold.read.project import read_project


@pytest.fixture
def planned(make_project: Callable[..., Path]) -> Callable[..., MonitoringPlan]:
    """Return a function that reads a project and plans its monitoring."""

    def plan(compose: str, **files: str) -> MonitoringPlan:
        root = make_project({"compose.yaml": compose, **files})
        made = plan_monitoring(read_project(root), ())
        assert made is not None
        return made

    return plan


def component(plan: MonitoringPlan, kind: ComponentKind) -> Component:
    found = plan.component(kind)
    assert found is not None
    return found


def environment(plan: MonitoringPlan, kind: ComponentKind) -> dict[str, str]:
    return dict(component(plan, kind).environment)


POSTGRES = """
services:
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: ${DB_USER:-app}
      POSTGRES_DB: shop
      POSTGRES_PASSWORD: %s
"""


@pytest.mark.parametrize(
    ("written", "variable"),
    [
        ("${DB_PASSWORD:-weak-Canary-1}", "DB_PASSWORD"),
        ("${DB_PASSWORD}", "DB_PASSWORD"),
        ("$DB_PASSWORD", "DB_PASSWORD"),
        ("${DB_PASSWORD:?say it}", "DB_PASSWORD"),
    ],
)
def test_a_password_is_referred_to_and_its_default_is_not_copied(
    planned: Callable[..., MonitoringPlan], written: str, variable: str
) -> None:
    plan = planned(POSTGRES % written)
    password = environment(plan, ComponentKind.POSTGRES_EXPORTER)["DATA_SOURCE_PASS"]
    assert password.startswith(f"${{{variable}:?")
    assert "Canary" not in repr(plan) + password
    assert variable in {item.name for item in plan.variables}


def test_a_chain_of_variables_is_kept_without_its_last_default(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned(POSTGRES % "${DB_PASSWORD:-${PGPASSWORD:-weak-Canary-1}}")
    password = environment(plan, ComponentKind.POSTGRES_EXPORTER)["DATA_SOURCE_PASS"]
    assert password.startswith("${DB_PASSWORD:-${PGPASSWORD:?")
    assert "Canary" not in password


def test_a_password_that_is_spelled_out_is_asked_for_as_a_secret(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned(POSTGRES % "spelled-out-Canary-1")
    exporter = component(plan, ComponentKind.POSTGRES_EXPORTER)
    assert [(item.name, item.variable) for item in exporter.secrets] == [("postgres-exporter-password", "POSTGRES_PASSWORD")]
    assert "DATA_SOURCE_PASS" not in dict(exporter.environment)
    assert "Canary" not in repr([item.environment for item in plan.components])
    assert any(item.subject == "db" and "POSTGRES_PASSWORD" in item.text for item in plan.remarks)


@pytest.mark.parametrize(
    ("env_file", "url", "variable"),
    [
        ("/dev/null", "postgresql://postgres:${POSTGRES_PASSWORD}@db:5432/app", "POSTGRES_PASSWORD"),
        ("db.env", "postgresql://postgres:${DB_WORD:-weak-Canary-1}@db:5432/app", "DB_WORD"),
        ("db.env", "postgresql://reader:${READER_WORD}@db:5432/app", ""),
        ("db.env", "postgresql://postgres:${OTHER_WORD}@elsewhere:5432/app", ""),
        ("db.env", "postgresql://postgres:spelled-Canary-2@db:5432/app", ""),
        (".env", "none", "POSTGRES_PASSWORD"),
    ],
)
def test_a_password_of_an_env_file_is_the_variable_that_the_base_logs_in_with(
    planned: Callable[..., MonitoringPlan], env_file: str, url: str, variable: str
) -> None:
    compose = f"""
        services:
          db: {{image: "postgres:16", env_file: {env_file}}}
          web: {{image: "example.org/web:1", ports: ["80:80"], environment: ["DATABASE_URL={url}"]}}
        """
    plan = planned(compose, **{"db.env": "POSTGRES_PASSWORD=spelled-Canary-3\n"})
    asked = [item for item in plan.remarks if "not a variable of the base" in item.text]
    exporter = component(plan, ComponentKind.POSTGRES_EXPORTER)
    if variable:
        assert dict(exporter.environment)["DATA_SOURCE_PASS"].startswith(f"${{{variable}:?")
        assert not exporter.secrets
    else:
        assert [item.variable for item in exporter.secrets] == ["POSTGRES_PASSWORD"]
    assert bool(asked) != bool(variable)
    assert "Canary" not in repr([item.environment for item in plan.components])


def test_a_store_is_asked_at_the_port_that_its_command_line_gives(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          db:
            image: postgres:16
            command: postgres -p 55432
            environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}
          cache: {image: "redis:7-alpine", command: redis-server --port 56379}
        """)
    assert environment(plan, ComponentKind.POSTGRES_EXPORTER)["DATA_SOURCE_URI"].startswith("db:55432/")
    assert environment(plan, ComponentKind.REDIS_EXPORTER)["REDIS_ADDR"] == "redis://cache:56379"


def test_a_secret_file_of_the_store_is_granted_to_the_exporter(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          db:
            image: postgres:16
            environment: {POSTGRES_PASSWORD_FILE: /run/secrets/pg}
            secrets: [pg]
        secrets:
          pg: {file: ./pg.txt}
        """)
    exporter = component(plan, ComponentKind.POSTGRES_EXPORTER)
    assert dict(exporter.environment)["DATA_SOURCE_PASS_FILE"] == "/run/secrets/pg"
    assert [(item.name, item.variable) for item in exporter.secrets] == [("pg", "")]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("redis-server", None),
        ("redis-server --requirepass ${RP:-weak-Canary-1}", "${RP:?"),
        ("redis-server --requirepass ${RP}", "${RP:?"),
        ("[redis-server, --requirepass, '${RP:-weak-Canary-1}']", "${RP:?"),
        ("""["sh", "-c", "redis-server --requirepass $$RP"]""", "${OUTER:?"),
    ],
)
def test_the_password_of_redis_comes_from_its_command(
    planned: Callable[..., MonitoringPlan], command: str, expected: str | None
) -> None:
    plan = planned(f"""
        services:
          cache:
            image: redis:7
            command: {command}
            environment: {{RP: '${{OUTER:-weak-Canary-2}}'}}
        """)
    password = environment(plan, ComponentKind.REDIS_EXPORTER).get("REDIS_PASSWORD")
    assert (password or "").startswith(expected or "") if expected else password is None
    assert "Canary" not in (password or "")


def test_a_broker_url_keeps_its_form_with_the_password_by_reference(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          worker:
            image: example.org/app:1
            command: celery -A app worker -E
            environment:
              CELERY_BROKER_URL: amqp://${MQ_USER:-app}:${MQ_WORD:-weak-Canary-1}@mq:5672/${MQ_VHOST:-main}
          mq: {image: "rabbitmq:4"}
        """)
    url = environment(plan, ComponentKind.CELERY_EXPORTER)["CE_BROKER_URL"]
    assert url.startswith("amqp://${MQ_USER:-app}:${MQ_WORD:?")
    assert url.endswith("@mq:5672/${MQ_VHOST:-main}")
    assert plan.task_events


@pytest.mark.parametrize("password", ["spelled-Canary-1", "spelled@Canary-1"])
def test_a_broker_url_with_a_spelled_out_password_is_asked_for(password: str, planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned(f"""
        services:
          worker:
            image: example.org/app:1
            command: celery -A app worker
            environment: {{CELERY_BROKER_URL: "amqp://app:{password}@mq:5672//"}}
          mq: {{image: "rabbitmq:4"}}
        """)
    assert "Canary" not in str(environment(plan, ComponentKind.CELERY_EXPORTER))
    assert environment(plan, ComponentKind.CELERY_EXPORTER)["CE_BROKER_URL"].startswith("${CELERY_BROKER_URL:?")
    assert not plan.task_events


def test_host_ports_names_and_volumes_of_theirs_are_left_to_them(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          web: {image: "example.org/web:1", ports: ["3000:3000", "9090:80"]}
          later: {image: "example.org/web:1", profiles: [x], ports: ["3001:80"]}
          prometheus: {image: "example.org/greek-hero:1"}
        volumes: {grafana_data: {}}
        networks: {monitoring: {}}
        """)
    assert component(plan, ComponentKind.GRAFANA).host_port == 3002
    assert component(plan, ComponentKind.GRAFANA).volume == "monitoring_grafana_data"
    assert component(plan, ComponentKind.PROMETHEUS).host_port == 9091
    assert component(plan, ComponentKind.PROMETHEUS).service == "monitoring-prometheus"
    assert plan.new_networks == ("monitoring-monitoring",)


def test_an_exporter_joins_the_network_of_its_store(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          db: {image: "postgres:16", environment: {POSTGRES_PASSWORD: "${P}"}, networks: [data]}
          web: {image: "example.org/web:1", expose: [80], networks: [edge], healthcheck: {test: curl http://localhost:80/}}
        networks: {data: {internal: true}, edge: {external: true}}
        """)
    assert component(plan, ComponentKind.POSTGRES_EXPORTER).networks == ("monitoring", "data")
    assert "edge" in component(plan, ComponentKind.BLACKBOX).networks
    assert component(plan, ComponentKind.PROMETHEUS).networks == ("monitoring",)


def test_what_runs_already_is_not_doubled(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          web: {image: "example.org/web:1", ports: ["8000:8000"]}
          metrics: {image: "prom/prometheus:v3.5.0", volumes: ["./conf/prometheus.yml:/etc/prometheus/prometheus.yml:ro"]}
          logs: {image: "grafana/loki:3.7.6"}
        """)
    kinds = [item.kind for item in plan.components]
    assert len(kinds) == len(set(kinds))
    assert component(plan, ComponentKind.PROMETHEUS).theirs
    assert component(plan, ComponentKind.LOKI).theirs
    assert not component(plan, ComponentKind.ALLOY).theirs
    mounts = component(plan, ComponentKind.PROMETHEUS).mounts
    assert [(m.source, m.added) for m in mounts] == [("conf/prometheus.yml", False), ("conf/rules", True)]


THEIRS = """
services:
  web: {image: "example.org/web:1", ports: ["8000:8000"]}
  prometheus:
    image: prom/prometheus:v3.5.0
    command: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.retention.time=3d"]
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml:ro"]
"""


def test_a_configuration_of_theirs_is_carried_on(planned: Callable[..., MonitoringPlan]) -> None:
    config = """
        global: {scrape_interval: 5s}
        scrape_configs:
          - job_name: web
            static_configs: [{targets: ["web:8000"]}]
          - job_name: gone
            static_configs: [{targets: ["nobody:8000"]}]
        """
    plan = planned(THEIRS, **{"prometheus.yml": config})
    theirs = component(plan, ComponentKind.PROMETHEUS)
    assert theirs.mounts[0].source == "prometheus.production.yml"
    assert theirs.command == ("--storage.tsdb.retention.time=3d", "--config.file=/etc/prometheus/prometheus.production.yml")
    assert '"web:8000"' in plan.carried_configuration
    assert "nobody" not in plan.carried_configuration
    assert any(item.subject == "prometheus.yml" and "nobody" in item.text for item in plan.remarks)


def test_a_configuration_with_credentials_is_neither_copied_nor_replaced(planned: Callable[..., MonitoringPlan]) -> None:
    config = """
        scrape_configs:
          - job_name: web
            basic_auth: {username: a, password: spelled-Canary-1}
            static_configs: [{targets: ["web:8000"]}]
        """
    plan = planned(THEIRS, **{"prometheus.yml": config})
    assert not plan.own_rules
    assert plan.carried_configuration == ""
    assert component(plan, ComponentKind.PROMETHEUS).mounts == ()
    assert plan.component(ComponentKind.POSTGRES_EXPORTER) is None


def test_only_alert_rules_whose_metrics_exist_are_loaded(planned: Callable[..., MonitoringPlan]) -> None:
    good = (
        "groups: [{name: a, rules: [{alert: A, expr: 'sum by (service) (rate(redis_evicted_keys_total{x=\"y\"}[5m])) > 1'}]}]"
    )
    bad = "groups: [{name: b, rules: [{alert: B, expr: shop_orders_open > 5}]}]"
    plan = planned(
        "services: {cache: {image: 'redis:7'}, web: {image: 'example.org/web:1', ports: ['80:80']}}",
        **{"alerts/good.yml": good, "alerts/bad.yml": bad},
    )
    assert plan.their_rules == ("alerts/good.yml",)
    assert any(item.subject == "alerts/bad.yml" and "shop_orders_open" in item.text for item in plan.remarks)


def test_health_comes_from_a_healthcheck_that_can_pass(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          web:
            image: example.org/web:1
            ports: ["8000:8000"]
            healthcheck: {test: ["CMD", "curl", "-f", "http://localhost:8000/health"]}
          vectors:
            image: chromadb/chroma:1.5.9
            healthcheck: {test: ["CMD", "curl", "-f", "http://localhost:8000/api/v1/heartbeat"]}
          old: {image: "chromadb/chroma:0.4.24"}
          store: {image: "mysql:8.4"}
        """)
    addresses = {
        target.service: (job.kind, target.address) for job in plan.jobs if job.kind != "scrape" for target in job.targets
    }
    assert addresses == {
        "web": ("probe-local", "http://web:8000/health"),
        "vectors": ("probe-http", "http://vectors:8000/api/v2/heartbeat"),
        "old": ("probe-http", "http://old:8000/api/v1/heartbeat"),
        "store": ("probe-tcp", "store:3306"),
    }


def test_a_check_that_takes_a_refusal_for_an_answer_is_asked_as_an_open_port(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          found: {image: "elasticsearch:8.11.3", healthcheck: {test: "curl http://localhost:9200"}, expose: [9200]}
          sure: {image: "elasticsearch:8.11.3", healthcheck: {test: "curl -sf http://localhost:9200"}, expose: [9200]}
        """)
    kinds = {target.service: job.kind for job in plan.jobs if job.kind != "scrape" for target in job.targets}
    assert kinds == {"found": "probe-tcp", "sure": "probe-local"}


def test_an_app_is_scraped_only_when_its_code_serves_metrics(planned: Callable[..., MonitoringPlan]) -> None:
    compose = "services: {web: {build: ./web, ports: ['8000:8000'], command: uvicorn main:app --host 0.0.0.0 --port 8000}}"
    files = {"web/Dockerfile": "FROM python:3.13-slim\nCOPY . .\n", "web/requirements.txt": "fastapi\n"}
    app = "from fastapi import FastAPI\nfrom prometheus_fastapi_instrumentator import Instrumentator\napp = FastAPI()\n"
    without = planned(compose, **files, **{"web/main.py": app})
    assert without.job("app-web") is None
    served = planned(compose, **files, **{"web/main.py": app + "Instrumentator().instrument(app).expose(app)\n"})
    job = served.job("app-web")
    assert job is not None
    assert [target.address for target in job.targets] == ["web:8000"]
    assert job.library == "prometheus-fastapi-instrumentator"


def test_services_behind_a_profile_are_not_scraped_and_are_named(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          web: {image: "example.org/web:1", ports: ["8000:8000"]}
          extra: {image: "redis:7", profiles: [tools]}
        """)
    assert plan.component(ComponentKind.REDIS_EXPORTER) is None
    assert any(item.subject == "extra" and "tools" in item.text for item in plan.unwatched)


@pytest.mark.parametrize(
    ("line", "started"),
    [
        ("COMPOSE_PROFILES=${ENGINE},meta-${STORE:-mysql}", {"search", "store"}),
        ("COMPOSE_PROFILES=$ENGINE", {"search"}),
        ("COMPOSE_PROFILES=*", {"search", "store", "other"}),
        ("# COMPOSE_PROFILES=elastic", set()),
        ("COMPOSE_PROFILES=${NOBODY}", set()),
    ],
)
def test_profiles_that_the_tracked_env_file_enables_are_active(
    planned: Callable[..., MonitoringPlan], line: str, started: set[str]
) -> None:
    compose = """
        services:
          web: {image: "example.org/web:1", ports: ["8000:8000"]}
          search: {image: "elasticsearch:8.11.3", profiles: [elastic]}
          store: {image: "mysql:8.4", profiles: [meta-mysql]}
          other: {image: "mysql:8.4", profiles: [tools]}
        """
    plan = planned(compose, **{".env": f"ENGINE=${{ENGINE:-elastic}}\n{line}\n"})
    probed = {target.service for job in plan.jobs if job.kind != "scrape" for target in job.targets}
    assert probed == {"web"} | started
    assert {item.subject for item in plan.unwatched} == {"search", "store", "other"} - started
    assert any(item.subject == ".env" for item in plan.remarks) == bool(started)


def test_tools_of_theirs_that_nothing_asks_are_named(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("""
        services:
          web: {image: "example.org/web:1", ports: ["8000:8000"]}
          traces: {image: "jaegertracing/all-in-one:1.60", ports: ["16686:16686"]}
          charts: {image: "grafana/grafana:12.1.0"}
        """)
    assert {item.subject for item in plan.unwatched} == {"traces"}
    assert component(plan, ComponentKind.GRAFANA).service == "charts"


def test_host_networking_is_said_not_scraped(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned("services: {db: {image: 'postgres:16', network_mode: host}, web: {image: 'a/web:1', ports: ['80:80']}}")
    assert plan.component(ComponentKind.POSTGRES_EXPORTER) is None
    assert any(item.subject == "db" and "host" in item.text for item in plan.unwatched)


def test_layers_that_live_elsewhere_are_left_out(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned(
        "services: {web: {image: 'example.org/web:1', ports: ['80:80']}}", **{"scaffold.yaml": "external: [logging]\n"}
    )
    assert plan.component(ComponentKind.LOKI) is None
    assert plan.component(ComponentKind.PROMETHEUS) is not None


def test_a_folder_of_code_with_the_name_is_left_alone(planned: Callable[..., MonitoringPlan]) -> None:
    plan = planned(
        "services: {web: {image: 'example.org/web:1', ports: ['80:80']}}",
        **{"monitoring/__init__.py": "", "compose.monitoring.yaml": "services: {x: {image: 'x:1'}}\n"},
    )
    assert plan.folder == "observability"
    assert plan.overlay == "compose.observability.yaml"


def test_the_order_of_services_changes_nothing(planned: Callable[..., MonitoringPlan]) -> None:
    services = [
        "db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${P}'}}",
        "cache: {image: 'redis:7'}",
        "q: {image: 'redis:7'}",
    ]
    plans = [planned("services: {" + ", ".join(order) + "}") for order in (services, services[::-1])]
    assert plans[0] == plans[1]


def test_nothing_is_planned_where_nothing_runs(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": "services: {prometheus: {image: 'prom/prometheus:v3.5.0'}}"})
    assert plan_monitoring(read_project(root), ()) is None
