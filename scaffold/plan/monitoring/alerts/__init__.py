"""The alerts that fit what a stack runs: a group for each role, in the order of the runbook."""

from __future__ import annotations

from scaffold.model.alert import AlertGroup
from scaffold.model.http_metrics import HTTP_METRICS
from scaffold.model.monitoring import ComponentKind, MonitoringPlan, ScrapeJob
from scaffold.plan.monitoring.alerts.broker import rabbitmq_group
from scaffold.plan.monitoring.alerts.platform import (
    containers_group,
    host_group,
    monitoring_group,
    probes_group,
    targets_group,
)
from scaffold.plan.monitoring.alerts.service import celery_group, http_group, postgres_group, redis_group


def plan_alerts(plan: MonitoringPlan) -> tuple[AlertGroup, ...]:
    """Return the groups whose metrics the stack can give, in the order of the runbook; none when nothing loads them."""
    if not plan.own_rules:
        return ()
    probes = [job for job in plan.jobs if job.kind != "scrape"]
    exporters = tuple(job.name for job in plan.jobs if _is_exporters(plan, job))
    groups = [targets_group(tuple((job.name, _asked(plan, job)) for job in plan.jobs), exporters)]
    if probes:
        groups.append(probes_group(tls=any(item.address.startswith("https:") for job in probes for item in job.targets)))
    libraries = sorted({job.library for job in plan.jobs if job.library in HTTP_METRICS})
    groups += [http_group(HTTP_METRICS[library], library) for library in libraries]
    groups += _store_groups(plan)
    if plan.component(ComponentKind.NODE_EXPORTER):
        groups.append(host_group())
    if plan.component(ComponentKind.CADVISOR):
        groups.append(containers_group())
    groups.append(monitoring_group(logs=plan.job("loki") is not None and plan.job("alloy") is not None))
    return tuple(groups)


def _is_exporters(plan: MonitoringPlan, job: ScrapeJob) -> bool:
    """Whether the targets of a job are exporters, which tell about another service than themselves."""
    addresses = {f"{item.service}:{item.port}" for item in plan.components if item.watches}
    return any(target.address in addresses for target in job.targets)


def _asked(plan: MonitoringPlan, job: ScrapeJob) -> str:
    """Return the service that Prometheus really asks: an exporter or the prober, not what they tell about."""
    prober = plan.component(ComponentKind.BLACKBOX)
    if job.kind != "scrape" and prober:
        return prober.service
    target = job.targets[0]
    return target.address.partition(":")[0] if _is_exporters(plan, job) else target.service


def _store_groups(plan: MonitoringPlan) -> list[AlertGroup]:
    groups = []
    celery = plan.component(ComponentKind.CELERY_EXPORTER)
    if plan.component(ComponentKind.POSTGRES_EXPORTER):
        groups.append(postgres_group())
    if plan.component(ComponentKind.REDIS_EXPORTER):
        groups.append(redis_group(keeps_work=celery is not None))
    if celery:
        groups.append(celery_group(celery.watches or celery.service, events=plan.task_events))
    if any(job.library == "rabbitmq" for job in plan.jobs):
        groups.append(rabbitmq_group())
    return groups
