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
    restart: always
volumes:
  data:
"""
STARTED = {"update.sh": "docker compose up -d\n"}
"""What keeps a stack without a name of its own from counting less because nothing starts it."""


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
        "The developer edition is not licensed for production.",
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


PRODUCTION = "services:\n  api:\n    image: ghcr.io/shop/api:1.4.2\n"


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("└── docker-compose.yml         # Local development", Severity.LOW),
        ("| `docker-compose.yml` | development only, with hot reload |", Severity.LOW),
        ("- `docker-compose.yml`: local and production", Severity.HIGH),
        ("- `docker-compose.yml`: all services", Severity.HIGH),
    ],
)
def test_a_list_of_files_says_it_beside_one_for_production(
    line: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    files = {"docker-compose.yml": COMPOSE, **STARTED, "CLAUDE.md": f"# Shop\n\n{line}\n"}
    beside = {"docker-compose.prod.yml": PRODUCTION, "deploy.sh": "docker compose -f docker-compose.yml up -d\n"}
    assert port_gap(make_project({**files, **beside})).severity is severity


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
    assert port_gap(make_project({"docker-compose.yml": COMPOSE, **STARTED, **more})).severity is Severity.HIGH


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
        (ENV, Severity.INFO),
        ("# Settings for local development\nMYSQL_PASSWORD=password\n", Severity.INFO),
        # Nothing shows that a system runs with a word that anybody would try.
        ("MYSQL_PASSWORD=password\n", Severity.MEDIUM),
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
      S3_SECRET_KEY: ${S3_SECRET_KEY:-minioadmin}
volumes:
  files:
"""
    root = make_project({**STARTED, "docker-compose.yml": compose, "api.env": "JWT_SECRET=hunter-Rk7vQ2mZ8xLw4Tq9\n"})
    gaps = {(gap.code, gap.resource): gap for gap in judge(read_project(root)).open}
    assert gaps["SEC001", "base/files"].severity is Severity.CRITICAL
    assert (gaps["SEC007", "base/files"].severity, gaps["SEC007", "base/files"].blocked_by) == (Severity.INFO, ("SEC001",))
    assert gaps["SEC005", "api.env"].severity is Severity.HIGH
    assert (gaps["SEC002", "api.env"].severity, gaps["SEC002", "api.env"].blocked_by) == (Severity.INFO, ("SEC005",))


# --- repositories that call themselves examples -----------------------------------------------------------------------

LITERAL = COMPOSE.replace("    volumes: [", "    environment: {POSTGRES_PASSWORD: hunter22}\n    volumes: [")


@pytest.mark.parametrize(
    "readme",
    [
        "# Example Voting App\n",
        "# Shop demo\n",
        "# 🐳 An example Django + Docker app\n\nUse it as a base.\n",
        "# AtSea Shop Demonstration Application\n",
        "# Clinic Sample Application built with Spring\n",
        "# Shop\n\nThe Shop is a **demonstration application** comprised of three parts.\n",
        "# Shop\n\nShop is an **example Go DDD** project that we made to show how.\n",
        "# Shop\n\n## Run it\n\nUp.\n\n## Structure\n\nThis project is more or less a Rust playground for myself.\n",
        "# Shop example app\n\n### Deploy to production\n\nI am creating a course about that.\n",
    ],
)
def test_an_example_says_so(readme: str, make_project: Callable[..., Path]) -> None:
    gaps = judge(read_project(make_project({"README.md": readme, "docker-compose.yml": LITERAL}))).open
    found = {gap.code: gap for gap in gaps if gap.code in {"NET001", "SEC002", "BCK000"}}
    assert {code: gap.severity for code, gap in found.items()} == dict.fromkeys(("NET001", "SEC002", "BCK000"), Severity.LOW)
    assert {gap.environment for gap in found.values()} == {EnvironmentClass.EXAMPLE}
    assert "calls this an example" in found["NET001"].message


