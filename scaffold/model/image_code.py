"""What of the repository's code the image of a service holds, and which environment variables that code reads."""

from __future__ import annotations

import fnmatch
import posixpath
import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from scaffold.model.compose import Build, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.java_packages import without_package
from scaffold.model.known import all_below, known
from scaffold.model.names import Role
from scaffold.model.project import Dockerfile, EnvRead, Instruction, Project, SettingDefault, SourceFile, Stage
from scaffold.model.regex import regex

_Placed = TypeVar("_Placed", EnvRead, SettingDefault)
_NO_SERVER = regex(
    r"(?:^|/)(?:\w+_)?(?:tests?|specs?|__tests__|fixtures?|testdata|mocks?|e2e|examples?|docs?|scripts?|bin|tools|hack|archive)/"
    r"|(?:^|[/_.-])(?:test|spec|seed)[_.-]|conftest|locustfile|\.(?:sh|bash)$"
)
"""Files that a service does not run, or not to serve."""
_ARGUMENT = regex(r"\$(?:\{(?P<braced>\w+)(?::?-[^}]{0,200})?\}|(?P<bare>\w+))", words=("$",))
"""A build argument in a step of a Dockerfile."""
_STATIC = regex(r"(?:^|/)(?:nginx|caddy|httpd|nginx-unprivileged|static-web-server)(?:[:@]|$)")
"""Images that serve files: what was code is in them no more."""


def given_names(project: Project, stack: Stack, service: Service) -> set[str]:
    """Return the variables that the service gets, or that another one of the same image gets and it does not: on purpose."""
    names = known(_names_by_source, stack).get(_source(service.made), set())
    dockerfile = project.image_of(service)
    stages = dockerfile.chain(service.made.target) if dockerfile and service.made else ()
    return names | {name for stage in stages for name in _set_by(stage)}


def _names_by_source(stack: Stack) -> dict[tuple[str | None, str | None] | None, set[str]]:
    """Return the variables that the services of a stack get, by what their images are built from."""
    found: dict[tuple[str | None, str | None] | None, set[str]] = {}
    for service in stack.services:
        if service.made:
            found.setdefault(_source(service.made), set()).update(entry.name for entry in service.environment)
    return found


def _source(build: Build | None) -> tuple[str | None, str | None] | None:
    return (build.context, build.dockerfile) if build else None


def _set_by(stage: Stage) -> Iterable[str]:
    for item in stage.instructions:
        if item.keyword == "ENV":
            words = _words(item.text)
            yield from (word.partition("=")[0] for word in words) if "=" in words[0] else words[:1]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text) or [""]
    except ValueError:
        return text.split() or [""]


def reads_in_image(project: Project, service: Service) -> Mapping[str, list[EnvRead]]:
    """Return, by name, where the code that the image of a service holds reads an environment variable, tests left out."""
    return known(_reads_in_image, project, service)


def _reads_in_image(project: Project, service: Service) -> Mapping[str, list[EnvRead]]:
    found: dict[str, list[EnvRead]] = defaultdict(list)
    for read in _in_image(project, service, project.env_reads):
        found[read.name].append(read)
    return found


def reads_in_mounts(project: Project, service: Service) -> Mapping[str, list[EnvRead]]:
    """Return, by name, where code of the repository that a service mounts over its image reads a variable, tests left out."""
    folders = {mount.resolved for mount in service.mounts if mount.kind == "bind" and mount.resolved is not None}
    found: dict[str, list[EnvRead]] = defaultdict(list)
    for read in project.env_reads if folders else ():
        path = read.location.path
        if is_served(path) and any(not folder or path.startswith(f"{folder}/") for folder in folders):
            found[read.name].append(read)
    return found


def sources_in_image(project: Project, service: Service, word: str) -> Iterator[SourceFile]:
    """Yield the files with a word that the image of a service holds, tests left out."""
    for source in project.sources:
        if word in source.text and is_served(source.path) and is_in_image(project, service, source.path):
            yield source


def defaults_in_image(project: Project, service: Service) -> Iterator[SettingDefault]:
    """Yield the values that the code in the image of a service takes where a variable is not set."""
    kinds = {"getenv", "expression", "field"}
    yield from (item for item in _in_image(project, service, project.settings) if item.kind in kinds and item.value)


def _in_image(project: Project, service: Service, items: tuple[_Placed, ...]) -> Iterator[_Placed]:
    """Yield what stands in files that the image of a service holds to serve, in its order; each file is asked after once."""
    by_path = known(_by_path, items)
    context = service.made.context if service.made else None
    paths = all_below(known(_sorted, by_path), context) if context is not None else ()
    held = (path for path in paths if is_served(path) and is_in_image(project, service, path))
    yield from (item for _, item in sorted((entry for path in held for entry in by_path[path]), key=lambda entry: entry[0]))


def _by_path(items: tuple[_Placed, ...]) -> dict[str, list[tuple[int, _Placed]]]:
    """Return the items by their files, numbered."""
    found: dict[str, list[tuple[int, _Placed]]] = {}
    for number, item in enumerate(items):
        found.setdefault(item.location.path, []).append((number, item))
    return found


def _sorted(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(paths))


@lru_cache(maxsize=65536)
def is_served(path: str) -> bool:
    """Whether a file may belong to what a service runs: it is neither a test nor a tool beside it."""
    return not _NO_SERVER.search(without_package(path))


