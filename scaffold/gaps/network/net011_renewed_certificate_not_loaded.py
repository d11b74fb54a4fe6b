"""NET011: a container renews the certificate, and the proxy goes on with the one that it read when it started."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import words_of
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_RENEWS = regex(r"\bcertbot\b[^\n]*\brenew\b|\bacme\.sh\b[^\n]*--(?:cron|renew)|\blego\b[^\n]*\brenew\b")
_AGAIN = regex(r"\b(?:while|until|for|sleep|crond?|daemon)\b")
_TELLS = regex(
    r"\s-s\s+reload|(?:deploy|post|renew)-hook|--reloadcmd|\bHUP\b|\bUSR2\b|\bdocker\b[^\n]*\s(?:restart|kill)\b"
    r"|\b(?:systemctl|service|supervisorctl|rc-service|apachectl|haproxy)\b[^\n]*\b(?:reload|restart|graceful)\b|\binotifywait\b"
)
"""What makes a proxy read its certificate again."""
_WATCHES = frozenset({"traefik", "caddy", "envoy"})
"""Proxies that get certificates themselves, or see that a file has changed."""
_ON_RENEWAL = ("renew", "reload", "HUP")
"""Words of commands that tell the proxy of a certificate; a plain restart may be that of a deployment."""
_OFTEN = ("workflow", "script", "makefile", "playbook", "dockerfile")
_TLS_PORTS = frozenset({443, 8443})


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    renewing = [service for service in stack.services if _renews(service)]
    if not renewing or any(_TELLS.search(words_of(service)) for service in stack.services) or _is_told(project):
        return
    for service in renewing:
        for proxy in stack.services:
            mount = _shared(service, proxy)
            if mount is not None and _ends_tls(proxy) and not _brings_reload(project, proxy):
                yield _gap(stack, service, proxy, mount)


def _renews(service: Service) -> bool:
    """Whether a service renews certificates again and again."""
    words = words_of(service)
    return bool(_RENEWS.search(words) and _AGAIN.search(words))


def _is_told(project: Project) -> bool:
    """Whether a command of the project reloads a proxy, or a page tells people to at each renewal."""
    near = (item for item in project.commands if any(word in item.text for word in _ON_RENEWAL) and _TELLS.search(item.text))
    return any(item.context in _OFTEN or "renew" in item.text or "* *" in item.text for item in near)


def _brings_reload(project: Project, proxy: Service) -> bool:
    """Whether a file that is mounted into the proxy reloads it, or may as one that its image runs at the start."""
    if any(mount.target.startswith("/docker-entrypoint.d") for mount in proxy.mounts):
        return True
    texts = (project.source(mount.resolved) for mount in proxy.mounts if mount.resolved)
    return any(text is not None and _TELLS.search(text) for text in texts)


def _shared(service: Service, proxy: Service) -> Mount | None:
    """Return the mount by which a proxy gets what the other service renews."""
    if service is proxy:
        return None
    kept = {(mount.kind, mount.source) for mount in service.mounts if mount.source and "www" not in mount.target}
    return next((mount for mount in proxy.mounts if (mount.kind, mount.source) in kept), None)


def _ends_tls(proxy: Service) -> bool:
    name = proxy.image.name if proxy.image is not None else ""
    if name in _WATCHES or "certbot" in name or "acme" in name:
        return False
    return proxy.has_role(Role.PROXY, Role.FRONTEND) or any(port.target in _TLS_PORTS for port in proxy.ports)


def _gap(stack: Stack, service: Service, proxy: Service, mount: Mount) -> Gap:
    return RULE.gap(
        resource=stack.resource(proxy.name),
        subject=f"certificate/{service.name}",
        message=f"{service.name} renews the certificate, and nothing tells {proxy.name}, which reads it only when it starts:"
        " visitors get the old one until somebody restarts it, and a warning of their browser once that has expired.",
        expected=f"a reload of {proxy.name} after each renewal, or every few hours",
        actual="nothing that reloads it",
        locations=(mount.location, service.location),
        related=(proxy.location,),
        environment=stack.environment,
    )


RULE = Rule(
    code="NET011",
    name="renewed-certificate-not-loaded",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Let the proxy reload by itself (`while :; do sleep 6h; nginx -s reload; done &` before its start), or let a cron"
            " of the host do it after the renewal.",
        ),
    ),
)
