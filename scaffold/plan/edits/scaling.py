"""SCL001: fixed names of containers go, where nothing else of the repository calls a container by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.document import Location, find
from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.guards import scalar_at
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        places = list(_every_place(project, gap))
        paths = sorted({place.path for place in places})
        documents = tuple(document for path in paths if (document := project.document(path)))
        named = [scalar.value for document in documents for place in places if (scalar := scalar_at(document, place))]
        user = next((path for name in named if (path := _user(project, name))), "")
        blocked = f"{user} calls a container by this name: use the service's name there first" if user else ""
        lines = tuple((f"{place.path}:{place.line}", "container_name") for place in places)
        if documents:
            yield EditTask("removed-lines", (gap,), documents, decided=lines, blocked=blocked)


def _every_place(project: Project, gap: Gap) -> Iterator[Location]:
    """Yield the places of a gap, and those where other files of its sets say the same: a line that is left would count."""
    files = {path for stack in project.stacks if gap.resource in {stack.id, stack.extends_stack} for path in stack.files}
    seen = set()
    for item in gap.evidence:
        for path in (item.location.path, *sorted(files - project.owned)) if item.role != "searched" else ():
            document = project.document(path)
            other = document is not None and path != item.location.path and bool(item.location.route)
            node = find(document.root, *item.location.route) if document and other else None
            place = item.location if path == item.location.path else node.location if node else None
            if place is not None and (place.path, place.line) not in seen:
                seen.add((place.path, place.line))
                yield place


def _user(project: Project, name: str) -> str:
    """Return the file that mentions the name, "" where none does but as `container_name`, or as the name of a package, of a
    program of the image or of the image itself.
    """
    escaped = re.escape(name)
    word = re.compile(rf"(?<![\w.-])(?<!\w/){escaped}(?![\w-])")
    own = re.compile(
        rf"(?m)(?:container_name|image|\"name\"):[ \t]*[\"']?{escaped}\b|^[ \t]*(?:CMD|ENTRYPOINT)[ \t\[\"']+{escaped}\b"
        rf"|^name[ \t]*=[ \t]*[\"']{escaped}\b|^[\"']?{escaped}[\"']?[ \t]*=[ \t]*[\"'][\w.]+:\w+"
    )
    texts = [(item.path, item.text) for item in project.sources] + [(page.path, page.text) for page in project.docs]
    for path, text in texts:
        if path not in project.owned and word.search(text) and word.search(own.sub("", text)):
            return path
    return ""


KIND = EditKind(frozenset({"SCL001"}), _plan)
