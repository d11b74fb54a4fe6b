"""What a service's image is like as a process: who it runs as, what it needs, whether it reaps its children."""

from __future__ import annotations

from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.lasting import builder_of, instructions_of, words_of
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference
from scaffold.plan.hardening.capabilities import OWN_IMAGE_KEEPS, OWN_IMAGE_WHY, ImageNeeds, image_needs

_LANGUAGE_BASES = frozenset(
    {
        *("python", "node", "golang", "ruby", "rust", "php", "elixir", "erlang", "perl", "bun", "deno", "scratch"),
        *("debian", "ubuntu", "alpine", "busybox", "fedora", "rockylinux", "almalinux", "amazonlinux", "buildpack-deps"),
        *(
            "openjdk",
            "eclipse-temurin",
            "amazoncorretto",
            "ibm-semeru-runtimes",
            "sapmachine",
            "aspnet",
            "runtime",
            "runtime-deps",
        ),
    }
)
"""Bases whose entrypoint changes no user and whose programs carry no capability."""
_JAVA_BASES = frozenset({"openjdk", "eclipse-temurin", "amazoncorretto", "ibm-semeru-runtimes", "sapmachine", "zulu-openjdk"})
_NEEDS_INIT_BASES = frozenset({"python", "node", "ruby", "php", "golang", "bun", "deno", "debian", "ubuntu", "alpine"})
_HAS_INIT = regex(r"\b(?:tini|dumb-init|s6-overlay|s6-svscan|supervisord?|runit|systemd|catatonit)\b|(?:^|[\s\"'\[])/init\b")
_ROOT = frozenset({"", "0", "root"})


@frozen
class RunningImage:
    """The facts by which a service is hardened; `keep` is None where dropping capabilities is not known to be safe."""

    needs: ImageNeeds | None
    keep: tuple[str, ...] | None
    why: str = ""
    needs_init: bool = False
    java: bool = False


def running_image(project: Project, service: Service) -> RunningImage:
    """Return what is known of the image that a service runs."""
    service = builder_of(project, service)
    if service.build is None:
        needs = image_needs(service.image)
        keep, why = _kept(needs, service.user)
        return RunningImage(needs, keep, why)
    dockerfile = project.image_of(service)
    return _own(service, dockerfile) if dockerfile else RunningImage(None, None)


def _own(service: Service, dockerfile: Dockerfile) -> RunningImage:
    target = service.build_target
    base = _root_base(dockerfile, target)
    text = instructions_of(dockerfile)
    needs = image_needs(base)
    user = service.user or _user(dockerfile, target)
    name = base.name if base else ""
    language = base is not None and (name in _LANGUAGE_BASES or base.repository.startswith("distroless/"))
    if needs is not None:
        keep, why = _kept(needs, user)
    elif user.partition(":")[0] not in _ROOT and language:
        keep, why = (), ""
    else:
        keep, why = (OWN_IMAGE_KEEPS, OWN_IMAGE_WHY) if language else (None, "")
    return RunningImage(
        # What the project adds to a known image may write anywhere.
        None,
        keep,
        why,
        needs_init=name in _NEEDS_INIT_BASES and needs is None and not _HAS_INIT.search(f"{text} {words_of(service)}"),
        java=name in _JAVA_BASES or (base is not None and "java" in base.repository and "distroless" in base.repository),
    )


def _kept(needs: ImageNeeds | None, user: str) -> tuple[tuple[str, ...] | None, str]:
    """Return the capabilities to keep for a known image that this user starts."""
    if needs is None:
        return None, ""
    if user.partition(":")[0] not in _ROOT:
        return needs.as_any_user, ""
    return tuple(sorted({*needs.keep, *needs.as_any_user})), needs.why


def _root_base(dockerfile: Dockerfile, target: str) -> ImageReference | None:
    """Return the image below all stages of the one that runs, or None when it is unknown."""
    stage = dockerfile.stage(target)
    for _ in dockerfile.stages:
        if stage is None:
            return None
        inner = next((other for other in dockerfile.stages if other.alias and stage and other.alias == stage.base), None)
        if inner is None:
            break
        stage = inner
    base = stage.base if stage else ""
    return ImageReference.parse(base) if base and "$" not in base else None


def _user(dockerfile: Dockerfile, target: str) -> str:
    instruction = dockerfile.effective("USER", target)
    return instruction.text.strip() if instruction else ""
