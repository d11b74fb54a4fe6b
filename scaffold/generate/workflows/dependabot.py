"""Dependabot's configuration: each ecosystem once a week, small updates together, nothing that was released this week."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any

from scaffold.generate.emit import to_yaml
from scaffold.model.artifact import Artifact
from scaffold.model.delivery import DeliveryPlan
from scaffold.model.names import Room

PATH = ".github/dependabot.yml"
_HEADER = """\
Proposes newer versions once a week. Seven days after a release at the earliest: malicious ones are usually found by then.
Security updates do not wait."""
_DAYS = 7


def render_dependabot(plan: DeliveryPlan) -> Artifact:
    """Return the configuration with an entry for each ecosystem of the plan."""
    groups = groupby(sorted(plan.dependabot), key=itemgetter(0))
    updates = [_entry(ecosystem, [folder for _, folder in pairs]) for ecosystem, pairs in groups]
    return Artifact(PATH, to_yaml({"version": 2, "updates": updates}, _HEADER), Room.WORKFLOWS)


def _entry(ecosystem: str, folders: list[str]) -> dict[str, Any]:
    place = {"directory": folders[0]} if len(folders) == 1 else {"directories": folders}
    small = {"patterns": ["*"]} if ecosystem == "github-actions" else {"update-types": ["minor", "patch"]}
    return {
        "package-ecosystem": ecosystem,
        **place,
        "schedule": {"interval": "weekly"},
        "cooldown": {"default-days": _DAYS},
        "groups": {"together": small},
    }
