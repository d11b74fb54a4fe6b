"""Makes the Target: every decision that two outputs share, from the project and its gaps."""

from __future__ import annotations

from dataclasses import replace

from scaffold.model.alternatives import ProfileChoice, choose_profiles, started
from scaffold.model.compose import Stack
from scaffold.model.environment import NeededVariable
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.model.target import EnvironmentTarget, Target
from scaffold.model.values import dns_label
from scaffold.model.workload import LeftOut, WorkloadPlan
from scaffold.plan.backup import plan_backup
from scaffold.plan.buckets import plan_buckets
from scaffold.plan.cluster_backup import backup_secret, plan_cluster_backup
from scaffold.plan.cycles import refuse_cycles
from scaffold.plan.delivery import plan_delivery
from scaffold.plan.dockerignore import plan_dockerignores
from scaffold.plan.edits import plan_edits
from scaffold.plan.edits.listed_files import with_overlays
from scaffold.plan.environment import host_secrets, plan_environment, secret_sources, with_templates
from scaffold.plan.first_start import first_start_notes, plan_first_starts
from scaffold.plan.guides import plan_guides
from scaffold.plan.hardening import plan_hardening
from scaffold.plan.images import plan_images
from scaffold.plan.monitoring import plan_monitoring
from scaffold.plan.mounted_env import with_mounted_variables
from scaffold.plan.needs import needed_variables, with_needed
from scaffold.plan.needs.unread import unread_notes
from scaffold.plan.object_keys import object_keys, with_own_keys
from scaffold.plan.rails import rails_databases
from scaffold.plan.release import release_tasks, services_that_migrate_at_once, with_release_tasks
from scaffold.plan.spelled_out import spelled_out
from scaffold.plan.stages import with_production_stages
from scaffold.plan.stores import plan_secrets, plan_stores
from scaffold.plan.url_forms import databases_in_urls
from scaffold.plan.workloads import plan_workloads

_OWN_TERRAFORM = "infra/terraform"
_BESIDE_TERRAFORM = "infra/terraform-scaffold"


