"""CFG003: the start page says which env template is to be copied, where it shows how to start the stack."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.names import Severity
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex
from scaffold.plan.edits.kind import EditKind

_START = regex(r"^(?P<head>(?: {4,}|\t)?(?:\$ )?)docker[ -]compose (?:-\S+ \S+ )*up\b", re.MULTILINE)


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        paths = sorted({item.location.path for item in gap.evidence if item.role != "searched"})
        # Templates that contradict each other, or several that nobody names: which one counts only people know.
        if gap.severity is not Severity.LOW or len(paths) != 1 or project.main_stack is None:
            continue
        folder = posixpath.dirname(paths[0])
        page = next((item for item in project.docs if item.path == posixpath.join(folder, "README.md")), None)
        start = _START.search(page.text) if page else None
        if page and start and project.main_stack.directory == folder:
            line = str(page.text.count("\n", 0, start.start()) + 1)
            words = f"{start['head']}cp {posixpath.basename(paths[0])} .env"
            yield EditTask("added-line", (gap,), sources=(SourceFile(page.path, page.text),), decided=((line, words),))


KIND = EditKind(frozenset({"CFG003"}), _plan)
