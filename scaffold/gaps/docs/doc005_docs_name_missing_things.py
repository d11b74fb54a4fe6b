"""DOC005: a page shows a command with a file, a service, a script or a target that the repository lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.docs.named_commands import unknown_package_script, unknown_script, unknown_service
from scaffold.gaps.docs.named_secrets import ListedSecrets, listed_secrets
from scaffold.gaps.docs.named_variables import Misnamed, misnamed_variables
from scaffold.gaps.docs.pages import current_pages, make_targets, missing_in
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Command, DocFile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name

_DOCKERFILE = regex(r"\bdocker\s+(?:buildx\s+)?build\b.*?\s(?:-f|--file)[= ]\s*(?P<path>[\w./-]*Dockerfile[\w./-]*)")


def _detect(project: Project) -> Iterator[Gap]:
    yield from map(_misnamed, misnamed_variables(project))
    yield from map(_secrets, listed_secrets(project))
    pages = {page.path: page for page in current_pages(project) if page.path not in project.owned}
    targets = make_targets(project)
    found: dict[tuple[str, str], list[tuple[str, Location]]] = {}
    for command in project.commands:
        page = pages.get(command.location.path) if command.context == "doc" else None
        missing = _missing(project, page, command, targets) if page else None
        if missing:
            found.setdefault((command.location.path, missing[0]), []).append((missing[1], command.location))
    for (path, kind), places in sorted(found.items(), key=lambda item: item[0]):
        names = tuple(dict.fromkeys(name for name, _ in places))
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        yield RULE.gap(
            resource=path,
            subject=kind.replace(" ", "-"),
            message=f"{path} names a {kind} that the repository does not have: {', '.join(names[:5])}{more}.",
            expected=f"a {kind} of this repository",
            actual="no such thing",
            locations=tuple(location for _, location in places),
        )


def _misnamed(found: Misnamed) -> Gap:
    keeps = is_sensitive_name(found.meant)
    effect = "the password or key that the files have stays" if keeps else "nothing changes"
    return RULE.gap(
        resource=found.location.path,
        subject=f"variable/{found.name}",
        message=f"{found.location.path} says to set {found.name}, which nothing reads; Compose reads {found.meant}. Whoever"
        f" follows the page believes that it is set, and {effect}.",
        expected=found.meant,
        actual=found.name,
        locations=(found.location,),
        related=(found.read,),
        severity=Severity.MEDIUM if keeps else Severity.LOW,
    )


def _secrets(found: ListedSecrets) -> Gap:
    lacks = f", and no page names {_few(found.unlisted)}, which they read" if found.unlisted else ""
    return RULE.gap(
        resource=found.page,
        subject="secrets",
        message=f"{found.page} lists secrets for GitHub that no workflow reads: {_few(found.unread)}{lacks}. Who sets what"
        " stands there waits for a deployment that fails, or believes that it is configured.",
        expected="the names that the workflows read",
        actual="other names" if not found.read else "some other names",
        locations=(found.place,),
        related=(found.reader,),
        severity=Severity.LOW if found.read else Severity.MEDIUM,
        closers=(Closer(None, "advice", "List the secrets and variables that the workflows read, each with what it is for."),),
    )


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + more


def _missing(project: Project, page: DocFile, command: Command, targets: frozenset[str]) -> tuple[str, str] | None:
    found = missing_in(project, command, targets)
    if found:
        return found
    match = _DOCKERFILE.search(command.text)
    if match and not re.search(r"\bcd\b", command.text) and not project.exists(match["path"]):
        return "Dockerfile", match["path"]
    others = (("service", unknown_service), ("script", unknown_script), ("package script", unknown_package_script))
    named = ((kind, unknown(project, page, command)) for kind, unknown in others)
    return next(((kind, name) for kind, name in named if name), None)


RULE = Rule(
    code="DOC005",
    name="docs-name-missing-things",
    layer=Layer.DOCS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(None, "advice", "Correct the command, or remove the paragraph."),),
    cause=Cause.PROJECT,
)
