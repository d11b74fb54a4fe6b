"""The reports of the two examples, with the real rules: they hold to their schemas and fit a screen."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from scaffold.gaps.judge import judge
from scaffold.read.project import read_project
from scaffold.report.gaps_json import gaps_json
from scaffold.report.gaps_sarif import gaps_sarif
from scaffold.report.gaps_text import SCREEN, gaps_text
from scaffold.report.inspect_json import inspect_json
from scaffold.report.redaction import Redactor
from scaffold.report.wire import GapsReport
from scaffold.resources import package_file

SARIF_SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def held_to(name: str, text: str) -> None:
    schema = json.loads(package_file("schemas", f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))


@pytest.mark.parametrize("name", ["friday", "propertypro"])
def test_every_report_of_an_example(example, name):
    project = read_project(example(name))
    judgement = judge(project)
    redactor = Redactor(project)
    report = GapsReport(project.name, judgement.gaps, judgement.cards, project.problems)
    held_to("gaps", gaps_json(report, redactor))
    held_to("inspect", inspect_json(project, {}, redactor))
    jsonschema.Draft4Validator(SARIF_SCHEMA).validate(json.loads(gaps_sarif(report, redactor)))
    lines = gaps_text(report, redactor, width=80, color=False).splitlines()
    assert len(lines) <= SCREEN
    assert max(map(len, lines)) <= 80
