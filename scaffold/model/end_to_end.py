"""Which end-to-end suite a project has and how a workflow starts it: by the stack's own service, or on the runner."""

from __future__ import annotations

import posixpath

from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.delivery import EndToEndSuite
from scaffold.model.document import text_of
from scaffold.model.names import Role
from scaffold.model.project import Manifest, Project
from scaffold.model.regex import regex

_CONFIG = regex(r"(?:.*/)?(?P<runner>playwright|cypress)\.config\.[cm]?[jt]s|(?:.*/)?(?P<old>cypress)\.json")
_LOCKS = (
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
)
_SERVES = (Role.PROXY, Role.FRONTEND, Role.WEB)
_REPORTING = ("playwright", "cypress")


def end_to_end_suite(project: Project) -> EndToEndSuite | None:
    """Return how the project's end-to-end tests are run by its own means, or None when that cannot be told."""
    stack = project.main_stack
    services = [service for service in stack.services if service.role is Role.E2E] if stack and stack.complete else []
    if stack and services:
        return _by_service(stack, services[0])
    for path in project.files:
        match = _CONFIG.fullmatch(path)
        suite = _by_package(project, path, match["runner"] or match["old"]) if match else None
        if suite:
            return suite
    return None


def _by_service(stack: Stack, service: Service) -> EndToEndSuite:
    words = " ".join((str(service.image or ""), *(service.entrypoint or ()), *(service.command or ())))
    folder = text_of(service.node.get("working_dir"))
    mount = next((item for item in service.mounts if _holds(item, folder)), None)
    return EndToEndSuite(
        runner=next((name for name in _REPORTING if name in words), "playwright"),
        directory=stack.directory.strip("./"),
        files=stack.files,
        profiles=service.profiles,
        awaited=_awaited(stack, service),
        service=service.name,
        package=_outside(mount, folder) if mount else "",
        container_folder="" if mount else folder,
    )


def _holds(mount: Mount, folder: str) -> bool:
    return bool(folder) and mount.resolved is not None and f"{folder}/".startswith(f"{mount.target.rstrip('/')}/")


def _outside(mount: Mount, folder: str) -> str:
    """Return the folder of the project that a folder of the container is."""
    rest = folder[len(mount.target.rstrip("/")) :].strip("/")
    return posixpath.normpath(posixpath.join(mount.resolved or ".", rest))


def _awaited(stack: Stack, service: Service) -> tuple[str, ...]:
    """Return what has to be up: what the suite depends on, else what users reach; jobs that end are never up."""
    named = [stack.service(edge.service) for edge in service.depends_on]
    found = [other for other in named if other and other.role is not Role.ONE_SHOT]
    return tuple(other.name for other in found) or tuple(other.name for other in _serving(stack))


def _serving(stack: Stack) -> list[Service]:
    return [service for service in stack.services if service.role in _SERVES]


def _by_package(project: Project, path: str, runner: str) -> EndToEndSuite | None:
    folder = posixpath.dirname(path)
    manifest = _nearest(project, folder)
    if manifest is None:
        return None
    lock, manager = _lock(project, manifest.folder)
    stack = None if "webServer" in (project.source(path) or "") else _startable(project)
    return EndToEndSuite(
        runner=runner,
        directory=stack.directory.strip("./") if stack else "",
        files=stack.files if stack else (),
        profiles=tuple(dict.fromkeys(name for service in _serving(stack) for name in service.profiles)) if stack else (),
        awaited=tuple(service.name for service in _serving(stack)) if stack else (),
        package=folder or ".",
        manager=manager,
        lock=lock,
        address=_address(stack) if stack else "",
    )


def _startable(project: Project) -> Stack | None:
    stack = project.main_stack
    return stack if stack and stack.complete and _serving(stack) else None


def _address(stack: Stack) -> str:
    """Return the address of what users reach first: the proxy, else the frontend, else the API."""
    for role in _SERVES:
        for service in stack.services:
            published = next((port.published for port in service.ports if port.published), None)
            if service.role is role and published:
                return f"http://localhost:{published}"
    return ""


def _nearest(project: Project, folder: str) -> Manifest | None:
    """Return the package that a folder belongs to: its own manifest, or that of the closest folder above."""
    while True:
        found = next((item for item in project.manifests if item.ecosystem == "node" and item.folder == folder), None)
        if found or not folder:
            return found
        folder = posixpath.dirname(folder)


def _lock(project: Project, folder: str) -> tuple[str, str]:
    """Return the lock file that holds for a package, in its folder or above (workspaces), and its package manager."""
    while True:
        for name, manager in _LOCKS:
            path = posixpath.join(folder, name)
            if project.exists(path):
                return path, manager
        if not folder:
            return "", "npm"
        folder = posixpath.dirname(folder)
