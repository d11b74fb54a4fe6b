"""Variables that a page tells people to set and nothing reads, where Compose reads one that means the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.alike_names import plain_words
from scaffold.gaps.docs.pages import current_pages
from scaffold.model.document import Location, scalars_in
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_NAMED = regex(
    r"(?m)(?:^[ \t]*(?:export[ \t]+)?|^[ \t]*[-|*][ \t]*\|?[ \t]*`?|`)(?P<name>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?==|`|[ \t]*\|)"
)
"""A variable in a table, in code or at the start of an assignment."""


@frozen
class Misnamed:
    """A name of a page, its place, the name that Compose reads, and where."""

    name: str
    location: Location
    meant: str
    read: Location


def misnamed_variables(project: Project) -> Iterator[Misnamed]:
    """Yield each variable of a page that stands in no other file, with the one of Compose that has the same words."""
    read = _read_by_compose(project)
    alike = {tuple(sorted(plain_words(name))): name for name in read}
    pages = [page for page in current_pages(project) if page.path not in project.owned]
    for page in pages if read else ():
        seen: set[str] = set()
        for match in _NAMED.finditer(page.text):
            name = match["name"]
            meant = alike.get(tuple(sorted(plain_words(name))), name)
            if meant != name and name not in read and name not in seen and not _stands_elsewhere(project, name):
                line = page.text.count("\n", 0, match.start("name")) + 1
                yield Misnamed(name, Location(page.path, line), meant, read[meant])
            seen.add(name)


def _read_by_compose(project: Project) -> dict[str, Location]:
    found: dict[str, Location] = {}
    for stack in project.stacks:
        for service in stack.services:
            for scalar in scalars_in(service.node):
                for reference in scalar.references:
                    found.setdefault(reference.name, scalar.location)
    return found


def _stands_elsewhere(project: Project, name: str) -> bool:
    """Whether a file other than a page has the name: code, a compose file, a template, a script, a workflow."""
    pages = {page.path for page in project.docs}
    known = {read.name for read in project.env_reads} | {entry.name for file in project.env_files for entry in file.entries}
    if name in known or name in project.mentioned:
        return True
    texts = [source.text for source in project.sources if source.path not in pages]
    texts += [command.text for command in project.commands if command.context != "doc"]
    word = re.compile(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])")
    return any(word.search(text) for text in texts if name in text)
