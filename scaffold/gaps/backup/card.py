"""The card of the layer BACKUP: what copies the stores away, and whether it runs by itself."""

from __future__ import annotations

from scaffold.gaps.backup.coverage import is_covered, signals
from scaffold.gaps.backup.files import FILES, copies_files, kept_files, uncopied_files
from scaffold.gaps.backup.schedules import runs_by_itself
from scaffold.gaps.compose.lost_schedules import lost_schedules
from scaffold.gaps.signals import durable_stores, main_services, without_repeats
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return inert where only a person starts a backup, partial where one leaves out a store, or files that matter."""
    found = signals(project)
    covered = [is_covered(project, service, found) for _, service in durable_stores(project)]
    files = _files(project) if not found or all(signal.location.path in project.owned for signal in found) else []
    automatic = runs_by_itself(project, found) if found else any((*covered, *files))
    started = [signal for signal in found if signal.automatic]
    lost = _lost(project) if started else frozenset()
    standing = [signal for signal in started if signal.owner not in lost]
    if started and not standing:
        automatic = False
    if not found and not any((*covered, *files)):
        state = LayerState.ABSENT
    elif not automatic:
        state = LayerState.INERT
    else:
        state = LayerState.PRESENT if all((*covered, *files)) else LayerState.PARTIAL
    good = tuple(Praise("A backup runs by itself.", signal.location) for signal in standing)[:1]
    return LayerCard(Layer.BACKUP, state, without_repeats(signal.location for signal in found), good)


def _lost(project: Project) -> frozenset[str]:
    """Return the services whose crontab is replaced, or whose jobs lack what they need."""
    return frozenset(service.name for _, service in main_services(project) if any(lost_schedules(project, service)))


def _files(project: Project) -> list[bool]:
    """Return for each database or folder that an application keeps whether scaffold's overlay copies it.

    What the project itself says of backups of files may be anything: it makes the layer neither present nor absent.
    """
    if copies_files(project):
        return []
    bare = {kept.place for kept in uncopied_files(project)}
    return [kept.place not in bare for kept in kept_files(project) if kept.what != FILES]
