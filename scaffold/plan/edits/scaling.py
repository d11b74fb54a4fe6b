"""SCL001: fixed names of containers go, where nothing else of the repository calls a container by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.guards import scalar_at
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        places = [item.location for item in gap.evidence if item.role != "searched"]
        paths = sorted({place.path for place in places})
        documents = tuple(document for path in paths if (document := project.document(path)))
        named = [scalar.value for document in documents for place in places if (scalar := scalar_at(document, place))]
        user = next((path for name in named if (path := _user(project, name))), "")
        blocked = f"{user} calls a container by this name: use the service's name there first" if user else ""
        lines = tuple((f"{place.path}:{place.line}", "container_name") for place in places)
        if documents:
            yield EditTask("removed-lines", (gap,), documents, decided=lines, blocked=blocked)


def _user(project: Project, name: str) -> str:
    """Return the file that mentions the name, "" where none does but as `container_name` or as the name of a package."""
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    own = re.compile(rf"(?:container_name|\"name\"):\s*[\"']?{re.escape(name)}\b")
    texts = [(item.path, item.text) for item in project.sources] + [(page.path, page.text) for page in project.docs]
    for path, text in texts:
        if path not in project.owned and word.search(text) and word.search(own.sub("", text)):
            return path
    return ""


KIND = EditKind(frozenset({"SCL001"}), _plan)
