"""NET009: a debugger, which runs whatever a client sends, can be reached on every interface of the host."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, final_stages, is_turned_on, once
from scaffold.gaps.image.builds import production_stage
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import words_of
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SCRIPT = regex(
    r"(?:^|[\s;&|\"'])(?:npm|pnpm|yarn|bun)\s+(?:run\s+|run-script\s+)?(?P<name>[\w:.-]+)", words=("bun", "npm", "yarn")
)
_EVERYWHERE = r"(?:0\.0\.0\.0|\*|\[::\]|::)"
_JAVA = regex(
    rf"-(?:agentlib:|X?run)jdwp[=:](?=\S*\bserver=y)\S*?\baddress=[\"']?(?:(?P<all>{_EVERYWHERE}):|(?P<host>[\w.-]+):)?(?P<port>\d{{2,5}})",
    words=("address=",),
)
_DEBUGGERS = (
    ("debugpy", regex(rf"\bdebugpy\b.*?--listen[= ]+(?:{_EVERYWHERE}:)(?P<port>\d{{2,5}})", words=("--listen",)), 0),
    (
        "node --inspect",
        regex(rf"--inspect(?:-brk|-wait)?=[\"']?{_EVERYWHERE}(?::(?P<port>\d{{2,5}}))?", words=("--inspect",)),
        9229,
    ),
    ("delve", regex(rf"\bdlv\b.*?(?:--listen|-l)[= ]+[\"']?{_EVERYWHERE}?:(?P<port>\d{{2,5}})", words=("dlv",)), 0),
    ("rdbg", regex(rf"\brdbg\b(?=.*--host[= ]+{_EVERYWHERE}).*?--port[= ]+(?P<port>\d{{2,5}})", words=("--port",)), 0),
)
"""Debuggers with how they are told to listen on every interface of the container, and their port where none is named."""


@frozen
class _Debugger:
    name: str
    port: int
    location: Location
    stage: str
    """How production builds a stage without it, where the image alone starts it."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        ports = open_ports(project, service) if not service.network_mode.startswith("host") else ()
        for debugger in _debuggers(project, service) if ports else ():
            for port in ports:
                if port.target == debugger.port and port.protocol == "tcp":
                    yield _gap(stack, service, port, debugger, is_on=is_turned_on(project, service))


def _debuggers(project: Project, service: Service) -> Iterator[_Debugger]:
    """Yield the debuggers that a service starts: by its command and variables, and by those of its image."""
    for written, place in _texts(project, service):
        text = _with_script(project, service, written)
        in_image = place.path == (service.made.dockerfile if service.made else None)
        stage = production_stage(project, service) if in_image else ""
        java = _JAVA.search(text)
        # Before Java 9 a port alone meant every interface; since then it means the container itself, as a host does.
        if java and (java["all"] or (java["host"] is None and _is_old_java(project, service))):
            yield _Debugger("Java's debugger (JDWP)", int(java["port"]), place, stage)
        for name, pattern, default in _DEBUGGERS:
            match = pattern.search(text)
            if match:
                yield _Debugger(name, int(match["port"] or default), place, stage)


def _texts(project: Project, service: Service) -> Iterator[tuple[str, Location]]:
    if service.command or service.entrypoint:
        yield words_of(service), service.command_location or service.location
    for entry in service.environment:
        yield entry.value or "", entry.location
    dockerfile = project.image_of(service)
    target = service.build_target
    for stage in final_stages(dockerfile, target) if dockerfile else ():
        yield from ((item.text, item.location) for item in stage.instructions if item.keyword == "ENV")
    for keyword, own in (("ENTRYPOINT", service.entrypoint), ("CMD", service.command or service.entrypoint)):
        found = dockerfile.effective(keyword, target) if dockerfile and not own else None
        if found is not None:
            yield " ".join(found.argv) or found.text, found.location


def _with_script(project: Project, service: Service, text: str) -> str:
    """Return a command with the npm script that it runs behind it, one level deep."""
    match = _SCRIPT.search(text)
    folder = service.made.context if service.made else None
    scripts = (item.scripts for item in project.manifests if match and item.folder == folder)
    return " ".join((text, *(dict(known).get(match["name"], "") for known in scripts if match)))


def _is_old_java(project: Project, service: Service) -> bool:
    """Whether the image is known to run Java 8 or older."""
    dockerfile = project.image_of(service)
    stages = final_stages(dockerfile, service.made.target) if dockerfile and service.made else ()
    base = stages[-1].base if stages else str(service.image or "")
    return bool(_OLD_JAVA.search(base))


_OLD_JAVA = regex(r"(?:java|jdk|jre|openjdk|temurin|corretto)[:\w.-]*?(?<!\d)[78](?:[-uj._]|$)")


def _gap(stack: Stack, service: Service, port: Port, debugger: _Debugger, *, is_on: bool) -> Gap:
    note = f"; the Dockerfile has a stage for production, which needs {debugger.stage}" if debugger.stage else ""
    published = f" as {port.number}" if port.published is not None and port.number != str(port.target) else ""
    if port.drawn:
        published = " at a port that Docker draws"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"ports/{port.target}",
        message=f"{service.name} runs {debugger.name} and publishes its port {port.target}{published} on every interface of "
        f"the host: it asks for no login and runs whatever a client sends{note}.",
        expected="the program without its debugger, or 127.0.0.1 before the port",
        actual="a debugger on all interfaces",
        locations=(port.location,),
        related=(debugger.location,),
        severity=Severity.HIGH if is_on and not debugger.stage and not port.drawn else Severity.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="NET009",
    name="debugger-published",
    layer=Layer.NETWORK,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Start the program without the debugger where people reach the host; for development put command and port into "
            "docker-compose.override.yml, with 127.0.0.1 before the port.",
        ),
    ),
)
