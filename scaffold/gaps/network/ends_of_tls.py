"""What ends TLS before a stack: a port or a certificate of its own, a platform, an infrastructure file, a page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import has_resource
from scaffold.gaps.network.cloud_firewall import MACHINES
from scaffold.gaps.network.pages_on_tls import is_told
from scaffold.gaps.network.plain_entries import plain_ingresses
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.gaps.starts import Strength, strength_of
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Mapping, Scalar, scalars_in
from scaffold.model.lasting import words_of
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex

TLS_PORTS = frozenset({443, 8443})
CLUSTER = r"^(?:IngressRoute|Gateway|HTTPRoute)$"
INGRESS = r"^Ingress$"
CLOUD = r"aws_a?lb$|acm_certificate|cloudfront|google_compute_|application_gateway"
"""Patterns of the types of resources that end TLS, or may."""
_WORDS = regex(
    r"certificatesresolvers|acme[-_.](?:companion|challenge|email|dns|json|sh\b|ca\b|tls|http)"
    r"|certbot|letsencrypt|let's encrypt|certresolver|ssl_certificate|\bcert\.pem|fullchain|(?<![\w.])cloudflared?\b(?!\.)"
    r"|tailscale|\bngrok\b",
    re.IGNORECASE,
    words=(
        "acme",
        "cert.pem",
        "certbot",
        "certificatesresolvers",
        "certresolver",
        "cloudflare",
        "fullchain",
        "let's encrypt",
        "letsencrypt",
        "ngrok",
        "ssl_certificate",
        "tailscale",
    ),
)
_PROXY_FILE = regex(
    r"nginx|caddy|traefik|haproxy|envoy|apache|httpd|proxy|\.conf\b|\.toml$|\.ya?ml$|\.template$", re.IGNORECASE
)
"""Mounted files that may be those of a proxy: an address in a page or a lock file says nothing of the edge."""
_COMMENT = regex(r"(?m)^[ \t]*#[^\n]*")
_TLS_WORDS = regex(
    r"ssl|tls|https|(?<![a-z])certs?(?![a-z])|certificate|keystore|\.pem\b",
    re.IGNORECASE,
    words=(".pem", "cert", "https", "keystore", "ssl", "tls"),
)
_OWN_ADDRESS = regex(r"(?:^|_)(?:URLS?|HOSTS?|DOMAINS?|ORIGINS?|HOSTNAME|ADDRESS)(?:_|$)", re.IGNORECASE)
_INVENTED = regex(r"https://(?:[\w-]+\.)*example(?:\.(?:com|org|net))?(?:[:/]|$)")
"""An address that nobody has (RFC 2606): who replaces it is not told what would end TLS for his own."""
_OFF = frozenset({"", "0", "false", "no", "off", "disable", "disabled", "none"})


def ends_elsewhere(project: Project, stack: Stack) -> bool:
    """Whether a port, a certificate, a platform, an infrastructure file or a page says where TLS ends."""
    return has_tls(project, stack) or runs_elsewhere(project, stack) or is_told(project, on_a_host=is_on_a_host(project, stack))


def is_on_a_host(project: Project, stack: Stack) -> bool:
    """Whether a stack is called production, a page on deployment, a job or a script starts it on a host, or it runs what was
    released: that of a cluster is another way to run the same.
    """
    called = stack.environment is EnvironmentClass.PRODUCTION
    return called or strength_of(project, stack).strength is Strength.OTHERS or runs_what_was_released(project, stack)


def has_tls(project: Project, stack: Stack) -> bool:
    """Whether the stack itself has a port or a certificate for TLS, or a tunnel."""
    if any(port.target in TLS_PORTS or port.published in TLS_PORTS for service in stack.services for port in service.ports):
        return True
    texts = (scalar.value for service in stack.services for scalar in _settings(service))
    return any(_WORDS.search(text) for text in (*texts, *_proxy_texts(project, stack), *(item.name for item in stack.services)))


def _proxy_texts(project: Project, stack: Stack) -> Iterator[str]:
    """Yield the configuration of proxies that services of the stack mount, without its comments."""
    sources = {mount.resolved for service in stack.services for mount in service.mounts if mount.resolved}
    configs = stack.node.get("configs")
    kept = isinstance(configs, Mapping) and bool(configs.entries)
    for item in project.mounted:
        if _PROXY_FILE.search(item.path) and (
            kept or any(item.path == path or item.path.startswith(f"{path}/") for path in sources)
        ):
            yield _COMMENT.sub("", item.data.decode("utf-8", "replace"))


def runs_elsewhere(project: Project, stack: Stack) -> bool:
    """Whether a platform, a cluster or a load balancer ends TLS before what the stack runs.

    What is called production for Compose runs on a host of its own: a cluster or a platform beside it ends nothing there,
    and a load balancer only where the same code has machines.
    """
    if stack.environment is EnvironmentClass.PRODUCTION:
        return has_resource(project, CLOUD) is not None and has_resource(project, MACHINES) is not None
    if has_resource(project, f"{CLUSTER}|{CLOUD}") or any(item.kind == "paas" for item in project.infrastructure):
        return True
    if runs_what_was_released(project, stack) or _has_a_chart_beside(project, stack):
        return False
    # An Ingress without TLS of its own ends none.
    return has_resource(project, INGRESS) is not None and next(plain_ingresses(project), None) is None


def _has_a_chart_beside(project: Project, stack: Stack) -> bool:
    """Whether the only ingresses stand in charts, and pages on deployment start a stack of Compose on a host all the same."""
    files = [item for item in foreign_infrastructure(project) if any(re.search(INGRESS, kind) for kind, _, _ in item.resources)]
    return all(item.kind == "helm" for item in files) and strength_of(project, stack).strength is Strength.OTHERS


def runs_what_was_released(project: Project, stack: Stack) -> bool:
    """Whether a stack takes its application from a registry, beside one that builds it for development: the Ingress of a chart
    is another way to run the same, and ends nothing for this one.
    """
    released = [service for service in stack.services if service.build is None and is_own_image(project, service.image)]
    developed = any(other is not stack and other.environment is EnvironmentClass.DEV for other in project.stacks)
    return bool(released) and developed


def _settings(service: Service) -> Iterator[Scalar]:
    for key in ("command", "labels", "image", "volumes", "environment"):
        yield from scalars_in(service.node.get(key))


def speaks_tls(project: Project, service: Service) -> bool:
    """Whether an application, its image included, is given a certificate or the https address by which people reach it."""
    dockerfile = project.image_of(service)
    start = [item.text for word in ("CMD", "ENTRYPOINT") if dockerfile and (item := dockerfile.effective(word))]
    words = (*start, words_of(service), *(mount.target for mount in service.mounts))
    if any(_TLS_WORDS.search(word) for word in words):
        return True
    entries = ((entry.name, (entry.value or "").strip()) for entry in service.environment)
    return any(
        (_TLS_WORDS.search(name) and value.lower() not in _OFF)
        or (value.startswith("https://") and _OWN_ADDRESS.search(name) and not _INVENTED.match(value))
        for name, value in entries
    )
