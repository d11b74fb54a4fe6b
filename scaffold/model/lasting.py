"""Which services run on in production, and what hardening can take from them: shared by the rules and the overlay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.ceilings import ceiling, has_own_devices, loads_models
from scaffold.model.compose import Service, Stack
from scaffold.model.document import find, scalars_of, text_of
from scaffold.model.known import known
from scaffold.model.names import DATASTORES, Role
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_TOOLS = frozenset({Role.E2E, Role.MOCK, Role.ADMIN_UI})
"""Tools of tests and of people's hands: they do not run in production, or are judged as what they are."""
_LONG_RUNNING = DATASTORES | {
    *(Role.CACHE, Role.WEB, Role.WORKER, Role.SCHEDULER, Role.FRONTEND, Role.PROXY, Role.ML_INFERENCE),
    *(Role.MONITORING, Role.LOGGING, Role.TRACING),
}
_HOST_KEYS = ("privileged", "devices", "cgroup_parent", "userns_mode", "sysctls", "runtime", "device_cgroup_rules")
_RAISES_RIGHTS = regex(r"\b(?:sudo|su|mount|ping|setcap|chroot)\b", words=("chroot", "mount", "ping", "setcap", "su"))
_SETS_RIGHTS_UP = regex(r"\bsudo\b|\bsetcap\b|chmod\s+\S*(?:[2-7][0-7]{3}|[ug]\+s)\b")


def hardened_services(stack: Stack) -> Iterator[tuple[Service, bool]]:
    """Yield each service that the hardening overlay looks at, and whether it ends by itself."""
    awaited = awaited_jobs(stack)
    for service in stack.services:
        if is_hardened(service):
            yield service, service.has_role(Role.ONE_SHOT) or service.name in awaited or ends_by_its_command(service)


def awaited_jobs(stack: Stack) -> frozenset[str]:
    """Return the services that others wait for until they end."""
    return known(_awaited_jobs, stack)


def _awaited_jobs(stack: Stack) -> frozenset[str]:
    edges = (edge for service in stack.services for edge in service.depends_on)
    return frozenset(edge.service for edge in edges if edge.condition == "service_completed_successfully")


def is_hardened(service: Service) -> bool:
    """Whether the hardening overlay looks at a service: it runs in production and is no tool of people's hands."""
    runs = service.build is not None or service.node.get("image") is not None
    return runs and service.role not in _TOOLS and service.node.get("provider") is None


_SHELLS = frozenset({"ash", "bash", "sh"})
_GOES_ON = regex(r"\b(?:while|until|for|sleep|crond?|supercronic|tail)\b")
"""What keeps a container there after its first command."""


def lacks_restart(service: Service) -> bool:
    """Whether a service that has to run on says nothing of what happens when it ends."""
    return not service.restart and not find(service.node, "deploy", "restart_policy") and has_to_run_on(service)


def has_to_run_on(service: Service) -> bool:
    """Whether a service is one that people or other services reach at any time."""
    return (service.role in _LONG_RUNNING or answers(service)) and not ends_with_certificate(service)


def ends_with_certificate(service: Service) -> bool:
    """Whether a service gets a certificate and ends: certbot and lego do, unless a shell around them goes on."""
    image = service.image
    certifies = image is not None and (image.name in {"certbot", "lego"} or image.repository.startswith("certbot/dns-"))
    return certifies and not _GOES_ON.search(words_of(service))


_FINITE = frozenset(
    {
        *(":", "cat", "chgrp", "chmod", "chown", "cp", "echo", "exit", "install", "ln", "ls", "mkdir", "mv", "printf", "rm"),
        *("rsync", "tar", "test", "touch", "true", "unzip", "wget"),
    }
)
"""Programs that do one thing and end."""


def ends_by_its_command(service: Service) -> bool:
    """Whether a service that nothing starts anew runs commands alone that do one thing and end, such as `echo` and `cp`."""
    if service.restart or service.role is not None or answers(service) or find(service.node, "deploy", "restart_policy"):
        return False
    words = (*(service.entrypoint or ()), *(service.command or ()))
    text = words_of(service) if len(words) < 3 or words[0].rpartition("/")[2] not in _SHELLS else words[2]
    parts = [part.split() for part in re.split(r"&&|\|\||[;\n]", text)]
    programs = {part[0].rpartition("/")[2] for part in parts if part}
    return bool(programs) and programs <= _FINITE and not _GOES_ON.search(text)


def answers(service: Service) -> bool:
    """Whether a service whose role nobody knows is a server: others reach a port of it, or its health is checked."""
    checked = service.healthcheck is not None and not service.healthcheck.disabled
    return service.role is None and (bool(service.ports or service.expose) or checked)


def words_of(service: Service) -> str:
    """Return entrypoint and command as one text."""
    return " ".join((*(service.entrypoint or ()), *(service.command or ())))


def builder_of(project: Project, service: Service) -> Service:
    """Return the service of the main stack that builds the image which `service` names, else `service` itself."""
    stack = project.main_stack
    if service.build is not None or stack is None or service.image is None:
        return service
    return known(_builders, stack).get(service.image, service)


def _builders(stack: Stack) -> dict[ImageReference, Service]:
    """Return the first service that builds each image."""
    return {service.image: service for service in reversed(stack.services) if service.build and service.image is not None}


def packages_of(project: Project, service: Service) -> frozenset[str]:
    """Return the packages of the manifests in the context from which the image of a service is built."""
    build = builder_of(project, service).build
    context = build.context if build else None
    if context is None:
        return frozenset()
    prefix = "" if context in {"", "."} else f"{context.removeprefix('./').rstrip('/')}/"
    names = (name for item in project.manifests if item.path.startswith(prefix) for name in item.dependencies)
    return frozenset(re.split(r"[\s<>=~!;\[(@]", name.lower(), maxsplit=1)[0] for name in names)


def follows_models(project: Project, service: Service) -> bool:
    """Whether the memory that a service needs follows its models or its devices, which the files do not show."""
    return service.role is Role.ML_INFERENCE or has_own_devices(service) or loads_models(packages_of(project, service))


def has_ceiling(project: Project, service: Service) -> bool:
    """Whether there is a memory limit that is safe for a service by its role alone."""
    return not follows_models(project, service) and ceiling(service, java=False) is not None


# --- rights -----------------------------------------------------------------------------------------------------------


def works_on_the_host(service: Service) -> bool:
    """Whether a service shares a part of the host, so that it needs rights which others do not."""
    shared = any(text_of(service.node.get(key)) == "host" for key in ("pid", "ipc", "network_mode", "uts"))
    given = any((node := service.node.get(key)) is not None and text_of(node) != "false" for key in _HOST_KEYS)
    return shared or given or has_own_devices(service)


def raises_rights(project: Project, service: Service) -> bool:
    """Whether a service gains rights as it starts: by sudo and the like, or by files that its Dockerfile sets up so."""
    build = builder_of(project, service).build
    dockerfile = project.dockerfile(build.dockerfile) if build else None
    return bool(
        _RAISES_RIGHTS.search(words_of(service)) or (dockerfile and _SETS_RIGHTS_UP.search(instructions_of(dockerfile)))
    )


def instructions_of(dockerfile: Dockerfile) -> str:
    """Return every instruction of a Dockerfile as one text."""
    return " ".join(item.text for stage in dockerfile.stages for item in stage.instructions)


def keeps_new_privileges(service: Service) -> bool:
    """Whether nothing says `no-new-privileges` for a service."""
    options = [text_of(item) for item in scalars_of(service.node.get("security_opt"))]
    return not any(option.startswith("no-new-privileges") for option in options)
