"""Plans the guides: services, profiles and scripts of the project as an operator meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from urllib.parse import urlsplit

from scaffold.model.alternatives import ProfileChoice, choose_profiles, started
from scaffold.model.built_in_env import built_in_env_file
from scaffold.model.compose import Service, Stack
from scaffold.model.compose_secrets import external_secrets, path_in_container, secret_file, used_objects
from scaffold.model.credential_files import FILE_IN_BASE64, is_placed_credential
from scaffold.model.document import Location, find, text_of
from scaffold.model.document import Mapping as Fields
from scaffold.model.durability import is_durable_store
from scaffold.model.encryption_keys import encryption_keys
from scaffold.model.end_to_end import lock_and_manager
from scaffold.model.env_templates import made_env_files
from scaffold.model.guides import Copies, GuidePage, GuideProfile, GuideScript, GuideService, GuidesPlan, PlacedFile
from scaffold.model.lasting import ends_by_its_command, ends_with_certificate
from scaffold.model.left_out import gets_certificates
from scaffold.model.listed_starts import is_same, listed_starts
from scaffold.model.names import DATASTORES, Role
from scaffold.model.outside_stores import outside_stores
from scaffold.model.project import Command, Project, ScriptFile
from scaffold.model.regex import regex
from scaffold.model.scripts import RUNNERS, suffix_of
from scaffold.model.swarm import is_for_swarm, swarm_files
from scaffold.model.workload import Scaling, Workload
from scaffold.plan.copies import one_copy
from scaffold.plan.kept_data import kept_data
from scaffold.plan.migrations import ONE_COPY, StartMigration, start_migrations
from scaffold.plan.monitoring.probes import facts_of, health_url
from scaffold.plan.pulled import pulled_images
from scaffold.plan.records import has_database_server, in_words, kept_places
from scaffold.plan.release import release_tasks, services_that_migrate_at_once
from scaffold.plan.today import own_files, todays_ways, unused_parts
from scaffold.plan.unrun_migrations import unrun_migrations
from scaffold.plan.workloads.scope import is_long_running
from scaffold.plan.workloads.security import starting_user

FOLDER = "docs/operations"
_BESIDE = "docs/operations-scaffold"
_TOOLS = frozenset({Role.E2E, Role.MOCK, Role.ADMIN_UI})
_WATCHING = frozenset({Role.MONITORING, Role.LOGGING, Role.TRACING})
_NOTHING_SHOWN = (
    "the files show no volume and no folder of its own; what it holds in memory (sessions, sockets, caches) they do not show"
)
_ENV_FILE = regex(r"(?<!\S)--env-file(?:\s+|=)[\"']?(?P<path>[^\s\"'`;|&()]+)", words=("--env-file",))
_CONCURRENCY = regex(r"--(?:concurrency|workers|processes|threads|pool-size)[= ]\S+|(?<=\s)-[cw][= ]?\d+\b")


def plan_guides(
    project: Project,
    workloads: tuple[Workload, ...] = (),
    overlays: tuple[str, ...] = (),
    folders: tuple[str, ...] = (),
) -> GuidesPlan | None:
    """Return the guides of a project that was read without scaffold's files, or None where no stack runs in production.

    What may run once alone in the cluster (`workloads`) has one copy on every page; `overlays` are those that the production
    set gets, `folders` those of ours that something has to deploy.
    """
    stack = project.production_stack
    if stack is None or not stack.services:
        return None
    whole, choice = stack, choose_profiles(project, stack)
    stack = started(whole, choice)
    scripts = _scripts(project)
    migrations = start_migrations(project, stack)
    alone = services_that_migrate_at_once(project, stack)
    listed = sorted(stack.services, key=lambda item: item.name)
    services = tuple(
        _service(project, stack, service, migrations.get(service.name), service.name in alone) for service in listed
    )
    scalings = {workload.service: workload.scaling for workload in workloads}
    services = tuple(_as_in_the_cluster(item, scalings.get(item.name)) for item in services)
    if choice is None:
        # What waits for its profile does not answer after a release that did not turn it on.
        services = tuple(replace(item, answers=not item.profiles) for item in services)
    return GuidesPlan(
        paths=guide_paths(project),
        services=services,
        profiles=_profiles((whole, *project.production_stacks), choice),
        scripts=scripts,
        modules=_modules(project, {item.path for item in scripts}),
        tasks=tuple(
            item.name
            for item in services
            if item.copies is Copies.ONCE and not item.profiles and not _is_tool(stack, item.name)
        ),
        preparations=tuple((task.service, task.words) for task in release_tasks(project, stack)),
        migrations=unrun_migrations(project, stack),
        env_files=(env_files := _env_files(project, stack)),
        handed_files=tuple(_handed_files(project, overlays, {path for path, _ in env_files})),
        built_in_files=tuple(_built_in_files(project, stack)),
        made_before=tuple(_made_before(stack)),
        copied_files=(copied := _copied_files(project, stack, {path for path, _ in env_files})),
        placed_files=(placed := tuple(_placed_files(project, stack, workloads))),
        bare_files=tuple(
            path
            for path in (*(path for path, _ in (*env_files, *copied)), *(item.path for item in placed))
            if not path.startswith(("/", "..")) and not project.ignored_at(path)
        ),
        today=(ways := todays_ways(project)),
        unused=unused_parts(project, ways, (*overlays, *folders)),
        own_files=own_files(project),
        starts=tuple(f"{place.path}:{place.line}" for place in _starts(project, overlays)),
        pulled=pulled_images(stack),
        kept=kept_data(project, stack, has_server=has_database_server(project, stack)),
        outside=outside_stores(project, stack),
        encryption_keys=_encryption_keys(project, stack),
        is_checked=any(service.healthcheck and service.healthcheck.test for service in stack.services),
        directory=stack.directory,
        swarm=(swarm := swarm_files(project, stack)),
        swarm_secrets=external_secrets(stack) if swarm else (),
        chart=project.configuration.compute == "eks" and not any(file.kind == "helm" for file in project.infrastructure),
    )


def _encryption_keys(project: Project, stack: Stack) -> tuple[str, ...]:
    applications = (service for service in stack.services if service.is_application)
    facts = (fact for fact in project.code_facts if fact.reachable is not False)
    return tuple(encryption_keys(project, applications, facts, with_values=True))


def _starts(project: Project, overlays: tuple[str, ...]) -> Iterator[Location]:
    return (line.place for found in listed_starts(project, overlays) for line in found.starts)


def _handed_files(project: Project, overlays: tuple[str, ...], env_files: set[str]) -> Iterator[tuple[str, str]]:
    """Yield each of the env files that a start of the project hands to Compose itself, with the place of that start."""
    lines = [line for found in listed_starts(project, overlays) for line in found.starts]
    for path in sorted(env_files):
        for line in lines:
            if any(is_same(match["path"], path) for match in _ENV_FILE.finditer(line.text)):
                yield path, f"{line.place.path}:{line.place.line}"
                break


def _made_before(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield the external networks and volumes of a stack that its services use; the driver or the platform makes others."""
    networks = {key for service in stack.services for key in service.networks}
    for network in stack.networks:
        name = network.real_name or network.name
        if network.external and network.name in networks and "$" not in name and name not in {"host", "bridge", "none"}:
            yield "network", name
    volumes = {mount.source for service in stack.services for mount in service.mounts if mount.kind == "volume"}
    for volume in stack.volumes:
        name = text_of(find(stack.node, "volumes", volume.name, "name")) or volume.name
        if volume.external and volume.name in volumes and "$" not in name:
            yield "volume", name


