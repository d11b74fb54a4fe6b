"""A store's published port is bound to the host itself, in every form of Compose, and compose-go reads it so."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation

COMPOSE = """\
services:
  web: {{image: ghcr.io/acme/web:1.0.0, ports: ["8080:8080"]}}
  db:
    image: postgres:16
    ports:{ports}
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {{data: {{}}}}
"""
FORMS = {
    "quoted": ('\n      - "5432:5432"  # for psql', '\n      - "127.0.0.1:5432:5432"  # for psql'),
    "bare": ("\n      - 5433:5432", '\n      - "127.0.0.1:5433:5432"'),
    "variable": ('\n      - "${DB_PORT:-5432}:5432"', '\n      - "127.0.0.1:${DB_PORT:-5432}:5432"'),
    "address of all": (' ["0.0.0.0:5432:5432/tcp"]', ' ["127.0.0.1:5432:5432/tcp"]'),
    "target alone": (" [5432]", ' ["127.0.0.1::5432"]'),
    "long block": (
        "\n      - target: 5432\n        published: 5432",
        "\n      - host_ip: 127.0.0.1\n        target: 5432\n        published: 5432",
    ),
    "long flow": (
        ' [{target: 5432, published: "5432", host_ip: 0.0.0.0}]',
        ' [{target: 5432, published: "5432", host_ip: 127.0.0.1}]',
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_bound_to_the_host(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], form: str
) -> None:
    before, after = FORMS[form]
    root = make_project({"compose.yaml": COMPOSE.format(ports=before)})
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"NET001"})))
    assert (root / "compose.yaml").read_text() == COMPOSE.format(ports=after)
    program = require_tool("compose-go-config")
    done = subprocess.run([program, "-f", "compose.yaml"], cwd=root, capture_output=True, text=True, check=True)
    (port,) = json.loads(done.stdout)["services"]["db"]["ports"]
    assert port["host_ip"] == "127.0.0.1"
    assert port["target"] == 5432


def test_a_port_that_containers_use_over_the_host_stays(make_project: Callable[..., Path]) -> None:
    text = COMPOSE.format(ports=' ["5432:5432"]').replace(
        'ports: ["8080:8080"]', "environment: {DB_HOST: host.docker.internal}"
    )
    root = make_project({"compose.yaml": text})
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"NET001"}))
    assert not generation.texts_before
    assert any("host.docker.internal" in item.reason for item in generation.skipped)


@pytest.mark.parametrize(
    ("environment", "is_bound"),
    [
        ("{MODELS: 'http://host.docker.internal:11434'}", True),
        ("{MODELS: '${MODELS:-http://host.docker.internal:11434}', MAIL: 'http://host.docker.internal'}", True),
        ("{DATABASE_URL: 'postgres://shop@host.docker.internal:5432/shop'}", False),
        ("{MODELS: 'http://host.docker.internal:11434', DB_HOST: host.docker.internal}", False),
        ("{MODELS: 'http://host.docker.internal:${PORT}'}", False),
    ],
)
def test_another_port_of_the_host_says_nothing_of_the_one_of_a_store(
    make_project: Callable[..., Path], environment: str, *, is_bound: bool
) -> None:
    text = COMPOSE.format(ports=' ["5432:5432"]').replace('ports: ["8080:8080"]', f"environment: {environment}")
    root = make_project({"compose.yaml": text})
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"NET001"})))
    assert ("127.0.0.1:5432:5432" in (root / "compose.yaml").read_text()) is is_bound
