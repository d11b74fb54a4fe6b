"""Where visitors come in: what a proxy does with TLS that the load balancer of the cluster does already, and no door at all."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.model.compose import Mount, Service
from scaffold.model.document import Location
from scaffold.model.names import Role
from scaffold.model.nginx import Directive, parse_nginx, walk
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.workload import Note, Workload
from scaffold.plan.workloads.scope import Scope

_CADDYFILE = "/etc/caddy/Caddyfile"
_PLAIN = regex(r"http://.*|:\d+|.*:(?!443)\d+")
"""A site that Caddy serves without TLS or without a redirect: by its scheme or its port."""
_PLACEHOLDER = regex(r"\{\$(?P<name>\w+)(?::(?P<default>[^{}\n]*))?\}", words=("{$",))
_OFF = regex(r"(?m)^[ \t]*auto_https[ \t]+(?:off|disable_redirects)\b", words=("auto_https",))
_TO_HTTPS = regex(r"https://.*", words=("https://",))
_NAMES = regex(r"DOMAIN|HOST", words=("DOMAIN", "HOST"))
_READ_AT_THE_START = ("/etc/nginx/nginx.conf", "/etc/nginx/conf.d/", "/etc/nginx/http.d/", "/etc/nginx/templates/")
"""Where the images have what nginx starts with; other files may be there for another mode."""
_SERVED = (Role.PROXY, Role.FRONTEND, Role.WEB)
_TUNNELS = regex(
    r"cloudflared|ngrok|tailscale|frpc|(?:^|/)pangolin|newt",
    words=("cloudflared", "ngrok", "tailscale", "frpc", "pangolin", "newt"),
)
_REMOTE = regex(r"(?m)^[ \t]*(?:@\w+[ \t]+)?(?:not[ \t]+)?remote_ip[ \t]+(?!forwarded)", words=("remote_ip",))
"""Who connects, as Caddy sees it; with `forwarded`, older versions read the header instead."""
_BALANCER = (
    "{what} lets in by the address of whoever connects. In the cluster that is the load balancer, for everybody: {mend}, "
    "or all visitors are shut out, or let in"
)
_LOOP = (
    "{what}. The load balancer of the cluster ends TLS and speaks plain HTTP to it, so visitors are sent in a circle: {mend}"
)


def front_notes(service: Service, scope: Scope) -> tuple[Note, ...]:
    """Return a note for each file with which a proxy answers plain HTTP with a redirect to https, whoever ended TLS before it,
    for each certificate of its own that no file of the repository is, and for each list of addresses that may come in.
    """
    found = [*_caddy(service, scope.project), *_nginx(service, scope.project), *_address_lists(service, scope.project)]
    return tuple(Note(service.name, "volumes", message, place, urgent=True) for place, message in found)


def _caddyfile(service: Service, project: Project) -> tuple[str, str]:
    """Return path and text of the Caddyfile that a service mounts, two empty texts without one."""
    path = next((mount.resolved for mount in service.mounts if mount.target == _CADDYFILE), None)
    text = next((item.data.decode("utf-8", "replace") for item in project.mounted if item.path == path), "") if path else ""
    return path or "", text


def _caddy(service: Service, project: Project) -> Iterator[tuple[Location, str]]:
    path, text = _caddyfile(service, project)
    if not path or _OFF.search(text):
        return
    for number, site in _sites(text):
        address = _PLACEHOLDER.sub(lambda found: _value(service, found), site).strip()
        if address and not _PLAIN.fullmatch(address):
            message = _LOOP.format(
                what=f"Caddy sends who asks {site} over plain HTTP on to https",
                mend="write http:// before the names of the site for the cluster",
            )
            yield Location(path, number), message
            return


def _sites(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and address of each site that has a block of its own; options and snippets have none."""
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].strip()
        bare = _PLACEHOLDER.sub("", words)
        if depth == 0 and words.endswith("{") and (words.startswith("{$") or not words.startswith(("{", "("))):
            yield from ((number, site) for site in words.removesuffix("{").replace(",", " ").split())
        depth += bare.count("{") - bare.count("}")


def _value(service: Service, found: re.Match[str]) -> str:
    """Return what a placeholder of a Caddyfile is; a name that nobody spells out stands for a name."""
    entry = service.env(found["name"])
    known = entry.value if entry is not None and not entry.references else None
    return known or found["default"] or ("a-name" if _NAMES.search(found["name"]) else "")


def _nginx(service: Service, project: Project) -> Iterator[tuple[Location, str]]:
    for file in nginx_files(project, service):
        if not file.target.startswith(_READ_AT_THE_START):
            continue
        servers = list(_servers(parse_nginx(file.text) or ()))
        redirects = [_redirect(server) for server in servers if not _has_tls(server)]
        if redirects and None not in redirects:
            message = _LOOP.format(
                what="nginx answers everything on port 80 with a redirect to https",
                mend="for the cluster let the server that forwards listen on port 80, and take this one out",
            )
            yield Location(file.path, next(item.line for item in redirects if item)), message
        lost = next(
            (item for server in servers for item in server.of("ssl_certificate") if _is_lost(item, service, project)), None
        )
        if lost is not None:
            message = (
                f"nginx does not start without {lost.arguments[0]}, which no file of the repository is: in the cluster "
                "the load balancer has the certificate. Take the servers with TLS out of the file there"
            )
            yield Location(file.path, lost.line), message


