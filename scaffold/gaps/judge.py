"""Runs the rules and settles what stands: absorbed details, suppressions, overrides, the baseline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scaffold.gaps.catalogue import layer_cards, rules_for
from scaffold.gaps.ignores import has_passed, suppressions_of
from scaffold.gaps.running import FAILS_FOR_EVERYBODY, most_severe
from scaffold.model.gap import Evidence, Gap, JudgedGap, Judgement, LayerCard
from scaffold.model.names import Confidence, EnvironmentClass, Layer, LayerState, Room, Severity
from scaffold.model.project import DevelopmentNote, Project

_OF_WORKFLOWS = frozenset({Layer.CI, Layer.SUPPLY_CHAIN})
ABSORBED = {
    "IAC000": ("IAC001", "IAC002", "IAC003", "IAC004", "IAC005", "IAC006", "IAC007", "IAC008", "IAC009"),
    "K8S000": ("K8S001", "K8S002", "K8S003", "K8S004", "K8S005", "K8S006", "K8S007", "K8S008", "K8S009"),
    "MET000": ("MET003", "MET005", "MET006", "MET007", "ALR001", "ALR002", "ALR003", "ALR004", "ALR005", "ALR006"),
    "BCK000": ("BCK001", "BCK002", "BCK003", "BCK004", "BCK005"),
    "SUP000": ("SUP001", "SUP002", "SUP003", "SUP004", "SUP005", "SUP006", "SUP014"),
    "LOG000": ("LOG005", "LOG006"),
    "CFG000": ("CFG002",),
}
"""Layer-absent rules and the rules that need the layer: those become details at severity info, so that their fingerprints
are in the report before the layer is there (catalogue, section 3)."""


_REPEATS = {"SEC002": ("SEC005",), "SEC007": ("SEC001", "SEC002")}
"""Rules whose gap states on the same resource what a gap of another rule states as well: it becomes a detail of that one."""
_OF_FILES = frozenset({Layer.IMAGE, Layer.COMPOSE, Layer.CONFIG, Layer.SECRETS, Layer.NETWORK, Layer.BACKUP})
"""Layers whose gaps are about lines that are there; what is absent for production is absent wherever people develop."""
_ALSO_OF_EXAMPLES = frozenset({"K8S007", "K8S011"})
_KEYS = frozenset({"SEC004"})
"""A key that a provider issued works wherever it is written."""


_OF_A_SET = frozenset({"IMG006", "SEC002"})
"""Rules whose gap may stand in a Dockerfile or a secret's file, and is about what the set beside it starts."""


def judge(project: Project, *, codes: frozenset[str] = frozenset(), baseline: frozenset[str] = frozenset()) -> Judgement:
    """Return every gap of the project with its standing, and the layer cards; `codes` limits the rules that run."""
    wanted = codes | _parents(codes)
    found = [gap for rule in rules_for(project, wanted) for gap in rule.detect(project)]
    unique = {gap.fingerprint: gap for gap in sorted(found, key=Gap.sort_key, reverse=True)}
    counted = (_by_evidence(project, _for_development(project, gap)) for gap in _absorb(unique.values()))
    settled = [_with_overrides(project, gap) for gap in _without_repeats(counted)]
    external = project.configuration.external
    wanted_here = (gap for gap in settled if not codes or gap.code in codes)
    kept = [gap for gap in wanted_here if gap.layer not in external and _is_known_here(project, gap)]
    judged = tuple(_standing(project, gap, baseline) for gap in sorted(kept, key=Gap.sort_key))
    return Judgement(judged, _with_external(project, layer_cards(project)))


def _is_known_here(project: Project, gap: Gap) -> bool:
    """Whether the files of the project show the gap: for a folder of a repository the workflows of the top are not read."""
    return not project.inside or (gap.layer is not Layer.CI and all(closer.by is not Room.WORKFLOWS for closer in gap.closes))


def _parents(codes: frozenset[str]) -> frozenset[str]:
    """Return the rules that may make gaps of these codes details of theirs."""
    layers = {parent for parent, details in ABSORBED.items() if codes & set(details)}
    return frozenset(layers.union(*(parents for code, parents in _REPEATS.items() if code in codes)))


def _absorb(gaps: Iterable[Gap]) -> list[Gap]:
    listed = list(gaps)
    open_codes = {gap.code for gap in listed}
    parents = {detail: parent for parent, details in ABSORBED.items() if parent in open_codes for detail in details}
    return [
        replace(gap, severity=Severity.INFO, blocked_by=tuple(dict.fromkeys((*gap.blocked_by, parents[gap.code]))))
        if gap.code in parents
        else gap
        for gap in listed
    ]


