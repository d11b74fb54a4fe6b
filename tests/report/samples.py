"""Hand-made judgements, runs and plans that the report tests show."""

from __future__ import annotations

from scaffold.model.document import Location, Problem
from scaffold.model.finding import Finding, ToolRun
from scaffold.model.gap import Closer, Evidence, Gap, JudgedGap, LayerCard, Praise, Suppression
from scaffold.model.names import Confidence, EnvironmentClass, Layer, LayerState, Room, Severity
from scaffold.report.wire import FileChange, FileEdit, GapsReport, GenerateReport, LeftAlone, ValidateReport

COMPOSE = "docker-compose.yml"
EDIT = Closer(Room.EDITS, "edit")
FILES = Closer(Room.TERRAFORM, "files")
ADVICE = Closer(None, "advice", "Revoke the key at its provider.")


def gap(code: str = "CMP001", **changes: object) -> Gap:
    """Return a gap of a made-up project; `changes` replace its fields."""
    fields: dict[str, object] = {
        "code": code,
        "name": "depends-on-ignores-healthcheck",
        "layer": Layer.COMPOSE,
        "severity": Severity.MEDIUM,
        "confidence": Confidence.HIGH,
        "environment": EnvironmentClass.BASE,
        "resource": "base/worker",
        "subject": "depends_on/chromadb",
        "message": "worker starts before chromadb is healthy.",
        "expected": "condition: service_healthy",
        "actual": "condition: service_started",
        "evidence": (
            Evidence(Location(COMPOSE, 12, 7)),
            Evidence(Location(COMPOSE, 40, 5), "related"),
            Evidence(Location("docs/a b.md", 3), "searched"),
        ),
        "closes": (EDIT,),
        "blocked_by": ("CMP003",),
        "maps_to": ("KICS-1",),
    }
    return Gap(**{**fields, **changes})  # type: ignore[arg-type]


def judged(*gaps: Gap) -> tuple[JudgedGap, ...]:
    return tuple(JudgedGap(item) for item in sorted(gaps, key=Gap.sort_key))


def card(layer: Layer, state: LayerState, path: str = "", good: str = "") -> LayerCard:
    evidence = (Location(path, 1),) if path else ()
    return LayerCard(layer, state, evidence, (Praise(good, Location(path or COMPOSE, 2)),) if good else ())


CARDS = (
    card(Layer.COMPOSE, LayerState.PARTIAL, COMPOSE, "db is awaited until it is healthy"),
    card(Layer.IAC, LayerState.ABSENT),
    card(Layer.CI, LayerState.PRESENT, ".github/workflows/ci.yml", "the tests run on every change"),
    card(Layer.METRICS, LayerState.INERT, "monitoring/prometheus.yml"),
)

REPORT = GapsReport(
    project="shop",
    gaps=(
        JudgedGap(
            gap("SEC004", layer=Layer.SECRETS, severity=Severity.CRITICAL, closes=(ADVICE,), resource="a", name="key-tracked")
        ),
        JudgedGap(gap("CMP003", severity=Severity.HIGH, blocked_by=(), subject="healthcheck")),
        JudgedGap(gap()),
        JudgedGap(gap("IAC000", layer=Layer.IAC, closes=(FILES,), resource="iac", subject="iac", blocked_by=())),
        JudgedGap(
            gap("CMP010", severity=Severity.LOW, resource="base/api"),
            "suppressed",
            Suppression("inline", "restarted by the platform", "2027-01-31", Location(COMPOSE, 9)),
        ),
        JudgedGap(gap("CMP011", severity=Severity.LOW, resource="base/api"), "baseline"),
        JudgedGap(gap("IAC001", layer=Layer.IAC, severity=Severity.INFO, blocked_by=("IAC000",), resource="base/db")),
    ),
    cards=CARDS,
    problems=(Problem(Location("broken.yml", 3), "not valid YAML: found a tab"),),
    built=frozenset({Room.TERRAFORM, Room.MONITORING, Room.EDITS}),
    version="0.1.0",
)

RUNS = ValidateReport(
    (
        ToolRun("checkov", "3.3.30", "passed", 41, "2 checks are accepted in the files, each with its reason"),
        ToolRun("terraform-validate", "1.11.4", "not-run", 0, "the provider hashicorp/aws ~> 6.69 is not at hand"),
        ToolRun(
            "promtool",
            "3.13.5",
            "failed",
            2,
            "",
            (Finding("promtool", "check-rules", "monitoring/alerts.yml", 5, Severity.HIGH, "unclosed left parenthesis"),),
        ),
        ToolRun("helm", "", "not-run", 0, "nothing of its kind was written"),
    )
)

FINGERPRINT = "0123456789abcdef"
PLAN = GenerateReport(
    project="shop",
    files=(
        FileChange("infra/terraform/network.tf", "new", "terraform", (FINGERPRINT,), diff="+resource {\n"),
        FileChange("infra/terraform/versions.tf", "same", "terraform", (FINGERPRINT,)),
        FileChange("monitoring/prometheus.yml", "conflict", "monitoring", (), "edited by you since"),
        FileChange("monitoring/old.yml", "removed", "monitoring", (), "planned no more"),
    ),
    edits=(
        FileEdit(COMPOSE, ("SEC001",), (FINGERPRINT,), "POSTGRES_PASSWORD becomes required", removes_secret=True),
        FileEdit("Makefile", ("BCK002",), (FINGERPRINT,), "x", reason="git does not track it"),
    ),
    skipped=(LeftAlone(".env.example", "git ignores it (.gitignore:3)"),),
    open_gaps=7,
    closed_gaps=1,
    closed=frozenset({FINGERPRINT}),
)
