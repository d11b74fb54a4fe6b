"""What each service does, with the signals that say so: image, command, environment, ports, name, build context."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from scaffold.model.compose import RoleEvidence, Service, Stack
from scaffold.model.frozen import changing, frozen
from scaffold.model.known import PATH, first, known
from scaffold.model.label_routes import label_route
from scaffold.model.names import APPLICATION, DATASTORES, Role
from scaffold.model.project import Dockerfile, Manifest, Stage
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference
from scaffold.read import role_data
from scaffold.read.dockerfiles import exposed_ports
from scaffold.read.name_table import NameTable
from scaffold.read.role_clues import (
    answers_http,
    asked_at_home,
    awaited,
    bound_by,
    dockerfile_word,
    folder_word,
    has_store_signs,
    has_web_port,
    is_client,
    is_loop,
    is_other_store,
    store_used,
)

THRESHOLD = 2
"""The score that a role needs (catalogue, section 1.3)."""
_DECISIVE = 6
"""More than image and command say together."""
_SILENT = frozenset({Role.WORKER, Role.SCHEDULER, Role.ONE_SHOT, Role.E2E})
"""Roles that share their image with a server and do not listen on its port."""
_STATIC_SERVERS = regex(r"(?:.*/)?(nginx(-unprivileged)?|caddy|httpd|static-web-server|serve)")
_HOST_PORT = regex(r"(?<![\w.-])([A-Za-z][\w.-]*):(\d{2,5})(?!\d)")
_BROKER_NAMES = regex(
    r".*(BROKER|CELERY|QUEUE|BULL|SIDEKIQ|DRAMATIQ|ARQ|RQ|HUEY|JOBS?).*(URL|URI|HOST|DSN|REDIS|BROKER|BACKEND).*|.*BROKER_URL.*"
)
_CACHE_NAMES = regex(r".*CACHE.*")
_VERSION = regex(r"v?(\d+(?:\.\d+)*)")
_PG_VERSION = regex(r"(?:^|[-_.])pg(\d+)")
_IMAGES = NameTable(role_data.IMAGES)
_LISTENS = NameTable(role_data.LISTENS)
_ENVIRONMENT = NameTable(role_data.ENVIRONMENT)
_COMMANDS = tuple((regex(pattern, words=words), role) for pattern, role, words in role_data.COMMANDS)
_CHECKS = {role: regex(pattern, words=words) for role, pattern, words in role_data.CHECKS}
_NAMES = tuple((regex(pattern, words=words), role) for pattern, role, words in role_data.NAMES)


@frozen
class RoleContext:
    """What roles depend on besides the services: images, manifests, and what scaffold.yaml overrides."""

    dockerfiles: tuple[Dockerfile, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    roles: tuple[tuple[str, Role], ...] = ()
    ports: tuple[tuple[str, int], ...] = ()

    def dockerfile(self, service: Service) -> Dockerfile | None:
        """Return the Dockerfile that a service is built from, or None."""
        path = service.made.dockerfile if service.made else None
        return first(self.dockerfiles, PATH, path) if path is not None else None

    def manifests_of(self, service: Service) -> tuple[Manifest, ...]:
        """Return the manifests in the folder that a service is built from, its Dockerfile's folder included."""
        if service.made is None or service.made.context is None:
            return ()
        folders = [service.made.context, posixpath.dirname(service.made.dockerfile or "")]
        for folder in folders:
            found = known(_by_folder, self.manifests).get(folder)
            if found:
                return found
        return ()


def _by_folder(manifests: tuple[Manifest, ...]) -> dict[str, tuple[Manifest, ...]]:
    found: dict[str, list[Manifest]] = {}
    for item in manifests:
        found.setdefault(item.folder, []).append(item)
    return {folder: tuple(items) for folder, items in found.items()}


@changing
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
    finishing = awaited(services)
    found = []
    for service in services:
        roles: tuple[RoleEvidence, ...]
        if service.name in overrides:
            roles = (RoleEvidence(overrides[service.name], 100, ("scaffold.yaml names the role",)),)
        else:
            roles = _roles(service, context, finishing)
        if roles and roles[0].role is Role.REDIS:
            roles = (*roles, *uses.get(service.name, ()))
        changed = replace(service, roles=roles)
        listens = (ports[service.name],) if service.name in ports else _listens(changed, context, references)
        found.append(replace(changed, listens=listens, datastore_version=_version(changed, context)))
    return tuple(found)