def guide_paths(project: Project) -> tuple[tuple[GuidePage, str], ...]:
    """Return where each page goes: a folder of theirs with a page of one of these names moves all of ours beside it."""
    taken = any(f"{FOLDER}/{page.value}.md" in project.present for page in GuidePage)
    folder = _BESIDE if taken else FOLDER
    return tuple((page, f"{folder}/{page.value}.md") for page in GuidePage)


def _env_files(project: Project, stack: Stack) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for service in stack.services:
        for path in made_env_files(project, service):
            found.setdefault(path, []).append(service.name)
    return tuple((path, tuple(sorted(names))) for path, names in sorted(found.items()))


def _built_in_files(project: Project, stack: Stack) -> Iterator[tuple[str, str]]:
    for service in stack.services:
        found = built_in_env_file(project, service)
        if found is not None:
            yield found.path, f"{found.needed_at.path}:{found.needed_at.line}"


def _copied_files(project: Project, stack: Stack, env_files: set[str]) -> tuple[tuple[str, str], ...]:
    mounted = {mount.resolved for service in stack.services for mount in service.mounts} - env_files
    return tuple((file.path, file.template) for file in project.mounted if file.template and file.path in mounted)


def _placed_files(project: Project, stack: Stack, workloads: tuple[Workload, ...]) -> Iterator[PlacedFile]:
    """Yield each credential that people place on a host, by path."""
    found: dict[str, list[tuple[Service, str]]] = {}
    secrets: set[str] = set()
    for service in stack.services:
        for mount in service.mounts:
            if mount.resolved and is_placed_credential(project, mount):
                found.setdefault(mount.resolved, []).append((service, mount.target))
        for name, target in used_objects(service, "secrets"):
            path = secret_file(stack, name)
            if path and path not in project.present:
                secrets.add(path)
                found.setdefault(path, []).append((service, path_in_container(name, target)))
    keys = {
        (workload.service, mount.path): (mount.name, mount.key)
        for workload in workloads
        for mount in workload.mounts
        if mount.kind == "secret"
    }
    for path, users in sorted(found.items()):
        numbers = {starting_user(project, service) for service, _ in users}
        secret, key = next(
            (keys[service.name, target] for service, target in users if (service.name, target) in keys), ("", "")
        )
        names = tuple(sorted({service.name for service, _ in users}))
        user = numbers.pop() if len(numbers) == 1 else None
        yield PlacedFile(path, names, user, secret, key, key.endswith(FILE_IN_BASE64), mounted=path not in secrets)


