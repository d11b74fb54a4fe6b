"""Plans monitoring: what runs already is wired, what is missing is added, and only what the files prove is scraped."""

from __future__ import annotations

import json
from dataclasses import replace

from scaffold.model.gap import Gap
from scaffold.model.monitoring import Component, ComponentKind, MonitoringPlan, Remark, ScrapeJob, Variable
from scaffold.model.profiles import PROFILES_VARIABLE, env_path
from scaffold.model.project import Project
from scaffold.plan.monitoring.alerts import plan_alerts
from scaffold.plan.monitoring.exporters import is_celery_worker, sends_task_events
from scaffold.plan.monitoring.free import Taken
from scaffold.plan.monitoring.jobs import plan_jobs
from scaffold.plan.monitoring.programs import GRAFANA_PASSWORD, plan_programs
from scaffold.plan.monitoring.scope import Scope, find_scope


def plan_monitoring(project: Project, gaps: tuple[Gap, ...]) -> MonitoringPlan | None:  # noqa: ARG001 - what closes them depends on files alone
    """Return the monitoring of a project that was read without scaffold's files, or None when there is nothing to monitor."""
    scope = find_scope(project)
    if scope is None:
        return None
    programs = plan_programs(scope, Taken.by(project, scope.stack))
    jobs, unwatched = plan_jobs(scope, programs.components)
    components = _with_job_networks(scope, programs.components, jobs)
    celery = [service for service in scope.watched if is_celery_worker(service)]
    added = [item for item in components if not item.theirs]
    if not added and not programs.loads:
        return None
    plan = MonitoringPlan(
        folder=scope.folder,
        overlay=scope.overlay,
        directory=scope.stack.directory,
        base_set=scope.base_set,
        their_overlays=scope.their_overlays,
        components=components,
        jobs=_unique(jobs, programs.carried),
        profiles=scope.profiles,
        new_networks=(scope.hub,) if scope.hub_is_new else (),
        carried_configuration=programs.carried,
        own_rules=programs.loads,
        their_data_sources=_has_data_sources(scope),
        their_rules=programs.their_rules,
        task_events=bool(celery) and all(sends_task_events(service) for service in celery),
        variables=_variables(components, programs.variables),
        remarks=_unique_remarks((*programs.remarks, *_left_overlays(scope), *_enabled_by_file(scope))),
        unwatched=unwatched,
    )
    return replace(plan, alert_groups=plan_alerts(plan))


def _with_job_networks(scope: Scope, components: tuple[Component, ...], jobs: tuple[ScrapeJob, ...]) -> tuple[Component, ...]:
    """Return the components with Prometheus on a network of everything it scrapes, and the prober on those it probes."""
    scraped = [target.service for job in jobs if job.kind == "scrape" for target in job.targets]
    probed = [target.service for job in jobs if job.kind != "scrape" for target in job.targets]
    wanted = {ComponentKind.PROMETHEUS: scraped, ComponentKind.BLACKBOX: probed}
    made = {item.service: item.networks for item in components}

    def added(item: Component) -> tuple[str, ...]:
        joined = list(item.networks)
        for name in wanted.get(item.kind, ()):
            service = scope.stack.service(name)
            reachable = made.get(name) or ((service.networks or ("default",)) if service else ())
            if item.kind is ComponentKind.PROMETHEUS and name in {c.watches for c in components}:
                continue
            if reachable and not set(reachable) & set(joined):
                joined.append(reachable[0])
        return tuple(joined[len(item.networks) :])

    return tuple(replace(item, networks=(*item.networks, *added(item)), added_networks=added(item)) for item in components)


def _unique(jobs: tuple[ScrapeJob, ...], carried: str) -> tuple[ScrapeJob, ...]:
    """Return the jobs with names that the carried configuration does not use."""
    data = json.loads(carried) if carried else {}
    theirs = {job.get("job_name") for job in data.get("scrape_configs") or [] if isinstance(job, dict)}
    return tuple(replace(job, name=f"{job.name}-scaffold") if job.name in theirs else job for job in jobs)


def _has_data_sources(scope: Scope) -> bool:
    files = scope.project.monitoring_files
    return scope.their(ComponentKind.GRAFANA) is not None and any(file.kind == "grafana-datasource" for file in files)


def _variables(components: tuple[Component, ...], found: tuple[Variable, ...]) -> tuple[Variable, ...]:
    grafana = next((item for item in components if item.kind is ComponentKind.GRAFANA and not item.theirs), None)
    own = (Variable(GRAFANA_PASSWORD, "the password of Grafana's user admin"),) if grafana else ()
    unique = {variable.name: variable for variable in reversed((*own, *found))}
    return tuple(unique[name] for name in sorted(unique))


def _left_overlays(scope: Scope) -> tuple[Remark, ...]:
    """Name the incomplete monitoring overlays of theirs that ours stands in for."""
    remarks = []
    for stack in scope.project.stacks:
        if not stack.complete and any(scope.is_watcher(service) for service in stack.services):
            path = stack.files[-1]
            text = f"it cannot join the stack, so no command here uses it: {scope.overlay} stands in for it"
            remarks.append(Remark(path, text))
    return tuple(remarks)


def _enabled_by_file(scope: Scope) -> tuple[Remark, ...]:
    """Say that the .env decides which services start, where it starts one that is watched."""
    if not any(service.profiles for service in scope.watched) or not scope.enabled:
        return ()
    text = f"its {PROFILES_VARIABLE} starts services behind profiles: they are watched; generate again when it changes"
    return (Remark(env_path(scope.stack.directory), text),)


def _unique_remarks(remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    return tuple(sorted(dict.fromkeys(remarks), key=lambda item: (item.subject, item.text)))