# --- scores -----------------------------------------------------------------------------------------------------------


def _named(text: str) -> Role | None:
    """The role that the name of a service, a folder or a Dockerfile speaks for."""
    return next((role for pattern, role in _NAMES if pattern.fullmatch(text)), None)


def _roles(service: Service, context: RoleContext, finishing: frozenset[str]) -> tuple[RoleEvidence, ...]:
    scores = _Scores()
    framework = _framework(service, context)
    if service.name in finishing:
        scores.add(Role.ONE_SHOT, _DECISIVE, "others wait until it has completed")
    image = _score_image(scores, service, context)
    runs = _score_command(scores, service, context, framework[0])
    _score_environment(scores, service, image)
    _score_ports(scores, service)
    if framework[0] is not None and runs not in _SILENT:
        scores.add(framework[0], 1, framework[1])
    _settle(scores, service)
    if is_other_store(service):
        return scores.evidence()
    named = _score_name(scores, service, framework[0], image)
    if image is None and (runs not in _SILENT or runs is named):
        _score_own(scores, service, context, named)
    return scores.evidence()


def _framework(service: Service, context: RoleContext) -> tuple[Role | None, str]:
    """The role that the dependencies of the build context speak for, and the dependency that does."""
    for manifest in context.manifests_of(service):
        names = {name.lower() for name in manifest.dependencies}
        for group, role in role_data.FRAMEWORKS:
            hit = sorted(names & group)
            if hit:
                return role, f"{manifest.path} depends on {hit[0]}"
    return None, ""


def _repository(service: Service, context: RoleContext) -> tuple[str, str]:
    """The repository of the image that runs, and how it is known; a built one is known by its base image."""
    if service.made is None:
        return (service.image.repository.lower(), "image") if service.image else ("", "")
    base = _base_image(service, context)
    return (base.repository.lower(), "base image") if base else ("", "")


def _base_image(service: Service, context: RoleContext) -> ImageReference | None:
    """The image that the final stage of a build starts from, or None where that is not known."""
    dockerfile = context.dockerfile(service)
    if dockerfile is None or service.made is None:
        return None
    stage = dockerfile.stage(service.made.target)
    for _ in range(len(dockerfile.stages)):
        before = next((other for other in dockerfile.stages if stage and other.alias and other.alias == stage.base), None)
        if before is None or before is stage:
            break
        stage = before
    return ImageReference.parse(stage.base) if stage and stage.base else None


def _score_image(scores: _Scores, service: Service, context: RoleContext) -> Role | None:
    """Score the image and return the role that it gives, None for one that nobody knows."""
    repository, how = _repository(service, context)
    role = _IMAGES.of_path(repository) if repository else None
    if role is None:
        return None
    signal = f"{how} {repository}"
    if role is Role.PROXY and _STATIC_SERVERS.fullmatch(repository) and _is_static(service, context):
        role, signal = Role.FRONTEND, f"serves files with {repository}"
    elif role in DATASTORES and is_client(command := _command(service, context)):
        loops = is_loop(command) or re.search(r"\b(while|sleep|crond?)\b", command)
        role, signal = (Role.SCHEDULER if loops else Role.ONE_SHOT), f"uses {repository} as a client"
    scores.add(role, 3, signal)
    return role


def _is_static(service: Service, context: RoleContext) -> bool:
    """Whether a web server holds a front end: built from a node stage or context, or given files and no configuration."""
    mounted = [mount.target for mount in service.mounts]
    if service.made is None:
        return _are_files_alone(mounted)
    dockerfile = context.dockerfile(service)
    stage = dockerfile.stage(service.made.target) if dockerfile else None
    if stage is not None and _are_files_alone([*mounted, *_copied_to(stage)]):
        return True
    bases = [stage.base.rpartition("/")[2].partition(":")[0] for stage in dockerfile.stages] if dockerfile else []
    return any(base in {"node", "bun", "deno"} for base in bases) or any(
        manifest.ecosystem == "node" for manifest in context.manifests_of(service)
    )


def _are_files_alone(targets: list[str]) -> bool:
    serves = any(re.fullmatch(role_data.STATIC_TARGETS, target) for target in targets)
    return serves and not any(re.fullmatch(role_data.SERVER_CONFIGURATION, target) for target in targets)


