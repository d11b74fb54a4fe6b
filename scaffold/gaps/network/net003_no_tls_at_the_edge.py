"""NET003: a proxy takes visitors in without TLS, and nothing in the repository says where TLS ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import ALL_INTERFACES, has_resource, is_test_path, listed, path_environment, root_image
from scaffold.gaps.kubernetes.objects import common_environment
from scaffold.gaps.network.claimed_ends import claimed_end, claimed_proxy
from scaffold.gaps.network.ends_of_tls import (
    CLOUD,
    CLUSTER,
    INGRESS,
    TLS_PORTS,
    ends_elsewhere,
    has_tls,
    is_on_a_host,
    runs_elsewhere,
    runs_what_was_released,
    speaks_tls,
)
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.gaps.network.own_certificates import brings_its_keys, own_certificate
from scaffold.gaps.network.pages_on_tls import for_host_nginx, is_told, own_pages, shown_doors, stands_behind
from scaffold.gaps.network.plain_addresses import plain_addresses, plain_page_sites
from scaffold.gaps.network.plain_caddy import plain_sites
from scaffold.gaps.network.plain_entries import (
    is_encrypted,
    plain_chart_values,
    plain_host_sites,
    plain_ingresses,
    tls_in_comments,
    tls_left_aside,
    unredirected,
    without_tls,
)
from scaffold.gaps.other_ways import deployed_by_jobs
from scaffold.gaps.own_images import is_own_image
from scaffold.model.compose import EnvValue, Port, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image
from scaffold.model.label_routes import label_route
from scaffold.model.names import Confidence, EnvironmentClass, Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_PLAIN_PORTS = frozenset({80, 8080})
_HTTP_PORT = 80
_TLS_PORT = 443
_WRITES_TLS = regex(r"\bssl_certificate\b|\blisten\s+(?:\[::\]:)?443\b")
"""What a page shows where it has people write TLS into the configuration themselves."""
_LEFT = frozenset({"deprecated", "legacy", "old"})
"""Profiles of what people have left."""
_SERVERS = frozenset({"nginx", "nginx-unprivileged", "httpd"})
"""Base images of front ends that serve their own pages."""
_SWITCH = regex(r"(?:(?:^|_)(?:USE|ENABLE|WITH)_(?:TLS|SSL|HTTPS)|(?:^|_)(?:TLS|SSL|HTTPS)(?:_(?:ENABLED?|ON))?)$")
_REDIRECTS_LESS = regex(
    r"(?m)^[^#\n]*(?:\bassume_ssl\s*=\s*true|\bssl_options\s*=[^\n]*redirect)", words=("assume_ssl", "ssl_options")
)
_FORCES = frozenset({"redirects", "forces"})
"""Words of code facts on what sends plain requests on to https in any case."""
_HSTS = "strict-transport-security"
_VISITED = frozenset({Role.WEB, Role.FRONTEND})
_BALANCER = r"^aws_a?lb$"
_GIVEN = regex(r"\bcloudfront\b|\bcloudflare\b|\bakamai\b|\bfastly\b|\bacm\b|certificate manager", re.IGNORECASE)
"""What a page names that stands before a load balancer of AWS, or gives it a certificate by hand."""


def _detect(project: Project) -> Iterator[Gap]:
    found = tuple(_edges(project))
    yield from found
    # What people are told counts where no file of the edge has said it already.
    if not found:
        yield from _told_addresses(project)
        yield from _told_sites(project)


def _edges(project: Project) -> Iterator[Gap]:
    stack = project.production_stack
    if stack is not None:
        yield from _of_stack(project, stack)
        for service in stack.services:
            place = unredirected(project, service) if any(port.target in _PLAIN_PORTS for port in _open(service)) else None
            if place is not None:
                yield _unredirected_gap(stack, service, place)
            doors = [port for port in _open(service) if port.target in TLS_PORTS] if label_route(service) is None else []
            signs = own_certificate(project, service) if doors else None
            if signs is not None:
                yield _self_signed_gap(stack, service, doors[0], signs)
            yield from _silent_ports(project, stack, service)
            yield from _unnamed_sites(project, stack, service)
            yield from _keys_of_an_image(project, stack, service)
    for other in (item for item, _ in deployed_by_jobs(project) if item is not stack):
        for service in other.services:
            yield from _silent_ports(project, other, service)
    yield from _host_sites(project)
    yield from _balancers(project)
    ingresses = tuple(plain_ingresses(project))
    values = tuple(plain_chart_values(project))
    if (ingresses or values) and not is_told(project):
        if ingresses:
            yield _ingress_gap(
                listed(item.name for item in ingresses), "tls/ingress", tuple(item.location for item in ingresses)
            )
        if values:
            yield _ingress_gap("of the chart's default values", "tls/chart", values)


def _told_addresses(project: Project) -> Iterator[Gap]:
    places = plain_addresses(project)
    files = listed(dict.fromkeys(item.path for item in places))
    if places and not is_told(project, on_a_host=True):
        yield RULE.gap(
            resource="application",
            subject="tls/addresses",
            message=f"People are sent to the application over plain HTTP ({files}), and no page"
            " says where TLS ends: passwords and tokens cross the internet readable.",
            expected="https addresses, and a page on what ends TLS for them",
            actual="http://",
            locations=places,
            closers=(Closer(None, "advice", _BEFORE_IT),),
        )


def _told_sites(project: Project) -> Iterator[Gap]:
    """Yield what pages have people write for the nginx of a host, where no page says where TLS ends."""
    places = plain_page_sites(project)
    if places and not is_told(project, of_others=False) and not has_resource(project, f"{CLUSTER}|{INGRESS}|{CLOUD}"):
        yield RULE.gap(
            resource="host/nginx",
            subject="tls/page",
            message=f"{listed(dict.fromkeys(place.path for place in places))} has people set up an nginx that takes visitors "
            "in over plain HTTP, and no page names a certificate: passwords and tokens cross the network readable.",
            expected="a server on 443 with a certificate (certbot --nginx), and a redirect from port 80",
            actual="listen 80",
            locations=places,
            closers=(Closer(None, "advice", _BEFORE_IT),),
        )


def _host_sites(project: Project) -> Iterator[Gap]:
    """Yield what scripts write for the nginx of a host, where no page and no resource of a cloud says what ends TLS."""
    places = tuple(plain_host_sites(project))
    if places and not is_told(project, on_a_host=True) and not has_resource(project, CLOUD):
        yield RULE.gap(
            resource="host/nginx",
            subject="tls/host",
            message="The nginx of the host is set up for plain HTTP alone, and nothing in this repository gives it a"
            " certificate: passwords and cookies cross the network readable.",
            expected="a server on 443 with a certificate (certbot --nginx), and a redirect from port 80",
            actual="listen 80",
            locations=places,
            closers=(Closer(None, "advice", "Let certbot get the certificate in the same script, and redirect HTTP."),),
            environment=common_environment(places),
        )


def _balancers(project: Project) -> Iterator[Gap]:
    """Yield the load balancers of a cloud that take visitors in over plain HTTP alone, where no page says what ends TLS."""
    # A page that speaks of TLS at a load balancer gives the one in code no certificate.
    if has_resource(project, _BALANCER) is None or any(_GIVEN.search(page.text) for page in own_pages(project)):
        return
    # Loaded where there is such code alone.
    from scaffold.gaps.network.plain_balancers import plain_balancers

    for found in plain_balancers(project):
        folder = found.location.path.rpartition("/")[0]
        yield RULE.gap(
            resource=folder or ".",
            subject=f"tls/balancer/{found.name}",
            message=f"The load balancer {found.name} takes visitors from the internet in over plain HTTP and hands them on, and"
            " no listener, certificate or distribution in this repository ends TLS before it: passwords and tokens cross the"
            " internet readable.",
            expected="a listener on 443 with a certificate of ACM, and one on 80 that only redirects to it",
            actual="an HTTP listener that forwards",
            locations=(found.listener, found.location),
            closers=(
                Closer(
                    None,
                    "advice",
                    "Let ACM issue a certificate (aws_acm_certificate), give the balancer an HTTPS listener with it, and make"
                    " the default action of the one on port 80 a redirect to 443.",
                ),
            ),
            environment=path_environment(found.location.path),
        )


def _silent_ports(project: Project, stack: Stack, service: Service) -> Iterator[Gap]:
    """Yield port 443 where it is published and the configuration of nginx has no server on it."""
    port = next((port for port in _open(service) if port.target == _TLS_PORT), None)
    others = (item for other in project.stacks if other is not stack for item in other.services)
    if port is None or any(is_encrypted(project, other) for other in others):
        return
    switched_off = tls_in_comments(project, service)
    if switched_off is not None:
        yield _switched_off_gap(stack, port, service, *switched_off)
        return
    place = without_tls(project, service)
    if place is None:
        return
    aside = tls_left_aside(project, service)
    if aside is not None:
        note = f"; the one in {aside.path} is in no container, and each pull brings the plain file back"
        yield _silent_port_gap(stack, port, place, service, (note, aside))
        return
    page = next((page for page in project.docs if _WRITES_TLS.search(page.text)), None)
    copy = _deployed(project, place.path)
    # What people write on the host stays there unless a deployment takes it away.
    if page is not None and copy is not None:
        note = f", and each deployment lays it over what {page.path} has people write on the host"
        yield _silent_port_gap(stack, port, place, service, (note, copy))
    elif not is_told(project):
        yield _silent_port_gap(stack, port, place, service, None)


def _keys_of_an_image(project: Project, stack: Stack, service: Service) -> Iterator[Gap]:
    """Yield port 443 of a web server whose image others made, and which is given neither a certificate nor a setting: what it
    has for TLS, if anything, everybody can pull.
    """
    port = next((port for port in _open(service) if port.target == _TLS_PORT), None)
    if port is None or not service.has_role(Role.PROXY) or not brings_its_keys(project, stack, service) or is_told(project):
        return
    yield RULE.gap(
        resource=stack.resource(service.name),
        subject=f"tls/{_TLS_PORT}",
        message=f"{service.name} publishes port {_TLS_PORT} and is given neither a certificate nor a configuration: either"
        " nothing answers there, or the key is the one of its image, which everybody can pull. Visitors come in over plain"
        " HTTP, or by a certificate that protects nobody.",
        expected="a certificate of your own and the configuration for it, mounted",
        actual="nothing mounted, no variable",
        locations=(port.location,),
        environment=stack.environment,
    )


def _unnamed_sites(project: Project, stack: Stack, service: Service) -> Iterator[Gap]:
    """Yield a Caddy that everybody reaches and that gets a name only by a variable; low where a page or a template tells of
    that variable, or a page of what else ends TLS.
    """
    port = next((port for port in _open(service) if port.target in _PLAIN_PORTS), None)
    sites = plain_sites(project, service) if port is not None else None
    if port is None or sites is None or not sites.name:
        return
    named = any(sites.name in page.text for page in project.docs) or any(
        entry.name == sites.name for file in project.env_files for entry in file.entries
    )
    yield RULE.gap(
        resource=stack.resource(service.name),
        subject="tls",
        message=f"As long as nobody sets {sites.name}, {service.name} takes visitors in over plain HTTP: Caddy has no name to"
        f" get a certificate for ({sites.location.path}:{sites.location.line}), and starts all the same. A deployment that"
        " leaves that line out sends passwords and cookies readable.",
        expected=f"a start that stops without a name: ${{{sites.name}:?}}",
        actual="a port without a name",
        locations=((sites.variable.location if sites.variable else sites.location), port.location),
        related=(sites.location,) if sites.variable else (),
        severity=Severity.LOW if named or is_told(project, on_a_host=True) else Severity.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                f"Write ${{{sites.name}:?}} in the Compose file for production, so that it starts with a name alone, and the"
                " port in what is for a try.",
            ),
        ),
        environment=stack.environment,
    )


def _deployed(project: Project, path: str) -> Location | None:
    """Return the line of a workflow that copies a file to a host, or None."""
    copied = regex(rf"\b(?:scp|rsync)\b[^;&|]*(?<![\w./-])(?:\./)?{re.escape(path)}(?![\w./-])")
    commands = (command for command in project.commands if command.context == "workflow")
    return next((command.location for command in commands if path in command.text and copied.search(command.text)), None)


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    # The proxy of a stack is its edge, and a front end where there is none.
    edges = sorted(_plain_edges(project, stack), key=lambda edge: not edge[0].has_role(Role.PROXY))
    if not edges:
        yield from _doors(project, stack)
        return
    switched = [(service, port, switch) for service, port in edges if (switch := _switched_off(project, stack, service))]
    if switched:
        yield _gap(stack, switched[0][:2], switched[0][2])
    elif not ends_elsewhere(project, stack):
        # What pages tell of a cluster is another way to run the same.
        beside = has_resource(project, INGRESS) if is_told(project) else None
        yield _gap(stack, edges[0], beside, severity=Severity.LOW if beside else None)
    elif (claim := _claimed(project, stack, edges[0][0])) is not None:
        yield _claimed_gap(
            stack, edges[0], claim, f"{edges[0][0].name} ends TLS, while neither a certificate nor port 443 reaches it"
        )
    else:
        yield from _beside_the_host(project, stack, edges[0])


def _claimed(project: Project, stack: Stack, service: Service) -> Location | None:
    """Return where a page has an edge of the stack end TLS, for which that edge has no port and no certificate."""
    if has_tls(project, stack) or runs_elsewhere(project, stack) or is_encrypted(project, service):
        return None
    return claimed_end(project, service)


def _beside_the_host(project: Project, stack: Stack, door: tuple[Service, Port]) -> Iterator[Gap]:
    """Yield the proxy in a container that has port 80 of the host, where pages have certbot change an nginx of that host."""
    service, port = door
    page = for_host_nginx(project) if port.published == _HTTP_PORT and not has_tls(project, stack) else None
    if page is not None:
        yield RULE.gap(
            resource=stack.resource(service.name),
            subject="tls",
            message=f"{service.name} takes visitors in over plain HTTP, and {page.path}:{page.line} has certbot set up an "
            "nginx of the host, which has none: neither a certificate nor port 443 reaches the one in the container.",
            expected="a certificate mounted into the container, port 443 published, and a server with TLS in its configuration",
            actual="HTTP on every interface",
            locations=(port.location,),
            related=(page,),
            environment=stack.environment,
        )


def _plain_edges(project: Project, stack: Stack) -> Iterator[tuple[Service, Port]]:
    """Yield each proxy, and each front end that is a web server itself, that takes HTTP on all interfaces, with the port."""
    for service in stack.services:
        ports = _open(service)
        plain = [port for port in ports if port.target in _PLAIN_PORTS]
        if service.has_role(Role.PROXY) and plain and not _is_automatic(project, service):
            yield service, plain[0]
        elif ports and not service.has_role(Role.PROXY) and _serves_pages(project, service):
            yield service, ports[0]


def _open(service: Service) -> list[Port]:
    return [port for port in service.ports if port.host_ip in ALL_INTERFACES and port.protocol == "tcp"]


def _doors(project: Project, stack: Stack) -> Iterator[Gap]:
    """Yield the application that takes visitors in by itself, where neither a proxy nor a word on TLS stands anywhere."""
    if any(service.has_role(Role.PROXY) for other in project.production_stacks for service in other.services):
        return
    called = stack.environment is EnvironmentClass.PRODUCTION
    # Where nothing starts without a profile, people choose one.
    chosen = all(service.profiles for service in stack.services)
    applications = [
        service for service in stack.services if _takes_visitors(project, stack, service) and (chosen or not service.profiles)
    ]
    doors = [(service, port) for service in applications for port in open_ports(project, service) if port.protocol == "tcp"]
    if not doors or any(map(label_route, stack.services)):
        return
    claim = None if has_tls(project, stack) else claimed_proxy(project, stack)
    if claim is not None:
        yield _claimed_gap(stack, doors[0], claim, "this stack brings a proxy along, which is none of its services")
        return
    if (
        any(speaks_tls(project, service) for service in applications)
        or stands_behind(project, on_a_host=is_on_a_host(project, stack))
        or ends_elsewhere(project, stack)
    ):
        return
    # Beside the API the front end is what people open.
    door = min(doors, key=lambda item: ("default" not in item[0].profiles, item[0].role is not Role.FRONTEND))
    shown = shown_doors(project)
    forced = _forces_https(project, door[0])
    if forced is not None:
        yield _forced_gap(stack, door, forced)
        return
    is_deployed = called or shown or runs_what_was_released(project, stack)
    severity = Severity.MEDIUM if is_deployed else Severity.LOW
    yield _gap(stack, door, has_resource(project, INGRESS), severity=severity, shown=shown)


def _forces_https(project: Project, service: Service) -> Location | None:
    """Return where the code of a service sends everybody on to https in any case; None where nothing does."""
    sends = (fact for fact in project.code_facts if fact.kind == "proxy" and fact.detail.partition(" ")[0] in _FORCES)
    own = (fact.location for fact in sends if is_in_image(project, service, fact.location.path))
    place = next((place for place in own if not is_test_path(place.path)), None)
    # Rails that takes every request for one over TLS, or that is told what to redirect, sends nobody on by itself.
    return place if place and not _REDIRECTS_LESS.search(project.source(place.path) or "") else None


def _takes_visitors(project: Project, stack: Stack, service: Service) -> bool:
    """Whether a service is the application, also where only its image, or the set that builds it, says so."""
    if service.role is not None:
        return service.role in _VISITED
    twins = (other.service(service.name) for other in project.stacks if other.directory == stack.directory)
    return is_own_image(project, service.image) and any(twin is not None and twin.role in _VISITED for twin in twins)


def _serves_pages(project: Project, service: Service) -> bool:
    """Whether the service is an image of the project whose last stage is a web server."""
    dockerfile = project.image_of(service) if service.made else None
    image = root_image(dockerfile, service.made.target) if dockerfile and service.made else None
    return service.is_application and image is not None and image.name in _SERVERS


def _switched_off(project: Project, stack: Stack, service: Service) -> EnvValue | None:
    """Return the switch by which another set of files turns TLS on for the same service, where production's leaves it off."""
    for other in project.stacks:
        twin = other.service(service.name) if other.directory == stack.directory and other is not stack else None
        for entry in twin.environment if twin else ():
            if _SWITCH.search(entry.name) and _is_on(entry) and not _is_on(service.env(entry.name)):
                return entry
    return None


