"""What the stores of a project are to its people: data that would be missed, or what a sample or a developer's stack makes."""

from __future__ import annotations

import itertools
import re

from scaffold.gaps.backup.files import Kept, has_volume_by_variable
from scaffold.gaps.backup.recipes import of_operators
from scaffold.gaps.chart import PACKAGING
from scaffold.gaps.facts import has_submodules, mounts_source
from scaffold.gaps.running import MAIL_CATCHERS
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import is_deployment, run_text
from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass, Role
from scaffold.model.project import Project, Workflow
from scaffold.model.regex import regex

_SAMPLE = regex(r"\b(example|sample|demo|demonstration|playground|boilerplate|template|starter|skeleton)\b", re.IGNORECASE)
_CALLED_SAMPLE = regex(
    r"(?i)\b(?P<word>sample|example|demo)\s+(?:docker[- ]?)?(?:compose\s+)?(?:configuration|set-?up|stack|deployment)\b"
)
_BEGINNING = 600
"""Characters of a page in which it says what it is about."""
_TOOL = regex(r"(?:sudo\s+)?\./(?P<name>[\w.-]+)\s+backup\b")
_DEPLOYMENT = regex(r"\bdeploy|\bproduction\b", re.IGNORECASE)
_GOALS = regex(r"\bgoals?\b", re.IGNORECASE)
_TECHNIQUE = regex(
    r"\s*[-*]\s+(?:(?::\w+:|[^\w\s`]+)\s*)?(?:Using|Use of|Applying|Implementing|Demonstrat\w+|Showing)\s", re.IGNORECASE
)
_TECHNIQUES = 4
"""Fewer items of a list may be the aims of a product that tells how it reaches them."""
_FOR_A_WHILE = regex(r"(?i)\b(?:ephemeral|throw-?away|disposable|short-?lived|temporary|on-demand)\b")
_DESTROYS = regex(
    r"\b(?:terraform|tofu|pulumi|cdk)\s+(?:-\S+\s+){0,9}destroy\b|\baz\s+group\s+delete\b|\b(?:droplet|server)\s+delete\b"
)
_TO_A_CLUSTER = regex(r"\bhelm\s+(?:upgrade|install)\b|\bkubectl\s+(?:apply|set\s+image)\b", words=("helm", "kubectl"))
_FIRST_DATA = regex(r"^/etc/|initdb|\.(?:conf|cnf|ini|ya?ml|json|sql|sh|xml)$")


def why_it_matters_less(project: Project, stores: list[tuple[Stack, Service]], kept: tuple[Kept, ...]) -> str:
    """Return why a missing backup of stores and files is no loss of a running system's data, "" when nothing says so."""
    if stores and not kept and not any(has_volume(project, service) for _, service in stores):
        return "none of them has a volume, so nothing outlives its container (CMP009 comes first)"
    if stores and all(stack.resource(service.name) in project.unused_stores for stack, service in stores):
        return "nothing here was found to use them: no other service's settings, no code and no dependency name them"
    if stores and has_submodules(project):
        return "parts of it are in git submodules, which are not read here and may do it"
    if any(note.is_whole for note in project.development_notes):
        return ""  # The gap of an example: what is said of the whole repository counts once.
    return (
        _by_lasting(project)
        or _by_goals(project)
        or _by_pages(project)
        or ("" if _is_deployed(project) else _by_title(project) or _by_stack(project))
    )


def _by_lasting(project: Project) -> str:
    """Return which workflow throws the host of the stack away again, where another one brings the application to a cluster by
    packaging of this repository: what is kept there is what somebody would miss.
    """
    if not any(item.kind in PACKAGING for item in foreign_infrastructure(project)):
        return ""
    thrown = next((workflow for workflow in project.workflows if _throws_away(workflow)), None)
    lasting = (
        job
        for workflow in project.workflows
        for job in workflow.jobs
        if workflow is not thrown and is_deployment(workflow, job)
        if any(_TO_A_CLUSTER.search(run_text(step)) for step in job.steps)
    )
    job = next(lasting, None) if thrown else None
    if thrown is None or job is None:
        return ""
    return (
        f"{thrown.path} makes the host of this stack and throws it away, and the release that lasts is the one that"
        f" {job.location.path}:{job.location.line} brings to a cluster"
    )