@pytest.mark.parametrize(
    "readme",
    [
        "# Shop\n\nSee the example below.\n",
        "# Demo\n\nA demo is at https://demo.example.com.\n\n# Install\n\nUp.\n",
        "## The demo\n\n1. Upload a file.\n",
        "## Live demo\n\nOn https://demo.example.com.\n",
        "# Shop\n\nThere is a demo of the shop at https://demo.example.com.\n",
        "# Shop\n\nCheck out the live demo, and use the sample docker-compose.yml.\n",
        "# Sample Tracker\n\nA laboratory information system for sample projects.\n",
        "# Demo Day Platform\n",
        "# Shop\n\nThis project is not a demo application.\n",
        "# Shop\n\nThis repository is a platform with an example app for plugins.\n",
        "# Shop template\n\nThis project is a template for your service.\n",
        "# Shop\n\n```\nThis project is a demo application.\n```\n",
        "# Example shop app\n\n## Deployment to production\n\n```sh\ndocker compose up -d\n```\n",
        "# Shop\n\nThis is an example configuration of the proxy.\n",
    ],
)
def test_these_words_call_no_repository_an_example(readme: str, make_project: Callable[..., Path]) -> None:
    assert port_gap(make_project({**STARTED, "README.md": readme, "docker-compose.yml": COMPOSE})).severity is Severity.HIGH


def test_what_fails_in_an_example_fails_for_its_readers(make_project: Callable[..., Path]) -> None:
    compose = "services:\n  api:\n    build: .\n    depends_on: [db]\n"
    readme = "# Example shop app\n\nRun it with `docker compose up`.\n"
    gaps = judge(read_project(make_project({"README.md": readme, "docker-compose.yml": compose}))).open
    assert next(gap for gap in gaps if gap.code == "CMP005").severity is Severity.HIGH


KEY = "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "FAKEfake" * 8 + "\n-----END RSA " + "PRIVATE KEY-----\n"


def test_a_key_in_an_example_is_one(make_project: Callable[..., Path]) -> None:
    files = {"README.md": "# Example shop app\n", "docker-compose.yml": COMPOSE, "keys/signing.pem": KEY}
    gaps = judge(read_project(make_project(files))).open
    assert next(gap for gap in gaps if gap.code == "SEC004").severity is Severity.HIGH


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("docker/ssl/development/server.key", Severity.LOW),
        ("certs/localhost.key", Severity.LOW),
        ("certs/self-signed.pem", Severity.LOW),
        ("certs/ssl-cert-snakeoil.key", Severity.LOW),
        ("keys/signing.pem", Severity.HIGH),
        ("developers/signing.pem", Severity.HIGH),
    ],
)
def test_the_path_of_a_private_key(path: str, severity: Severity, make_project: Callable[..., Path]) -> None:
    gaps = judge(read_project(make_project({"docker-compose.yml": COMPOSE, path: KEY}))).open
    assert next(gap for gap in gaps if gap.code == "SEC004").severity is severity


def test_what_counted_in_an_example_stays_in_sight(make_project: Callable[..., Path]) -> None:
    hidden = LITERAL.replace('    ports: ["5432:5432"]\n', "")
    gaps = judge(read_project(make_project({"README.md": "# Example shop app\n", "docker-compose.yml": hidden}))).open
    assert next(gap for gap in gaps if gap.code == "SEC002").severity is Severity.LOW


