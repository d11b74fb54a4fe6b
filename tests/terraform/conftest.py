"""Terraform, a provider mirror, checkov and an AWS on loopback for the tests of the Terraform app."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import _missing
from tests.terraform import support


@pytest.fixture(scope="session")
def terraform(require_tool: Callable[[str], str]) -> str:
    return require_tool("terraform")


@pytest.fixture(scope="session")
def prepared(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was initialised with the provider that is at hand."""
    mirror = support.mirror()
    if mirror is None:
        _missing("tools", f"a mirror with the AWS provider {support.OLDER_PROVIDER} (SCAFFOLD_TF_PLUGINS)")
    versions = support.lowered(support.rendered(support.STATELESS))["versions.tf"]
    folder = support.write({"versions.tf": versions}, tmp_path_factory.mktemp("prepared"))
    support.terraform(terraform, folder, "init", "-backend=false", f"-plugin-dir={mirror}", "-no-color")
    return folder


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a moto server on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("moto") / "log").open("w")
    environment = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    command = [
        sys.executable,
        "-c",
        f"import sys; from moto.server import main; sys.exit(main(['-H', '127.0.0.1', '-p', '{port}']))",
    ]
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait(f"http://localhost:{port}/moto-api/", server)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        assert server.poll() is None, "the moto server did not start"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise AssertionError("the moto server does not answer")
