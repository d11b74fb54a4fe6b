"""Which Dockerfile an image comes from that a workflow of the repository pushes."""

from __future__ import annotations

import re

from scaffold.model.compose import Service
from scaffold.model.project import Job, Project

BUILD_ACTIONS = frozenset({"docker/build-push-action", "docker/bake-action", "docker/build-push-action-v2"})
"""Actions that build images and push them."""


def published_from(project: Project, service: Service) -> str | None:
    """Return the Dockerfile of the one step that pushes the image which a service without a build runs, None where no step
    shows it.
    """
    image = service.image
    if service.build is not None or image is None or "/" not in image.repository:
        return None
    found = {file for workflow in project.workflows for job in workflow.jobs if (file := _pushed_file(job, image.repository))}
    return found.pop() if len(found) == 1 else None


def _pushed_file(job: Job, repository: str) -> str | None:
    """Return the Dockerfile of the one image that a job builds where its tags name `repository`."""
    builds = [step for step in job.all_steps if step.action in BUILD_ACTIONS and step.input("push", "false") != "false"]
    words = (word for step in job.all_steps for word in re.findall(r"[\w./-]+", f"{step.input('images')} {step.input('tags')}"))
    if len(builds) != 1 or not any(f"/{word}".lower().endswith(f"/{repository.lower()}") for word in words):
        return None
    folder = builds[0].input("context", ".").removeprefix("./").rstrip("/.")
    return builds[0].input("file").removeprefix("./") or f"{folder}/Dockerfile".removeprefix("/")
