"""Makes the Target: every decision that two outputs share, from the project and its gaps."""

from __future__ import annotations

from scaffold.model.compose import Stack
from scaffold.model.gap import Gap
from scaffold.model.names import DATASTORES, Role
from scaffold.model.project import Project
from scaffold.model.target import EnvironmentTarget, Target, Workload
from scaffold.plan.edits import plan_edits
from scaffold.plan.hardening import plan_hardening
from scaffold.plan.images import plan_images
from scaffold.plan.monitoring import plan_monitoring
from scaffold.plan.stores import plan_secrets, plan_stores

MONITORING_OVERLAY = "compose.monitoring.yaml"
_OWN_TERRAFORM = "infra/terraform"
_BESIDE_TERRAFORM = "infra/terraform-scaffold"
_NO_WORKLOAD = DATASTORES | {Role.E2E, Role.MONITORING, Role.LOGGING, Role.TRACING, Role.ADMIN_UI, Role.MOCK}


def make_target(project: Project, gaps: tuple[Gap, ...]) -> Target:
    """Return the plan for a project that was read without the files that scaffold wrote."""
    stack = _production_stack(project)
    configuration = project.configuration
    stores = plan_stores(stack, project.name) if stack else ()
    hardening = plan_hardening(project)
    monitoring = plan_monitoring(project, gaps)
    base_set = stack.files if stack else ()
    return Target(
        app=project.name,
        region=configuration.region,
        compute=configuration.compute,
        environments=tuple(EnvironmentTarget(name, name.startswith("prod")) for name in configuration.environments),
        stores=stores,
        secrets=plan_secrets(stack, stores) if stack else (),
        workloads=_workloads(stack) if stack else (),
        images=plan_images(stack, project.name) if stack else (),
        base_set=base_set,
        production_set=(*base_set, *((hardening.overlay,) if hardening else ()), *(monitoring.overlays if monitoring else ())),
        terraform_folder=_terraform_folder(project),
        hardening=hardening,
        monitoring=monitoring,
        edit_tasks=plan_edits(project, gaps),
    )


def _production_stack(project: Project) -> Stack | None:
    stack = project.main_stack
    return stack if stack and stack.complete and stack.is_runnable_in_production else None


def _workloads(stack: Stack) -> tuple[Workload, ...]:
    own = [service for service in stack.services if service.role not in _NO_WORKLOAD]
    return tuple(
        Workload(service.name, service.role, str(service.image or "") if not service.build else "", service.listens)
        for service in sorted(own, key=lambda service: service.name)
    )


def _terraform_folder(project: Project) -> str:
    """Return the folder for Terraform; files of the user's in the usual one move ours beside it (design page, section 5)."""
    taken = any(path.startswith(f"{_OWN_TERRAFORM}/") for path in project.files)
    return _BESIDE_TERRAFORM if taken else _OWN_TERRAFORM
