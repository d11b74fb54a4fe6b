"""What the stores of a project are to its people: data that would be missed, or what a sample or a developer's stack makes."""

from __future__ import annotations

import posixpath
import re

from scaffold.gaps.facts import has_submodules
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass, Role
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SAMPLE = regex(r"\b(example|sample|demo|demonstration|playground|boilerplate|template|starter|skeleton)\b", re.IGNORECASE)
_DEPLOYMENT = regex(r"\bdeploy|\bproduction\b", re.IGNORECASE)
_FIRST_DATA = regex(r"initdb|\.(?:conf|cnf|ini|ya?ml|json|sql|sh|xml)$")
_MAIL_CATCHERS = frozenset({"mailhog", "maildev", "mailpit", "mailcatcher", "inbucket", "fake-smtp-server"})


def why_it_matters_less(project: Project, stores: list[tuple[Stack, Service]]) -> str:
    """Return why a missing backup of the stores is no loss of a running system's data, "" when nothing says so."""
    if not any(_has_volume(service) for _, service in stores):
        return "none of them has a volume, so nothing outlives its container (CMP009 comes first)"
    if has_submodules(project):
        return "parts of it are in git submodules, which are not read here and may do it"
    if _is_deployed(project):
        return ""
    title = _title(project)
    if title:
        place, word = title
        return f"by its title in {place.path}:{place.line} this is no running system ({word})"
    stack = project.main_stack
    if stack is not None and stack.environment is EnvironmentClass.BASE:
        sign = _sign_of_development(stack)
        if sign:
            return sign
    return ""


def _has_volume(service: Service) -> bool:
    """Whether the store has a volume or a folder of the host that is more than configuration and first data."""
    kept = (mount for mount in service.mounts if mount.kind in {"volume", "bind"} and mount.source)
    return any(not mount.read_only and not _FIRST_DATA.search(mount.target) for mount in kept)


def _is_deployed(project: Project) -> bool:
    """Whether a stack is called production, or a page has a heading about deployment or production."""
    if any(
        stack.environment is EnvironmentClass.PRODUCTION and project.owned.isdisjoint(stack.files) for stack in project.stacks
    ):
        return True
    pages = (page for page in project.docs if page.path not in project.owned and "changelog" not in page.path.lower())
    return any(_DEPLOYMENT.search(heading.text) for page in pages for heading in page.headings)


def _title(project: Project) -> tuple[Location, str] | None:
    """Return the heading of the root's README that calls the project a sample or a template, and the word."""
    page = next((page for page in project.docs if page.path.lower().startswith("readme.") and page.headings), None)
    match = _SAMPLE.search(page.headings[0].text) if page else None
    return (page.headings[0].location, match[1].lower()) if page and match else None


def _sign_of_development(stack: Stack) -> str:
    """Return what of a stack only developers use: a catcher of mails, or sources that are mounted over the image; a proxy in
    front says that others come as well.
    """
    if any(service.has_role(Role.PROXY) for service in stack.services):
        return ""
    for service in stack.services:
        if service.image is not None and service.image.name in _MAIL_CATCHERS and not service.build:
            return f"the stack is for development, as {service.name} catches its mails"
        if _mounts_source(service):
            return f"the stack is for development, as {service.name} runs the sources of the working copy"
    return ""


def _mounts_source(service: Service) -> bool:
    context = service.build.context if service.build else None
    return context is not None and any(
        mount.kind == "bind"
        and mount.resolved is not None
        and posixpath.normpath(mount.resolved or ".") == posixpath.normpath(context or ".")
        for mount in service.mounts
    )