def runs_code(project: Project, service: Service) -> bool:
    """Whether a service runs code of its own, and serves no files that were made of it."""
    if service.role in {Role.PROXY, Role.E2E, Role.MOCK, Role.ADMIN_UI} or service.is_datastore:
        return False
    dockerfile, build = project.image_of(service), service.made
    return dockerfile is None or build is None or not serves_files(dockerfile, build.target)


def serves_files(dockerfile: Dockerfile, target: str) -> bool:
    """Whether the stage that runs is a server of files, with no code of the project but what browsers run."""
    stage = dockerfile.stage(target)
    return stage is not None and bool(_STATIC.search(stage.base))


def is_in_image(project: Project, service: Service, path: str) -> bool:
    """Whether a COPY of the Dockerfile takes a file of the context; true where the Dockerfile is not known."""
    build = service.made
    context = build.context if build else None
    if context is None:
        return False
    return is_copied(project.image_of(service), build.target if build else "", context, path)


def is_copied(dockerfile: Dockerfile | None, target: str, context: str, path: str) -> bool:
    """Whether the image of a Dockerfile takes a file of its context; true for all of them where the Dockerfile is not known."""
    inside = _inside(path, context)
    if inside.startswith(".."):
        return False
    return dockerfile is None or _taken(dockerfile, target).covers(inside)


def takes_one_of(dockerfile: Dockerfile, target: str, context: str, paths: Iterable[str]) -> bool:
    """Whether a COPY of the Dockerfile takes at least one of some paths of the project into the image or into what it is of."""
    taken = _taken(dockerfile, target)
    inside = (_inside(path, context) for path in paths)
    return any(taken.covers(path) for path in inside if not path.startswith(".."))


def _inside(path: str, context: str) -> str:
    """Return a path of the project as the context has it; one that begins with `..` is not in it."""
    if context in {"", "."}:
        return path
    if path.startswith(".") or ".." in path or "//" in path or context.startswith((".", "/")) or context.endswith("/"):
        return posixpath.relpath(path, context)
    # Most paths are asked after in vain: what is plain text is not worked out of two paths.
    if path.startswith(f"{context}/"):
        return path[len(context) + 1 :]
    return "." if path == context else ".."


@frozen
class _Taken:
    """What an image takes from its context: all of it, or paths with what is below them, by name or by patterns."""

    everything: bool
    named: frozenset[str]
    wild: re.Pattern[str] | None

    def covers(self, path: str) -> bool:
        """Whether the path or a folder above it is taken."""
        if self.everything:
            return True
        while path:
            if path in self.named or (self.wild is not None and self.wild.match(path)):
                return True
            path = path.rpartition("/")[0]
        return False


def _taken(dockerfile: Dockerfile, target: str) -> _Taken:
    by_target = known(_of_targets, dockerfile)
    if target not in by_target:
        sources = frozenset(_copied(dockerfile, target))
        wild = sorted(source for source in sources if set(source) & set("*?["))
        pattern = re.compile("|".join(map(fnmatch.translate, wild))) if wild else None
        by_target[target] = _Taken("." in sources, sources.difference(wild), pattern)
    return by_target[target]


def _of_targets(_: Dockerfile) -> dict[str, _Taken]:
    """Return where the answers for the targets of one Dockerfile are kept."""
    return {}


def _copied(dockerfile: Dockerfile, target: str) -> Iterable[str]:
    """Yield what the stages take from the context of which the target is made."""
    defaults = _defaults(dockerfile)
    for item in _context_copies(dockerfile, target):
        for source in _sources(item):
            yield _filled_in(source, defaults) if "$" in source else source


def _defaults(dockerfile: Dockerfile) -> dict[str, str]:
    """Return the build arguments that have a default: `ARG SOURCE=.`."""
    steps = (item for stage in dockerfile.stages for item in stage.instructions if item.keyword == "ARG")
    words = (word.partition("=") for item in steps for word in item.text.split())
    return {name: value.strip("\"'") for name, sign, value in words if sign}


def _filled_in(source: str, defaults: dict[str, str]) -> str:
    filled = _ARGUMENT.sub(lambda found: defaults.get(found["braced"] or found["bare"], found[0]), source)
    return posixpath.normpath(filled.lstrip("/") or ".")


def _context_copies(dockerfile: Dockerfile, target: str) -> Iterator[Instruction]:
    """Yield the steps by which the stages of a target take something from the context."""
    pending, seen = list(dockerfile.chain(target)), set[Location]()
    while pending:
        stage = pending.pop()
        if stage.location in seen:
            continue
        seen.add(stage.location)
        for item in stage.instructions:
            if item.keyword in {"COPY", "ADD"}:
                origin = next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from")), "")
                pending += dockerfile.chain(origin) if origin else ()
                yield from () if origin else (item,)


def _sources(item: Instruction) -> tuple[str, ...]:
    return _sources_of(item.text)


@lru_cache(maxsize=1024)
def _sources_of(text: str) -> tuple[str, ...]:
    return tuple(posixpath.normpath(word.strip('",[]').lstrip("/") or ".") for word in _words(text)[:-1])


def copied_sources(dockerfile: Dockerfile, target: str, context: str) -> Iterator[tuple[str, Instruction]]:
    """Yield each plain path of the project that the stages of which a target is made copy from the context, with its step.

    Patterns, variables, addresses and texts that stand in the Dockerfile itself are left out.
    """
    for item in _context_copies(dockerfile, target):
        for source in () if "<<" in item.text else _sources(item):
            if not set(source) & set("*?[$") and ":" not in source:
                yield posixpath.normpath(posixpath.join(context or ".", source)), item
