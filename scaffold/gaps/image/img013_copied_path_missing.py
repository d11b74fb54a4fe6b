"""IMG013: a Dockerfile copies a path that a clone does not have, so that the image cannot be built from one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import has_submodules, is_generated, judged_stacks, listed, root_image
from scaffold.gaps.image.builds import environment_of, users_of
from scaffold.gaps.image.failing_steps import FailingStep, failing_steps
from scaffold.gaps.image.named_contexts import LackingContext, lacking_contexts
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service, Stack
from scaffold.model.dockerignore import ignore_file, ignore_patterns, leaves_out
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import copied_sources
from scaffold.model.names import TRIED, EnvironmentClass, Layer, Severity, closest_to_production
from scaffold.model.project import Dockerfile, Instruction, Project
from scaffold.model.regex import regex

_MADE_BEFORE = regex(
    r"(?i)(?:.*/)?(?:dist|build|builds|out|output|target|bin|obj|node_modules|vendor|publish|release|releases|artifacts?|wheels?|wheelhouse"
    r"|coverage|\.next|\.nuxt|\.output|\.svelte-kit|static|staticfiles|_build|generated|gen|pkg|packages|deps)(?:/.*)?"
    r"|.*\.(?:jar|war|ear|whl|tgz|tar|gz|xz|zip|deb|rpm|exe|so|wasm|phar|min\.js|map)"
)
"""What is built before the image, as a step of its own."""
_GIVEN = regex(
    r"(?i)(?:.*/)?(?:\.env[^/]*|[^/]*\.(?:pem|key|crt|cer|p12|pfx|jks|env)|\.npmrc|\.netrc|\.ssh|id_rsa|[^/]*(?:secret|credential|service-?account)[^/]*"
    r"|certs?|ssl|keys|data|models?|weights|checkpoints|datasets?|\.git)(?:/.*)?|.*\.(?:onnx|pt|pth|bin|pkl|h5|safetensors|gguf|db|sqlite3?|sql|csv|parquet)"
)
"""What people put beside the code: settings and keys of the machine, models and data."""
_LANGUAGES = frozenset({"python", "node", "ruby", "php", "golang", "rust", "oven/bun", "composer", "maven", "gradle"})
"""Bases whose images hold code; a plain one takes a program that was built before."""
_DEEPEST = 32
"""Folders of a repository that are inside each other."""


@frozen
class Keeper:
    """What keeps a path out: a line of a file that git reads, or a whole .dockerignore."""

    path: str
    line: int | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"


@frozen
class Missing:
    """A path that a step copies and that a clone lacks: of which service, and what keeps it out."""

    path: str
    step: Instruction
    stack: Stack
    service: Service
    keeper: Keeper | None


def _detect(project: Project) -> Iterator[Gap]:
    groups: dict[str, list[Missing]] = {}
    seen: set[tuple[str, Location]] = set()
    stacks = sorted(judged_stacks(project), key=lambda stack: stack.environment is not EnvironmentClass.PRODUCTION)
    for stack in stacks:
        for service in stack.services if stack.is_runnable_in_production and stack.complete else ():
            for found in missing_copies(project, stack, service):
                if (found.path, found.step.location) not in seen:
                    seen.add((found.path, found.step.location))
                    groups.setdefault(_group(found), []).append(found)
    for group in groups.values():
        yield _gap(group)
    yield from (_context_gap(found) for found in lacking_contexts(project))
    yield from (_step_gap(project, found) for found in failing_steps(project))


def _group(found: Missing) -> str:
    """Return what is mended at once: everything that one .gitignore keeps out, or the paths of one Dockerfile."""
    return found.keeper.path if found.keeper else found.step.location.path


def missing_copies(project: Project, stack: Stack, service: Service) -> Iterator[Missing]:
    """Yield what the image of a service copies and a clone lacks."""
    dockerfile, build = project.image_of(service), service.made
    if dockerfile is None or build is None or build.context is None or not service.runs_own_image or service.profiles:
        return
    # Where the Dockerfile itself is not there, its context is wrong as well: IMG001 tells it.
    if has_submodules(project) or build.dockerfile not in project.present:
        return
    if environment_of(project, dockerfile) in TRIED or not project.exists(build.context):
        return
    if dockerfile.path in _built_from_outside(project):
        return
    for path, step in copied_sources(dockerfile, build.target, build.context):
        if path.startswith("..") or path == ".":
            continue
        if not project.exists(path):
            if _is_lacking(project, dockerfile, build.context, path):
                yield Missing(path, step, stack, service, _ignoring_line(project, path))
        elif _is_left_out(project, dockerfile, build.context, path):
            yield Missing(path, step, stack, service, Keeper(ignore_file(project, dockerfile, build.context)))


@remembered
def _built_from_outside(project: Project) -> frozenset[str]:
    """Return the Dockerfiles of builds whose context is a folder around the repository: what they copy lies there."""
    there = {item.path for item in project.dockerfiles}
    builds = (service.build for stack in project.stacks for service in stack.services)
    parts = [
        build.raw_dockerfile.split("/")[-_DEEPEST:] for build in builds if build and build.context is None and not build.remote
    ]
    return frozenset(there.intersection("/".join(words[at:]) for words in parts for at in range(len(words))))


def _is_lacking(project: Project, dockerfile: Dockerfile, context: str, path: str) -> bool:
    """Whether a path that is not there has to come from the repository: nothing makes it, and it is no program built before."""
    if _MADE_BEFORE.fullmatch(path) or _GIVEN.fullmatch(path) or _is_made(project, context, path):
        return False
    base = root_image(dockerfile)
    plain = base is None or base.repository.removeprefix("library/") not in _LANGUAGES
    return not plain or "." in posixpath.basename(path)


def _ignoring_line(project: Project, path: str) -> Keeper | None:
    """Return the line by which git ignores a path, None where it does not."""
    where = next((where for name, where in project.ignored if name == path), "")
    file, _, line = where.rpartition(":")
    return Keeper(file, int(line)) if file and line.isdigit() else None


def _is_left_out(project: Project, dockerfile: Dockerfile, context: str, path: str) -> bool:
    """Whether the .dockerignore keeps a path out of the context which is copied by its name."""
    patterns = ignore_patterns(project, dockerfile, context)
    lets_in = any(line.startswith("!") for line in patterns)
    return not lets_in and leaves_out(patterns, posixpath.relpath(path, context or "."))


def _is_made(project: Project, context: str, path: str) -> bool:
    """Whether a command of the project makes the path, by its name from the root or from the context."""
    inside = posixpath.relpath(path, context or ".")
    return is_generated(project, path) or is_generated(project, inside)


def _gap(group: list[Missing]) -> Gap:
    first = group[0]
    names = tuple(dict.fromkeys(found.service.name for found in group))
    paths = listed(found.path for found in group)
    are, them = ("are", "them") if len({found.path for found in group}) > 1 else ("is", "it")
    places = tuple(dict.fromkeys(found.step.location for found in group))
    keepers = listed(str(found.keeper) for found in group if found.keeper)
    pulled = all(found.service.image is not None for found in group)
    if first.keeper is None:
        why = f"{first.step.location.path} copies {paths}, which {are} not in the repository"
        subject = f"copy/{first.path}"
    elif first.keeper.line is None:
        why = f"{keepers} keeps {paths} out of the build, and {first.step.location.path} copies {them}"
        subject = "copy/dockerignore"
    else:
        why = f"{paths}, which {are} copied, {are} not in git ({keepers})"
        subject = "copy/ignored"
    return RULE.gap(
        resource=first.step.location.path,
        subject=subject,
        message=f"{listed(names)} cannot be built{' from a clone' if subject == 'copy/ignored' else ''}: {why}.",
        expected="every path that is copied, in git and in the build context",
        actual="missing",
        locations=places,
        related=_place_of(first.keeper),
        severity=Severity.MEDIUM if pulled else Severity.HIGH,
        environment=closest_to_production(found.stack.environment for found in group),
    )


def _context_gap(found: LackingContext) -> Gap:
    path = found.step.location.path
    paths = listed(place.path for place in found.builds)
    build = "builds" if len({place.path for place in found.builds}) == 1 else "build"
    return RULE.gap(
        resource=path,
        subject=f"context/{found.name}",
        message=f"{paths} {build} {path} without the context {found.name}, from which it copies and which Compose alone gives "
        "(`additional_contexts`): that build fails, and no image comes out of it.",
        expected=f"the context {found.name} in every build of the Dockerfile",
        actual="a context that Compose alone gives",
        locations=found.builds,
        related=(found.step.location, found.given),
        severity=Severity.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                f"Give the build `build-contexts: {found.name}=FOLDER` (docker/build-push-action) or `--build-context "
                f"{found.name}=FOLDER`.",
            ),
        ),
    )


def _step_gap(project: Project, found: FailingStep) -> Gap:
    path = found.dockerfile.path
    users = [service for service in users_of(project, found.dockerfile) if not service.profiles and service.runs_own_image]
    names = listed(service.name for service in users) or f"The image of {path}"
    return RULE.gap(
        resource=path,
        subject=found.subject,
        message=f"{names} cannot be built: {f'in {path} ' if users else ''}{found.why}.",
        expected=found.expected,
        actual="a step that fails",
        locations=(found.place,),
        related=found.related,
        severity=Severity.HIGH if any(service.image is None for service in users) else Severity.MEDIUM,
        environment=environment_of(project, found.dockerfile),
        closers=(Closer(None, "advice", found.advice),),
    )


def _place_of(keeper: Keeper | None) -> tuple[Location, ...]:
    """Return where a file of the repository keeps a path out; git may read patterns of the machine as well."""
    return () if keeper is None or keeper.path.startswith("/") else (Location(keeper.path, keeper.line or 1),)


RULE = Rule(
    code="IMG013",
    name="copied-path-missing",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Take the pattern out of .gitignore (or write `!path` below it), commit what is copied, and build once in a fresh "
            "clone.",
        ),
    ),
)