def _copied_to(stage: Stage) -> Iterator[str]:
    """Yield where a stage copies to, and the configuration that a command of it names."""
    for item in stage.instructions:
        words = item.argv or tuple(item.text.split())
        if item.keyword in {"COPY", "ADD"} and words:
            yield from (words[-1], *(word for word in words if word.endswith(".conf")))
        elif item.keyword in {"RUN", "CMD", "ENTRYPOINT"}:
            yield from re.findall(r"/etc/(?:nginx|caddy|haproxy)/[^\s\"';]*", item.text)


def _command(service: Service, context: RoleContext) -> str:
    words = (*(service.entrypoint or ()), *(service.command or ()))
    dockerfile = context.dockerfile(service) if not words else None
    if dockerfile and service.made:
        for keyword in ("ENTRYPOINT", "CMD"):
            found = dockerfile.effective(keyword, service.made.target)
            words = (*words, *((found.argv or (found.text,)) if found else ()))
    return " ".join(words)


def _score_command(scores: _Scores, service: Service, context: RoleContext, framework: Role | None) -> Role | None:
    """Score what runs and return the role that it speaks for."""
    text = _command(service, context)
    matches = [(role, match) for pattern, role in _COMMANDS if (match := pattern.search(text))]
    if matches and matches[0][0] is Role.ADMIN_UI and {role for role, _ in matches[1:]} <= {Role.ONE_SHOT}:
        scores.add(Role.ADMIN_UI, _DECISIVE, f"runs {matches[0][1][0].split()[-1]}")
        return Role.ADMIN_UI
    matches = [item for item in matches if item[0] is not Role.ADMIN_UI]
    node = re.search(role_data.AMBIGUOUS_COMMAND, text)
    servers = [item for item in matches if item[0] in {Role.WEB, Role.FRONTEND}]
    if node and not servers and matches and matches[0][0] is Role.ONE_SHOT:
        servers = [(framework or Role.WEB, node)]
    # A tool for tests is started by its own name.
    if node and framework not in {None, Role.E2E} and (not matches or matches[0][0] in {Role.WEB, Role.FRONTEND}):
        scores.add(framework, 2, f"runs {node[0]}")
        return framework
    if not matches and is_loop(text):
        scores.add(Role.SCHEDULER, 2, "repeats a command after a pause")
        return Role.SCHEDULER
    if not matches:
        return None
    role, match = matches[0]
    if servers and (role is Role.ONE_SHOT or (role is Role.WORKER and service.ports)):
        role, match = servers[0]  # it migrates, or starts a worker beside it, and then serves: the server is what stays
    scores.add(role, 2, f"runs {match[0].split()[0]}")
    return role


def _score_environment(scores: _Scores, service: Service, image: Role | None) -> None:
    names = [entry.name for entry in service.environment]
    points_at_store = any(re.fullmatch(role_data.STORE_ADDRESS, name) for name in names)
    taken = {role: name for name in reversed(names) if (role := _ENVIRONMENT.of(name)) is not None}
    for _, role in role_data.ENVIRONMENT:
        name = taken.get(role)
        is_a_client = points_at_store or (service.made is not None and not _has_signs(service, role))
        if name is not None and (role is image or role not in DATASTORES or not is_a_client):
            scores.add(role, 2, f"takes {name}")


def _settle(scores: _Scores, service: Service) -> None:
    """Let the health check decide between stores whose variables are all given, as where a variable chooses the image."""
    stores = [role for role in scores.points if role in DATASTORES]
    most = max((scores.points[role] for role in stores), default=0)
    equal = [role for role in stores if scores.points[role] == most]
    check = service.healthcheck.command if service.healthcheck and len(equal) > 1 else ""
    for role in equal if check else ():
        match = _CHECKS[role].search(check) if role in _CHECKS else None
        if match is not None:
            scores.add(role, 1, f"is asked with {match[0]}")


def _has_signs(service: Service, role: Role) -> bool:
    """Whether a container that is built is the store itself."""
    if (word := dockerfile_word(service)) and _named(word) not in {None, role}:
        return False
    ports = frozenset(number for number, of in role_data.PORTS if of is role)
    return has_store_signs(service, role_data.DATA_FOLDERS.get(role, "^$"), ports)


