"""One cause is one finding: what one decision mends is told once, with every place, and the other findings become details."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from scaffold.gaps.facts import in_words
from scaffold.model.compose import Stack
from scaffold.model.gap import Evidence, Gap, JudgedGap, Judgement
from scaffold.model.names import TRIED, Cause, Confidence
from scaffold.model.project import Project
from scaffold.model.regex import regex

_LEAST = 3
"""Folders beside each other that make variants: two may be two systems, or two places of one."""
_SHARED = 0.5
"""The part of the services that two variants have in common, at least."""
_BREAK = regex(r"(?<=.{12}): (?!\w+: )|(?<=.{30})(?:; |, (?:so|and|because|though|not) )")
"""Where the first part of a message ends, which is not in its first words: there the other places are named."""
_DEEP = 2
"""Parts that a folder has at least so that paths are told without it."""
_ROOM = 76
"""Columns that a list of names takes at most; one name stands whatever its length."""


def told_once(project: Project, judgement: Judgement) -> Judgement:
    """Return the judgement with one finding a cause: of the open gaps the first names the places of the others, which become
    details of it. What is suppressed or in the baseline neither leads nor is named, so that it hides no other place.
    """
    changed: dict[str, Gap] = {}
    for first, *others in causes_of(project, judgement.open):
        if others:
            changed[first.fingerprint] = _first(first, others)
            changed |= {gap.fingerprint: gap.as_detail_of(first.code) for gap in others}
    told = [_changed(judged, changed) for judged in judgement.gaps]
    return replace(judgement, gaps=tuple(sorted(told, key=lambda judged: judged.gap.sort_key())))


def causes_of(project: Project, gaps: Iterable[Gap]) -> list[list[Gap]]:
    """Return the gaps by their causes; of each the one that leads stands first."""
    groups: dict[Hashable, list[Gap]] = defaultdict(list)
    regions = _Regions(project)
    for gap in sorted(gaps, key=_lead):
        groups[_cause(gap, regions)].append(gap)
    return _joined(list(groups.values()))


def _joined(causes: list[list[Gap]]) -> list[list[Gap]]:
    """Return the causes, what different rules find of one variable as one of them: the most severe leads the others."""
    sharing: dict[str, list[int]] = defaultdict(list)
    for index in sorted(range(len(causes)), key=lambda index: _weight(causes[index][0])):
        for name in dict.fromkeys(name for gap in causes[index] for name in gap.variables):
            sharing[name].append(index)
    led: dict[int, int] = {}
    for first, *others in sharing.values():
        for other in others:
            free = first not in led and other not in led and other not in led.values()
            if free and causes[first][0].code != causes[other][0].code:
                led[other] = first
    joined = [[*cause] if index not in led else [] for index, cause in enumerate(causes)]
    for other, first in sorted(led.items()):
        joined[first] += causes[other]
    return [cause for cause in joined if cause]


def _weight(gap: Gap) -> tuple[bool, int]:
    """Return the order in which causes of one variable lead: what a report leaves out comes last."""
    return gap.confidence is Confidence.LOW, -gap.severity


def _lead(gap: Gap) -> tuple[bool, bool, int, tuple[int, int, str, str, str]]:
    """Return the order of the findings of one cause: what others than developers run first, then what `generate` closes, then
    the surest.
    """
    by_hand = all(closer.by is None for closer in gap.closes)
    return gap.environment in TRIED, by_hand, list(Confidence).index(gap.confidence), gap.sort_key()


def _changed(judged: JudgedGap, changed: dict[str, Gap]) -> JudgedGap:
    gap = changed.get(judged.gap.fingerprint) if judged.status == "open" else None
    return judged if gap is None else replace(judged, gap=gap)


def _cause(gap: Gap, regions: _Regions) -> Hashable:
    """Return what the findings of one cause share: also how much they matter, and whether a short report leaves them out."""
    same = (gap.code, gap.severity, gap.confidence is Confidence.LOW, gap.kind)
    topic, service = gap.subject.partition("/")[0], regions.service(gap)
    match gap.cause:
        case Cause.PROJECT:
            return (*same, topic)
        case Cause.VALUE:
            return (gap.code, gap.confidence is Confidence.LOW, gap.kind)
        case Cause.STACK:
            return (*same, regions.family(gap), topic)
        case Cause.VARIABLE:
            return (*same, regions.folder(gap), gap.subject)
        case Cause.SERVICE:
            return (*same, regions.family(gap), service, topic)
        case _:
            return (*same, regions.family(gap), service, gap.subject, gap.actual)


# --- where a decision holds -------------------------------------------------------------------------------------------


class _Regions:
    """The places of a project for which people decide together; each kind is found when it is first asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._stacks = {stack.id: stack.directory for stack in project.stacks}
        self._heads: dict[str, str] | None = None

    def family(self, gap: Gap) -> str:
        """Return the first stack that the gap's one is a variant of; the resource itself where the gap is of no stack."""
        stack = self._stack(gap)
        if not stack:
            return gap.resource
        if self._heads is None:
            self._heads = _families(self._project.stacks)
        return self._heads[stack]

    def folder(self, gap: Gap) -> str:
        """Return the folder whose env file sets the variables of the gap's stack; the resource where the gap is of no stack."""
        stack = self._stack(gap)
        return f"{self._stacks[stack]}/" if stack else gap.resource

    def service(self, gap: Gap) -> str:
        """Return the service, "" where the gap is of a whole stack or of none."""
        stack = self._stack(gap)
        return gap.resource.removeprefix(stack).removeprefix("/") if stack else ""

    def _stack(self, gap: Gap) -> str:
        above = gap.resource.rpartition("/")[0]
        return next((stack for stack in (above, gap.resource) if stack in self._stacks), "")


