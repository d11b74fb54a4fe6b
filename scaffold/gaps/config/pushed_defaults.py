"""Images that a workflow pushes with an address of the builder's own machine in their pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.image.builds import DEVELOPMENT
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Dockerfile, Instruction, Job, Project, Step
from scaffold.model.published_images import BUILD_ACTIONS, built_from
from scaffold.model.regex import regex
from scaffold.model.workflow_matrix import legs

_BUNDLED = regex(rf"(?:{'|'.join(BUNDLERS)})\w+")
_THIS_MACHINE = regex(r"[\"']?(?:https?|wss?)://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?=[:/\"'\s]|$)")
_REFERENCE = regex(r"\$\{?(?P<name>\w+)(?::?-[^}]*)?\}?")


@frozen
class PushedDefault:
    """A step that pushes an image, the argument that it does not give, and the variable of the pages that holds its default."""

    dockerfile: str
    step: Location
    argument: str
    variable: str
    default: Location


def pushed_defaults(project: Project) -> Iterator[PushedDefault]:
    """Yield what each step that pushes an image for users compiles into its pages for want of an argument."""
    for workflow in project.workflows:
        if not all(event.startswith("pull_request") for event in workflow.events):
            yield from (found for job in workflow.jobs for step in job.all_steps for found in _of_step(project, job, step))


def _of_step(project: Project, job: Job, step: Step) -> Iterator[PushedDefault]:
    if step.action not in BUILD_ACTIONS or step.input("push", "false") == "false" or step.input("bake-target"):
        return
    for context, file, given in legs(job, step.input("context", "."), step.input("file"), step.input("build-args")):
        dockerfile = project.dockerfile(built_from(context, file)[0])
        if dockerfile is None or DEVELOPMENT.search(dockerfile.path) or "${{" in re.sub(r"(?m)^\s*\w+=.*$", "", given):
            continue
        for argument, variable, place in local_defaults(dockerfile):
            if not re.search(rf"(?m)^\s*[\"']?{re.escape(argument)}\s*=", given):
                yield PushedDefault(dockerfile.path, step.location, argument, variable, place)


def local_defaults(dockerfile: Dockerfile) -> Iterator[tuple[str, str, Location]]:
    """Yield the arguments of a Dockerfile whose default is this machine and which a bundler writes into pages, each with the
    variable of the pages and the line of the default.
    """
    arguments: dict[str, Location] = {}
    for item in (item for stage in dockerfile.stages for item in stage.instructions):
        for name, value in _pairs(item):
            reference = _REFERENCE.fullmatch(value.strip("\"'"))
            if item.keyword == "ARG" and _THIS_MACHINE.match(value):
                arguments[name] = item.location
                if _BUNDLED.fullmatch(name):
                    yield name, name, item.location
            elif item.keyword == "ENV" and _BUNDLED.fullmatch(name) and reference and name != reference["name"] in arguments:
                yield reference["name"], name, arguments[reference["name"]]


def _pairs(item: Instruction) -> Iterator[tuple[str, str]]:
    if item.keyword in {"ARG", "ENV"}:
        yield from ((name, value) for name, _, value in (word.partition("=") for word in item.text.split()) if value)
