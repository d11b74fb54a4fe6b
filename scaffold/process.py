"""The one place that starts programs: argument lists only, a time limit always, output as text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scaffold.errors import ToolError
from scaffold.model.frozen import frozen


@frozen
class Completed:
    """What a program left: its output, its messages and its exit code."""

    stdout: str
    stderr: str
    code: int


def find_program(name: str) -> str | None:
    """Return the path of a program: beside this Python first (what pip brought), in the tools folder, then on PATH."""
    import shutil

    tools = os.environ.get("SCAFFOLD_TOOLS") or os.path.expanduser("~/.cache/scaffold-tools")  # noqa: PTH111 - no home is no error
    folders = [os.path.dirname(sys.executable), os.path.join(tools, "bin"), os.environ.get("PATH", "")]  # noqa: PTH118, PTH120
    return shutil.which(name, path=os.pathsep.join(folders))


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    timeout: float,
    input: str | None = None,
    env: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program to its end; `timeout` in seconds. Raises ToolError when it cannot be started or takes too long."""
    try:
        done = subprocess.run(
            list(argv),
            cwd=cwd,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            timeout=timeout,
            env=_environment(argv[0], env or {}),
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError as error:
        raise ToolError(f"{argv[0]} is not installed", hint="`scaffold doctor` lists what is missing") from error
    except OSError as error:
        raise ToolError(f"{argv[0]} could not be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{argv[0]} took longer than {timeout:.0f} s and was stopped") from error
    return Completed(done.stdout, done.stderr, done.returncode)


def _environment(program: str, more: Mapping[str, str]) -> dict[str, str]:
    """Return our environment with `more`.

    Git does not get its own variables: under a hook GIT_DIR and GIT_INDEX_FILE name another repository than the project's.
    """
    kept = {name: value for name, value in os.environ.items() if program != "git" or not _names_a_repository(name)}
    return {**kept, **more}


def _names_a_repository(name: str) -> bool:
    # GIT_CONFIG_* may hold the safe.directory without which git refuses a folder that somebody else owns.
    return name.startswith("GIT_") and not name.startswith("GIT_CONFIG_") and name != "GIT_EXEC_PATH"