def _is_tool(stack: Stack, name: str) -> bool:
    service = stack.service(name)
    return service is not None and service.role in _TOOLS


# --- services ---------------------------------------------------------------------------------------------------------


def _service(project: Project, stack: Stack, service: Service, migration: StartMigration | None, alone: bool) -> GuideService:  # noqa: FBT001
    copies, why = _copies(project, stack, service)
    check, is_guess = _check(project, service)
    if migration is not None and copies is Copies.MANY:
        place = f"{migration.location.path}:{migration.location.line}"
        if alone:
            copies, why = Copies.ONE, f"{ONE_COPY} ({place}); a job that migrates before the release would allow more"
        else:
            why = f"{why}. Its start migrates the database ({place}): {_in_turn(migration)}"
    return GuideService(
        name=service.name,
        role="certificates" if gets_certificates(service) else service.role.value if service.role else "service",
        runs=_runs(service),
        copies=copies,
        why=why,
        needed_by=tuple(sorted(s.name for s in stack.services if any(d.service == service.name for d in s.depends_on))),
        check=check,
        is_guess=is_guess,
        concurrency=_concurrency(service),
        blocked=_blocked(service) if copies is Copies.MANY else (),
        crowded=_crowded(project, stack, service),
        loose=copies is Copies.ONCE and not service.profiles and not _is_awaited(stack, service),
        profiles=service.profiles,
        refills=service.role is Role.REDIS and not is_durable_store(project, service),
    )


def _as_in_the_cluster(service: GuideService, scaling: Scaling | None) -> GuideService:
    if scaling is None or not scaling.reason or service.copies not in {Copies.MANY, Copies.ONE}:
        return service
    why = service.why if service.copies is Copies.ONE else scaling.reason
    return replace(service, copies=Copies.ONE, why=why, blocked=(), overlaps=not scaling.singleton)


def _in_turn(migration: StartMigration) -> str:
    if migration.locked:
        return "its tool takes a lock, so that one copy after the other does; start the first one alone"
    return "what prepares a release leaves the copies nothing to do"