def make_target(project: Project, gaps: tuple[Gap, ...]) -> Target:
    """Return the plan for a project that was read without the files that scaffold wrote."""
    stack, stage_notes = with_production_stages(project, project.production_stack) if project.production_stack else (None, ())
    configuration = project.configuration
    choice = choose_profiles(project, stack) if stack else None
    if stack:
        stack = started(stack, choice)
        refuse_cycles(stack)
    databases = {**databases_in_urls(project, stack), **rails_databases(project, stack)} if stack else {}
    stores = plan_stores(stack, project.name, configuration.redis, databases) if stack else ()
    managed = frozenset(store.service for store in stores if store.placement == "managed")
    needs = needed_variables(project, stack, managed) if stack else ()
    hardening = plan_hardening(project, needs)
    released = _as_released(project, stack, needs) if stack else None
    images = plan_images(released, project.name) if released else ()
    migrating = services_that_migrate_at_once(project, stack) if stack else frozenset()
    running = plan_workloads(project, released, stores, images, migrating) if released else WorkloadPlan()
    monitoring = plan_monitoring(project, gaps)
    backup = plan_backup(project, gaps, monitoring)
    base_set = stack.files if stack else ()
    terraform = _terraform_folder(project)
    overlays = (
        *((hardening.overlay,) if hardening else ()),
        *(monitoring.overlays if monitoring else ()),
        *(backup.overlays if backup else ()),
    )
    production_set = (*base_set, *overlays)
    tasks = tuple(with_overlays(task, overlays) for task in plan_edits(project, gaps))
    lacks_chart = bool(_chart_folder(project)) and not running.workloads
    chart = "" if lacks_chart else _chart_folder(project)
    cluster_backup = plan_cluster_backup(project, stack, running) if stack and chart else None
    secrets = plan_secrets(stores, running.workloads)
    secrets = (*secrets, *((backup_secret(cluster_backup),) if cluster_backup else ()))
    asked = (*(monitoring.variables if monitoring else ()), *(backup.asked if backup else ()))
    environment = plan_environment(project, project.production_stack, production_set, asked, tasks, needs=needs)
    keys = object_keys(released) if released else {}
    environment = with_own_keys(environment, keys)
    asking = (
        *(((monitoring.overlay, monitoring.variables),) if monitoring else ()),
        *(((backup.overlay, backup.variables),) if backup else ()),
    )
    environment = replace(
        environment,
        sources=secret_sources(environment, secrets),
        spelled_out=spelled_out(stack, asking, gaps) if stack else (),
    )
    secrets = (*secrets, *host_secrets(environment.sources))
    return Target(
        app=project.name,
        region=configuration.region,
        compute=configuration.compute,
        environments=tuple(EnvironmentTarget(name, name.startswith("prod")) for name in configuration.environments),
        stores=stores,
        secrets=secrets,
        workloads=running.workloads,
        images=images,
        settings=running.settings,
        volumes=running.volumes,
        buckets=plan_buckets(stores, running, cluster_backup),
        config_files=running.files,
        left_out=_left_out(running, choice),
        first_starts=plan_first_starts(project, stack, stores) if stack else (),
        notes=(
            *(stage_notes if chart else ()),
            *(first_start_notes(project, stack, stores) if stack else ()),
            *running.notes,
            *(unread_notes(needs) if chart else ()),
        ),
        paths=running.paths,
        routes=running.routes,
        base_set=base_set,
        production_set=production_set,
        profiles=choice,
        chart_folder=chart,
        lacks_chart=lacks_chart,
        terraform_folder=terraform,
        hardening=hardening,
        monitoring=monitoring,
        backup=backup,
        cluster_backup=cluster_backup,
        delivery=plan_delivery(project, gaps, images, stack, terraform),
        guides=plan_guides(project, running.workloads, overlays, (*((chart,) if chart else ()), terraform)),
        needs=needs,
        object_keys=tuple(sorted(keys.items())),
        environment=environment,
        dockerignores=plan_dockerignores(project, gaps),
        edit_tasks=with_templates(project, tasks, environment),
    )


def _as_released(project: Project, stack: Stack, needs: tuple[NeededVariable, ...]) -> Stack:
    """Return the stack as a cluster runs it: with what runs once before a release, every variable in the environment, and a
    build in CI for what people load into Docker on one host.
    """
    prepared = with_release_tasks(_built(stack), release_tasks(project, stack))
    return with_mounted_variables(project, with_needed(prepared, needs))


def _built(stack: Stack) -> Stack:
    brought = (replace(item, build=item.pulled) if item.is_brought_by_hand else item for item in stack.services)
    return replace(stack, services=tuple(brought))


def _left_out(running: WorkloadPlan, choice: ProfileChoice | None) -> tuple[LeftOut, ...]:
    """Return the services without a workload: those that none is made for, and those of profiles that do not start."""
    others = (LeftOut(name, reason) for name, reason in (choice.left_out if choice else ()))
    return tuple(sorted((*running.left_out, *others), key=lambda item: item.service))


def _terraform_folder(project: Project) -> str:
    """Return the folder for Terraform; files of the user's in the usual one move ours beside it (design page, section 5)."""
    taken = any(path.startswith(f"{_OWN_TERRAFORM}/") for path in project.files)
    return _BESIDE_TERRAFORM if taken else _OWN_TERRAFORM


def _chart_folder(project: Project) -> str:
    """Return the folder for the chart, "" where ECS runs the app or the repository has packaging of its own."""
    own = any(item.kind in {"helm", "kustomize", "kubernetes"} for item in project.infrastructure)
    return "" if own or project.configuration.compute != "eks" else f"deploy/helm/{dns_label(project.name)}"
