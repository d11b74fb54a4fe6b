"""What Prometheus scrapes and what the prober asks, and which services nothing can watch."""

from __future__ import annotations

from scaffold.model.compose import Service
from scaffold.model.monitoring import Component, ComponentKind, Remark, ScrapeAddress, ScrapeJob
from scaffold.model.names import Role
from scaffold.plan.monitoring.exporters import has_exporter
from scaffold.plan.monitoring.probes import health_url, metrics_routes, store_metrics, tcp_address
from scaffold.plan.monitoring.scope import Scope

_JOB_OF = {
    ComponentKind.POSTGRES_EXPORTER: "postgres",
    ComponentKind.REDIS_EXPORTER: "redis",
    ComponentKind.CELERY_EXPORTER: "celery",
    ComponentKind.NODE_EXPORTER: "node",
    ComponentKind.CADVISOR: "cadvisor",
    ComponentKind.BLACKBOX: "blackbox",
    ComponentKind.ALERTMANAGER: "alertmanager",
    ComponentKind.LOKI: "loki",
    ComponentKind.ALLOY: "alloy",
}
_BACKGROUND = {Role.WORKER, Role.SCHEDULER, Role.ONE_SHOT}


def plan_jobs(scope: Scope, components: tuple[Component, ...]) -> tuple[tuple[ScrapeJob, ...], tuple[Remark, ...]]:
    """Return the jobs, and a remark for every service that is neither scraped nor probed."""
    if not any(item.kind is ComponentKind.PROMETHEUS for item in components):
        return (), ()
    known = _scraped_already(scope)
    jobs = [*_program_jobs(scope, components, known), *_native_jobs(scope, known)]
    kinds = ("probe-http", "probe-local", "probe-tcp") if _has(components, ComponentKind.BLACKBOX) else ()
    probes: dict[str, list[ScrapeAddress]] = {kind: [] for kind in kinds}
    unwatched = []
    read = {item.watches for item in components}
    for service in (item for item in scope.watched if item.name not in read or item.network_mode):
        reason = _watch(scope, service, probes)
        if reason:
            unwatched.append(Remark(service.name, reason))
    idle = [service for service in scope.stack.services if not scope.runs(service) and not scope.is_watcher(service)]
    for service in idle:
        text = f"it starts only with the profile {' or '.join(service.profiles)}, which the production set does not enable"
        unwatched.append(Remark(service.name, text))
    unwatched += _tools(scope, components, known)
    jobs += [ScrapeJob(kind, kind, tuple(targets), "/probe") for kind, targets in probes.items() if targets]
    return tuple(jobs), tuple(sorted(unwatched, key=lambda item: item.subject))


def _tools(scope: Scope, components: tuple[Component, ...], known: frozenset[str]) -> list[Remark]:
    """Name the tools of theirs, such as a tracing backend, that are no part of this monitoring and that nothing scrapes."""
    used = {item.service for item in components} | {address.rpartition(":")[0] for address in known}
    tools = [service for service in scope.stack.services if scope.runs(service) and scope.is_watcher(service)]
    text = "it is a tool for operations of its own, which nothing here uses or asks; its logs and its container are watched"
    return [Remark(service.name, text) for service in tools if not used & set(service.names)]


def _has(components: tuple[Component, ...], kind: ComponentKind) -> bool:
    return any(item.kind is kind for item in components)


def _scraped_already(scope: Scope) -> frozenset[str]:
    """Return the addresses that their own Prometheus configuration names."""
    if scope.their(ComponentKind.PROMETHEUS) is None:
        return frozenset()
    return frozenset(f"{target.host}:{target.port}" for config in scope.project.prometheus for target in config.targets)


def _program_jobs(scope: Scope, components: tuple[Component, ...], known: frozenset[str]) -> list[ScrapeJob]:
    targets: dict[str, list[ScrapeAddress]] = {}
    for item in components:
        if item.kind is ComponentKind.PROMETHEUS:
            address = ScrapeAddress("localhost:9090", item.service)
            targets.setdefault("prometheus", []).append(address)
        elif item.kind in _JOB_OF and f"{item.service}:{item.port}" not in known:
            address = ScrapeAddress(f"{item.service}:{item.port}", item.watches or item.service)
            targets.setdefault(_JOB_OF[item.kind], []).append(address)
    if "localhost:9090" in known and scope.their(ComponentKind.PROMETHEUS):
        targets.pop("prometheus", None)
    return [ScrapeJob(name, "scrape", tuple(found)) for name, found in targets.items()]


def _native_jobs(scope: Scope, known: frozenset[str]) -> list[ScrapeJob]:
    """Return jobs for metrics that applications and stores serve by themselves."""
    jobs = []
    for service in scope.watched:
        if service.network_mode:
            continue
        for address, path, library in metrics_routes(scope.project, service):
            if address.address not in known:
                jobs.append(ScrapeJob(f"app-{service.name}", "scrape", (address,), path, library))
        native = store_metrics(service)
        if native and f"{service.name}:{native[0]}" not in known:
            target = ScrapeAddress(f"{service.name}:{native[0]}", service.name)
            jobs.append(ScrapeJob(f"store-{service.name}", "scrape", (target,), native[1], native[2]))
    return jobs


def _watch(scope: Scope, service: Service, probes: dict[str, list[ScrapeAddress]]) -> str:
    """Add the probe of one service; return why there is none."""
    if service.network_mode:
        return f"its network mode is {service.network_mode}, so no other container reaches it by name"
    if not probes or service.has_role(Role.ONE_SHOT, Role.E2E):
        return "it runs to its end; its logs and its container are watched" if service.has_role(Role.ONE_SHOT, Role.E2E) else ""
    if has_exporter(service):
        return ""
    found = health_url(scope.project, service)
    if found:
        url, local = found
        probes["probe-local" if local else "probe-http"].append(ScrapeAddress(url, service.name))
        return ""
    address = tcp_address(service)
    if address:
        probes["probe-tcp"].append(address)
        return ""
    return _why_not(service)


def _why_not(service: Service) -> str:
    if service.role in _BACKGROUND:
        return "it serves no port; its logs and its container are watched"
    return "no file says at which port it can be asked; its logs and its container are watched"
