"""`generate`: read, judge, plan, render, classify, judge again with everything laid over, write."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from scaffold.app.editing import (
    BY_HAND,
    Choice,
    EditedFile,
    Outcome,
    choose_edits,
    current_text,
    edited_files,
    refusal,
)
from scaffold.app.examination import Place, refuse_missing
from scaffold.app.version import scaffold_version
from scaffold.errors import ConflictError, NothingToReadError, UsageError
from scaffold.gaps.judge import judge
from scaffold.generate.edits import propose
from scaffold.generate.emit import to_shell_word
from scaffold.generate.terraform.render import render as render_terraform
from scaffold.model.artifact import Artifact, Rendering, Skipped
from scaffold.model.edits import EditTask, Proposal
from scaffold.model.frozen import frozen
from scaffold.model.gap import Judgement
from scaffold.model.names import FILE_ROOMS, Room
from scaffold.model.project import Project
from scaffold.model.target import Target
from scaffold.process import Started
from scaffold.read.git import ignored_paths
from scaffold.read.paths import is_yaml
from scaffold.read.project import read_project
from scaffold.read.yaml import parse_documents
from scaffold.write.apply import FileWrite, apply_writes, writes_of
from scaffold.write.classify import Change, State, classify
from scaffold.write.lock import LOCK_NAME, Lock, locked, read_lock

_NO_OVERLAY = "the overlays are not written yet; run scaffold generate, then this again"
_WORKFLOWS = ".github/workflows/"


@frozen
class Generation:
    """Everything that one `generate` would do; nothing is written yet."""

    place: Place
    project: Project
    before: Judgement
    target: Target
    changes: tuple[Change, ...]
    edits: tuple[EditedFile, ...]
    skipped: tuple[Skipped, ...]
    lock: Lock
    closed: frozenset[str]
    """Fingerprints of the gaps that the files and edits are there to close, and that are gone once they are written."""

    @property
    def drifts(self) -> bool:
        """Whether writing would change anything on the disk."""
        return any(change.writes for change in self.changes) or any(not edited.reason for edited in self.edits)

    @property
    def texts_before(self) -> dict[str, str]:
        """The text before the edit of each of the user's files that the edits change."""
        return {item.edit.path: item.before for item in self.edits if not item.reason}

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The files that the user changed and that could not be merged."""
        return tuple(change for change in self.changes if change.state is State.CONFLICT)


def plan_generation(
    place: Place, *, rooms: frozenset[Room] | None, edit_codes: frozenset[str] | None, terraform: Started | None = None
) -> Generation:
    """Plan everything that `generate` would write.

    `rooms` limits the files (None is all rooms, empty none); `edit_codes` limits the edits (None is none, empty all).
    `terraform` is the Terraform app where it was started ahead; it answers once, so it is for one plan. Raises
    NothingToReadError for an application without compose files and workflows: nothing tells what runs.
    """
    refuse_missing(place)
    lock = read_lock(place.target)
    wanted = [room for room in FILE_ROOMS if rooms is None or room in rooms]
    project = read_project(place.root, hide=lock.paths, overlay=place.out, known_name=lock.app, today=place.today)
    _refuse_without_plan(project)
    before = judge(project)
    target = replace(make_target(project, before), blueprints=_blueprints(place, project))
    renderings = [_within_reach(project, rendering) for rendering in _renderings(wanted, target, terraform)]
    rendered = tuple(artifact for rendering in renderings for artifact in rendering.artifacts)
    brought = _brought(target, edit_codes, rendered)
    start = _Before(place, project, before, target, (*rendered, *brought), lock.paths)
    choice, impossible = _choose_edits(start, edit_codes) if edit_codes is not None else (_no_edits(start), ())
    closed = start.closed(choice.outcome)
    needed = {path for item in choice.applied for path in item.task.brings}
    artifacts = _attributed((*rendered, *(item for item in brought if item.path in needed)), before, closed)
    changes = _classified(place, artifacts, frozenset(item.path for item in brought), lock, rooms)
    ignored = _ignored(place, changes)
    edits = edited_files(project, choice)
    edited = {item.edit.path for item in edits if not item.reason}
    left = (item for rendering in renderings for item in rendering.skipped if item.path not in edited)
    skipped = (*left, *impossible, *ignored)
    new_lock = _next_lock(lock, target, changes, artifacts)
    return Generation(place, project, before, target, changes, edits, skipped, new_lock, closed)


def _refuse_without_plan(project: Project) -> None:
    if not project.stacks and not project.workflows:
        message = "neither a compose file nor a workflow could be read, so nothing tells what is to run"
        hint = "write a Dockerfile and a compose.yaml first; `scaffold gaps` judges what is there"
        raise NothingToReadError(message, hint=hint)


def _blueprints(place: Place, project: Project) -> Path | None:
    """Return the folder of the user's own blueprints; raises UsageError where scaffold.yaml names one that is not there."""
    name = project.configuration.blueprints
    if not name:
        return None
    folder = place.root / name
    if not folder.is_dir():
        raise UsageError(f"`blueprints` names {name}, which is no folder of the project", where="scaffold.yaml")
    return folder


