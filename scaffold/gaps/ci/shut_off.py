"""What GitHub no longer runs: versions of actions whose jobs it fails, and images of runners that it has removed.

As of 2026-11-26. Sources: the changelogs of 2024-02-13 (artifacts v1, v2), 2024-04-16 (v3) and 2024-12-05 (cache and pages) on
github.blog; actions/cache discussion 1510; actions/runner-images issues 6002, 11101, 12045, 10721, 13046.
"""

from __future__ import annotations

import re

from scaffold.model.regex import regex

AS_OF = "2026-11-26"
"""The day on which the tables were last compared with their sources."""

_SINCE: dict[str, tuple[tuple[tuple[int, ...], tuple[int, ...], str], ...]] = {
    "actions/upload-artifact": (((0,), (3,), "2024-06-30"), ((3,), (4,), "2025-01-30")),
    "actions/download-artifact": (((0,), (3,), "2024-06-30"), ((3,), (4,), "2025-01-30")),
    "actions/upload-pages-artifact": (((0,), (3,), "2025-01-30"),),
    "actions/deploy-pages": (((0,), (4,), "2025-01-30"),),
    "actions/cache": (((0,), (3,), "2025-03-01"), ((3,), (3, 4), "2025-03-01"), ((4,), (4, 2), "2025-03-01")),
}
"""For each action: versions from the first to before the second stopped on the day."""
_IMAGES = {
    "ubuntu-16.04": "2021-09-20",
    "ubuntu-18.04": "2023-04-03",
    "ubuntu-20.04": "2025-04-15",
    "windows-2016": "2022-04-01",
    "windows-2019": "2025-06-30",
    "macos-10.15": "2023-03-31",
    "macos-11": "2024-06-28",
    "macos-12": "2024-12-03",
    "macos-13": "2025-12-04",
}
_VERSION = regex(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?")


def action_stopped(uses: str) -> str:
    """Return the day from which GitHub fails a job with this `uses`; empty where it runs, or names a commit or a branch.

    A tag such as `v3` of actions/cache moves to its newest release, which still runs: only the exact older one has stopped.
    """
    name, _, ref = uses.partition("@")
    name = name.lower()
    if name in {"actions/cache/restore", "actions/cache/save"}:
        name = "actions/cache"
    match = _VERSION.fullmatch(ref)
    if match is None:
        return ""
    version = tuple(int(part) for part in match.groups() if part is not None)
    for first, end, day in _SINCE.get(name, ()):
        newest = (*version, *(9999,) * (3 - len(version)))
        if first <= version and newest < end:
            return day
    return ""


def image_removed(label: str) -> str:
    """Return the day from which GitHub has no runner with this label; empty for every other."""
    return _IMAGES.get(re.sub(r"-large$|-xlarge$", "", label.strip().lower()), "")
