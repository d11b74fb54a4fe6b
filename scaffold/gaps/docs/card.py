"""The card of the layer DOCS: which pages for operators exist."""

from __future__ import annotations

from scaffold.gaps.docs.doc001_no_deployment_guide import has_deployment_guide
from scaffold.gaps.docs.doc002_no_disaster_recovery_guide import recovery_pages
from scaffold.gaps.docs.doc003_no_runbook import runbook_pages
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return present where deployment, recovery and a runbook are written down, partial where only some pages are."""
    recovery, runbooks = recovery_pages(project), runbook_pages(project)
    complete = has_deployment_guide(project) and bool(recovery) and bool(runbooks)
    state = LayerState.PRESENT if complete else LayerState.PARTIAL if project.docs else LayerState.ABSENT
    misled = _misled_pages(project) if recovery else frozenset()
    # Steps from a copy that holds nothing restore nothing.
    good = [Praise("The restore steps are written down.", place) for place in recovery if place.path not in misled][:1]
    good += [Praise("A runbook is written down.", place) for place in runbooks[:1]]
    return LayerCard(Layer.DOCS, state, tuple(Location(page.path, 1) for page in project.docs), tuple(good))


def _misled_pages(project: Project) -> frozenset[str]:
    """Return the pages with the command of a backup that copies what is not there."""
    from scaffold.gaps.backup.bck012_copies_what_is_not_there import misled_backups

    return frozenset(item.command.location.path for item in misled_backups(project))
