"""NET010: an application behind a proxy takes the proxy for its visitor, or believes everybody to be the proxy."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

from scaffold.gaps.blueprints_of_render import render_services
from scaffold.gaps.facts import (
    is_test_path,
    judged_stacks,
    listed,
    may_run_in_production,
    path_environment,
    production_or_all,
)
from scaffold.gaps.kubernetes.objects import objects
from scaffold.gaps.network.edge_limits import limits_behind_cloudflare
from scaffold.gaps.network.fronts import Front, front_of
from scaffold.gaps.network.host_proxy import host_front, passed_ports
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.gaps.network.pages_on_tls import own_pages
from scaffold.model.compose import Service, Stack, shared_network
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import given_names, is_in_image, runs_code
from scaffold.model.label_routes import label_route
from scaffold.model.lasting import builder_of
from scaffold.model.names import APPLICATION, TRIED, Layer, Role, Severity
from scaffold.model.project import CodeFact, InfrastructureFile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of

_TOLD = regex(
    r"(?i)\w*(?:FORWARD|PROXY_HEADERS|TRUST\w*PROX|PROX\w*TRUST|ADDRESS_HEADER|XFF_|REAL_IP|NUM_PROXIES|PROXY_HOPS|BEHIND_|PROXY_FIX"
    r"|REVERSE_PROXY|PROTOCOL_HEADER|SSL_REDIRECT|FORCE_SSL|ASSUME_SSL|FORCE_HTTPS)\w*"
)
"""Names of variables that tell an application of its proxy, or keep it from redirecting."""
_TOLD_AT_START = regex(r"(?i)forwarded|proxy-headers|trust-?proxy|real-?ip")
_BELIEVES_ALL = regex(r"--forwarded-allow-ips[= ,\"']+\*")
_PRODUCTION = frozenset({"prod", "production", "live"})
_READS_HEADER_ITSELF = frozenset({"rails"})
"""Frameworks that take X-Forwarded-Proto from whoever sends it: they need a proxy that sends it, and nothing else."""
_TELL = {
    "starlette": "Start uvicorn with `--forwarded-allow-ips` and the proxy's network, such as 172.16.0.0/12 (or"
    " FORWARDED_ALLOW_IPS); with '*' it takes what the visitor writes, unless the proxy overwrites the header.",
    "express": "Write `app.set('trust proxy', 1)`, 1 being the number of proxies, and publish no port past them.",
    "fastify": "Write `Fastify({ trustProxy: 1 })`, 1 being the number of proxies, and publish no port past them.",
    "sveltekit": "Set ADDRESS_HEADER=X-Forwarded-For and XFF_DEPTH=1, 1 being the number of proxies.",
    "flask": "Wrap the app: `app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)`.",
    "django": "Set SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https') and let the proxy overwrite that header.",
    "spring": "Set `server.forward-headers-strategy: framework` (SERVER_FORWARD_HEADERS_STRATEGY).",
    "koa": "Write `app.proxy = true` and `app.maxIpsCount = 1`, 1 being the number of proxies.",
    "go": "Put the middleware that takes the address from the proxy's header before the limit (chi: `middleware.RealIP`, with"
    " httprate `LimitByRealIP`), and publish no port past the proxy.",
    "fiber": 'Write `fiber.Config{ProxyHeader: "X-Real-IP", EnableTrustedProxyCheck: true, TrustedProxies: ...}`.',
    "aspnet": "Write `app.UseForwardedHeaders()` first, with `KnownIPNetworks` (`KnownNetworks` before .NET 10) of the proxy:"
    " without them only loopback is believed.",
    "laravel": "Write `$middleware->trustProxies(at: [...])` in bootstrap/app.php (`$proxies` of TrustProxies before 11).",
    "axes": "Install django-axes[ipware] and set AXES_IPWARE_PROXY_COUNT = 1 with AXES_IPWARE_META_PRECEDENCE_ORDER ="
    " ['HTTP_X_FORWARDED_FOR'], or lock by AXES_LOCKOUT_PARAMETERS = [['username', 'ip_address']].",
    "governor": "Write `.key_extractor(SmartIpKeyExtractor)`, and publish no port past the proxy.",
}
_SETS_ITS_ADDRESS = frozenset({"express", "fastify", "koa"})
"""Frameworks whose address of the visitor no other code of the program changes: a header that it reads is for itself."""
_READS_OPTIONS = frozenset({"starlette", "spring", "aspnet"})
"""Frameworks that words of the start may tell of a proxy."""
_ROUTERS = {
    "fly.toml": "the proxy of Fly",
    "render.yaml": "the proxy of Render",
    "render.yml": "the proxy of Render",
    "railway.json": "the proxy of Railway",
    "railway.toml": "the proxy of Railway",
    "Procfile": "the router of Heroku",
    "heroku.yml": "the router of Heroku",
}
"""Platforms whose proxy stands before every program that they run."""
_APPENDS = regex(r"\bcloudflared\b|cloudflare tunnel|\$proxy_add_x_forwarded_for", re.IGNORECASE)
"""What a page names of an edge that adds to X-Forwarded-For and keeps what was in it."""
_HAND_ON = (
    'Hand on what the proxy before it said: `map $http_x_forwarded_proto $visitor_scheme { default $http_x_forwarded_proto; ""'
    " $scheme; }` and `proxy_set_header X-Forwarded-Proto $visitor_scheme;`, with the port of nginx open to that proxy alone."
)
_SEND = "Let the proxy send it: `proxy_set_header X-Forwarded-Proto $scheme;`."


@frozen
class _Fault:
    """What is wrong in words, and the framework that has to be told; "" where the proxy lacks the header."""

    fact: CodeFact
    message: str
    framework: str
    severity: Severity
    overwritten: bool = False


def _detect(project: Project) -> Iterator[Gap]:
    yield from _at_the_edge(project)
    facts = [
        fact
        for fact in project.code_facts
        if fact.kind == "proxy" and may_run_in_production(fact) and not _is_of_a_desktop(project, fact)
    ]
    if all(fact.detail.startswith(("trusts", "reads", "names")) for fact in facts) and not _is_told_of_everybody(project):
        return
    yield from _believers(project, facts)
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete)
    seen: set[tuple[Location, str]] = set()
    for stack in stacks:
        for service in stack.services:
            for gap in _of_service(project, stack, service, facts):
                key = (gap.evidence[-1].location, gap.subject)
                if key not in seen:
                    seen.add(key)
                    yield gap
    yield from _of_platforms(project, facts, {place for place, _ in seen})


def _of_service(project: Project, stack: Stack, service: Service, facts: list[CodeFact]) -> Iterator[Gap]:
    builder = builder_of(project, service)
    if service.role not in APPLICATION or service.role is Role.WORKER or service.network_mode.startswith(("host", "none")):
        return
    if not runs_code(project, builder):
        return
    own = [fact for fact in facts if _runs(project, builder, fact)]
    words = {fact.detail.partition(" ")[0]: fact for fact in reversed(own)}
    front = front_of(project, stack, service)
    if front is None:
        yield from _forged(project, stack, service, words)
        front = host_front(project, stack, service) if own else None
    elif own:
        front = _behind_another(project, stack, front)
    if front:
        yield from _first_address(project, builder, front, words)
    locks = words.get("locks")
    if front and locks is not None and not _hands_address_on(project, service):
        yield _gap(stack, service, front, _Fault(locks, _locks(service.name, front.name, locks), "axes", Severity.MEDIUM))
    for fact in _first_of_each(own) if front else ():
        told = "trusts" in words or _is_told(project, stack, builder, fact, reads="reads" in words)
        fault = _fault(service, front, fact, told=told) if front else None
        if front and fault is not None:
            yield _gap(stack, service, front, fault)


def _behind_another(project: Project, stack: Stack, front: Front) -> Front:
    """Return a proxy with the one before it that ends TLS, where it puts its own scheme over what that one said."""
    edge = stack.service(front.name) if front.overwrites else None
    if edge is None:
        return front
    outer = front_of(project, stack, edge) or host_front(project, stack, edge) or _tunnel(project, stack, edge)
    return replace(front, ends_tls=True, sends_scheme=False, before=outer.name) if outer and outer.ends_tls else front


def _tunnel(project: Project, stack: Stack, edge: Service) -> Front | None:
    """Return the tunnel of Cloudflare that runs in the stack of a proxy which nothing else reaches."""
    tunnels = (item for item in stack.services if item.image and item.image.repository.endswith("cloudflare/cloudflared"))
    tunnel = next((item for item in tunnels if shared_network(item, edge)), None)
    if tunnel is None or open_ports(project, edge):
        return None
    return Front("the tunnel of Cloudflare", tunnel.location, ends_tls=True, sends_scheme=True)


def _runs(project: Project, service: Service, fact: CodeFact) -> bool:
    """Whether the image of a service holds the code of a fact; one that another place builds is known by the folder's name."""
    if service.build is not None:
        return is_in_image(project, service, fact.location.path)
    folder = posixpath.basename(_program(project, fact))
    image = service.image.repository.rpartition("/")[2] if service.image else ""
    return bool(folder) and folder == service.name and (image == folder or image.endswith(f"-{folder}"))


