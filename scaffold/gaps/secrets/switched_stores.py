"""Object stores that a stack starts and the templates of its env file switch off: what the applications keep lies elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.gaps.secrets.credentials import CredentialGroup
from scaffold.model.document import Location
from scaffold.model.names import Role
from scaffold.model.project import EnvEntry, Project
from scaffold.model.regex import regex

_SWITCH = regex(
    r"(?:^|_)(?:BLOB|STORAGE|FILE|FILES|UPLOADS?|ARTIFACTS?|MEDIA|FILESYSTEM|OBJECT)_?"
    r"(?:STORE|STORAGE|BACKEND|DRIVER|TYPE|PROVIDER|DISK|MODE)?$"
)
_BY_STORE = regex(r"(?i)s3|minio|object|aws")
_BY_FILES = regex(r"(?i)local|filesystem|file_?system|files?|fs|disk")


def switched_off(project: Project, group: CredentialGroup) -> Location | None:
    """Return the line of a template that has the applications keep files beside them, where the credential opens an object
    store which the stack turns on by a default alone, and no template says otherwise; None where that is not so.
    """
    if any(item.service.is_datastore and item.service.role is not Role.OBJECT_STORE for item in group.places):
        return None
    if not any(item.service.role is Role.OBJECT_STORE for item in group.places):
        return None
    names = {
        reference.name
        for item in group.places
        for entry in item.service.environment
        for reference in entry.references
        if _SWITCH.search(entry.name) and reference.has_default and _BY_STORE.fullmatch(reference.argument or "")
    }
    told = tuple(_entries(project, names)) if names else ()
    return told[0].location if told and all(_BY_FILES.fullmatch(entry.value.strip("\"'")) for entry in told) else None


def _entries(project: Project, names: set[str]) -> Iterable[EnvEntry]:
    templates = (file for file in project.env_files if file.kind == "template" and file.path not in project.owned)
    return (entry for file in templates for entry in file.entries if entry.name in names and not entry.commented)
