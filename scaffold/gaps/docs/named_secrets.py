"""Secrets that a page tells people to set at GitHub, and those that the workflows read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import calls_remote_workflow, foreign_workflows
from scaffold.gaps.docs.pages import current_pages, sections_of
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_HEADING = regex(
    r"\b(?:github|actions|repository|repo|ci)\b.{0,80}\bsecrets?\b|\bsecrets?\b.{0,80}\b(?:github|actions|repository|repo|ci)\b"
    r"|\brequired\b.{0,20}\bsecrets\b",
    re.IGNORECASE,
    words=("secret",),
)
_OTHERS = regex(r"\b(?:gitlab|kubernetes|k8s|docker secrets?|optional)\b", re.IGNORECASE)
_LISTED = regex(
    r"(?m)^[ \t]*(?:[-*|]|\d+\.)[ \t]*(?:\|[ \t]*)?(?:\[.\][ \t]*)?(?:\*\*)?"
    r"`?(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`?(?!\w)(?![ \t]*=)"
)
"""The first word of an item or of a row, in the form of a variable."""
_READ = regex(
    r"\b(?:secrets|vars)\s*\.\s*(?P<name>[A-Z]\w*)|\b(?:secrets|vars)\[\s*'(?P<other>\w+)'", words=("secrets", "vars")
)
_INHERITED = regex(r"\bsecrets:\s*inherit\b|\btoJSON\(secrets\)|\btojson\(secrets\)", words=("secrets",))
_OWN = frozenset({"GITHUB_TOKEN"})


@frozen
class ListedSecrets:
    """The secrets that a section of a page lists and no workflow has, its place, and the secrets that no page names."""

    page: str
    unread: tuple[str, ...]
    read: tuple[str, ...]
    """Those of the section that a workflow reads."""
    unlisted: tuple[str, ...]
    place: Location
    reader: Location
    """The first workflow that reads a secret."""


def listed_secrets(project: Project) -> Iterator[ListedSecrets]:
    """Yield, for each page, the first section that lists secrets for GitHub of which no workflow has one or some."""
    workflows = foreign_workflows(project)
    texts = [workflow.document.text for workflow in workflows]
    if not texts or calls_remote_workflow(project) or any(map(_INHERITED.search, texts)):
        return
    actions = [source.text for source in project.sources if source.path.startswith(".github/")]
    everything = set(re.findall(r"\w+", "\n".join((*texts, *actions))))
    read = {
        match["name"] or match["other"]: workflow.path
        for workflow in workflows
        for match in _READ.finditer(workflow.document.text)
    }
    pages = [page for page in current_pages(project) if page.path not in project.owned]
    written = "\n".join(page.text for page in project.docs)
    unlisted = tuple(sorted(name for name in read if name not in _OWN and name not in written))
    for page in pages if read else ():
        for section in sections_of(project, page, _HEADING):
            named = _HEADING.search(section.heading.text) and not _OTHERS.search(section.heading.text)
            names = tuple(dict.fromkeys(match["name"] for match in _LISTED.finditer(section.text))) if named else ()
            unread = tuple(name for name in names if name not in everything)
            if unread:
                known = tuple(name for name in names if name in read)
                reader = Location(next(iter(read.values())), 1)
                yield ListedSecrets(page.path, unread, known, unlisted, section.heading.location, reader)
                break
