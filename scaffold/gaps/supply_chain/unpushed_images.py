"""Images that a deployment pulls and that no workflow pushes by that name: bare names, and pushes that are commented out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import ci_steps
from scaffold.gaps.other_ways import deployed_by_jobs
from scaffold.gaps.remembered import remembered
from scaffold.gaps.supply_chain.pushed_names import PushedName
from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import compose_call, is_deployment, run_text
from scaffold.model.document import Location, Scalar
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_PULLS = regex(compose_call("pull"))
_LOADS = regex(r"\bdocker\s+(?:image\s+)?load\b|\bcompose\b[^\n]{0,200}\sbuild\b|\s--build\b", words=("load", "build"))
_MAKES = regex(
    r"\b(?:build|tag|push|load|import|commit|bake)\b", words=("build", "tag", "push", "load", "import", "commit", "bake")
)


@frozen
class UnpushedImage:
    """A service of a deployed stack whose image nothing pushes, what is pushed instead, and the places that show it."""

    stack: Stack
    service: Service
    image: ImageReference
    pushed: str
    """The nearest name that is pushed; "" where the push stands in a comment alone."""
    places: tuple[Location, ...]


def unpushed_images(project: Project, names: tuple[PushedName, ...]) -> Iterator[UnpushedImage]:
    """Yield the services of the stacks whose images a job that deploys pulls, and which no workflow pushes by that name."""
    for stack, place in deployed_by_jobs(project) if names and _jobs_pull(project) else ():
        for service in stack.services:
            image, node = service.image, service.node.get("image")
            if image is None or service.build or service.is_datastore or not isinstance(node, Scalar) or node.references:
                continue
            if image.repository in known(_pushed, names).repositories or _is_made_elsewhere(project, image):
                continue
            yield from _bare(stack, service, image, names, place)
            yield from _commented(project, stack, service, image, names)


def _jobs_pull(project: Project) -> bool:
    """Whether a job that deploys has images pulled, and none builds or loads them on the host."""
    texts = [run_text(item.step) for item in ci_steps(project) if is_deployment(item.workflow, item.job)]
    return any(map(_PULLS.search, texts)) and not any(map(_LOADS.search, texts))


@frozen
class _Pushed:
    """What is pushed, by full names, by their last words, and by owners."""

    repositories: frozenset[str]
    by_last_word: dict[str, list[PushedName]]
    owners: frozenset[str]


def _pushed(names: tuple[PushedName, ...]) -> _Pushed:
    repositories = frozenset(map(_name, names))
    by_last_word: dict[str, list[PushedName]] = {}
    for item in names:
        by_last_word.setdefault(_name(item).rpartition("/")[2], []).append(item)
    return _Pushed(repositories, by_last_word, frozenset(name.rpartition("/")[0] for name in repositories))


def _name(item: PushedName) -> str:
    return ImageReference.parse(item.repository).repository if "$" not in item.repository else item.repository


def _is_made_elsewhere(project: Project, image: ImageReference) -> bool:
    """Whether a command that is no part of a page builds, tags or pushes the image by this name."""
    name = image.repository
    text = _making(project)
    return name in text and re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w/-])", text) is not None


@remembered
def _making(project: Project) -> str:
    """Return the commands, one a line, that build, tag or push any image and are no part of a page."""
    return "\n".join(item.text for item in project.commands if item.context != "doc" and _MAKES.search(item.text))


def _bare(
    stack: Stack, service: Service, image: ImageReference, names: tuple[PushedName, ...], place: Location
) -> Iterator[UnpushedImage]:
    """Yield an image by a name without registry and owner, where a workflow pushes that name of an owner."""
    same = known(_pushed, names).by_last_word.get(image.repository)
    if not image.registry and "/" not in image.repository and same:
        places = (service.image_location or service.location, place, *(item.item.place for item in same))
        yield UnpushedImage(stack, service, image, same[-1].repository, tuple(dict.fromkeys(places)))


def _commented(
    project: Project, stack: Stack, service: Service, image: ImageReference, names: tuple[PushedName, ...]
) -> Iterator[UnpushedImage]:
    """Yield an image of an owner whose other images are pushed, where a workflow names it in comments alone."""
    owner = image.repository.rpartition("/")[0]
    if not owner or owner not in known(_pushed, names).owners:
        return
    found = [
        (Location(workflow.path, number), line.lstrip().startswith("#"))
        for workflow in project.workflows
        if image.repository in workflow.document.text
        for number, line in enumerate(workflow.document.text.split("\n"), 1)
        if image.repository in line
    ]
    if found and all(is_comment for _, is_comment in found):
        yield UnpushedImage(stack, service, image, "", (service.image_location or service.location, found[0][0]))
