"""Which files are scripts that people are meant to run, by folder and name."""

from __future__ import annotations

FOLDERS = frozenset({"scripts", "script", "bin", "ops", "tools", "hack", "jobs"})
RUNNERS = {
    ".sh": "bash",
    ".bash": "bash",
    ".py": "python",
    ".rb": "ruby",
    ".pl": "perl",
    ".js": "node",
    ".mjs": "node",
    ".ts": "npx tsx",
}
"""The program that runs a script, by its ending."""


def is_operational_script(path: str) -> bool:
    """Whether a path, relative to the root, is a script in a folder where people look for them; tests are none."""
    folder, _, name = path.rpartition("/")
    return (
        bool(folder)
        and bool(FOLDERS & set(folder.split("/")[:2]))
        and suffix_of(name) in RUNNERS
        and not name.startswith(("_", "test_"))
    )


def suffix_of(name: str) -> str:
    """Return the ending of a file's name with its dot, "" when it has none."""
    stem, dot, ending = name.rpartition(".")
    return f"{dot}{ending}" if stem else ""
