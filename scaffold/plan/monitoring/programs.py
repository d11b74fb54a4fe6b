"""The programs of the monitoring stack: theirs where they run one, ours where they do not."""

from __future__ import annotations

import posixpath
from dataclasses import field, replace

from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.metrics import could_exist, metrics_in
from scaffold.model.monitoring import Component, ComponentKind, FileMount, Remark, SecretFile, Variable
from scaffold.model.names import Role
from scaffold.model.project import AlertmanagerConfig
from scaffold.plan.monitoring.exporters import (
    Made,
    celery_exporter,
    is_celery_worker,
    postgres_exporter,
    redis_exporter,
)
from scaffold.plan.monitoring.free import Taken, networks_of
from scaffold.plan.monitoring.scope import Scope
from scaffold.plan.monitoring.theirs import configuration_path, host_path
from scaffold.plan.monitoring.wiring import PrometheusWiring, inside, own_prometheus, their_prometheus

_PORTS = {
    ComponentKind.PROMETHEUS: 9090,
    ComponentKind.ALERTMANAGER: 9093,
    ComponentKind.GRAFANA: 3000,
    ComponentKind.LOKI: 3100,
    ComponentKind.ALLOY: 12345,
    ComponentKind.POSTGRES_EXPORTER: 9187,
    ComponentKind.REDIS_EXPORTER: 9121,
    ComponentKind.CELERY_EXPORTER: 9808,
    ComponentKind.BLACKBOX: 9115,
    ComponentKind.NODE_EXPORTER: 9100,
    ComponentKind.CADVISOR: 8080,
}
GRAFANA_PASSWORD = "GRAFANA_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
_PUBLISHED = (ComponentKind.PROMETHEUS, ComponentKind.ALERTMANAGER, ComponentKind.GRAFANA)
_KEEPS_DATA = (*_PUBLISHED, ComponentKind.LOKI, ComponentKind.ALLOY)


@frozen
class Programs:
    """The components, and what was decided on the way."""

    components: tuple[Component, ...]
    loads: bool
    """Whether a Prometheus reads the jobs and rules that we write."""
    carried: str = field(default="", repr=False)
    their_rules: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    remarks: tuple[Remark, ...] = ()


def plan_programs(scope: Scope, taken: Taken) -> Programs:
    """Return every component of the monitoring stack, theirs and ours."""
    if scope.hub_is_new:
        taken.networks.add(scope.hub)
    made = _exporters(scope, taken) if scope.metrics else ()
    exporters = tuple(item.component for item in made if item.component)
    kinds = {item.kind for item in exporters}
    rules, rule_remarks = _their_rules(scope, kinds)
    prometheus = _prometheus(scope, taken, rules) if scope.metrics else None
    loads = prometheus is not None and prometheus[1].loads
    if not loads:
        exporters = tuple(item for item in exporters if item.theirs)
    components = [prometheus[0]] if prometheus else []
    if loads:
        components += [_alertmanager(scope, taken), *exporters, *_watchers(scope, taken)]
    components += _logs(scope, taken) if scope.logs else []
    grafana, remarks = _grafana(scope, taken)
    components.append(grafana)
    order = list(ComponentKind)
    return Programs(
        tuple(sorted(components, key=lambda item: (order.index(item.kind), item.service))),
        loads,
        prometheus[1].carried if prometheus else "",
        rules if loads and not scope.their(ComponentKind.PROMETHEUS) else (),
        tuple(variable for item in made if item.component in components for variable in item.variables),
        (*(prometheus[1].remarks if prometheus else ()), *rule_remarks, *remarks, *(r for item in made for r in item.remarks)),
    )


def _own(scope: Scope, taken: Taken, kind: ComponentKind, mounts: tuple[FileMount, ...] = ()) -> Component:
    return Component(
        kind,
        taken.service(kind.value),
        _PORTS[kind],
        (scope.hub,),
        host_port=taken.port(_PORTS[kind]) if kind in _PUBLISHED else 0,
        volume=taken.volume(f"{kind.value}_data") if kind in _KEEPS_DATA else "",
        mounts=mounts,
    )


