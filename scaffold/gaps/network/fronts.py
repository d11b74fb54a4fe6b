"""Which proxy of a stack stands before a service, whether it ends TLS, and whether it says by which scheme visitors came."""

from __future__ import annotations

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.label_routes import label_route, labels_of
from scaffold.model.names import Role
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_EDGES = (Role.PROXY, Role.FRONTEND)
_TLS_LABEL = regex(r"traefik\.http\.routers\.[^.]+\.tls(?:\..*)?|caddy|.*letsencrypt.*")
_TLS_ENTRY = regex(r"(?i)(?:.*,)?\s*(?:https|websecure)(?:,.*)?")
_NGINX_TLS = regex(r"(?m)^[ \t]*(?:listen\s[^;]*\bssl\b|ssl_certificate\s)")
_SCHEME = regex(r"(?i)(?m)^[ \t]*proxy_set_header\s+X-Forwarded-Proto\s+([^;\s]+)")
_CARRIED = regex(r"\b(?:uwsgi|fastcgi|scgi)_pass\b")
_TRAEFIK_TLS = regex(r"(?m)^[ \t]*(?:tls|certResolver)\s*:|\bwebsecure\b")
_PLAIN_SITE = regex(r"(?m)^[ \t]*(?::80|http://\S+)\s*\{|auto_https\s+off")
_LOGIN = regex(r"(?i)auth_basic|auth_request|basic_?auth|forward_?auth|oauth2-proxy")


@frozen
class Front:
    """A proxy: what it is called in words, the line that forwards, and what it does."""

    name: str
    location: Location
    ends_tls: bool
    sends_scheme: bool
    overwrites: bool = False
    """Whether it puts its own scheme, which is HTTP, over the one that a proxy before it sent."""
    before: str = ""
    """What is called the proxy before it that ends TLS."""
    appends: bool = False
    """Whether it hands on the X-Forwarded-For of the visitor with the address that it saw behind it."""


def front_of(project: Project, stack: Stack, service: Service) -> Front | None:
    """Return the proxy of the stack, or the one that reads the service's labels, that forwards to it; None where none does."""
    if label_route(service) is not None:
        labels = list(labels_of(service))
        tls = any(
            (_TLS_LABEL.fullmatch(name) and value.lower() != "false")
            or (name.endswith(".entrypoints") and _TLS_ENTRY.fullmatch(value))
            for name, value in labels
        )
        by_variable = service.env("LETSENCRYPT_HOST") is not None
        name = "Traefik" if any(key.startswith("traefik.") for key, _ in labels) else "Caddy" if labels else "nginx-proxy"
        return Front(name, service.location, ends_tls=tls or by_variable, sends_scheme=True)
    for edge in stack.services:
        if edge.name == service.name or not edge.has_role(*_EDGES) or edge.network_mode.startswith("host"):
            continue
        for upstream in project.upstreams:
            path = upstream.location.path
            # These protocols carry the address and the scheme of the visitor themselves.
            carried = _CARRIED.search(project.source(path) or "")
            if upstream.host in service.names and not carried and _reads(project, edge, path):
                return _front(project, edge, upstream.location)
    return None


def _front(project: Project, edge: Service, place: Location) -> Front:
    files = nginx_files(project, edge)
    if any(file.path == place.path for file in files):
        texts = "\n".join(file.text for file in files)
        sends = "x-forwarded-proto" in texts.lower() or "proxy_params" in texts or "forwarded" in texts.lower()
        ends = bool(_NGINX_TLS.search(texts))
        sent = set(_SCHEME.findall(texts))
        appends = "$proxy_add_x_forwarded_for" in texts
        return Front(edge.name, place, ends, sends, overwrites=not ends and sent == {"$scheme"}, appends=appends)
    text = project.source(place.path) or ""
    if "caddy" in place.path.lower():
        return Front(edge.name, place, ends_tls=not _PLAIN_SITE.search(text), sends_scheme=True)
    return Front(edge.name, place, ends_tls=bool(_TRAEFIK_TLS.search(text)), sends_scheme=True)


def _reads(project: Project, edge: Service, path: str) -> bool:
    """Whether a proxy runs with the configuration at `path`: by a mount, or as a file that its image copies."""
    if any(mount.resolved and is_below(path, mount.resolved) for mount in edge.mounts):
        return True
    return edge.build is not None and any(file.path == path for file in nginx_files(project, edge))


def has_login_in_front(project: Project) -> bool:
    """Whether a proxy asks visitors for a login: the browser sends that along as well."""
    proxies = {item.location.path for item in project.upstreams} | {file.path for file in project.compose_files}
    lines = (line.partition("#")[0] for path in proxies for line in (project.source(path) or "").splitlines())
    return any(_LOGIN.search(line) for line in lines)
