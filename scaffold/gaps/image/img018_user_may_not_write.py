"""IMG018: a container runs as a user without rights, and writes to a folder of its image or to a new volume that is root's."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.compose.kept_in_code import absolute, is_mounted, keeps_in_bucket, kept_by_code
from scaffold.gaps.facts import final_stages, in_words, judged_stacks, listed, may_run_in_production
from scaffold.gaps.image.builds import environment_of
from scaffold.gaps.image.made_places import may_have
from scaffold.gaps.image.owned_paths import is_of_application, refuses_to_write, unprivileged_user
from scaffold.gaps.image.root_made_folders import RootMade, root_made
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image, is_served
from scaffold.model.names import TRIED, EnvironmentClass, Layer, Severity
from scaffold.model.project import CodeFact, Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_ONLY_READ = regex(r".*/(?:node_modules|\.next|dist|build|vendor|static|staticfiles|public|site-packages|\.venv|venv)(?:/.*)?")
"""Folders that volumes keep of the image, and into which programs do not write."""
_BEFORE_THE_START = (
    "Have the start page or the deployment make the folder and give it to the user by number (`install -d -o 1001 -g 1001"
    " data`), or keep the files in a named volume of which the image makes the folder (`mkdir` and `chown` before `USER`)."
)
_EXPORTS = regex(r"\bexports?\b")
_USUAL_STARTS = frozenset({"app", "index", "main", "server"})
_SETS_PRODUCTION = regex(r"\bNODE_ENV[= ][\"']?production\b")


@frozen
class _Refused:
    """A place to which the user of an image may not write: of which service, and the lines of the user and of what writes."""

    stack: Stack
    service: Service
    place: str
    user: Location
    location: Location
    how: str
    """`volume`, `start` where the program ends at it, or `later`."""


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "writes-file" and _is_served(fact)]
    groups: dict[tuple[str, bool], list[_Refused]] = {}
    for stack in judged_stacks(project):
        for service in stack.services if stack.is_runnable_in_production and stack.complete else ():
            dockerfile = project.image_of(service)
            if dockerfile is None or service.user or service.profiles or environment_of(project, dockerfile) in TRIED:
                continue
            for found in (*_volumes(project, stack, service), *_files(project, stack, service, dockerfile, facts)):
                if found is not None:
                    is_volume = found.how == "volume"
                    groups.setdefault((stack.id if is_volume else dockerfile.path, is_volume), []).append(found)
    for group in groups.values():
        yield _gap(group)
    yield from _of_binds(project)


def _is_served(fact: CodeFact) -> bool:
    return may_run_in_production(fact) and is_served(fact.location.path)


def _target(service: Service) -> str:
    return service.build_target


# --- volumes ----------------------------------------------------------------------------------------------------------


def _volumes(project: Project, stack: Stack, service: Service) -> Iterator[_Refused]:
    """Yield the volumes that Docker makes as root's, as the image has no folder of its user's there."""
    for mount in service.mounts:
        if mount.kind != "volume" or not mount.source or mount.read_only or _ONLY_READ.fullmatch(mount.target):
            continue
        user = _refused_volume(project, service, mount.target)
        if user is not None and not _is_made_elsewhere(project, stack, mount):
            yield _Refused(stack, service, posixpath.normpath(mount.target), user, mount.location, "volume")


def _is_made_elsewhere(project: Project, stack: Stack, mount: Mount) -> bool:
    """Whether the volume may be another one than a new one of Docker, or get its owner from another container."""
    declared = next((volume for volume in stack.volumes if volume.name == mount.source), None)
    if declared is None or declared.external or declared.has_options:
        return True
    sharing = [(other, item.target) for other in stack.services for item in other.mounts if item.source == mount.source]
    return any(_may_own(project, other, target) for other, target in sharing)


def _may_own(project: Project, service: Service, target: str) -> bool:
    """Whether a container may bring a volume at a place with an owner of its own, or give it one."""
    return bool(service.user) or _refused_volume(project, service, target) is None


def _refused_volume(project: Project, service: Service, place: str) -> Location | None:
    """Return where the image gets its user, who may not write to a new volume at a place: the folder there is root's, or the
    image has none, and then it does not help that the one above is the user's.
    """
    made, dockerfile = service.made, project.image_of(service)
    if dockerfile is None or made is None or made.context is None:
        return None
    user = refuses_to_write(dockerfile, made.target, place)
    if user is None and is_of_application(place) and not may_have(project, dockerfile, made.target, made.context, place):
        user = unprivileged_user(dockerfile, made.target)
    return user


def _of_binds(project: Project) -> Iterator[Gap]:
    """Yield the folders of the host that Docker makes as root's, a gap for those of a stack that no earlier one has told."""
    told: set[str] = set()
    for stack in sorted(judged_stacks(project), key=lambda stack: stack.environment is not EnvironmentClass.PRODUCTION):
        found = []
        for service in stack.services if stack.is_runnable_in_production and stack.complete else ():
            dockerfile = project.image_of(service)
            if not service.profiles and (dockerfile is None or environment_of(project, dockerfile) not in TRIED):
                found += [item for item in root_made(project, stack, service) if item.path not in told]
        told |= {item.path for item in found}
        if found:
            yield _bind_gap(stack, found)


# --- files ------------------------------------------------------------------------------------------------------------


def _files(
    project: Project, stack: Stack, service: Service, dockerfile: Dockerfile, facts: list[CodeFact]
) -> Iterator[_Refused | None]:
    """Yield the files that code writes where the image lets it not."""
    yield from (_written(project, stack, service, dockerfile, fact) for fact in facts)
    yield _kept(project, stack, service, dockerfile)