def _is_on(entry: EnvValue | None) -> bool:
    return entry is not None and means_true(entry.value)


def _is_automatic(project: Project, service: Service) -> bool:
    """Whether the proxy gets certificates by itself: Caddy does as soon as a site has a name."""
    if service.image is None or "caddy" not in service.image.repository:
        return False
    sites = plain_sites(project, service)
    # Who has browsers ask by TLS alone has it end somewhere.
    return sites is None or bool(sites.name) or _HSTS in (project.source(sites.location.path) or "").lower()


def _gap(
    stack: Stack,
    door: tuple[Service, Port],
    cause: EnvValue | Location | None,
    *,
    severity: Severity | None = None,
    shown: tuple[Location, ...] = (),
) -> Gap:
    """Return the gap of an open door; its cause is the switch that a start leaves out, or an Ingress that is not before it."""
    service, port = door
    why = "where TLS ends is not declared in this repository"
    if isinstance(cause, EnvValue):
        why = f"{cause.location.path}, which a plain start leaves out, is what turns {cause.name} on"
    elif cause is not None:
        why = f"the Ingress in {cause.path} answers for a cluster alone"
    also = f", as people are told to run it in {listed(place.path for place in shown)}" if shown else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="tls",
        message=f"{service.name} takes visitors in over plain HTTP{also}, and {why}: passwords and cookies may cross the "
        "network readable.",
        expected="port 443 with a certificate, or a page that names the load balancer or proxy in front",
        actual="HTTP on every interface",
        locations=(port.location,),
        related=(cause.location,) if isinstance(cause, EnvValue) else (*((cause,) if cause else ()), *shown),
        confidence=Confidence.MEDIUM,
        severity=severity,
        closers=None if severity is None else (Closer(None, "advice", _BEFORE_IT),),
        environment=stack.environment,
    )