def test_the_production_file_of_an_example_counts(make_project: Callable[..., Path]) -> None:
    files = {"README.md": "# Example shop app\n", "docker-compose.prod.yml": COMPOSE}
    assert port_gap(make_project(files)).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("sentence", "severity"),
    [
        ("The provided docker-compose.yml file is meant for development and testing purposes.", Severity.LOW),
        ("The docker-compose.yml file is meant for development and for small servers.", Severity.HIGH),
        ("Options in docker-compose.yml are meant for development.", Severity.HIGH),
        ("This program is meant for development.", Severity.HIGH),
    ],
)
def test_a_page_says_what_the_file_beside_it_is_meant_for(
    sentence: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    files = {"all/docker-compose.yml": COMPOSE, "all/README.md": f"# All in one\n{sentence}\nFor production, use the image.\n"}
    assert port_gap(make_project(files)).severity is severity


# --- files that production does without -------------------------------------------------------------------------------

ALONE = """\
services:
  db:
    image: postgres:16
    volumes: ["data:/var/lib/postgresql/data"]
  server:
    image: ghcr.io/acme/server:1
volumes:
  data:
"""


def test_a_production_file_that_runs_alone(make_project: Callable[..., Path]) -> None:
    root = make_project({"docker-compose.yml": COMPOSE, "docker-compose.prod.yml": ALONE})
    gap = port_gap(root)
    assert (gap.severity, gap.environment) == (Severity.LOW, EnvironmentClass.DEV)
    assert "docker-compose.prod.yml:1 runs in production in its place" in gap.message
    missing = next(gap for gap in judge(read_project(root)).open if gap.code == "BCK000")
    assert missing.severity is Severity.HIGH


@pytest.mark.parametrize(
    "files",
    [
        {
            "docker-compose.prod.yml": ALONE,
            "package.json": '{"scripts": {"up": "docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d"}}\n',
        },
        {"docker-compose.prod.yml": "services:\n  prometheus:\n    image: prom/prometheus:v3.0.0\n"},
        {"docker-compose.prod.yml": "services:\n  db:\n    restart: always\n"},
        {"docker-compose.prod.yml": f"include: [docker-compose.yml]\n{ALONE.replace('  db:', '  db2:')}"},
        {"services/billing/docker-compose.prod.yml": ALONE},
        {"docker-compose.dev.yml": ALONE},
    ],
    ids=["merged by a command", "other services", "an overlay", "includes the base", "another folder", "for development"],
)
def test_a_base_that_production_needs(files: dict[str, str], make_project: Callable[..., Path]) -> None:
    assert port_gap(make_project({"docker-compose.yml": COMPOSE, **STARTED, **files})).severity is Severity.HIGH


PLAIN = "services:\n  api:\n    image: ghcr.io/acme/api:1\n"
WITH_CODE = COMPOSE.replace("services:\n", "services:\n  api:\n    build: .\n").replace('    ports: ["5432:5432"]\n', "")
README = {"README.md": "# Shop\n\n```sh\ndocker compose up -d\n```\n", "docker-compose.yml": WITH_CODE}


def test_a_file_that_nobody_starts(make_project: Callable[..., Path]) -> None:
    gap = port_gap(make_project({**README, "docker-compose.infrastructure.yaml": COMPOSE}))
    assert (gap.severity, gap.environment) == (Severity.LOW, EnvironmentClass.DEV)
    assert "nothing in this repository starts docker-compose.infrastructure.yaml" in gap.message


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "# Shop\n\nUse `docker-compose.infrastructure.yaml` for the stores; `docker compose up` for the rest.\n"},
        {"Makefile": "up:\n\tdocker compose -f docker-compose.infrastructure.yaml up -d\n"},
        {"start.ps1": "docker compose -f docker-compose.infrastructure.yaml up -d\n"},
        {"docker-compose.yml": f"include: [docker-compose.infrastructure.yaml]\n{PLAIN}"},
        {"README.md": "# Shop\n"},
        {"docker-compose.infrastructure.yaml": COMPOSE.replace("services:\n", "services:\n  api:\n    build: .\n")},
        {"docker-compose.infrastructure.yaml": COMPOSE.replace("  db:\n", "  metrics:\n")},
        {"docker-compose.yml": COMPOSE.replace('    ports: ["5432:5432"]\n', "")},
    ],
    ids=[
        "a page",
        "a target",
        "a script of Windows",
        "another file includes it",
        "nothing is presented",
        "it runs the code as well",
        "it has what the default has not",
        "the default runs no code either",
    ],
)
def test_a_file_that_somebody_starts(files: dict[str, str], make_project: Callable[..., Path]) -> None:
    root = make_project({**README, "docker-compose.infrastructure.yaml": COMPOSE, **files})
    assert port_gap(root).environment is EnvironmentClass.BASE


EVALUATION = """\
# This docker-compose.yml file is fully functional to evaluate Shop
# in your local environment.
#
# The docker-compose.yml file is not intended for production use without
# first customizing it to your situation.
"""


def test_a_head_that_speaks_of_evaluation(make_project: Callable[..., Path]) -> None:
    gap = port_gap(make_project({"docker-compose.yml": EVALUATION + COMPOSE}))
    assert (gap.severity, gap.environment) == (Severity.MEDIUM, EnvironmentClass.BASE)
    assert "docker-compose.yml:1 says that this is for evaluation, not for production" in gap.message


