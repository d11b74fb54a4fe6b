"""CMP030: a service publishes, or checks, a port on which the server in its image does not listen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scaffold.gaps.compose.port_ranges import NarrowRange, narrow_ranges
from scaffold.gaps.facts import HealthSource, health_source, judged_stacks, once, production_or_all, root_image
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import sources_in_image
from scaffold.model.names import Cause, EnvironmentClass, Layer, Severity
from scaffold.model.nginx import parse_nginx, walk
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_USUAL = {"nginx": 80, "library/nginx": 80, "nginxinc/nginx-unprivileged": 8080}
"""The official images of nginx, and where each listens as it comes (their Dockerfiles, 2026-11)."""
_DEFAULT = "/etc/nginx/conf.d/default.conf"
_MAIN = "/etc/nginx/nginx.conf"
_NUMBER = regex(r"(?:[^:\s]*:|\[[^\]]*\]:)?(?P<port>\d{1,5})")
_CHANGES = regex(r"/etc/nginx|\blisten\b|default\.conf|nginx\.conf|\.sh\b|<<")
"""Steps that may write another configuration."""
_HARMLESS = regex(r"(?:_params|mime\.types)$|^/etc/nginx/(?:conf\.d/(?:\*|default)\.conf|modules-enabled/\*\.conf)$")
_SERVERS = regex(
    r"(?:^|[\s/])(?P<name>uvicorn|gunicorn|hypercorn|daphne|granian|streamlit|fastapi|flask|puma|vite|next|http-server|runserver)(?=\s)"
)
_BOUND = regex(
    r"(?:--port[=\s]+|--bind[=\s]+\S{0,60}:|-b\s*\S{0,60}:|--server\.port[=\s]+|runserver\s+\S{0,60}?:?|\s-p\s+)(?P<port>\d{2,5})(?![\d.])"
)
"""Ports that a command names; one of a variable is none."""
_LOOPBACK = regex(r"(?:--host(?:name)?|-H|--bind|-b|--server\.address|runserver)[=\s]+(?:127\.0\.0\.1|localhost)(?=[:\s]|$)")
_DEBUGGERS = frozenset({5678, 9229, 5005, 2345, 35729, 4444, 6060})
"""Ports that debuggers and reloaders open beside a server."""
_SEVERAL = regex(r"[;&|]|\$")
"""What may start something else beside a server, or moves it by a variable."""
_ASKED = regex(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(?P<port>\d{1,5}))?(?=[/\s\"']|$)")


@frozen
class _Served:
    """What a server listens on: its name, each port with the line that says so, and whether only its container reaches it."""

    program: str
    ports: Mapping[int, Location]
    at_home: bool = False


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    return iter(once(gap for stack in production_or_all(stacks) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        yield from (_range_gap(stack, service, found) for found in narrow_ranges(service) if service.network_mode != "host")
        served = _served(project, service) if service.ports else None
        wrong = [port for port in service.ports if served and _is_wrong(project, service, served, port)]
        if served and wrong and len(wrong) == len(service.ports):
            asked = None if served.at_home else _asked_in_vain(project, service, served.ports)
            yield _gap(stack, service, served, [(port.target or 0, port.location) for port in wrong], asked)


def _is_wrong(project: Project, service: Service, served: _Served, port: Port) -> bool:
    """Whether the server does not answer at a published port, and nothing of the service speaks of another that would."""
    if port.target is None or port.protocol != "tcp" or port.target in _DEBUGGERS:
        return False
    if port.target in served.ports:
        return served.at_home
    word = re.compile(rf"(?<!\d){port.target}(?!\d)")
    if any(word.search(entry.value or "") for entry in service.environment):
        return False
    if served.program == "nginx":
        return True
    dockerfile = project.image_of(service)
    exposed = dockerfile.exposed if dockerfile else ()
    return port.target not in exposed and not any(
        word.search(source.text) for source in sources_in_image(project, service, str(port.target))
    )


def _asked_in_vain(project: Project, service: Service, served: Mapping[int, Location]) -> HealthSource | None:
    """Return the check of Compose that asks such a port too."""
    source = health_source(project, service)
    if source is None or source.healthcheck is None:
        return None
    ports = [int(match["port"] or (443 if match[0].startswith("https") else 80)) for match in _ASKED.finditer(source.command)]
    return source if ports and not set(ports) & served.keys() else None


def _served(project: Project, service: Service) -> _Served | None:
    """Return what the server of a service listens on: one whose command names it, or nginx; None where that is unknown."""
    if service.network_mode:
        return None
    told = _told(project, service)
    if told is not None or service.command is not None or service.entrypoint is not None:
        return told
    found = _of_nginx(project, service)
    return _Served("nginx", found) if found else None


def _told(project: Project, service: Service) -> _Served | None:
    """Return the one port that the command of a server names, and whether it is bound to this machine alone."""
    start = start_of(project, service) if service.made else None
    if start is None or len(start.lines) != 1:
        return None
    line, place = start.lines[0]
    server, ports = _SERVERS.search(line), {int(match["port"]) for match in _BOUND.finditer(line)}
    if server is None or len(ports) != 1 or _SEVERAL.search(line):
        return None
    return _Served(server["name"], dict.fromkeys(ports, place), at_home=bool(_LOOPBACK.search(line)))


def _of_nginx(project: Project, service: Service) -> dict[int, Location]:
    """Return the ports on which the nginx that a service runs listens, and the line of each; nothing where that is unknown."""
    dockerfile = project.image_of(service) if service.made else None
    if service.made and (dockerfile is None or not _is_plain(dockerfile, service.made.target)):
        return {}
    base = root_image(dockerfile, service.made.target) if dockerfile and service.made else service.image
    usual = _USUAL.get(base.repository) if base else None
    if usual is None:
        return {}
    place = (dockerfile.stage(service.made.target) or dockerfile.stages[-1]).location if dockerfile and service.made else None
    return _listens(project, service, usual, place or service.image_location or service.location)


def _is_plain(dockerfile: Dockerfile, target: str) -> bool:
    """Whether the stages that run start nginx as the official image does, with files that are copied as they are."""
    items = [item for stage in dockerfile.chain(target) for item in stage.instructions]
    if any(item.keyword == "ENTRYPOINT" or (item.keyword == "CMD" and "nginx" not in item.text) for item in items):
        return False
    if any(item.keyword == "RUN" and _CHANGES.search(item.text) for item in items):
        return False
    copies = [item for item in items if item.keyword in {"COPY", "ADD"} and "/etc/nginx" in item.text]
    return not any("--from" in " ".join(item.flags) or "$" in item.text for item in copies)


def _listens(project: Project, service: Service, usual: int, image: Location) -> dict[int, Location]:
    files = nginx_files(project, service)
    hidden = [mount for mount in service.mounts if mount.target.startswith("/etc/nginx")]
    if len({mount.resolved for mount in hidden} - {file.path for file in files}) > 0 or any(
        file.target.startswith("/etc/nginx/templates") for file in files
    ):
        return {}
    found: dict[int, Location] = {}
    for file in files:
        for item in walk(parse_nginx(file.text) or ()):
            if item.name == "include" and not _HARMLESS.search(" ".join(item.arguments)):
                return {}
            port = _NUMBER.fullmatch(item.arguments[0]) if item.name == "listen" and item.arguments else None
            if item.name == "listen" and port is None:
                return {}
            if port is not None:
                found.setdefault(int(port["port"]), Location(file.path, item.line, item.column))
    targets = {file.target for file in files}
    if _DEFAULT not in targets and _MAIN not in targets:
        found.setdefault(usual, image)
    return found


def _gap(stack: Stack, service: Service, served: _Served, wrong: list[tuple[int, Location]], asked: HealthSource | None) -> Gap:
    ports = " and ".join(dict.fromkeys(str(port) for port, _ in wrong))
    listens = " and ".join(str(port) for port in served.ports)
    where = "on 127.0.0.1 of the container" if served.at_home else f"on {listens} alone"
    check = ", and its healthcheck asks there too, so it never becomes healthy" if asked else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"ports/{wrong[0][0]}",
        message=f"{service.name} publishes port {ports} of its container, and the {served.program} in it listens {where}: "
        f"nobody is answered{check}.",
        expected="a server that listens on 0.0.0.0" if served.at_home else f"{listens} as the port of the container",
        actual=ports,
        locations=tuple(place for _, place in wrong),
        related=tuple(dict.fromkeys((*served.ports.values(), *((asked.location,) if asked else ())))),
        environment=stack.environment,
    )


def _range_gap(stack: Stack, service: Service, found: NarrowRange) -> Gap:
    first, last = found.published
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"range/{found.first}-{found.last}",
        message=f"{service.name} hands out UDP ports {found.first} to {found.last} and publishes only {first} to {last}: who "
        "is given one of the others gets no answer.",
        expected="the same range in the settings and in `ports`",
        actual=f"{first}-{last} of {found.first}-{found.last}",
        locations=(found.port,),
        related=(found.variable,),
        severity=Severity.LOW if stack.environment is EnvironmentClass.BASE else Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Write the range that is published into the settings of the service."),),
    )


RULE = Rule(
    code="CMP030",
    name="published-port-not-served",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Publish the port on which the server listens, and let the healthcheck ask there."),),
    cause=Cause.STACK,
)
