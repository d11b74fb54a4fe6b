"""Which services of the stack get a workload, of which kind, and why the others get none."""

from __future__ import annotations

from scaffold.model.compose import Service, Stack
from scaffold.model.document import find, text_of
from scaffold.model.lasting import ends_by_its_command
from scaffold.model.left_out import why_left_out
from scaffold.model.names import Role
from scaffold.model.project import Project
from scaffold.model.target import Store
from scaffold.model.workload import LeftOut
from scaffold.plan.workloads.scope import is_long_running


def select(project: Project, stack: Stack, stores: tuple[Store, ...]) -> tuple[tuple[Service, ...], tuple[LeftOut, ...]]:
    """Return the services that run as workloads, and those that do not, both sorted by name."""
    managed = {store.service: store for store in stores if store.placement == "managed"}
    kept: list[Service] = []
    left: list[LeftOut] = []
    for service in sorted(stack.services, key=lambda item: item.name):
        if service.name in managed:
            left.append(LeftOut(service.name, managed[service.name].reason, "managed"))
            continue
        reason = why_left_out(project, stack, service)
        if reason:
            left.append(LeftOut(service.name, reason))
        else:
            kept.append(service)
    return tuple(kept), tuple(left)


def workload_kind(stack: Stack, service: Service) -> str:
    """Return deployment, stateful-set, job or daemon-set (behaviour of `restart`, `deploy.mode` and of who waits for it)."""
    mode = text_of(find(service.node, "deploy", "mode"))
    if mode in {"replicated-job", "global-job"} or _runs_once(stack, service):
        return "job"
    if service.is_datastore:
        return "stateful-set"
    return "daemon-set" if mode == "global" else "deployment"


def _runs_once(stack: Stack, service: Service) -> bool:
    awaited = any(
        edge.service == service.name and edge.condition == "service_completed_successfully"
        for other in stack.services
        for edge in other.depends_on
    )
    if awaited or service.has_role(Role.ONE_SHOT) or ends_by_its_command(service):
        return True
    ends = service.restart == "no" or service.restart.startswith("on-failure")
    return ends and not is_long_running(service) and not service.ports and not service.listens
