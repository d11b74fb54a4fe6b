"""Which nginx configurations of the repository a service runs with, and what they log."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.known import below, known
from scaffold.model.nginx import AccessLogs, ConfigFile, text_access_logs
from scaffold.model.project import Instruction, Project

_MAIN = "/etc/nginx/nginx.conf"
_INCLUDED = ("/etc/nginx/conf.d/", "/etc/nginx/templates/", "/etc/nginx/http.d/")
"""What the main file of the official images includes in its `http` block (nginx, nginx-unprivileged; Alpine: http.d)."""


def nginx_files(project: Project, service: Service) -> tuple[ConfigFile, ...]:
    """Return the files by their place in the container: mounts win over what the image was built with."""
    return known(_nginx_files, project, service)


def _nginx_files(project: Project, service: Service) -> tuple[ConfigFile, ...]:
    found: dict[str, str] = {}
    for source, target in (*_copied(project, service), *_mounted(service)):
        found |= dict(_files(project, source, target))
    read = ((path, target, _text(project, path)) for target, path in sorted(found.items()))
    known = tuple(ConfigFile(path, target, text) for path, target, text in read if text is not None)
    has_main = any(file.target == _MAIN for file in known)
    return tuple(file for file in known if file.target == _MAIN or has_main or file.target.startswith(_INCLUDED))


def _text(project: Project, path: str) -> str | None:
    """Return the text of a file that its path says to be nginx's, or else that a service mounts."""
    text = project.source(path)
    if text is not None:
        return text
    mounted = next((file.data for file in project.mounted if file.path == path and path.endswith((".conf", ".template"))), None)
    return mounted.decode("utf-8", "replace") if mounted is not None else None


def _mounted(service: Service) -> Iterator[tuple[str, str]]:
    for mount in service.mounts:
        if mount.resolved is not None:
            yield mount.resolved, mount.target


def _copied(project: Project, service: Service) -> Iterator[tuple[str, str]]:
    dockerfile = project.image_of(service)
    if service.command and service.is_application and not any("nginx" in word for word in service.command):
        return  # One image for several programs: this one is started as another.
    stage = dockerfile.stage(service.made.target) if dockerfile and service.made else None
    context = service.made.context if service.made else None
    for item in stage.instructions if stage and context is not None else ():
        words = _words(item)
        for word in (
            words[:-1] if item.keyword in {"COPY", "ADD"} and not any(f.startswith("--from") for f in item.flags) else ()
        ):
            yield posixpath.normpath(posixpath.join(context or ".", word.lstrip("/"))), words[-1]


def _words(item: Instruction) -> tuple[str, ...]:
    return item.argv or tuple(item.text.split())


def _files(project: Project, source: str, target: str) -> Iterator[tuple[str, str]]:
    """Yield place and path of each file below a source: a file, or a folder with what it holds."""
    if source in project.present:
        # A copy into a folder that the image has may leave its slash out.
        inside = target.endswith("/") or f"{target}/" in _INCLUDED
        yield (posixpath.join(target, posixpath.basename(source)) if inside else target), source
    elif source in project.directories:
        for path in below(project.files, source):
            yield posixpath.join(target, path.removeprefix(f"{source}/")), path


def service_access_logs(project: Project, service: Service) -> AccessLogs | None:
    """Return what a service logs of its requests as text, None where it logs no text or has no configuration here."""
    files = nginx_files(project, service)
    return text_access_logs(files) if files else None


def can_edit_logs(project: Project, service: Service, logs: AccessLogs) -> bool:
    """Whether the logs can be changed: no volume holds them for somebody else, and no other service has half of the files."""
    if any(name.startswith(f"{mount.target.rstrip('/')}/") for name in logs.files for mount in service.mounts):
        return False
    mine = {file.path for file in nginx_files(project, service)}
    return all(not mine & other or mine == other for other in known(_sets_of_files, project))


def _sets_of_files(project: Project) -> frozenset[frozenset[str]]:
    """Return the files of each service, every set once."""
    services = (service for stack in project.stacks for service in stack.services)
    return frozenset(frozenset(file.path for file in nginx_files(project, service)) for service in services)
