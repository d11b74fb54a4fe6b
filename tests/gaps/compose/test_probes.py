"""The probe table: a replacement is judged as right by the rule that asks for it, and it fits the image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scaffold.gaps.compose.health_faults import health_faults
from scaffold.model.compose import Service
from scaffold.model.probes import known_image, working_healthcheck
from scaffold.model.values import ImageReference
from scaffold.read.project import read_project

MakeProject = Callable[..., Path]


def service_of(make_project: MakeProject, text: str) -> Service:
    project = read_project(make_project({"docker-compose.yml": text}))
    return project.stacks[0].services[0]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("postgres:16-alpine", ["pg_isready", "-h 127.0.0.1", "$${POSTGRES_USER"]),
        ("pgvector/pgvector:pg17", ["pg_isready"]),
        ("redis:8", ["redis-cli", "-e", "ping"]),
        ("redis:6.2-alpine", ["redis-cli ping", "grep -q PONG"]),
        ("docker.io/library/redis:7", ["redis-cli", "-e"]),
        ("valkey/valkey:9-alpine", ["valkey-cli", "-e"]),
        ("mysql:8.4", ["mysqladmin", "ping", "-h", "127.0.0.1"]),
        ("mariadb:12", ["mariadb-admin", "ping"]),
        ("mongo:8", ["mongosh", "--quiet"]),
        ("mongo:4.2.1-bionic", ["mongo --quiet"]),
        ("chromadb/chroma:latest", ["bash", "/dev/tcp/127.0.0.1/8000"]),
        ("chromadb/chroma:1.0.20", ["bash", "/dev/tcp/127.0.0.1/8000"]),
        ("rabbitmq:4-management", ["rabbitmq-diagnostics", "-q"]),
        ("qdrant/qdrant:v1.15.0", ["bash", "/dev/tcp/127.0.0.1/6333"]),
        ("semitechnologies/weaviate:1.32.0", ["wget", "/v1/.well-known/ready"]),
        ("prom/prometheus:v3.5.0", ["promtool", "check", "healthy"]),
    ],
)
def test_replacement_fits_the_image_and_is_right(image: str, words: list[str], make_project: MakeProject) -> None:
    test = working_healthcheck(service_of(make_project, f"services:\n  store:\n    image: {image}\n"))
    assert test is not None
    assert test[0] in {"CMD", "CMD-SHELL"}
    assert all(word in " ".join(test) for word in words)
    text = yaml.safe_dump({"services": {"store": {"image": image, "healthcheck": {"test": list(test)}}}})
    project = read_project(make_project({"docker-compose.yml": text}, name="again"))
    assert health_faults(project, project.stacks[0].services[0]) == ()


@pytest.mark.parametrize("image", ["chromadb/chroma:0.5.23", "registry.example.org/team/db:1", "redis@sha256:" + "0" * 64])
def test_no_replacement_where_none_is_known(image: str, make_project: MakeProject) -> None:
    assert working_healthcheck(service_of(make_project, f"services:\n  store:\n    image: {image}\n")) is None


def test_redis_with_a_password_that_the_container_knows(make_project: MakeProject) -> None:
    text = """
    services:
      redis:
        image: redis:8
        command: redis-server --requirepass ${REDIS_PASSWORD:?}
        environment:
          REDIS_PASSWORD: ${REDIS_PASSWORD:?}
    """
    assert working_healthcheck(service_of(make_project, text)) == (
        "CMD-SHELL",
        'REDISCLI_AUTH="$$REDIS_PASSWORD" redis-cli -e ping',
    )


def test_redis_with_a_password_on_its_command_line_alone(make_project: MakeProject) -> None:
    text = """
    services:
      redis:
        image: redis:7-alpine
        command: redis-server --requirepass ${REDIS_PASSWORD:-stand-in}
    """
    test = working_healthcheck(service_of(make_project, text))
    # The reference itself, so that check and server always agree; as an argument of its own, so that no shell reads the value.
    assert test == ("CMD", "redis-cli", "--no-auth-warning", "-e", "-a", "${REDIS_PASSWORD:-stand-in}", "ping")


def test_a_replacement_asks_the_port_that_the_command_line_gives_and_none_is_offered_where_a_file_decides(
    make_project: MakeProject,
) -> None:
    text = "services: {{store: {{image: '{image}', command: '{command}'}}}}"
    moved = text.format(image="redis:7-alpine", command="redis-server --port 56379 --appendonly yes")
    assert working_healthcheck(service_of(make_project, moved)) == ("CMD", "redis-cli", "-p", "56379", "-e", "ping")
    for image, command in (
        ("redis:7-alpine", "redis-server /etc/redis/redis.conf"),
        ("postgres:16", "postgres -p 55432"),
        ("postgres:16", "postgres -c port=55432"),
    ):
        service = service_of(make_project, text.format(image=image, command=command))
        assert working_healthcheck(service) is None


def test_redis_with_a_literal_password_has_no_replacement(make_project: MakeProject) -> None:
    text = """
    services:
      redis:
        image: redis:8
        command: redis-server --requirepass made-up-value
    """
    assert working_healthcheck(service_of(make_project, text)) is None


def test_rabbitmq_with_a_short_timeout_gets_the_light_check(make_project: MakeProject) -> None:
    text = """
    services:
      queue:
        image: rabbitmq:4
        healthcheck:
          test: ["CMD", "curl", "localhost"]
          timeout: 5s
    """
    assert working_healthcheck(service_of(make_project, text)) == ("CMD", "rabbitmq-diagnostics", "-q", "ping")


def test_elasticsearch_only_without_its_security(make_project: MakeProject) -> None:
    text = """
    services:
      search:
        image: docker.elastic.co/elasticsearch/elasticsearch:8.15.0
        environment:
          - xpack.security.enabled=false
    """
    test = working_healthcheck(service_of(make_project, text))
    assert test is not None
    assert "_cluster/health" in test[1]
    assert working_healthcheck(service_of(make_project, text.replace("false", "true"))) is None


@pytest.mark.parametrize(
    ("image", "program", "is_absent"),
    [
        ("chromadb/chroma:1.5.9", "curl", True),
        ("chromadb/chroma:0.6.3", "curl", False),
        ("python:3.13-slim", "curl", True),
        ("python:3.13", "curl", False),
        ("node:22-alpine", "wget", False),
        ("mongo:7", "mongo", True),
        ("mongo:5", "mongo", False),
        ("mariadb:11.4", "mysqladmin", True),
        ("mariadb:10.11", "mysqladmin", False),
        ("grafana/loki:3.7.6", "wget", True),
        ("grafana/loki:3.4.0", "wget", False),
        ("gcr.io/distroless/python3-debian12", "sh", True),
        ("gcr.io/distroless/python3-debian12:debug", "sh", False),
    ],
)
def test_programs_by_version(image: str, program: str, *, is_absent: bool) -> None:
    known = known_image(ImageReference.parse(image))
    assert (known is not None and program in known.facts.absent) is is_absent


def test_a_tag_without_a_version_is_judged_as_the_newest() -> None:
    latest = known_image(ImageReference.parse("chromadb/chroma:latest"))
    pinned = known_image(ImageReference.parse("chromadb/chroma:1.0.0"))
    assert latest is not None
    assert pinned is not None
    assert latest.assumed
    assert not pinned.assumed
