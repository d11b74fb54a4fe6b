"""What git knows of a project: its files, what it ignores, the name of its remote."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from scaffold.errors import ToolError
from scaffold.process import Completed, run

_LIMIT = 60.0
"""Seconds that a git command may take; a listing of a hundred thousand files needs less than one."""


def _git(root: Path, *arguments: str, text: str | None = None) -> Completed | None:
    # A repository may name a program for core.fsmonitor; reading a project must not start it.
    # What a person ignores everywhere must not change what is read: the same tree gives the same report on every machine.
    argv = ("git", "-c", "core.fsmonitor=false", "-c", "core.excludesFile=/dev/null", *arguments)
    try:
        return run(argv, cwd=root, timeout=_LIMIT, input=text, env={"GIT_OPTIONAL_LOCKS": "0"})
    except ToolError:
        return None


def listed_files(root: Path) -> tuple[tuple[str, bool], ...] | None:
    """Return each file below `root` that git tracks or does not ignore, with whether it is tracked; None without git."""
    done = _git(root, "ls-files", "-co", "--exclude-standard", "-z", "-t")
    if done is None or done.code != 0:
        return None
    rows = (row.partition(" ") for row in done.stdout.split("\0") if row)
    return tuple(sorted({path: tag != "?" for tag, _, path in rows}.items()))


def ignored_paths(root: Path, paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return those of `paths` that git ignores, each with the place of the pattern that says so (`.gitignore:3`)."""
    asked = sorted({path for path in paths if path and "\0" not in path})
    if not asked:
        return ()
    # A path that does not exist may become a folder: only with a slash at its end does `data/` match it.
    lines = [form for path in asked for form in (path, f"{path.rstrip('/')}/")]
    done = _git(root, "check-ignore", "-v", "-z", "--stdin", text="\0".join(lines) + "\0")
    if done is None or done.code != 0:
        return ()
    fields = done.stdout.split("\0")
    rows = zip(fields[0::4], fields[1::4], fields[2::4], fields[3::4], strict=False)
    hits = {path.rstrip("/"): (source, line) for source, line, pattern, path in rows if not pattern.startswith("!")}
    inside = folder_in_repository(root) if hits else ""
    return tuple(sorted((path, f"{_from_here(source, inside)}:{line}") for path, (source, line) in hits.items()))


def _from_here(source: str, inside: str) -> str:
    """Return a path that git gives from the top of the repository as it is called in the folder `inside`."""
    if source.startswith(("/", inside)):
        return source.removeprefix(inside)
    return "../" * inside.count("/") + source


def folder_in_repository(root: Path) -> str:
    """Return the path of `root` inside its repository, with a slash at the end; "" at the top and without git."""
    if (root / ".git").exists():
        return ""
    done = _git(root, "rev-parse", "--show-prefix")
    return done.stdout.strip("\n") if done is not None and done.code == 0 else ""


def remote_name(root: Path) -> str:
    """Return the repository's name in the URL of the remote `origin`, "" when there is none."""
    url = _plain_url(root / ".git" / "config")
    if url is None:
        done = _git(root, "config", "--local", "--get", "remote.origin.url")
        url = done.stdout.strip() if done is not None and done.code == 0 else ""
    return url.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1].removesuffix(".git")


def _plain_url(config: Path) -> str | None:
    """Return the URL of `origin` in a file without quotes, comments and continued lines there; None leaves it to git."""
    try:
        text = config.read_text(encoding="utf-8") if config.is_file() else None
    except (OSError, ValueError):
        text = None
    if text is None:
        return None
    sections = re.findall(r'^\[remote "origin"\]\n((?:[ \t]+[^\n]*\n)*)', text, re.MULTILINE)
    lines = re.findall(r"^[ \t]+url = (\S+)$", sections[0], re.MULTILINE) if len(sections) == 1 else []
    plain = len(lines) == 1 and not re.search(r'["\\#;]', sections[0])
    return lines[0] if plain else None if "origin" in text.lower() else ""


def remote_branches(root: Path) -> tuple[str, tuple[str, ...]]:
    """Return the default branch of the remote `origin` and all its branches, as the last fetch saw them.

    Both are empty where that is not known: no clone, a clone of one branch, a checkout in CI.
    """
    folder = root / ".git"
    try:
        head = (folder / "refs/remotes/origin/HEAD").read_text(encoding="utf-8").strip()
        if "+refs/heads/*:refs/remotes/origin/*" not in (folder / "config").read_text(encoding="utf-8"):
            return "", ()
        packed = folder / "packed-refs"
        rows = packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else []
    except (OSError, UnicodeDecodeError):
        return "", ()
    loose = folder / "refs/remotes/origin"
    names = {path.relative_to(loose).as_posix() for path in loose.rglob("*") if path.is_file()} - {"HEAD"}
    names |= {name for row in rows for _, mark, name in [row.partition(" refs/remotes/origin/")] if mark}
    default = head.removeprefix("ref: refs/remotes/origin/")
    return (default, tuple(sorted(names))) if default in names else ("", ())
