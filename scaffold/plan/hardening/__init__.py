"""Plans the hardening overlay: what the production services lack, by what their images are known to bear."""

from __future__ import annotations

import re
from dataclasses import replace

from scaffold.model.compose import Service, Stack
from scaffold.model.document import find, scalars_of, text_of
from scaffold.model.hardening import HardeningPlan, ServiceHardening
from scaffold.model.names import DATASTORES, Role
from scaffold.model.project import Project
from scaffold.plan.hardening.images import RunningImage, running_image
from scaffold.plan.hardening.limits import (
    ceiling,
    has_cpu_setting,
    has_memory_limit,
    has_own_devices,
    loads_models,
)

OVERLAY = "compose.hardening.yaml"
_NOT_OURS = frozenset({Role.E2E, Role.MOCK, Role.ADMIN_UI})
"""Tools of tests and of people's hands: they do not run in production, or are judged as what they are."""
_LONG_RUNNING = DATASTORES | {
    *(Role.CACHE, Role.WEB, Role.WORKER, Role.SCHEDULER, Role.FRONTEND, Role.PROXY, Role.ML_INFERENCE),
    *(Role.MONITORING, Role.LOGGING, Role.TRACING),
}
_GRACE = {Role.WORKER: "2m", Role.SCHEDULER: "30s", **dict.fromkeys(DATASTORES, "1m")}
"""Ten seconds, the default, kill a job in the middle and a store before it has written its memory to the disk."""
_HOST_KEYS = ("privileged", "devices", "cgroup_parent", "userns_mode", "sysctls", "runtime", "device_cgroup_rules")
_SIZED_DRIVERS = frozenset({"", "json-file"})
_RAISES_RIGHTS = re.compile(r"\b(?:sudo|su|mount|ping|setcap|chroot)\b")
_WRITES_ELSEWHERE = re.compile(
    r"\.conf\b|--?(?:dir|logfile|pidfile|unixsocket)\b|log_directory|logging_collector|&&|[;>]|(?:^|[\s/])(?:ba)?sh\b"
)
_HEAP_SHARE = ("JAVA_TOOL_OPTIONS", "-XX:MaxRAMPercentage=75.0")
_HEAP_NAMES = frozenset({"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JAVA_OPTS", "JVM_OPTS", "CATALINA_OPTS"})


def plan_hardening(project: Project) -> HardeningPlan | None:
    """Return what the overlay adds to the stack that stands for production, or None when nothing is missing."""
    stack = project.main_stack
    if stack is None or not stack.complete or not stack.is_runnable_in_production:
        return None
    jobs = _awaited_jobs(stack)
    services = [_harden(project, service, ends=_ends(service, jobs)) for service in stack.services if _is_ours(service)]
    changed = tuple(sorted((item for item in services if item.changes), key=lambda item: item.service))
    if not changed:
        return None
    return HardeningPlan(_free_path(project, stack.directory), stack.directory, changed)


def _is_ours(service: Service) -> bool:
    return service.role not in _NOT_OURS and service.node.get("provider") is None and bool(service.image or service.build)


def _awaited_jobs(stack: Stack) -> frozenset[str]:
    """Return the services that others wait for until they end."""
    edges = (edge for service in stack.services for edge in service.depends_on)
    return frozenset(edge.service for edge in edges if edge.condition == "service_completed_successfully")


def _ends(service: Service, jobs: frozenset[str]) -> bool:
    return service.has_role(Role.ONE_SHOT) or service.name in jobs


def _free_path(project: Project, directory: str) -> str:
    prefix = f"{directory}/" if directory else ""
    taken = frozenset(project.files) - project.owned
    candidates = [OVERLAY, "compose.hardened.yaml", *(f"compose.scaffold-hardening-{number}.yaml" for number in range(1, 100))]
    return next(prefix + name for name in candidates if prefix + name not in taken)


def _harden(project: Project, service: Service, *, ends: bool) -> ServiceHardening:
    image = running_image(project, service)
    made = _with_rights(ServiceHardening(service.name, rotation=_grows_without_end(service)), service, image)
    return made if ends else _with_limits(_with_process(made, service, image), service, image)


def _because(made: ServiceHardening, reason: str) -> ServiceHardening:
    return replace(made, reasons=(*made.reasons, reason)) if reason else made


# --- the process ------------------------------------------------------------------------------------------------------


def _with_process(made: ServiceHardening, service: Service, image: RunningImage) -> ServiceHardening:
    declared = service.restart or find(service.node, "deploy", "restart_policy")
    grace = _GRACE.get(service.role, "") if service.role else ""
    return replace(
        made,
        restart="unless-stopped" if service.role in _LONG_RUNNING and not declared else "",
        init=image.needs_init and service.node.get("init") is None,
        stop_grace_period=grace if service.node.get("stop_grace_period") is None else "",
    )


def _grows_without_end(service: Service) -> bool:
    """Whether Docker keeps every line that the service ever writes."""
    node = service.node.get("logging")
    driver = text_of(find(node, "driver"))
    return driver in _SIZED_DRIVERS and find(node, "options", "max-size") is None


# --- limits -----------------------------------------------------------------------------------------------------------


def _with_limits(made: ServiceHardening, service: Service, image: RunningImage) -> ServiceHardening:
    found = ceiling(service, java=image.java)
    follows_models = service.role is Role.ML_INFERENCE or has_own_devices(service) or loads_models(image.dependencies)
    if follows_models or found is None:
        why = (
            "what it needs follows its models, which the files do not show"
            if follows_models
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
    words = _words(service)
    return bool(_HEAP_NAMES & {entry.name for entry in service.environment}) or "-Xm" in words or "RAMPercentage" in words


# --- rights -----------------------------------------------------------------------------------------------------------


def _with_rights(made: ServiceHardening, service: Service, image: RunningImage) -> ServiceHardening:
    """Return what the service can lose; one that works on the host itself, or by sudo, is left as it is."""
    if _works_on_the_host(service) or image.raises_rights or _RAISES_RIGHTS.search(_words(service)):
        return _because(made, "rights left as they are, because it works on the host or raises its rights at the start")
    options = [text_of(item) for item in scalars_of(service.node.get("security_opt"))]
    made = replace(made, no_new_privileges=not any(option.startswith("no-new-privileges") for option in options))
    return _read_only(_capabilities(made, service, image), service, image)


def _words(service: Service) -> str:
    return " ".join((*(service.entrypoint or ()), *(service.command or ())))


def _works_on_the_host(service: Service) -> bool:
    shared = any(text_of(service.node.get(key)) == "host" for key in ("pid", "ipc", "network_mode", "uts"))
    given = any((node := service.node.get(key)) is not None and text_of(node) != "false" for key in _HOST_KEYS)
    return shared or given or has_own_devices(service)


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
    if copied or not mounted or service.entrypoint or _WRITES_ELSEWHERE.search(_words(service)):
        return made
    taken = {mount.target.rstrip("/") for mount in service.mounts}
    return replace(made, read_only=True, tmpfs=tuple(path for path in needs.writable if path not in taken))
