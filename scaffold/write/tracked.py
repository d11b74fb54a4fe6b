"""Whether git can give a file back: only such files are edited."""

from __future__ import annotations

from pathlib import Path

from scaffold.errors import ToolError
from scaffold.process import run

_GIT_SECONDS = 30.0


def is_tracked_and_clean(root: Path, path: str) -> bool:
    """Whether git tracks the file and its content on disk is the committed one."""
    try:
        known = run(["git", "ls-files", "--error-unmatch", "--", path], cwd=root, timeout=_GIT_SECONDS)
        state = run(["git", "status", "--porcelain", "--untracked-files=no", "--", path], cwd=root, timeout=_GIT_SECONDS)
    except ToolError:
        return False
    return known.code == 0 and state.code == 0 and not state.stdout.strip()
