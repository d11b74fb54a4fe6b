"""Publishing steps that can be made trusted publishing: the job proves who it is, and no token is kept."""

from __future__ import annotations

import posixpath

from scaffold.model.document import Mapping, find, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Job, Step, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import can_get_identity, is_written_here

_UPLOAD = regex(
    r"\s*(?:python3?\s+-m\s+)?twine\s+upload(?P<options>(?:\s+--(?:non-interactive|skip-existing|verbose|disable-progress-bar))*)"
    r"\s+[\"']?(?P<folder>[\w.-]+(?:/[\w.-]+)*)/\*[\"']?\s*"
)
_CREDENTIAL = regex(r"(?:TWINE|PYPI)_?\w*|\w*PYPI\w*")
PYPI = "pypa/gh-action-pypi-publish"


@frozen
class Upload:
    """One `twine upload` to PyPI: the folder with the distributions, relative to the checkout, and what it may skip."""

    folder: str
    skip_existing: bool


def trusted_upload(workflow: Workflow, job: Job, step: Step) -> Upload | None:
    """Return the upload of a step that the action for trusted publishing can stand in for, or None.

    PyPI trusts no called workflow, and the action is a container: it needs a Linux runner.
    """
    match = _UPLOAD.fullmatch(step.run)
    node = find(job.node, "steps", job.steps.index(step)) if step in job.steps else None
    written = isinstance(node, Mapping) and is_written_here(node) and node.entries[0].key.value != "env"
    only = all(_CREDENTIAL.fullmatch(name) for name, _ in step.env)
    labels = scalars_of(find(job.node, "runs-on"))
    linux = bool(labels) and all(label.value.startswith("ubuntu") for label in labels)
    if not match or not written or not only or not linux or "workflow_call" in workflow.events:
        return None
    if not can_get_identity(workflow, job) or job.environment or text_of(find(node, "shell")):
        return None
    return Upload(
        posixpath.normpath(posixpath.join(step.working_directory, match["folder"])), "skip-existing" in match["options"]
    )
