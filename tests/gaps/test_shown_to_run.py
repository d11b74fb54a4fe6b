"""A gap of a stack of no class is high where the files show that this stack, and this part of it, runs for others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.judge import judge
from scaffold.model.gap import Gap
from scaffold.model.names import Severity
from scaffold.read.project import read_project

UP = "```sh\ndocker compose up -d\n```\n"
DEPLOYED = {"README.md": f"# Shop\n\n## Deployment\n\n{UP}"}
TRIED = {"README.md": f"# Shop\n\n{UP}"}
KEPT = "    restart: unless-stopped\n"
STORE = "  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: '${DB_PASSWORD:?}'}\n"
API = "  api:\n    build: .\n"
IMAGE = {"Dockerfile": 'FROM python:3.13-slim\nCOPY requirements.txt ./\nCMD ["gunicorn", "shop:app"]\n'}


def found(root: Path, code: str = "CMP009") -> Gap:
    return next(gap for gap in judge(read_project(root)).open if gap.code == code)


@pytest.mark.parametrize(
    ("compose", "pages", "severity", "said"),
    [
        (f"services:\n{STORE}{KEPT}{API}{KEPT}", DEPLOYED, Severity.HIGH, ""),
        (f"services:\n{STORE}{KEPT}{API}{KEPT}", TRIED, Severity.HIGH, ""),
        (f"services:\n{STORE}{API}", DEPLOYED, Severity.MEDIUM, "README.md:6 starts it, and nothing shows that others use it"),
        (f"services:\n{STORE}{KEPT}{API}{KEPT}", {}, Severity.MEDIUM, "docker-compose.yml:1 is started by nothing"),
        (f"services:\n{STORE}{KEPT}  api:\n    image: ghcr.io/shop/api:2\n{KEPT}", {}, Severity.HIGH, ""),
        (
            f"services:\n{STORE}{KEPT}{API}{KEPT}    volumes: ['.:/app']\n",
            DEPLOYED,
            Severity.MEDIUM,
            "docker-compose.yml:6 mounts its sources, as developers do",
        ),
        (
            f"services:\n{STORE}  api:\n    image: ghcr.io/shop/api:2\n  tunnel:\n    image: cloudflare/cloudflared:2026.1.0\n",
            DEPLOYED,
            Severity.HIGH,
            "",
        ),
    ],
    ids=["deployed", "on a page", "not kept up", "started by nothing", "images alone", "a workbench", "with visitors"],
)
def test_a_store_without_a_volume(
    compose: str, pages: dict[str, str], severity: Severity, said: str, make_project: Callable[..., Path]
) -> None:
    gap = found(make_project({"docker-compose.yml": compose, **IMAGE, "requirements.txt": "gunicorn\n", **pages}))
    assert gap.severity is severity
    assert said in gap.message


def test_a_set_that_is_called_production_needs_no_start(make_project: Callable[..., Path]) -> None:
    files = {"docker-compose.production.yml": f"services:\n{STORE}{API}", **IMAGE, "requirements.txt": "gunicorn\n"}
    assert found(make_project(files)).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("agent", "severity"),
    [
        ("    image: ghcr.io/shop/agent:2\n", Severity.HIGH),
        ("    build: {context: ./agent, target: development}\n", Severity.MEDIUM),
        ("    build: ./agent\n    volumes: ['./agent:/src']\n", Severity.MEDIUM),
    ],
)
def test_a_service_that_developers_work_with_beside_what_others_run(
    agent: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    compose = f"services:\n{STORE}{KEPT}{API}{KEPT}  agent:\n    privileged: true\n{KEPT}{agent}"
    files = {"docker-compose.yml": compose, **IMAGE, "requirements.txt": "gunicorn\n", **DEPLOYED}
    files["agent/Dockerfile"] = 'FROM golang:1.25 AS development\nCOPY . .\nCMD ["agent"]\n'
    assert found(make_project(files), "CMP012").severity is severity


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ('[ "$SHOP_ENV" = "development" ] && FILES="$FILES:docker-compose.agent.yml"', Severity.MEDIUM),
        ('[ "$SHOP_ENV" != "development" ] && FILES="$FILES:docker-compose.agent.yml"', Severity.HIGH),
        ('FILES="$FILES:docker-compose.agent.yml"', Severity.HIGH),
    ],
)
def test_a_file_that_is_laid_over_another_counts_by_who_names_it(
    line: str, severity: Severity, make_project: Callable[..., Path]
) -> None:
    overlay = f"services:\n  agent:\n    image: ghcr.io/shop/agent:2\n    privileged: true\n{KEPT}    depends_on: [api]\n"
    files = {
        "docker-compose.yml": f"services:\n{STORE}{KEPT}{API}{KEPT}",
        "docker-compose.agent.yml": overlay,
        "bin/stack": f"#!/bin/sh\nFILES=docker-compose.yml\n{line}\n",
        **IMAGE,
        "requirements.txt": "gunicorn\n",
        **DEPLOYED,
    }
    assert found(make_project(files), "CMP012").severity is severity


@pytest.mark.parametrize(
    ("files", "severity"),
    [
        (TRIED, Severity.HIGH),
        ({"scripts/docs.sh": "#!/bin/sh\ndocker compose up -d docs\n"}, Severity.MEDIUM),
        ({"scripts/deploy.sh": "#!/bin/sh\ndocker compose up -d\n"}, Severity.HIGH),
        ({}, Severity.MEDIUM),
    ],
    ids=["a page", "a script for something else", "a script that deploys", "nothing"],
)
def test_a_build_that_fails_is_as_bad_for_who_tries_it_by_a_page(
    files: dict[str, str], severity: Severity, make_project: Callable[..., Path]
) -> None:
    compose = f"services:\n{STORE}    volumes: ['data:/var/lib/postgresql/data']\n{API}volumes: {{data: {{}}}}\n"
    gap = found(make_project({"docker-compose.yml": compose, **IMAGE, **files}), "IMG013")
    assert gap.severity is severity