def _theirs(scope: Scope, service: Service, kind: ComponentKind, mounts: tuple[FileMount, ...] = ()) -> Component:
    published = (port.published for port in service.ports if port.target == _PORTS[kind] and port.published)
    return Component(
        kind,
        service.name,
        _PORTS[kind],
        networks_of(service) or (scope.hub,),
        theirs=True,
        host_port=next(published, 0),
        watches=_watched_by(scope, kind),
        mounts=mounts,
    )


def _watched_by(scope: Scope, kind: ComponentKind) -> str:
    """Return the one store that an exporter of theirs can be about, "" when there are several or none."""
    roles = {
        ComponentKind.POSTGRES_EXPORTER: {Role.POSTGRES},
        ComponentKind.REDIS_EXPORTER: {Role.REDIS, Role.CACHE},
        ComponentKind.CELERY_EXPORTER: {Role.WORKER},
    }.get(kind, set())
    stores = [service.name for service in scope.watched if service.role in roles]
    return stores[0] if len(stores) == 1 else ""


def _prometheus(scope: Scope, taken: Taken, rules: tuple[str, ...]) -> tuple[Component, PrometheusWiring]:
    theirs = scope.their(ComponentKind.PROMETHEUS)
    if theirs:
        wiring = their_prometheus(scope.project, scope.stack, theirs, scope.folder, taken)
        component = _theirs(scope, theirs, ComponentKind.PROMETHEUS, wiring.mounts)
        return replace(component, command=wiring.command), wiring
    wiring = own_prometheus(scope.folder, taken, rules)
    return _own(scope, taken, ComponentKind.PROMETHEUS, wiring.mounts), wiring


def _alertmanager(scope: Scope, taken: Taken) -> Component:
    kind = ComponentKind.ALERTMANAGER
    theirs = scope.their(kind)
    target = (
        configuration_path(theirs, "/etc/alertmanager/alertmanager.yml") if theirs else "/etc/alertmanager/alertmanager.yml"
    )
    if theirs:
        bound = host_path(theirs, target)
        missing = bound is not None and not scope.project.exists(bound)
        mounts = (FileMount(bound, target, added=False),) if bound and missing else ()
        # A configuration of theirs that exists stays as it is: only they know its receivers.
        return _theirs(scope, theirs, kind, mounts)
    ready = next((config.path for config in scope.project.alertmanagers if _delivers(config)), None)
    source = ready or taken.path(f"{scope.folder}/alertmanager/alertmanager.yml", f"{scope.folder}/alertmanager/production.yml")
    secrets = FileMount(f"{scope.folder}/alertmanager/secrets", "/etc/alertmanager/secrets")
    mounts = (FileMount(source, target, written=ready is None), *(() if ready else (secrets,)))
    return _own(scope, taken, kind, mounts)


def _delivers(config: AlertmanagerConfig) -> bool:
    """Whether every receiver of a configuration of theirs really goes somewhere."""
    return bool(config.receivers) and all(item.integrations and not item.placeholders for item in config.receivers)


def _exporters(scope: Scope, taken: Taken) -> tuple[Made, ...]:
    made = [
        *_store_exporters(scope, taken, ComponentKind.POSTGRES_EXPORTER, {Role.POSTGRES}),
        *_store_exporters(scope, taken, ComponentKind.REDIS_EXPORTER, {Role.REDIS, Role.CACHE}),
    ]
    celery = scope.their(ComponentKind.CELERY_EXPORTER)
    worker = next((s for s in scope.watched if is_celery_worker(s) and not s.network_mode), None)
    if celery:
        made.append(Made(_theirs(scope, celery, ComponentKind.CELERY_EXPORTER)))
    elif worker:
        made.append(celery_exporter(worker, taken, scope.hub))
    return tuple(made)


def _store_exporters(scope: Scope, taken: Taken, kind: ComponentKind, roles: set[Role]) -> list[Made]:
    theirs = [service for found, service in scope.theirs if found is kind]
    if theirs:
        return [Made(_theirs(scope, service, kind)) for service in theirs]
    stores = [s for s in scope.watched if s.role in roles and not s.network_mode]
    named = [(store, kind.value if len(stores) == 1 else f"{kind.value}-{store.name}") for store in stores]
    if kind is ComponentKind.POSTGRES_EXPORTER:
        return [postgres_exporter(store, scope, taken, name) for store, name in named]
    return [redis_exporter(store, taken, scope.hub, name) for store, name in named]