def _claimed_gap(stack: Stack, door: tuple[Service, Port], claim: Location, words: str) -> Gap:
    service, port = door
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="tls",
        message=f"{service.name} takes visitors in over plain HTTP. {claim.path}:{claim.line} says that {words}: passwords and"
        " cookies cross the network readable where people rely on that page.",
        expected="a proxy with a certificate and port 443 in the stack, or a page that names what ends TLS before it",
        actual="HTTP on every interface",
        locations=(port.location,),
        related=(claim,),
        severity=Severity.MEDIUM,
        closers=(Closer(None, "advice", _BEFORE_IT),),
        environment=stack.environment,
    )


def _forced_gap(stack: Stack, door: tuple[Service, Port], forced: Location) -> Gap:
    service, port = door
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="tls",
        message=f"{service.name} takes visitors in over plain HTTP and sends them on to https ({forced.path}:{forced.line}),"
        " where nothing of this stack answers: no proxy, no certificate and no page says what ends TLS. As it is started here"
        " nobody from outside gets past that redirect; with it switched off passwords and cookies cross the network readable.",
        expected="a proxy with a certificate in the stack, or a page that names what ends TLS before it",
        actual="HTTP on every interface, and a redirect to https",
        locations=(port.location,),
        related=(forced,),
        confidence=Confidence.MEDIUM,
        severity=Severity.MEDIUM,
        closers=(Closer(None, "advice", _BEFORE_IT),),
        environment=stack.environment,
    )


