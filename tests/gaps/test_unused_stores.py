"""A store that nothing was found to use holds nothing that is missed: its gaps stay below high, and say why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.judge import judge
from scaffold.model.gap import Gap
from scaffold.model.names import Severity
from scaffold.read.project import read_project

Make = Callable[..., Path]
SAID = "docker-compose.prod.yml:2 starts a store that nothing here was found to use"
API = "  api:\n    build: .\n    env_file: .env\n    depends_on: [store]\n"
DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD ["python", "app.py"]\n'
CODE = {"Dockerfile": DOCKERFILE, "requirements.txt": "flask\n", "app.py": "from flask import Flask\n\napp = Flask(__name__)\n"}
PORTS = {"postgres:16": 5432, "mysql:8": 3306, "mongo:8": 27017, "redis:7": 6379, "rabbitmq:4-management": 5672}
PORTS |= {"apache/kafka:4.0.0": 9092, "clickhouse/clickhouse-server:24.3": 8123, "qdrant/qdrant:v1.15.0": 6333}
PORTS |= {"chromadb/chroma:1.0.0": 8000, "elasticsearch:8.15.0": 9200, "getmeili/meilisearch:v1.11": 7700}
PORTS |= {"semitechnologies/weaviate:1.27.0": 8080, "nats:2.10": 4222, "minio/minio": 9000}


def compose(image: str, rest: str = API) -> str:
    return f"services:\n  store:\n    image: {image}\n    ports: ['{PORTS[image]}:{PORTS[image]}']\n{rest}"


def gaps_of(make_project: Make, files: dict[str, str]) -> list[Gap]:
    judged = judge(read_project(make_project(files))).gaps
    return [item.gap for item in judged if item.gap.resource.endswith("/store")]


def reaching(make_project: Make, files: dict[str, str]) -> Gap:
    return next(gap for gap in gaps_of(make_project, files) if gap.code == "NET001")


@pytest.mark.parametrize("image", PORTS)
def test_a_store_of_each_family_that_no_code_knows(image: str, make_project: Make) -> None:
    gap = reaching(make_project, {"docker-compose.prod.yml": compose(image), **CODE})
    assert (gap.severity, SAID in gap.message) == (Severity.MEDIUM, True)


@pytest.mark.parametrize(
    ("image", "files"),
    [
        ("postgres:16", {"requirements.txt": "flask\npsycopg[binary]\n"}),
        ("postgres:16", {"app.py": "import os\nurl = os.environ['DATABASE_URL']\n"}),
        ("postgres:16", {"go.mod": "module shop\nrequire github.com/jackc/pgx/v5 v5.7.0\n"}),
        ("mysql:8", {"package.json": '{"dependencies": {"mysql2": "^3"}}'}),
        ("mongo:8", {"package.json": '{"dependencies": {"mongoose": "^8"}}'}),
        ("redis:7", {"package.json": '{"dependencies": {"ioredis": "^5"}}'}),
        ("redis:7", {"requirements.txt": "celery\n"}),
        ("redis:7", {"package.json": '{"dependencies": {"bull": "^4"}}'}),
        ("rabbitmq:4-management", {"requirements.txt": "pika\n"}),
        ("apache/kafka:4.0.0", {"pom.xml": "<artifactId>spring-kafka</artifactId>"}),
        ("clickhouse/clickhouse-server:24.3", {"app.py": "requests.post('http://host:8123/')\n"}),
        ("qdrant/qdrant:v1.15.0", {"src/store.ts": "await fetch(`http://store:6333/collections`)\n"}),
        ("qdrant/qdrant:v1.15.0", {"config/settings.toml": "address = 'http://store/collections'\n"}),
        ("chromadb/chroma:1.0.0", {"app.py": "import chromadb\n\nclient = chromadb.HttpClient()\n"}),
        ("chromadb/chroma:1.0.0", {"app.py": "from langchain_chroma import Chroma\n\ndb = Chroma(name, host=HOST)\n"}),
        ("chromadb/chroma:1.0.0", {"package.json": '{"dependencies": {"chromadb": "^3"}}'}),
        ("chromadb/chroma:1.0.0", {".env.example": "CHROMA_HOST=store\n"}),
        ("elasticsearch:8.15.0", {"pom.xml": "<artifactId>spring-boot-starter-data-elasticsearch</artifactId>"}),
        ("getmeili/meilisearch:v1.11", {"composer.json": '{"require": {"laravel/scout": "^10"}}'}),
        ("nats:2.10", {"go.mod": "require github.com/nats-io/nats.go v1.37.0\n"}),
        ("minio/minio", {"requirements.txt": "boto3\n"}),
    ],
)
def test_a_store_that_code_a_dependency_or_a_setting_knows(image: str, files: dict[str, str], make_project: Make) -> None:
    assert reaching(make_project, {"docker-compose.prod.yml": compose(image), **CODE, **files}).severity is Severity.HIGH


@pytest.mark.parametrize(
    "rest",
    [
        f"{API}    environment: {{SEARCH: 'http://store:9000'}}\n",
        f"{API}    environment: {{QDRANT_KEY: x}}\n",
        f"{API}    command: python app.py --vectors store\n",
        "  worker:\n    image: example.org/team/worker:1.0\n",
        f"{API}  worker:\n    image: example.org/team/worker:1.0\n    depends_on: [store]\n",
        "  keycloak:\n    image: quay.io/keycloak/keycloak:26.0\n",
        f"{API}networks:\n  default: {{external: true, name: shared}}\n",
        "  api:\n    build: https://github.com/team/shop.git\n",
        "  api:\n    build: ../shop\n",
        "  api:\n    build: ./elsewhere\n",
        "  api:\n    build: {context: ., dockerfile: Dockerfile.odoo}\n",
        "  api:\n    build: {context: ., dockerfile: Dockerfile.clone}\n",
        "",
    ],
    ids=[
        "its host",
        "its family",
        "a command",
        "only an image",
        "an image beside it",
        "a product",
        "a network of others",
        "a remote build",
        "a build outside",
        "a folder without code",
        "a product below it",
        "cloned code",
        "nothing else runs",
    ],
)
def test_what_may_use_a_store_without_being_seen(rest: str, make_project: Make) -> None:
    files = {
        "docker-compose.prod.yml": compose("qdrant/qdrant:v1.15.0", rest),
        "elsewhere/Dockerfile": "FROM python:3.13\n",
        "Dockerfile.odoo": "FROM odoo:18\nCOPY app.py /mnt/extra-addons/\n",
        "Dockerfile.clone": "FROM python:3.13\nRUN git clone https://github.com/team/shop /app\n",
    }
    assert reaching(make_project, {**CODE, **files}).severity is Severity.HIGH


def test_watchers_pages_and_the_library_in_the_process_use_nothing(make_project: Make) -> None:
    watched = f"{API}  prometheus:\n    image: prom/prometheus:v3.0.0\n    command: ['--store=http://store:8000']\n"
    files = {
        "docker-compose.prod.yml": compose("chromadb/chroma:1.0.0", watched),
        "README.md": "# Shop\n\nChroma at http://store:8000 keeps the vectors: chromadb.HttpClient().\n",
        ".gitignore": "chroma_url\n",
        "app.py": "import chromadb\n\nclient = chromadb.PersistentClient(path='data')\nuvicorn.run(app, host='0.0.0.0')\n",
    }
    assert reaching(make_project, {**CODE, **files}).severity is Severity.MEDIUM


def test_every_gap_of_the_store(make_project: Make) -> None:
    text = compose("postgres:16").replace("    ports", "    environment: {POSTGRES_PASSWORD: shop}\n    ports")
    found = gaps_of(make_project, {"docker-compose.prod.yml": text, **CODE})
    assert {"CMP009", "NET001", "SEC002"} <= {gap.code for gap in found}
    assert all(gap.severity <= Severity.MEDIUM for gap in found)


def test_the_backup_of_a_store_that_nothing_uses(make_project: Make) -> None:
    kept = "    volumes: ['data:/var/lib/postgresql/data']\n"
    text = compose("postgres:16").replace("    ports", f"{kept}    ports") + "volumes:\n  data:\n"
    judged = judge(read_project(make_project({"docker-compose.prod.yml": text, **CODE}))).open
    gap = next(gap for gap in judged if gap.code == "BCK000")
    assert (gap.severity, "nothing here was found to use them" in gap.message) == (Severity.MEDIUM, True)
