"""Our own program on compose-go passes its own tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

from tests.conftest import ROOT


def test_the_compose_loader_passes_its_tests(require_tool: Callable[[str], str]) -> None:
    done = subprocess.run(
        [require_tool("go"), "test", "./..."],
        cwd=ROOT / "tools" / "compose-go",
        env={**os.environ, "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