def _runs(service: Service) -> str:
    build = service.build
    if build is not None:
        here = build.context in {"", "."} and build.dockerfile
        return here or build.context or build.raw_context
    return str(service.image) if service.image else ""


def _copies(project: Project, stack: Stack, service: Service) -> tuple[Copies, str]:
    if service.role in DATASTORES:
        return Copies.STORE, "it keeps data: a second copy would have data of its own"
    ends = (
        ends_with_certificate(service)
        or ends_by_its_command(service)
        or service.restart == "no"
        or (service.restart.startswith("on-failure") and not is_long_running(service))
    )
    if service.has_role(Role.ONE_SHOT, Role.E2E) or ends:
        return Copies.ONCE, "it does its work and ends"
    if service.role in _WATCHING:
        return Copies.ONE, "it keeps its own data on its volume"
    alone = one_copy(project, stack, service)
    return (Copies.ONE, alone.reason) if alone else _by_what_it_keeps(project, stack, service)


def _by_what_it_keeps(project: Project, stack: Stack, service: Service) -> tuple[Copies, str]:
    kept = kept_places(project, stack, service)
    if not kept:
        return Copies.MANY, _NOTHING_SHOWN
    places = {mount.source for mount in kept}
    users = (other for other in stack.services if other is not service)
    shared = sorted({other.name for other in users if any(mount.source in places for mount in other.mounts)})
    also = f", which {', '.join(shared)} {'use' if len(shared) > 1 else 'uses'} too" if shared else ""
    return Copies.MANY, f"copies on one host share {in_words(kept)}{also}; on several hosts that has to be shared storage"


def _is_awaited(stack: Stack, service: Service) -> bool:
    """Whether another service waits for its end: `up --wait` does so too then (docker/compose, pkg/compose/start.go)."""
    return any(
        edge.service == service.name and edge.condition == "service_completed_successfully"
        for other in stack.services
        for edge in other.depends_on
    )


def _crowded(project: Project, stack: Stack, service: Service) -> str:
    """Return what to do about copies that the set asks for and that want one port of the host; a swarm publishes it once."""
    port = next((item for item in service.ports if item.published and item.target and not item.range), None)
    asked = ((".".join(route), text_of(find(service.node, *route))) for route in (("deploy", "replicas"), ("scale",)))
    key, count = next(((key, text) for key, text in asked if text.isdigit() and int(text[:6]) > 1), ("", ""))
    if port is None or not key or service.network_mode or service.container_name or is_for_swarm(project, stack):
        return ""
    proxies = [item.name for item in stack.services if item.role is Role.PROXY and not gets_certificates(item)]
    proxies = [name for name in proxies if name != service.name]
    last = (port.published or 0) + int(count[:6]) - 1
    in_front = (
        f"take the port out of its `ports` and let `{proxies[0]}` reach it by its name"
        if proxies
        else ("put a proxy on its network, which reaches it by its name, and publish the port of that in its place")
    )
    return (
        f"`{service.name}` is asked for in {count} copies (`{key}`), and each wants port {port.published} of the host: `up` "
        f"ends with an error at the second. Before the first start {in_front}, or publish a range with a port for each "
        f"copy (`{port.published}-{last}:{port.target}`), or ask for one copy"
    )


def _blocked(service: Service) -> tuple[str, ...]:
    """Return what two containers of one host cannot both have: a name, a port of the host, an address."""
    fixed = [port.published for port in service.ports if port.published is not None and not port.range]
    found = ["the fixed container_name"] if service.container_name else []
    found += ["the network of the host"] if service.network_mode == "host" else []
    networks = service.node.get("networks")
    entries = networks.entries if isinstance(networks, Fields) else ()
    found += ["the fixed address" for entry in entries[:1] if text_of(find(entry.value, "ipv4_address"))]
    return (*found, *(f"the host port {port}" for port in fixed))


def _concurrency(service: Service) -> str:
    match = _CONCURRENCY.search(" ".join((*(service.entrypoint or ()), *(service.command or ()))))
    return match[0] if match else ""