def _written(project: Project, stack: Stack, service: Service, dockerfile: Dockerfile, fact: CodeFact) -> _Refused | None:
    """Return a folder that code of the image writes to and that is root's, without a mount over it."""
    when, where = fact.detail.split(" ", 1)
    runs = when != "production" or _is_production(service, dockerfile)
    if not runs or not is_in_image(project, service, fact.location.path):
        return None
    if when != "later" and not _is_loaded(project, service, fact.location.path):
        return None
    kind, _, path = where.rpartition(":")
    inside = absolute(project, service, "." if kind == "name" else path)
    name = posixpath.basename(path)
    if not inside or is_mounted(project, service, inside) or any(name in mount.target.split("/") for mount in service.mounts):
        return None
    user = refuses_to_write(dockerfile, _target(service), f"/{inside}")
    place = posixpath.join(f"/{inside}", name) if kind == "name" else f"/{inside}"
    how = "later" if when == "later" or _may_be_there(project, service, dockerfile, name) else "start"
    return _Refused(stack, service, place, user, fact.location, how) if user else None


def _is_loaded(project: Project, service: Service, path: str) -> bool:
    """Whether a module is one that others load or that the service starts, and no program beside it."""
    stem = posixpath.splitext(posixpath.basename(path))[0]
    if path.endswith(".py") or stem in _USUAL_STARTS or _EXPORTS.search(project.source(path) or ""):
        return True
    start = start_of(project, service)
    return start is not None and bool(re.search(rf"(?<![\w-]){re.escape(stem)}(?![\w-])", start.text))


def _is_production(service: Service, dockerfile: Dockerfile) -> bool:
    entry = service.env("NODE_ENV")
    if entry is not None:
        return entry.value == "production"
    steps = (item for stage in final_stages(dockerfile, _target(service)) for item in stage.instructions)
    return any(item.keyword == "ENV" and _SETS_PRODUCTION.search(item.text) for item in steps)


def _may_be_there(project: Project, service: Service, dockerfile: Dockerfile, name: str) -> bool:
    """Whether a step or the context may bring the folder itself: a program that only makes it goes on then."""
    steps = (item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword != "CMD")
    context = service.made.context if service.made else None
    return name in {"", "."} or any(name in text for text in steps) or project.exists(posixpath.join(context or "", name))


def _kept(project: Project, stack: Stack, service: Service, dockerfile: Dockerfile) -> _Refused | None:
    """Return the folder in which code keeps what people send, or its database, where it is root's."""
    kept = kept_by_code(project, stack, service, bucket=keeps_in_bucket(project, stack))
    if kept is None or not kept.is_certain or not kept.place.startswith("/"):
        return None
    place = posixpath.dirname(kept.place) if kept.what == "its database" else kept.place
    user = refuses_to_write(dockerfile, _target(service), place)
    return _Refused(stack, service, kept.place, user, kept.location, "later") if user else None


# --- gaps -------------------------------------------------------------------------------------------------------------


def _gap(group: list[_Refused]) -> Gap:
    first = group[0]
    files = list(dict.fromkeys(found.user.path for found in group))
    path, places = listed(files), listed(found.place for found in group)
    ends = any(found.how == "start" for found in group)
    names = listed(found.service.name for found in group)
    one, alone = len({found.service.name for found in group}) == 1, len(files) == 1
    effect = "the program ends there as it starts" if ends else "every write there fails with `Permission denied`"
    message = (
        f"{names} {'mounts' if one else 'mount'} a volume at {places}, where {path} {'makes' if alone else 'make'} no folder"
        f" for the user that {'it runs' if one else 'they run'} as: Docker makes the volume as root's, and {effect}."
        if first.how == "volume"
        else f"{names} writes to {places}, which is root's in the image of {path}, and runs as another user: {effect}."
    )
    return RULE.gap(
        resource=files[0],
        subject="volume" if first.how == "volume" else "writes",
        message=message,
        expected=f"`mkdir` and `chown` of {places} in {path}, before USER",
        actual="a folder of root's",
        locations=tuple(dict.fromkeys(found.location for found in group)),
        related=tuple(dict.fromkeys(found.user for found in group)),
        severity=Severity.HIGH if ends else Severity.MEDIUM,
        environment=min((found.stack.environment for found in group), key=lambda item: item.severity_steps),
    )


def _bind_gap(stack: Stack, found: list[RootMade]) -> Gap:
    first = found[0]
    names = list(dict.fromkeys(item.service.name for item in found))
    paths = list(dict.fromkeys(item.path for item in found))
    run = "runs as another user" if len(names) == 1 else "run as other users"
    are, them = ("it is", "it") if len(paths) == 1 else ("they are", "them")
    keep = "keeps" if len(names) == 1 else "keep"
    return RULE.gap(
        resource=stack.resource(first.service.name),
        subject="bind",
        message=f"{in_words(names)} {run} than root and {keep} files in {listed(paths)} of the host, which a clone does not"
        f" hold and nothing here makes: where {are} missing, Docker makes {them} as root's, and every write there fails with"
        " `Permission denied`.",
        expected="the folder made and given to the container's user before the first start, or a named volume",
        actual="a folder of root's",
        locations=tuple(dict.fromkeys(item.mount.location for item in found)),
        related=tuple(dict.fromkeys(item.user for item in found)),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", _BEFORE_THE_START),),
    )


RULE = Rule(
    code="IMG018",
    name="user-may-not-write",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Make the folder in the image and give it to the user before `USER`: `RUN mkdir -p /app/data && chown app:app "
            "/app/data`; a new volume takes its owner from there.",
        ),
    ),
)
