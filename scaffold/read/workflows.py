"""GitHub Actions workflows as written, with the steps of local reusable workflows and composite actions one level down."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from scaffold.model.document import Document, Location, Mapping, Node, Problem, Scalar, Sequence, scalars_of, text_of
from scaffold.model.project import Job, Step, Trigger, Workflow
from scaffold.read.lines import bounded

_MATRIX_WORDS = frozenset({"include", "exclude"})
_DYNAMIC_MATRIX = "*"


def read_workflow(document: Document) -> tuple[Workflow | None, tuple[Problem, ...]]:
    """Return the workflow of a document; one that is no mapping, or has no jobs, is a problem."""
    root = document.root
    if not isinstance(root, Mapping):
        return None, (Problem(Location(document.path, 1), "a workflow must be a mapping with the keys on and jobs"),)
    on = root.entry("on")
    workflow = Workflow(
        path=document.path,
        name=text_of(root.get("name")),
        document=document,
        triggers=_triggers(on.value) if on else (),
        on_location=on.key.location if on else None,
        jobs=_jobs(root.get("jobs")),
        permissions=_permissions(root.get("permissions")),
        env=_pairs(root.get("env")),
    )
    if not isinstance(root.get("jobs"), Mapping):
        return workflow, (Problem(root.location, "a workflow without jobs: GitHub refuses it"),)
    return workflow, ()


def _triggers(node: Node) -> tuple[Trigger, ...]:
    if isinstance(node, Mapping):
        return tuple(
            Trigger(entry.key.value, entry.key.location, entry.value if isinstance(entry.value, Mapping) else None)
            for entry in node.entries
        )
    return tuple(Trigger(item.value, item.location) for item in scalars_of(node) if item.value)


def _jobs(node: Node | None) -> tuple[Job, ...]:
    if not isinstance(node, Mapping):
        return ()
    return tuple(_job(entry.key, entry.value) for entry in node.entries if isinstance(entry.value, Mapping))


def _job(key: Scalar, node: Mapping) -> Job:
    environment = node.get("environment")
    return Job(
        id=key.value,
        name=text_of(node.get("name")),
        location=key.location,
        steps=_steps(node.get("steps")),
        uses=text_of(node.get("uses")),
        needs=tuple(item.value for item in scalars_of(node.get("needs"))),
        condition=text_of(node.get("if")),
        permissions=_permissions(node.get("permissions")),
        environment=text_of(environment.get("name") if isinstance(environment, Mapping) else environment),
        matrix=_matrix(node.get("strategy")),
        env=_pairs(node.get("env")),
        node=node,
    )


def _matrix(strategy: Node | None) -> tuple[str, ...]:
    """Return the keys of the matrix; `*` stands for one that an expression computes."""
    matrix = strategy.get("matrix") if isinstance(strategy, Mapping) else None
    if isinstance(matrix, Scalar):
        return (_DYNAMIC_MATRIX,) if matrix.value else ()
    if not isinstance(matrix, Mapping):
        return ()
    keys = [key for key in matrix.keys() if key not in _MATRIX_WORDS]  # noqa: SIM118 - a Mapping node, no dict
    include = matrix.get("include")
    if isinstance(include, Scalar):
        keys.append(_DYNAMIC_MATRIX)
    for item in include.items if isinstance(include, Sequence) else ():
        if isinstance(item, Mapping):
            keys += item.keys()
    return tuple(dict.fromkeys(keys))


def _permissions(node: Node | None) -> tuple[tuple[str, str], ...] | None:
    """Return scope and level; `write-all` and `read-all` are the scope `*`, None means that none are declared."""
    if isinstance(node, Mapping):
        return _pairs(node)
    if isinstance(node, Scalar) and node.value in {"write-all", "read-all"}:
        return (("*", node.value.removesuffix("-all")),)
    return None


def _pairs(node: Node | None) -> tuple[tuple[str, str], ...]:
    if not isinstance(node, Mapping):
        return ()
    return tuple((entry.key.value, text_of(entry.value)) for entry in node.entries)


def _steps(node: Node | None) -> tuple[Step, ...]:
    items = node.items if isinstance(node, Sequence) else ()
    return tuple(_step(item) for item in items if isinstance(item, Mapping))


def _step(node: Mapping) -> Step:
    run, uses, env = node.get("run"), node.get("uses"), node.get("env")
    return Step(
        id=text_of(node.get("id")),
        name=text_of(node.get("name")),
        uses=text_of(uses),
        run=bounded(text_of(run)),
        location=node.location,
        inputs=tuple((name, bounded(value)) for name, value in _pairs(node.get("with"))),
        env=_pairs(env),
        condition=text_of(node.get("if")),
        working_directory=text_of(node.get("working-directory")),
        continue_on_error=text_of(node.get("continue-on-error")).lower() == "true",
        run_location=run.location if isinstance(run, Scalar) else None,
        uses_location=uses.location if isinstance(uses, Scalar) else None,
        env_locations=tuple((entry.key.value, entry.key.location) for entry in env.entries) if isinstance(env, Mapping) else (),
    )


def follow_local(workflows: Iterable[Workflow], load: Callable[[str], Document | None]) -> tuple[Workflow, ...]:
    """Return the workflows with `followed_steps` set; `load` gives the first document of a path, or None."""
    listed = tuple(workflows)
    by_path = {workflow.path: workflow for workflow in listed}
    actions: dict[str, tuple[Step, ...]] = {}

    def action_steps(uses: str) -> tuple[Step, ...]:
        if uses not in actions:
            actions[uses] = _action_steps(uses, load)
        return actions[uses]

    def followed(job: Job) -> Job:
        called = by_path.get(job.uses.removeprefix("./").partition("@")[0]) if job.uses.startswith("./") else None
        steps = [step for other in (called.jobs if called else ()) for step in other.steps]
        steps += [inner for step in (*job.steps, *steps) if step.uses.startswith("./") for inner in action_steps(step.uses)]
        return replace(job, followed_steps=tuple(steps)) if steps else job

    return tuple(replace(workflow, jobs=tuple(followed(job) for job in workflow.jobs)) for workflow in listed)


def _action_steps(uses: str, load: Callable[[str], Document | None]) -> tuple[Step, ...]:
    folder = uses.removeprefix("./").strip("/")
    if ".." in folder.split("/"):
        return ()
    for name in ("action.yml", "action.yaml"):
        document = load(f"{folder}/{name}" if folder else name)
        if document is not None and isinstance(document.root, Mapping):
            runs = document.root.get("runs")
            return _steps(runs.get("steps")) if isinstance(runs, Mapping) else ()
    return ()
