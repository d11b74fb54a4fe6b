"""Backups of a service that leave the host only where a variable is set, which nothing sets."""

from __future__ import annotations

from scaffold.gaps.backup.coverage import Signal
from scaffold.gaps.signals import main_services
from scaffold.model.compose import EnvValue, Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ASKS = regex(
    r"-n[ \t]+[\"']?\$\{?(?P<name>[A-Z0-9_]{0,40}(?:BUCKET|REMOTE|OFF_?SITE|S3|RCLONE|RESTIC|SFTP|B2|AZURE|GCS)[A-Z0-9_]{0,40})"
    r"(?::?-)?\}?[\"']?(?=[ \t]*\])"
)
"""The condition under which a script sends its copies away."""
_SENDS = regex(
    r"\baws\s[^\n|;&]{0,200}\bs3\s|\brclone\s+(?:copy|sync|move|rcat)|\bgsutil\s|\bmc\s+(?:cp|mirror|pipe)\b|\bcurl\s+-T\b"
    r"|--upload-file\s|\bscp\s|\bs?ftp\s|\brsync\b[^\n|;&]{0,300}\s[\w.${}@\"-]{1,80}:|\baz\s+storage\b|\bb2\s+\w"
    r"|\b(?:restic|borg|kopia|duplicity)\s"
)


@frozen
class SwitchedOff:
    """A service that makes copies, the variables without which none leaves the host, their entries, and the line of a template
    that offers one of them empty, None where no template does.
    """

    service: Service
    names: tuple[str, ...]
    entries: tuple[EnvValue, ...]
    offered: Location | None


def switched_off(project: Project, found: tuple[Signal, ...]) -> SwitchedOff | None:
    """Return the service whose copies stay on the host as long as nobody sets what its script asks for; None where another
    backup sends copies away, or a value may come from elsewhere.
    """
    services = {service.name: service for _, service in main_services(project)}
    for signal in found:
        asked = list(_ASKS.finditer(signal.text))
        service = services.get(signal.owner) if signal.automatic else None
        if service is None or not asked or service.env_files or _SENDS.search(signal.text[: asked[0].start()]):
            continue
        if not _SENDS.search(signal.text, asked[0].end()) or any(_SENDS.search(item.text) for item in found if item != signal):
            return None
        names = tuple(dict.fromkeys(match["name"] for match in asked))
        entries = tuple(entry for entry in service.environment if entry.name in names)
        if all(_is_empty(entry) for entry in entries):
            return _unless_a_template_sets_it(project, service, names, entries)
    return None


def _is_empty(entry: EnvValue) -> bool:
    return not entry.value and all(item.has_default and not item.argument for item in entry.references)


def _unless_a_template_sets_it(
    project: Project, service: Service, names: tuple[str, ...], entries: tuple[EnvValue, ...]
) -> SwitchedOff | None:
    taken = {reference.name for entry in entries for reference in entry.references}
    lines = [entry for file in project.env_files for entry in file.entries if entry.name in taken]
    if any(entry.value and not entry.commented for entry in lines):
        return None
    return SwitchedOff(service, names, entries, lines[0].location if lines else None)
