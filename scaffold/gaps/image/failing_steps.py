"""Steps of a Dockerfile that end its build: they take what no earlier stage makes, or call what their base does not hold."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import copy_words
from scaffold.gaps.facts import has_submodules, root_image
from scaffold.gaps.image.builds import environment_of, is_built, released_targets
from scaffold.gaps.image.cargo_steps import lacking_member, lacking_program
from scaffold.gaps.image.held_paths import Content, content_of, inside_image
from scaffold.gaps.image.img003_no_dockerignore import build_contexts
from scaffold.gaps.image.omitted_tools import omitted_tool
from scaffold.model.bundlers import NEXT_SETTINGS
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Dockerfile, Instruction, Manifest, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_COREPACK = regex(
    r"(?:^|[;&|(\n])\s*(?:\w+=\S+\s+)*corepack\s+(?:enable|prepare|use|install|pnpm|yarn)\b(?P<rest>[^\n;&|]*(?P<or>\|\|)?)",
    words=("corepack",),
)
_BRINGS_COREPACK = regex(r"\b(?:install|add|i)\b[^\n;&|]*\bcorepack\b", words=("corepack",))
_LAST_WITH_COREPACK = 24
"""The last release of Node that brings Corepack along."""
_NEWEST_NODE = frozenset({"latest", "current", "alpine", "slim"})
_RUNS_SCRIPT = regex(r"\b(?:npm\s+run|pnpm|yarn)\s", words=("npm", "yarn"))
_STANDALONE = ".next/standalone"
_MAY_SET_OUTPUT = regex(
    r"standalone|\boutput\b\s*(?:[:=,}]|\])|(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*['\"](?:\.|@/|~)",
    words=("standalone", "output", "from", "import", "require"),
)
"""Settings of Next that name the output, or that are put together from other files."""
_NEVER_BUILT = regex(
    r"public|next\.config\.[cm]?[jt]s|nginx\.conf|(?:docker-)?entrypoint\.sh|alembic\.ini|prisma|migrations|scripts|locales|messages|templates"
)
"""Names of what people write, and what no build of a language makes."""
_OF_TOOLS = frozenset(
    {"node_modules", "vendor", ".venv", "venv", "site-packages", "dist", "build", "out", "target", "generated"}
)
"""Folders that tools fill, with folders of any name in them."""
_MAKES_PUBLIC = ("pwa", "serwist", "sitemap", "partytown", "workbox", "gatsby", "hugo", "payload", "contentlayer", "velite")
"""Words in the names of packages that write into `public` as the pages are built."""


@frozen
class FailingStep:
    """A step that ends its build: of which Dockerfile and stage, what it lacks, and what mends it."""

    dockerfile: Dockerfile
    stage: Stage
    place: Location
    subject: str
    why: str
    expected: str
    advice: str
    related: tuple[Location, ...] = ()


def failing_steps(project: Project) -> Iterator[FailingStep]:
    """Yield the first step of each kind that ends the build of a Dockerfile, images of development and tests left out."""
    for dockerfile in project.dockerfiles if not has_submodules(project) else ():
        if (
            not _is_worth_a_look(dockerfile)
            or environment_of(project, dockerfile) in TRIED
            or not is_built(project, dockerfile)
        ):
            continue
        seen: set[str] = set()
        for found in _of_dockerfile(project, dockerfile):
            if found.subject not in seen:
                seen.add(found.subject)
                yield found


def _is_worth_a_look(dockerfile: Dockerfile) -> bool:
    """Whether a step may fail, by its words alone: most Dockerfiles have none of them."""
    for item in (item for stage in dockerfile.stages for item in stage.instructions):
        if item.keyword == "RUN" and any(word in item.text for word in ("corepack", "cargo", "npm", "yarn")):
            return True
        if item.keyword == "COPY" and _origin(item) and (_STANDALONE in item.text or _NEVER_BUILT.search(item.text)):
            return True
    return False


def _of_dockerfile(project: Project, dockerfile: Dockerfile) -> Iterator[FailingStep]:
    stages = _needed(dockerfile, released_targets(project, dockerfile))
    for stage in stages:
        yield from _without_corepack(dockerfile, stage)
    contexts = build_contexts(project, dockerfile)
    if len(contexts) != 1:
        return
    for stage in stages:
        found = lacking_member(project, stage, contexts[0])
        if found is not None:
            yield FailingStep(
                dockerfile,
                stage,
                found.step.location,
                "step/members",
                f"its workspace needs {found.member}/Cargo.toml, which no step before copies and without which Cargo stops",
                "the manifests of all members that Cargo reads, before it builds",
                f"Copy {found.member}/Cargo.toml beside the other manifests (with an empty source), or the whole workspace.",
                (Location(found.named_by, 1),),
            )
        yield from _unmade_outputs(project, dockerfile, stage, contexts[0])
        yield from _omitted(project, dockerfile, stage, contexts[0])


def _needed(dockerfile: Dockerfile, targets: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return the stages of which the images are made, in the order of the file."""
    pending = [stage for target in targets for stage in dockerfile.chain(target)]
    found: dict[Location, Stage] = {}
    while pending:
        stage = pending.pop()
        if stage.location in found:
            continue
        found[stage.location] = stage
        for item in stage.instructions:
            if item.keyword == "COPY" and (origin := _origin(item)):
                pending += dockerfile.chain(origin)
    return tuple(stage for stage in dockerfile.stages if stage.location in found)


