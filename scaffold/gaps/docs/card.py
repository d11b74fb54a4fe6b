"""The card of the layer DOCS: which pages for operators exist."""

from __future__ import annotations

from scaffold.gaps.docs.doc001_no_deployment_guide import has_deployment_guide
from scaffold.gaps.docs.doc002_no_disaster_recovery_guide import recovery_pages
from scaffold.gaps.docs.doc003_no_runbook import runbook_pages
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project
from scaffold.model.regex import regex

_OF_TOOLS = regex(r"(?i)(?:^|/)(?:\.[\w-]+/|(?:claude|agents?|gemini|copilot-instructions)\.(?:local\.)?mdx?$)")
_README = regex(r"(?i)(?:^|/)readme[^/]*$")


def card(project: Project) -> LayerCard:
    """Return present where deployment, recovery and a runbook are written down, partial where only some pages are."""
    recovery, runbooks = recovery_pages(project), runbook_pages(project)
    complete = has_deployment_guide(project) and bool(recovery) and bool(runbooks)
    pages = _pages(project, (*recovery, *runbooks))
    state = LayerState.PRESENT if complete else LayerState.PARTIAL if pages else LayerState.ABSENT
    misled = _misled_pages(project) if recovery else frozenset()
    # Steps from a copy that holds nothing restore nothing.
    good = [Praise("The restore steps are written down.", place) for place in recovery if place.path not in misled][:1]
    good += [Praise("A runbook is written down.", place) for place in runbooks[:1]]
    return LayerCard(Layer.DOCS, state, pages, tuple(good))


def _pages(project: Project, guides: tuple[Location, ...]) -> tuple[Location, ...]:
    """Return the pages for people: those for operators first, then those that introduce the project, then the others; what
    programs that write code are told, and what a forge shows beside an issue, is none.
    """
    told = (page.path for page in project.docs if not _OF_TOOLS.search(page.path))
    first = {place.path for place in guides}
    ordered = sorted(told, key=lambda path: (path not in first, not _README.search(path), path.count("/"), path))
    return tuple(Location(path, 1) for path in ordered)


def _misled_pages(project: Project) -> frozenset[str]:
    """Return the pages with the command of a backup that copies what is not there."""
    from scaffold.gaps.backup.bck012_copies_what_is_not_there import misled_backups

    return frozenset(item.command.location.path for item in misled_backups(project))
