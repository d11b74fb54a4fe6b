"""What is said to be for development counts less, and the report says who said it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.judge import judge
from scaffold.model.gap import Gap
from scaffold.model.names import EnvironmentClass, Severity
from scaffold.read.project import read_project
from scaffold.read.purpose import says_development_only

COMPOSE = """\
services:
  db:
    image: postgres:16
    ports: ["5432:5432"]
    volumes: ["data:/var/lib/postgresql/data"]
volumes:
  data:
"""


@pytest.mark.parametrize(
    "sentence",
    [
        "This repository is for local development only.",
        "The compose file is not meant for production.",
        "This stack is intended only for development and testing.",
        "Please do not use this setup in production.",
        "This is a development-only setup.",
    ],
)
def test_sentences_about_the_whole(sentence: str) -> None:
    assert says_development_only(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "This file is not intended for production use without first changing it.",
        "Never use the default password in production.",
        "Do not use these endpoints in production.",
        "This stack is for production and for local development.",
        "It works for local development.",
        "This project is ready for production.",
        "Debug mode is for development only.",
    ],
)
def test_sentences_about_a_part_or_the_opposite(sentence: str) -> None:
    assert not says_development_only(sentence)


def port_gap(root: Path) -> Gap:
    gaps = judge(read_project(root)).open
    return next(gap for gap in gaps if gap.code == "NET001")


def test_a_readme_says_it(make_project: Callable[..., Path]) -> None:
    readme = "# Shop\n\nSee below.\n\n**Keep in mind:** this repository is for\n*local development only*!\n"
    gap = port_gap(make_project({"README.md": readme, "docker-compose.yml": COMPOSE}))
    assert (gap.severity, gap.environment) == (Severity.LOW, EnvironmentClass.DEV)
    assert "README.md:5 says that this is for development" in gap.message
    assert gap.primary.path == "docker-compose.yml"


def test_the_head_of_the_file_says_it(make_project: Callable[..., Path]) -> None:
    gap = port_gap(make_project({"docker-compose.yml": f"# Not for production.\n{COMPOSE}"}))
    assert gap.severity is Severity.LOW


def test_what_is_missing_for_production_counts_as_before(make_project: Callable[..., Path]) -> None:
    files = {"docker-compose.yml": COMPOSE}
    said = judge(read_project(make_project({**files, "README.md": "This repository is for development only.\n"}))).open
    plain = judge(read_project(make_project(files))).open
    severity = {gap.code: gap.severity for gap in plain}
    for gap in said:
        if gap.code in {"IAC000", "K8S000", "MET000", "LOG000"}:
            assert gap.severity is severity[gap.code]
    assert {gap.fingerprint for gap in said} >= {gap.fingerprint for gap in plain if gap.layer.value == "network"}


@pytest.mark.parametrize(
    "more",
    [
        {"README.md": "Do not use the default password in production.\n"},
        {"README.md": "```\nThis repository is for development only.\n```\n"},
        {"other/README.md": "This project is for local development only.\n"},
        {"README.md": "docker-compose.test.yml is for testing only.\n"},
        {
            "README.md": "This repository is for local development only.\n",
            "scaffold.yaml": "production: [docker-compose.yml]\n",
        },
        {
            "README.md": "This repository is for local development only.\n",
            "docker-compose.prod.yml": "services:\n  db:\n    restart: always\n",
            "Makefile": "prod:\n\tdocker compose -f docker-compose.yml -f docker-compose.prod.yml up -d\n",
        },
    ],
    ids=["a part", "an example", "another folder", "another file", "settings say otherwise", "production merges it"],
)
def test_it_stays_high(more: dict[str, str], make_project: Callable[..., Path]) -> None:
    assert port_gap(make_project({"docker-compose.yml": COMPOSE, **more})).severity is Severity.HIGH


def test_a_file_that_is_deployed_in_its_place(make_project: Callable[..., Path]) -> None:
    deployed = "services:\n  db:\n    image: postgres:16\n    volumes: ['data:/var/lib/postgresql/data']\nvolumes:\n  data:\n"
    readme = "# Shop\n\n```sh\ndocker stack deploy -c docker-stack.yml shop\n```\n"
    root = make_project({"README.md": readme, "docker-compose.yml": COMPOSE, "docker-stack.yml": deployed})
    gap = port_gap(root)
    assert gap.severity is Severity.LOW
    assert "README.md:4 deploys another file in its place" in gap.message
    missing = next(gap for gap in judge(read_project(root)).open if gap.code == "BCK000")
    assert missing.severity is Severity.HIGH


ENV = "LOCAL_ENV=true\nMYSQL_PASSWORD=password\n"


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (ENV, Severity.LOW),
        ("# Settings for local development\nMYSQL_PASSWORD=password\n", Severity.LOW),
        ("MYSQL_PASSWORD=password\n", Severity.HIGH),
        ("LOCAL_ENV=true\nMYSQL_PASSWORD=password\nSECRET_KEY=v8Kq2Lw9Xn3Rt7Vb1Zc5Mh6Pj0Gs4Qu\n", Severity.HIGH),
    ],
    ids=["a flag", "a comment", "neither", "with a value that somebody drew"],
)
def test_an_env_file_for_local_use(text: str, severity: Severity, make_project: Callable[..., Path]) -> None:
    compose = "services:\n  db:\n    image: mariadb:11\n    env_file: .env\n"
    gaps = judge(read_project(make_project({"docker-compose.yml": compose, ".env": text}))).open
    assert max(gap.severity for gap in gaps if gap.primary.path == ".env") is severity


def test_one_cause_counts_once(make_project: Callable[..., Path]) -> None:
    compose = """\
services:
  files:
    image: minio/minio:RELEASE.2025-04-22T22-12-26Z
    command: server /data
    environment:
      MINIO_ROOT_USER: ${S3_ACCESS_KEY:-minioadmin}
      MINIO_ROOT_PASSWORD: ${S3_SECRET_KEY:-minioadmin}
    ports: ["9000:9000"]
    volumes: ["files:/data"]
  api:
    image: ghcr.io/shop/api:1.0
    env_file: api.env
    environment:
      S3_ACCESS_KEY: ${S3_ACCESS_KEY:-minioadmin}
volumes:
  files:
"""
    root = make_project({"docker-compose.yml": compose, "api.env": "JWT_SECRET=hunter-22-hunter\n"})
    gaps = {(gap.code, gap.resource): gap for gap in judge(read_project(root)).open}
    assert gaps["SEC001", "base/files"].severity is Severity.CRITICAL
    assert (gaps["SEC007", "base/files"].severity, gaps["SEC007", "base/files"].blocked_by) == (Severity.INFO, ("SEC001",))
    assert gaps["SEC005", "api.env"].severity is Severity.HIGH
    assert (gaps["SEC002", "api.env"].severity, gaps["SEC002", "api.env"].blocked_by) == (Severity.INFO, ("SEC005",))