def _brought(target: Target, codes: frozenset[str] | None, rendered: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    """Return the files that edits need beside them, of rooms that were not asked for."""
    tasks = _selected_tasks(target, codes) if codes is not None else ()
    wanted = {path for task in tasks for path in task.brings} - {artifact.path for artifact in rendered}
    if not wanted:
        return ()
    return tuple(artifact for artifact in _render(Room.ENV, target).artifacts if artifact.path in wanted)


def _attributed(artifacts: tuple[Artifact, ...], before: Judgement, closed: frozenset[str]) -> tuple[Artifact, ...]:
    closes = {room: _closed_by(before, room, closed) for room in {artifact.room for artifact in artifacts}}
    return tuple(replace(artifact, closes=closes[artifact.room]) for artifact in artifacts)


def _classified(
    place: Place, artifacts: tuple[Artifact, ...], brought: frozenset[str], lock: Lock, rooms: frozenset[Room] | None
) -> tuple[Change, ...]:
    """Return what happens to each path; of a room that only lends a file, the other files are left as they are."""
    own = tuple(artifact for artifact in artifacts if artifact.path not in brought)
    lent = tuple(artifact for artifact in artifacts if artifact.path in brought)
    known = replace(lock, files=tuple(entry for entry in lock.files if entry.path in {artifact.path for artifact in lent}))
    changes = (*classify(place.target, own, lock, rooms=rooms), *classify(place.target, lent, known, rooms=None))
    return tuple(sorted(changes, key=lambda change: change.path))


def make_target(project: Project, judgement: Judgement) -> Target:
    """Return the plan for a project and its open gaps."""
    from scaffold.plan.target import make_target as plan

    return plan(project, judgement.open)


def _ignored(place: Place, changes: tuple[Change, ...]) -> tuple[Skipped, ...]:
    """Return the files that git would not take along: one entry for each ignoring line and folder at the top, by the first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for path, line in ignored_paths(place.target, [change.path for change in changes if change.after is not None]):
        groups.setdefault((line, path.partition("/")[0]), []).append(path)
    return tuple(Skipped(paths[0], _hidden(line, paths)) for (line, _), paths in groups.items())


def _hidden(line: str, paths: list[str]) -> str:
    """Return what is the matter with files that git ignores, and the command that takes them along all the same."""
    if len(paths) == 1:
        return f"written, but {line} makes git ignore it: git add -f {to_shell_word(paths[0])}"
    more = f"and {len(paths) - 1} more file{'s' if len(paths) > 2 else ''}"
    folder = to_shell_word(posixpath.commonpath(paths))
    return f"{more} written, but {line} makes git ignore them: git add -f {folder}, or make that line more precise"


def _renderings(rooms: list[Room], target: Target, app: Started | None) -> list[Rendering]:
    """Return what each room makes; Terraform is another process and takes longest, so the other rooms do not wait for it."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        terraform = beside.submit(render_terraform, target, app) if Room.TERRAFORM in rooms else None
        made: dict[Room, Rendering] = {room: _render(room, target) for room in rooms if room is not Room.TERRAFORM}
        if terraform is not None:
            _parse_ahead(made.values())
            made[Room.TERRAFORM] = terraform.result()
    return [made[room] for room in rooms]


def _parse_ahead(renderings: Iterable[Rendering]) -> None:
    """Parse what the trial will read, whose parser remembers it: there is time until Terraform has answered."""
    for artifact in (artifact for rendering in renderings for artifact in rendering.artifacts):
        if is_yaml(artifact.path):
            parse_documents(artifact.path, artifact.text)


def _within_reach(project: Project, rendering: Rendering) -> Rendering:
    """Return a rendering without the workflows that GitHub would not run, since they are not at the top of the repository."""
    if not project.inside:
        return rendering
    kept = tuple(artifact for artifact in rendering.artifacts if not artifact.path.startswith(_WORKFLOWS))
    reason = f"not written: GitHub runs workflows only at the top of the repository, and this is its folder {project.inside}"
    left = tuple(Skipped(item.path, reason) for item in rendering.artifacts if item not in kept)
    return replace(rendering, artifacts=kept, skipped=(*rendering.skipped, *left))


def _render(room: Room, target: Target) -> Rendering:
    render: Callable[[Target], Rendering] = import_module(f"scaffold.generate.{room.value}").render
    return render(target)


@frozen
class _Before:
    """The project as it is without the files that scaffold wrote, what the rules say of it, and what is to be written."""

    place: Place
    project: Project
    judgement: Judgement
    target: Target
    artifacts: tuple[Artifact, ...]
    written: frozenset[str]
    """The files that scaffold wrote before."""

    def trial(self, edited: dict[str, str]) -> Outcome:
        """Return what the rules say once the artifacts and these edited texts are there."""
        texts = {artifact.path: artifact.text for artifact in self.artifacts} | edited
        owned = self.written | {artifact.path for artifact in self.artifacts}
        again = read_project(
            self.place.root,
            overlay=self.place.out,
            laid=texts,
            production_set=_present(self.target, owned),
            owned=owned,
            today=self.place.today,
        )
        return _outcome(again, judge(again))

    @property
    def outcome(self) -> Outcome:
        """What the rules say today."""
        return _outcome(self.project, self.judgement)

    def closed(self, outcome: Outcome) -> frozenset[str]:
        """Return the fingerprints that a room or an edit is there to close, and that are gone."""
        claimed = (judged.gap for judged in self.judgement.gaps if any(closer.by is not None for closer in judged.gap.closes))
        return frozenset(gap.fingerprint for gap in claimed) - outcome.fingerprints


def _present(target: Target, written: frozenset[str]) -> tuple[str, ...]:
    """Return what is deployed without the overlays of rooms that are not written: Compose refuses files that are missing."""
    return tuple(path for path in target.deployed_set if path in target.base_set or path in written)


def _outcome(project: Project, judgement: Judgement) -> Outcome:
    marks = frozenset(judged.gap.fingerprint for judged in judgement.gaps)
    return Outcome(marks, frozenset((item.location.path, item.message) for item in project.problems))


def _choose_edits(before: _Before, codes: frozenset[str]) -> tuple[Choice, tuple[Skipped, ...]]:
    """Return the edits that are applied or refused, each judged on its own result, and what no edit could be made for."""
    there = before.written | {artifact.path for artifact in before.artifacts}
    tasks = (_within(task, there) for task in _selected_tasks(before.target, codes))
    proposals = propose(tuple(tasks))
    impossible = tuple(Skipped(item.place, _said(item, item.reason or BY_HAND)) for item in proposals if not item.files)
    reasons = [(item, refusal(before.place, before.project, item)) for item in proposals if item.files]
    choice = choose_edits(before.project, before.outcome, before.trial, (item for item, reason in reasons if not reason))
    refused = (*((item, reason) for item, reason in reasons if reason), *choice.refused)
    return replace(choice, refused=refused), impossible


def _within(task: EditTask, there: frozenset[str]) -> EditTask:
    """Return a task with those overlays alone that are written: Compose refuses a list with a file that is missing."""
    kept = tuple(path for path in task.overlays if path in there)
    blocked = task.blocked or (_NO_OVERLAY if task.overlays and not kept else "")
    return replace(task, overlays=kept, blocked=blocked)


def _no_edits(before: _Before) -> Choice:
    return Choice((), (), before.trial({}))


def _said(proposal: Proposal, reason: str) -> str:
    return f"{proposal.task.gaps[0].code} {proposal.task.gaps[0].resource}: {reason}"


def _selected_tasks(target: Target, codes: frozenset[str]) -> tuple[EditTask, ...]:
    """Return the tasks of these codes (empty is all), and those that they may only be done together with."""
    if not codes:
        return target.edit_tasks
    chosen = [task for task in target.edit_tasks if codes & set(task.codes)]
    needed = {need for task in chosen for need in task.needs}
    return tuple(task for task in target.edit_tasks if task in chosen or task.marks & needed)


def _closed_by(before: Judgement, room: Room, closed: frozenset[str]) -> tuple[str, ...]:
    gaps = [judged.gap for judged in before.gaps if judged.gap.fingerprint in closed]
    return tuple(sorted(gap.fingerprint for gap in gaps if any(closer.by is room for closer in gap.closes)))


def _next_lock(lock: Lock, target: Target, changes: tuple[Change, ...], artifacts: tuple[Artifact, ...]) -> Lock:
    """Return the lock after the changes: what was not part of this run, and what the user keeps, stays as it is."""
    by_path = {artifact.path: artifact for artifact in artifacts}
    touched = {change.path: change.state for change in changes}
    kept = {State.CONFLICT, State.KEPT}
    version = scaffold_version()
    entries = {entry.path: entry for entry in lock.files if entry.path not in touched or touched[entry.path] in kept}
    for path, state in touched.items():
        if path in by_path and state in {State.NEW, State.SAME, State.UPDATED, State.MERGED}:
            fresh = locked(by_path[path], version)
            old = lock.file(path)
            entries[path] = old if old and (old.sha256, old.room) == (fresh.sha256, fresh.room) else fresh
    ours = frozenset(entries)
    return Lock(target.app, _present(target, ours), tuple(entries[path] for path in sorted(entries)))


def write_generation(generation: Generation) -> None:
    """Write the files, the edits and the lock, or nothing; raises ConflictError when the disk refuses."""
    folder = generation.place.target
    _refuse_changed(generation)
    _remember_merged(generation)
    edits = [FileWrite(item.edit.path, item.after.encode()) for item in generation.edits if not item.reason]
    writes = [*writes_of(generation.changes), *edits]
    lock_text = generation.lock.to_text()
    existing = folder / LOCK_NAME
    if generation.lock.files and (not existing.is_file() or existing.read_text(encoding="utf-8") != lock_text):
        writes.append(FileWrite(LOCK_NAME, lock_text.encode()))
    if not generation.lock.files and existing.is_file():
        writes.append(FileWrite(LOCK_NAME, None))
    apply_writes(folder, tuple(writes))


def _refuse_changed(generation: Generation) -> None:
    """Raise ConflictError when one of the user's files is no longer the text that the edits were made for."""
    for path, text in generation.texts_before.items():
        if current_text(generation.place, path) != text:
            raise ConflictError("nothing was written: the file has changed since it was read", where=path, hint="run again")


def _remember_merged(generation: Generation) -> None:
    """Give git the text that scaffold wrote for each merged file, so that the next merge has its base."""
    from scaffold.process import run

    for change in generation.changes:
        entry = generation.lock.file(change.path)
        if change.state is State.MERGED and change.base is not None and entry is not None:
            run(["git", "hash-object", "-w", "--stdin"], cwd=generation.place.target, timeout=30, input=change.base)
