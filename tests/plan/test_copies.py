"""What keeps work to its own process runs in one copy, in the chart and on the pages alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.model.guides import Copies
from scaffold.model.target import Target
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

COMPOSE = """\
services:
  db: {image: 'postgres:18', environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?}"}}
  web:
    build: .
    depends_on: [db]
    ports: ["8000:8000"]
    command: uvicorn app.main:app --host 0.0.0.0
    environment: {DATABASE_URL: "postgresql://postgres:${POSTGRES_PASSWORD:?}@db:5432/postgres"}
  answers:
    build: .
    command: python -m app.bot
    environment: {DATABASE_URL: "postgresql://postgres:${POSTGRES_PASSWORD:?}@db:5432/postgres"}
"""
WEB = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/healthz')\ndef healthz():\n    return {}\n"
BOT = "from aiogram import Dispatcher\n\n\nasync def main():\n    await Dispatcher().start_polling(bot)\n"
SCHEDULE = "\nfrom apscheduler.schedulers.background import BackgroundScheduler\n\nscheduler = BackgroundScheduler()\n"


def _target(make_project: Callable[..., Path], files: dict[str, str], compose: str = COMPOSE) -> Target:
    given = {"compose.yaml": compose, "Dockerfile": "FROM python:3.13-slim\nCOPY . .\n", "app/main.py": WEB, "app/bot.py": BOT}
    return make_target(read_project(make_project({**given, **files}, name="shop")), ())


def _seen(target: Target, name: str) -> tuple[int, bool, Copies, bool, str]:
    """Return the most copies, whether the last one ends first, and what the page says of a service."""
    assert target.guides
    scaling = next(item.scaling for item in target.workloads if item.service == name)
    page = next(item for item in target.guides.services if item.name == name)
    return scaling.maximum, scaling.singleton, page.copies, page.overlaps, page.why


def test_a_bot_that_asks_telegram_itself_ends_before_the_next_one_starts(make_project: Callable[..., Path]) -> None:
    target = _target(make_project, {})
    maximum, singleton, copies, overlaps, why = _seen(target, "answers")
    assert (maximum, singleton, copies, overlaps) == (1, True, Copies.ONE, False)
    assert "app/bot.py:5" in why
    # The server is built of the same files, and its start names another one.
    assert _seen(target, "web")[:3] == (6, False, Copies.MANY)


def test_a_schedule_in_the_server_leaves_it_one_copy_that_the_next_one_may_overlap(make_project: Callable[..., Path]) -> None:
    target = _target(make_project, {"app/main.py": WEB + SCHEDULE})
    maximum, singleton, copies, overlaps, why = _seen(target, "web")
    assert (maximum, singleton, copies, overlaps) == (1, False, Copies.ONE, True)
    assert "APScheduler, app/main.py:12" in why


@pytest.mark.parametrize(
    "lock",
    ["connection.execute('SELECT pg_try_advisory_lock(7)')\n", "client.set('lock', '1', nx=True, ex=60)\n"],
)
def test_a_lock_that_copies_share_leaves_them_their_number(make_project: Callable[..., Path], lock: str) -> None:
    target = _target(make_project, {"app/main.py": WEB + SCHEDULE + lock})
    assert _seen(target, "web")[:3] == (6, False, Copies.MANY)


def test_what_nothing_tells_the_work_of_ends_first_in_the_chart_as_the_page_says(make_project: Callable[..., Path]) -> None:
    compose = "services:\n  thing:\n    image: registry.example.com/team/thing:1.0\n"
    maximum, singleton, copies, overlaps, _ = _seen(_target(make_project, {}, compose), "thing")
    assert (maximum, singleton, copies, overlaps) == (1, True, Copies.ONE, False)
