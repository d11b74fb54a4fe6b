"""IMG011: the entrypoint does something for one program, and the command of the image starts that program by another name."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.image.builds import environment_of, targets_of, users_of
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Command, Dockerfile, Instruction, Project
from scaffold.model.starting import ASKS_ARGUMENT


def _detect(project: Project) -> Iterator[Gap]:
    scripts: dict[str, list[Command]] = {}
    for command in project.commands:
        if command.context == "script" and ASKS_ARGUMENT.search(command.text):
            scripts.setdefault(command.location.path, []).append(command)
    for dockerfile in project.dockerfiles if scripts else ():
        for target in targets_of(project, dockerfile):
            entrypoint = dockerfile.effective("ENTRYPOINT", target)
            cmd = dockerfile.effective("CMD", target)
            if entrypoint and entrypoint.exec_form and cmd and len(entrypoint.argv) == 1:
                yield from _of_image(project, dockerfile, entrypoint, cmd, scripts)


def _of_image(
    project: Project, dockerfile: Dockerfile, entrypoint: Instruction, cmd: Instruction, scripts: dict[str, list[Command]]
) -> Iterator[Gap]:
    name = entrypoint.argv[0].rpartition("/")[2]
    folder = dockerfile.path.rpartition("/")[0]
    path = next((path for path in scripts if path.rpartition("/")[2] == name and path.startswith(folder)), "")
    started = [(cmd.argv[0] if cmd.argv else cmd.text.split()[0], cmd.location)] if cmd.argv or cmd.text.split() else []
    for service in users_of(project, dockerfile):
        node = service.node.get("command")
        if service.command:
            started.append((service.command[0], node.location if node else service.location))
    for command in scripts.get(path, ()):
        match = ASKS_ARGUMENT.search(command.text)
        word = match["word"] if match else ""
        alike = [(other, place) for other, place in started if _base(other) == _base(word) and other != word]
        if alike and all(other != word for other, _ in started) and not _is_named(project, word, path):
            yield _gap(project, dockerfile, command.location, word, alike[0])


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _is_named(project: Project, word: str, path: str) -> bool:
    """Whether something else may start the image with this very word: a command, a platform file, a manifest."""
    if any(word in item.text.split() for item in project.commands if item.location.path != path):
        return True
    return any(word in (project.source(item.path) or "") for item in project.infrastructure)


def _gap(project: Project, dockerfile: Dockerfile, place: Location, word: str, started: tuple[str, Location]) -> Gap:
    name = place.path.rpartition("/")[2]
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"entrypoint/{_base(word)}",
        message=f"{name} asks whether the command is {word}, and the image starts {started[0]}: what stands behind that,"
        " such as migrations, never happens.",
        expected=f"a comparison with {started[0]}, or {word} as the command",
        actual=f"{word} against {started[0]}",
        locations=(place, started[1]),
        environment=environment_of(project, dockerfile),
    )


RULE = Rule(
    code="IMG011",
    name="entrypoint-branch-never-taken",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Compare with the word that CMD begins with; a `case` on `${1##*/}` takes both spellings."),
    ),
)