def _families(stacks: Iterable[Stack]) -> dict[str, str]:
    """Return for each stack the first of those that it is a variant of: in its folder, or in at least three folders beside each
    other.
    """
    found: dict[str, str] = {}
    near = _alike(stacks, lambda stack: stack.directory)
    beside = _alike(
        (stacks[0] for stacks in near), lambda stack: posixpath.dirname(stack.directory) if stack.directory else None
    )
    heads = {stack.id: group[0].id for group in beside if len(group) >= _LEAST for stack in group}
    for group in near:
        found |= {stack.id: heads.get(group[0].id, group[0].id) for stack in group}
    return found


def _alike(stacks: Iterable[Stack], place: Callable[[Stack], str | None]) -> list[list[Stack]]:
    """Return the stacks of one place and one environment class, together where they share most services with the first one."""
    groups: dict[Hashable, list[tuple[frozenset[str], list[Stack]]]] = defaultdict(list)
    for stack in sorted(stacks, key=lambda stack: stack.id):
        where, names = place(stack), frozenset(service.name for service in stack.services)
        known = groups[(stack.id if where is None else "", where, stack.environment)]
        same = next((group for shared, group in known if len(names & shared) >= _SHARED * len(names | shared)), None)
        if same is None:
            known.append((names, [stack]))
        else:
            same.append(stack)
    return [group for known in groups.values() for _, group in known]


# --- how it is told ---------------------------------------------------------------------------------------------------


def _first(gap: Gap, others: list[Gap]) -> Gap:
    own = {item.location for item in gap.evidence}
    places = dict.fromkeys(item.primary for item in others if item.primary not in own)
    evidence = (*gap.evidence, *(Evidence(place, "related") for place in places))
    return replace(gap, message=_with_others(gap.message, _others(gap, others)), evidence=evidence)


def _others(gap: Gap, others: list[Gap]) -> str:
    """Return in words for what else the same holds, and in which other files; and where another rule found one more default."""
    same = [item for item in others if item.code == gap.code]
    apart = list(dict.fromkeys(item.primary.path for item in others if item.code != gap.code))
    words = [_same(gap, same)] if same else []
    words += [f"another default in {_in_files(apart, gap.primary.path)}"] if apart else []
    return "; ".join(words)


def _same(gap: Gap, others: list[Gap]) -> str:
    names = [name for name in dict.fromkeys(map(_called, others)) if name and name != _called(gap)]
    paths = [path for path in dict.fromkeys(item.primary.path for item in others) if path != gap.primary.path]
    parts = [f"for {_listed(names)}"] if names else []
    parts += [f"in {_in_files(paths, gap.primary.path)}"] if paths else []
    return f"the same {', and '.join(parts) or _more_places(len(others))}"


def _in_files(paths: list[str], first: str) -> str:
    """Return paths in words, without the folder that they share with the first place where it is plain which one is meant."""
    own, folders = posixpath.dirname(first), [posixpath.dirname(path) for path in paths]
    if own and set(folders) == {own}:
        return f"{_listed([posixpath.basename(path) for path in paths])} beside it"
    folder = posixpath.commonpath([own, *folders]) if own and all(folders) else ""
    is_deep = folder.count("/") + 1 >= _DEEP
    return _listed([path.removeprefix(f"{folder}/") for path in paths] if is_deep else paths)


def _more_places(count: int) -> str:
    return "in one more place" if count == 1 else f"in {count} more places"


def _called(gap: Gap) -> str:
    """Return what tells a finding from the others of its cause, "" where its file does."""
    if gap.called:
        return gap.called
    if gap.cause in {Cause.STACK, Cause.VARIABLE}:
        return gap.resource.rpartition("/")[2]
    return gap.subject.rpartition("/")[2] if gap.cause is Cause.SERVICE else ""


def _listed(names: list[str]) -> str:
    """Return as many names as there is room for, and how many more there are."""
    shown = names[:1]
    for name in names[1:]:
        if len(", ".join((*shown, name))) > _ROOM:
            break
        shown.append(name)
    more = len(names) - len(shown)
    return f"{', '.join(shown)} and {more} more" if more else in_words(shown)


def _with_others(message: str, others: str) -> str:
    """Return a message that names the others behind its first part, so that a short view shows them too."""
    found = _BREAK.search(message)
    end = found.start() if found else len(message.removesuffix("."))
    start, rest = message[:end], message[end:]
    return f"{start[:-1]}; {others}){rest}" if start.endswith(")") else f"{start} ({others}){rest}"