def _origin(item: Instruction) -> str:
    return next((flag.partition("=")[2].lower() for flag in item.flags if flag.startswith("--from")), "")


# --- what a base does not hold ----------------------------------------------------------------------------------------


def _without_corepack(dockerfile: Dockerfile, stage: Stage) -> Iterator[FailingStep]:
    """Yield a call of Corepack on an image of Node that no longer brings it, where no step brings it either."""
    if not any("corepack" in item.text for item in stage.instructions if item.keyword == "RUN"):
        return
    number = str(dockerfile.stages.index(stage))
    image = root_image(dockerfile, stage.alias or number)
    if image is None or image.registry not in {"", "docker.io"} or image.repository.removeprefix("library/") != "node":
        return
    newest = not image.digest and (image.tag or "latest") in _NEWEST_NODE
    if not newest and (image.major is None or image.major <= _LAST_WITH_COREPACK):
        return
    steps = [item for each in dockerfile.chain(stage.alias or number) for item in each.instructions]
    if any(_BRINGS_COREPACK.search(item.text) if item.keyword == "RUN" else _origin(item) for item in steps):
        return
    for item in stage.instructions:
        found = _COREPACK.search(item.text) if item.keyword == "RUN" else None
        if found is not None and not found["or"]:
            yield FailingStep(
                dockerfile,
                stage,
                item.location,
                "step/corepack",
                f"it calls corepack, which images of Node have no more since release {_LAST_WITH_COREPACK + 1} ({image})",
                f"node:{_LAST_WITH_COREPACK}, or `npm install -g` of the package manager",
                f"Build on node:{_LAST_WITH_COREPACK}, or install the package manager itself: `npm install -g pnpm@VERSION`.",
            )
            return


def _omitted(project: Project, dockerfile: Dockerfile, stage: Stage, context: str) -> Iterator[FailingStep]:
    """Yield a script of Node whose tool the installation before it left out."""
    if not any(item.keyword == "RUN" and _RUNS_SCRIPT.search(item.text) for item in stage.instructions):
        return
    target = stage.alias or str(dockerfile.stages.index(stage))
    content = content_of(dockerfile, target, context)
    found = omitted_tool(project, dockerfile.chain(target), stage, content) if content else None
    if found is not None:
        yield FailingStep(
            dockerfile,
            stage,
            found.step.location,
            "step/tool",
            f"its script {found.script} calls {found.tool}, which {found.manifest} names for development alone, and line "
            f"{found.installation.line} installs without such packages",
            "an installation with the packages of development in the stage that builds",
            "Install everything in the stage that builds, and leave out what is for development in the stage that runs alone.",
            (found.installation, Location(found.manifest, 1)),
        )


# --- what no earlier stage makes --------------------------------------------------------------------------------------


def _unmade_outputs(project: Project, dockerfile: Dockerfile, stage: Stage, context: str) -> Iterator[FailingStep]:
    """Yield the copies from earlier stages of what these neither hold nor make."""
    for item in stage.instructions:
        origin = _origin(item) if item.keyword == "COPY" else ""
        chain = dockerfile.chain(origin) if origin and "$" not in item.text else ()
        for source in copy_words(item)[:-1] if chain else ():
            place = inside_image(source)
            program = lacking_program(project, chain, place)
            if program is not None:
                yield FailingStep(
                    dockerfile,
                    stage,
                    item.location,
                    f"output/{place}",
                    f"it copies {source}, and no package of the workspace makes a program of that name: {program.why}",
                    "the name of a program that the workspace makes",
                    "Build and copy the program by the name that its Cargo.toml gives it (`[[bin]] name`, else the package's).",
                    program.places,
                )
            elif place.endswith(_STANDALONE) and (lacking := _without_standalone(project, dockerfile, origin, place, context)):
                yield FailingStep(
                    dockerfile,
                    stage,
                    item.location,
                    "output/standalone",
                    f'it copies {source}, and {lacking} does not ask Next for it (`output: "standalone"`)',
                    'output: "standalone" in the settings of Next',
                    f'Set `output: "standalone"` in {lacking}, by which the build writes what the image copies.',
                    (Location(lacking, 1),),
                )
            elif _NEVER_BUILT.fullmatch(posixpath.basename(place)) and (
                path := _not_in_context(project, dockerfile, origin, place, context)
            ):
                yield FailingStep(
                    dockerfile,
                    stage,
                    item.location,
                    f"output/{path}",
                    f"it copies {source} from the stage {origin}, which has it from the repository alone, where {path} is not",
                    f"{path} in git, or no copy of it",
                    f"Commit {path} (an empty folder with a .gitkeep is enough), or take the copy out.",
                )


