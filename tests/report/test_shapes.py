"""JSON, SARIF and Markdown: each output holds to its schema, and hostile text stays text."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from scaffold.model.document import Location
from scaffold.model.finding import ToolRun
from scaffold.model.gap import Evidence
from scaffold.model.names import Layer, Severity
from scaffold.report.gaps_json import gaps_json
from scaffold.report.gaps_markdown import MARKER, gaps_markdown
from scaffold.report.gaps_sarif import gaps_sarif
from scaffold.report.generate_json import generate_json
from scaffold.report.inspect_json import inspect_json
from scaffold.report.redaction import Redactor
from scaffold.report.validate_json import validate_json
from scaffold.report.wire import ValidateReport
from scaffold.resources import package_file
from tests.report.samples import FINGERPRINT, PLAN, REPORT, RUNS, gap, judged

NONE = Redactor()
SARIF_SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def held_to(name: str, text: str) -> dict[str, object]:
    document = json.loads(text)
    schema = json.loads(package_file("schemas", f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def test_the_json_of_gaps_is_the_documented_shape():
    document = held_to("gaps", gaps_json(REPORT, NONE))
    assert list(document) == ["version", "project", "summary", "layers", "gaps", "problems"]
    assert document["summary"] == {"critical": 1, "high": 1, "medium": 2, "low": 0, "info": 1}
    assert document["layers"][0] == {
        "layer": "compose",
        "state": "partial",
        "external": False,
        "evidence": [{"path": "docker-compose.yml", "line": 1}],
        "good": [{"message": "db is awaited until it is healthy", "path": "docker-compose.yml", "line": 2}],
    }
    shown = next(item for item in document["gaps"] if item["code"] == "CMP001")
    assert shown == {
        "code": "CMP001",
        "name": "depends-on-ignores-healthcheck",
        "layer": "compose",
        "severity": "medium",
        "confidence": "high",
        "environment": "base",
        "resource": "base/worker",
        "subject": "depends_on/chromadb",
        "message": "worker starts before chromadb is healthy.",
        "expected": "condition: service_healthy",
        "actual": "condition: service_started",
        "locations": [
            {"path": "docker-compose.yml", "line": 12, "column": 7, "role": "primary"},
            {"path": "docker-compose.yml", "line": 40, "column": 5, "role": "related"},
            {"path": "docs/a b.md", "line": 3, "column": 1, "role": "searched"},
        ],
        "closes": [{"by": "edits", "kind": "edit", "text": None}],
        "blocked_by": ["CMP003"],
        "status": "open",
        "suppression": None,
        "maps_to": ["KICS-1"],
        "fingerprint": gap().fingerprint,
    }
    assert list(shown)[:3] == ["code", "name", "layer"]


def test_an_absorbed_detail_keeps_what_blocks_it():
    document = json.loads(gaps_json(REPORT, NONE))
    assert next(item for item in document["gaps"] if item["code"] == "IAC001")["blocked_by"] == ["IAC000"]


def test_the_json_of_validate():
    document = held_to("validate", validate_json(RUNS, NONE))
    states = {run["tool"]: (run["state"], run["looked_at"]) for run in document["tools"]}
    assert states["terraform-validate"] == ("not-run", 0)
    assert document["tools"][2]["findings"][0]["line"] == 5


@pytest.mark.parametrize(
    "run",
    [ToolRun("t", "1", "passed", 0), ToolRun("t", "1", "not-run", 0), ToolRun("t", "1", "failed", 1)],
    ids=["passed over nothing", "not run for no reason", "failed without a finding"],
)
def test_the_schema_refuses_a_dishonest_run(run):
    with pytest.raises(jsonschema.ValidationError):
        held_to("validate", validate_json(ValidateReport((run,)), NONE))


def test_the_json_of_generate():
    document = held_to("generate", generate_json(PLAN, NONE))
    assert document["artifacts"][0] == {
        "path": "infra/terraform/network.tf",
        "state": "new",
        "room": "terraform",
        "closes": [FINGERPRINT],
        "reason": None,
    }
    assert [edit["applies"] for edit in document["edits"]] == [True, False]
    assert document["skipped"] == [{"path": ".env.example", "reason": "git ignores it (.gitignore:3)"}]


def test_the_json_of_inspect(make_project):
    from scaffold.read.project import read_project

    compose = "services:\n  db:\n    image: postgres:16-alpine\n    environment:\n      POSTGRES_PASSWORD: ${PW:-hunter2}\n      TZ: UTC\n"
    project = read_project(make_project({"docker-compose.yml": compose}))
    document = held_to("inspect", inspect_json(project, {"base": {"services": {"db": {}}}}, NONE))
    (service,) = document["services"]
    assert (service["name"], service["datastore"], service["version"]) == ("db", "postgres", "16")
    entries = {entry["name"]: entry for entry in service["env"]}
    assert (entries["POSTGRES_PASSWORD"]["line"], entries["POSTGRES_PASSWORD"]["references"]) == (5, ["PW"])
    assert (entries["TZ"]["secret"], entries["POSTGRES_PASSWORD"]["secret"] is None) == (None, False)
    assert "hunter2" not in json.dumps(document["services"])


# --- SARIF ------------------------------------------------------------------------------------------------------------


def sarif(report=REPORT):
    document = json.loads(gaps_sarif(report, NONE))
    jsonschema.Draft4Validator(SARIF_SCHEMA).validate(document)
    return document["runs"][0]


def test_sarif_holds_to_the_published_schema_and_points_at_its_rules():
    run = sarif()
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_levels_and_fingerprints():
    results = {result["ruleId"]: result for result in sarif()["results"]}
    assert {code: result["level"] for code, result in results.items()} == {
        "SEC004": "error",
        "CMP003": "error",
        "CMP001": "warning",
        "IAC000": "warning",
        "CMP010": "note",
        "CMP011": "note",
        "IAC001": "note",
    }
    assert results["CMP001"]["partialFingerprints"] == {"scaffold/v1": gap().fingerprint}


def test_security_severity_only_for_rules_about_security():
    rules = {rule["id"]: rule["properties"] for rule in sarif()["tool"]["driver"]["rules"]}
    assert [code for code, properties in rules.items() if "security-severity" in properties] == ["SEC004"]
    assert float(rules["SEC004"]["security-severity"]) > 9.0
    assert "security" in rules["SEC004"]["tags"]


def test_sarif_suppressions():
    results = {result["ruleId"]: result for result in sarif()["results"]}
    assert results["CMP010"]["suppressions"][0]["kind"] == "inSource"
    assert results["CMP010"]["suppressions"][0]["justification"] == "restarted by the platform"
    assert results["CMP011"]["suppressions"][0]["kind"] == "external"
    assert "suppressions" not in results["CMP001"]


def test_sarif_places_are_uris():
    results = {result["ruleId"]: result for result in sarif()["results"]}
    related = results["CMP001"]["relatedLocations"]
    assert [item["physicalLocation"]["artifactLocation"]["uri"] for item in related] == ["docker-compose.yml", "docs/a%20b.md"]
    region = results["CMP001"]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 12, "startColumn": 7}


def test_a_problem_is_told_to_code_scanning():
    (notice,) = sarif()["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"] == "not valid YAML: found a tab"


# --- Markdown ---------------------------------------------------------------------------------------------------------


def test_markdown_says_the_worst_first_and_folds_the_rest():
    gaps = [gap(resource=f"r{number}", severity=Severity.HIGH if number else Severity.CRITICAL) for number in range(12)]
    shown = gaps_markdown(replace(REPORT, gaps=judged(*gaps)), NONE)
    assert shown.startswith(MARKER)
    assert "**12 open gaps** (1 critical, 11 high); 12 at or above high." in shown
    assert shown.index("| critical |") < shown.index("| high |")
    assert "<details><summary>2 more</summary>" in shown


def test_markdown_stays_below_what_a_comment_holds():
    gaps = [gap(resource=f"r{number}", message="m" * 150) for number in range(2000)]
    shown = gaps_markdown(replace(REPORT, gaps=judged(*gaps)), NONE)
    assert len(shown) < 65536
    assert "1840 more are not listed here" in shown


def test_text_of_the_project_is_no_markup():
    hostile = "a | b\n# h <img src=x> [x](https://evil.example) @octocat `c` ![i](y)"
    item = gap(message=hostile, evidence=(Evidence(Location("a|b`<x>.yml", 1)),))
    shown = gaps_markdown(replace(REPORT, project=hostile, gaps=judged(item)), NONE)
    assert "<img" not in shown
    assert "@octocat" not in shown
    assert "://" not in shown
    (row,) = [text for text in shown.splitlines() if "CMP001" in text]
    assert row.replace("\\|", "").count("|") == 6


def test_a_lone_surrogate_does_not_break_the_json():
    document = held_to("gaps", gaps_json(replace(REPORT, project="a\udc80b"), NONE))
    assert "b" in document["project"]
    assert Layer.IAC in {item["layer"] for item in document["gaps"]}