def _first_of_each(facts: list[CodeFact]) -> Iterator[CodeFact]:
    seen: set[str] = set()
    for fact in facts:
        word = fact.detail.partition(" ")[0].removesuffix("-if")
        if word in {"redirects", "counts", "cookie"} and word not in seen:
            seen.add(word)
            yield fact


def _is_told(project: Project, stack: Stack, service: Service, fact: CodeFact, *, reads: bool) -> bool:
    """Whether a variable, a template of one, a word of the start or code that reads the header itself speaks of a proxy."""
    word, _, framework = fact.detail.partition(" ")
    if (reads and not (word == "counts" and framework in _SETS_ITS_ADDRESS)) or _names_proxy(project):
        return True
    if any(map(_TOLD.fullmatch, {entry.name for entry in service.environment} | given_names(project, stack, service))):
        return True
    start = start_of(project, service)
    return framework in _READS_OPTIONS if start is None else bool(_TOLD_AT_START.search(start.text))


def _names_proxy(project: Project) -> bool:
    return any(_TOLD.fullmatch(entry.name) for file in project.env_files for entry in file.entries)


def _fault(service: Service, front: Front, fact: CodeFact, *, told: bool) -> _Fault | None:
    word, _, framework = fact.detail.partition(" ")
    if word.startswith("redirects"):
        return _redirects(service, front, fact, told=told)
    if word.startswith("cookie") and told and front.before:
        return _Fault(fact, _never_set(service.name, front, fact), "", Severity.MEDIUM, overwritten=True)
    if told or (word.startswith("cookie") and not front.ends_tls):
        return None
    at = f"{fact.location.path}:{fact.location.line}"
    if word.startswith("cookie"):
        message = (
            f"{service.name} gives its session a cookie for HTTPS alone ({at}), and takes a request that {front.name} forwards "
            "for plain HTTP: it never sends the cookie, and nobody stays logged in."
        )
    else:
        message = _counts(service.name, front.name, fact)
    return _Fault(fact, message, framework, Severity.MEDIUM)


