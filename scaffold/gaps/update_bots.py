"""What the bots that propose newer versions look at."""

from __future__ import annotations

import re

from scaffold.gaps.remembered import remembered
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

BOTS = regex(r"\.github/dependabot\.ya?ml|(?:\.github/|\.gitlab/)?\.?renovate(?:rc)?(?:\.json5?)?|\.pyup\.ya?ml|\.snyk")
"""The files that tell a bot what to do."""
_RENOVATE = regex(r"(?:\.github/|\.gitlab/)?\.?renovate(?:rc)?(?:\.json5?)?")
_MANAGERS = regex(r"[\"']?enabledManagers[\"']?\s*:\s*\[(?P<names>[^\]]*)\]")
_ANYTHING = frozenset({"regex", "custom.regex", "custom"})
"""Managers that may look at every file."""


@frozen
class Limit:
    """The managers to which a Renovate is limited, and where that stands."""

    managers: tuple[str, ...]
    location: Location


@remembered
def renovate_limit(project: Project) -> Limit | None:
    """Return the managers that the only bot of the project may use; None where it is not limited, or another bot is there."""
    files = [path for path in project.files if BOTS.fullmatch(path)]
    if len(files) != 1 or not _RENOVATE.fullmatch(files[0]):
        return None
    text = project.source(files[0]) or ""
    match = _MANAGERS.search(text)
    names = tuple(re.findall(r"[\"']([\w.-]+)[\"']", match["names"])) if match else ()
    if match is None or not names or _ANYTHING & set(names):
        return None
    return Limit(names, Location.at_offset(files[0], text, match.start()))
