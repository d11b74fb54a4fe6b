"""NET008: nginx serves files, or reads a certificate, from a folder that its container does not have."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.gaps.network.unserved_uploads import Unserved, unserved_uploads
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.nginx import ConfigFile
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_NGINX = frozenset({"nginx", "nginxinc/nginx-unprivileged"})
_ALIAS = regex(r"(?:^|[\s;{])alias\s+[\"']?(?P<path>/[^\s;\"'$]*)[\"']?\s*;")
_CERTIFICATE = regex(
    r"(?:^|[\s;{])ssl_(?:certificate|certificate_key|dhparam|trusted_certificate)\s+[\"']?(?P<path>/[^\s;\"'$]+)[\"']?\s*;"
)
_BROUGHT = ("usr/share/nginx", "etc/nginx", "tmp", "dev", "var/cache/nginx", "var/log/nginx", "var/run", "run", "proc", "sys")
"""Folders that the official images bring along."""


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack))
    yield from (_uploads_gap(item) for item in unserved_uploads(project))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        image = service.image
        if service.build or image is None or image.repository.removeprefix("library/") not in _NGINX or not service.mounts:
            continue
        if any(service.node.get(key) is not None for key in ("volumes_from", "configs", "develop")) or service.entrypoint:
            continue
        for file in nginx_files(project, service):
            missing = [(path, place) for path, place in _aliases(file) if not _is_there(service, path)]
            if missing:
                yield _gap(stack, service, missing)
            lacking = [(path, place) for path, place in _certificates(file) if not _is_brought(service, path)]
            if lacking:
                yield _certificate_gap(stack, service, lacking)


def _aliases(file: ConfigFile) -> Iterator[tuple[str, Location]]:
    for number, line in enumerate(file.text.splitlines(), 1):
        for match in _ALIAS.finditer(line.partition("#")[0]):
            yield posixpath.normpath(match["path"]), Location(file.path, number, match.start("path") + 1)


def _certificates(file: ConfigFile) -> Iterator[tuple[str, Location]]:
    """Yield the files that a configuration reads for TLS, where nginx includes it."""
    if not file.target.endswith((".conf", ".conf.template")):
        return
    for number, line in enumerate(file.text.splitlines(), 1):
        for match in _CERTIFICATE.finditer(line.partition("#")[0]):
            yield posixpath.normpath(match["path"]), Location(file.path, number, match.start("path") + 1)


def _is_brought(service: Service, path: str) -> bool:
    """Whether a mount or a secret brings a certificate, or something that runs before nginx may make it."""
    targets = [mount.target.strip("/") for mount in service.mounts]
    may_make = service.command or any(target.startswith("docker-entrypoint.d") for target in targets)
    keeps = service.node.get("secrets") is not None and path.startswith("/run/secrets/")
    return bool(may_make or keeps) or any(is_below(path.strip("/"), target) for target in targets)


def _is_there(service: Service, path: str) -> bool:
    """Whether a mount or the image brings the folder, or one below it."""
    clean = path.strip("/")
    targets = [mount.target.strip("/") for mount in service.mounts]
    return any(is_below(clean, target) or is_below(target, clean) for target in (*targets, *_BROUGHT))


def _near(service: Service, path: str) -> Mount | None:
    """Return the mount that was meant: its place ends as the folder does, or the folder as its place."""
    return next(
        (
            mount
            for mount in service.mounts
            if len(mount.target) > 1 and (path.endswith(mount.target) or mount.target.endswith(path))
        ),
        None,
    )


def _gap(stack: Stack, service: Service, missing: list[tuple[str, Location]]) -> Gap:
    paths = " and ".join(dict.fromkeys(path for path, _ in missing))
    meant = [mount for path, _ in missing if (mount := _near(service, path))]
    note = f", while the volume is at {meant[0].target}" if meant else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="static",
        message=f"{service.name} serves files from {paths}, and nothing puts files there{note}: requests for them end "
        "with 404.",
        expected=f"a mount at {missing[0][0]}, or the place of the mount in the configuration",
        actual="no mount there",
        locations=tuple(place for _, place in missing),
        related=tuple(dict.fromkeys(mount.location for mount in meant)),
        severity=Severity.MEDIUM,
        environment=stack.environment,
    )


def _certificate_gap(stack: Stack, service: Service, lacking: list[tuple[str, Location]]) -> Gap:
    paths = " and ".join(dict.fromkeys(path for path, _ in lacking))
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="certificate",
        message=f"{service.name} reads {paths}, and no mount brings a file there: nginx ends at its start, and the container"
        " starts again and again.",
        expected=f"a mount at {posixpath.dirname(lacking[0][0])}, or the place of the mount in the configuration",
        actual="no mount there",
        locations=tuple(place for _, place in lacking),
        related=(service.location,),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Mount the folder of the certificates, or name the place at which it is mounted."),),
    )


def _uploads_gap(item: Unserved) -> Gap:
    name = item.service.name
    return RULE.gap(
        resource=item.stack.resource(name),
        subject="uploads",
        message=f"{name} keeps uploads in the volume {item.mount.source}, and Django serves them only while DEBUG is on"
        f" ({item.route.path}:{item.route.line}); no proxy has the volume or knows the path: each uploaded file answers 404.",
        expected="the volume in the proxy as well, and a route for MEDIA_URL there",
        actual="served to developers alone",
        locations=(item.mount.location,),
        related=(item.route,),
        environment=item.stack.environment,
        confidence=Confidence.MEDIUM,
        closers=(
            Closer(
                None,
                "advice",
                "Mount the volume read-only in the proxy and serve MEDIA_URL from it, or keep uploads in an object store.",
            ),
        ),
    )


RULE = Rule(
    code="NET008",
    name="static-folder-not-mounted",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Write the place of the volume into `alias`, or mount the volume where `alias` looks for it."),
    ),
)