@pytest.mark.parametrize(
    "head",
    [
        "# The default password is not intended for production. Use the health route to test the server.\n",
        "# This file is to try it out, and is ready for production.\n",
        "# This file is not intended for production use without first changing the passwords.\n",
    ],
)
def test_a_head_that_does_not(head: str, make_project: Callable[..., Path]) -> None:
    assert port_gap(make_project({**STARTED, "docker-compose.yml": head + COMPOSE})).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("title", "severity"),
    [
        ("# Docker Compose for API development", Severity.LOW),
        ("# Shop - Development Docker Compose", Severity.LOW),
        ("# Development tools of the shop", Severity.LOW),
        ("# Docker Compose for development and production", Severity.HIGH),
        ("# Shop for the development of bees", Severity.HIGH),
        ("# The stack. See CONTRIBUTING for the development setup.", Severity.HIGH),
        ("x-note: {}  # Docker Compose for development", Severity.HIGH),
    ],
)
def test_the_title_of_the_file_calls_it_one_for_development(
    title: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    gap = port_gap(make_project({**STARTED, "docker-compose.yml": f"{title}\n{COMPOSE}"}))
    assert gap.severity is severity


def test_a_stack_that_includes_one_for_development(make_project: Callable[..., Path]) -> None:
    files = {
        "compose.dev.yml": COMPOSE,
        "compose.localprod.yml": "include: [compose.dev.yml]\nservices:\n  web: {image: nginx}\n",
    }
    assert port_gap(make_project(files)).severity is Severity.LOW


OPTIONAL = COMPOSE.replace("services:\n", PLAIN).replace("    image: postgres", "    profiles: [with-db]\n    image: postgres")
RUN = "docker compose -f docker-compose.yml"


@pytest.mark.parametrize(
    ("makefile", "more", "severity"),
    [
        (f"dev:\n\t{RUN} --profile with-db up\nprod:\n\t{RUN} up -d\n", {}, Severity.LOW),
        (f"dev:\n\t{RUN} --profile with-db up\nprod:\n\t{RUN} --profile with-db up -d\n", {}, Severity.HIGH),
        (f"up:\n\t{RUN} --profile with-db up\n", {}, Severity.HIGH),
        (f"dev:\n\t{RUN} --profile with-db up\n", {".env.example": "COMPOSE_PROFILES=with-db\n"}, Severity.MEDIUM),
        (f"dev:\n\t{RUN} --profile with-db up\n", {"README.md": f"```\n{RUN} --profile with-db up\n```\n"}, Severity.HIGH),
        (
            f"dev:\n\t{RUN} --profile with-db up\nprod:\n\t{RUN} -f docker-compose.prod.yml up -d\n",
            {"docker-compose.prod.yml": "services:\n  api:\n    restart: always\n"},
            Severity.LOW,
        ),
    ],
    ids=["only dev", "prod too", "a plain target", "an env file", "a page", "a set of production over the file"],
)
def test_a_profile_that_only_developers_turn_on(
    makefile: str, more: dict[str, str], severity: Severity, make_project: Callable[..., Path]
) -> None:
    root = make_project({"docker-compose.yml": OPTIONAL, "Makefile": makefile, **more})
    assert port_gap(root).severity is severity


DEVELOPERS = COMPOSE.replace("services:\n", 'services:\n  api:\n    build: .\n    ports: ["3000:3000"]\n')


@pytest.mark.parametrize(
    ("dockerfile", "mode", "severity"),
    [
        ('FROM node:24-alpine\nCOPY . .\nRUN cp env-example .env\nCMD ["/opt/start.dev.sh"]\n', "development", Severity.LOW),
        ('FROM node:24-alpine\nENV NODE_ENV=development\nCMD ["/opt/start.dev.sh"]\n', "production", Severity.LOW),
        ('FROM node:24-alpine\nCOPY . .\nRUN cp env-example .env\nCMD ["/opt/start.dev.sh"]\n', "production", Severity.HIGH),
        ('FROM node:24-alpine\nENV NODE_ENV=development\nCMD ["/opt/start.sh"]\n', "development", Severity.HIGH),
    ],
    ids=["the env file it takes", "its own variable", "in the mode of production", "no script for development"],
)
def test_images_for_development(dockerfile: str, mode: str, severity: Severity, make_project: Callable[..., Path]) -> None:
    files = {**STARTED, "docker-compose.yml": DEVELOPERS, "Dockerfile": dockerfile, "env-example": f"NODE_ENV={mode}\n"}
    assert port_gap(make_project(files)).severity is severity


TRIAL = """\
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - run: docker compose -f docker-compose.production.yml up -d --build --wait
      - run: curl -fsS http://localhost:3000/health
"""


def test_a_production_set_that_only_a_test_starts(make_project: Callable[..., Path]) -> None:
    files = {"docker-compose.production.yml": COMPOSE, ".github/workflows/push.yml": TRIAL}
    gap = port_gap(make_project(files))
    assert (gap.severity, gap.environment) == (Severity.MEDIUM, EnvironmentClass.PRODUCTION)
    assert gap.message.endswith(
        "; .github/workflows/push.yml:6 starts docker-compose.production.yml on the runner of a test, and nothing else in this "
        "repository starts it."
    )


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "Start it with `docker-compose.production.yml`.\n"},
        {"deploy.sh": "#!/bin/sh\ndocker compose -f docker-compose.production.yml up -d\n"},
        {".github/workflows/push.yml": TRIAL.replace("docker compose", "ssh app@host docker compose", 1)},
        {".github/workflows/push.yml": TRIAL.replace("image:", "deploy-production:")},
    ],
)
def test_a_production_set_that_something_else_starts(files: dict[str, str], make_project: Callable[..., Path]) -> None:
    given = {"docker-compose.production.yml": COMPOSE, ".github/workflows/push.yml": TRIAL}
    assert port_gap(make_project({**given, **files})).severity is Severity.HIGH


