"""BCK001 says what is true of a store that no backup covers: whether it has a volume, and whether there are backups at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine

DUMP = {"scripts/dump.sh": "#!/bin/sh\npg_dump -Fc app > /backups/app.dump\n"}
QUEUE = "services:\n  db:\n    image: postgres:16\n  redis:\n    image: redis:7\n"
VOLUME = f'{QUEUE}    volumes: ["queue:/data"]\nvolumes: {{queue: {{}}}}\n'


@pytest.mark.parametrize(
    ("compose", "said"),
    [
        (VOLUME, "leave out redis: what it holds is lost with its volume."),
        (QUEUE, "leave out redis: what it holds is lost with its container, for it mounts no volume."),
    ],
)
def test_the_message_names_what_the_data_is_lost_with(make_project: Callable[..., Path], compose: str, said: str) -> None:
    root = make_project({"docker-compose.yml": compose, "requirements.txt": "celery[redis]==5.5.3\n", **DUMP})
    (gap,) = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == "BCK001"]
    assert said in gap.message


def test_where_nothing_is_copied_there_are_no_backups_to_speak_of(make_project: Callable[..., Path]) -> None:
    other = "services:\n  old:\n    image: postgres:16\n    volumes: ['old:/var/lib/postgresql/data']\nvolumes: {old: {}}\n"
    app = (
        "services:\n  api:\n    build: .\n  db:\n    image: postgres:16\n    volumes: ['data:/var/lib/postgresql/data']\n"
        "volumes: {data: {}}\n"
    )
    root = make_project({"docker-compose.yml": app, "tools/docker-compose.yml": other, "Dockerfile": "FROM node:24\n"})
    said = [item.gap.message for item in examine(Place(root)).judgement.gaps if item.gap.code == "BCK001"]
    assert said == ["Nothing here copies old, nor would a generated backup: what it holds is lost with its volume."]
