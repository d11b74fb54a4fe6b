"""What each service does, with the signals that say so: image, command, environment, ports, name, build context."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from scaffold.model.compose import RoleEvidence, Service, Stack
from scaffold.model.names import APPLICATION, Role
from scaffold.model.project import Dockerfile, Manifest
from scaffold.read import role_data

THRESHOLD = 2
"""The score that a role needs (catalogue, section 1.3)."""
_STATIC_SERVERS = re.compile(r"(?:.*/)?(nginx(-unprivileged)?|caddy|httpd|static-web-server|serve)")
_HOST_PORT = re.compile(r"(?<![\w.-])([A-Za-z][\w.-]*):(\d{2,5})(?!\d)")
_BROKER_NAMES = re.compile(
    r".*(BROKER|CELERY|QUEUE|BULL|SIDEKIQ|DRAMATIQ|ARQ|RQ|HUEY|JOBS?).*(URL|URI|HOST|DSN|REDIS|BROKER|BACKEND).*|.*BROKER_URL.*"
)
_CACHE_NAMES = re.compile(r".*CACHE.*")
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)")
_PG_VERSION = re.compile(r"(?:^|[-_.])pg(\d+)")


@dataclass(frozen=True, slots=True)
class RoleContext:
    """What roles depend on besides the services: images, manifests, and what scaffold.yaml overrides."""

    dockerfiles: tuple[Dockerfile, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    roles: tuple[tuple[str, Role], ...] = ()
    ports: tuple[tuple[str, int], ...] = ()

    def dockerfile(self, service: Service) -> Dockerfile | None:
        """Return the Dockerfile that a service is built from, or None."""
        path = service.build.dockerfile if service.build else None
        return next((item for item in self.dockerfiles if path is not None and item.path == path), None)

    def manifests_of(self, service: Service) -> tuple[Manifest, ...]:
        """Return the manifests in the folder that a service is built from, its Dockerfile's folder included."""
        if service.build is None or service.build.context is None:
            return ()
        folders = [service.build.context, posixpath.dirname(service.build.dockerfile or "")]
        for folder in folders:
            found = tuple(item for item in self.manifests if item.folder == folder)
            if found:
                return found
        return ()


@dataclass(slots=True)
class _Scores:
    """The points of one service, role by role."""

    points: dict[Role, int] = field(default_factory=dict)
    signals: dict[Role, list[str]] = field(default_factory=dict)

    def add(self, role: Role, points: int, signal: str) -> None:
        self.points[role] = self.points.get(role, 0) + points
        self.signals.setdefault(role, []).append(signal)

    def evidence(self) -> tuple[RoleEvidence, ...]:
        """The roles that reach the threshold, best first; equal scores in the order of the closed set."""
        order = {role: number for number, role in enumerate(Role)}
        found = [
            RoleEvidence(role, score, tuple(self.signals[role])) for role, score in self.points.items() if score >= THRESHOLD
        ]
        return tuple(sorted(found, key=lambda item: (-item.score, order[item.role])))


def with_roles(stacks: Iterable[Stack], context: RoleContext) -> tuple[Stack, ...]:
    """Return the stacks with the roles, store versions and listening ports of their services."""
    return tuple(replace(stack, services=_services(stack.services, context)) for stack in stacks)


def _services(services: tuple[Service, ...], context: RoleContext) -> tuple[Service, ...]:
    overrides, ports = dict(context.roles), dict(context.ports)
    uses = _uses_of_redis(services)
    references = _references(services)
    found = []
    for service in services:
        roles: tuple[RoleEvidence, ...]
        if service.name in overrides:
            roles = (RoleEvidence(overrides[service.name], 100, ("scaffold.yaml names the role",)),)
        else:
            roles = _roles(service, context)
        if roles and roles[0].role is Role.REDIS:
            roles = (*roles, *uses.get(service.name, ()))
        changed = replace(service, roles=roles)
        listens = (ports[service.name],) if service.name in ports else _listens(changed, context, references)
        found.append(replace(changed, listens=listens, datastore_version=_version(changed, context)))
    return tuple(found)


# --- scores -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _compiled() -> dict[str, tuple[tuple[re.Pattern[str], Role], ...]]:
    tables = {
        "images": role_data.IMAGES,
        "environment": role_data.ENVIRONMENT,
        "commands": role_data.COMMANDS,
        "names": role_data.NAMES,
    }
    return {name: tuple((re.compile(pattern), role) for pattern, role in rows) for name, rows in tables.items()}


