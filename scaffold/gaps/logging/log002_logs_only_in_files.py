"""LOG002: a service writes its log to a file on a volume that nothing reads, so `docker logs` and collectors see nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.logging.structured import text_logging
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import LOGGING_TOOLS, main_services, runs_tool, stacks_in_use
from scaffold.model.compose import EnvValue, Mount, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex

_LOG_VARIABLES = regex(r"(?:\w+_)?LOG_(?:FILE|FILENAME|PATH|DIR|FOLDER)|(?:\w+_)?LOGFILE", words=("LOGFILE", "LOG_"))
_STDOUT = regex(
    r"StreamHandler\(|sys\.std(?:out|err)|logging\.basicConfig\((?![^)]*filename)|transports\.Console|stdout", re.DOTALL
)
_WRITES_FILES = ("FileHandler(", "transports.File")


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[str, list[tuple[Stack, Service, EnvValue, Mount]]] = {}
    for stack, service in main_services(project):
        hit = _log_volume(service)
        if hit and service.is_application and not _also_on_stdout(project) and not _is_shipped(project, hit[1]):
            found.setdefault(hit[1].source or hit[1].target, []).append((stack, service, *hit))
    mended = (Closer(Room.EDITS, "edit"),) if found and _will_be_shown(project) else None
    for volume, uses in sorted(found.items()):
        yield _gap(volume, uses, mended)


def _will_be_shown(project: Project) -> bool:
    """Whether the edit that makes the lines JSON also writes them to the standard output, wherever files are written."""
    shown = {edit.path for found in text_logging(project) for edit in found.edits or () if edit.shows_files}
    return bool(shown) and {source.path for source in _file_writers(project)} <= shown


def _log_volume(service: Service) -> tuple[EnvValue, Mount] | None:
    """Return the variable that names a log file and the volume that keeps it, or None."""
    variable = next((entry for entry in service.environment if _LOG_VARIABLES.fullmatch(entry.name) and entry.value), None)
    mount = next(
        (m for m in service.mounts if re.search(r"(?:^|/)logs?(?:/|$)", m.target) and m.kind in {"volume", "bind"}), None
    )
    return (variable, mount) if variable and mount else None


def _also_on_stdout(project: Project) -> bool:
    """Whether code that writes the log file writes to the standard streams too."""
    files = _file_writers(project)
    return bool(files) and all(_STDOUT.search(source.text) for source in files)


@remembered
def _file_writers(project: Project) -> tuple[SourceFile, ...]:
    return tuple(source for source in project.sources if any(words in source.text for words in _WRITES_FILES))


def _is_shipped(project: Project, mount: Mount) -> bool:
    return any(
        runs_tool(project, other, LOGGING_TOOLS)
        and any(m.source == mount.source or m.resolved == mount.resolved is not None for m in other.mounts)
        for stack in stacks_in_use(project)
        for other in stack.services
    )


def _gap(volume: str, uses: list[tuple[Stack, Service, EnvValue, Mount]], closers: tuple[Closer, ...] | None) -> Gap:
    stack = uses[0][0]
    names = ", ".join(service.name for _, service, _, _ in uses)
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject=f"log-volume/{volume}",
        message=f"Nothing collects the log files that {names} write to {volume}: they grow unseen and end with it.",
        expected="log lines on stdout, or a collector that mounts the volume",
        actual=f"files on {volume} only",
        locations=tuple(entry.location for _, _, entry, _ in uses),
        related=tuple(mount.location for _, _, _, mount in uses),
        environment=stack.environment,
        closers=closers,
    )


RULE = Rule(
    code="LOG002",
    name="logs-only-in-files",
    layer=Layer.LOGGING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Log to stdout (a StreamHandler beside or instead of the file) and let the collector read the containers' output.",
        ),
    ),
)
