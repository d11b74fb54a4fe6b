"""Which stack is monitored, and with what of theirs: the base, or the base with an overlay of theirs that works."""

from __future__ import annotations

from scaffold.model.alternatives import choose_profiles, profiles_of_the_doors
from scaffold.model.compose import Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.monitoring import ComponentKind
from scaffold.model.names import Layer, Role
from scaffold.model.profiles import declared_profiles, enabled_profiles
from scaffold.model.project import Project
from scaffold.plan.monitoring.free import Taken, networks_of
from scaffold.plan.monitoring.theirs import has_other_logs, has_other_metrics, kind_of

_WATCHERS = {Role.MONITORING, Role.LOGGING, Role.TRACING}


@frozen
class Scope:
    """The stack to monitor and the decisions that everything else follows from."""

    project: Project
    stack: Stack
    base_set: tuple[str, ...]
    their_overlays: tuple[str, ...]
    theirs: tuple[tuple[ComponentKind, Service], ...]
    metrics: bool
    """Whether metrics are ours to gather or to extend."""
    logs: bool
    """Whether logs are ours to gather or to extend."""
    profiles: tuple[str, ...]
    enabled: frozenset[str]
    """The profiles that the .env of the project directory enables; a `--profile` of a command would replace them."""
    hub: str
    hub_is_new: bool
    folder: str
    overlay: str

    def their(self, kind: ComponentKind) -> Service | None:
        """Return their first service of this kind, or None."""
        return next((service for found, service in self.theirs if found is kind), None)

    @property
    def watched(self) -> tuple[Service, ...]:
        """The services that run with the production set and are no part of the monitoring itself."""
        return tuple(service for service in self.stack.services if self.runs(service) and not self.is_watcher(service))

    def runs(self, service: Service) -> bool:
        """Whether a service starts with the production set: it has no profile, or one that the command or .env enables."""
        return not service.profiles or "*" in self.enabled or bool(set(service.profiles) & {*self.profiles, *self.enabled})

    def is_watcher(self, service: Service) -> bool:
        """Whether a service belongs to monitoring, logging or tracing."""
        known = kind_of(self.project, service) is not None
        return known or (service.role in _WATCHERS and not service.is_datastore)


def find_scope(project: Project) -> Scope | None:
    """Return what to monitor, or None when no complete stack stands for production or nothing is left to add."""
    base = project.main_stack
    if base is None or not base.complete or not base.is_runnable_in_production:
        return None
    stack = _with_their_overlay(project, base)
    theirs = tuple(
        sorted(
            ((kind, service) for service in stack.services if (kind := kind_of(project, service))),
            key=lambda item: (list(ComponentKind).index(item[0]), item[1].name),
        )
    )
    kinds = {kind for kind, _ in theirs}
    external = project.configuration.external
    metrics = Layer.METRICS not in external and (ComponentKind.PROMETHEUS in kinds or not has_other_metrics(project, stack))
    logs = Layer.LOGGING not in external and (ComponentKind.LOKI in kinds or not has_other_logs(project, stack))
    if not (metrics or logs) or all(kind_of(project, service) for service in stack.services):
        return None
    centre = next((service for kind, service in theirs if kind in {ComponentKind.PROMETHEUS, ComponentKind.GRAFANA}), None)
    networks = networks_of(centre) if centre else ()
    taken = Taken.by(project, stack)
    prefix = f"{stack.directory}/" if stack.directory else ""
    profiles = centre.profiles if centre else ()
    return Scope(
        project=project,
        stack=stack,
        base_set=base.files,
        their_overlays=tuple(path for path in stack.files if path not in base.files),
        theirs=theirs,
        metrics=metrics,
        logs=logs,
        profiles=profiles,
        # Compose reads COMPOSE_PROFILES only where no --profile is given (compose-go, WithDefaultProfiles).
        enabled=frozenset() if profiles else _enabled(project, stack),
        hub=networks[0] if networks else taken.network("monitoring"),
        hub_is_new=not networks,
        folder=_folder(project, prefix),
        overlay=taken.path(f"{prefix}compose.monitoring.yaml", f"{prefix}compose.observability.yaml"),
    )


def _enabled(project: Project, stack: Stack) -> frozenset[str]:
    """Return the profiles that start: those of profiles that exclude each other are the ones that are planned for."""
    choice = choose_profiles(project, stack)
    if choice:
        return frozenset(choice.profiles)
    return enabled_profiles(project, stack.directory) or frozenset(
        () if declared_profiles(project, stack.directory)[1] else profiles_of_the_doors(stack)
    )


def _with_their_overlay(project: Project, base: Stack) -> Stack:
    """Return the complete production-like stack that adds monitoring services of theirs to the base, else the base."""
    own = {service.name for service in base.services}
    if any(kind_of(project, service) is ComponentKind.PROMETHEUS for service in base.services):
        return base
    for stack in project.stacks:
        added = [service for service in stack.services if service.name not in own]
        joins = set(base.files) < set(stack.files) and stack.directory == base.directory and stack.files[0] == base.files[0]
        if joins and stack.complete and stack.is_runnable_in_production and added and all(kind_of(project, s) for s in added):
            return stack
    return base


def _folder(project: Project, prefix: str) -> str:
    """Return the folder for our files; a package of the application's own code that has the name is left alone."""
    folder = f"{prefix}monitoring"
    is_code = any(path.startswith(f"{folder}/__init__.") for path in project.files) or folder in project.files
    return f"{prefix}observability" if is_code else folder
