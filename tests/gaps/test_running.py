"""How bad a gap of a stack can be follows from what shows that others than its developers run it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.judge import judge
from scaffold.model.gap import Gap
from scaffold.model.names import EnvironmentClass, Severity
from scaffold.read.project import read_project

STORE = "  db:\n    image: postgres:16\n    ports: ['5432:5432']\n    volumes: ['data:/var/lib/postgresql/data']\n    restart: always\n"
COMPOSE = f"services:\n{STORE}  api:\n    build: .\nvolumes:\n  data:\n"
UP = "```sh\ndocker compose up -d\n```\n"
BOTH = "```sh\n# On your server (recommended)\ndocker compose up -d\n\n# Production\ndocker compose -f docker-compose.prod.yml up -d\n```\n"
LOCAL = f"# Shop\n\n## Local development\n\n{UP}"
CHART = {"deploy/chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n"}
OVER_SSH = """\
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: ssh app@host 'cd /srv/shop && docker compose pull && docker compose up -d'
"""
ON_THE_RUNNER = """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: docker compose up -d --wait
      - run: npm test
"""


def found(root: Path, code: str = "NET001") -> Gap:
    return next(gap for gap in judge(read_project(root)).open if gap.code == code)


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "# Shop\n"},
        {"README.md": f"# Shop\n\n## Getting started\n\n{UP}"},
        {"README.md": "# Shop\n\nRun it with `docker compose up`.\n"},
        {"README.md": f"# Shop\n\n## Development\n\n{UP}\n## Self-hosting\n\n{UP}"},
        {"README.md": f"# Shop\n\n## Development\n\n{UP}", ".github/workflows/deploy.yml": OVER_SSH},
        {"README.md": f"# Shop\n\n## Deployment\n\n{UP}", **CHART},
        {"docs/installation.md": f"# Installation\n\n{UP}", **CHART},
        {"Makefile": "up:\n\tdocker compose up -d\n"},
        {"scripts/deploy.sh": "#!/bin/sh\ndocker compose up -d\n"},
        {"ops/playbook.yml": "- hosts: all\n  tasks:\n    - shell: cd /srv && docker compose up -d\n", "README.md": LOCAL},
        {"README.md": LOCAL, ".github/workflows/deploy.yml": OVER_SSH.replace("compose up", "compose -f ${{ vars.FILE }} up")},
        {"ops/shop.service": "[Service]\nExecStart=/usr/bin/docker compose up\n", "Makefile": "up:\n\tdocker compose up\n"},
    ],
    ids=[
        "the only way",
        "a page",
        "a sentence",
        "both",
        "a job",
        "a guide beside a chart",
        "a page by its name",
        "a target",
        "a script",
        "a playbook",
        "a job that a variable tells the file",
        "a unit",
    ],
)
def test_what_runs_for_others_is_high(files: dict[str, str], make_project: Callable[..., Path]) -> None:
    gap = found(make_project({"docker-compose.yml": COMPOSE, **files}))
    assert (gap.severity, gap.environment) == (Severity.HIGH, EnvironmentClass.BASE)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"README.md": "# Shop\n", **CHART}, "docker-compose.yml:1 is started by nothing in this repository."),
        (
            {"README.md": f"# Shop\n\n## Local development setup\n\n{UP}"},
            "README.md:6 starts docker-compose.yml for development, and nothing here for anybody else.",
        ),
        (
            {"README.md": f"# Shop\n\nTo run the shop locally:\n\n{UP}"},
            "README.md:6 starts docker-compose.yml for development, and nothing here for anybody else.",
        ),
        (
            {
                "docs/deployment.md": f"# Deploy\n\n## Compose\n\nDocker Compose is how to run it locally and in staging.\n\n### Up\n\n{UP}"
            },
            "docs/deployment.md:10 starts docker-compose.yml for development, and nothing here for anybody else.",
        ),
        (
            {"CONTRIBUTING.md": f"# Shop\n\n{UP}"},
            "CONTRIBUTING.md:4 starts docker-compose.yml for development, and nothing here for anybody else.",
        ),
        (
            {".github/workflows/test.yml": ON_THE_RUNNER},
            ".github/workflows/test.yml:6 starts docker-compose.yml for development, and nothing here for anybody else.",
        ),
        (
            {"README.md": f"# Shop\n\n{UP}", **CHART},
            "deploy/chart/Chart.yaml:1 is what runs in production, and nothing says that docker-compose.yml does.",
        ),
    ],
    ids=[
        "nothing beside a chart",
        "a heading",
        "a sentence",
        "the first words of a section",
        "a page for developers",
        "a test",
        "a chart",
    ],
)
def test_what_only_developers_run_is_medium(files: dict[str, str], said: str, make_project: Callable[..., Path]) -> None:
    gap = found(make_project({"docker-compose.yml": COMPOSE, **files}))
    assert (gap.severity, gap.environment) == (Severity.MEDIUM, EnvironmentClass.BASE)
    assert gap.message.endswith(f"; {said}")


@pytest.mark.parametrize(
    ("copy", "severity"),
    [
        ("scp docker-compose.prod.yml app@host:/srv/shop/docker-compose.yml", Severity.MEDIUM),
        ("cp deploy/compose.live.yaml out/compose.yaml && rsync -a out/ app@host:/srv/shop", Severity.MEDIUM),
        ("scp docker-compose.yml app@host:/srv/shop/docker-compose.yml", Severity.HIGH),
        ("scp docker-compose.yml docker-compose.override.yml app@host:/srv/shop", Severity.HIGH),
    ],
)
def test_a_job_that_brings_another_file_in_its_place_does_not_deploy_the_base(
    copy: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    readme = f"# Shop\n\n## Development\n\n{UP}"
    job = OVER_SSH.replace("    steps:\n", f"    steps:\n      - run: {copy}\n")
    files = {"docker-compose.yml": COMPOSE, "README.md": readme, ".github/workflows/deploy.yml": job}
    assert found(make_project(files)).severity is severity


def test_a_page_further_down_means_whom_the_readme_means(make_project: Callable[..., Path]) -> None:
    readme = f"# Shop\n\n## Development\n\n{UP}"
    files = {"docker-compose.yml": COMPOSE, "README.md": readme, "backend/README.md": f"# Backend\n\n{UP}"}
    gap = found(make_project(files))
    assert gap.severity is Severity.MEDIUM
    assert gap.message.endswith("; README.md:6 starts docker-compose.yml for development, and nothing here for anybody else.")
    assert found(make_project({**files, "docs/installation.md": f"# Installation\n\n{UP}"})).severity is Severity.HIGH
    assert found(make_project({**files, "Makefile": "up:\n\tdocker compose up -d\n"})).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("name", "page", "severity"),
    [
        ("docker-compose.yml", f"# Shop\n\n{UP}", Severity.HIGH),
        ("docker-compose.yml", f"# Shop\n\n## Deployment\n\n{UP}", Severity.CRITICAL),
        ("docker-compose.prod.yml", "# Shop\n", Severity.CRITICAL),
    ],
    ids=["nobody says that others reach it", "a page deploys it", "production"],
)
def test_a_login_that_everybody_knows_is_critical_where_others_reach_it(
    name: str, page: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    login = "    environment: {POSTGRES_PASSWORD: '${DB_PASSWORD:-hunter22}'}\n"
    stack = COMPOSE.replace("    ports:", f"{login}    ports:")
    assert found(make_project({name: stack, "README.md": page}), "SEC001").severity is severity


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({}, Severity.MEDIUM),
        ({"docs/installation.md": f"# Installation\n\n{UP}"}, Severity.HIGH),
        ({".github/workflows/deploy.yml": OVER_SSH}, Severity.HIGH),
        ({"fly.toml": "app = 'shop'\n"}, Severity.HIGH),
    ],
    ids=["developers alone", "a page", "a job", "a platform"],
)
def test_a_default_of_code_counts_by_who_starts_the_only_stack(
    more: dict[str, str], severity: Severity, make_project: Callable[..., Path]
) -> None:
    files = {
        "docker-compose.yml": COMPOSE,
        "Dockerfile": 'FROM python:3.13\nCOPY . .\nCMD ["python", "app.py"]\n',
        "app.py": "import os\n\nSECRET_KEY = os.getenv('SECRET_KEY', 'hunter22-hunter22-hunter22')\n",
        "README.md": f"# Shop\n\n## Development\n\n{UP}",
    }
    assert found(make_project({**files, **more}), "SEC003").severity is severity


def test_a_file_that_a_started_one_includes_is_started(make_project: Callable[..., Path]) -> None:
    files = {
        "stores.compose.yml": f"services:\n{STORE}volumes:\n  data:\n",
        "docker-compose.yml": "include: [stores.compose.yml]\nservices:\n  api:\n    build: .\n",
        "README.md": f"# Shop\n\n{UP}",
    }
    assert found(make_project(files)).severity is Severity.HIGH


def test_a_missing_copy_counts_beside_another_way_to_run(make_project: Callable[..., Path]) -> None:
    files = {"docker-compose.yml": COMPOSE, "README.md": f"# Shop\n\n## Development\n\n{UP}"}
    assert found(make_project(files), "BCK000").severity is Severity.MEDIUM
    assert found(make_project({**files, **CHART}), "BCK000").severity is Severity.HIGH


def test_a_name_of_production_needs_no_page(make_project: Callable[..., Path]) -> None:
    assert found(make_project({"docker-compose.prod.yml": COMPOSE})).severity is Severity.HIGH


def test_a_key_that_works_anywhere_stays_what_it_is(make_project: Callable[..., Path]) -> None:
    files = {"docker-compose.yml": COMPOSE, "notes.txt": "token: ghp_" + "q7Zt3VxB0nLw8RmYc5Ks" + "J2hG9dPfE4uA6iTo\n"}
    assert found(make_project(files), "SEC004").severity >= Severity.HIGH


@pytest.mark.parametrize(
    "service",
    [
        "  tunnel:\n    image: cloudflare/cloudflared:2025.8.0\n",
        "  proxy:\n    image: traefik:v3.5\n    command: [--certificatesresolvers.web.acme.email=me@example.org]\n",
        "  web:\n    image: nginx:1.29\n    volumes: ['./deploy/nginx.conf:/etc/nginx/nginx.conf:ro']\n",
    ],
    ids=["a tunnel", "certificates", "a folder for deployment"],
)
def test_a_stack_with_visitors_needs_no_page(service: str, make_project: Callable[..., Path]) -> None:
    files = {
        "docker-compose.yml": COMPOSE.replace("volumes:\n  data:\n", f"{service}volumes:\n  data:\n"),
        "deploy/nginx.conf": "",
    }
    assert found(make_project(files)).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("line", "severity"),
    [("docker compose --profile stores up -d", Severity.HIGH), ("docker compose up -d", Severity.MEDIUM)],
    ids=["the guide turns it on", "only developers do"],
)
def test_a_profile_that_only_developers_turn_on(line: str, severity: Severity, make_project: Callable[..., Path]) -> None:
    files = {
        "docker-compose.yml": COMPOSE.replace("  db:\n", "  db:\n    profiles: [stores]\n"),
        "README.md": f"# Shop\n\n## Installation\n\n```sh\n{line}\n```\n",
        "docs/development.md": "# Development\n\n```sh\ndocker compose --profile stores up -d\n```\n",
    }
    assert found(make_project(files)).severity is severity


@pytest.mark.parametrize(
    ("says", "severity"),
    [
        ("Development / homelab deployment", Severity.MEDIUM),
        ("For your NAS or home server", Severity.MEDIUM),
        ("Local development", Severity.LOW),
        ("Development and deployment on a server", Severity.HIGH),
        ("Homelab and cloud", Severity.HIGH),
        ("Deployment", Severity.HIGH),
    ],
)
def test_a_tree_says_which_of_two_files_is_for_a_network_at_home(
    says: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    page = f"# Shop\n\n```\n├── docker-compose.yml      # {says}\n├── docker-compose.prod.yml # Production\n```\n\n## Installation\n\n{BOTH}"
    production = COMPOSE.replace("    ports: ['5432:5432']\n", "")
    files = {"README.md": page, "docker-compose.yml": COMPOSE, "docker-compose.prod.yml": production}
    assert found(make_project(files)).severity is severity


@pytest.mark.parametrize(("more", "severity"), [("", Severity.MEDIUM), ("    profiles: [mail]\n", Severity.HIGH)])
def test_a_stack_that_catches_its_mails_is_for_developers(
    more: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    catcher = f"  mail:\n    image: mailhog/mailhog:v1.0.1\n{more}"
    files = {
        "docker-compose.yml": COMPOSE.replace("volumes:\n  data:", f"{catcher}volumes:\n  data:"),
        "README.md": f"# Shop\n\n## Installation\n\n{UP}",
    }
    assert found(make_project(files)).severity is severity


@pytest.mark.parametrize(
    ("line", "severity"),
    [("docker compose -f compose.prod.yaml up -d", Severity.MEDIUM), ("docker compose --profile stores up -d", Severity.HIGH)],
)
def test_a_profile_of_production_that_nothing_turns_on(
    line: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    files = {
        "compose.prod.yaml": COMPOSE.replace("  db:\n", "  db:\n    profiles: [stores]\n"),
        "docs/deployment.md": f"# Deployment\n\n```sh\n{line}\n```\n",
    }
    assert found(make_project(files)).severity is severity


def test_what_compose_refuses_runs_nowhere(make_project: Callable[..., Path]) -> None:
    gap = found(make_project({"docker-compose.yml": COMPOSE.replace("volumes:\n  data:\n", "")}))
    assert gap.severity is Severity.MEDIUM
    assert "docker-compose.yml:1 is refused by Compose as it stands" in gap.message


def test_a_tree_may_name_a_file_of_another_folder(make_project: Callable[..., Path]) -> None:
    page = f"# Shop\n\n```\n├── docker/\n│   ├── docker-compose.yml # Local development\n```\n\n## Installation\n\n{BOTH}"
    production = COMPOSE.replace("    ports: ['5432:5432']\n", "")
    files = {"README.md": page, "docker/docker-compose.yml": COMPOSE, "docker/docker-compose.prod.yml": production}
    gap = found(make_project(files))
    assert (gap.severity, gap.resource) == (Severity.LOW, "docker/base/db")
    assert "README.md:5 says that this is for development" in gap.message


HOST = """\
on: {push: {branches: [main]}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - run: |
          ssh app@host << 'EOF'
          cd /var/www/shop && git pull && composer install --no-dev && php artisan migrate --force
          sudo systemctl restart apache2
          EOF
"""
WORKBENCH = COMPOSE.replace("    build: .\n", "    build: .\n    volumes: ['.:/app']\n    environment: {APP_ENV: local}\n")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({".github/workflows/deploy.yml": HOST}, ".github/workflows/deploy.yml:3 is what runs in production"),
        (
            {"Makefile": "prod:\n\tdocker compose up -d\n", "railway.toml": "[deploy]\n"},
            "railway.toml:1 is what runs in production",
        ),
        ({"docker-compose.yml": WORKBENCH}, "says that developers run it, who mount their sources"),
    ],
    ids=["a host without containers", "a target beside a platform", "sources and a mode of development"],
)
def test_what_production_runs_otherwise_or_developers_run_is_medium(
    files: dict[str, str], said: str, make_project: Callable[..., Path]
) -> None:
    gap = found(make_project({"docker-compose.yml": COMPOSE, "README.md": f"# Shop\n\n## Start\n\n{UP}", **files}))
    assert (gap.severity, said in gap.message) == (Severity.MEDIUM, True)


@pytest.mark.parametrize(
    "files",
    [
        {".github/workflows/deploy.yml": HOST.replace("composer install --no-dev", "docker compose up -d")},
        {".github/workflows/deploy.yml": HOST.replace("composer install --no-dev", "./deploy.sh")},
        {".github/workflows/test.yml": HOST.replace("ssh app@host << 'EOF'", "true")},
        {"Makefile": "prod:\n\tdocker compose up -d\n"},
        {"docker-compose.yml": WORKBENCH.replace("APP_ENV: local", "APP_ENV: production")},
        {"docker-compose.yml": WORKBENCH.replace("APP_ENV: local", "APP_ENV: '${APP_ENV:-production}'")},
        {"docker-compose.yml": WORKBENCH.replace("['.:/app']", "['data:/app/data']")},
        {"docker-compose.yml": WORKBENCH, "docs/deployment.md": f"# Deployment\n\n{UP}"},
    ],
    ids=["containers", "a script", "the runner", "no platform", "production", "a variable", "no sources", "a guide"],
)
def test_what_may_run_for_others_all_the_same_stays_high(files: dict[str, str], make_project: Callable[..., Path]) -> None:
    page = f"# Shop\n\n## Start\n\n{UP}"
    assert found(make_project({"docker-compose.yml": COMPOSE, "README.md": page, **files})).severity is Severity.HIGH


def test_a_missing_backup_beside_a_platform_is_medium(make_project: Callable[..., Path]) -> None:
    files = {"docker-compose.yml": COMPOSE, "README.md": f"# Shop\n\n## Start\n\n{UP}", ".github/workflows/deploy.yml": HOST}
    assert found(make_project(files), "BCK000").severity is Severity.MEDIUM


PROD = "services:\n  db:\n    ports: !reset []\n"
MONITORING = "services:\n  grafana:\n    image: grafana/grafana:11.0.0\n    depends_on: [db]\n"
SHIP = "docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d\n"


@pytest.mark.parametrize(
    ("page", "severity"),
    [
        (f"# Shop\n\n## Quick start\n\n{UP}", Severity.MEDIUM),
        (f"# Shop\n\n## Deployment\n\n{UP}", Severity.HIGH),
        (f"# Shop\n\n## Deployment\n\n```sh\n{SHIP}```\n", Severity.MEDIUM),
    ],
    ids=["started by a page", "deployed alone", "deployed with its overlay"],
)
def test_what_the_production_overlay_corrects_is_no_alarm_in_the_base(tmp_path: Path, page: str, severity: Severity) -> None:
    (tmp_path / "docker-compose.yml").write_text(COMPOSE)
    (tmp_path / "docker-compose.prod.yml").write_text(PROD)
    (tmp_path / "docker-compose.monitoring.yml").write_text(MONITORING)
    (tmp_path / "README.md").write_text(page)
    gap = found(tmp_path)
    assert (gap.resource, gap.severity) == ("base/db", severity)
    assert ("docker-compose.prod.yml:1 corrects it for production" in gap.message) is (severity is Severity.MEDIUM)


SOURCES = "  api:\n    build: .\n    volumes: ['.:/app']\n"


@pytest.mark.parametrize(
    "files",
    [
        {"CLAUDE.md": f"# Shop\n\n## Docker deployment\n\n{UP}"},
        {"docs/DOCKER.md": f"# Docker\n\n## Installation\n\n{UP}"},
        {"FAQ.md": "# FAQ\n\n## Self-hosting\n\nPlanned. For developers, until then:\n\n" + UP},
    ],
    ids=["a page for agents", "a step of an installation", "a heading that the sentence takes back"],
)
def test_a_stack_that_mounts_all_sources_is_its_developers(files: dict[str, str], make_project: Callable[..., Path]) -> None:
    compose = f"services:\n{STORE}{SOURCES}volumes:\n  data:\n"
    root = make_project({"docker-compose.yml": compose, "Dockerfile": "FROM python:3.13\nCOPY . /app\n", **files})
    assert {found(root, code).severity for code in ("NET001", "BCK000")} == {Severity.MEDIUM}


@pytest.mark.parametrize(
    ("source", "severity"),
    [
        ("/Users/ada/tmp", Severity.MEDIUM),
        ("/srv/shop", Severity.HIGH),
        ("/Users/Shared/shop", Severity.HIGH),
    ],
)
def test_a_folder_of_one_persons_computer_is_on_no_server(
    source: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    api = f"  api:\n    build: .\n    restart: always\n    volumes: ['{source}:/data']\n"
    compose = f"services:\n{STORE}    restart: always\n{api}volumes:\n  data:\n"
    assert found(make_project({"docker-compose.yml": compose, "Dockerfile": "FROM python:3.13\n"})).severity is severity


def test_a_stack_with_sources_that_a_page_deploys_stays_high(make_project: Callable[..., Path]) -> None:
    compose = f"services:\n{STORE}{SOURCES}volumes:\n  data:\n"
    root = make_project({"docker-compose.yml": compose, "README.md": f"# Shop\n\n## Deployment\n\n{UP}"})
    assert found(root).severity is Severity.HIGH


def test_stores_for_developers_beside_a_deployed_stack(make_project: Callable[..., Path]) -> None:
    deployed = "services:\n  api:\n    build: ../..\n    environment: {DB_HOST: shop.rds.example.com}\n"
    playbook = "- hosts: all\n  tasks:\n    - shell: cd /srv && docker compose -f ops/ansible/docker-compose.yml up -d\n"
    root = make_project(
        {
            "compose.yml": f"services:\n{STORE}volumes:\n  data:\n",
            "Dockerfile": "FROM python:3.13\n",
            "ops/ansible/docker-compose.yml": deployed,
            "ops/ansible/deploy.yml": playbook,
            "ops/rds.tf": 'resource "aws_db_instance" "shop" {\n  engine = "postgres"\n}\n',
        }
    )
    gaps = judge(read_project(root)).open
    assert not [gap for gap in gaps if gap.code == "BCK000"]
    assert [gap.severity for gap in gaps if gap.code == "NET001"] == [Severity.MEDIUM]


def test_a_stack_beside_one_in_the_folder_for_deployment(make_project: Callable[..., Path]) -> None:
    deployed = f"services:\n{STORE}  api:\n    image: ghcr.io/acme/shop:1\nvolumes:\n  data:\n".replace(
        "    ports: ['5432:5432']\n", ""
    )
    files = {"deployment/docker-compose.yml": deployed, "deployment/README.md": f"# Deployment\n\n{UP}"}
    root = make_project({"docker-compose.yml": COMPOSE, "README.md": f"# Shop\n\n## Start\n\n{UP}", **files})
    gap = found(root)
    assert (gap.severity, "deployment/docker-compose.yml:1 is what runs" in gap.message) == (Severity.MEDIUM, True)


def test_a_sentence_about_compose_starts_nothing(make_project: Callable[..., Path]) -> None:
    page = "# Move\n\n## Self-hosting\n\nIt ships as a Docker Compose stack with an installer; if you set up the shop before, read on.\n"
    ci = {".github/workflows/ci.yml": ON_THE_RUNNER}
    root = make_project({"docker-compose.yml": COMPOSE, "docs/self-hosting.md": page, **ci})
    assert found(root).severity is Severity.MEDIUM


RELEASED = COMPOSE.replace("build: .", "image: ghcr.io/acme/shop-api:latest")
PUSHED = """\
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with: {push: true, tags: 'ghcr.io/acme/shop-api:latest'}
"""


@pytest.mark.parametrize(
    ("compose", "severity"), [(RELEASED, Severity.HIGH), (COMPOSE, Severity.MEDIUM)], ids=["released images", "built here"]
)
def test_a_stack_of_released_images_is_for_others_beside_a_chart(
    compose: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    files = {"docker-compose.yml": compose, "Dockerfile": "FROM node:24\n", ".github/workflows/image.yml": PUSHED, **CHART}
    assert found(make_project({**files, "README.md": "# Shop\n"})).severity is severity


def test_the_effort_for_many_stacks_and_settings_grows_with_their_number(make_project: Callable[..., Path]) -> None:
    stack = COMPOSE.replace("volumes:\n  data:\n", "volumes: {data: {}}\n")
    many = {f"d{number}/docker-compose.yml": stack for number in range(60)}
    deploying = {f"deploy/d{number}/docker-compose.yml": stack for number in range(60)}
    lines = "".join(f"docker compose -f d{number}/docker-compose.yml up\n" for number in range(60))
    start = time.process_time()
    judge(read_project(make_project({**many, **deploying, "README.md": f"# Shop\n\n```sh\n{lines}```\n"})))
    assert time.process_time() - start < 10


def test_settings_modules_are_followed_once_for_all_defaults(make_project: Callable[..., Path]) -> None:
    services = "".join(
        f"  s{number}:\n    build: .\n    command: gunicorn shop\n    environment: {{DJANGO_SETTINGS_MODULE: shop.m{number}}}\n"
        for number in range(100)
    )
    defaults = "".join(
        f"A{number}_SECRET_KEY = os.getenv('A{number}_SECRET_KEY', 'kitchen-{number}')\n" for number in range(200)
    )
    files = {
        "docker-compose.yml": f"services:\n{services}",
        "Dockerfile": "FROM python:3.13-slim\nCOPY . .\n",
        "shop/base.py": f"import os\n{defaults}",
        **{f"shop/m{number}.py": "from .base import *\n" for number in range(100)},
        **{f"notes/{number}.txt": "x\n" for number in range(1000)},
    }
    start = time.process_time()
    judge(read_project(make_project(files)))
    assert time.process_time() - start < 10


def test_a_stack_without_stores_is_not_what_managed_ones_replace(make_project: Callable[..., Path]) -> None:
    page = f"# Shop\n\n## Deployment\n\n{UP}\n## Charts\n\n```sh\ndocker compose -f compose.charts.yml up -d\n```\n"
    charts = "services:\n  grafana:\n    image: grafana/grafana:11.0.0\n    restart: always\n    environment: {GF_SECURITY_SECRET_KEY: kitchenTable77x9}\n"
    files = {"docker-compose.yml": "services:\n  api:\n    build: .\n", "compose.charts.yml": charts, "README.md": page}
    assert found(make_project(files), "SEC002").severity is Severity.HIGH


OF_DEVELOPERS = COMPOSE.replace(
    "    ports: ['5432:5432']\n",
    "    ports: ['5432:5432']\n    environment: {POSTGRES_PASSWORD: postgres, POSTGRES_DB: shop_dev}\n",
)
PAGE_OF_COMPOSE = {"docs/plan.md": "# Plan\n\n- Docker Compose for local development\n"}
PAGE_OF_PLATFORM = {"docs/hosting.md": "# Stages\n\n| Development | Docker |\n| Production | Heroku Postgres |\n"}
OWN_MACHINE = "  web:\n    build: web\n    environment: {NEXT_PUBLIC_API_URL: 'http://localhost:8080'}\nvolumes:"


@pytest.mark.parametrize("code", ["NET001", "BCK000", "SEC002"])
@pytest.mark.parametrize(
    ("compose", "pages", "said"),
    [
        (OF_DEVELOPERS, PAGE_OF_COMPOSE, "docs/plan.md:3 says that Compose is for development"),
        (OF_DEVELOPERS, PAGE_OF_PLATFORM, "docs/hosting.md:4 has production keep its data in a managed store"),
        (
            OF_DEVELOPERS.replace("volumes:\n  data", f"{OWN_MACHINE}\n  data"),
            {},
            "line 12 sends browsers to their own machine",
        ),
    ],
    ids=["a page on compose", "a managed store", "the own machine"],
)
def test_the_only_stack_with_a_database_of_development_is_its_developers(
    compose: str, pages: dict[str, str], said: str, code: str, make_project: Callable[..., Path]
) -> None:
    gap = found(make_project({"docker-compose.yml": compose, **pages}), code)
    assert gap.severity is Severity.MEDIUM
    assert gap.message.endswith(
        f"; docker-compose.yml:5 names a database of development, and {said}; nothing here says that others run it."
    )


def test_the_only_stack_in_the_mode_of_development_is_its_developers(make_project: Callable[..., Path]) -> None:
    compose = COMPOSE.replace("    build: .\n", "    build: .\n    environment: {RUN_MODE: development}\n")
    gap = found(make_project({"docker-compose.yml": compose, **PAGE_OF_COMPOSE}))
    assert gap.severity is Severity.MEDIUM
    assert "tells the application that it is in development" in gap.message


@pytest.mark.parametrize(
    "files",
    [
        {"docker-compose.yml": OF_DEVELOPERS},
        {"docker-compose.yml": COMPOSE, **PAGE_OF_COMPOSE},
        {"docker-compose.yml": COMPOSE, **PAGE_OF_PLATFORM},
        {"docker-compose.yml": COMPOSE.replace("volumes:\n  data", f"{OWN_MACHINE}\n  data")},
        {"docker-compose.yml": OF_DEVELOPERS.replace("shop_dev", "devices"), **PAGE_OF_COMPOSE},
        {"docker-compose.yml": OF_DEVELOPERS.replace("shop_dev", "'${DB:-shop_dev}'"), **PAGE_OF_COMPOSE},
        {"docker-compose.yml": OF_DEVELOPERS, **PAGE_OF_COMPOSE, ".github/workflows/deploy.yml": OVER_SSH},
        {"docker-compose.yml": OF_DEVELOPERS, **PAGE_OF_COMPOSE, "docs/deployment.md": f"# Deployment\n\n{UP}"},
        {
            "docker-compose.yml": OF_DEVELOPERS.replace(
                "    build: .\n", "    build: .\n    environment: {NODE_ENV: production}\n"
            ),
            **PAGE_OF_COMPOSE,
        },
        {
            "docker-compose.yml": OF_DEVELOPERS,
            "docs/plan.md": "# Plan\n\nCompose for local development and production servers\n",
        },
    ],
    ids=[
        "the name alone",
        "a page alone",
        "a managed store alone",
        "the own machine alone",
        "another name",
        "a name that may be set",
        "a job that deploys",
        "a page on deployment",
        "the mode of production",
        "a page on both",
    ],
)
def test_one_sign_of_development_is_not_enough(files: dict[str, str], make_project: Callable[..., Path]) -> None:
    assert found(make_project(files)).severity >= Severity.HIGH


def test_lines_of_an_extended_file_are_those_of_the_stack_that_takes_them_in(make_project: Callable[..., Path]) -> None:
    base = STORE.replace("  db:", "  store:")
    compose = "services:\n  db:\n    extends: {file: parts/base.yml, service: store}\nvolumes:\n  data:\n"
    files = {"docker-compose.yml": compose, "parts/base.yml": f"services:\n{base}"}
    assert found(make_project(files)).severity is Severity.HIGH
    gap = found(make_project({**files, "README.md": LOCAL}))
    assert gap.primary.path == "parts/base.yml"
    assert gap.severity is Severity.MEDIUM
    assert gap.message.endswith("; README.md:6 starts docker-compose.yml for development, and nothing here for anybody else.")


def test_what_a_file_starts_for_developers_says_nothing_of_its_production(make_project: Callable[..., Path]) -> None:
    live = STORE.replace("    ports:", "    profiles: [prod]\n    ports:")
    tried = "  web:\n    build: .\n    profiles: [dev]\n    volumes: ['.:/app']\n    environment: {APP_ENV: development}\n"
    compose = f"services:\n{live}{tried}  api:\n    build: .\n    profiles: [prod]\nvolumes:\n  data:\n"
    page = "# Shop\n\n```sh\ndocker compose --profile prod up -d\n```\n"
    gap = found(make_project({"docker-compose.yml": compose, "README.md": page}))
    assert (gap.resource, gap.severity) == ("base/db", Severity.HIGH)


def test_a_call_of_two_files_is_none_of_a_folder_that_has_one_of_them(make_project: Callable[..., Path]) -> None:
    over = "services:\n  api:\n    image: ghcr.io/example/api:1\n"
    job = OVER_SSH.replace("compose up", "compose -f docker-compose.yml -f docker-compose.prod.yml up")
    files = {
        "docker-compose.yml": "services:\n  api:\n    build: .\n",
        "docker-compose.prod.yml": over,
        "api/docker-compose.yml": f"services:\n{STORE}volumes:\n  data:\n",
        "api/README.md": f"# API\n\n## Local development\n\n{UP.replace('up', '-f api/docker-compose.yml up')}",
    }
    assert found(make_project({**files, ".github/workflows/deploy.yml": job})).severity is Severity.MEDIUM
    alone = job.replace(" -f docker-compose.prod.yml", "")
    assert found(make_project({**files, ".github/workflows/deploy.yml": alone})).severity is Severity.HIGH


def test_the_folder_of_an_application_mounted_over_its_image_is_a_workbench(make_project: Callable[..., Path]) -> None:
    api = "  api:\n    build: {context: ., dockerfile: apps/api/Dockerfile.dev}\n    volumes: ['./apps/api:/app']\n"
    compose = f"services:\n{STORE}{api}volumes:\n  data:\n"
    files = {"docker-compose.yml": compose, "apps/api/Dockerfile.dev": "FROM node:24\n", "NOTES.md": f"# Notes\n\n{UP}"}
    gap = found(make_project(files))
    assert gap.severity is Severity.MEDIUM
    assert "who mount their sources" in gap.message
    settings = compose.replace("/apps/api:/app", "/apps/api:/etc/shop")
    assert found(make_project({**files, "docker-compose.yml": settings})).severity is Severity.HIGH


def test_a_page_that_deploys_to_a_cluster_is_another_way(make_project: Callable[..., Path]) -> None:
    page = "# Deploying with Kubernetes\n\n```sh\n$ kubectl apply -f shop.yaml\n```\n"
    files = {"docker-compose.yml": COMPOSE, "README.md": f"# Shop\n\n## In five minutes\n\n{UP}", "docs/deploying.md": page}
    gap = found(make_project(files))
    assert gap.severity is Severity.MEDIUM
    assert gap.message.endswith(
        "; docs/deploying.md:4 is what runs in production, and nothing says that docker-compose.yml does."
    )
    told = {**files, "README.md": f"# Shop\n\n## Deployment\n\n{UP}"}
    assert found(make_project(told)).severity is Severity.HIGH
    both = {**files, "docs/deploying.md": f"{page}\nOr stay with Compose.\n"}
    assert found(make_project(both)).severity is Severity.HIGH


def test_a_script_starts_the_file_that_its_callers_hand_over(make_project: Callable[..., Path]) -> None:
    hand = OVER_SSH.replace("docker compose pull && docker compose up -d", "COMPOSE_FILE=deploy/eu/compose.yml ./deploy.sh")
    files = {
        "deploy/compose.yml": f"services:\n{STORE}volumes:\n  data:\n",
        "deploy/eu/compose.yml": "services:\n  api:\n    image: ghcr.io/example/api:1\n  work:\n    image: ghcr.io/example/work:1\n",
        "deploy.sh": '#!/bin/sh\ndocker compose -f "$COMPOSE_FILE" up -d\n',
        ".github/workflows/deploy.yml": hand,
    }
    gap = found(make_project(files))
    assert gap.severity is Severity.MEDIUM
    assert "is started by nothing in this repository" in gap.message
    both = hand.replace("deploy/eu/compose.yml", "deploy/compose.yml")
    assert found(make_project({**files, ".github/workflows/deploy.yml": both})).severity is Severity.HIGH
    # An option comes before the variable.
    own = "#!/bin/sh\ndocker compose -f deploy/compose.yml up -d\n"
    assert found(make_project({**files, "deploy.sh": own})).severity is Severity.HIGH


def test_a_set_for_staging_that_nothing_starts_beside_a_deployed_one(make_project: Callable[..., Path]) -> None:
    job = OVER_SSH.replace("compose up", "compose -f compose.prod.yml up")
    files = {
        "compose.prod.yml": "services:\n  api:\n    image: ghcr.io/example/api:1\n",
        "compose.staging.yml": COMPOSE.replace("build: .", "image: ghcr.io/example/api:1"),
        ".github/workflows/deploy.yml": job,
    }
    assert found(make_project(files)).severity is Severity.MEDIUM
    both = job.replace("compose.prod.yml", "compose.staging.yml")
    staging = {**files, ".github/workflows/staging.yml": both}
    assert found(make_project(staging)).severity is Severity.HIGH


def test_tasks_whose_head_says_that_they_are_not_for_production_start_it_for_developers(
    make_project: Callable[..., Path],
) -> None:
    live = STORE.replace("    ports:", "    profiles: [prod]\n    ports:")
    compose = f"services:\n{live}  api:\n    build: .\n    profiles: [prod]\nvolumes:\n  data:\n"
    tasks = "version: '3'\ntasks:\n  up:\n    cmds: [docker compose --profile prod up -d]\n"
    head = "---\n# Tasks of production, to try the image.\n# This is NOT for real production deployments.\n"
    files = {"docker-compose.yml": compose, "Taskfile.yml": head + tasks}
    assert found(make_project(files)).severity is Severity.MEDIUM
    assert found(make_project({**files, "Taskfile.yml": tasks})).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("copy", "page", "severity"),
    [
        ("gcloud storage cp infra/compose.host.yml gs://settings/compose.yml", "", Severity.MEDIUM),
        ("rsync -a infra/compose.host.yml app@host:/srv/shop/", "", Severity.MEDIUM),
        ("rsync -a infra/compose.host.yml compose.release.yml app@host:/srv/shop/", "", Severity.HIGH),
        ("rsync -a infra/compose.host.yml ./ app@host:/srv/shop/", "", Severity.HIGH),
        ("scp infra/compose.host.yml compose.*.yml app@host:/srv/shop/", "", Severity.HIGH),
        ("rsync -a infra/compose.host.yml app@host:/srv/shop/", "# Shop\n\n## Deployment", Severity.HIGH),
        ("cat infra/compose.host.yml", "", Severity.HIGH),
    ],
)
def test_a_set_that_is_called_production_beside_the_one_that_a_job_brings_to_the_host(
    copy: str, page: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    job = OVER_SSH.replace("    steps:\n", f"    steps:\n      - run: {copy}\n").replace(
        "compose up", "compose -f compose.yml up"
    )
    files = {
        "compose.release.yml": COMPOSE,
        "infra/compose.host.yml": "services:\n  api:\n    image: ghcr.io/example/api:1\n",
        ".github/workflows/deploy.yml": job,
        "README.md": f"{page}\n\n```sh\ndocker compose -f compose.release.yml up -d\n```\n",
    }
    assert found(make_project(files)).severity is severity


@pytest.mark.parametrize(
    ("deployed", "severity"),
    [
        (
            "services:\n  api: {image: 'ghcr.io/example/api:1'}\n  db: {image: 'postgres:16', volumes: ['d:/var/lib/postgresql/data']}\n",
            "medium",
        ),
        ("services:\n  api: {image: 'ghcr.io/example/api:1'}\n", "high"),
        ("services:\n  api: {image: 'ghcr.io/example/api:1'}\n  jobs: {image: 'ghcr.io/example/jobs:1'}\n", "medium"),
    ],
)
@pytest.mark.parametrize("file", ["-c $STACK_FILE", "-c ${STACK:-ops/docker-stack.prod.yml}", "-c ops/docker-stack.prod.yml"])
def test_a_stack_of_a_page_beside_the_one_that_a_job_deploys_by_a_script(
    file: str, deployed: str, severity: str, make_project: Callable[..., Path]
) -> None:
    """What the job starts is what production runs, where it has the service too: the page's set is another one."""
    script = f'#!/bin/sh\nSTACK_FILE="ops/docker-stack.prod.yml"  # the swarm\nwarn "stack deploy [1/2]"\ndocker stack deploy {file} shop\n'
    files = {
        "docker-compose.yml": COMPOSE.replace(
            "volumes:\n  data", "  jobs:\n    image: ghcr.io/example/jobs:1\nvolumes:\n  data"
        ),
        "docker-compose.prod.yml": "services:\n  api:\n    restart: always\n",
        "ops/docker-stack.prod.yml": f"{deployed}volumes: {{d: {{}}}}\n",
        "ops/release.sh": script,
        "README.md": "# Shop\n\n## Deployment\n\n```sh\ndocker compose -f docker-compose.yml -f docker-compose.prod.yml up -d\n```\n",
        ".github/workflows/deploy.yml": OVER_SSH.replace(
            "docker compose pull && docker compose up -d", "git pull && bash ops/release.sh"
        ),
    }
    gap = found(make_project(files))
    assert gap.severity.name.lower() == severity
    assert ("deploys ops/docker-stack.prod.yml, which has a " in gap.message) == (severity == "medium")


@pytest.mark.parametrize(
    ("line", "others", "severity"),
    [
        ("", 0, Severity.MEDIUM),
        ("    restart: on-failure\n", 0, Severity.MEDIUM),
        ("    restart: unless-stopped\n", 0, Severity.HIGH),
        ("    deploy: {restart_policy: {condition: any}}\n", 0, Severity.HIGH),
        ("    restart: unless-stopped\n", 2, Severity.HIGH),
        ("    restart: unless-stopped\n", 3, Severity.MEDIUM),
        ("    environment: {APP_ENV: production}\n", 0, Severity.HIGH),
        ("    volumes: ['./deploy/tls:/tls:ro']\n", 0, Severity.HIGH),
    ],
)
@pytest.mark.parametrize("page", ["", f"\n{UP}"])
def test_a_stack_that_nobody_keeps_up_and_no_page_gives_to_others(
    page: str, line: str, others: int, severity: Severity, make_project: Callable[..., Path]
) -> None:
    """Docker starts a container after a reboot with `always` and `unless-stopped` alone; one service in four shows care."""
    api = f"  api:\n    build: .\n{line}"
    more = "".join(f"  other{number}:\n    image: ghcr.io/example/other:{number}\n" for number in range(others))
    store = STORE.replace("    restart: always\n", "")
    files = {"docker-compose.yml": f"services:\n{store}{api}{more}volumes:\n  data:\n", "README.md": f"# Shop\n{page}"}
    assert found(make_project(files)).severity is severity
    deployed = {**files, "scripts/deploy.sh": "#!/bin/sh\ndocker compose up -d\n"}
    assert found(make_project(deployed)).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("command", "severity"),
    [
        ("helm upgrade --install shop deploy/chart", Severity.MEDIUM),
        ("kubectl set image deployment/shop shop=ghcr.io/example/api:2", Severity.MEDIUM),
        ("helm lint deploy/chart", Severity.HIGH),
    ],
)
def test_a_set_that_is_called_production_beside_jobs_that_deploy_to_a_cluster(
    command: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    job = f"on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {command}\n"
    files = {
        "docker-compose.production.yml": COMPOSE,
        "README.md": "# Shop\n\n`docker-compose.production.yml` has all variables.\n",
        ".github/workflows/deploy.yml": job,
    }
    assert found(make_project(files)).severity is severity
    page = {"README.md": "# Shop\n\n## Deployment\n\n```sh\ndocker compose -f docker-compose.production.yml up -d\n```\n"}
    assert found(make_project({**files, **page})).severity is Severity.HIGH
