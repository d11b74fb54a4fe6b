"""CMP024: the code of a service starts a program that its image does not hold."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import in_words, judged_stacks, root_image
from scaffold.gaps.image.builds import environment_of
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import packages_of
from scaffold.model.names import Confidence, EnvironmentClass, Layer, Severity
from scaffold.model.project import CodeFact, Dockerfile, Project
from scaffold.model.starting import is_below

_BASES = frozenset({"python", "pypy"})
"""Official images that hold none of the programs, with `slim` in the tag or without."""
_WORDS = {
    "docker": ("docker",),
    "ffmpeg": ("ffmpeg",),
    "ffprobe": ("ffmpeg",),
    "pg_dump": ("postgres", "pgdg"),
    "pg_restore": ("postgres", "pgdg"),
    "psql": ("postgres", "pgdg"),
    "mysqldump": ("mysql", "mariadb"),
    "tesseract": ("tesseract",),
    "wkhtmltopdf": ("wkhtml",),
    "pandoc": ("pandoc", "texlive"),
    "libreoffice": ("libreoffice",),
    "soffice": ("libreoffice",),
}
"""Words of a step, a base or a package that may bring the program."""
_LIBRARIES = frozenset({"docker", "ffmpeg-python", "pytesseract", "pypandoc"})
"""Packages that only call the program."""


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "program" and fact.reachable and fact.detail in _WORDS]
    found: dict[tuple[str, CodeFact], list[tuple[Stack, Service]]] = {}
    for stack in judged_stacks(project) if facts else ():
        for service in stack.services if stack.is_runnable_in_production and stack.complete else ():
            for dockerfile, fact in _lacking(project, service, facts):
                users = found.setdefault((dockerfile.path, fact), [])
                if service.name not in {user.name for _, user in users}:
                    users.append((stack, service))
    seen: set[tuple[str, str]] = set()
    for (path, fact), users in found.items():
        if (path, fact.detail) not in seen:
            seen.add((path, fact.detail))
            yield _gap(project, path, users, fact)


def _lacking(project: Project, service: Service, facts: list[CodeFact]) -> Iterator[tuple[Dockerfile, CodeFact]]:
    """Yield the facts of a service's own code whose program neither its image nor a mount gives."""
    dockerfile, build = project.image_of(service), service.made
    if dockerfile is None or build is None or build.context is None:
        return
    if not service.is_application or not service.runs_own_image:
        return
    base = root_image(dockerfile, build.target)
    name = base.repository.removeprefix("library/") if base and not base.registry else ""
    if name not in _BASES or environment_of(project, dockerfile) in {EnvironmentClass.DEV, EnvironmentClass.TEST}:
        return
    steps = [item.text.lower() for stage in dockerfile.stages for item in stage.instructions if item.keyword != "CMD"]
    texts = [*steps, *(stage.base for stage in dockerfile.stages), *packages_of(project, service)]
    # A script that a step runs may install anything.
    if any(".sh" in step or "$(" in step for step in steps):
        return
    for fact in facts:
        mounted = any(mount.target.rpartition("/")[2] == fact.detail for mount in service.mounts)
        given = any(word in text for word in _WORDS[fact.detail] for text in texts if text not in _LIBRARIES)
        if is_below(fact.location.path, build.context) and not mounted and not given:
            yield dockerfile, fact


def _gap(project: Project, path: str, users: list[tuple[Stack, Service]], fact: CodeFact) -> Gap:
    program = fact.detail
    names = in_words(service.name for _, service in users)
    handled = "FileNotFoundError" in (project.source(fact.location.path) or "")
    return RULE.gap(
        resource=path,
        subject=f"program/{program}",
        message=f"The code of {names} starts `{program}`, and the image of {path} does not hold it: no step installs it, and "
        "no mount brings it.",
        expected=f"{program} installed in the image, or a service of its own that has it",
        actual=f"no {program}",
        locations=(fact.location,),
        related=tuple(service.location for _, service in users),
        severity=Severity.LOW if handled else Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
        environment=users[0][0].environment,
    )


RULE = Rule(
    code="CMP024",
    name="program-not-in-image",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Install the program in the Dockerfile. For docker think twice: with the socket of the host the container can do "
            "everything there; a remote engine or a worker of its own is safer.",
        ),
    ),
)