def _never_set(program: str, front: Front, fact: CodeFact) -> str:
    at = f"{fact.location.path}:{fact.location.line}"
    return (
        f"{program} gives its session a cookie for HTTPS alone ({at}), and {front.name} writes its own scheme over the"
        f" X-Forwarded-Proto of {front.before}, which ends TLS: every request looks plain, the cookie is never sent, and nobody"
        " stays logged in."
    )


def _counts(program: str, proxy: str, fact: CodeFact) -> str:
    at = f"{fact.location.path}:{fact.location.line}"
    return (
        f"{program} counts requests by the address of the visitor ({at}), and behind {proxy} all come from the "
        "address of the proxy: everybody shares one limit, and a single client can use it up for the others."
    )


def _locks(program: str, proxy: str, fact: CodeFact) -> str:
    at = f"{fact.location.path}:{fact.location.line}"
    return (
        f"{program} locks out an address after failed logins (django-axes, {at}), and behind {proxy} all visitors have the "
        "address of the proxy: a few wrong passwords of one person lock everybody out."
    )


def _hands_address_on(project: Project, service: Service) -> bool:
    """Whether words of the start have the server itself write the address of the visitor where Django looks for it."""
    start = start_of(project, service)
    return start is not None and bool(_TOLD_AT_START.search(start.text))


