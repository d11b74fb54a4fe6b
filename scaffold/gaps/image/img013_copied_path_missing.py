"""IMG013: a Dockerfile copies a path that a clone does not have, so that the image cannot be built from one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import has_submodules, is_generated, judged_stacks, listed, root_image
from scaffold.gaps.image.builds import environment_of, ignore_file, ignore_patterns
from scaffold.model.compose import Service, Stack
from scaffold.model.dockerignore import leaves_out
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import copied_sources
from scaffold.model.names import TRIED, EnvironmentClass, Layer, Severity
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


@frozen
class Missing:
    """A path that a step copies and that a clone lacks: of which service, and the line that keeps it out ("" for none)."""

    path: str
    step: Instruction
    stack: Stack
    service: Service
    cause: str


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


def _group(found: Missing) -> str:
    """Return what is mended at once: everything that one .gitignore keeps out, or the paths of one Dockerfile."""
    return found.cause.rpartition(":")[0] or found.step.location.path


def missing_copies(project: Project, stack: Stack, service: Service) -> Iterator[Missing]:
    """Yield what the image of a service copies and a clone lacks."""
    dockerfile, build = project.image_of(service), service.build
    if dockerfile is None or build is None or build.context is None or not service.delivers_image or service.profiles:
        return
    if has_submodules(project):
        return
    if environment_of(project, dockerfile) in TRIED or not project.exists(build.context):
        return
    for path, step in copied_sources(dockerfile, build.target, build.context):
        cause = _cause(project, dockerfile, build.context, path)
        if cause is not None:
            yield Missing(path, step, stack, service, cause)


def _cause(project: Project, dockerfile: Dockerfile, context: str, path: str) -> str | None:
    """Return the line that keeps a path out of a clone or of the context, "" where nothing does, None where it is there."""
    if path.startswith("..") or path == ".":
        return None
    if project.exists(path):
        return _left_out(project, dockerfile, context, path)
    if _MADE_BEFORE.fullmatch(path) or _GIVEN.fullmatch(path) or _is_made(project, context, path):
        return None
    base = root_image(dockerfile)
    plain = base is None or base.repository.removeprefix("library/") not in _LANGUAGES
    if plain and "." not in posixpath.basename(path):
        return None
    return next((where for name, where in project.ignored if name == path), "")


def _left_out(project: Project, dockerfile: Dockerfile, context: str, path: str) -> str | None:
    """Return the .dockerignore that keeps a path out of the context which is copied by its name, as line 0; or None."""
    patterns = ignore_patterns(project, dockerfile, context)
    lets_in = any(line.startswith("!") for line in patterns)
    if lets_in or not leaves_out(patterns, posixpath.relpath(path, context or ".")):
        return None
    return f"{ignore_file(project, dockerfile, context)}:0"


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
    causes = listed(found.cause.removesuffix(":0") for found in group if found.cause)
    pulled = all(found.service.image is not None for found in group)
    if first.cause.endswith(":0"):
        why = f"{causes} keeps {paths} out of the build, and {first.step.location.path} copies {them}"
        subject = "copy/dockerignore"
    elif first.cause:
        why = f"{paths}, which {are} copied, {are} not in git ({causes})"
        subject = "copy/ignored"
    else:
        why = f"{first.step.location.path} copies {paths}, which {are} not in the repository"
        subject = f"copy/{first.path}"
    return RULE.gap(
        resource=first.step.location.path,
        subject=subject,
        message=f"{listed(names)} cannot be built{' from a clone' if subject == 'copy/ignored' else ''}: {why}.",
        expected="every path that is copied, in git and in the build context",
        actual="missing",
        locations=places,
        related=_ignoring(first.cause),
        severity=Severity.MEDIUM if pulled else Severity.HIGH,
        environment=min((found.stack.environment for found in group), key=lambda item: item.severity_steps),
    )


def _ignoring(cause: str) -> tuple[Location, ...]:
    path, _, line = cause.rpartition(":")
    return (Location(path, max(int(line), 1)),) if path and line.isdigit() and not path.startswith("/") else ()


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
