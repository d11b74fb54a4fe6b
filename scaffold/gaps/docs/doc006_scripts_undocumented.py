"""DOC006: scripts that people are meant to run, and that no page, makefile, image or workflow mentions."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.docs.pages import guide_closers
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.scripts import is_operational_script

_ADVICE = "Say in the README or in the folder's own README what each script does and how it is run, or delete it."


def _detect(project: Project) -> Iterator[Gap]:
    scripts = [path for path in project.files if is_operational_script(path) and path not in project.owned]
    texts = _texts(project)
    mentioned = {folder for folder in {folder for path in scripts for folder in _folders(path)} if folder in texts}
    by_folder: dict[str, list[str]] = {}
    for path in scripts:
        if mentioned.isdisjoint(_folders(path)) and not _is_named(path, texts):
            by_folder.setdefault(path.rpartition("/")[0], []).append(path)
    for folder, paths in sorted(by_folder.items()):
        yield _gap(project, folder, paths)


def _texts(project: Project) -> str:
    texts = [page.text for page in project.docs] + [command.text for command in project.commands]
    texts += [i.text for d in project.dockerfiles for stage in d.stages for i in stage.instructions]
    services = [s for stack in project.stacks for s in stack.services if s.location.path not in project.owned]
    texts += [" ".join((*(s.command or ()), *(s.entrypoint or ()))) for s in services]
    texts += [mount.source for s in services for mount in s.mounts]
    return "\n".join(texts)


def _is_named(path: str, texts: str) -> bool:
    """Whether the name of the script or its module path stands in the texts."""
    return path.rpartition("/")[2] in texts or path.rpartition(".")[0].replace("/", ".") in texts


def _folders(path: str) -> list[str]:
    """Return the folders above a file, with a slash at the end."""
    parts = path.split("/")
    return ["/".join(parts[:end]) + "/" for end in range(1, len(parts))]


def _gap(project: Project, folder: str, paths: list[str]) -> Gap:
    names = ", ".join(path.rpartition("/")[2] for path in paths[:5])
    return RULE.gap(
        closers=guide_closers(project, _ADVICE),
        resource=folder,
        subject="scripts",
        message=f"No page, makefile, image or workflow mentions {names} in {folder}, so nobody knows when they run.",
        expected="a paragraph on what each script does and when it runs",
        actual="no mention",
        locations=tuple(Location(path, 1) for path in paths),
    )


RULE = Rule(
    code="DOC006",
    name="scripts-undocumented",
    layer=Layer.DOCS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.GUIDES, "files"),),
)