def _at_the_edge(project: Project) -> Iterator[Gap]:
    for limit in limits_behind_cloudflare(project):
        path = limit.location.path
        yield RULE.gap(
            resource=path,
            subject="proxy/edge",
            message=f"{path} counts requests by the address that connects, and by its certificate (line {limit.edge.line}) "
            "that is the edge of Cloudflare: visitors who come through one of its machines share one limit.",
            expected="the address of the visitor, from Cloudflare's networks alone",
            actual="$remote_addr of the edge",
            locations=(limit.location,),
            related=(limit.edge,),
            severity=Severity.MEDIUM,
            closers=(
                Closer(
                    None,
                    "advice",
                    "Write `real_ip_header CF-Connecting-IP;` and a `set_real_ip_from` for each network of Cloudflare's list.",
                ),
            ),
        )


def _redirects(service: Service, front: Front, fact: CodeFact, *, told: bool) -> _Fault | None:
    """Return the fault of a redirect that never ends: behind a proxy that ends TLS every request looks plain."""
    word, _, framework = fact.detail.partition(" ")
    at = f"{fact.location.path}:{fact.location.line}"
    certain = word == "redirects" or any((entry.value or "").lower() in _PRODUCTION for entry in service.environment)
    lacks_header = told or framework in _READS_HEADER_ITSELF
    if not front.ends_tls or (lacks_header and (front.sends_scheme or not certain)):
        return None
    start = f"{service.name} sends plain requests to HTTPS ({at}), and "
    if lacks_header and front.before:
        message = (
            f"{start}{front.name} writes its own scheme over the X-Forwarded-Proto of {front.before}, which ends TLS:"
            " every page redirects to itself."
        )
        return _Fault(fact, message, "", Severity.HIGH, overwritten=True)
    if lacks_header:
        message = (
            f"{start}{front.name}, which ends TLS, does not say in X-Forwarded-Proto that the visitor came by it: every page "
            "redirects to itself."
        )
        return _Fault(fact, message, "", Severity.HIGH)
    message = (
        f"{start}does not believe the X-Forwarded-Proto of {front.name}, which ends TLS: every request looks plain, and every "
        "page redirects to itself."
    )
    return _Fault(fact, message, framework, Severity.HIGH if certain else Severity.MEDIUM)


def _gap(stack: Stack, service: Service, front: Front, fault: _Fault) -> Gap:
    told = bool(fault.framework)
    first, second = (service.location, front.location) if told else (front.location, service.location)
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"proxy/{fault.fact.detail.partition(' ')[0].removesuffix('-if')}",
        message=fault.message,
        expected="the headers of the proxy, and of nobody else" if told else "X-Forwarded-Proto from the proxy",
        actual="told nowhere" if told else "overwritten" if fault.overwritten else "not sent",
        locations=(first,),
        related=tuple(place for place in dict.fromkeys((second, fault.fact.location)) if place != first),
        severity=fault.severity,
        environment=stack.environment,
        closers=(Closer(None, "advice", _TELL[fault.framework] if told else _HAND_ON if fault.overwritten else _SEND),),
    )


