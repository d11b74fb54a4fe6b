"""Steps of a workflow as they are written: which of them an edit can change, and what it has to know for that."""

from __future__ import annotations

import re

from scaffold.model.document import Document, Location, Mapping, Node, Scalar, Sequence, find
from scaffold.model.frozen import frozen
from scaffold.model.project import Job, Step, Workflow
from scaffold.model.regex import regex

BUILD_ACTION = "docker/build-push-action"
_ONE_EXPRESSION = regex(r"\$\{\{((?:(?!\}\}).)*)\}\}")
READS_ONLY = frozenset(
    {
        *("actions/checkout", "actions/setup-python", "actions/setup-node", "actions/setup-go", "actions/setup-java"),
        *("actions/cache", "actions/upload-artifact", "actions/download-artifact", "ruby/setup-ruby", "astral-sh/setup-uv"),
        *("docker/setup-buildx-action", "docker/setup-qemu-action", "docker/metadata-action", "docker/login-action"),
        *("docker/build-push-action", "codecov/codecov-action", "aquasecurity/trivy-action", "hadolint/hadolint-action"),
        *("pnpm/action-setup", "oven-sh/setup-bun", "hashicorp/setup-terraform", "azure/setup-helm"),
        *("golangci/golangci-lint-action", "pre-commit/action", "dtolnay/rust-toolchain", "Swatinem/rust-cache"),
    }
)
"""Actions that need no more of the job's token than to read the sources (and what a login is given)."""
_USES_TOKEN = regex(r"GITHUB_TOKEN|github\.token|\bgh\s+\w|git\s+push|semantic-release")


@frozen
class StepNode:
    """A step with the job that holds it, as nodes of the document."""

    job_id: str
    job: Mapping
    step: Mapping

    def input(self, name: str) -> Node | None:
        """Return the node of one `with` key, or None."""
        return find(self.step, "with", name)


def step_at(document: Document, place: Location) -> StepNode | None:
    """Return the step that a place is in, or None."""
    jobs = find(document.root, "jobs")
    for entry in jobs.entries if isinstance(jobs, Mapping) else ():
        steps = find(entry.value, "steps")
        for step in steps.items if isinstance(steps, Sequence) and isinstance(entry.value, Mapping) else ():
            if isinstance(step, Mapping) and _holds(document, step, place) and isinstance(entry.value, Mapping):
                return StepNode(entry.key.value, entry.value, step)
    return None


def _holds(document: Document, step: Mapping, place: Location) -> bool:
    last = document.text.count("\n", 0, last_end(document.text, step)) + 1
    return step.location.path == place.path and step.location.line <= place.line <= last


def last_end(text: str, node: Node) -> int:
    """Return the offset behind the last character that belongs to a node; line ends and spaces behind it do not."""
    if isinstance(node, Mapping) and not node.flow and node.entries:
        return max(last_end(text, node.entries[-1].value), node.entries[-1].key.span.end)
    if isinstance(node, Sequence) and not node.flow and node.items:
        return last_end(text, node.items[-1])
    return len(text[: node.span.end].rstrip())


def is_written_here(step: Mapping | None) -> bool:
    """Whether a step and its inputs are written as blocks at their own place, so that lines can be added to them."""
    if step is None or step.flow or not step.entries:
        return False
    given = step.get("with")
    return given is None or (
        isinstance(given, Mapping) and not given.flow and step.span.start <= given.span.start <= step.span.end
    )


def expression(text: str) -> str | None:
    """Return the one expression that a text is, without its braces; None for other texts."""
    match = _ONE_EXPRESSION.fullmatch(text.strip())
    return match[1].strip() if match else None


def guard_of(workflow: Workflow) -> str:
    """Return the condition that keeps pull requests of this workflow out, "" where it has none."""
    events = {event for event in workflow.events if event.startswith("pull_request")}
    if events == {"pull_request"}:
        return "github.event_name != 'pull_request'"
    return "!startsWith(github.event_name, 'pull_request')" if events else ""


def has_plain_push(step: Step) -> bool:
    """Whether the step pushes by the input `push` and no other way, in a value that can be replaced."""
    return step.action == BUILD_ACTION and step.input("push").lower() == "true" and not step.input("outputs")


