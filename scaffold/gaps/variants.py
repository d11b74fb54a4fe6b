"""One cause in stacks that are variants of each other: a gap that folders beside each other share is said once."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from scaffold.model.gap import Evidence, Gap
from scaffold.model.names import Severity
from scaffold.model.project import Project

_LEAST = 3
"""Folders beside each other that make variants: two may be two systems, or two environments."""
_SHARED = 0.5
"""The part of the services that two variants have in common, at least."""

_Cause = tuple[str, str, str, str, Severity, str]


def said_once(project: Project, gaps: Iterable[Gap]) -> list[Gap]:
    """Return the gaps; of those that variants share the first names the places of the others, which become details of it."""
    listed = list(gaps)
    groups: dict[_Cause, list[Gap]] = defaultdict(list)
    folders = {posixpath.dirname(file.path) for file in project.compose_files}
    if len(folders) < _LEAST:
        return listed
    for gap in sorted(listed, key=Gap.sort_key):
        folder = posixpath.dirname(gap.primary.path)
        if folder in folders and folder and gap.severity > Severity.INFO and "/" in gap.resource:
            name = gap.resource.rpartition("/")[2]
            groups[(gap.code, gap.subject, gap.message, name, gap.severity, posixpath.dirname(folder))].append(gap)
    changed: dict[str, Gap] = {}
    for first, *others in groups.values():
        same = [gap for gap in others if _are_variants(project, first.primary.path, gap.primary.path)]
        if len({posixpath.dirname(gap.primary.path) for gap in (first, *same)}) >= _LEAST:
            changed[first.fingerprint] = _first(first, same)
            changed |= {gap.fingerprint: _detail(gap) for gap in same}
    return [changed.get(gap.fingerprint, gap) for gap in listed]


def _are_variants(project: Project, path: str, other: str) -> bool:
    mine, theirs = (_services(project, item) for item in (path, other))
    return len(mine & theirs) >= _SHARED * len(mine | theirs)


def _services(project: Project, path: str) -> frozenset[str]:
    return frozenset(service.name for stack in project.stacks if path in stack.files for service in stack.services)


def _first(gap: Gap, same: list[Gap]) -> Gap:
    places = tuple(Evidence(item.primary, "related") for item in same)
    files = len({item.primary.path for item in same})
    message = f"{gap.message.removesuffix('.')}; {files} more files beside it have the same."
    return replace(gap, message=message, evidence=(*gap.evidence, *places))


def _detail(gap: Gap) -> Gap:
    return replace(gap, severity=Severity.INFO, blocked_by=tuple(dict.fromkeys((*gap.blocked_by, gap.code))))