def _forged(project: Project, stack: Stack, service: Service, words: dict[str, CodeFact]) -> Iterator[Gap]:
    """Yield the gap of an open port without a proxy whose application believes the headers of one; medium where it limits
    requests by them.
    """
    limits = words.get("counts") or words.get("keys")
    fact = words.get("believes") or words.get("heeds")
    # A limit by the address that connects is none by what Gin makes of a header.
    if fact is not None and fact.detail.endswith(_OF_GIN) and ("names" in words or not _is_gins(limits)):
        fact = None
    believes = fact.location if fact is not None else _believes_all(project, service, limits) or _believing(service)
    ports = open_ports(project, service)
    # What pages put before such a port, NET007 tells.
    if (
        believes is None
        or not ports
        or (limits is None and any(service == item.service for item in passed_ports(project, stack)))
    ):
        return
    at = f"{believes.path}:{believes.line}"
    effect = "the limit on requests stops nobody" if limits else "logs, and checks of an address, see that one"
    yield RULE.gap(
        resource=stack.resource(service.name),
        subject="proxy/believes",
        message=f"{service.name} takes the address of the visitor from X-Forwarded-For ({at}), and its port "
        f"{ports[0].number} is open on every interface with no proxy of the stack before it: whoever "
        f"connects names an address of their own, and {effect}.",
        expected="the port on 127.0.0.1 behind the proxy, or no trust in the header",
        actual="open to all, and trusting",
        locations=(ports[0].location,),
        related=(believes, *((limits.location,) if limits else ())),
        severity=Severity.MEDIUM if limits else Severity.LOW,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Write 127.0.0.1 before the port, or take it out where a proxy joins the stack."),),
    )


def _is_gins(limit: CodeFact | None) -> bool:
    return limit is not None and limit.detail.endswith(_OF_GIN)


def _services(project: Project) -> Iterator[Service]:
    return (service for stack in judged_stacks(project) for service in stack.services)


def _is_told_of_everybody(project: Project) -> bool:
    """Whether a variable or a word of a start may have an application believe whoever connects."""
    if any(_believing(service) or service.env("FORWARDED_ALLOW_IPS") for service in _services(project)):
        return True
    lines = (item.text for image in project.dockerfiles for stage in image.stages for item in stage.instructions)
    starts = (" ".join(service.command or ()) for service in _services(project))
    texts = (*lines, *starts, *(command.text for command in project.commands))
    return any(_BELIEVES_ALL.search(text) for text in texts if "forwarded-allow-ips" in text)


def _believing(service: Service) -> Location | None:
    """Return the variable by which a service is told to believe everybody, or the gateway through which visitors come."""
    entries = (entry for entry in service.environment if _TRUSTED.fullmatch(entry.name))
    return next((entry.location for entry in entries if _is_everybody(entry.value or "")), None)


def _is_everybody(value: str) -> bool:
    return value.strip() in _EVERYBODY or "0.0.0.0/0" in value.replace(",", " ").split()


def _believes_all(project: Project, service: Service, limit: CodeFact | None) -> Location | None:
    """Return where uvicorn is told to believe whoever connects; None where another framework counts by its own address."""
    if limit is not None and not limit.detail.endswith(" starlette"):
        return None
    start = start_of(project, service)
    # Gunicorn without it takes the scheme alone from its proxy.
    if start is None or (limit is None and "uvicorn" not in start.text):
        return None
    entry = service.env("FORWARDED_ALLOW_IPS")
    if entry is not None:
        return entry.location if entry.value == "*" else None
    return next((place for line, place in start.lines if _BELIEVES_ALL.search(line)), None)


def _first_address(project: Project, service: Service, front: Front, words: dict[str, CodeFact]) -> Iterator[Gap]:
    """Yield the gap of uvicorn that takes the first address of a header to which the proxy adds its own."""
    limit = words.get("counts")
    place = _believes_all(project, service, limit) if limit is not None and front.appends else None
    if limit is not None and place is not None:
        yield _believers_gap({CodeFact("proxy", "believes starlette", place): limit}, front.location)


