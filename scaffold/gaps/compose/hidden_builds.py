"""Mounts that lie over what the image was built with: its code, its static files, its built pages."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import Copy, clean, copies_of
from scaffold.gaps.facts import final_stages
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import sources_in_image
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Dockerfile, Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of

_COLLECTS = "collectstatic"
_STATIC_ROOT = regex(
    r"(?m)^[ \t]*STATIC_ROOT\s*=\s*(?:BASE_DIR\s*/\s*|(?:str\()?os\.path\.join\(\s*BASE_DIR\s*,\s*)?"
    r"[\"'](?P<path>[\w./-]+)[\"']",
    words=("STATIC_ROOT",),
)
_MANIFEST = regex(r"\bManifest\w*Storage\b|\bCompressedManifest\w*Storage\b", words=("Manifest",))
_BUILDS = regex(r"\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?build\b|\b(?:next|nuxt|nuxi|vite|astro)\s+build\b", words=("build",))
_BUILT = frozenset({".next", ".nuxt", ".output", "dist", "build"})
_FIRST = regex(r"(?i)(?:^|[/_.-])(?:configure|setup|install|init|bootstrap|provision)[\w.-]*$")
"""Scripts that run once, before the first start."""
_RUN_BY = frozenset({"script", "makefile", "workflow", "playbook", "server", "package"})


@frozen
class Hidden:
    """A mount with what it lies over: a word for it, the place where that is made, and what comes of it."""

    kind: str
    mount: Mount
    made: Location
    effect: str


def builder(project: Project, stack: Stack, service: Service) -> Service | None:
    """Return the service of a name that builds the image: this one, or its twin of another set of the folder."""
    if service.build is not None:
        return service
    others = (other.service(service.name) for other in project.stacks if other.directory == stack.directory)
    return next((other for other in others if other and other.build and other.image in {None, service.image}), None)


def hidden_code(project: Project, stack: Stack, service: Service, code: tuple[str, ...]) -> Iterator[Hidden]:
    """Yield the folders of the host without code that lie over the folder into which the image copies its code."""
    maker = builder(project, stack, service)
    dockerfile = project.image_of(maker) if maker else None
    if maker is None or dockerfile is None or maker.made is None or maker.made.context is None:
        return
    context = clean(maker.made.context)
    copies = [copy for copy in copies_of(dockerfile, maker.made.target, context) if copy.source == context]
    for mount in (*service.mounts, *_of_base(project, stack, service)):
        folder = clean(mount.resolved) if mount.resolved is not None else ""
        if mount.kind != "bind" or not folder or folder not in project.directories or is_below(context, folder):
            continue
        made = next((copy for copy in copies if copy.destination == clean(mount.target)), None)
        held = [path for path in project.files if is_below(path, folder)] if made else []
        if made and held and not any(path.endswith(code) for path in held) and _has_code(project, made, code):
            effect = f"{mount.source} holds no code, so that the container starts without that of the image"
            yield Hidden("code", mount, made.location, effect)


def _of_base(project: Project, stack: Stack, service: Service) -> Iterator[Mount]:
    """Yield what the base mounts in a service, where the file of a stack says of itself that it is merged over the base."""
    base = next((other for other in project.stacks if _is_base(stack, other)), None)
    below = base.service(service.name) if base else None
    if below is None or not any(_is_override(project, path) for path in stack.files):
        return
    taken = {clean(mount.target) for mount in service.mounts}
    yield from (mount for mount in below.mounts if clean(mount.target) not in taken)


def _is_base(stack: Stack, other: Stack) -> bool:
    is_base = other.environment is EnvironmentClass.BASE and stack.environment is EnvironmentClass.PRODUCTION
    return is_base and other.directory == stack.directory and not set(other.files) & set(stack.files)


def _is_override(project: Project, path: str) -> bool:
    """Whether the first lines of a file call it an override."""
    head = (project.source(path) or "").split("\n", 5)[:5]
    return any(line.lstrip().startswith("#") and "override" in line.lower() for line in head)


def _has_code(project: Project, copy: Copy, code: tuple[str, ...]) -> bool:
    return any(path.endswith(code) and is_below(path, copy.source) for path in project.files)


def hidden_static(project: Project, stack: Stack, service: Service) -> Iterator[Hidden]:
    """Yield the mounts over the static files that the build collects and that nothing collects when the container starts."""
    dockerfile, build = project.image_of(service), service.made
    made = _step(dockerfile, build.target, _COLLECTS) if dockerfile and build else None
    if dockerfile is None or build is None or build.context is None or made is None or _collects(project, stack):
        return
    start = start_of(project, service)
    if start is None or not start.known or _COLLECTS in start.text:
        return
    for root, is_listed in _static_roots(project, service, dockerfile, build.target, build.context):
        for mount in service.mounts:
            if clean(mount.target) == root and mount.kind in {"bind", "volume"} and mount.source:
                effect = "after an update the old files are served" + (
                    ", and a page that names a new one fails with 500" if is_listed else ""
                )
                yield Hidden("static files", mount, made.location, effect)


def _collects(project: Project, stack: Stack) -> bool:
    """Whether a service of the stack, a script, a target or a workflow collects the static files outside of the build."""
    texts = (" ".join((*(item.entrypoint or ()), *(item.command or ()))) for item in stack.services)
    ran = (
        command.text
        for command in project.commands
        if command.context in _RUN_BY and not (command.context == "script" and _FIRST.search(command.location.path))
    )
    return any(_COLLECTS in text for text in (*texts, *ran))


def _static_roots(
    project: Project, service: Service, dockerfile: Dockerfile, target: str, context: str
) -> Iterator[tuple[str, bool]]:
    """Yield the place of STATIC_ROOT in the image, and whether pages name its files by a list that is made with them."""
    folders = [copy.destination for copy in copies_of(dockerfile, target, context) if copy.source == clean(context)]
    sources = tuple(sources_in_image(project, service, "STATIC_ROOT"))
    is_listed = any(_MANIFEST.search(source.text) for source in sources)
    found: set[str] = set()
    for source in sources:
        for match in _STATIC_ROOT.finditer(source.text):
            found |= {clean(posixpath.join(folder, match["path"])) for folder in folders}
    yield from ((root, is_listed) for root in sorted(found))


def hidden_pages(project: Project, service: Service) -> Iterator[Hidden]:
    """Yield the volumes without a name over pages that the build makes: Compose hands the old ones to the next container."""
    dockerfile, build = project.image_of(service), service.made
    if dockerfile is None or build is None:
        return
    made = next((item for item in _runs(dockerfile, build.target) if _BUILDS.search(item.text)), None)
    for mount in service.mounts if made else ():
        is_built = posixpath.basename(clean(mount.target)) in _BUILT
        if made and is_built and mount.kind == "volume" and not mount.source:
            effect = "`docker compose up` after a new build hands the old pages to the new container, until `up -V`"
            yield Hidden("built pages", mount, made.location, effect)


def _step(dockerfile: Dockerfile, target: str, word: str) -> Instruction | None:
    return next((item for item in _runs(dockerfile, target) if word in item.text), None)


def _runs(dockerfile: Dockerfile, target: str) -> Iterator[Instruction]:
    for stage in final_stages(dockerfile, target):
        yield from (item for item in stage.instructions if item.keyword == "RUN")
