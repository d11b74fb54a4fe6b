"""A published port of a store in a swarm: the address before it is left out there, so no edit writes one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation

Make = Callable[..., Path]
COMPOSE = """\
services:
  api: {image: "acme/api:1", ports: ["8000:8000"]}
  db:
    image: postgres:17
    ports:
      - "5432:5432"
    volumes: ["kept:/var/lib/postgresql/data"]
volumes: {kept: }
"""
README = "# Shop\n\n```sh\ndocker stack deploy -c shop.compose.yml shop\n```\n"


@pytest.mark.parametrize(
    ("path", "readme"),
    [
        ("docker-stack.yml", "# Shop\n"),
        ("shop.compose.yml", README),
        ("docker-compose.yml", README.replace("shop.compose", "docker-compose")),
    ],
    ids=["called-so", "by-command", "compose-file"],
)
def test_a_file_for_a_swarm_gets_advice_and_stays_as_it_is(path: str, readme: str, make_project: Make) -> None:
    root = make_project({path: COMPOSE, "README.md": readme})
    (gap,) = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == "NET001"]
    assert [closer.kind for closer in gap.closes] == ["advice"]
    assert "127.0.0.1" not in gap.expected
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=frozenset({"NET001"})))
    assert (root / path).read_text() == COMPOSE


def test_under_compose_the_address_is_written(make_project: Make) -> None:
    root = make_project(
        {"docker-compose.yml": COMPOSE, "docker-stack.yml": COMPOSE.replace('    ports:\n      - "5432:5432"\n', "")}
    )
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=frozenset({"NET001"})))
    assert '"127.0.0.1:5432:5432"' in (root / "docker-compose.yml").read_text()