def _unredirected_gap(stack: Stack, service: Service, place: Location) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="tls/redirect",
        message=f"{service.name} answers over plain HTTP as it does over TLS, and sends nobody on to https: who types the "
        "address without it sends passwords and cookies readable.",
        expected="a server on port 80 that only redirects: return 301 https://$host$request_uri",
        actual="the application on port 80",
        locations=(place, service.location),
        closers=(Closer(None, "advice", "Split the server: let the one on port 80 answer with a redirect to https alone."),),
        environment=stack.environment,
    )


def _self_signed_gap(stack: Stack, service: Service, port: Port, signs: Location) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="tls/self-signed",
        message=f"{service.name} signs a certificate of its own as it starts ({signs.path}:{signs.line}), and no page tells how"
        " a trusted one gets there: each visitor is warned, learns to go on all the same, and cannot tell the server from"
        " somebody in between.",
        expected="a certificate of an authority (ACME), and the one of its own for a try",
        actual="openssl req -x509 at the start",
        locations=(port.location,),
        related=(signs,),
        severity=Severity.LOW,
        closers=(
            Closer(
                None,
                "advice",
                "Mount a certificate of Let's Encrypt or of your own authority at that place, and say so in the page.",
            ),
        ),
        environment=stack.environment,
    )


def _silent_port_gap(stack: Stack, port: Port, place: Location, service: Service, lost: tuple[str, Location] | None) -> Gap:
    note, cause = lost or ("", None)
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="tls/443",
        message=f"{service.name} publishes port {_TLS_PORT}, and {place.path} has no server on it{note}: visitors come in over "
        "plain HTTP, and passwords and cookies cross the network readable.",
        expected=f"`listen {_TLS_PORT} ssl` with a certificate in {place.path}, and a server on port 80 that only redirects",
        actual="servers for plain HTTP alone",
        locations=(place, port.location),
        related=(cause,) if cause else (),
        closers=(
            Closer(None, "advice", f"Write the server with TLS into {place.path} itself, with the name of the site in it."),
        ),
        environment=stack.environment,
    )


