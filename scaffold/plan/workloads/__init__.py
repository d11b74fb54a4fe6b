"""What runs in production: one Workload a service, with the volumes, files and settings that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace

from scaffold.model.compose import Service, Stack
from scaffold.model.document import text_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.target import APPLICATION_SECRET, BuiltImage, Store
from scaffold.model.workload import Note, PersistentVolume, Piece, Text, Variable, Workload, WorkloadPlan, WorkloadPort
from scaffold.plan.copies import OneCopy, one_copy
from scaffold.plan.names import workload_names
from scaffold.plan.records import sqlite_place
from scaffold.plan.same_logins import same_logins
from scaffold.plan.workloads.argv import Argv, plan_argv
from scaffold.plan.workloads.config_hosts import code_host_notes, local_notes, rewrite_files
from scaffold.plan.workloads.config_hosts import host_notes as file_host_notes
from scaffold.plan.workloads.environment import plan_defaults, plan_environment, plan_settings
from scaffold.plan.workloads.fronts import door_notes, front_notes
from scaffold.plan.workloads.keys import key_notes
from scaffold.plan.workloads.label_routes import plan_label_routes
from scaffold.plan.workloads.logins import added_notes, plan_logins
from scaffold.plan.workloads.paths import plan_paths, unrouted_notes
from scaffold.plan.workloads.ports import plan_aliases, plan_ports
from scaffold.plan.workloads.probes import plan_probes
from scaffold.plan.workloads.runtime import (
    plan_backoff,
    plan_grace,
    plan_host_aliases,
    plan_resources,
    plan_scaling,
    plan_waits,
    pull_notes,
)
from scaffold.plan.workloads.scope import Scope, make_scope
from scaffold.plan.workloads.security import plan_security
from scaffold.plan.workloads.selection import select, workload_kind
from scaffold.plan.workloads.storage import Storage, plan_files, plan_storage, plan_volumes
from scaffold.plan.workloads.tls import switch_tls, tls_notes


def plan_workloads(
    project: Project, stack: Stack, stores: tuple[Store, ...], images: tuple[BuiltImage, ...], migrating: frozenset[str]
) -> WorkloadPlan:
    """Return everything that runs of a stack; the services of managed stores are left out, and their consumers rewired.

    `migrating` are the services of which two copies would migrate a database at once.
    """
    kept, left_out = select(project, stack, stores)
    scope = make_scope(project, stack, stores, workload_names(stack), kept)
    shared = _share(scope, migrating)
    workloads: list[Workload] = []
    notes: list[Note] = []
    for service in kept:
        workload, found = _workload(service, scope, shared, images)
        workloads.append(workload)
        notes += found
    notes += unrouted_notes(scope, shared.ports)
    notes += door_notes(tuple(workloads), scope)
    routes, lost = plan_label_routes(scope, shared.ports)
    notes += lost
    one = _one_value(scope, shared)
    texts = [(service, one(shared.environments[service.name]), _words(shared.argvs[service.name])) for service in kept]
    return WorkloadPlan(
        workloads=tuple(replace(workload, environment=one(workload.environment)) for workload in workloads),
        settings=plan_settings(texts, shared.defaults),
        volumes=shared.volumes,
        files=rewrite_files(plan_files((scope.names[service.name], shared.storages[service.name]) for service in kept), scope),
        left_out=left_out,
        paths=plan_paths(scope, shared.ports),
        routes=routes,
        notes=tuple(sorted(notes, key=lambda note: (note.service, note.location.sort_key(), note.key, note.message))),
    )


def _same_keys(scope: Scope) -> dict[str, str]:
    """Return the keys of the application's secret that hold the password of a login of which the store has another key."""
    found: dict[str, set[str]] = {}
    for login in same_logins(scope.stack):
        is_whole = bool(login.variable) or not login.in_url
        if is_whole and login.store not in scope.stores and {login.store, login.service} <= set(scope.names):
            own = login.variable or scope.secret_key(login.service, login.entry.name)
            found.setdefault(own, set()).add(login.source or scope.secret_key(login.store, login.password.name))
    sources = {key for keys in found.values() for key in keys}
    return {own: next(iter(keys)) for own, keys in found.items() if len(keys) == 1 and own not in sources}


def _one_value(scope: Scope, shared: _Shared) -> Callable[[tuple[Variable, ...]], tuple[Variable, ...]]:
    """Return what gives a value one place wherever containers read it: the password of a login the key of the store, and a
    variable that is a secret to one service (`ACCESS_KEY: ${STORE_USER}`) the same key for all.
    """
    same = _same_keys(scope)
    asked = {item.name for service in scope.kept for entry in service.environment for item in entry.references}
    pieces = (piece for variables in shared.environments.values() for variable in variables for piece in variable.value)
    secret = {piece.field for piece in pieces if piece.kind == "secret" and piece.text == APPLICATION_SECRET} & asked

    def of(piece: Piece) -> Piece:
        if piece.kind == "setting" and piece.text in secret:
            return Piece("secret", APPLICATION_SECRET, piece.text)
        is_other = piece.kind == "secret" and piece.text == APPLICATION_SECRET and piece.field in same
        return replace(piece, field=same[piece.field]) if is_other else piece

    return lambda variables: tuple(replace(item, value=tuple(map(of, item.value))) for item in variables)


