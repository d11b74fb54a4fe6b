"""The one place that starts programs: argument lists only, a time limit always, output as text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    with started(argv, cwd=cwd, env=env, reads=input is not None) as program:
        return program.finish(timeout=timeout, input=input)


class Started:
    """A program that runs and has not been given its input yet."""

    def __init__(self, name: str, program: subprocess.Popen[str]) -> None:
        self._name = name
        self._program = program

    def finish(self, *, timeout: float, input: str | None = None) -> Completed:
        """Give the program its input and wait for its end, `timeout` seconds at most; raises ToolError after that."""
        try:
            stdout, stderr = self._program.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise ToolError(f"{self._name} took longer than {timeout:.0f} s and was stopped") from error
        except OSError as error:
            raise ToolError(f"{self._name} could not be read: {error.strerror}") from error
        return Completed(stdout, stderr, self._program.returncode)


@contextmanager
def started(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, reads: bool = True) -> Iterator[Started]:
    """Give a program that runs; what has not ended when the block is left is stopped. Raises ToolError when it cannot start."""
    try:
        program = subprocess.Popen(
            list(argv),
            cwd=cwd,
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(argv[0], env or {}),
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError as error:
        raise ToolError(f"{argv[0]} is not installed", hint="`scaffold doctor` lists what is missing") from error
    except OSError as error:
        raise ToolError(f"{argv[0]} could not be started: {error.strerror}") from error
    with program:
        try:
            yield Started(argv[0], program)
        finally:
            program.kill()


def _environment(program: str, more: Mapping[str, str]) -> dict[str, str]:
    """Return our environment with `more`.

    Git does not get its own variables: under a hook GIT_DIR and GIT_INDEX_FILE name another repository than the project's.
    """
    kept = {name: value for name, value in os.environ.items() if program != "git" or not _names_a_repository(name)}
    return {**kept, **more}


def _names_a_repository(name: str) -> bool:
    # GIT_CONFIG_* may hold the safe.directory without which git refuses a folder that somebody else owns.
    return name.startswith("GIT_") and not name.startswith("GIT_CONFIG_") and name != "GIT_EXEC_PATH"
