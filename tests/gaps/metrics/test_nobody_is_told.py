"""MET000 says who else is not watched, and what the code calls an alert, where nothing could tell anybody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine

NOBODY = "collects metrics or tells anybody that something is wrong:"


@pytest.mark.parametrize(
    ("files", "said", "unsaid"),
    [
        ({}, NOBODY, "systemd"),
        (
            {"ops/relay.service": "[Service]\nExecStart=/srv/relay\n"},
            "what systemd runs as well (relay.service)",
            "line of a log",
        ),
        (
            {"relay.mjs": "const url = process.env.RPC_URL\nconsole.error(`FAIR_ALERT id=${id}`)\n"},
            "What relay.mjs:2 calls FAIR_ALERT is a line",
            "systemd",
        ),
        ({"requirements.txt": "sentry-sdk==2.0\n"}, "collects metrics: a slow", NOBODY),
        (
            {
                "package.json": "{}",
                "relay.mjs": "const url = process.env.RPC_URL\nsend(`ALERT ${id}`)\n",
                "page.md": 'echo "ALERT"\n',
            },
            NOBODY,
            "line of a log",
        ),
    ],
)
def test_the_message_says_what_is_there(
    make_project: Callable[..., Path], files: dict[str, str], said: str, unsaid: str
) -> None:
    root = make_project({"compose.yaml": "services: {api: {build: .}}\n", "Dockerfile": "FROM python:3.14\n", **files})
    (gap,) = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == "MET000"]
    assert said in gap.message
    assert unsaid not in gap.message
