"""Why a service of the stack has no place in the cluster: what the chart leaves out, and what gaps say of it."""

from __future__ import annotations

from collections.abc import Callable

from scaffold.model.alternatives import DEVELOPMENT_PROFILES, choose_profiles, started
from scaffold.model.compose import Service, Stack
from scaffold.model.credential_files import is_credential_file
from scaffold.model.document import text_of
from scaffold.model.engines import managed_engine
from scaffold.model.names import Role
from scaffold.model.project import Project

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


def without_workloads(project: Project, stack: Stack) -> tuple[tuple[str, str], ...]:
    """Return each service with the reason why it is left out, where nothing of a stack runs in the cluster; else nothing."""
    choice = choose_profiles(project, stack)
    found = [
        (service.name, _replaced(service) or why_left_out(project, stack, service))
        for service in started(stack, choice).services
    ]
    if not all(reason for _, reason in found):
        return ()
    return tuple(sorted((*found, *(choice.left_out if choice else ()))))


def _replaced(service: Service) -> str:
    """Return why AWS runs a store in its place, "" where a container has to."""
    if service.role not in {Role.POSTGRES, Role.REDIS}:
        return ""
    engine, reason = managed_engine(service.image, postgres=service.role is Role.POSTGRES)
    return reason if engine else ""


def why_left_out(project: Project, stack: Stack, service: Service) -> str:
    """Return why a service that no managed store replaces gets no workload, "" where it gets one."""
    found = (reason for check in _CHECKS if (reason := check(project, service)))
    return next(found, "") or _by_certificates(stack, service)


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
    if not gets_certificates(service):
        return ""
    own = {mount.source for mount in service.mounts}
    others = (other for other in stack.services if other.role is not Role.PROXY and not gets_certificates(other))
    if any(mount.source in own for other in others for mount in other.mounts):
        return ""
    return "the load balancer has the certificate and renews it"


def gets_certificates(service: Service) -> bool:
    """Whether a service gets certificates for a proxy and is none itself, though it may listen for a challenge."""
    image = service.image
    return image is not None and (image.name in _GET_CERTIFICATES or image.repository.startswith("certbot/dns-"))


_CHECKS: tuple[Callable[[Project, Service], str], ...] = (
    _by_role,
    _by_profile,
    _by_source,
    _by_host_access,
    _by_missing_file,
)
