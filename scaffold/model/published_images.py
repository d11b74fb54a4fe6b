"""Which Dockerfile an image comes from that a workflow of the repository pushes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_copied, is_in_image, serves_files
from scaffold.model.known import known
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_matrix import legs

BUILD_ACTIONS = frozenset({"docker/build-push-action", "docker/bake-action", "docker/build-push-action-v2"})
"""Actions that build images and push them."""
_MOST_PARTS = 8
"""Parts of an image's name that are looked at: registry, owner and a few folders."""
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
    found = known(_pushed_images, project.workflows).get(image.repository.lower(), frozenset())
    return next(iter(found)) if len(found) == 1 else None


def made_from(project: Project, service: Service) -> Published | None:
    """Return what the image of a service is built from, beside the stack or by the only step that pushes it."""
    build = service.build
    if build is None:
        return published(project, service)
    dockerfile = project.image_of(service)
    return Published(dockerfile.path, build.context, build.target) if dockerfile and build.context is not None else None


def is_in_made_image(project: Project, service: Service, path: str) -> bool:
    """Whether the image of a service holds a file, be it built beside the stack or pushed by a workflow."""
    made = published(project, service)
    if made is None:
        return is_in_image(project, service, path)
    dockerfile = project.dockerfile(made.dockerfile)
    if dockerfile is None or serves_files(dockerfile, made.target):
        return False
    return is_copied(dockerfile, made.target, made.context, path)


def _pushed_images(workflows: tuple[Workflow, ...]) -> dict[str, frozenset[Published]]:
    """Return what the steps push, by the names of the images, with and without the registry and the owner."""
    found: dict[str, set[Published]] = {}
    for names, made in (pushed for workflow in workflows for job in workflow.jobs for pushed in _pushed(workflow, job)):
        for name in _WORD.findall(names.lower()):
            parts = name.split("/")
            for first in range(len(parts)) if len(parts) <= _MOST_PARTS else ():
                found.setdefault("/".join(parts[first:]), set()).add(made)
    return {name: frozenset(made) for name, made in found.items()}


def _pushed(workflow: Workflow, job: Job) -> Iterator[tuple[str, Published]]:
    """Yield the names under which a job pushes images, and what each is built from, by the legs of its matrix: by the tags of
    the step or, of its only build, by those that another step makes.
    """
    env = dict((*workflow.env, *job.env))
    builds = [step for step in job.all_steps if step.action in BUILD_ACTIONS and step.input("push", "false") != "false"]
    for step in builds:
        naming = job.all_steps if len(builds) == 1 else (step,)
        names = " ".join(f"{item.input('images')} {item.input('tags')}" for item in naming)
        names = _ENV.sub(lambda match: env.get(match["name"], match[0]), names)
        texts = (names, step.input("context", "."), step.input("file"), step.input("target"))
        for called, context, file, target in legs(job, *texts) or [texts]:
            yield called, Published(*built_from(context, file), target)


def built_from(context: str, file: str) -> tuple[str, str]:
    """Return the path of the Dockerfile and the folder that a step with these inputs builds from."""
    folder = context.removeprefix("./").rstrip("/.")
    return file.removeprefix("./") or f"{folder}/Dockerfile".removeprefix("/"), folder