def test_a_production_file_in_a_folder_below_takes_the_place_of_the_base(make_project: Callable[..., Path]) -> None:
    production = COMPOSE.replace('    ports: ["5432:5432"]\n', "")
    gap = port_gap(make_project({"docker-compose.yml": COMPOSE, "deploy/compose/docker-compose.prod.yml": production}))
    assert gap.severity is Severity.LOW
    assert gap.message.endswith("; deploy/compose/docker-compose.prod.yml:1 runs in production in its place.")


def test_a_helper_below_extras_is_for_development(make_project: Callable[..., Path]) -> None:
    assert port_gap(make_project({"extras/import/docker-compose.yml": COMPOSE})).environment is EnvironmentClass.DEV


def test_samples_that_must_not_be_deployed_count_less_with_their_secrets_and_images(make_project: Callable[..., Path]) -> None:
    files = {
        "README.md": "# Samples\n\n> The following samples are for local development. These samples must not be deployed in "
        "production environments.\n",
        "shop/compose.yaml": "services:\n  db:\n    image: mariadb:11\n    restart: always\n    ports: ['3306:3306']\n    secrets: [password]\n"
        "    environment: {MARIADB_ROOT_PASSWORD_FILE: /run/secrets/password}\n  web:\n    build: .\n"
        "secrets:\n  password: {file: password.txt}\n",
        "shop/password.txt": "horse-battery-91\n",
        "shop/Dockerfile": 'FROM python:3.13-slim\nCMD ["flask", "run"]\n',
    }
    found = {gap.code: gap for gap in judge(read_project(make_project(files))).open}
    counted = {"NET001", "SEC002", "IMG006"}
    assert {code: found[code].severity for code in counted} == dict.fromkeys(counted, Severity.LOW)
    assert all("README.md:3" in found[code].message for code in counted)
    files["README.md"] = "# Shop\n\n```sh\ncd shop && docker compose up -d\n```\n"
    found = {gap.code: gap for gap in judge(read_project(make_project(files))).open}
    assert {code: found[code].severity for code in counted} == dict.fromkeys(counted, Severity.HIGH)


def test_settings_that_only_ci_starts_with(make_project: Callable[..., Path]) -> None:
    key = 'SECRET_KEY = "61fxc0k9nj3be8up9xzmz9l7h33b1bf9581c03p"\n'
    files = {"docker-compose.yml": COMPOSE, "settings/ci.py": key, "settings/main.py": key, "ci/settings.py": key}
    gaps = [gap for gap in judge(read_project(make_project(files))).open if gap.code == "SEC003"]
    assert {gap.resource: gap.severity for gap in gaps} == {
        "settings/ci.py": Severity.LOW,
        "settings/main.py": Severity.HIGH,
        "ci/settings.py": Severity.HIGH,
    }


def test_the_title_of_the_only_compose_file_says_it(make_project: Callable[..., Path]) -> None:
    gap = port_gap(make_project({"docker-compose.yml": f"# Shop: development environment\n{COMPOSE}"}))
    assert (gap.severity, gap.environment) == (Severity.LOW, EnvironmentClass.DEV)
    assert "docker-compose.yml:1 says that this is for development" in gap.message


