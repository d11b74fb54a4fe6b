"""DOC008: the page that tells how to update changes the tables, and no copy of the database is taken before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.docs.pages import Section, current_pages, headings_around, sections_of
from scaffold.gaps.facts import is_test_path
from scaffold.gaps.migrations import kept_versions
from scaffold.gaps.signals import durable_stores, main_environment
from scaffold.model.deployments import compose_call
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Command, DocFile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS, RUNS_ITSELF, migration_of, start_of

_UPDATES = regex(
    r"\b(?:updat(?:e|es|ing)|upgrad(?:e|es|ing)|redeploy\w*|aktualisier\w*|actualiza\w*|mise [àa] jour|atualiza\w*)\b"
    r"|更新|升级|обновлени",
    re.IGNORECASE,
)
_OTHER_UPDATES = regex(
    r"\b(?:dependenc\w+|packages?|security|system|os|node|python|docker|certificates?|ssl|readme|docs?|documentation|env|environment"
    r"|config\w*|secrets?|variables?|files?|schema|code only|bot|branch|pull request|postgres\w*|mysql|redis|status|profile"
    r"|step|traefik|nginx|caddy|grafana|prometheus|keycloak|minio|rabbitmq|elastic\w*)\b",
    re.IGNORECASE,
)
"""What else is updated than the product."""
_FOR_DEVELOPERS = regex(
    r"(?<![a-z])(?:dev|develop\w*|local\w*|contribut\w*|hacking|tests?|testing|claude|agents?|changelog|plans?)(?![a-z])",
    re.IGNORECASE,
)
_NEW = regex(
    compose_call(r"pull|build|up\b[^\n&|;]{0,200}\s--(?:build|pull)") + r"|\bdocker\s+(?:image\s+)?pull\b|\bgit\s+pull\b",
    words=("pull", "build"),
)
_STARTS = regex(compose_call("up|restart|start") + r"|\bdocker\s+run\b")
_COPIES = regex(
    r"dump|back(?:ing)?[ -]?_?up|snapshot|sauvegard|sicher(?:n|ung)|respald|copia de|cópia|备份|бэкап|резервн|バックアップ"
    r"|point-in-time",
    re.IGNORECASE,
)
_LEADS_ELSEWHERE = regex(r"(?i)\]\([^)\s]{0,200}(?:migrat|upgrad|updat)", words=("migrat", "upgrad", "updat"))
"""A link to the page that tells what comes before an update."""
_RUNS_A_SERVICE = regex(compose_call("run|up") + r"[^\n&|;]{0,200}\smigrat(?:e|or|ions?)(?=\s|$)", words=("migrat",))
_SCRIPT = regex(r"[\w.-]+\.(?:ba)?sh\b", words=("sh",))
_RELATIONAL = frozenset({Role.POSTGRES, Role.MYSQL})
_START_FILES = regex(r"(?i)(?:^|/)[\w.-]*(?:entry-?point|start|boot|init|run|cmd|launch|serve)[\w.-]*$")


@frozen
class _Update:
    """A section that tells how to update, its command that starts the new release, and one of it that migrates."""

    section: Section
    start: Command
    migrates: bool


def _detect(project: Project) -> Iterator[Gap]:
    stores = [service for _, service in durable_stores(project) if service.role in _RELATIONAL]
    found = list(_updates(project)) if stores else []
    itself = bool(found) and (found[0].migrates or _migrates_at_start(project))
    if not (itself or (found and _has_migrations(project))) or any(_copies_by_script(project, item) for item in found):
        return
    first = found[0]
    changes = "the update migrates" if first.migrates else "the new release migrates as it starts"
    yield RULE.gap(
        resource=first.section.page.path,
        subject="update",
        message=f"{first.section.page.path} tells how to update without a copy of {stores[0].name} before:"
        f" {changes if itself else 'a release may change the tables'}, and the one before may not run on the changed tables.",
        expected="a dump as the first step of the update, and its file named in the way back",
        actual="new images, then a start",
        locations=tuple(dict.fromkeys(item.start.location for item in found)),
        related=(first.section.heading.location,),
        severity=Severity.MEDIUM if itself else Severity.LOW,
        environment=main_environment(project),
    )


def _has_migrations(project: Project) -> bool:
    return any(kept_versions(project)) or any(
        RUNS.search(item.text) for item in project.commands if not is_test_path(item.location.path)
    )


def _updates(project: Project) -> Iterator[_Update]:
    pages = (*current_pages(project), *(page for page in project.docs if "upgrad" in page.path.rpartition("/")[2].lower()))
    for page in {page.path: page for page in pages if page.path not in project.owned}.values():
        if _FOR_DEVELOPERS.search(page.path):
            continue
        for section in sections_of(project, page, _UPDATES):
            named = _UPDATES.search(section.heading.text) and not _is_another(page, section)
            update = _told(section) if named else None
            if update:
                yield update
                break


def _is_another(page: DocFile, section: Section) -> bool:
    """Whether a section updates something else, is for developers, stands below words on copies, or leads to another page."""
    heading = section.heading
    if _OTHER_UPDATES.search(heading.text) or any(map(_FOR_DEVELOPERS.search, headings_around(page, heading.location))):
        return True
    if _LEADS_ELSEWHERE.search(section.text):
        return True
    above = "\n".join(page.text.split("\n")[: heading.location.line])
    return bool(_COPIES.search(above) or _COPIES.search(section.text) or _FOR_DEVELOPERS.search(heading.text))


def _told(section: Section) -> _Update | None:
    """Return what a section tells where it brings new images or sources, and starts them."""
    new = next((number for number, item in enumerate(section.commands) if _NEW.search(item.text)), None)
    if new is None:
        return None
    start = next((item for item in section.commands[new:] if _STARTS.search(item.text)), None)
    migrates = any(_migrates(item.text) for item in section.commands)
    return _Update(section, start, migrates) if start else None


def _migrates(text: str) -> bool:
    return bool(RUNS.search(text) or RUNS_ITSELF.search(text) or _RUNS_A_SERVICE.search(text))


def _copies_by_script(project: Project, update: _Update) -> bool:
    """Whether a script that the section calls takes a copy."""
    named = {name for item in update.section.commands for name in _SCRIPT.findall(item.text)}
    scripts = (item for item in project.commands if item.context == "script")
    return any(item.location.path.rpartition("/")[2] in named and _COPIES.search(item.text) for item in scripts)


def _migrates_at_start(project: Project) -> bool:
    """Whether a service migrates as it starts, or a script does that images start with."""
    for service in (service for stack in project.stacks for service in stack.services if not service.is_datastore):
        start = start_of(project, service)
        if (start and (RUNS.search(start.text) or start.migrating)) or migration_of(project, service):
            return True
    scripts = (item for item in project.commands if item.context == "script" and _START_FILES.search(item.location.path))
    return any(RUNS.search(item.text) for item in scripts if not is_test_path(item.location.path))


RULE = Rule(
    code="DOC008",
    name="update-without-a-copy",
    layer=Layer.DOCS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Begin the update with a dump (`docker compose exec -T db pg_dump -Fc ... > before.dump`); say how to load it.",
        ),
    ),
)
