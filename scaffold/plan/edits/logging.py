"""LOG001 to LOG003: text logging becomes JSON where it is set up, and what went to files only goes to the output as well."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.nginx import ConfigFile
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Project, SourceFile
from scaffold.model.python_logging import joins_celery
from scaffold.model.spring_logging import spring_logging
from scaffold.model.uvicorn_logging import uvicorn_logging
from scaffold.plan.edits.kind import EditKind


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    yield from _access_logs(project, tuple(gap for gap in gaps if gap.subject == "access-log"))
    yield from _spring(project, gaps)
    yield from _servers(project, tuple(gap for gap in gaps if gap.subject == "server-log"))
    follow = tuple(gap for gap in gaps if gap.code != "LOG001")
    for gap in (gap for gap in gaps if _is_python(gap)):
        lines: dict[str, list[int]] = {}
        for item in gap.evidence:
            lines.setdefault(item.location.path, []).append(item.location.line)
        sources = tuple(SourceFile(path, project.source(path) or "") for path in sorted(lines))
        decided = tuple((path, _decision(project, path, lines[path])) for path in sorted(lines))
        # What follows from the new format closes with the first of the services.
        yield EditTask("json-logging", (gap, *follow), sources=sources, decided=decided)
        follow = ()


def _is_python(gap: Gap) -> bool:
    return gap.code == "LOG001" and gap.subject == "log-format" and gap.primary.path.endswith(".py")


def _spring(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    """Yield one task for all services that are built from the same settings."""
    found: dict[str, list[Gap]] = {}
    for gap in gaps:
        service = _service(project, gap) if gap.code == "LOG001" and gap.subject == "log-format" else None
        spring = spring_logging(project, service) if service else None
        if spring is not None and spring.settings and spring.has_setting:
            found.setdefault(spring.settings, []).append(gap)
    for path, group in sorted(found.items()):
        document = project.document(path)
        source = SourceFile(path, project.source(path) or "")
        yield EditTask("spring-logging", tuple(group), (document,) if document else (), sources=(source,))


def _servers(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    """Yield one task for all services that serve the same application."""
    found: dict[str, tuple[tuple[SourceFile, ...], list[Gap]]] = {}
    for gap in gaps:
        service = _service(project, gap)
        logs = uvicorn_logging(project, service) if service else None
        if logs is not None and logs.files:
            found.setdefault(logs.app, (logs.files, []))[1].append(gap)
    for app, (files, group) in sorted(found.items()):
        yield EditTask("uvicorn-logging", tuple(group), sources=files, decided=(("app", app),))


def _service(project: Project, gap: Gap) -> Service | None:
    stack_id, _, name = gap.resource.rpartition("/")
    stack = project.stack(stack_id)
    return stack.service(name) if stack else None


def _access_logs(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    """Yield one task for all services that run with the same files."""
    found: dict[tuple[ConfigFile, ...], list[Gap]] = {}
    for gap in gaps:
        service = _service(project, gap)
        if service is not None:
            found.setdefault(nginx_files(project, service), []).append(gap)
    for files, group in found.items():
        sources = tuple(SourceFile(file.path, file.text) for file in files)
        decided = tuple((file.path, file.target) for file in files)
        yield EditTask("nginx-access-log", tuple(group), sources=sources, decided=decided)


def _decision(project: Project, path: str, lines: list[int]) -> str:
    celery = ["celery"] if joins_celery(project, path) else []
    return " ".join([*celery, *map(str, sorted(set(lines)))])


KIND = EditKind(frozenset({"LOG001", "LOG002", "LOG003"}), _plan)