def push_condition(workflow: Workflow, step: Step) -> str | None:
    """Return when a build step pushes, as a condition ("" is always); None when it cannot be told."""
    push = step.input("push").strip()
    pushes = guard_of(workflow) if push.lower() == "true" else expression(push)
    if pushes is None:
        return None
    own = expression(step.condition) or step.condition.strip()
    if "${{" in own:
        return None
    return f"({own}) && ({pushes})" if own and pushes else own or pushes


def signable_steps(workflow: Workflow, job: Job) -> tuple[Step, ...]:
    """Return the steps of a job that push images, when each can be followed by its signature; else nothing.

    A workflow that others call signs under rights that its callers give: that is theirs to decide.
    """
    pushing = tuple(
        step for step in job.steps if step.action == BUILD_ACTION and step.input("push", "false").lower() != "false"
    )
    if not pushing or "workflow_call" in workflow.events or job.followed_steps or not can_get_identity(workflow, job):
        return ()
    return pushing if all(_is_signable(workflow, job, step) for step in pushing) else ()


def _is_signable(workflow: Workflow, job: Job, step: Step) -> bool:
    if step.input("outputs") or step.input("load").lower() == "true" or not step.input("tags"):
        return False
    node = find(job.node, "steps", job.steps.index(step))
    written = is_written_here(node) if isinstance(node, Mapping) else False
    return written and push_condition(workflow, step) is not None


def can_get_identity(workflow: Workflow, job: Job) -> bool:
    """Whether `id-token: write` can be added to the job's rights without taking one away that a step may need."""
    if job.permissions is not None:
        node = find(job.node, "permissions")
        return isinstance(node, Mapping) or ("*", "write") in job.permissions
    if workflow.permissions is not None:
        return ("*", "read") not in workflow.permissions
    return needs_only_reading(job)


def granted_rights(workflow: Workflow, job: Job) -> str:
    """Return `present` where the job has an identity, else what it has from its workflow or by default, a scope a line."""
    granted = dict(job.permissions or ())
    if granted.get("id-token") == "write" or granted.get("*") == "write":
        return "present"
    if job.permissions is not None:
        return ""
    if workflow.permissions is not None:
        return "\n".join(f"{scope}: {level}" for scope, level in workflow.permissions if scope not in {"*", "id-token"})
    login = any(step.action == "docker/login-action" for step in job.steps)
    return "contents: read\npackages: write # push the image" if login else "contents: read"


def matrix_suffix(job: Job) -> str:
    """Return what tells the legs of a matrix apart in a name: its keys, where they hold plain words, else the leg's number."""
    matrix = find(job.node, "strategy", "matrix")
    entries = matrix.entries if isinstance(matrix, Mapping) else ()
    plain = bool(entries) and all(_are_words(entry.value) for entry in entries)
    keys = [f"matrix.{entry.key.value}" for entry in entries] if plain else ["strategy.job-index"]
    return "".join(f"-${{{{ {key} }}}}" for key in keys)


def _are_words(node: Node) -> bool:
    """Whether every value may stand in the name of an artifact, which takes no slashes, colons and the like."""
    items = node.items if isinstance(node, Sequence) else ()
    return bool(items) and all(isinstance(item, Scalar) and re.fullmatch(r"[\w.+ -]+", item.value) for item in items)


def needs_only_reading(job: Job) -> bool:
    """Whether every step is known to use the token for reading only (and for the registry, by a login)."""
    for step in job.steps:
        if step.uses and step.action not in READS_ONLY:
            return False
        if _USES_TOKEN.search(step.run) or any(_USES_TOKEN.search(value) for _, value in (*step.env, *job.env)):
            return False
        if step.action != "docker/login-action" and any(_USES_TOKEN.search(value) for _, value in step.inputs):
            return False
    return not job.uses


def new_id(job: Job, wanted: str) -> str:
    """Return an id that no step of the job has."""
    taken = {step.id for step in job.steps}
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def slug(text: str) -> str:
    """Return a text as an id of a step."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "step"
