"""The scripts as `generate` writes them, and real stores to run them against."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scaffold.generate.blueprint import render_blueprint
from tests.generate.backup import stores

CHROMA = "chromadb==1.5.9"
KEY = "the-key-of-the-repository-Canary"
ACCESS = "AccessKeyCanary"


@dataclass
class Backup:
    """The scripts, run by the shell that an image has, with everything that they said and all command lines meanwhile."""

    scripts: Path
    root: Path
    shell: str
    repository: str
    said: list[str] = field(default_factory=list)
    command_lines: set[str] = field(default_factory=set)

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    def run(self, name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        key = self.root / "key"
        key.write_text(KEY)
        own = {
            "PATH": os.environ["PATH"],
            "BACKUP_STAGING": str(self.staging),
            "BACKUP_VOLUMES": str(self.root / "volumes"),
            "BACKUP_APP": "shop",
            "RESTIC_REPOSITORY": self.repository,
            "RESTIC_PASSWORD_FILE": str(key),
            "RESTIC_CACHE_DIR": str(self.root / "cache"),
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": ACCESS,
        }
        command = [*shlex.split(self.shell), str(self.scripts / name), *arguments]
        process = subprocess.Popen(command, env={**own, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        watcher = threading.Thread(target=self._watch, args=(process,))
        watcher.start()
        out, err = process.communicate(timeout=300)
        watcher.join()
        self.said += [out, err]
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def ok(self, name: str, *arguments: str, **env: str) -> str:
        done = self.run(name, *arguments, **env)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout.strip()

    def refused(self, name: str, *arguments: str, **env: str) -> str:
        done = self.run(name, *arguments, **env)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def _watch(self, process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.command_lines.add(place.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue
            time.sleep(0.02)

    def dumps(self, name: str) -> list[Path]:
        return sorted(path for path in (self.staging / name).glob("[0-9]*Z"))

    def snapshots(self) -> list[dict[str, object]]:
        import json

        environment = {**os.environ, "RESTIC_PASSWORD": KEY, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": ACCESS}
        command = ["restic", "-r", self.repository, "snapshots", "--json", "--no-cache"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        return list(json.loads(done.stdout) or [])

    def assert_quiet(self, *secrets: str) -> None:
        """No secret stands in what was said, nor in any command line that was seen."""
        assert any("restic" in line or "dump" in line for line in self.command_lines)
        for secret in (*secrets, KEY, ACCESS):
            assert secret not in "".join(self.said)
            assert not [line for line in self.command_lines if secret in line]


@pytest.fixture(scope="session")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    for file in render_blueprint("backup", "scripts", {}, None):
        path = folder / file.path
        path.write_text(file.text, encoding="utf-8")
        path.chmod(file.mode)
    return folder


@pytest.fixture
def backup(scripts: Path, tmp_path: Path, require_tool: Callable[[str], str]) -> Backup:
    """The scripts with a repository in a folder, as a test of them allows."""
    require_tool("restic")
    return Backup(scripts, tmp_path, require_tool("dash"), str(tmp_path / "repository"))


@pytest.fixture(scope="session")
def postgres(require_tool: Callable[[str], str]) -> Iterator[stores.Postgres]:
    with stores.postgres(require_tool("initdb")) as server:
        yield server


@pytest.fixture(scope="session")
def chroma_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chroma")
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--target", str(folder), CHROMA]
    subprocess.run(command, check=True, timeout=300)
    return folder