def _address_lists(service: Service, project: Project) -> Iterator[tuple[Location, str]]:
    """Yield the first line of each file that lets visitors in by the address from which they connect."""
    path, text = _caddyfile(service, project)
    asked = _REMOTE.search(text)
    if asked is not None:
        mend = "ask client_ip there, and name the network of the load balancer in trusted_proxies"
        yield Location(path, text.count("\n", 0, asked.end()) + 1), _BALANCER.format(what="Caddy (remote_ip)", mend=mend)
    files = [file for file in nginx_files(project, service) if file.target.startswith(_READ_AT_THE_START)]
    trees = {file.path: tuple(walk(parse_nginx(file.text) or ())) for file in files}
    if any(item.name == "set_real_ip_from" for tree in trees.values() for item in tree):
        return
    for place, tree in trees.items():
        shut = next((item for item in tree if item.block is not None and _is_list(item)), None)
        if shut is not None:
            mend = "set real_ip_header X-Forwarded-For and set_real_ip_from with the network of the load balancer"
            yield Location(place, shut.of("allow")[0].line), _BALANCER.format(what="nginx (allow, deny)", mend=mend)


def _is_list(item: Directive) -> bool:
    """Whether a block lets some addresses in and nobody else; the own machine asks nothing through a load balancer."""
    allowed = [inner.arguments[0] for inner in item.of("allow") if inner.arguments]
    denied = any(inner.arguments == ("all",) for inner in item.of("deny"))
    return denied and any(address not in {"127.0.0.1", "::1", "127.0.0.0/8"} for address in allowed)


def _servers(directives: tuple[Directive, ...]) -> Iterator[Directive]:
    for item in directives:
        if item.name == "server" and item.block is not None:
            yield item
        elif item.name == "http":
            yield from _servers(item.block or ())


def _has_tls(server: Directive) -> bool:
    return any("ssl" in item.arguments or item.arguments[:1] == ("443",) for item in server.of("listen"))


def _redirect(server: Directive) -> Directive | None:
    return next((item for item in server.block or () if _redirects(item)), None)


def _redirects(item: Directive) -> bool:
    """Whether a directive of a server, or of its one place for everything, sends all on to https."""
    if item.name == "location" and item.arguments == ("/",):
        return any(_redirects(inner) for inner in item.block or ())
    is_answer = item.name == "return" and item.arguments[:1] in {("301",), ("302",), ("307",), ("308",)}
    return (is_answer or item.name == "rewrite") and any(_TO_HTTPS.fullmatch(word) for word in item.arguments)


def _is_lost(item: Directive, service: Service, project: Project) -> bool:
    """Whether a certificate is a file that a mount brings, and no file of the repository."""
    path = item.arguments[0] if item.arguments else ""
    mount = _mount_of(path, service)
    if mount is None or "$" in path:
        return False
    inside = posixpath.relpath(path, mount.target)
    return mount.resolved is None or not project.exists(posixpath.normpath(posixpath.join(mount.resolved, inside)))


def _mount_of(path: str, service: Service) -> Mount | None:
    above = [mount for mount in service.mounts if path == mount.target or path.startswith(f"{mount.target.rstrip('/')}/")]
    return max(above, key=lambda mount: len(mount.target), default=None)


def door_notes(workloads: tuple[Workload, ...], scope: Scope) -> tuple[Note, ...]:
    """Return a note where visitors have a page to come to and no door: the proxy that has one stands in other files, or people
    reach the application over a network of the host. A tunnel needs none.
    """
    served = [item for item in workloads if item.role in _SERVED and item.kind != "job"]
    if any(port.published for item in served for port in item.ports) or any(map(_is_tunnel, scope.stack.services)):
        return ()
    pages = [(item, port.port) for item in served for port in item.ports if port.name == "http"]
    if not pages:
        return ()
    first, port = min(pages, key=lambda pair: (_SERVED.index(pair[0].role), pair[0].name))
    message = (
        "these compose files open no port for visitors, so the chart makes no Ingress: where people come from outside, set "
        f"published to true at port {port} of workloads.{first.name} in values.yaml, and ingress.enabled, ingress.domain, a "
        f"route (workload: {first.name}, port: {port}, subdomain: '')"
    )
    service = scope.stack.service(first.service)
    place = service.location if service else Location(scope.stack.files[0], 1)
    return (Note(first.service, "ports", message, place, urgent=True),)


def _is_tunnel(service: Service) -> bool:
    return bool(service.image and _TUNNELS.search(service.image.repository))