@frozen
class _Shared:
    """What is planned for all services before any workload is complete, by service."""

    kinds: dict[str, str] = field(compare=False)
    ports: dict[str, tuple[WorkloadPort, ...]] = field(compare=False)
    defaults: dict[str, str | None] = field(compare=False)
    environments: dict[str, tuple[Variable, ...]] = field(compare=False)
    argvs: dict[str, Argv] = field(compare=False)
    storages: dict[str, Storage] = field(compare=False)
    volumes: tuple[PersistentVolume, ...]
    migrating: frozenset[str]


def _share(scope: Scope, migrating: frozenset[str]) -> _Shared:
    kinds = {service.name: workload_kind(scope.stack, service) for service in scope.kept}
    defaults = plan_defaults(scope.kept, scope)
    environments = {
        service.name: switch_tls(service, scope, plan_environment(service, scope, defaults)) for service in scope.kept
    }
    storages = {service.name: plan_storage(service, scope, kinds[service.name]) for service in scope.kept}
    copies = {
        service.name: plan_scaling(
            service, kinds[service.name], own=(), migrates=service.name in migrating, alone=_why_alone(service, scope)
        ).replicas
        for service in scope.kept
    }
    listed = [
        (scope.names[service.name], kinds[service.name], copies[service.name], storages[service.name]) for service in scope.kept
    ]
    return _Shared(
        kinds,
        {service.name: plan_ports(service, scope) for service in scope.kept},
        defaults,
        environments,
        {service.name: plan_argv(service, scope, environments[service.name]) for service in scope.kept},
        storages,
        plan_volumes(listed, scope),
        migrating,
    )


def _why_alone(service: Service, scope: Scope) -> OneCopy | None:
    return one_copy(scope.project, scope.stack, service)


def _words(argv: Argv) -> Iterable[Text]:
    return (*(argv.command or ()), *(argv.args or ()))


def _workload(
    service: Service, scope: Scope, shared: _Shared, images: tuple[BuiltImage, ...]
) -> tuple[Workload, tuple[Note, ...]]:
    name, kind, ports = scope.names[service.name], shared.kinds[service.name], shared.ports[service.name]
    storage, argv = shared.storages[service.name], shared.argvs[service.name]
    alone = {volume.name for volume in shared.volumes if not volume.shared}
    probes, probe_notes = plan_probes(service, scope, ports)
    security, security_notes = plan_security(service, scope, ports)
    host_aliases, host_notes = plan_host_aliases(service)
    built = next((image.name for image in images if service.name in image.services), "")
    logins = plan_logins(service, scope)
    used = logins.stores
    workload = Workload(
        service=service.name,
        name=name,
        role=service.role,
        kind=kind,
        image="" if built else str(service.image or ""),
        built=built,
        command=argv.command,
        args=argv.args,
        working_dir=text_of(service.node.get("working_dir")),
        environment=tuple(sorted((*shared.environments[service.name], *argv.variables), key=lambda item: item.name)),
        ports=ports,
        aliases=plan_aliases(service, scope),
        probes=probes,
        mounts=storage.mounts,
        waits=plan_waits(service, scope, shared.kinds, shared.ports, used),
        networks=tuple(sorted(service.networks)) or ("default",),
        egress=_reaches_out(service, scope.stack),
        security=security,
        resources=plan_resources(service, scope),
        scaling=plan_scaling(
            service,
            kind,
            own=tuple(volume for label, volume in storage.volumes if label in alone),
            migrates=service.name in shared.migrating,
            alone=_why_alone(service, scope),
        ),
        grace_seconds=plan_grace(service),
        backoff_limit=plan_backoff(service),
        host_aliases=host_aliases,
        stores=tuple(sorted({*used, *(edge.service for edge in service.depends_on if edge.service in scope.stores)})),
    )
    pulled = () if built else pull_notes(service)
    named = (*code_host_notes(service, scope, used), *added_notes(service, scope), *local_notes(service, scope, logins.values))
    lost = (
        *host_notes,
        *file_host_notes(service, scope),
        *named,
        *tls_notes(service, scope),
        *front_notes(service, scope),
        *pulled,
        *_loss_notes(service, scope, storage),
    )
    return workload, (*key_notes(service), *probe_notes, *security_notes, *lost, *storage.notes)


def _loss_notes(service: Service, scope: Scope, storage: Storage) -> tuple[Note, ...]:
    """Return a note where the code keeps its records in a file that no volume holds: they go with each pod."""
    opened = None if storage.volumes else sqlite_place(scope.project, scope.stack, service)
    if opened is None:
        return ()
    message = (
        "the code keeps its data in a SQLite file, and no volume holds it: what is written is gone with each pod. Give the "
        "file a folder of its own that the compose file mounts as a volume, or let the code use PostgreSQL"
    )
    return (Note(service.name, "volumes", message, opened, urgent=True),)


def _reaches_out(service: Service, stack: Stack) -> bool:
    """Whether one of its networks leads outside; a service without networks is in the default one, which does."""
    internal = {network.name for network in stack.networks if network.internal}
    return not service.networks or bool(set(service.networks) - internal)
