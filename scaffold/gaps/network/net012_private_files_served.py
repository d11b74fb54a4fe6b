"""NET012: a handler of static files or a proxy gives everybody what belongs to the program, or to one of its users."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.cmp027_application_loses_files import database_file
from scaffold.gaps.compose.kept_in_code import absolute, place_in_container
from scaffold.gaps.facts import judged_stacks, may_run_in_production, once, path_environment, production_or_all
from scaffold.gaps.image.img003_no_dockerignore import keeps_secrets_in_env
from scaffold.gaps.network.web_roots import (
    WebRoot,
    apache_root,
    nginx_escapes,
    nginx_roots,
    repository_folder,
)
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.dockerignore import ignore_patterns, leaves_out
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image, runs_code
from scaffold.model.lasting import builder_of
from scaffold.model.names import APPLICATION, EnvironmentClass, Layer, Role, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_DATABASE = regex(r".*\.(?:db|sqlite3?)")
_KEY = regex(r".*\.(?:pem|key|p12|pfx)")
_UPLOADS = regex(r"/(?:media|uploads?|files|attachments|documents|storage)(?:/.*)?")


@frozen
class _Private:
    """What everybody can get and nobody should: in words, and where the files show it."""

    what: str
    location: Location


@frozen
class _Program:
    """Who serves: in words, the resource of a finding, where it stands, and what it is for."""

    name: str
    resource: str
    places: tuple[Location, ...]
    environment: EnvironmentClass


def _detect(project: Project) -> Iterator[Gap]:
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production)
    handlers = tuple(_facts(project, "serves-folder"))
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack, handlers))
    services = tuple(service for stack in stacks for service in stack.services)
    for fact in handlers:
        if not any(_runs(project, service, fact) for service in services):
            yield from _of_program(project, fact)


def _facts(project: Project, kind: str) -> Iterator[CodeFact]:
    return (fact for fact in project.code_facts if fact.kind == kind and may_run_in_production(fact))


def _of_stack(project: Project, stack: Stack, handlers: tuple[CodeFact, ...]) -> Iterator[Gap]:
    for service in stack.services:
        fact = next((fact for fact in handlers if _runs(project, service, fact)), None)
        if fact is not None:
            dots, where = fact.detail.split(" ", 1)
            folder = place_in_container(project, builder_of(project, service), where)
            found = _inside(project, service, folder, shows_dots=dots == "shows") if folder else iter(())
            who = _Program(service.name, stack.resource(service.name), (service.location,), stack.environment)
            yield _folder_gap(who, fact, next(found, None))
        yield from _of_proxy(project, stack, service)


# --- handlers of code -------------------------------------------------------------------------------------------------


def _runs(project: Project, service: Service, fact: CodeFact) -> bool:
    if service.role not in APPLICATION:
        return False
    builder = builder_of(project, service)
    return runs_code(project, builder) and is_in_image(project, builder, fact.location.path)


def _of_program(project: Project, fact: CodeFact) -> Iterator[Gap]:
    """Yield a handler of a program that no stack runs, where its own code makes the database in the folder that it serves."""
    served = fact.detail.split(" ", 1)[1]
    kind, _, folder = served.partition(":")
    program = posixpath.dirname(fact.location.path)
    for opened in _facts(project, "opens-database"):
        where, _, place = opened.detail.partition(":")
        if where == kind and is_below(place, folder) and is_below(opened.location.path, program):
            path = fact.location.path
            who = _Program(f"The program of {path}", path, (), path_environment(path))
            yield _folder_gap(who, fact, _Private("its database", opened.location))
            return


def _folder_gap(who: _Program, fact: CodeFact, found: _Private | None) -> Gap:
    what = f"{found.what} ({found.location.path}:{found.location.line}) lies there" if found else "its source lies there"
    effect = "whoever knows the name downloads it" if found else "whoever knows a name reads it"
    return RULE.gap(
        resource=who.resource,
        subject="own-folder",
        message=f"{who.name} serves its own folder to everybody as static files ({fact.location.path}:{fact.location.line}), "
        f"and {what}: {effect}.",
        expected="a folder that holds nothing but what visitors may have, such as public/",
        actual="the folder of the program",
        locations=(fact.location,),
        related=(*((found.location,) if found else ()), *who.places),
        severity=Severity.CRITICAL if found else Severity.LOW,
        environment=who.environment,
    )


def _inside(project: Project, service: Service, folder: str, *, shows_dots: bool) -> Iterator[_Private]:
    """Yield what is private in a folder of the container: databases of code and settings, and what mounts bring."""
    builder = builder_of(project, service)
    for fact in _facts(project, "opens-database"):
        if is_in_image(project, builder, fact.location.path):
            place = place_in_container(project, builder, fact.detail)
            if place and is_below(place, folder):
                yield _Private("its database", fact.location)
    for entry in service.environment:
        path = database_file(entry)
        place = absolute(project, builder, path) if path else ""
        if place and is_below(place, folder):
            yield _Private("its database", entry.location)
    for mount in service.mounts:
        if is_below(mount.target.strip("/"), folder):
            yield from _mounted(mount, shows_dots=shows_dots)


def _mounted(mount: Mount, *, shows_dots: bool) -> Iterator[_Private]:
    name = mount.target.rpartition("/")[2]
    if name == ".env" and shows_dots:
        yield _Private("the .env file with its secrets", mount.location)
    elif _DATABASE.fullmatch(name):
        yield _Private("its database", mount.location)
    elif _KEY.fullmatch(name):
        yield _Private("a private key", mount.location)


# --- nginx and Apache -------------------------------------------------------------------------------------------------


def _of_proxy(project: Project, stack: Stack, service: Service) -> Iterator[Gap]:
    roots = tuple(nginx_roots(project, service))
    apache = None if roots else apache_root(project, service)
    for root in (*roots, *((apache,) if apache else ())):
        private = _env_file(project, service, root)
        if private is not None:
            yield _root_gap(stack, service, root, *private)
    for escape in nginx_escapes(project, service):
        yield _escape_gap(stack, service, escape.path, escape.folder, escape.location)
    yield from _uploads(project, stack, service, roots)


def _env_file(project: Project, service: Service, root: WebRoot) -> tuple[str, Severity] | None:
    """Return the env file that lies in what a server hands out, None where there is none or it is refused."""
    found = None if root.hides_dots else repository_folder(project, service, root.folder)
    if found is None:
        return None
    folder, is_mounted = ("" if found[0] == "." else found[0]), found[1]
    path = f"{folder}/.env".lstrip("/")
    guarded = f"{folder}/.htaccess".lstrip("/") in project.present and root.location == service.location
    if guarded or not keeps_secrets_in_env(project, folder):
        return None
    dockerfile, build = project.image_of(service), service.made
    if is_mounted or dockerfile is None or build is None:
        return path, Severity.CRITICAL
    patterns = ignore_patterns(project, dockerfile, build.context or "")
    return None if leaves_out(patterns, path) else (path, Severity.HIGH)


def _root_gap(stack: Stack, service: Service, root: WebRoot, path: str, severity: Severity) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"root{root.path}",
        message=f"{service.name} hands out {root.folder} as it lies, the folder that holds the project with its {path}: "
        f"{root.path.rstrip('/')}/.env answers with the secrets.",
        expected="the folder that is meant for visitors (public/) as the root, and a refusal of names that start with a dot",
        actual=root.folder,
        locations=(root.location,),
        related=(service.location,) if root.location != service.location else (),
        severity=severity,
        closers=(Closer(None, "advice", _ROOT),),
        environment=stack.environment,
    )


def _escape_gap(stack: Stack, service: Service, path: str, folder: str, place: Location) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"alias{path}",
        message=f"`location {path}` of {service.name} has no slash at its end and its `alias` has one: {path}../ leads to"
        f" {folder}, and everything below it can be read.",
        expected=f"location {path}/",
        actual=f"location {path}",
        locations=(place,),
        related=(service.location,),
        closers=(Closer(None, "advice", f"Write `location {path}/`."),),
        environment=stack.environment,
    )


def _uploads(project: Project, stack: Stack, service: Service, roots: tuple[WebRoot, ...]) -> Iterator[Gap]:
    """Yield the folder of what people upload that a proxy hands out, where the code takes documents behind a login."""
    if not service.has_role(Role.PROXY, Role.FRONTEND):
        return
    served = [(root, source) for root in roots if (source := _shared(stack, service, root))]
    for root, others in served:
        takes = _documents(project, others)
        if takes is not None:
            yield _uploads_gap(stack, service, root, others[0], takes)
            return


def _shared(stack: Stack, service: Service, root: WebRoot) -> tuple[Service, ...]:
    """Return the applications that write into the folder of uploads which a proxy hands out."""
    mount = next(
        (item for item in service.mounts if item.target and is_below(root.folder.strip("/"), item.target.strip("/"))), None
    )
    if mount is None or not mount.source or not _UPLOADS.fullmatch(root.path):
        return ()
    return tuple(
        other
        for other in sorted(stack.services, key=lambda item: item.role is not Role.WEB)
        if other.role in APPLICATION
        and other.name != service.name
        and any(item.source == mount.source and not item.read_only for item in other.mounts)
    )


def _documents(project: Project, services: tuple[Service, ...]) -> CodeFact | None:
    builders = [builder_of(project, service) for service in services]
    found = (
        fact
        for fact in _facts(project, "takes-documents")
        if any(is_in_image(project, builder, fact.location.path) for builder in builders)
    )
    return next(found, None)


def _uploads_gap(stack: Stack, service: Service, root: WebRoot, application: Service, takes: CodeFact) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"uploads{root.path}",
        message=f"{service.name} hands out {root.path} to everybody, and {application.name}, which knows its users, keeps there"
        f" what people upload ({takes.detail}, {takes.location.path}:{takes.location.line}): whoever knows or guesses a name"
        " reads the document without logging in. Only the team knows whether these are meant to be public.",
        expected="an answer of the application that checks the login and sends X-Accel-Redirect, or signed links",
        actual="alias without a check",
        locations=(root.location,),
        related=(takes.location,),
        closers=(Closer(None, "advice", _UPLOAD),),
        environment=stack.environment,
    )


_ROOT = "Name the public folder as the root, and add `location ~ /\\. { deny all; }`."
_UPLOAD = "Mark the location `internal;` and let the application answer with X-Accel-Redirect after its check."

RULE = Rule(
    code="NET012",
    name="private-files-served",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Move what visitors may have into a folder of its own, and serve that one."),),
)