def _believers(project: Project, facts: list[CodeFact]) -> Iterator[Gap]:
    """Yield the programs that take the first address of X-Forwarded-For, which the visitor writes, and limit requests by it."""
    found: dict[CodeFact, CodeFact] = {}
    edges: list[Location] = []
    for believes in (fact for fact in facts if fact.detail.startswith("believes")):
        program = _program(project, believes)
        own = [fact for fact in facts if _program(project, fact) == program]
        gin = believes.detail.endswith(_OF_GIN)
        if gin and any(fact.detail.startswith("names") for fact in own):
            continue
        limits = (fact for fact in own if fact.detail.startswith(("counts", "keys")) and (not gin or _is_gins(fact)))
        limit = next(limits, None)
        edge = _appending_edge(project, believes) if limit is not None else None
        if limit is not None and edge is not None:
            found[believes] = limit
            edges.append(edge)
    if found:
        yield _believers_gap(found, edges[0])


@frozen
class _Router:
    """The proxy of a platform or a cluster: in words, where it is declared, and the folder of the code that it leads to."""

    name: str
    location: Location
    folder: str


def _of_platforms(project: Project, facts: list[CodeFact], seen: set[Location]) -> Iterator[Gap]:
    """Yield the programs that a platform or a cluster runs behind its proxy, and that are told of it nowhere."""
    routers = [*(item for file in project.infrastructure for item in _of_file(project, file)), *_ingresses(project)]
    told = {_program(project, fact) for fact in facts if fact.detail.startswith(("trusts", "reads"))}
    if not routers or _names_proxy(project):
        return
    for fact in facts:
        word, _, framework = fact.detail.partition(" ")
        program = _program(project, fact)
        router = next((item for item in routers if is_below(fact.location.path, item.folder)), None)
        if word != "counts" or framework in _READS_OPTIONS or router is None or fact.location in seen or program in told:
            continue
        if _is_another_entry(project, fact, program):
            continue
        told.add(program)
        yield RULE.gap(
            resource=router.location.path,
            subject=f"proxy/counts/{program or '.'}",
            message=_counts(program or "the application", router.name, fact),
            expected="the headers of the proxy, and of nobody else",
            actual="told nowhere",
            locations=(fact.location,),
            related=(router.location,),
            closers=(Closer(None, "advice", _TELL[framework]),),
        )


def _ingresses(project: Project) -> Iterator[_Router]:
    """Yield the ways of an Ingress to a service that is called as the folder of a program."""
    folders = {posixpath.basename(item.folder): item.folder for item in project.manifests if item.folder}
    for item in objects(project) if folders else ():
        if item.kind == "Ingress" and path_environment(item.location.path) not in TRIED:
            text = project.source(item.location.path) or ""
            for name, folder in folders.items():
                if re.search(rf"(?m)^[\s-]*(?:name|serviceName):[ \t]*[\"']?(?:[\w-]+-)?{re.escape(name)}[\"']?[ \t]*$", text):
                    yield _Router(f"the ingress {item.name}", item.location, folder)


def _is_another_entry(project: Project, fact: CodeFact, program: str) -> bool:
    """Whether a file is an entry of its own beside the one that the program's script `start` names."""
    name = posixpath.basename(fact.location.path).partition(".")[0]
    starts = [script for item in project.manifests if item.folder == program for key, script in item.scripts if key == "start"]
    entries = (item.location.path for item in project.code_facts if item.kind == "server-entry")
    return fact.location.path in entries and bool(starts) and not any(name in script for script in starts)


def _of_file(project: Project, file: InfrastructureFile) -> Iterator[_Router]:
    """Yield the proxy of a platform before the folders of the code that its file has it run."""
    folder, _, name = file.path.rpartition("/")
    if name not in _ROUTERS or path_environment(file.path) in TRIED or is_test_path(file.path):
        return
    if name.startswith("render."):
        services = (item for item in render_services(project, file) if item.kind == "web" and item.is_built)
        yield from (_Router(_ROUTERS[name], file.location, item.folder) for item in services)
    else:
        yield _Router(_ROUTERS[name], file.location, folder)


