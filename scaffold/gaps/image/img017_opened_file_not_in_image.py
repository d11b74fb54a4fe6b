"""IMG017: code opens a file of the repository at run time that its image does not hold."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import listed, may_run_in_production
from scaffold.gaps.image.builds import environment_of, is_built, targets_of, users_of
from scaffold.gaps.image.held_paths import Content, content_of
from scaffold.gaps.image.img003_no_dockerignore import build_contexts
from scaffold.gaps.image.unbuilt_assets import Unbuilt, unbuilt_assets
from scaffold.gaps.image.unrunnable_migrations import Unrunnable, unrunnable_migrations
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_served, serves_files
from scaffold.model.names import TRIED, Layer, Severity
from scaffold.model.project import CodeFact, Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_BRINGS = regex(r"(?:^|[\s;&|])(?:cp|mv|rsync|ln|cpx|copyfiles|tar|unzip|ncp|git\s+clone)\s")
"""Steps that may put a file where COPY does not."""
_COMPILED = (".go", ".rs")
_OF_TOOLS = regex(r"^(?!.*/src/|src/).*\.config\.[cm]?[jt]s$|(?:^|/)(?:knexfile|codegen|gulpfile|Gruntfile)\.[cm]?[jt]s$")
"""Settings that tools read on the machine of a developer or of a build."""
_OPENS = regex(r"^(?!\s).*(?:readFileSync|readdirSync|loadSync)\(")
"""A line that opens something while its module loads."""


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "reads-file" and _is_served(fact)]
    for dockerfile in project.dockerfiles if facts else ():
        if environment_of(project, dockerfile) in TRIED or not is_built(project, dockerfile) or _brings(dockerfile):
            continue
        lacking = [fact for fact in facts if _is_lacking_everywhere(project, dockerfile, fact)]
        if lacking:
            yield _gap(project, dockerfile, lacking)

    yield from (_asset_gap(project, found) for found in unbuilt_assets(project))
    yield from (_migrations_gap(project, found) for found in unrunnable_migrations(project))


def _is_served(fact: CodeFact) -> bool:
    path = fact.location.path
    return may_run_in_production(fact) and is_served(path) and not _OF_TOOLS.search(path)


def _brings(dockerfile: Dockerfile) -> bool:
    return any(
        item.keyword == "RUN" and _BRINGS.search(item.text) for stage in dockerfile.stages for item in stage.instructions
    )


def _is_lacking_everywhere(project: Project, dockerfile: Dockerfile, fact: CodeFact) -> bool:
    """Whether each image of a Dockerfile that runs some code lacks what the code opens; False where none runs it."""
    contexts = build_contexts(project, dockerfile)
    targets = [target for target in targets_of(project, dockerfile) if not serves_files(dockerfile, target)]
    contents = [content_of(dockerfile, target, context) for context in contexts for target in targets]
    if not contents or any(_is_mounted(service, fact) for service in users_of(project, dockerfile)):
        return False
    return all(content is not None and _is_lacking(project, content, fact) for content in contents)


def _is_lacking(project: Project, content: Content, fact: CodeFact) -> bool:
    path, (form, opened) = fact.location.path, fact.detail.split(" ", 1)
    if content.holds(_folder_of(opened)):
        return False
    if content.holds(path):
        return form != "compiled"
    if path.endswith(_COMPILED):
        return content.takes_what_is_made_of(path) and _is_one_program(project, path)
    # Next reads most files as it builds its pages, and its standalone output holds those that it saw code open.
    is_of_next = any(".next" in taken.place.split("/") for taken in content.taken)
    return form != "beside" and not is_of_next and content.takes_what_is_made_of(path, _package(project, path))


def _folder_of(opened: str) -> str:
    """Return what has to be in the image: a path, or the folder of a pattern."""
    return posixpath.dirname(opened) if "*" in opened else opened


def _package(project: Project, path: str) -> str:
    folders = (item.folder for item in project.manifests if item.ecosystem == "node" and is_below(path, item.folder))
    return max(folders, key=len, default="")


def _is_one_program(project: Project, path: str) -> bool:
    """Whether the module of a file makes one program only, so that its code is part of what the image runs."""
    ecosystem = "go" if path.endswith(".go") else "rust"
    folders = (item.folder for item in project.manifests if item.ecosystem == ecosystem and is_below(path, item.folder))
    folder = max(folders, key=len, default="")
    return (
        sum(1 for file in project.files if posixpath.basename(file) in {"main.go", "main.rs"} and is_below(file, folder)) == 1
    )


def _is_mounted(service: Service, fact: CodeFact) -> bool:
    """Whether a mount brings what is opened: by its path in the repository or by a name in the container."""
    opened = _folder_of(fact.detail.partition(" ")[2])
    name = f"/{posixpath.basename(opened)}"
    return any(
        mount.target.rstrip("/").endswith(name)
        or (mount.resolved is not None and (is_below(opened, mount.resolved) or is_below(mount.resolved, opened)))
        for mount in service.mounts
    )


def _is_needed(project: Project, fact: CodeFact) -> bool:
    """Whether nothing works without the file: the module opens it as it loads, or people are told to run just that module."""
    lines = (project.source(fact.location.path) or "").splitlines()
    if fact.location.line <= len(lines) and _OPENS.search(lines[fact.location.line - 1]):
        return True
    stem = posixpath.splitext(fact.location.path)[0].rpartition("/src/")[2]
    named = re.compile(rf"\bnode\s+(?:\S*/)?{re.escape(stem)}(?:\.[cm]?js)?(?=\s|$|[\"'])") if "/" in stem else None
    return named is not None and any(named.search(command.text) for command in project.commands)


def _gap(project: Project, dockerfile: Dockerfile, lacking: list[CodeFact]) -> Gap:
    opened = tuple(dict.fromkeys(fact.detail.partition(" ")[2] for fact in lacking))
    needed = any(_is_needed(project, fact) for fact in lacking)
    compiled = any(fact.detail.startswith("compiled ") for fact in lacking)
    places = listed(f"{fact.location.path}:{fact.location.line}" for fact in lacking)
    why = "the compiler writes only its own output" if compiled else "no step copies it"
    return RULE.gap(
        resource=dockerfile.path,
        subject="opened",
        message=f"{places} reads {listed(opened)} at run time, and the image of {dockerfile.path} does not hold it: {why}.",
        expected=f"{listed(opened)} in the image, where the code looks for it",
        actual="not copied",
        locations=tuple(dict.fromkeys(fact.location for fact in lacking)),
        related=(dockerfile.stages[-1].location,),
        severity=Severity.HIGH if needed else Severity.MEDIUM,
        environment=environment_of(project, dockerfile),
    )


def _asset_gap(project: Project, found: Unbuilt) -> Gap:
    path, command = found.dockerfile.path, found.pipeline.command
    return RULE.gap(
        resource=path,
        subject="assets",
        message=f"Nothing in {path} runs the build of {found.pipeline.name}, and git does not have {found.listed}, for which "
        f"{found.call.path} asks: in an image that is built from a clone, each such page is an error.",
        expected=f"{found.listed} in the image",
        actual="no step writes it",
        locations=(found.call,),
        related=(found.dockerfile.stages[-1].location,),
        severity=Severity.MEDIUM,
        environment=environment_of(project, found.dockerfile),
        closers=(Closer(None, "advice", f"Build the assets in the Dockerfile (`{command}`) and copy what it wrote."),),
    )


def _migrations_gap(project: Project, found: Unrunnable) -> Gap:
    path = found.dockerfile.path
    return RULE.gap(
        resource=path,
        subject="alembic",
        message=f"{path} copies {found.folder}, which Alembic applies, and not {found.settings}, which it reads first: "
        f"a container cannot apply what it holds, as {found.told.path}:{found.told.line} tells.",
        expected=f"{found.settings} in the image",
        actual="not copied",
        locations=(found.step,),
        related=(Location(found.settings, 1), found.told),
        severity=Severity.MEDIUM,
        environment=environment_of(project, found.dockerfile),
        closers=(Closer(None, "advice", f"Copy {found.settings} beside {found.folder}."),),
    )


RULE = Rule(
    code="IMG017",
    name="opened-file-not-in-image",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Copy the files in the stage that runs (`COPY src/db/migrations ./dist/db/migrations`), or in the build (`tsc && "
            "copyfiles`, `assets` of nest-cli.json, `//go:embed`), and run the image once without the checkout.",
        ),
    ),
)
