"""Commands by which somebody copies databases that are files of an application, such as an archive of their folder."""

from __future__ import annotations

from scaffold.gaps.backup.coverage import Signal
from scaffold.gaps.backup.files import databases, is_copied_by_ours, is_named, others_copy
from scaffold.gaps.remembered import remembered
from scaffold.model.project import Project
from scaffold.model.regex import regex

_BY_PEOPLE = frozenset({"makefile", "script", "package"})
_COPIES = regex(r"(?:^|[\s;&|(])(?:tar|rsync|cp|zip|docker\s+cp)\s|\bsqlite3\b[^\n]*(?:\.backup|\.dump|vacuum\s+into)")
_CALLED_BACKUP = regex(r"(?i)back[-_]?up")
_UNPACKS = regex(r"\btar\s+-?\w*x|(?i:restor)")


@remembered
def file_copies(project: Project) -> tuple[Signal, ...]:
    """Return the commands of makefiles and scripts that copy a database file's volume or folder, where nothing else of the
    project speaks of backups: nothing when an overlay of scaffold copies them all.
    """
    kept = [item for item in databases(project) if not is_copied_by_ours(project, item)]
    if not kept or others_copy(project):
        return ()
    commands = (c for c in project.commands if c.context in _BY_PEOPLE and c.location.path not in project.owned)
    return tuple(
        Signal(command.text, command.location, command.owner if command.context != "script" else "", automatic=False)
        for command in commands
        if _COPIES.search(command.text)
        and _CALLED_BACKUP.search(f"{command.location.path} {command.owner} {command.text}")
        and not _UNPACKS.search(f"{command.location.path} {command.text}")
        and any(is_named(item, command.text) for item in kept)
    )
