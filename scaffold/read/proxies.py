"""Where nginx, Caddy, HAProxy and Traefik configurations forward to."""

from __future__ import annotations

from scaffold.model.document import Document, Location, Mapping, Sequence, scalars_of, text_of
from scaffold.model.project import ProxyUpstream
from scaffold.model.regex import regex
from scaffold.read.lines import numbered
from scaffold.read.prometheus import split_host_port

_NGINX_PASS = regex(r"(?:^|[\s;{])(?:proxy_pass\s+https?://|(?:fastcgi|uwsgi|grpc|scgi)_pass\s+(?:grpcs?://)?)([^\s;/]+)")
_NGINX_SERVER = regex(r"(?:^|[\s;{])server\s+([^\s;{]+)[^;{]{0,1000}(?=;)")
_NGINX_UPSTREAM = regex(r"\s*upstream\s+([^\s{]+)")
_CADDY = regex(r"\s*(?:reverse_proxy|php_fastcgi|to)\s+([^#]+)")
_WORD = regex(r"[^\s{]+(?=\{?\s|\{?$)|\S+")
_HAPROXY = regex(r"\s*server\s+\S+\s+(\S+)")
_HOST = regex(r"\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9_])?")


def proxy_kind(path: str) -> str:
    """Return nginx, caddy or haproxy by the name of a file, else ""."""
    name = path.rpartition("/")[2].lower()
    if name == "caddyfile" or name.endswith(".caddyfile") or name.startswith("caddyfile."):
        return "caddy"
    if name.startswith("haproxy") and name.endswith((".cfg", ".conf")):
        return "haproxy"
    if name.endswith((".conf", ".conf.template", ".nginx")) and ("nginx" in path.lower() or "conf.d/" in path):
        return "nginx"
    return ""


def read_proxy(path: str, text: str) -> tuple[ProxyUpstream, ...]:
    """Return each host that the file forwards to; variables and unix sockets are left out, as are named upstream groups."""
    kind = proxy_kind(path)
    if kind == "nginx":
        return _nginx(path, text)
    pattern = _CADDY if kind == "caddy" else _HAPROXY
    found = []
    for number, line in numbered(text):
        match = pattern.match(line)
        for word in _WORD.finditer(line, match.start(1), match.end(1)) if match else ():
            found += _upstream(Location(path, number, word.start() + 1), word[0])
    return tuple(found)


def _nginx(path: str, text: str) -> tuple[ProxyUpstream, ...]:
    groups: set[str] = set()
    inside = False
    passed: list[ProxyUpstream] = []
    servers: list[ProxyUpstream] = []
    for number, written in numbered(text):
        line = written.partition("#")[0]
        opened = _NGINX_UPSTREAM.match(line)
        if opened:
            groups.add(opened[1])
            inside = True
        for match in _NGINX_SERVER.finditer(line) if inside else ():
            servers += _upstream(Location(path, number, match.start(1) + 1), match[1])
        for match in _NGINX_PASS.finditer(line):
            passed += _upstream(Location(path, number, match.start(1) + 1), match[1])
        if "}" in line:
            inside = False
    # A group may be called as the host of its server is, which stays.
    named = (item for item in passed if item.host not in groups)
    return tuple(sorted((*servers, *named), key=lambda item: item.location.sort_key()))


def _upstream(place: Location, word: str) -> list[ProxyUpstream]:
    if "$" in word or "{" in word or word.startswith(("unix:", "/", "@", "*")):
        return []
    host, port = split_host_port(word)
    if not _HOST.fullmatch(host):
        return []
    return [ProxyUpstream(host, port, place)]


def read_traefik(document: Document) -> tuple[ProxyUpstream, ...]:
    """Return the servers of a Traefik dynamic configuration (`http.services.*.loadBalancer.servers[].url`)."""
    http = document.root.get("http") if isinstance(document.root, Mapping) else None
    services = http.get("services") if isinstance(http, Mapping) else None
    found = []
    for entry in services.entries if isinstance(services, Mapping) else ():
        balancer = entry.value.get("loadBalancer") if isinstance(entry.value, Mapping) else None
        servers = balancer.get("servers") if isinstance(balancer, Mapping) else None
        for server in servers.items if isinstance(servers, Sequence) else ():
            for url in scalars_of(server.get("url")) if isinstance(server, Mapping) else ():
                host, port = split_host_port(text_of(url))
                if _HOST.fullmatch(host):
                    found.append(ProxyUpstream(host, port, url.location))
    return tuple(found)