def _throws_away(workflow: Workflow) -> bool:
    """Whether people start a workflow by hand that makes a host and destroys it, and its name says that it is for a while."""
    runs = [run_text(step) for job in workflow.jobs for step in job.steps]
    by_hand = set(workflow.events) == {"workflow_dispatch"}
    destroys = any(_DESTROYS.search(text) for text in runs)
    return by_hand and destroys and bool(_FOR_A_WHILE.search(f"{workflow.name} {workflow.path.rpartition('/')[2]}"))


def _by_goals(project: Project) -> str:
    goals = None if _is_called_production(project) else _goals(project)
    return f"by its goals in {goals.path}:{goals.line} it shows techniques, and is no running system" if goals else ""


def _by_pages(project: Project) -> str:
    """Return what the page beside the stack calls it, or which tool of another repository copies the data of its operators."""
    stack = project.main_stack
    if stack is None or stack.environment is not EnvironmentClass.BASE or _is_called_production(project):
        return ""
    folder = stack.files[0].rpartition("/")[0]
    pages = {page.path.lower(): page for page in project.docs}
    beside = pages.get(f"{folder}/readme.md".lstrip("/").lower())
    called = _CALLED_SAMPLE.search(beside.text[:_BEGINNING]) if beside else None
    if beside and called:
        return f"{beside.path}:{beside.text.count(chr(10), 0, called.start()) + 1} calls the stack a {called['word']}"
    for command in project.commands:
        tool = _TOOL.match(command.text) if command.context == "doc" and of_operators(command.location.path) else None
        if tool and not any(path.rpartition("/")[2] == tool["name"] for path in project.files):
            place = f"{command.location.path}:{command.location.line}"
            return f"by {place} those who run it make copies with {tool['name']}, which is not of this repository"
    return ""


def _by_title(project: Project) -> str:
    title = _title(project)
    if title is None:
        return ""
    place, word = title
    return f"by its title in {place.path}:{place.line} this is no running system ({word})"


def _by_stack(project: Project) -> str:
    stack = project.main_stack
    return _sign_of_development(stack) if stack is not None and stack.environment is EnvironmentClass.BASE else ""


def has_volume(project: Project, service: Service) -> bool:
    """Whether the store has a volume or a folder of the host that is more than configuration and first data."""
    kept = (mount for mount in service.mounts if mount.kind in {"volume", "bind"} and mount.source)
    known = any(not mount.read_only and not _FIRST_DATA.search(mount.target) for mount in kept)
    return known or has_volume_by_variable(project, service)


def _is_called_production(project: Project) -> bool:
    return any(
        stack.environment is EnvironmentClass.PRODUCTION and project.owned.isdisjoint(stack.files) for stack in project.stacks
    )


def _is_deployed(project: Project) -> bool:
    """Whether a stack is called production, or a page has a heading about deployment or production."""
    if _is_called_production(project):
        return True
    pages = (page for page in project.docs if page.path not in project.owned and "changelog" not in page.path.lower())
    return any(_DEPLOYMENT.search(heading.text) for page in pages for heading in page.headings)


def _goals(project: Project) -> Location | None:
    """Return the heading of the root's README about the goals of the project, below which it lists techniques."""
    page = next((page for page in project.docs if page.path.lower().startswith("readme.")), None)
    for heading, following in itertools.pairwise((*page.headings, None)) if page else ():
        if page and heading and _GOALS.search(heading.text):
            rows = page.text.splitlines()[heading.location.line : following.location.line - 1 if following else None]
            items = [row for row in rows if row.lstrip().startswith(("-", "*"))]
            if len(items) >= _TECHNIQUES and sum(bool(_TECHNIQUE.match(row)) for row in items) * 2 > len(items):
                return heading.location
    return None


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
        if service.image is not None and service.image.name in MAIL_CATCHERS and not service.build:
            return f"the stack is for development, as {service.name} catches its mails"
        if mounts_source(service):
            return f"the stack is for development, as {service.name} runs the sources of the working copy"
    return ""