def _score_ports(scores: _Scores, service: Service) -> None:
    ports = {port.target for port in service.ports} | set(service.expose)
    seen = set()
    for number, role in role_data.PORTS:
        if number in ports and role not in seen:
            seen.add(role)
            scores.add(role, 1, f"listens on {number}")


def _score_name(scores: _Scores, service: Service, framework: Role | None, image: Role | None) -> Role | None:
    """Score the name, and what it is built from, and return the role that they speak for."""
    name = service.name.lower()
    role = _named(name)
    folder = _named(folder_word(service)) if image is None else None
    built_as = _named(word) if image is None and (word := dockerfile_word(service)) else None
    if built_as is None and folder is Role.MOCK and service.build is not None:
        built_as = folder
    if role is None and re.fullmatch(role_data.AMBIGUOUS_NAME, name):
        role = framework or (folder if folder in APPLICATION else None) or Role.WEB
    if role is not None:
        scores.add(role, 1, f"is called {service.name}")
    elif folder is not None and built_as is None:
        scores.add(folder, 1, f"comes from {folder_word(service)}")
    if built_as is not None:
        scores.add(built_as, 1, f"is built from {dockerfile_word(service) or folder_word(service)}")
    return built_as or role or folder


def _score_own(scores: _Scores, service: Service, context: RoleContext, named: Role | None) -> None:
    """Score what only counts for an image that nobody knows: the team's own code, which its name describes."""
    how = "is built here" if service.build is not None else "runs an image of its own"
    has_port = bool(service.ports or service.expose)
    is_store = any(scores.points.get(role, 0) >= THRESHOLD for role in DATASTORES)
    is_known_not_a_store = named in DATASTORES and (service.made is None or context.dockerfile(service) is not None)
    if named is Role.WORKER and answers_http(service) and service.command is None:
        scores.add(Role.WEB, 2, f"{how} and answers HTTP on a published port")
    elif named is not None and not is_known_not_a_store:
        scores.add(named, 1, how)
    elif service.build is None:
        if not is_store and named is None and has_web_port(service):
            scores.add(Role.WEB, 2, f"{how} and has a port for HTTP")
        elif not is_store and named is None and service.ports and (store := store_used(service)):
            scores.add(Role.WEB, 2, f"{how}, has a port and takes the address of a store as {store}")
    elif has_port and not is_store and not APPLICATION & set(scores.points):
        scores.add(Role.WEB, 2, f"{how} and has a port")
    elif has_port and not is_store:
        best = max(APPLICATION & set(scores.points), key=lambda role: (scores.points[role], role.value))
        scores.add(best, 1, f"{how} and has a port")


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
            for host in {word for word in re.findall(r"[A-Za-z][\w.-]*", value) if word in names}:
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
    """The container ports: published and exposed ones, the Dockerfile's, the image's own, and those that others name.

    A proxy's label names one as surely as `expose`; where nothing else does, the healthcheck and the command tell.
    """
    said = [port.target for port in service.ports if port.target is not None and port.protocol == "tcp"]
    route = label_route(service)
    found = [*said, *service.expose, *((route.port,) if route and route.port else ())]
    serves = service.role not in _SILENT
    if not found and serves:
        dockerfile = context.dockerfile(service)
        found = list(exposed_ports(dockerfile, service.made.target)) if dockerfile and service.made else []
    image = service.image if service.made is None else _base_image(service, context)
    if not found and serves and image is not None:
        found = list(_LISTENS.of(image.name.lower()) or ())
    if not found:
        found = [port for name in service.names for port in references.get(name, ())]
    if not found and serves and service.role in APPLICATION:
        found = list(asked_at_home(service)) or list(bound_by(_command(service, context)))
    return tuple(dict.fromkeys(found))


def _version(service: Service, context: RoleContext) -> str:
    """The version of a store by its tag: `16-alpine` is 16, `0.8.0-pg17` is 17, `16.4-bookworm` is 16.4."""
    if not service.is_datastore:
        return ""
    image = service.image if service.made is None else _base_image(service, context)
    tag = image.tag if image else ""
    if service.role is Role.POSTGRES and (match := _PG_VERSION.search(tag)):
        return match[1]
    match = _VERSION.match(tag)
    return match[1] if match else ""
