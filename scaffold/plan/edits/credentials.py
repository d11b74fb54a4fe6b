"""SEC001, SEC002, SEC007 and CFG005: credentials of compose files become variables that have to be set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.compose import Stack
from scaffold.model.document import Document, Location, Mapping, Node, Sequence, scalars_in
from scaffold.model.edits import EditTask
from scaffold.model.environment import is_issued
from scaffold.model.gap import Gap
from scaffold.model.guards import guard_defaults, guard_literal, holds_credential_default, scalar_at
from scaffold.model.known import known
from scaffold.model.names import TRIED
from scaffold.model.project import Project
from scaffold.plan.bare_starts import bare_start
from scaffold.plan.ci_compose import workflow_that_would_break
from scaffold.plan.edits.credential_names import Names, names_of_literals, needs_of, places_of, stack_of
from scaffold.plan.edits.kind import EditKind
from scaffold.plan.environment import development_path


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    taken = names_of_literals(project, gaps)
    for gap in gaps:
        stack = stack_of(project, gap)
        if stack is None or gap.environment in TRIED:
            continue
        documents = _documents(project, gap)
        if any(place.path in project.owned or place.path not in {item.path for item in documents} for place in places_of(gap)):
            continue
        task = _task(project, stack, gap, documents, taken)
        if task is not None:
            needs = needs_of(project, gap, gaps) if task.puts else ()
            yield _checked(project, replace(task, needs=needs), gaps)


def _task(project: Project, stack: Stack, gap: Gap, documents: tuple[Document, ...], taken: Names) -> EditTask | None:
    template = development_path(project, stack).rpartition("/")[2]
    if gap.code == "CFG005":
        # Whether an administrator may start without a password, people decide.
        return _reference(project, gap, documents, template) if gap.subject.startswith("environment/") else None
    is_default = any(_has_default(documents, place) for place in places_of(gap))
    make = _default if is_default and gap.code != "SEC002" else _literal
    return make(stack, gap, documents, template, taken)


def _default(stack: Stack, gap: Gap, documents: tuple[Document, ...], template: str, _: Names) -> EditTask | None:
    owner = gap.subject.rpartition("/")[2]
    guards: dict[str, None] = {}
    introduces: list[tuple[str, str, str]] = []
    for place in places_of(gap):
        found = guard_defaults(_document(documents, place), place, owner, template)
        if found is None:
            return None
        guards |= dict.fromkeys(found.variables)
        introduces += [(place.path, service, name) for service in _services_at(stack, place) for name in found.variables]
    decided = (("variable", owner), ("template", template))
    return EditTask(
        "guarded-default",
        (gap,),
        documents,
        guards=tuple(guards),
        introduces=tuple(introduces),
        decided=decided,
        removes_secret=True,
    )


def _literal(stack: Stack, gap: Gap, documents: tuple[Document, ...], template: str, taken: Names) -> EditTask | None:
    natural = gap.subject.rpartition("/")[2]
    puts = tuple((place, taken.get(place, natural)) for place in places_of(gap))
    if not all(guard_literal(_document(documents, place), place, variable, template) for place, variable in puts):
        return None
    introduces = tuple((place.path, service, name) for place, name in puts for service in _services_at(stack, place))
    return EditTask(
        "guarded-literal",
        (gap,),
        documents,
        guards=tuple(dict.fromkeys(name for _, name in puts)),
        introduces=introduces,
        puts=puts,
        decided=(("template", template),),
        removes_secret=True,
    )


def _reference(project: Project, gap: Gap, documents: tuple[Document, ...], template: str) -> EditTask:
    name = gap.subject.rpartition("/")[2]
    reads = [read for read in project.env_reads if read.name == name]
    # What a provider issues and the code can do without stays optional, and says so.
    optional = is_issued(name) and bool(reads) and not any(read.required for read in reads)
    decided = (("variable", name), ("template", template), ("optional", "yes" if optional else ""))
    return EditTask("guarded-reference", (gap,), documents, guards=() if optional else (name,), decided=decided)


# --- places -----------------------------------------------------------------------------------------------------------


def _services_at(stack: Stack, place: Location) -> tuple[str, ...]:
    """Return the services that take what stands at a place: the one it is written in, else all that share its anchor."""
    if place.route[:1] == ("services",) and len(place.route) > 1:
        return (str(place.route[1]),)
    return tuple(service.name for service in stack.services if _holds(service.node, place))


def _holds(node: Node, place: Location) -> bool:
    if node.location == place:
        return True
    if isinstance(node, Mapping):
        return any(_holds(entry.value, place) for entry in node.entries)
    return isinstance(node, Sequence) and any(_holds(item, place) for item in node.items)


def _documents(project: Project, gap: Gap) -> tuple[Document, ...]:
    paths = sorted({place.path for place in places_of(gap)})
    return tuple(document for path in paths if (document := project.document(path)))


def _document(documents: tuple[Document, ...], place: Location) -> Document:
    return next(document for document in documents if document.path == place.path)


def _has_default(documents: tuple[Document, ...], place: Location) -> bool:
    scalar = scalar_at(_document(documents, place), place)
    return scalar is not None and any(marker in scalar.raw + scalar.value for marker in (":-", "${"))


def _checked(project: Project, task: EditTask, gaps: tuple[Gap, ...]) -> EditTask:
    """Block a task after which a workflow would no longer start the stack, or a default of another file would stand alone."""
    other = _other_default(project, task, gaps) if task.kind == "guarded-default" else ""
    if other:
        return replace(task, blocked=f"{other} has a default of its own for the same credential: change both by hand")
    paths = [document.path for document in task.documents]
    broken = workflow_that_would_break(project, paths, task.guards)
    if not broken:
        return replace(task, note=_note(project, paths, task.guards))
    path, names = broken
    return replace(task, blocked=f"{path} runs Compose without {', '.join(names)}, and would fail: set it there first")


def _note(project: Project, paths: list[str], guards: tuple[str, ...]) -> str:
    """Return which page starts the stack without an env file: from this edit on that start ends until one has the value."""
    place = bare_start(project, paths, guards) if guards else None
    if place is None:
        return ""
    return (
        f"{place.path}:{place.line} starts this without an env file: from then on that start ends until the values are set, so"
        " say there how to set them"
    )


def _other_default(project: Project, task: EditTask, gaps: tuple[Gap, ...]) -> str:
    """Return the file of a stack that shares one with the task and holds a default that no gap names, "" where none does."""
    paths = {document.path for document in task.documents}
    for stack in project.stacks:
        if paths & set(stack.files) and not set(stack.files) <= paths:
            named = known(_named, gaps)
            for place in known(_places_of_defaults, stack):
                if place.path not in paths and place not in named:
                    return place.path
    return ""


def _named(gaps: tuple[Gap, ...]) -> frozenset[Location]:
    return frozenset(item.location for gap in gaps for item in gap.evidence)


def _places_of_defaults(stack: Stack) -> tuple[Location, ...]:
    scalars = (scalar for service in stack.services for scalar in scalars_in(service.node))
    return tuple(dict.fromkeys(scalar.location for scalar in scalars if holds_credential_default(scalar.raw)))


KIND = EditKind(frozenset({"SEC001", "SEC002", "SEC007", "CFG005"}), _plan)
