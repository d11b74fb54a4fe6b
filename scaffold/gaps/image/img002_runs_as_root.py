"""IMG002: the processes of an image run as root."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import final_stages
from scaffold.gaps.image.builds import environment_of, is_built, users_of
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Confidence, Layer, Role, Severity
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below
from scaffold.model.values import ImageReference

_ROOT = frozenset({"0", "root"})
_NON_ROOT_BASE = regex(r"nonroot|unprivileged|rootless|cgr\.dev/|chainguard/|/distroless/.*:.*nonroot|bitnami/")
_ROOT_BASE = regex(
    r"python|node|golang|ruby|rust|php|perl|elixir|erlang|haskell|swift|openjdk|eclipse-temurin|amazoncorretto|maven|gradle|tomcat"
    r"|debian|ubuntu|alpine|busybox|fedora|rockylinux|almalinux|centos|amazonlinux|nginx|httpd|caddy|bun|deno|buildpack-deps"
    r"|azul/zulu-openjdk(?:-\w+)?|bellsoft/liberica-[\w-]+|nvidia/cuda|tiangolo/[\w-]+"
    r"|dotnet/(?:aspnet|runtime|runtime-deps|sdk)|playwright(?:/python)?"
)
"""Images whose own configuration names no user; others (grafana, prom/*, stores that drop their rights) are left alone."""
_ROOT_BY_DEFAULT = regex(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>P?UID|USER_ID)=[\"']?\$\{(?P=name):?-0\}[\"']?[ \t]*$", re.MULTILINE
)
"""How a start script takes the user from a variable, and root where there is none."""
_UNREACHED = frozenset({Role.WORKER, Role.SCHEDULER, Role.ONE_SHOT})
_DROPS = regex(r"\b(?:gosu|su-exec|setpriv|s6-setuidgid|chroot --userspec|runuser)\b")


def _detect(project: Project) -> Iterator[Gap]:
    for dockerfile in project.dockerfiles:
        found = _root_place(dockerfile) or _root_by_default(project, dockerfile)
        users = users_of(project, dockerfile)
        overridden = bool(users) and all(service.user and service.user.split(":")[0] not in _ROOT for service in users)
        staged = any(service.made and service.made.target for service in users)
        if found and not overridden and not staged and is_built(project, dockerfile):
            yield _gap(project, dockerfile, *found)


def _root_place(dockerfile: Dockerfile) -> tuple[Location, str] | None:
    """Return where and how the image comes to run as root, or None when it does not or when that is unknown."""
    stages = final_stages(dockerfile)
    if not stages or not stages[-1].base or _NON_ROOT_BASE.search(stages[-1].base):
        return None
    texts = " ".join(item.text for stage in stages for item in stage.instructions)
    if _DROPS.search(texts):
        return None
    user = dockerfile.effective("USER")
    if user is None:
        is_root = (
            _starts_from_nothing(dockerfile) if stages[-1].base == "scratch" else _ROOT_BASE.fullmatch(_name(stages[-1].base))
        )
        return (stages[-1].location, "no USER") if is_root else None
    name = user.text.split(":")[0].strip()
    return (user.location, f"USER {name}") if name in _ROOT else None


def _root_by_default(project: Project, dockerfile: Dockerfile) -> tuple[Location, str] | None:
    """Return the start script of an image that drops its rights to a number which is root's where nobody sets it."""
    start = dockerfile.effective("ENTRYPOINT")
    words = start.argv or start.text.split() if start else ()
    names = {word.rpartition("/")[2] for word in words if word.endswith(".sh")}
    if start is None or not names or dockerfile.effective("USER") is not None:
        return None
    folder = posixpath.dirname(dockerfile.path)
    paths = [path for path in project.files if path.rpartition("/")[2] in names and is_below(path, folder)]
    match = _ROOT_BY_DEFAULT.search(project.source(paths[0]) or "") if len(paths) == 1 else None
    if match is None or any(service.env(match["name"]) for stack in project.stacks for service in stack.services):
        return None
    return start.location, f"{match['name']} is 0 where nobody sets it"


def _starts_from_nothing(dockerfile: Dockerfile) -> bool:
    """Whether a stage from scratch is an image that runs as a process: no files that a build hands out, no WebAssembly."""
    starts = [item for keyword in ("CMD", "ENTRYPOINT") if (item := dockerfile.effective(keyword)) is not None]
    return bool(starts) and not any(".wasm" in item.text for item in starts)


def _name(base: str) -> str:
    """Return the name of a base without registry, namespace of official images, tag and digest."""
    repository = ImageReference.parse(base).repository
    for prefix in ("library/", "oven/", "denoland/", "microsoft/", "docker/library/"):
        repository = repository.removeprefix(prefix)
    return repository


def _gap(project: Project, dockerfile: Dockerfile, place: Location, how: str) -> Gap:
    users = users_of(project, dockerfile)
    start = dockerfile.effective("ENTRYPOINT")
    scripted = start is not None and ".sh" in start.text
    return RULE.gap(
        resource=dockerfile.path,
        subject="user",
        message=f"Containers of {dockerfile.path} run as root ({how}), so a hole in the program opens all of the container.",
        expected="USER with a user of its own in the last stage",
        actual=how,
        locations=(place,),
        # A start script that is not part of the Dockerfile may change the user.
        confidence=Confidence.MEDIUM if scripted else Confidence.HIGH,
        severity=Severity.LOW if _is_hard_to_use(dockerfile, users) else None,
        environment=environment_of(project, dockerfile),
    )


def _is_hard_to_use(dockerfile: Dockerfile, users: tuple[Service, ...]) -> bool:
    """Whether a hole is harder to reach, as the container takes no connections, or harder to use: no other program is there."""
    unreached = bool(users) and all(service.role in _UNREACHED for service in users)
    return unreached or final_stages(dockerfile)[-1].base == "scratch"


RULE = Rule(
    code="IMG002",
    name="runs-as-root",
    layer=Layer.IMAGE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Make a user in the last stage, give it what the program writes to, and end with `USER`."),
    ),
    maps_to=("DL3002", "CKV_DOCKER_3", "CKV_DOCKER_8"),
    cause=Cause.PROJECT,
)