def _full(table: str, text: str) -> Role | None:
    return next((role for pattern, role in _compiled()[table] if pattern.fullmatch(text)), None)


def _roles(service: Service, context: RoleContext) -> tuple[RoleEvidence, ...]:
    scores = _Scores()
    _score_image(scores, service, context)
    _score_command(scores, service, context)
    _score_environment(scores, service)
    _score_ports(scores, service)
    role = _full("names", service.name.lower())
    if role is not None:
        scores.add(role, 1, f"is called {service.name}")
    _score_context(scores, service, context)
    _score_conditions(scores, service)
    return scores.evidence()


def _repository(service: Service, context: RoleContext) -> tuple[str, str]:
    """The repository of the image that runs, and how it is known; a built one is known by its base image."""
    if service.build is None:
        return (service.image.repository.lower(), "image") if service.image else ("", "")
    dockerfile = context.dockerfile(service)
    return (_base_repository(dockerfile, service.build.target), "base image") if dockerfile else ("", "")


def _base_repository(dockerfile: Dockerfile, target: str) -> str:
    """The repository of the image that the final stage starts from."""
    from scaffold.model.values import ImageReference

    stage = dockerfile.stage(target)
    for _ in range(len(dockerfile.stages)):
        before = next((other for other in dockerfile.stages if stage and other.alias and other.alias == stage.base), None)
        if before is None or before is stage:
            break
        stage = before
    return ImageReference.parse(stage.base).repository.lower() if stage else ""


def _score_image(scores: _Scores, service: Service, context: RoleContext) -> None:
    repository, how = _repository(service, context)
    role = _full("images", repository.removeprefix("library/")) if repository else None
    if role is None:
        return
    if (
        role is Role.PROXY
        and service.build is not None
        and _STATIC_SERVERS.fullmatch(repository)
        and _is_static(service, context)
    ):
        scores.add(Role.FRONTEND, 3, f"serves a node build with {repository}")
        return
    scores.add(role, 3, f"{how} {repository}")


def _is_static(service: Service, context: RoleContext) -> bool:
    """Whether a web server's image holds a front end: a node stage, or a node manifest in the build context."""
    dockerfile = context.dockerfile(service)
    bases = [stage.base.rpartition("/")[2].partition(":")[0] for stage in dockerfile.stages] if dockerfile else []
    return any(base in {"node", "bun", "deno"} for base in bases) or any(
        m.ecosystem == "node" for m in context.manifests_of(service)
    )


def _command(service: Service, context: RoleContext) -> str:
    words = (*(service.entrypoint or ()), *(service.command or ()))
    dockerfile = context.dockerfile(service) if not words else None
    if dockerfile and service.build:
        for keyword in ("ENTRYPOINT", "CMD"):
            found = dockerfile.effective(keyword, service.build.target)
            words = (*words, *((found.argv or (found.text,)) if found else ()))
    return " ".join(words)


def _score_command(scores: _Scores, service: Service, context: RoleContext) -> None:
    text = _command(service, context)
    if not text:
        return
    matches = [(role, match) for pattern, role in _compiled()["commands"] if (match := pattern.search(text))]
    if not matches:
        return
    servers = [item for item in matches if item[0] in {Role.WEB, Role.FRONTEND}]
    role, match = matches[0]
    if role is Role.ONE_SHOT and servers:
        role, match = servers[0]  # it migrates and then serves: the server is what stays
    scores.add(role, 2, f"runs {match[0].split()[0]}")


def _score_environment(scores: _Scores, service: Service) -> None:
    for pattern, role in _compiled()["environment"]:
        name = next((entry.name for entry in service.environment if pattern.fullmatch(entry.name)), None)
        if name is not None and not (service.build is not None and role is Role.POSTGRES):
            scores.add(role, 2, f"takes {name}")


def _score_ports(scores: _Scores, service: Service) -> None:
    ports = {port.target for port in service.ports} | set(service.expose)
    seen = set()
    for number, role in role_data.PORTS:
        if number in ports and role not in seen:
            seen.add(role)
            scores.add(role, 1, f"listens on {number}")


def _score_context(scores: _Scores, service: Service, context: RoleContext) -> None:
    if service.build is None:
        return
    for manifest in context.manifests_of(service):
        names = {name.lower() for name in manifest.dependencies}
        for group, role in role_data.FRAMEWORKS:
            hit = sorted(names & group)
            if hit:
                scores.add(role, 1, f"{manifest.path} depends on {hit[0]}")
                break


