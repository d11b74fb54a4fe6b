"""Gaps: what a rule found, what closes it, and the fingerprint by which two runs compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from scaffold.model.digest import sha256_hex
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import Cause, Confidence, EnvironmentClass, Layer, LayerState, Room, Severity

if TYPE_CHECKING:
    from scaffold.model.project import Project


@frozen
class Closer:
    """What closes a gap: a room by files or by an edit, or advice that a person follows."""

    by: Room | None
    kind: str
    """`files`, `edit` or `advice`."""
    text: str | None = None


@frozen
class Evidence:
    """A place that supports a gap; role is primary, related or searched (where an absent thing was looked for)."""

    location: Location
    role: str = "primary"


@frozen
class Gap:
    """One finding of one rule; no field ever holds a secret value."""

    code: str
    name: str
    layer: Layer
    severity: Severity
    confidence: Confidence
    environment: EnvironmentClass
    resource: str
    """`<stack>/<service>`, `<workflow>/<job>/<step>`, a path, or a layer."""
    subject: str
    """The key inside the resource: `ports/5432`, `environment/POSTGRES_PASSWORD`."""
    message: str
    expected: str
    actual: str
    evidence: tuple[Evidence, ...]
    closes: tuple[Closer, ...]
    blocked_by: tuple[str, ...] = ()
    """Codes of rules whose gap on the same subject has to be closed first or together."""
    maps_to: tuple[str, ...] = ()
    """Identifiers of the same check in other tools."""
    cause: Cause = Cause.SUBJECT
    """By what findings of the rule are one cause."""
    kind: str = ""
    """What else has to be the same for that: faults of one rule that are mended in different ways."""
    called: str = ""
    """What tells the finding from others of its cause; "" for the service, the end of the subject or the file."""
    variables: tuple[str, ...] = ()
    """The defaults that it is about, each as the file and the name of the variable: what another rule finds of one of them has
    the same cause.
    """

    @property
    def is_detail(self) -> bool:
        """Whether another finding tells this one, so that it is not counted by itself."""
        return self.code in self.blocked_by

    @property
    def told_by(self) -> str:
        """The code of the rule whose finding tells this detail, "" for what is counted by itself."""
        return self.blocked_by[-1] if self.is_detail else ""

    def as_detail_of(self, code: str) -> Gap:
        """Return the gap as one that a finding of the rule `code` tells."""
        return replace(self, severity=Severity.INFO, blocked_by=tuple(dict.fromkeys((*self.blocked_by, self.code, code))))

    @property
    def fingerprint(self) -> str:
        """Sixteen hex digits of code, resource and subject: no line number and no value moves it."""
        text = "\x00".join((self.code, self.resource, self.subject))
        return sha256_hex(text.encode())[:16]

    @property
    def primary(self) -> Location:
        """The place to show first."""
        return next((item.location for item in self.evidence if item.role == "primary"), self.evidence[0].location)

    def sort_key(self) -> tuple[int, int, str, str, str]:
        """Worst first, then the order of layers, code, resource, subject."""
        return (-self.severity, list(Layer).index(self.layer), self.code, self.resource, self.subject)


Detector = Callable[["Project"], Iterable[Gap]]


@frozen
class Rule:
    """One check: a code that is never reused, a name that says the problem, and a pure detector."""

    code: str
    name: str
    layer: Layer
    severity: Severity
    detect: Detector
    closers: tuple[Closer, ...]
    maps_to: tuple[str, ...] = ()
    cause: Cause = Cause.SUBJECT

    def gap(  # noqa: PLR0913 - a gap has this many facts; all are named at the call
        self,
        *,
        resource: str,
        subject: str,
        message: str,
        expected: str,
        actual: str,
        locations: tuple[Location, ...],
        related: tuple[Location, ...] = (),
        searched: tuple[Location, ...] = (),
        severity: Severity | None = None,
        confidence: Confidence = Confidence.HIGH,
        environment: EnvironmentClass = EnvironmentClass.BASE,
        closers: tuple[Closer, ...] | None = None,
        blocked_by: tuple[str, ...] = (),
        cause: Cause | None = None,
        kind: str = "",
        called: str = "",
        variables: tuple[str, ...] = (),
    ) -> Gap:
        """Return a gap of this rule; the severity is lowered by the environment class, further locations are primary too."""
        evidence = (
            *(Evidence(location, "primary" if index == 0 else "related") for index, location in enumerate(locations)),
            *(Evidence(location, "related") for location in related),
            *(Evidence(location, "searched") for location in searched),
        )
        worst = self.severity if severity is None else severity
        return Gap(
            code=self.code,
            name=self.name,
            layer=self.layer,
            severity=worst.lowered(environment.severity_steps),
            confidence=confidence,
            environment=environment,
            resource=resource,
            subject=subject,
            message=message,
            expected=expected,
            actual=actual,
            evidence=evidence,
            closes=self.closers if closers is None else closers,
            blocked_by=blocked_by,
            maps_to=self.maps_to,
            cause=self.cause if cause is None else cause,
            kind=kind,
            called=called,
            variables=variables,
        )


@frozen
class Praise:
    """Something that the files do right, said in the report."""

    message: str
    location: Location


@frozen
class LayerCard:
    """The state of one layer, with the files that decided it and what is good."""

    layer: Layer
    state: LayerState
    evidence: tuple[Location, ...] = ()
    good: tuple[Praise, ...] = ()
    external: bool = False


@frozen
class Suppression:
    """Why a gap does not count: an inline comment or scaffold.yaml, always with a reason."""

    kind: str
    reason: str
    until: str = ""
    location: Location | None = None


@frozen
class JudgedGap:
    """A gap with its standing: open, suppressed or baseline."""

    gap: Gap
    status: str = "open"
    suppression: Suppression | None = None


@frozen
class Judgement:
    """Everything that `gaps` says of a project."""

    gaps: tuple[JudgedGap, ...]
    cards: tuple[LayerCard, ...]

    @property
    def open(self) -> tuple[Gap, ...]:
        """The gaps that count, worst first."""
        return tuple(judged.gap for judged in self.gaps if judged.status == "open")