def _switched_off_gap(stack: Stack, port: Port, service: Service, place: Location, comment: Location) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"tls/{_TLS_PORT}",
        message=f"{service.name} publishes port {_TLS_PORT}, and the server on it stands in comments ({comment.path}:"
        f"{comment.line}): as it stands here, passwords and cookies come in over plain HTTP, and each pull brings that back.",
        expected=f"`listen {_TLS_PORT} ssl` with a certificate, and a server on port 80 that only redirects",
        actual="TLS in comments",
        locations=(place, port.location),
        related=(comment,),
        closers=(Closer(None, "advice", "Commit the server with TLS as it has to run, and mount its certificate."),),
        environment=stack.environment,
    )


def _ingress_gap(names: str, subject: str, places: tuple[Location, ...]) -> Gap:
    return RULE.gap(
        resource="kubernetes",
        subject=subject,
        message=f"The ingress {names} takes visitors in over plain HTTP, and where TLS ends is not declared in this "
        "repository: passwords and cookies may cross the network readable.",
        expected="`tls` with a secret that cert-manager fills, or the annotation for the certificate of the load balancer",
        actual="an Ingress without `tls`",
        locations=places,
        closers=(Closer(None, "advice", "Add `tls` with the host and a secret, and an issuer of cert-manager that fills it."),),
        confidence=Confidence.MEDIUM,
        environment=common_environment(places),
    )


_BEFORE_IT = (
    "Put a proxy with a certificate before it (Caddy and Traefik get one by themselves) and bind its own port to 127.0.0.1, or "
    "write into the deployment guide what ends TLS."
)

RULE = Rule(
    code="NET003",
    name="no-tls-at-the-edge",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the proxy a certificate (Caddy and Traefik get one by themselves) and redirect HTTP, or bind it to 127.0.0.1 "
            "behind what ends TLS and write that into the deployment guide.",
        ),
    ),
)
