"""Every rule against its cases, and what every rule has to keep: codes, texts, cases, places inside their files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.gaps.catalogue import all_rules, room_of, rules_for
from scaffold.model.gap import Gap, Rule
from scaffold.model.project import Project
from scaffold.read.project import read_project

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HEADINGS = (
    "## What it looks for",
    "## Why it matters",
    "## How to close it",
    "## When it stays silent",
    "## Sources",
)
CLOSING_ROOMS = {"files", "edit", "advice"}


def cases_path(rule: Rule) -> Path:
    return HERE / rule.layer.value.replace("-", "_") / f"{rule.code}.yaml"


def load_cases(rule: Rule) -> list[dict[str, Any]]:
    path = cases_path(rule)
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else []


def every_case() -> list[Any]:
    return [
        pytest.param(rule, case, id=f"{rule.code}-{case['name'].replace(' ', '-')}")
        for rule in all_rules()
        for case in load_cases(rule)
    ]


def as_expected(gap: Gap) -> dict[str, Any]:
    lines = [f"{item.location.path}:{item.location.line}" for item in gap.evidence if item.role == "primary"]
    related = [f"{item.location.path}:{item.location.line}" for item in gap.evidence if item.role == "related"]
    return {"resource": gap.resource, "subject": gap.subject, "severity": gap.severity.word, "lines": lines + related}


@pytest.mark.parametrize(("rule", "case"), every_case())
def test_case(rule: Rule, case: dict[str, Any], make_project: Callable[..., Path]) -> None:
    files = dict(case["files"])
    if "configuration" in case:
        files["scaffold.yaml"] = yaml.safe_dump(case["configuration"])
    project = read_project(make_project(files))
    gaps = sorted(rule.detect(project), key=lambda gap: (gap.resource, gap.subject))
    assert not gaps or rule in rules_for(project), "left out, though it finds something"
    found = [as_expected(gap) for gap in gaps]
    expected = sorted(case["expect"], key=lambda item: (item["resource"], item["subject"]))
    for actual, wanted in zip(found, expected, strict=False):
        # A case names the places that matter; further related places may stand after them.
        actual["lines"] = [line for line in actual["lines"] if line in wanted["lines"]]
    assert found == expected
    for gap in gaps:
        assert_sound(gap, project, files, case.get("secrets", []))


def assert_sound(gap: Gap, project: Project, files: dict[str, str], secrets: list[str]) -> None:
    for item in gap.evidence:
        text = files.get(item.location.path)
        assert text is not None, f"{item.location.path} is not a file of the case"
        assert 1 <= item.location.line <= max(1, text.count("\n") + 1)
    for word in (gap.message, gap.expected, gap.actual, gap.resource, gap.subject):
        assert word.strip()
    assert gap.closes
    assert all(closer.kind in CLOSING_ROOMS and (closer.by is not None or closer.text) for closer in gap.closes)
    shown = repr([getattr(gap, item.name) for item in fields(gap)])
    for secret in secrets:
        assert secret not in shown


def test_codes_are_unique_and_name_their_module() -> None:
    codes = [rule.code for rule in all_rules()]
    assert len(codes) == len(set(codes))
    for rule in all_rules():
        module = f"{rule.code.lower()}_{rule.name.replace('-', '_')}.py"
        assert (ROOT / room_of(rule.layer).replace(".", "/") / module).is_file()


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_rule_has_its_text(rule: Rule) -> None:
    path = ROOT / room_of(rule.layer).replace(".", "/") / f"{rule.code.lower()}_{rule.name.replace('-', '_')}.md"
    assert path.is_file(), f"{path.name} is missing"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    positions = [text.find(f"\n{heading}\n") for heading in HEADINGS]
    assert -1 not in positions, f"{path.name} lacks a heading"
    assert positions == sorted(positions)
    sections = re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]
    assert all(section.strip() for section in sections), f"{path.name} has an empty section"


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_rule_has_its_cases(rule: Rule) -> None:
    kinds = [case["kind"] for case in load_cases(rule)]
    assert kinds.count("positive") >= 1
    assert kinds.count("negative") + kinds.count("trap") >= 2
    assert "trap" in kinds
    for case in load_cases(rule):
        assert bool(case["expect"]) == (case["kind"] == "positive"), case["name"]


HOSTILE = {
    "wrong types": """
        services:
          a: {image: 5, ports: "80", environment: [1, {x: y}], depends_on: 3, healthcheck: [], volumes: {a: b}, profiles: x}
          b: {image: "", build: [], command: {a: 1}, healthcheck: {test: {}}, container_name: [1], deploy: 1, secrets: {}}
          c: null
          d: text
        networks: [a, b]
        volumes: 4
        """,
    "odd texts": """
        services:
          redis:
            image: redis:99999999999999999999
            command: 'redis-server --requirepass "unclosed'
            healthcheck: {test: "redis-cli ping || "}
            ports: ["${A}:${B}:${C:-${D:-}}", "99999999:1", ":::"]
          api:
            build: {context: ../../.., dockerfile: "../../x"}
            environment: {SECRET_KEY: "${X:-${Y:-${Z:-{{ }}}}}", URL: "http://[::1", DATABASE_URL: "a://b:c@@d"}
            volumes: ["./a:b:c:d", "${HOME:-}/x.conf:/etc/x.conf", "..:/etc"]
            healthcheck: {test: ["CMD-SHELL"]}
            depends_on: [api, redis]
        """,
    "a cycle and itself": """
        services:
          a: {image: "postgres:16", depends_on: [b], profiles: [x]}
          b: {image: "postgres:16", depends_on: {a: null}, profiles: []}
        """,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_rule_fails_on_hostile_input(name: str, make_project: Callable[..., Path]) -> None:
    files = {
        "docker-compose.yml": HOSTILE[name],
        ".github/workflows/ci.yml": "on: push\njobs: {}\n",
        "Dockerfile": "FROM\nUSER\nCOPY\n",
    }
    project = read_project(make_project(files))
    for rule in all_rules():
        for gap in rule.detect(project):
            assert gap.resource
            assert gap.message
            assert gap.evidence


def test_the_order_of_services_does_not_matter(make_project: Callable[..., Path]) -> None:
    files = {
        path: (ROOT / "examples" / "propertypro" / path).read_text(encoding="utf-8")
        for path in ("docker-compose.yml", "Makefile")
    }
    content = yaml.safe_load(files["docker-compose.yml"])
    turned = {**content, "services": dict(reversed(content["services"].items()))}
    prints = []
    for name, data in (("straight", content), ("turned", turned)):
        files["docker-compose.yml"] = yaml.safe_dump(data, sort_keys=False)
        project = read_project(make_project(files, name=name))
        prints.append({gap.fingerprint for rule in all_rules() for gap in rule.detect(project)})
    assert prints[0] == prints[1]
    assert len(prints[0]) > 20
