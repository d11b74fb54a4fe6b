"""The audit rows about infrastructure, CI, supply chain, monitoring, logs, backups and pages, on the two examples."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from scaffold.gaps.catalogue import all_rules, layer_cards
from scaffold.model.gap import Gap
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project
from scaffold.read.project import read_project

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# Rule -> (resource, subject, words on the line of the primary place); an empty set means that the rule stays silent.
FRIDAY: dict[str, set[tuple[str, str, str]]] = {
    # A1: pull_request inside push. The other two workflows are sound.
    "CIQ001": {(".github/workflows/test.yml", "on/push/pull_request", "pull_request:")},
    # A2: no Terraform; the templates in .claude do not count.
    "IAC000": {("iac", "infrastructure-as-code", "redis:")},
    "IAC001": {("base/redis", "managed-counterpart", "redis:")},
    "IAC009": {("iac", "compute", "api:"), ("iac", "registry", "api:")},
    # A3: no chart, though the app serves /live and /ready; its Kubernetes client is no packaging.
    "K8S000": {("kubernetes", "packaging", "api:")},
    "K8S001": {("base/api", "probes", "/live")},
    # A4
    "LOG001": {("base/api", "log-format", "basicConfig")},
    # A5: CI builds no image, so signing comes after building.
    "SUP000": {("supply-chain", "image-build", "context:")},
    "SUP001": {("base/api", "image-build", "context:")},
    "SUP003": {("supply-chain", "signature", "context:")},
    # A6: a PyPI token, in a variable that twine never reads.
    "SUP009": {(".github/workflows/publish.yml/publish", "credential/pypi", "TWINE_TOKEN")},
    "SUP013": {(".github/workflows/publish.yml/publish/Upload to PyPI", "environment/TWINE_TOKEN", "TWINE_TOKEN")},
    # A9: the exporter exists, no route gives it out.
    "MET004": {("base/api", "metrics", "# TYPE")},
    # Seen in the same workflows: an upload that collides, and a job for a package.json that does not exist.
    "CIQ007": {(".github/workflows/test.yml/test/Keep the coverage report", "upload/name", "name: coverage-report")},
    "CIQ009": {(".github/workflows/ci.yml/build", "package.json", "npm ci")},
    "SUP007": {
        (".github/workflows/test.yml", "actions", "codecov/codecov-action@v4"),
        (".github/workflows/ci.yml", "actions", "actions/checkout@v4"),
        (".github/workflows/publish.yml", "actions", "actions/checkout@v4"),
    },
    "SUP008": {(".github/workflows/test.yml", "permissions", "on:")},
    "SUP012": {("supply-chain", "dependency-updates", "")},
    "IAC003": {("iac", "checked-in-ci", "api:")},
    "DOC005": {("README.md", "Dockerfile", "docker build -f Dockerfile.api")},
    "LOG000": {("logging", "log-aggregation", "api:")},
    "DOC001": {("docs", "deployment-guide", "# Friday")},
    # Redis is a cache in front of SQLite, which nothing copies and no page tells how to restore.
    "BCK000": {("backup", "sqlite", "api:")},
    "DOC002": {("docs", "recovery-guide", "# Friday")},
    # Prometheus is in the stack (A8), and friday_ai/monitoring is a library.
    **{code: set() for code in ("MET000", "MET001", "MET002", "MET003", "MET005", "MET007", "ALR002", "ALR004", "ALR005")},
    **{code: set() for code in ("BCK001", "BCK002", "DOC004", "DOC006", "LOG002", "LOG003", "LOG006")},
    # The tests run (were the trigger sound), coverage goes to Codecov, nothing is pushed.
    **{code: set() for code in ("CIQ004", "CIQ005", "CIQ000", "CIQ006", "CIQ008", "CIQ010", "CIQ012", "CIQ013", "SUP002")},
    **{code: set() for code in ("SUP004", "SUP005", "SUP006", "SUP010", "SUP011")},
}

PROPERTYPRO: dict[str, set[tuple[str, str, str]]] = {
    # B5, B10: the overlay exists and cannot run; what is in it is wrong in itself.
    "MET000": {("metrics", "metrics-stack", "api:")},
    "MET002": {("docker-compose.monitoring.yml", "overlay", "- postgres")},
    "MET003": {
        ("monitoring/prometheus.yml", "scrape/backend:8000", "backend:8000"),
        ("monitoring/prometheus.yml", "scrape/postgres:5432", "postgres:5432"),
        ("monitoring/prometheus.yml", "scrape/redis:6379", "redis:6379"),
    },
    "MET005": {
        ("monitoring/prometheus.yml", "store/postgres:5432", "postgres:5432"),
        ("monitoring/prometheus.yml", "store/redis:6379", "redis:6379"),
    },
    "MET007": {
        ("monitoring/postgres-exporter", "environment/DATA_SOURCE_NAME", "DATA_SOURCE_NAME"),
        ("monitoring/redis-exporter", "environment/REDIS_ADDR", "REDIS_ADDR"),
    },
    "ALR002": {
        ("monitoring/alertmanager/config.yml", "receivers/team", "ops@example.com"),
        ("monitoring/alertmanager/config.yml", "receivers/chat", "YOUR_WORKSPACE"),
    },
    "ALR004": {
        ("monitoring/grafana", "dashboards", "/var/lib/grafana/dashboards"),
        ("monitoring/grafana/dashboards/propertypro.json", "wrapped", "{"),
    },
    "ALR005": {("alerting", "symptom-alerts", "alert: FewListings")},
    # B6: log files on a volume, a formatter that no image holds, a shipper without pipeline that reads another folder.
    "LOG000": {("logging", "log-aggregation", "api:")},
    "LOG002": {("base", "log-volume/backend_logs", "LOG_FILE")},
    "LOG003": {("monitoring/logging_config.py", "json-formatter", "class JsonFormatter")},
    "LOG006": {
        ("monitoring/logstash", "pipeline//usr/share/logstash/pipeline", "logstash/pipeline"),
        ("monitoring/logstash", "logs//var/log/propertypro", "./logs"),
    },
    # B7, B17
    "CIQ005": {("frontend/playwright.config.js", "e2e", "import")},
    "CIQ006": {(".github/workflows/ci.yml/test/Run the backend's tests", "artifacts", "--cov-report=xml")},
    # B8: three folders of scripts; the one called backup is among them.
    "DOC006": {
        ("scripts/backup", "scripts", "#!"),
        ("scripts/collectors", "scripts", "#!"),
        ("scripts/data_pipeline", "scripts", "#!"),
    },
    # B11, B12, B18
    "DOC004": {("base", "profile/frontend", "profiles: [frontend]")},
    "DOC005": {("docs/SETUP_GUIDE.md", "compose-file", "docker-compose.prod.yml")},
    "DOC001": {("docs", "deployment-guide", "## Production")},
    "DOC002": {("docs", "recovery-guide", "# PropertyPro")},
    "DOC003": {("docs", "runbook", "# PropertyPro")},
    "K8S000": {("kubernetes", "packaging", "api:")},
    "IAC000": {("iac", "infrastructure-as-code", "chromadb:")},
    # B15: the backend is built and pushed, on pull requests too; the frontend never.
    "SUP001": {("base/frontend", "image-build", "context:")},
    "SUP002": {(".github/workflows/ci.yml/build/Build and push the backend", "push", "push: true")},
    "SUP003": {(".github/workflows/ci.yml/build", "signature", "docker/build-push-action")},
    "SUP004": {(".github/workflows/ci.yml/build", "sbom", "docker/build-push-action")},
    "SUP005": {(".github/workflows/ci.yml/build", "provenance", "docker/build-push-action")},
    # The files are scanned, the image is not; the deployment only says that it deploys.
    "SUP006": {("supply-chain", "image-scan", "docker/build-push-action")},
    "SUP007": {(".github/workflows/ci.yml", "actions", "aquasecurity/trivy-action@master")},
    "SUP008": {(".github/workflows/ci.yml", "permissions", "on:")},
    "CIQ010": {(".github/workflows/ci.yml/deploy", "placeholder", "run: |")},
    "IAC003": {("iac", "checked-in-ci", "api:")},
    # B19: pg_dump by hand covers the database; nothing covers the queue, the vectors and the uploads.
    "BCK001": {("base/redis", "backup", "redis:"), ("base/chromadb", "backup", "chromadb:"), ("backup", "files", "api:")},
    "BCK002": {("Makefile", "schedule/backup", "pg_dump")},
    # B16: the tests of the backend run. The triggers are sound, an image is built, every config is mounted.
    # flake8 runs strictly first, and then once more to report.
    **{code: set() for code in ("CIQ000", "CIQ002", "CIQ008", "CIQ013", "SUP010", "SUP011")},
    **{code: set() for code in ("CIQ001", "CIQ004", "CIQ007", "CIQ009", "SUP000", "SUP009", "SUP013", "BCK000", "MET001")},
}

STATES = {
    "friday": {
        Layer.IAC: LayerState.ABSENT,
        Layer.KUBERNETES: LayerState.ABSENT,
        Layer.CI: LayerState.INERT,
        Layer.SUPPLY_CHAIN: LayerState.PARTIAL,
        Layer.METRICS: LayerState.INERT,
        Layer.LOGGING: LayerState.ABSENT,
        Layer.DOCS: LayerState.PARTIAL,
    },
    "propertypro": {
        Layer.IAC: LayerState.ABSENT,
        Layer.KUBERNETES: LayerState.ABSENT,
        Layer.CI: LayerState.PRESENT,
        Layer.SUPPLY_CHAIN: LayerState.PARTIAL,
        Layer.METRICS: LayerState.INERT,
        Layer.ALERTING: LayerState.INERT,
        Layer.LOGGING: LayerState.INERT,
        Layer.TRACING: LayerState.INERT,
        Layer.BACKUP: LayerState.INERT,
        Layer.DOCS: LayerState.PARTIAL,
    },
}


def rows() -> list[tuple[str, str, set[tuple[str, str, str]]]]:
    tables = {"friday": FRIDAY, "propertypro": PROPERTYPRO}
    return [(name, code, expected) for name, table in tables.items() for code, expected in table.items()]


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    read = {}
    for name in ("friday", "propertypro"):
        root = tmp_path_factory.mktemp("delivery") / name
        shutil.copytree(EXAMPLES / name, root)
        for arguments in (["init", "-q"], ["add", "-A", "-f"]):
            subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
        read[name] = read_project(root)
    return read


def gaps_of(project: Project, code: str) -> list[Gap]:
    rule = next(rule for rule in all_rules() if rule.code == code)
    return list(rule.detect(project))


@pytest.mark.parametrize(("name", "code", "expected"), rows(), ids=lambda value: value if isinstance(value, str) else "")
def test_row(name: str, code: str, expected: set[tuple[str, str, str]], projects: dict[str, Project]) -> None:
    found = {(gap.resource, gap.subject): gap for gap in gaps_of(projects[name], code)}
    assert set(found) == {(resource, subject) for resource, subject, _ in expected}
    for resource, subject, words in expected:
        place = found[resource, subject].primary
        assert words in (EXAMPLES / name / place.path).read_text(encoding="utf-8").split("\n")[place.line - 1]


@pytest.mark.parametrize("name", sorted(STATES))
def test_layer_states(name: str, projects: dict[str, Project]) -> None:
    cards = {card.layer: card for card in layer_cards(projects[name])}
    assert {layer: cards[layer].state for layer in STATES[name]} == STATES[name]


def test_a_workflow_that_cannot_pass_is_not_praised(projects: dict[str, Project]) -> None:
    cards = {card.layer: card for card in layer_cards(projects["friday"])}
    assert not cards[Layer.CI].good
    praised = [
        praise.location.path for praise in {card.layer: card for card in layer_cards(projects["propertypro"])}[Layer.CI].good
    ]
    assert praised == [".github/workflows/ci.yml"] * 2