def _chain_runs(dockerfile: Dockerfile, origin: str) -> str:
    kinds = {"RUN", "ENV", "ARG"}
    return "\n".join(item.text for each in dockerfile.chain(origin) for item in each.instructions if item.keyword in kinds)


def _sources_at(project: Project, content: Content, place: str) -> tuple[str, ...] | None:
    """Return the paths of the project that would lie at a place of a stage, by the folders it copies; None where a pattern
    may bring it.
    """
    found = []
    for item in content.held:
        if not is_below(place, item.place):
            continue
        name = posixpath.basename(item.source)
        if set(name) & set("*?["):
            return None
        if item.source in project.directories or not item.source:
            path = posixpath.normpath(posixpath.join(item.source or ".", posixpath.relpath(place, item.place or ".")))
            found.append("" if path == "." else path)
        elif place in {item.place, posixpath.join(item.place, name)}:
            found.append(item.source)
    return tuple(dict.fromkeys(found))


def _without_standalone(project: Project, dockerfile: Dockerfile, origin: str, place: str, context: str) -> str:
    """Return the file that would ask Next for its standalone output and does not; "" where it may, or where none is known."""
    content = content_of(dockerfile, origin, context)
    folders = _sources_at(project, content, place.removesuffix(_STANDALONE).rstrip("/")) if content else None
    folders = tuple(path for path in folders or () if path in project.directories or not path)
    package = _package(project, folders[0]) if len(folders) == 1 else None
    runs = _chain_runs(dockerfile, origin)
    if package is None or "next" not in package.dependencies or "standalone" in runs.lower() or "next.config" in runs:
        return ""
    if any("standalone" in command.lower() for _, command in package.scripts):
        return ""
    configs = [path for name in NEXT_SETTINGS if project.exists(path := posixpath.join(package.folder, name))]
    text = project.source(configs[0]) if len(configs) == 1 else None
    workspace = [item.name for item in project.manifests if item.ecosystem == "node" and item.name]
    if (
        text is None
        or _MAY_SET_OUTPUT.search(text)
        or any(f"{mark}{name}{end}" in text for name in workspace for mark, end in _QUOTES)
    ):
        return ""
    return configs[0]


_QUOTES = (('"', '"'), ("'", "'"), ('"', "/"), ("'", "/"))


def _package(project: Project, folder: str) -> Manifest | None:
    return next((item for item in project.manifests if item.folder == folder and item.path.endswith("package.json")), None)


def _not_in_context(project: Project, dockerfile: Dockerfile, origin: str, place: str, context: str) -> str:
    """Return the path of the project that a stage would have at a place and that is not there; "" where it may be made."""
    content = content_of(dockerfile, origin, context)
    paths = _sources_at(project, content, place) if content else None
    if (
        not paths
        or _OF_TOOLS & set(place.split("/"))
        or any(project.exists(path) or path in project.directories for path in paths)
    ):
        return ""
    name = posixpath.basename(place)
    taken = (
        posixpath.basename(inside_image(word))
        for each in dockerfile.chain(origin)
        for item in each.instructions
        if item.keyword in {"COPY", "ADD"}
        for word in (copy_words(item) or [""])[-1:]
    )
    if name in _chain_runs(dockerfile, origin) or name in taken:
        return ""
    return "" if any(_may_make(project, path, name) for path in paths) else paths[0]


def _may_make(project: Project, path: str, name: str) -> bool:
    """Whether a package of the path's folder may write it as it is built or installed."""
    package = _package(project, posixpath.dirname(path))
    if package is None:
        return name == "public"
    scripts = "\n".join(command for _, command in package.scripts)
    made = any(word in dependency for dependency in package.dependencies for word in _MAKES_PUBLIC)
    return name in scripts or (name == "public" and made)
