"""Which services of the stack get a workload, of which kind, and why the others get none."""

from __future__ import annotations

from collections.abc import Callable

from scaffold.model.alternatives import DEVELOPMENT_PROFILES
from scaffold.model.compose import Service, Stack
from scaffold.model.credential_files import is_credential_file
from scaffold.model.document import find, text_of
from scaffold.model.names import Role
from scaffold.model.project import Project
from scaffold.model.target import Store
from scaffold.model.workload import LeftOut
from scaffold.plan.workloads.scope import is_long_running

_ROLES = {
    Role.E2E: "it tests the app from outside, and runs in CI",
    Role.MOCK: "it stands in for another system in development",
    Role.MONITORING: "the cluster's monitoring takes its place",
    Role.LOGGING: "the cluster's log collection takes its place",
    Role.TRACING: "the cluster's tracing takes its place",
    Role.ADMIN_UI: "it is a tool of developers, and opens what it shows to whoever reaches it",
}
_HOST_PATHS = ("/var/run/docker.sock", "/run/docker.sock", "/proc", "/sys", "/dev", "/var/lib/docker")
_CONFIG_ENDINGS = (
    *(".conf", ".cfg", ".cnf", ".ini", ".yml", ".yaml", ".json", ".toml", ".xml", ".properties", ".template", ".env"),
    *(".sql", ".sh", ".acl", ".crt", ".key", ".pem"),
)
_FILES_OF_SERVERS = frozenset({"Caddyfile", "Corefile", "Dockerfile"})
_GET_CERTIFICATES = frozenset(
    {"certbot", "acme.sh", "lego", "acme-companion", "letsencrypt-nginx-proxy-companion", "dehydrated"}
)
"""Names of images that get certificates and renew them; those of certbot with a plugin for one provider begin with `dns-`."""


def select(project: Project, stack: Stack, stores: tuple[Store, ...]) -> tuple[tuple[Service, ...], tuple[LeftOut, ...]]:
    """Return the services that run as workloads, and those that do not, both sorted by name."""
    managed = {store.service: store for store in stores if store.placement == "managed"}
    kept: list[Service] = []
    left: list[LeftOut] = []
    for service in sorted(stack.services, key=lambda item: item.name):
        if service.name in managed:
            left.append(LeftOut(service.name, managed[service.name].reason, "managed"))
            continue
        reason = next((found for check in _CHECKS if (found := check(project, service))), "") or _by_certificates(
            stack, service
        )
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
    if awaited or service.has_role(Role.ONE_SHOT):
        return True
    ends = service.restart == "no" or service.restart.startswith("on-failure")
    return ends and not is_long_running(service) and not service.ports and not service.listens


def _by_role(_: Project, service: Service) -> str:
    return _ROLES.get(service.role, "") if service.role else ""


def _by_profile(_: Project, service: Service) -> str:
    if service.profiles and all(profile.lower() in DEVELOPMENT_PROFILES for profile in service.profiles):
        return f"its profile {service.profiles[0]} is for development"
    return ""


def _by_source(_: Project, service: Service) -> str:
    if service.node.get("provider") is not None:
        return "a provider of Compose runs it, and no container"
    build = service.build
    if build and not service.image and (build.remote or build.inline or build.context is None):
        return "its image is built from outside the repository: build and name the image, then it gets a workload"
    if service.image_references and not build and not service.image:
        return (
            f"no file gives {service.image_references[0].name} a value, which names its image: set it, then it gets a workload"
        )
    return "" if build or service.image else "it has neither an image nor a build"


def _by_host_access(_: Project, service: Service) -> str:
    for mount in service.mounts:
        path = mount.source.rstrip("/") or "/"
        if mount.kind == "bind" and (path in _HOST_PATHS or path.startswith(("/proc/", "/sys/", "/dev/"))):
            why = "the Ingress takes the place of a proxy that reads it" if service.role is Role.PROXY else "no pod may have it"
            return f"it mounts {path} of the host: {why}"
    return "it runs privileged on the host" if text_of(service.node.get("privileged")).lower() in {"true", "yes"} else ""


def _by_missing_file(project: Project, service: Service) -> str:
    by_template = {item.path for item in project.mounted if item.template}
    for mount in service.mounts:
        if mount.kind != "bind" or mount.resolved is None or mount.resolved in by_template or project.exists(mount.resolved):
            continue
        context = service.build.context if service.build else None
        of_the_image = context is not None and (context in {"", "."} or mount.resolved.startswith(f"{context}/"))
        name = mount.target.rpartition("/")[2]
        placed = is_credential_file(mount.resolved)
        if of_the_image or placed or "/docker-entrypoint-initdb.d" in mount.target:
            continue
        if name.endswith(_CONFIG_ENDINGS) or name in _FILES_OF_SERVERS:
            return f"its file {mount.source} is not in the repository, and it does not start without it"
    return ""


def _by_certificates(stack: Stack, service: Service) -> str:
    """Return why what gets certificates for the project's proxy has no place in the cluster, "" where others read them too."""
    if not _gets_certificates(service):
        return ""
    own = {mount.source for mount in service.mounts}
    others = (other for other in stack.services if other.role is not Role.PROXY and not _gets_certificates(other))
    if any(mount.source in own for other in others for mount in other.mounts):
        return ""
    return "the load balancer has the certificate and renews it"


def _gets_certificates(service: Service) -> bool:
    image = service.image
    return image is not None and (image.name in _GET_CERTIFICATES or image.repository.startswith("certbot/dns-"))


_CHECKS: tuple[Callable[[Project, Service], str], ...] = (
    _by_role,
    _by_profile,
    _by_source,
    _by_host_access,
    _by_missing_file,
)
