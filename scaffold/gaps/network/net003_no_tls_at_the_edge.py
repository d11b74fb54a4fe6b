"""NET003: a proxy takes visitors in without TLS, and nothing in the repository says where TLS ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import ALL_INTERFACES, has_resource, scalars_below
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.document import Scalar
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_PLAIN_PORTS = frozenset({80, 8080})
_TLS_PORTS = frozenset({443, 8443})
_WORDS = regex(
    r"certificatesresolvers|acme[-_.](?:companion|challenge|email|dns|json|sh\b|ca\b|tls|http)"
    r"|certbot|letsencrypt|let's encrypt|certresolver|ssl_certificate|\bcert\.pem|fullchain|cloudflare|tailscale|\bngrok\b",
    re.IGNORECASE,
)
_DOCS = regex(
    r"certbot|let's encrypt|letsencrypt|cloudflare|enable https|https certificate"
    r"|\b(?:tls|ssl)[- ](?:termination|certificates?|offload)"
    r"|(?:end|terminat|serv|configur|set)\w*(?: up)? (?:the )?(?:tls|ssl|https)\b"
    r"|behind (?:a|an|the|your) [^.\n]{0,30}(?:proxy|load balancer)",
    re.IGNORECASE,
)
"""What a page says of the edge; TLS alone may be that of mail, of a broker or of a release's notes."""
_HISTORY = regex(r"(?:^|/)(?:CHANGELOG|CHANGES|HISTORY|NEWS|RELEASES?)(?:[-_.][^/]*)?$", re.IGNORECASE)
_RESOURCES = (
    r"^(?:Ingress|IngressRoute|Gateway|HTTPRoute)$|aws_a?lb$|acm_certificate|cloudfront|google_compute_|application_gateway"
)


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.production_stack
    edges = list(_plain_edges(stack)) if stack else []
    if stack and edges and not _ends_elsewhere(project, stack):
        yield _gap(stack, *edges[0])


def _plain_edges(stack: Stack) -> Iterator[tuple[Service, Port]]:
    """Yield each proxy that takes HTTP on all interfaces, with the port."""
    for service in stack.services:
        ports = [port for port in service.ports if port.host_ip in ALL_INTERFACES and port.target in _PLAIN_PORTS]
        if service.has_role(Role.PROXY) and ports and not _is_automatic(service):
            yield service, ports[0]


def _is_automatic(service: Service) -> bool:
    """Whether the proxy gets certificates by itself: Caddy does as soon as a site has a name."""
    return bool(service.image and "caddy" in service.image.repository)


def _ends_elsewhere(project: Project, stack: Stack) -> bool:
    """Whether a port, a certificate, a platform, an infrastructure file or a page says where TLS ends."""
    if any(port.target in _TLS_PORTS or port.published in _TLS_PORTS for service in stack.services for port in service.ports):
        return True
    if has_resource(project, _RESOURCES) or any(item.kind == "paas" for item in project.infrastructure):
        return True
    texts = (scalar.value for service in stack.services for scalar in _settings(service))
    proxies = (item.data.decode("utf-8", "replace") for item in project.mounted)
    if any(_WORDS.search(text) for text in (*texts, *proxies, *(service.name for service in stack.services))):
        return True
    return any(_DOCS.search(page.text) for page in project.docs if not _HISTORY.search(page.path))


def _settings(service: Service) -> Iterator[Scalar]:
    for key in ("command", "labels", "image", "volumes", "environment"):
        yield from scalars_below(service.node.get(key))


def _gap(stack: Stack, service: Service, port: Port) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="tls",
        message=f"{service.name} takes visitors in over plain HTTP, and where TLS ends is not declared in this repository: "
        "passwords and cookies may cross the network readable.",
        expected="port 443 with a certificate, or a page that names the load balancer or proxy in front",
        actual="HTTP on every interface",
        locations=(port.location,),
        confidence=Confidence.MEDIUM,
        environment=stack.environment,
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
