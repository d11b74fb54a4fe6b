"""Stacks that are variants of each other: what all of them lack is one finding with every place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scaffold.gaps.judge import judge
from scaffold.model.gap import Gap
from scaffold.model.names import Severity
from scaffold.read.project import read_project

STACK = """\
services:
  app:
    image: example.org/shop:1.0
    depends_on: [redis]
  redis:
    image: redis:8.2
  {proxy}:
    image: {proxy}:1
"""


def logins(root: Path) -> dict[str, Gap]:
    """Return the gaps of the store's missing login by the file they are at."""
    return {gap.primary.path: gap for gap in judge(read_project(root)).open if gap.code == "SEC006"}


def test_variants_in_folders_beside_each_other_give_one_finding(make_project: Callable[..., Path]) -> None:
    names = ("angie", "caddy", "nginx")
    files = {f"deploy/proxies/{name}/docker-compose.yml": STACK.format(proxy=name) for name in names}
    found = logins(make_project(files))
    assert {path: gap.severity for path, gap in found.items()} == {
        "deploy/proxies/angie/docker-compose.yml": Severity.MEDIUM,
        "deploy/proxies/caddy/docker-compose.yml": Severity.INFO,
        "deploy/proxies/nginx/docker-compose.yml": Severity.INFO,
    }
    first = found["deploy/proxies/angie/docker-compose.yml"]
    assert {item.location.path for item in first.evidence} == set(files)
    assert "2 more files beside it have the same" in first.message


def test_other_systems_and_two_environments_keep_their_own(make_project: Callable[..., Path]) -> None:
    two = {f"deploy/{name}/docker-compose.yml": STACK.format(proxy="nginx") for name in ("east", "west")}
    other = "services:\n  redis: {image: 'redis:8.2'}\n  mail: {image: 'example.org/mail:1'}\n  news: {image: 'example.org/news:1'}\n"
    found = logins(make_project({**two, "deploy/letters/docker-compose.yml": other}))
    assert {gap.severity for gap in found.values()} == {Severity.MEDIUM}
    assert len(found) == 3
