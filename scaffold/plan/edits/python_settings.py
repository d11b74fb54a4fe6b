"""SEC003 and NET006: defaults of Python settings that a deployment must not run with."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.names import TRIED, Role
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex
from scaffold.plan.edits.kind import EditKind

_SIGNING = regex(r"(?:^|_)(?:SECRET_?KEY(?:_BASE)?|JWT_SECRET|SIGNING_KEY|SESSION_SECRET|COOKIE_SECRET)$")
_VARIABLE = regex(r"[A-Z][A-Z0-9_]*")


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        text = project.source(gap.primary.path)
        if text is None or not gap.primary.path.endswith(".py") or not _VARIABLE.fullmatch(gap.subject):
            continue
        users = tuple(_users(project, gap.primary.path))
        source = SourceFile(gap.primary.path, text)
        lines = tuple((str(item.location.line), "") for item in gap.evidence if item.location.path == gap.primary.path)
        if gap.code == "NET006":
            yield from _origins(project, gap, source, lines, users)
        # Only where every deployment is given the key: without it each process would have another one.
        elif _SIGNING.search(gap.subject) and users and all(service.env(gap.subject) for _, service in users):
            yield EditTask("random-key", (gap,), sources=(source,), decided=lines, removes_secret=True)


def _users(project: Project, path: str) -> Iterator[tuple[Stack, Service]]:
    """Yield the services whose image holds the file, of every stack that runs elsewhere than on a developer's machine."""
    for stack in project.stacks:
        for service in stack.services if stack.complete and stack.environment not in TRIED else ():
            context = service.build.context if service.build else None
            folder = "" if context in {None, "", "."} else f"{(context or '').removeprefix('./').rstrip('/')}/"
            if context is not None and service.is_application and path.startswith(folder):
                yield stack, service


def _origins(
    project: Project, gap: Gap, source: SourceFile, lines: tuple[tuple[str, str], ...], users: tuple[tuple[Stack, Service], ...]
) -> Iterator[EditTask]:
    """Yield the edit of the settings together with the variable for each web service that reads them."""
    places = {
        (service.location.path, service.name)
        for _, service in users
        if service.role is Role.WEB and service.env(gap.subject) is None
    }
    documents = tuple(document for path in sorted({path for path, _ in places}) if (document := project.document(path)))
    if places and len(documents) == len({path for path, _ in places}):
        decided = (("variable", gap.subject), *lines, *((f"{path}//{name}", "") for path, name in sorted(places)))
        introduces = tuple((path, name, gap.subject) for path, name in sorted(places))
        yield EditTask("origins-variable", (gap,), documents, (source,), decided=decided, introduces=introduces)


KIND = EditKind(frozenset({"SEC003", "NET006"}), _plan)
