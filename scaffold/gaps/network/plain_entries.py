"""Entries that take visitors in over plain HTTP beside TLS or instead of it: nginx servers and ingresses."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment, root_image
from scaffold.gaps.kubernetes.objects import KubernetesObject, objects, patch_texts, texts_of
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.compose import Build, Service
from scaffold.model.document import Location, Mapping, Node, Scalar, Sequence, find, text_of
from scaffold.model.names import TRIED
from scaffold.model.nginx import ConfigFile, Directive, parse_nginx, walk
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Project
from scaffold.model.regex import regex

_PASSES = frozenset({"proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass"})
_OFFICIAL = frozenset({"nginx", "library/nginx", "nginxinc/nginx-unprivileged"})
_HARMLESS = regex(r"(?:_params|mime\.types)$|^/etc/nginx/conf\.d/\*\.conf$")
"""Files that an image of nginx brings along: what is included from elsewhere may listen on more."""
_CHANGES = regex(
    r"(?i)443|ssl|cert|openssl|\bsed\b|envsubst|/etc/nginx/templates|^(?:COPY|ADD) [^\n]*--from[^\n]*/etc/|^ENTRYPOINT "
)
"""What builds an nginx with more than the files that it copies from the repository."""
_PLAIN = regex(r"(?:[^:\s]+:|\[[^\]]*\]:)?80")
_REDIRECTS = regex(r"https|\$scheme|ssl")
_ANSWERS = frozenset({"return", "rewrite", "if", "error_page"})
_SAYS_TLS = regex(r"(?i)tls|ssl|https|certificate|cert-manager|websecure|tailscale|cloudflare|tunnel")
_PLACES = regex(
    r"(?:>|\btee\b|\bcp\b|\bcopy\b|\bscp\b|\bmv\b|\brsync\b)[^\n]*\s?/etc/nginx/(?:sites-available|sites-enabled|conf\.d)/"
)
_HEREDOC = regex(r"<<-?\s*[\"']?(?P<word>\w+)")
_LISTENS = regex(r"(?m)^[ \t]*listen\s+(?:\S+:)?80\b")
_LISTENS_IN_COMMENT = regex(r"(?m)^[ \t]*#[ \t]*(?P<listen>listen)[ \t]+(?:\S+:)?443\b", words=("443",))
_SWITCHES_ON = regex(r"\bsed\b[^\n]{0,300}(?:443|ssl)")
"""What a script does to lines in comments."""
_HEADERS = regex(r"(?im)^[ \t]*(?:#|proxy_|add_header)[^\n]*")
"""What speaks of a scheme without ending TLS: `X-Forwarded-Proto https`."""
_CERTIFIES = regex(r"\bcertbot\b|\bacme\.sh\b|letsencrypt|\bcaddy\b|cloudflared?\b|\blego\s")
_VALUES = regex(r"(?:^|.*/)[^/]*values[^/]*\.ya?ml")
_INGRESS = regex(r"(?m)^kind:[ \t]*Ingress\b")
_BY_VALUES = regex(r"(?i)\.(?:tls|ssl)\w*|\$\w*\.tls")
"""How a template makes its TLS follow the values."""
_NEARBY = regex(r"(?:.*\.)?(?:localhost|local|test|internal|nip\.io|sslip\.io)")


def unredirected(project: Project, service: Service) -> Location | None:
    """Return the `listen 80` of a server that hands visitors on as it does over TLS, with no redirect; None where none does."""
    for file in nginx_files(project, service):
        directives = parse_nginx(file.text)
        servers = [item for item in walk(directives or ()) if item.name == "server" and item.block is not None]
        encrypted = [server for server in servers if _is_encrypted(server)]
        for server in servers:
            plain = next((item for item in server.of("listen") if _is_plain(item)), None)
            if plain and _hands_on(server) and not _redirects(server) and any(_is_same(server, other) for other in encrypted):
                return Location(file.path, plain.line, plain.column)
    return None


def without_tls(project: Project, service: Service) -> Location | None:
    """Return the first `listen` of an official nginx, or of an image made from one, whose files of the repository have no TLS;
    else None.
    """
    files = () if service.command or service.entrypoint else _whole_configuration(project, service)
    every = [(file, item) for file in files for item in walk(parse_nginx(file.text) or ())]
    listens = [(file, item) for file, item in every if item.name == "listen"]
    includes = any(item.name == "include" and not _HARMLESS.search(" ".join(item.arguments)) for _, item in every)
    if not listens or includes or any(_may_be_tls(item) for _, item in listens):
        return None
    file, first = listens[0]
    return Location(file.path, first.line, first.column)


def _may_be_tls(listen: Directive) -> bool:
    return "ssl" in listen.arguments or any("443" in word or "$" in word for word in listen.arguments)


def _whole_configuration(project: Project, service: Service) -> tuple[ConfigFile, ...]:
    """Return the files of nginx that a service runs with, where they are all that it has; none where more may join them."""
    mounts = [mount for mount in service.mounts if mount.target.startswith("/etc/nginx")]
    files = nginx_files(project, service)
    if service.build:
        return () if mounts or not _only_copies(project, service, service.build) else files
    file = next(iter(files), None)
    official = service.image is not None and service.image.repository in _OFFICIAL
    # A folder may hold more on the host than in the repository.
    if not official or len(mounts) != 1 or file is None or mounts[0].resolved != file.path or file.target.endswith(".template"):
        return ()
    return (file,)


def _only_copies(project: Project, service: Service, build: Build) -> bool:
    """Whether an image is an official nginx whose configuration is only copied from the repository."""
    dockerfile = project.image_of(service)
    stage = dockerfile.stage(build.target) if dockerfile else None
    base = root_image(dockerfile, build.target) if dockerfile else None
    if stage is None or base is None or base.repository not in _OFFICIAL:
        return False
    return not any(_CHANGES.search(f"{item.keyword} {' '.join(item.flags)} {item.text}") for item in stage.instructions)


def tls_left_aside(project: Project, service: Service) -> Location | None:
    """Return the server with TLS in a file beside the configuration that a service runs with, which nothing but a page names;
    else None.
    """
    folders = {posixpath.dirname(file.path) for file in nginx_files(project, service)}
    beside = [path for path in project.files if path.endswith(".conf") and posixpath.dirname(path) in folders]
    for path in beside:
        text, name = project.source(path) or "", posixpath.basename(path)
        listen = next(
            (item for item in walk(parse_nginx(text) or ()) if item.name == "listen" and "ssl" in item.arguments), None
        )
        run = any(name in command.text for command in project.commands)
        copied = any(
            name in item.text for image in project.dockerfiles for stage in image.stages for item in stage.instructions
        )
        if listen is not None and not run and not copied:
            return Location(path, listen.line, listen.column)
    return None


def tls_in_comments(project: Project, service: Service) -> tuple[Location, Location] | None:
    """Return the first `listen` of a nginx none of whose files has TLS, and the comment in which one has; else None."""
    files = nginx_files(project, service)
    if service.command or service.entrypoint or is_encrypted(project, service):
        return None
    every = [(file, item) for file in files for item in walk(parse_nginx(file.text) or ()) if item.name == "listen"]
    if not every or any(_may_be_tls(item) for _, item in every):
        return None
    commented = ((file, match) for file in files if (match := _LISTENS_IN_COMMENT.search(file.text)) is not None)
    file, match = next(commented, (None, None))
    edited = any("sed" in command.text and _SWITCHES_ON.search(command.text) for command in project.commands)
    if file is None or match is None or edited:
        return None
    first, item = every[0]
    return Location(first.path, item.line, item.column), Location.at_offset(file.path, file.text, match.start("listen"))


def is_encrypted(project: Project, service: Service) -> bool:
    """Whether a configuration of nginx that the service runs with has a server with TLS."""
    every = (item for file in nginx_files(project, service) for item in walk(parse_nginx(file.text) or ()))
    return any(item.name == "listen" and "ssl" in item.arguments for item in every)


def plain_host_sites(project: Project) -> Iterator[Location]:
    """Yield the sites without TLS that scripts and playbooks write for the nginx of a host, where none of them asks for a
    certificate.
    """
    commands = [item for item in project.commands if item.context in {"script", "playbook", "workflow"}]
    if not any("/etc/nginx" in item.text for item in commands) or any(_CERTIFIES.search(item.text) for item in commands):
        return
    for number, command in enumerate(commands):
        match = _PLACES.search(command.text) if path_environment(command.location.path) not in TRIED else None
        if match is None or command.location.path in project.owned:
            continue
        opening = _HEREDOC.search(command.text)
        if opening:
            lines = [item for item in commands[number + 1 :] if item.location.path == command.location.path]
            end = next((at for at, item in enumerate(lines) if item.text == opening["word"]), len(lines))
            text = "\n".join(item.text for item in lines[:end])
        else:
            copied = (word for word in command.text.split() if word.rpartition("/")[2] and not word.startswith(("/", "-")))
            names = {word.removeprefix("./").rpartition("/")[2] for word in copied}
            paths = [path for path in project.files if path.rpartition("/")[2] in names and "nginx" in path.lower()]
            text = (project.source(paths[0]) or "") if len(paths) == 1 else ""
        if _LISTENS.search(text) and "proxy_pass" in text and not _SAYS_TLS.search(_HEADERS.sub("", text)):
            yield command.location


def _is_encrypted(server: Directive) -> bool:
    return any("ssl" in item.arguments[1:] or "quic" in item.arguments[1:] for item in server.of("listen"))


def _is_plain(listen: Directive) -> bool:
    words = listen.arguments
    return bool(words) and _PLAIN.fullmatch(words[0]) is not None and "ssl" not in words[1:]


def _hands_on(server: Directive) -> bool:
    """Whether the server passes what visitors send to an application, other than the challenges of a certificate."""
    inside = (item for item in server.of("location") if not any("well-known" in word for word in item.arguments))
    return any(item.name in _PASSES for place in inside for item in walk(place.block or ()))


def _redirects(server: Directive) -> bool:
    """Whether the server may send visitors to TLS, or takes what others decide from a file that is not read."""
    every = tuple(walk(server.block or ()))
    includes = (item for item in every if item.name == "include" and not item.arguments[0].endswith(("_params", "mime.types")))
    return next(includes, None) is not None or any(
        item.name in _ANSWERS and _REDIRECTS.search(" ".join(item.arguments)) for item in every
    )


def _is_same(server: Directive, other: Directive) -> bool:
    return server is other or _names(server) == _names(other)


def _names(server: Directive) -> frozenset[str]:
    return frozenset(word for item in server.of("server_name") for word in item.arguments)


def plain_chart_values(project: Project) -> Iterator[Location]:
    """Yield the switch of each Ingress that the default values of a chart turn on without TLS, where no other values add it."""
    charts = [item.path.rpartition("/")[0] for item in foreign_infrastructure(project) if item.path.endswith("Chart.yaml")]
    for chart in charts:
        path = f"{chart}/values.yaml".lstrip("/")
        document = project.document(path) if not is_test_path(path) and path_environment(path) not in TRIED else None
        switches = tuple(_plain_switches(document.root)) if document else ()
        if switches and not _adds_tls(project, chart, path):
            yield from switches


def _plain_switches(node: Node | None) -> Iterator[Location]:
    for entry in node.entries if isinstance(node, Mapping) else ():
        switch = find(entry.value, "enabled")
        if entry.key.value == "ingress" and switch is not None and text_of(switch).lower() == "true":
            words = [word for word in _words(entry.value) if word != "tls"]
            hosts = [word for word in words if "." in word and "/" not in word]
            nearby = bool(hosts) and all(_NEARBY.fullmatch(host) for host in hosts)
            if not nearby and not _SAYS_TLS.search(" ".join(words)) and not _words(find(entry.value, "tls")):
                yield switch.location
        else:
            yield from _plain_switches(entry.value)


def _words(node: Node | None) -> list[str]:
    """Return every key and scalar at or below a node."""
    if isinstance(node, Scalar):
        return [node.value] if node.value else []
    if isinstance(node, Sequence):
        return [word for item in node.items for word in _words(item)]
    entries = node.entries if isinstance(node, Mapping) else ()
    return [word for entry in entries for word in (entry.key.value, *_words(entry.value))]


def _adds_tls(project: Project, chart: str, own: str) -> bool:
    """Whether other values of the repository speak of TLS, or a template of the chart gives its Ingress some in any case."""
    others = (path for path in project.files if path != own and _VALUES.fullmatch(path))
    templates = [path for path in project.files if path.startswith(f"{chart}/templates/".lstrip("/"))]
    texts = [project.source(path) or "" for path in templates]
    ingresses = [text for text in texts if _INGRESS.search(text)]
    fixed = any(_SAYS_TLS.search(text) and not _BY_VALUES.search(text) for text in ingresses)
    commands = (command.text for command in project.commands if "helm" in command.text)
    told = (*(project.source(path) or "" for path in others), *commands)
    return not ingresses or fixed or any(_SAYS_TLS.search(text) for text in told)


def plain_ingresses(project: Project) -> Iterator[KubernetesObject]:
    """Yield each Ingress of people's manifests for which nothing says TLS: no `tls`, no annotation, no patch over it."""
    every = [item for item in objects(project) if item.kind == "Ingress" and find(item.node, "spec", "rules")]
    # Another one with TLS may be the door, and this one a part of it.
    if not every or any(find(item.node, "spec", "tls") for item in every) or _SAYS_TLS.search(patch_texts(project)):
        return
    for item in every:
        names = " ".join(word for pair in texts_of(find(item.node, "metadata", "annotations")).items() for word in pair)
        rules = find(item.node, "spec", "rules")
        hosts = [text_of(find(rule, "host")) for rule in (rules.items if isinstance(rules, Sequence) else ())]
        nearby = any(hosts) and all(_NEARBY.fullmatch(host) for host in hosts if host)
        named = text_of(find(item.node, "spec", "ingressClassName"))
        if not nearby and not _SAYS_TLS.search(f"{names} {named}") and path_environment(item.location.path) not in TRIED:
            yield item
