"""The variables that the code requires and that only a developer's or a mounted `.env` sets: no pod would start."""

from __future__ import annotations

import fnmatch
import posixpath
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from scaffold.model.compose import Build, EnvValue, Service, Stack
from scaffold.model.document import Location, VariableReference
from scaffold.model.environment import NeededVariable
from scaffold.model.names import Role
from scaffold.model.project import Dockerfile, EnvEntry, EnvRead, Instruction, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.secrets import is_sensitive_name, url_password
from scaffold.plan.workloads.hosts import host_and_port, names_host, parse_url

_MODES = frozenset({"NODE_ENV", "RAILS_ENV", "RACK_ENV", "FLASK_ENV"})
"""Variables of frameworks whose word for production is `production`."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]"})  # noqa: S104 - an address to look for
_NO_SERVER = regex(
    r"(?:^|/)(?:\w+_)?(?:tests?|specs?|__tests__|fixtures?|testdata|mocks?|e2e|examples?|docs?|scripts?|bin|tools|hack|archive)/"
    r"|(?:^|[/_.-])(?:test|spec|seed)[_.-]|conftest|locustfile|\.(?:sh|bash)$"
)
"""Files that a service does not run, or not to serve."""
_STATIC = regex(r"(?:^|/)(?:nginx|caddy|httpd|nginx-unprivileged|static-web-server)(?:[:@]|$)")
"""Images that serve files: what was code is in them no more."""
_NUMBER_OR_SWITCH = regex(r"\d{1,9}|true|false|True|False|yes|no|on|off")


def needed_variables(project: Project, stack: Stack) -> tuple[NeededVariable, ...]:
    """Return what each service of the stack that the project builds needs beside its environment, by service and name."""
    templates = _templates(project, stack)
    built = [service for service in stack.services if service.build and service.delivers_image and _runs_code(project, service)]
    found: list[NeededVariable] = []
    for service in built:
        given = _given(project, stack, service)
        for name, reads in sorted(_reads_of(project, service).items()):
            if name not in given and all(read.required for read in reads):
                need = _need(service, stack, name, reads, templates)
                found += [need] if need else []
    return tuple(sorted(found, key=lambda need: (need.service, need.name)))


def with_needed(stack: Stack, needs: tuple[NeededVariable, ...]) -> Stack:
    """Return the stack as production runs it: each variable that is known to be needed stands in the environment."""
    by_service: dict[str, list[EnvValue]] = defaultdict(list)
    for need in needs:
        if need.kind != "unknown":
            by_service[need.service].append(_entry(need))
    services = [
        replace(service, environment=tuple(sorted((*service.environment, *added), key=lambda entry: entry.name)))
        if (added := by_service.get(service.name))
        else service
        for service in stack.services
    ]
    return replace(stack, services=tuple(services)) if by_service else stack


def _entry(need: NeededVariable) -> EnvValue:
    if need.kind == "fixed" or (need.value and need.kind == "asked"):
        return EnvValue(need.name, need.value, need.value, (), "environment", need.location)
    operator = ":-" if need.kind == "default" else "-" if need.may_be_empty else ":?"
    reference = VariableReference(need.name, operator, need.value)
    return EnvValue(need.name, need.value, need.text, (reference,), "environment", need.location)


# --- what the files set and read --------------------------------------------------------------------------------------


def _templates(project: Project, stack: Stack) -> dict[str, EnvEntry]:
    """Return the entries that the templates of developers set, those nearest to the project directory first."""
    files = [item for item in project.env_files if item.kind == "template" and item.path not in project.owned]
    files.sort(key=lambda item: (posixpath.dirname(item.path) != stack.directory, bool(item.environment), item.path))
    found: dict[str, EnvEntry] = {}
    for file in files:
        for entry in file.entries:
            if not entry.commented:
                found.setdefault(entry.name, entry)
    return found


def _given(project: Project, stack: Stack, service: Service) -> set[str]:
    """Return the variables that the service gets, or that another one of the same image gets and it does not: on purpose."""
    same = [other for other in stack.services if other.build and _source(other.build) == _source(service.build)]
    names = {entry.name for other in same for entry in other.environment}
    dockerfile = project.image_of(service)
    stages = dockerfile.chain(service.build.target) if dockerfile and service.build else ()
    return names | {name for stage in stages for name in _set_by(stage)}


def _source(build: Build | None) -> tuple[str | None, str | None] | None:
    return (build.context, build.dockerfile) if build else None


def _set_by(stage: Stage) -> Iterable[str]:
    for item in stage.instructions:
        if item.keyword == "ENV":
            words = _words(item.text)
            yield from (word.partition("=")[0] for word in words) if "=" in words[0] else words[:1]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text) or [""]
    except ValueError:
        return text.split() or [""]


def _reads_of(project: Project, service: Service) -> Mapping[str, list[EnvRead]]:
    found: dict[str, list[EnvRead]] = defaultdict(list)
    for read in project.env_reads:
        if not _NO_SERVER.search(read.location.path) and _is_in_image(project, service, read.location.path):
            found[read.name].append(read)
    return found


def _runs_code(project: Project, service: Service) -> bool:
    if service.role in {Role.PROXY, Role.E2E, Role.MOCK, Role.ADMIN_UI} or service.is_datastore:
        return False
    dockerfile, build = project.image_of(service), service.build
    stage = dockerfile.stage(build.target) if dockerfile and build else None
    return stage is None or not _STATIC.search(stage.base)


def _is_in_image(project: Project, service: Service, path: str) -> bool:
    """Whether a COPY of the Dockerfile takes a file of the context; true where the Dockerfile is not known."""
    build = service.build
    context = build.context if build else None
    if context is None:
        return False
    inside = path if context in {"", "."} else posixpath.relpath(path, context)
    if inside.startswith(".."):
        return False
    dockerfile = project.image_of(service)
    return dockerfile is None or any(_covers(source, inside) for source in _copied(dockerfile, build.target if build else ""))


def _copied(dockerfile: Dockerfile, target: str) -> Iterable[str]:
    """Yield what the stages take from the context of which the target is made."""
    pending, seen = list(dockerfile.chain(target)), set[Location]()
    while pending:
        stage = pending.pop()
        if stage.location in seen:
            continue
        seen.add(stage.location)
        for item in stage.instructions:
            if item.keyword in {"COPY", "ADD"}:
                origin = next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from")), "")
                pending += dockerfile.chain(origin) if origin else ()
                yield from () if origin else _sources(item)


def _sources(item: Instruction) -> list[str]:
    return [posixpath.normpath(word.strip('",[]').lstrip("/") or ".") for word in _words(item.text)[:-1]]


def _covers(source: str, path: str) -> bool:
    parts = path.split("/")
    heads = ("/".join(parts[: index + 1]) for index in range(len(parts)))
    return source == "." or any(fnmatch.fnmatchcase(head, source) for head in heads)


# --- what to do about one ---------------------------------------------------------------------------------------------


def _need(
    service: Service, stack: Stack, name: str, reads: list[EnvRead], templates: Mapping[str, EnvEntry]
) -> NeededVariable | None:
    failing = next((read for read in reads if read.fails), None)
    entry = templates.get(name)
    where = (failing or reads[0]).location
    if failing and name in _MODES:
        return NeededVariable(service.name, name, "fixed", where, "production")
    if failing is None or entry is None:
        return NeededVariable(service.name, name, "unknown", where) if failing or entry else None
    value = entry.value
    address = _address(name, value, stack, templates)
    has_login = bool(url_password(value))
    if is_sensitive_name(name) or has_login:
        kept = address if has_login else ""
        login = _login_of(name, stack, templates)
        return NeededVariable(service.name, name, "asked", where, kept, secret=True, may_be_empty=not value, login=login)
    if address:
        return NeededVariable(service.name, name, "fixed", where, address)
    if _NUMBER_OR_SWITCH.fullmatch(value):
        return NeededVariable(service.name, name, "default", where, value)
    return NeededVariable(service.name, name, "asked", where, may_be_empty=not value, login=_login_of(name, stack, templates))


_LOGIN = regex(r"(?P<of>.+_)(?:USERNAME|USER|PASSWORD|PASS|PWD)")


def _login_of(name: str, stack: Stack, templates: Mapping[str, EnvEntry]) -> str:
    """Return the store that a user or a password belongs to, by the host that stands beside it; "" for none."""
    match = _LOGIN.fullmatch(name)
    entry = templates.get(f"{match['of']}HOST") if match else None
    address = _address(entry.name, entry.value, stack, templates) if entry else ""
    service = stack.resolve_host(address) if address else None
    return service.name if service and service.is_datastore else ""


def _address(name: str, value: str, stack: Stack, templates: Mapping[str, EnvEntry]) -> str:
    """Return the value as a container reaches the service that it names, "" where it names none of the stack.

    The machine of a developer is the store that listens at the port: a container finds none at its own loopback.
    """
    url, pair = parse_url(value), host_and_port(value)
    host = url.host if url else pair[0] if pair else value if names_host(name) else ""
    if not host:
        return ""
    if host not in _LOOPBACK:
        return value if stack.resolve_host(host) else ""
    port = url.port if url else str(pair[1]) if pair else _port_beside(name, templates)
    stores = (service for service in stack.services if service.is_datastore)
    listening = [service.name for service in stores if port.isdecimal() and int(port) in _ports(service)]
    return value.replace(host, listening[0], 1) if len(listening) == 1 else ""


def _port_beside(name: str, templates: Mapping[str, EnvEntry]) -> str:
    for ending in ("HOSTNAME", "HOST", "SERVER"):
        if name.endswith(ending):
            entry = templates.get(f"{name.removesuffix(ending)}PORT")
            return entry.value if entry else ""
    return ""


def _ports(service: Service) -> set[int]:
    return {*service.listens, *service.expose, *(port.target for port in service.ports if port.target)}