def _without_repeats(gaps: Iterable[Gap]) -> list[Gap]:
    """Return the gaps with those that repeat another one's facts made details of it."""
    listed = list(gaps)
    worst = {(gap.code, gap.resource): gap.severity for gap in sorted(listed, key=Gap.sort_key, reverse=True)}
    settled = []
    for gap in listed:
        said = [code for code in _REPEATS.get(gap.code, ()) if worst.get((code, gap.resource), Severity.INFO) >= gap.severity]
        settled.append(replace(gap, severity=Severity.INFO, blocked_by=(*gap.blocked_by, *said)) if said else gap)
    return settled


def _for_development(project: Project, gap: Gap) -> Gap:
    """Count a gap of a file that is said to be for development as one of development, and say who says so.

    The stack itself stays what plans are made for: that a team develops with it does not say what it will run in production.
    """
    note = next((note for note in project.development_notes if _is_meant(note, gap)), None)
    # What only a trial starts, another file replaces or no command of production turns on may not run in production, whatever
    # its set is called.
    aside = note is not None and bool(note.resource or note.is_trial or note.is_replaced)
    also = aside and gap.environment is EnvironmentClass.PRODUCTION
    if note is None or not (also or gap.environment is EnvironmentClass.BASE):
        return gap
    if note.is_trial and gap.severity <= Severity.MEDIUM:
        return gap
    return replace(
        gap,
        severity=_lowered(note, gap.severity),
        environment=note.environment,
        message=f"{gap.message.removesuffix('.')}; {note.location.path}:{note.location.line} {note.why}.",
        evidence=(*gap.evidence, Evidence(note.location, "related")),
    )


def _by_evidence(project: Project, gap: Gap) -> Gap:
    """Keep a gap of a stack below high where nothing shows that others than its developers run it, and say what shows that."""
    most = most_severe(project, gap)
    if most is None:
        return gap
    severity, why, place = most
    return replace(
        gap,
        severity=severity,
        message=f"{gap.message.removesuffix('.')}; {place.path}:{place.line} {why}.",
        evidence=(*gap.evidence, Evidence(place, "searched")),
    )


def _lowered(note: DevelopmentNote, severity: Severity) -> Severity:
    """Return what is left of a severity; in an example what counted stays in sight, for people who begin with it, and of a set
    that is called production all but the alarm: that nothing here starts it does not say that nobody does.
    """
    if note.is_trial:
        return min(severity, Severity.MEDIUM)
    least = Severity.LOW if note.is_whole and severity >= Severity.MEDIUM else Severity.INFO
    return max(least, severity.lowered(note.steps))


def _is_meant(note: DevelopmentNote, gap: Gap) -> bool:
    """Whether what a place says of files makes this gap matter less."""
    if gap.code in _KEYS or not _covers(note, gap):
        return False
    if note.environment is EnvironmentClass.EXAMPLE:
        return gap.code in _ALSO_OF_EXAMPLES or (gap.layer in _OF_FILES and gap.code not in FAILS_FOR_EVERYBODY)
    return gap.layer in _OF_FILES and not (note.is_replaced and gap.layer is Layer.BACKUP)


def _covers(note: DevelopmentNote, gap: Gap) -> bool:
    sets = [item.location.path for item in gap.evidence if item.role == "related"] if gap.code in _OF_A_SET else []
    return note.covers(gap.primary.path, gap.resource) or (bool(sets) and all(path in note.files for path in sets))


def _with_overrides(project: Project, gap: Gap) -> Gap:
    override = dict(project.configuration.severities).get(gap.code)
    return gap if override is None else replace(gap, severity=override)


def _with_external(project: Project, cards: tuple[LayerCard, ...]) -> tuple[LayerCard, ...]:
    external = project.configuration.external | (_OF_WORKFLOWS if project.inside else frozenset())
    return tuple(replace(card, external=True, state=LayerState.PRESENT) if card.layer in external else card for card in cards)


def _standing(project: Project, gap: Gap, baseline: frozenset[str]) -> JudgedGap:
    known = tuple(suppressions_of(project, gap))
    standing = next((item for item in known if not has_passed(item, project.today)), None)
    if standing:
        return JudgedGap(gap, "suppressed", standing)
    if gap.fingerprint in baseline:
        return JudgedGap(gap, "baseline")
    if known:
        return JudgedGap(replace(gap, message=f"{gap.message} (ignored until {known[0].until}, which is past)"))
    return JudgedGap(gap)


def shown(judgement: Judgement, *, everything: bool) -> tuple[JudgedGap, ...]:
    """Return the gaps of a report: low confidence only when `everything` is asked for."""
    return tuple(item for item in judgement.gaps if everything or item.gap.confidence is not Confidence.LOW)
