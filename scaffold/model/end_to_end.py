"""Which end-to-end suite a project has and how a workflow starts it: by the stack's own service, or on the runner."""

from __future__ import annotations

import posixpath
from dataclasses import replace

from scaffold.model.alternatives import choose_profiles, started
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.delivery import EndToEndSuite
from scaffold.model.document import text_of
from scaffold.model.names import EnvironmentClass, Role
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
    stack, reason = _tested(project)
    services = [service for service in stack.services if service.role is Role.E2E] if stack else []
    if stack and services:
        return replace(_by_service(project, stack, services[0]), reason=reason)
    for path in project.files:
        match = _CONFIG.fullmatch(path)
        suite = _by_package(project, stack, path, match["runner"] or match["old"]) if match else None
        if suite:
            return replace(suite, reason=reason) if suite.files else suite
    return None


def _tested(project: Project) -> tuple[Stack | None, str]:
    """Return the stack that the tests are for, and what has to be said about it.

    A stack that pulls published images holds nothing of a pull request's change: one that builds them goes before it.
    """
    main = project.main_stack if project.main_stack and project.main_stack.complete else None
    if main is not None and _builds(main):
        return main, ""
    building = [stack for stack in project.stacks if stack.complete and _builds(stack)]
    if building:
        names = " and ".join(main.files) if main else ""
        why = f"{names} only pulls published images, which hold nothing of a pull request's change." if names else ""
        return min(building, key=_fitness), why
    published = main is not None and project.dockerfiles and any(service.image for service in _serving(main))
    return main, _ONLY_PUBLISHED if published else ""


_ONLY_PUBLISHED = """\
No compose file builds the application: the tests see the images that are published, not the change of a pull request. Give the
service a `build` in a compose file for tests, and name that file here."""


def _builds(stack: Stack) -> bool:
    """Whether something that users reach, or that the team wrote, is built from the repository."""
    return any(service.runs_own_image and not service.is_datastore for service in stack.services)


def _fitness(stack: Stack) -> tuple[bool, bool, str]:
    tests = any(service.role is Role.E2E for service in stack.services)
    return (not tests, stack.environment is not EnvironmentClass.TEST, stack.id)


def _by_service(project: Project, stack: Stack, service: Service) -> EndToEndSuite:
    words = " ".join((str(service.image or ""), *(service.entrypoint or ()), *(service.command or ())))
    folder = text_of(service.node.get("working_dir"))
    mount = next((item for item in service.mounts if _holds(item, folder)), None)
    lock, manager = _mounted_modules(project, service)
    return EndToEndSuite(
        runner=next((name for name in _REPORTING if name in words), "playwright"),
        directory=stack.directory.strip("./"),
        files=stack.files,
        profiles=service.profiles,
        awaited=_awaited(stack, service),
        service=service.name,
        package=_outside(mount, folder) if mount else "" if folder else _of_the_root(service),
        container_folder="" if mount else folder,
        manager=manager,
        lock=lock,
    )


def _of_the_root(service: Service) -> str:
    """Return the folder of the project that stands for the container's root, where a suite without a working folder runs."""
    for mount in service.mounts:
        name = mount.target.strip("/")
        if name in _REPORTING and mount.resolved is not None and posixpath.basename(mount.resolved) == name:
            return posixpath.dirname(mount.resolved) or "."
    return ""


def _mounted_modules(project: Project, service: Service) -> tuple[str, str]:
    """Return lock file and package manager of the modules that a service takes from the host; they have to be there."""
    sources = (item.resolved for item in service.mounts if item.kind == "bind" and item.resolved)
    folder = next((posixpath.dirname(source) for source in sources if posixpath.basename(source) == "node_modules"), None)
    return lock_and_manager(project, folder) if folder is not None else ("", "")


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


def _by_package(project: Project, tested: Stack | None, path: str, runner: str) -> EndToEndSuite | None:
    folder = posixpath.dirname(path)
    manifest = _nearest(project, folder)
    if manifest is None:
        return None
    lock, manager = lock_and_manager(project, manifest.folder)
    starts_itself = "webServer" in (project.source(path) or "")
    stack = tested if tested and _serving(tested) and not starts_itself else None
    stack = started(stack, choose_profiles(project, stack)) if stack else None
    return EndToEndSuite(
        runner=runner,
        directory=stack.directory.strip("./") if stack else "",
        files=stack.files if stack else (),
        profiles=_profiles(project, stack) if stack else (),
        awaited=tuple(service.name for service in _serving(stack)) if stack else (),
        package=folder or ".",
        manager=manager,
        lock=lock,
        address=_address(stack) if stack else "",
    )


def _profiles(project: Project, stack: Stack) -> tuple[str, ...]:
    """Return the profiles that start what users reach; of those that exclude each other, the ones that are chosen."""
    whole = project.stack(stack.id)
    choice = choose_profiles(project, whole) if whole else None
    names = dict.fromkeys(name for service in _serving(stack) for name in service.profiles)
    return tuple(name for name in names if choice is None or name not in choice.others)


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


def lock_and_manager(project: Project, folder: str) -> tuple[str, str]:
    """Return the lock file that holds for a package, in its folder or above (workspaces), and its package manager."""
    while True:
        for name, manager in _LOCKS:
            path = posixpath.join(folder, name)
            if project.exists(path):
                return path, manager
        if not folder:
            return "", "npm"
        folder = posixpath.dirname(folder)