def _watchers(scope: Scope, taken: Taken) -> list[Component]:
    """Return the prober, the host's and the containers' exporter."""
    prober = FileMount(
        taken.path(f"{scope.folder}/blackbox/blackbox.yml", f"{scope.folder}/blackbox/production.yml"),
        "/etc/blackbox_exporter/config.yml",
    )
    found = []
    for kind, mounts in (
        (ComponentKind.BLACKBOX, (prober,)),
        (ComponentKind.NODE_EXPORTER, ()),
        (ComponentKind.CADVISOR, ()),
    ):
        theirs = scope.their(kind)
        if theirs is None:
            found.append(_own(scope, taken, kind, mounts))
        elif kind is not ComponentKind.BLACKBOX:
            found.append(_theirs(scope, theirs, kind))
    return found


def _logs(scope: Scope, taken: Taken) -> list[Component]:
    found = []
    for kind, name, target in (
        (ComponentKind.LOKI, "loki/loki.yaml", "/etc/loki/local-config.yaml"),
        (ComponentKind.ALLOY, "alloy/config.alloy", "/etc/alloy/config.alloy"),
    ):
        theirs = scope.their(kind)
        first, second = f"{scope.folder}/{name}", f"{scope.folder}/{name.replace('/', '/production-')}"
        if theirs:
            found.append(_theirs(scope, theirs, kind))
        else:
            found.append(_own(scope, taken, kind, (FileMount(taken.path(first, second), target),)))
    return found


def _grafana(scope: Scope, taken: Taken) -> tuple[Component, tuple[Remark, ...]]:
    theirs = scope.their(ComponentKind.GRAFANA)
    folder = f"{scope.folder}/grafana"
    sources = inside(
        theirs, "/etc/grafana/provisioning/datasources/scaffold.yaml", f"{folder}/provisioning/datasources/scaffold.yaml"
    )
    provider = inside(
        theirs, "/etc/grafana/provisioning/dashboards/scaffold.yaml", f"{folder}/provisioning/dashboards/scaffold.yaml"
    )
    boards = FileMount(f"{scope.folder}/dashboards", "/etc/grafana/dashboards/scaffold")
    mounts = (sources, provider, boards)
    if theirs:
        return _theirs(scope, theirs, ComponentKind.GRAFANA, mounts), ()
    found, remarks = _their_dashboards(scope)
    grafana = _own(scope, taken, ComponentKind.GRAFANA, (*mounts, *found))
    return replace(grafana, secrets=(SecretFile("grafana-admin-password", GRAFANA_PASSWORD),)), remarks


def _their_dashboards(scope: Scope) -> tuple[tuple[FileMount, ...], tuple[Remark, ...]]:
    """Return the folders of dashboards that nothing shows yet, where Grafana can load what is in them."""
    boards = [file for file in scope.project.monitoring_files if file.kind == "grafana-dashboard"]
    loadable = sorted({posixpath.dirname(file.path) for file in boards if file.detail != "wrapped"})
    mounts = tuple(
        FileMount(folder, f"/etc/grafana/dashboards/project-{number}", written=False)
        for number, folder in enumerate(loadable, 1)
        if folder
    )
    text = 'it is wrapped in {"dashboard": ...}, which Grafana does not load from files: take the inner object'
    return mounts, tuple(Remark(file.path, text) for file in boards if file.detail == "wrapped")


def _their_rules(scope: Scope, kinds: set[ComponentKind]) -> tuple[tuple[str, ...], tuple[Remark, ...]]:
    """Return their alert rule files whose metrics something can give, and why the others stay out."""
    loaded: list[str] = []
    remarks = []
    names = {kind.value for kind in kinds | {ComponentKind.BLACKBOX, ComponentKind.NODE_EXPORTER, ComponentKind.CADVISOR}}
    for file in scope.project.alert_rules:
        used = [name for alert in file.alerts for name in metrics_in(alert.expression)]
        missing = [name for name in dict.fromkeys(used) if not could_exist(name, names)]
        if missing:
            remarks.append(Remark(file.path, f"it is not loaded: nothing gives the metrics {', '.join(missing)}"))
        elif posixpath.basename(file.path) not in {posixpath.basename(path) for path in loaded}:
            loaded.append(file.path)
    return tuple(loaded), tuple(remarks)
