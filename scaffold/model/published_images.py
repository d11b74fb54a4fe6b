"""Which Dockerfile an image comes from that a workflow of the repository pushes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_copied, is_in_image, serves_files
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

BUILD_ACTIONS = frozenset({"docker/build-push-action", "docker/bake-action", "docker/build-push-action-v2"})
"""Actions that build images and push them."""
_WORD = regex(r"[\w./-]+")
_ENV = regex(r"\$\{\{\s*env\.(?P<name>\w+)\s*\}\}")


@frozen
class Published:
    """What the step that pushes an image builds it from: its Dockerfile, the context and the stage, "" for the last one."""

    dockerfile: str
    context: str
    target: str


def published(project: Project, service: Service) -> Published | None:
    """Return what the image that a service without a build runs is built from, None where not exactly one step pushes it."""
    image = service.image
    if service.build is not None or image is None or "/" not in image.repository:
        return None
    found = {
        made for workflow in project.workflows for job in workflow.jobs for made in _pushed(workflow, job, image.repository)
    }
    return found.pop() if len(found) == 1 else None


def is_in_made_image(project: Project, service: Service, path: str) -> bool:
    """Whether the image of a service holds a file, be it built beside the stack or pushed by a workflow."""
    made = published(project, service)
    if made is None:
        return is_in_image(project, service, path)
    dockerfile = project.dockerfile(made.dockerfile)
    if dockerfile is None or serves_files(dockerfile, made.target):
        return False
    return is_copied(dockerfile, made.target, made.context, path)


def _pushed(workflow: Workflow, job: Job, repository: str) -> Iterator[Published]:
    """Yield what a job builds under the name of a repository, by the tags of the step or, of its only build, by those that
    another step makes.
    """
    env = dict((*workflow.env, *job.env))
    builds = [step for step in job.all_steps if step.action in BUILD_ACTIONS and step.input("push", "false") != "false"]
    for step in builds:
        naming = job.all_steps if len(builds) == 1 else (step,)
        text = " ".join(f"{item.input('images')} {item.input('tags')}" for item in naming)
        text = _ENV.sub(lambda match: env.get(match["name"], match[0]), text)
        if any(f"/{word}".lower().endswith(f"/{repository.lower()}") for word in _WORD.findall(text)):
            folder = step.input("context", ".").removeprefix("./").rstrip("/.")
            file = step.input("file").removeprefix("./") or f"{folder}/Dockerfile".removeprefix("/")
            yield Published(file, folder, step.input("target"))
