"""The audit rows about stacks, images, settings and secrets, on the two examples: what must be found, and what must not."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scaffold.gaps.catalogue import all_rules, layer_cards
from scaffold.gaps.judge import judge
from scaffold.model.gap import Gap
from scaffold.model.names import Layer
from scaffold.model.project import Project
from scaffold.read.project import read_project

ROOT = Path(__file__).resolve().parent.parent.parent

FRIDAY = {
    # A7: no .dockerignore; A8: the Dockerfile moved, and the files under monitoring/ are missing.
    "IMG001": {("base/api", "build/dockerfile", "dockerfile: Dockerfile.api")},
    "IMG003": {(".dockerignore", "dockerignore", "COPY . .")},
    "CMP008": {
        ("base/prometheus", "volumes/etc/prometheus/prometheus.yml", "monitoring/prometheus.yml"),
        ("base/grafana", "volumes/etc/grafana/provisioning/dashboards", "monitoring/grafana/dashboards"),
        ("base/grafana", "volumes/etc/grafana/provisioning/datasources", "monitoring/grafana/datasources"),
    },
    "NET001": {("base/redis", "ports/6379", "6379:6379")},
    "SEC006": {("base/redis", "authentication", "redis:7-alpine")},
    "SEC007": {("base/grafana", "environment/GF_SECURITY_ADMIN_PASSWORD", "GRAFANA_PASSWORD")},
    "IMG007": {("docker/Dockerfile.api", "install", "RUN pip install --no-cache-dir .")},
    **{code: set() for code in ("IMG000", "IMG004", "IMG005", "IMG006", "IMG008", "SEC008")},
    "NET002": {("base", "ports/tools", "9090:9090")},
    "NET003": {("base/api", "tls", ":8000")},
    **{code: set() for code in ("NET004", "NET005", "CFG007", "CFG008")},
    # The positives of A8: non-root, healthchecks, service_healthy, the profile that the README activates.
    **{code: set() for code in ("CMP001", "CMP003", "CMP005", "CMP006", "CMP007", "CMP009", "CMP016", "IMG002")},
    **{code: set() for code in ("SEC001", "SEC002", "SEC003", "SEC004", "SEC005", "CFG003", "CFG005", "CFG006", "NET006")},
}

PROPERTYPRO = {
    # B1: api and worker, never the scheduler, which does not depend on Chroma.
    "CMP001": {
        ("base/api", "depends_on/chromadb", "chromadb:"),
        ("base/worker", "depends_on/chromadb", "chromadb:"),
        ("base/nginx", "depends_on/api", "- api"),
        ("base/nginx", "depends_on/frontend", "- frontend"),
    },
    "CMP003": {
        ("base/chromadb", "healthcheck", "api/v1/heartbeat"),
        ("base/redis", "healthcheck", "redis-cli"),
    },
    # B2: the default signing key, and the default database URL.
    "SEC003": {
        ("backend/app/core/settings.py", "SECRET_KEY", "SECRET_KEY"),
        ("backend/app/core/settings.py", "DATABASE_URL", "postgresql://"),
    },
    # B3: which template counts, three unguarded secrets, keys that nothing reads, nothing for production (B13).
    "CFG002": {("config", "production-template", "${")},
    "CFG003": {("config", "templates", "")},
    "CFG004": {("env.example", "dead-keys", "")},
    "CFG005": {
        ("base/api", "environment/SECRET_KEY", "${SECRET_KEY}"),
        ("base/api", "environment/JWT_SECRET", "${JWT_SECRET}"),
        ("base/api", "environment/OPENAI_API_KEY", "${OPENAI_API_KEY}"),
    },
    # B4
    "CFG006": {(".env.staging", "ENVIRONMENT", "ENVIRONMENT=development")},
    "NET006": {("backend/app/core/settings.py", "ALLOWED_ORIGINS", "yourdomain")},
    # B5: the overlay names a service that is called db here, and a network that nobody creates.
    "CMP005": {("monitoring/postgres-exporter", "depends_on/postgres", "- postgres")},
    "CMP016": {("monitoring", "networks/rag-network", "rag-network")},
    "CMP008": {
        ("base/nginx", "volumes/etc/nginx/nginx.conf", "nginx/nginx.conf"),
        ("monitoring/logstash", "volumes/usr/share/logstash/pipeline", "logstash/pipeline"),
    },
    # B7, B11
    "CMP007": {("base/e2e", "profiles", "profiles"), ("base/frontend", "profiles", "profiles")},
    "CMP006": {("base/nginx", "depends_on/frontend", "- frontend")},
    # B9: one finding for each credential of the base stack; the other stacks hold literals.
    "SEC001": {
        ("base/db", "environment/POSTGRES_PASSWORD", "POSTGRES_PASSWORD"),
        ("base/redis", "environment/REDIS_PASSWORD", "REDIS_PASSWORD"),
    },
    "NET002": {("monitoring", "ports/tools", "93")},
    "NET003": {("base/nginx", "tls", ":80")},
    "NET004": set(),
    "NET005": {("base/nginx", "networks", "nginx:")},
    # CHROMA_PORT is 8001 on the host and 8000 inside; docker.env calls the database postgres, the stack calls it db.
    "CFG007": {("base", "environment/CHROMA_PORT", "CHROMA_PORT")},
    "CFG008": {("docker.env", "DATABASE_URL", "@postgres:5432")},
    # The same command writes the password where `docker inspect` shows it.
    "SEC008": {
        ("base/redis", "command-line", "--requirepass"),
        ("staging/redis", "command-line", "--requirepass"),
        ("secure/redis", "command-line", "--requirepass"),
    },
    **{code: set() for code in ("IMG000", "IMG004", "IMG005", "IMG006", "IMG007")},
    "IMG008": {("image", "end-of-life/nginx-1.28", "nginx:1.28-alpine")},
    # B12
    "SCL000": {("scaling", "plan", "")},
    # B14: no manager, and a key in the form of a provider in two tracked files.
    "SEC000": {("secrets", "manager", "")},
    "SEC004": {(".env.staging", "GOOGLE_API_KEY", "GOOGLE_API_KEY"), ("docker.env", "GOOGLE_API_KEY", "GOOGLE_API_KEY")},
    "NET001": {
        ("base/db", "ports/5432", ":5432"),
        ("base/redis", "ports/6379", ":6379"),
        ("base/chromadb", "ports/8000", ":8000"),
        ("monitoring/elasticsearch", "ports/9200", "9200:9200"),
    },
    "IMG001": set(),
    "CMP004": set(),
}


def project_of(name: str, tmp_path: Path) -> Project:
    root = tmp_path / name
    subprocess.run(["cp", "-R", str(ROOT / "examples" / name), str(root)], check=True)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for arguments in (["init", "-q"], ["add", "-A", "-f"], [*identity, "commit", "-qm", "start"]):
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)
    return read_project(root)


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Project]:
    folder = tmp_path_factory.mktemp("examples")
    return {name: project_of(name, folder) for name in ("friday", "propertypro")}


def found(project: Project, code: str) -> Iterator[Gap]:
    rule = next(rule for rule in all_rules() if rule.code == code)
    yield from rule.detect(project)


def line(project: Project, gap: Gap) -> str:
    text = project.source(gap.primary.path)
    assert text is not None
    return text.splitlines()[gap.primary.line - 1]


ROWS = [("friday", code, rows) for code, rows in FRIDAY.items()] + [
    ("propertypro", code, rows) for code, rows in PROPERTYPRO.items()
]


@pytest.mark.parametrize(("name", "code", "rows"), ROWS, ids=[f"{name}-{code}" for name, code, _ in ROWS])
def test_row(name: str, code: str, rows: set[tuple[str, str, str]], projects: dict[str, Project]) -> None:
    project = projects[name]
    gaps = {(gap.resource, gap.subject): gap for gap in found(project, code)}
    assert set(gaps) == {(resource, subject) for resource, subject, _ in rows}
    for resource, subject, word in rows:
        assert word in line(project, gaps[resource, subject])


def test_chroma_edges_wait_for_a_check_that_works_first(projects: dict[str, Project]) -> None:
    gaps = [gap for gap in found(projects["propertypro"], "CMP001") if gap.subject == "depends_on/chromadb"]
    assert [gap.blocked_by for gap in gaps] == [("CMP003",), ("CMP003",)]
    broken = next(gap for gap in found(projects["propertypro"], "CMP003") if gap.resource == "base/chromadb")
    assert "curl" in broken.message
    assert "/api/v1" in broken.message


def test_credentials_of_published_stores_are_critical(projects: dict[str, Project]) -> None:
    gaps = list(found(projects["propertypro"], "SEC001"))
    assert {gap.severity.word for gap in gaps} == {"critical"}
    # The store's own line first, then the three URLs of api, worker and scheduler.
    assert [len(gap.evidence) for gap in gaps] == [4, 4]
    assert {Path(item.location.path).name for gap in gaps for item in gap.evidence} == {"docker-compose.yml"}


def test_the_hidden_dockerignore_is_told(projects: dict[str, Project]) -> None:
    gap = next(gap for gap in found(projects["propertypro"], "IMG003") if gap.resource == "backend/.dockerignore")
    assert ".gitignore" in gap.message


@pytest.mark.parametrize("name", ["friday", "propertypro"])
def test_no_value_of_a_secret_is_shown(name: str, projects: dict[str, Project]) -> None:
    project = projects[name]
    judged = judge(project)
    shown = "\n".join(f"{item.gap.message} {item.gap.expected} {item.gap.actual} {item.gap.subject}" for item in judged.gaps)
    secrets = [
        "password123",
        "redis123",
        "your-secret-key",
        "secure_password",
        "secure-secret",
        "secure-jwt",
        "staging_password",
        "staging-secret",
        "staging-jwt",
        "rag_password",
        "admin123",
        "AIza",
    ]
    assert [secret for secret in secrets if secret in shown] == []


def test_fingerprints_are_unique(projects: dict[str, Project]) -> None:
    for project in projects.values():
        prints = [gap.fingerprint for rule in all_rules() for gap in rule.detect(project)]
        assert len(prints) == len(set(prints))


def test_cards(projects: dict[str, Project]) -> None:
    states = {name: {card.layer: card for card in layer_cards(project)} for name, project in projects.items()}
    # The image of Friday is right, and no build of the stack reaches it.
    assert states["friday"][Layer.IMAGE].state == "inert"
    assert any("not as root" in praise.message for praise in states["friday"][Layer.IMAGE].good)
    assert any("api waits until redis answers" in praise.message for praise in states["friday"][Layer.COMPOSE].good)
    assert states["propertypro"][Layer.IMAGE].state == "present"
    # The proxy of PropertyPro mounts a file that is not there.
    assert states["propertypro"][Layer.NETWORK].state == "inert"
    assert states["propertypro"][Layer.SECRETS].state == "absent"
    assert states["propertypro"][Layer.SCALING].state == "absent"
    praised = " ".join(praise.message for praise in states["propertypro"][Layer.COMPOSE].good)
    assert "chromadb" not in praised
    assert "redis" not in praised
