"""DOC001: no page tells how this repository is brought to production with commands that work."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.docs.pages import (
    commands_of,
    current_pages,
    guide_closers,
    make_targets,
    missing_in,
    page_anchor,
    sections,
)
from scaffold.gaps.signals import application_services, main_environment
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Command, DocFile, Project
from scaffold.model.regex import regex

GUIDE = regex(
    r"\bdeploy|\bproduction\b|\bself[- ]?host|\bhosting\b|\brollout\b|\bgo(?:ing)? live\b|\boperations\b",
    re.IGNORECASE,
)
_LINKS_OUT = regex(r"https?://\S*(?:docs?\.|/docs?/|wiki|deploy|install)", re.IGNORECASE)
_GUIDE_ELSEWHERE = regex(
    r"(?:deploy|production|self-?host|hosting)[^\n]{0,80}https?://|https?://\S*(?:deploy|self-?host)",
    re.IGNORECASE,
    words=("deploy", "production", "host"),
)
_PLAIN_TITLE = regex(r" {0,3}[A-Z][\w ()/&-]{3,50}\r?")
_COMMAND = regex(r"`[^`\n]*\b(?:docker|compose|kubectl|helm|ssh|scp|make|systemctl|git)\s[^`\n]*`")
_LINES_OF_A_SECTION = 20
_LINK = regex(
    r"\]\((?:https?://github\.com/[\w.-]+/[\w.-]+/blob/[\w.-]+/(?P<there>[\w./-]+\.mdx?)|(?P<here>[\w./-]+\.mdx?))(?:#[^)\s]{0,200})?\)",
    words=("](",),
)
_FOR_PRODUCTION = regex(r"(?i)\b(?:in|for|to) (?:\w+ )?production\b", words=("production",))
_NOT_FOR_IT = regex(r"(?i)\b(?:not|never|without|before)\b|n't\b")
_ADVICE = "Write docs/operations/deployment.md: what is needed, the steps in order, how to see that it works."


def _detect(project: Project) -> Iterator[Gap]:
    place = page_anchor(project)
    if place is None or not application_services(project):
        return
    found = list(sections(project, GUIDE))
    targets = make_targets(project)
    if has_deployment_guide(project):
        return
    broken = [
        missing[1] for section in found for command in section.commands if (missing := missing_in(project, command, targets))
    ]
    headings = tuple(section.heading.location for section in found)
    yield RULE.gap(
        closers=guide_closers(project, _ADVICE),
        resource="docs",
        subject="deployment-guide",
        message=(
            f"The pages on production name {', '.join(dict.fromkeys(broken))}, which are not there: nobody can deploy by them."
            if broken
            else "No page in this repository tells how to deploy it: a release depends on who remembers the steps."
        ),
        expected="a page with the steps to production, whose commands name files of this repository",
        actual="steps that name missing files" if broken else "no such page with commands",
        locations=headings or (place,),
        environment=main_environment(project),
    )


def has_deployment_guide(project: Project) -> bool:
    """Whether a section on deployment shows commands that name only what exists, or links to a guide elsewhere."""
    pages = current_pages(project)
    if any(_GUIDE_ELSEWHERE.search(page.text) for page in pages if "readme" in page.path.lower()):
        return True
    if any(_has_plain_section(page.text) for page in pages):
        return True
    found = sections(project, GUIDE)
    targets = make_targets(project)
    if any(_is_guide(project, section.commands, targets) or _LINKS_OUT.search(section.text) for section in found):
        return True
    return any(_is_guide(project, commands_of(project, path), targets) for path in _linked(pages))


def _linked(pages: tuple[DocFile, ...]) -> Iterator[str]:
    """Yield the pages of this repository that a line of another page links to as what people run in production."""
    paths = {page.path for page in pages}
    for page in pages:
        for line in page.text.split("\n") if "](" in page.text else ():
            if _FOR_PRODUCTION.search(line) and not _NOT_FOR_IT.search(line):
                for match in _LINK.finditer(line):
                    path = match["there"] or posixpath.normpath(posixpath.join(posixpath.dirname(page.path), match["here"]))
                    if path in paths and path != page.path:
                        yield path


def _has_plain_section(text: str) -> bool:
    """Whether a page has a title on deployment that is a line of its own without any mark, and a command in the lines below."""
    lines = text.split("\n")
    titles = (
        number
        for number, line in enumerate(lines)
        if number and _PLAIN_TITLE.fullmatch(line) and GUIDE.search(line) and not lines[number - 1].strip()
    )
    return any(_COMMAND.search(other) for number in titles for other in lines[number + 1 : number + _LINES_OF_A_SECTION])


def _is_guide(project: Project, commands: tuple[Command, ...], targets: frozenset[str]) -> bool:
    return bool(commands) and not any(missing_in(project, command, targets) for command in commands)


RULE = Rule(
    code="DOC001",
    name="no-deployment-guide",
    layer=Layer.DOCS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.GUIDES, "files"),),
)
