"""NET015: pages are made with an address that leads nowhere outside of the stack, or to the visitor's own machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, listed, once
from scaffold.gaps.remembered import remembered
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Scalar, find
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host
from scaffold.model.starting import is_below

_BUNDLED = regex(rf"(?:{'|'.join(BUNDLERS)})\w+")
_URL = regex(r"(?:https?|wss?)://\S+")
_WRITES_PAGE = regex(r"\bwindow\.\w+|\bwindow\[", words=("window",))
_REFERENCE = regex(r"\$\{?([A-Za-z_]\w*)")
_REWRITES = regex(r"(?:.*/)?next\.config\.[cm]?[jt]s")
"""The file by which the server of Next.js may forward to such an address itself."""


@frozen
class _Given:
    """A variable of pages, the host in its value, and where it stands."""

    name: str
    host: str
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    yield from once(gap for stack in stacks for service in stack.services for gap in _of_service(project, stack, service))


def _of_service(project: Project, stack: Stack, service: Service) -> Iterator[Gap]:
    found = [*_of_build(project, service), *_of_start(project, service)]
    production = stack.environment is EnvironmentClass.PRODUCTION
    inside = [item for item in found if stack.resolve_host(item.host) is not None]
    local = [item for item in found if production and item.host in LOOPBACK]
    for items, effect in (
        (inside, "which only the containers of the stack know: no browser finds it"),
        (local, "which in a browser is the machine of the visitor"),
    ):
        if items:
            yield _gap(stack, service, items, effect)


@remembered
def _rewriting(project: Project) -> tuple[str, ...]:
    """Return the settings of Next.js, whose server may hand requests on to another one."""
    return tuple(path for path in project.present if _REWRITES.fullmatch(path))


def _of_build(project: Project, service: Service) -> Iterator[_Given]:
    """Yield the build arguments that a bundler writes into the pages; not those by which a server may forward."""
    context = (service.made.context if service.made else "") or "."
    forwards = any(is_below(path, context.strip("./")) for path in _rewriting(project))
    arguments = find(service.node, "build", "args")
    for name, value in service.made.args if service.made else ():
        host = url_host(value) if _BUNDLED.fullmatch(name) and _URL.fullmatch(value.strip()) else None
        node = find(arguments, name)
        written = node.raw if isinstance(node, Scalar) else ""
        may_forward = forwards and name.startswith("NEXT_PUBLIC_") and host not in LOOPBACK
        if host and not may_forward and _is_meant(project, host, written):
            yield _Given(name, host, node.location if isinstance(node, Scalar) else service.location)


def _of_start(project: Project, service: Service) -> Iterator[_Given]:
    """Yield the variables that a start script of the image writes into a page or its configuration."""
    scripts = [
        source.text
        for source in project.sources
        if source.path.endswith(".sh") and _WRITES_PAGE.search(source.text) and is_in_image(project, service, source.path)
    ]
    for entry in service.environment if scripts else ():
        value = (entry.value or "").strip()
        host = url_host(value) if _URL.fullmatch(value) else None
        name = re.compile(rf"\$\{{?{re.escape(entry.name)}\b")
        if host and any(name.search(text) for text in scripts) and _is_meant(project, host, entry.raw or ""):
            yield _Given(entry.name, host, entry.location)


def _is_meant(project: Project, host: str, written: str) -> bool:
    """Whether production gets a host: a default of this machine may be there for a try, unless its template says the same."""
    names = set(_REFERENCE.findall(written))
    if host not in LOOPBACK or not names:
        return True
    files = (file for file in project.env_files if file.environment == EnvironmentClass.PRODUCTION)
    offered = [entry for file in files for entry in file.entries if entry.name in names and not entry.commented]
    return any(url_host(entry.value) in LOOPBACK for entry in offered)


def _gap(stack: Stack, service: Service, items: list[_Given], effect: str) -> Gap:
    names, hosts = listed(item.name for item in items), listed(item.host for item in items)
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"pages/{items[0].host}",
        message=f"The pages of {service.name} are given {hosts} as an address of their server ({names}), {effect}.",
        expected="the public address, or a path that the proxy of the same name forwards",
        actual=hosts,
        locations=tuple(dict.fromkeys(item.place for item in items)),
        environment=stack.environment,
    )


RULE = Rule(
    code="NET015",
    name="inside-address-for-browsers",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write the public https address, or a path such as /api that the web server of the pages forwards to the service.",
        ),
    ),
)