def _score_conditions(scores: _Scores, service: Service) -> None:
    """An application that is built, publishes a port and shows nothing else is a web service; a store's sign outweighs it."""
    application = {role: points for role, points in scores.points.items() if role in APPLICATION}
    if service.build is None or any(points >= 3 for points in scores.points.values()):
        return
    if Role.ONE_SHOT in scores.points and service.restart in {"", "no", "on-failure"} and not service.ports:
        scores.add(Role.ONE_SHOT, 1, "has no port and is not restarted")
        return
    if (service.ports or service.expose) and not {Role.WORKER, Role.SCHEDULER, Role.E2E} & set(scores.points):
        best = max(application, key=lambda role: application[role], default=Role.WEB)
        scores.add(best, 2 if best is Role.WEB else 1, "is built here and has a port")


# --- redis ------------------------------------------------------------------------------------------------------------


def _uses_of_redis(services: tuple[Service, ...]) -> dict[str, tuple[RoleEvidence, ...]]:
    """Which service uses each other one as a broker or a cache, by the names of the variables that point at it."""
    found: dict[str, dict[Role, str]] = {}
    names = {alias: service.name for service in services for alias in service.names}
    for service in services:
        for entry in service.environment:
            value = entry.value or ""
            if not value:
                continue
            for host in set(re.findall(r"[A-Za-z][\w.-]*", value)) & set(names):
                role = _use(entry.name, service)
                if role is not None and names[host] != service.name:
                    found.setdefault(names[host], {}).setdefault(role, f"{service.name} takes it as {entry.name}")
    return {
        name: tuple(RoleEvidence(role, THRESHOLD, (uses[role],)) for role in (Role.BROKER, Role.CACHE) if role in uses)
        for name, uses in found.items()
    }


def _use(variable: str, service: Service) -> Role | None:
    name = variable.upper()
    if _BROKER_NAMES.fullmatch(name):
        return Role.BROKER
    if _CACHE_NAMES.fullmatch(name):
        return Role.CACHE
    runs = " ".join(service.command or ())
    if "REDIS" in name and re.search(r"\b(celery|rq|dramatiq|arq|sidekiq|huey|taskiq)\b", runs):
        return Role.BROKER
    return None


# --- ports, versions --------------------------------------------------------------------------------------------------


def _references(services: tuple[Service, ...]) -> dict[str, tuple[int, ...]]:
    """The ports on which others' variables and commands reach each host name."""
    found: dict[str, list[int]] = {}
    for service in services:
        texts: Iterator[str] = (entry.value for entry in service.environment if entry.value)
        for text in (*texts, *(service.command or ())):
            for host, port in _HOST_PORT.findall(text):
                found.setdefault(host, []).append(int(port))
    return {host: tuple(sorted(set(ports))) for host, ports in found.items()}


def _listens(service: Service, context: RoleContext, references: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The container ports: published and exposed ones, the Dockerfile's, the image's own, and those that others name."""
    said = [port.target for port in service.ports if port.target is not None and port.protocol == "tcp"]
    found = [*said, *service.expose]
    if not found:
        dockerfile = context.dockerfile(service)
        found = list(dockerfile.exposed) if dockerfile else []
    if not found and service.image is not None and service.build is None:
        repository = service.image.repository.lower().removeprefix("library/")
        known = (ports for pattern, ports in role_data.LISTENS if re.fullmatch(pattern, repository))
        found = list(next(known, ()))
    if not found:
        found = [port for name in service.names for port in references.get(name, ())]
    return tuple(dict.fromkeys(found))


def _version(service: Service, context: RoleContext) -> str:
    """The version of a store by its tag: `16-alpine` is 16, `0.8.0-pg17` is 17, `16.4-bookworm` is 16.4."""
    if not service.is_datastore:
        return ""
    tag = service.image.tag if service.image and service.build is None else ""
    dockerfile = context.dockerfile(service)
    if dockerfile and service.build and (stage := dockerfile.stage(service.build.target)):
        tag = stage.base.rpartition(":")[2] if ":" in stage.base.rpartition("/")[2] else ""
    if service.role is Role.POSTGRES and (match := _PG_VERSION.search(tag)):
        return match[1]
    match = _VERSION.match(tag)
    return match[1] if match else ""