@pytest.mark.parametrize(
    ("comment", "severity"),
    [
        ("# Homelab / NAS (recommended)", Severity.HIGH),
        ("# On your server", Severity.HIGH),
        ("# Local development (recommended)", Severity.LOW),
        ("# Start it", Severity.LOW),
    ],
)
def test_a_base_that_the_readme_gives_to_servers_is_not_replaced(
    make_project: Callable[..., Path], comment: str, severity: Severity
) -> None:
    readme = (
        f"# Shop\n\n```bash\n{comment}\ndocker compose up -d --build\n\n"
        "# Production\ndocker compose -f docker-compose.prod.yml up -d\n```\n"
    )
    production = COMPOSE.replace('    ports: ["5432:5432"]\n', "")
    files = {"README.md": readme, "docker-compose.yml": COMPOSE, "docker-compose.prod.yml": production}
    assert port_gap(make_project(files)).severity is severity


SETTINGS_OF_DEVELOPERS = "{\n  # Settings for the dev branch. Do not use for a\n  # release.\n\n  port: 8080\n}\n"


@pytest.mark.parametrize(
    ("settings", "severity"),
    [
        (SETTINGS_OF_DEVELOPERS, Severity.LOW),
        ("// This file is for development only\n{}\n", Severity.LOW),
        ("{\n  # Do not use a short key.\n  port: 8080\n}\n", Severity.HIGH),
        ("{\n" + "  a: 1\n" * 20 + "  # Do not use for a release.\n}\n", Severity.HIGH),
    ],
)
def test_settings_that_are_for_no_release(settings: str, severity: Severity, make_project: Callable[..., Path]) -> None:
    compose = "services:\n  api:\n    build: .\n    volumes: ['./app.hjson:/config/app.hjson']\n" + COMPOSE.partition("\n")[2]
    root = make_project({"compose.yaml": compose, "Dockerfile": "FROM alpine:3\n", "app.hjson": settings, **STARTED})
    assert port_gap(root).severity is severity


SENDS = """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          scp {file} deploy@host.example.com:app/docker-compose.yml
          ssh deploy@host.example.com docker compose up -d
"""
SENT = "services:\n  db:\n    image: postgres:16\n    volumes: ['data:/var/lib/postgresql/data']\n"


@pytest.mark.parametrize(
    ("sent", "production", "severity"),
    [
        ("compose.prod.yaml", SENT, Severity.LOW),
        ("docker-compose.prod.yml", SENT, Severity.LOW),
        ("compose.prod.yaml", "services:\n  db:\n    restart: always\n", Severity.HIGH),
        ("compose.yaml", SENT, Severity.HIGH),
    ],
)
def test_a_base_in_whose_place_another_file_is_sent(
    sent: str, production: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    files = {"compose.yaml": COMPOSE, "compose.prod.yaml": production, ".github/workflows/deploy.yml": SENDS.format(file=sent)}
    assert port_gap(make_project(files)).severity is severity


STORE_OF_ADMIN = 'services:\n  db:\n    image: postgres:16\n    ports: ["5432:5432"]\n'
DEPLOYED = "services:\n  admin:\n    build: ../{code}\n  store:\n    image: {image}\n"


def test_a_store_beside_code_that_production_builds_elsewhere_with_its_own(make_project: Callable[..., Path]) -> None:
    deployed = DEPLOYED.format(code="admin", image="postgres:16")
    files = {
        "admin/docker-compose.yml": STORE_OF_ADMIN,
        "admin/Dockerfile": "FROM node:22\n",
        "deploy/compose.prod.yml": deployed,
    }
    gap = port_gap(make_project(files))
    assert gap.severity is Severity.LOW
    assert gap.message.endswith("; deploy/compose.prod.yml:1 runs in production in its place.")


@pytest.mark.parametrize(
    "more",
    [
        {"deploy/compose.prod.yml": DEPLOYED.format(code="shop", image="postgres:16")},
        {"deploy/compose.prod.yml": DEPLOYED.format(code="admin", image="redis:7")},
        {
            "deploy/compose.prod.yml": DEPLOYED.format(code="admin", image="postgres:16"),
            "admin/docker-compose.yml": f"{STORE_OF_ADMIN}  admin:\n    build: .\n",
        },
    ],
    ids=["other code", "no such store", "code beside the store"],
)
def test_a_store_that_production_elsewhere_does_not_replace(more: dict[str, str], make_project: Callable[..., Path]) -> None:
    files = {
        "admin/docker-compose.yml": STORE_OF_ADMIN,
        "admin/Dockerfile": "FROM node:22\n",
        "shop/Dockerfile": "FROM node:22\n",
    }
    assert "in its place" not in port_gap(make_project({**files, **more})).message