def _is_of_a_desktop(project: Project, fact: CodeFact) -> bool:
    """Whether a fact stands in a program that people install on their own machines, where no proxy comes before it."""
    folder = _program(project, fact)
    return any("electron" in item.dependencies for item in project.manifests if folder and item.folder == folder)


def _program(project: Project, fact: CodeFact) -> str:
    folders = {manifest.folder for manifest in project.manifests if is_below(fact.location.path, manifest.folder)}
    return max(folders, key=len, default="")


def _appending_edge(project: Project, fact: CodeFact) -> Location | None:
    """Return what shows that the edge before a program adds to the header of the visitor: the nginx of its stack, or, where no
    stack runs it, a page on a tunnel of Cloudflare or a configuration of nginx.
    """
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    runs = [
        (stack, service)
        for stack in stacks
        for service in stack.services
        if service.build and is_in_image(project, service, fact.location.path)
    ]
    if runs:
        fronts = ((stack, front_of(project, stack, service)) for stack, service in runs)
        return next((item.location for stack, item in fronts if item is not None and _hands_on(stack, item)), None)
    for page in own_pages(project, on_a_host=True):
        match = _APPENDS.search(page.text)
        if match:
            return Location.at_offset(page.path, page.text, match.start())
    return None


def _hands_on(stack: Stack, front: Front) -> bool:
    """Whether what the visitor wrote reaches a program: Traefik and Caddy before such an nginx take it out."""
    edge = stack.service(front.name)
    return front.appends and (edge is None or label_route(edge) is None)


def _believers_gap(found: dict[CodeFact, CodeFact], edge: Location) -> Gap:
    programs = listed(dict.fromkeys(posixpath.dirname(fact.location.path) or "the application" for fact in found))
    one, limit = len(found) == 1, next(iter(found.values())).location
    return RULE.gap(
        resource="application",
        subject="proxy/first-address",
        message=f"{programs} {'takes' if one else 'take'} the first address of X-Forwarded-For for that of the visitor and"
        f" {'limits' if one else 'limit'} requests by it ({limit.path}:{limit.line}), while the edge ({edge.path}:{edge.line})"
        " adds its own to what the visitor sends: who writes another address at each try is never stopped.",
        expected="the number of proxies, or their addresses",
        actual="every hop is believed",
        locations=tuple(fact.location for fact in found),
        related=tuple(dict.fromkeys((*(fact.location for fact in found.values()), edge))),
        severity=Severity.MEDIUM,
        closers=(Closer(None, "advice", _CURES.get(next(iter(found)).detail.partition(" ")[2], _HOPS)),),
    )


_OF_GIN = " gin"
_TRUSTED = regex(r"(?:\w+_)?TRUSTED_PROX(?:Y|IES)")
_EVERYBODY = frozenset({"*", "**", "0.0.0.0/0", "private_ranges", "PRIVATE_SUBNETS", "REMOTE_ADDR", "127.0.0.1,REMOTE_ADDR"})
"""What Laravel, Symfony and their like take for all; the gateway of Docker stands in the private ranges."""
_NETWORK = "Name the network of the proxy: `--forwarded-allow-ips=172.16.0.0/12` (or FORWARDED_ALLOW_IPS), never `*`."
_ADDRESSES = "Name the network of the proxy in the place of everybody; behind Cloudflare alone take CF-Connecting-IP."
_GIN = 'Name the network of the proxy: `engine.SetTrustedProxies([]string{"172.16.0.0/12"})`; nil where none is before it.'
_CURES = {"starlette": _NETWORK, "laravel": _ADDRESSES, "chi": _ADDRESSES, "gin": _GIN}
_HOPS = "Write the number of proxies: `trustProxy: 1`, `app.set('trust proxy', 1)`; behind Cloudflare alone CF-Connecting-IP."

RULE = Rule(
    code="NET010",
    name="proxy-not-trusted",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Tell the framework which proxy it stands behind."),),
)
