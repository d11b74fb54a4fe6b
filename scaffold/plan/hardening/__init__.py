"""Plans the hardening overlay: what the production services lack, by what their images are known to bear."""

from __future__ import annotations

from dataclasses import replace

from scaffold.model.ceilings import ceiling, has_cpu_setting, has_memory_limit
from scaffold.model.compose import Service
from scaffold.model.document import find, text_of
from scaffold.model.environment import NeededVariable
from scaffold.model.hardening import HardeningPlan, ServiceHardening
from scaffold.model.lasting import (
    follows_models,
    hardened_services,
    keeps_new_privileges,
    lacks_restart,
    raises_rights,
    words_of,
    works_on_the_host,
)
from scaffold.model.names import DATASTORES, Role
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.swarm import swarm_files
from scaffold.plan.hardening.images import RunningImage, running_image

OVERLAY = "compose.hardening.yaml"
_GRACE = {Role.WORKER: "2m", Role.SCHEDULER: "30s", **dict.fromkeys(DATASTORES, "1m")}
"""Ten seconds, the default, kill a job in the middle and a store before it has written its memory to the disk."""
_SIZED_DRIVERS = frozenset({"", "json-file"})
_WRITES_ELSEWHERE = regex(
    r"\.conf\b|--?(?:dir|logfile|pidfile|unixsocket)\b|log_directory|logging_collector|&&|[;>]|(?:^|[\s/])(?:ba)?sh\b"
)
_HEAP_SHARE = ("JAVA_TOOL_OPTIONS", "-XX:MaxRAMPercentage=75.0")
_HEAP_NAMES = frozenset({"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "JVM_OPTS", "CATALINA_OPTS"})


def plan_hardening(project: Project, needs: tuple[NeededVariable, ...] = ()) -> HardeningPlan | None:
    """Return what the overlay adds to the stack that stands for production, or None when nothing is missing; `needs` are
    the variables without which a service does not start.
    """
    stack = project.main_stack
    if stack is None or not stack.complete or not stack.is_runnable_in_production:
        return None
    hardened = tuple(hardened_services(stack))
    services = [_harden(project, service, ends=ends) for service, ends in hardened]
    listed = {service.name for service, _ in hardened}
    services += [ServiceHardening(service.name) for service in stack.services if service.name not in listed]
    services = [_with_needed(item, needs) for item in services]
    swarm, version = bool(swarm_files(project, stack)), text_of(stack.node.get("version"))
    services = [_for_swarm(item, version) if swarm else item for item in services]
    changed = tuple(sorted((item for item in services if item.changes), key=lambda item: item.service))
    if not changed:
        return None
    path = _free_path(project, stack.directory)
    return HardeningPlan(path, stack.directory, changed, swarm=swarm, version=version if swarm else "")


def _for_swarm(made: ServiceHardening, version: str) -> ServiceHardening:
    """Return what `docker stack deploy` heeds: it leaves out `restart` and `security_opt` and ends at `cpu_shares`
    (docker/cli, cli/compose/types), starts anew what ended by itself, and knows `init` since version 3.7 of the file.
    """
    numbers = [int(part) for part in version.split(".") if part.isdecimal()] if version else [3, 13]
    return replace(
        made,
        restart="",
        no_new_privileges=False,
        cpu_shares=0,
        init=made.init and numbers >= [3, 7],
        # Whether a swarm mounts `tmpfs` hangs on its version too: without it, a root file system stays as it is.
        read_only=made.read_only and not made.tmpfs,
        tmpfs=(),
    )


def _free_path(project: Project, directory: str) -> str:
    prefix = f"{directory}/" if directory else ""
    taken = frozenset(project.files) - project.owned
    candidates = [OVERLAY, "compose.hardened.yaml", *(f"compose.scaffold-hardening-{number}.yaml" for number in range(1, 100))]
    return next(prefix + name for name in candidates if prefix + name not in taken)


_WHY_NEEDED = {
    "code": "its code does not start without {}, which no other file of production sets",
    "local": "where nothing sets {}, its code takes what is right on a developer's machine alone",
}


def _harden(project: Project, service: Service, *, ends: bool) -> ServiceHardening:
    image = running_image(project, service)
    made = ServiceHardening(service.name, rotation=_grows_without_end(service))
    if works_on_the_host(service) or raises_rights(project, service):
        made = _because(made, "rights left as they are, because it works on the host or raises its rights at the start")
    else:
        made = _with_rights(made, service, image)
    if ends:
        return made
    return _with_limits(_with_process(made, service, image), service, image, by_models=follows_models(project, service))


def _with_needed(made: ServiceHardening, needs: tuple[NeededVariable, ...]) -> ServiceHardening:
    for source, why in _WHY_NEEDED.items():
        found = (need for need in needs if need.service == made.service and need.source == source)
        added = tuple((need.name, need.text) for need in found if need.kind != "unknown")
        if added:
            made = _because(replace(made, environment=(*made.environment, *added)), why.format(", ".join(dict(added))))
    return made


def _because(made: ServiceHardening, reason: str) -> ServiceHardening:
    return replace(made, reasons=(*made.reasons, reason)) if reason else made


# --- the process ------------------------------------------------------------------------------------------------------


def _with_process(made: ServiceHardening, service: Service, image: RunningImage) -> ServiceHardening:
    grace = _GRACE.get(service.role, "") if service.role else ""
    return replace(
        made,
        restart="unless-stopped" if lacks_restart(service) else "",
        init=image.needs_init and service.node.get("init") is None,
        stop_grace_period=grace if service.node.get("stop_grace_period") is None else "",
    )


def _grows_without_end(service: Service) -> bool:
    """Whether Docker keeps every line that the service ever writes."""
    node = service.node.get("logging")
    driver = text_of(find(node, "driver"))
    return driver in _SIZED_DRIVERS and find(node, "options", "max-size") is None


# --- limits -----------------------------------------------------------------------------------------------------------


def _with_limits(made: ServiceHardening, service: Service, image: RunningImage, *, by_models: bool) -> ServiceHardening:
    found = ceiling(service, java=image.java)
    if by_models or found is None:
        why = (
            "what it needs follows its models, which the files do not show"
            if by_models
            else "what it needs is not in the files"
        )
        return made if has_memory_limit(service) else _because(made, f"no memory limit, because {why}")
    if not has_memory_limit(service):
        made = replace(made, memory=f"{found.memory}M")
        if image.java and not _sets_its_heap(service):
            why = "JAVA_TOOL_OPTIONS lets the heap take three quarters of the limit; without it a JVM takes one quarter"
            made = _because(replace(made, environment=(_HEAP_SHARE,)), why)
    if has_cpu_setting(service):
        return made
    return replace(made, cpus=found.cpus, cpu_shares=0 if found.cpus else found.shares)


def _sets_its_heap(service: Service) -> bool:
    words = words_of(service)
    return bool(_HEAP_NAMES & {entry.name for entry in service.environment}) or "-Xm" in words or "RAMPercentage" in words


# --- rights -----------------------------------------------------------------------------------------------------------


def _with_rights(made: ServiceHardening, service: Service, image: RunningImage) -> ServiceHardening:
    """Return what the service can lose."""
    made = replace(made, no_new_privileges=keeps_new_privileges(service))
    return _read_only(_capabilities(made, service, image), service, image)


def _capabilities(made: ServiceHardening, service: Service, image: RunningImage) -> ServiceHardening:
    """Return which capabilities go; a list of theirs was thought about and stays as it is."""
    if service.node.get("cap_drop") is not None or image.keep is None:
        return made
    return _because(replace(made, drop_capabilities=True, keep_capabilities=image.keep), image.why)


def _read_only(made: ServiceHardening, service: Service, image: RunningImage) -> ServiceHardening:
    """Return the read-only root where the image is known to bear it and writes nowhere but to its mounts."""
    needs = image.needs
    if needs is None or needs.writable is None or service.node.get("read_only") is not None or service.node.get("tmpfs"):
        return made
    # Compose copies a secret or configuration that is no file into the container, which needs a root that can be written.
    copied = service.node.get("secrets") or service.node.get("configs")
    mounted = not needs.data or any(mount.target.startswith(needs.data) for mount in service.mounts)
    if copied or not mounted or service.entrypoint or _WRITES_ELSEWHERE.search(words_of(service)):
        return made
    taken = {mount.target.rstrip("/") for mount in service.mounts}
    return replace(made, read_only=True, tmpfs=tuple(path for path in needs.writable if path not in taken))