def _check(project: Project, service: Service) -> tuple[str, bool]:
    """Return a request to a port that is published beyond the container, and whether its path is a guess.

    The path that says whether it works is that of its healthcheck, its image or its code, at the port of that. Without one the
    start page is asked for the code alone, as 404 is what a healthy API says there, and a part of it may be what calls itself
    the start; of an application whose routes are known one has to be.
    """
    published = [item for item in service.ports if item.published and item.protocol == "tcp"]
    if not published or service.role in DATASTORES or _routes_by_name(service):
        return "", False
    known = health_url(project, service)
    asked = urlsplit(known[0]) if known else None
    for port in published:
        if asked is not None and port.target in {None, asked.port}:
            return f"curl -fsS http://127.0.0.1:{port.published}{asked.path or '/'}", False
    routes = {fact.detail for fact in facts_of(project, service, "http-route")}
    # What a program for the browser calls looks like the routes of a server, and its start page is what is served.
    lacks_start = service.role is not Role.FRONTEND and routes and "/" not in routes
    if service.role not in {Role.WEB, Role.FRONTEND, Role.PROXY} or lacks_start:
        return "", False
    return f"curl -sS -o /dev/null -w '%{{http_code}}\\n' http://127.0.0.1:{published[0].published}/", True


def _routes_by_name(service: Service) -> bool:
    """Whether it forwards by the host names in the labels of others: asked by an address, it answers 404."""
    return service.role is Role.PROXY and any(mount.source.endswith("/docker.sock") for mount in service.mounts)


# --- profiles and scripts ---------------------------------------------------------------------------------------------


def _profiles(stacks: tuple[Stack, ...], choice: ProfileChoice | None) -> tuple[GuideProfile, ...]:
    """Return every profile of the stacks that stand for production; of two services with one name the first counts.

    Where profiles exclude each other, only those that add something to what starts by the choice.
    """
    services = {service.name: service for stack in reversed(stacks) for service in stack.services}
    names = sorted(set(chain.from_iterable(service.profiles for service in services.values())))
    found = (_profile(services, name) for name in names)
    if choice is None:
        return tuple(found)
    chosen, known = set(choice.profiles), {*choice.profiles, *choice.others}
    running = {service.name for service in services.values() if not service.profiles or chosen & set(service.profiles)}
    return tuple(item for item in found if item.name not in known and not running >= set(item.services))


def _profile(services: Mapping[str, Service], name: str) -> GuideProfile:
    members = [services[key] for key in sorted(services) if name in services[key].profiles]
    return GuideProfile(name, tuple(item.name for item in members), all(item.role in _TOOLS for item in members))


def _scripts(project: Project) -> tuple[GuideScript, ...]:
    """Return what people run: by the target or package script that names it, else by its own path."""
    found = ((item, _command(project, item)) for item in project.scripts)
    return tuple(GuideScript(item.path, command, item.purpose) for item, command in found if command)


def _command(project: Project, script: ScriptFile) -> str:
    """Return how a script is started, "" where nothing shows that it is."""
    name = re.compile(rf"(?:^|[\s/\"'=]){re.escape(script.path.rpartition('/')[2])}(?=$|[\s\"';&|)])")
    named = [item for item in project.commands if name.search(item.text)]
    start = next((found for item in named if (found := _start(project, item))), "")
    if start:
        return start
    shown = any(item.context in {"doc", "makefile", "package"} for item in named)
    return f"{RUNNERS[suffix_of(script.path)]} {script.path}" if script.runnable or shown else ""


def _start(project: Project, command: Command) -> str:
    """Return how people start the target or package script that a command belongs to, in the root; "" for another."""
    start = {
        "Makefile": "make",
        "makefile": "make",
        "justfile": "just",
        "package.json": f"{lock_and_manager(project, '')[1]} run",
    }.get(command.location.path, "")
    return f"{start} {command.owner}" if start and command.owner else ""


def _modules(project: Project, started: set[str]) -> tuple[str, ...]:
    """Return the other files; those of a folder below the scripts' own go by its name."""
    others = (item.path.split("/") for item in project.scripts if item.path not in started)
    return tuple(sorted({"/".join(parts[:2]) + ("/" if len(parts) > 2 else "") for parts in others}))
