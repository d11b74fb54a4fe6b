"""helm lint --strict and helm template for every environment, with the stand-in values that a chart brings for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.model.regex import regex
from scaffold.process import find_program, run
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run, version_of, without_folder
from scaffold.validate.rendered import Rendered, render_charts, stand_ins
from scaffold.validate.request import ValidationRequest

NAME = "helm"
_MESSAGE = regex(r"^\[(?P<level>INFO|WARNING|ERROR)\] (?P<place>\S+?): (?P<message>.*)$")
_TEMPLATE = regex(r"\((?P<path>[\w.-]+/templates/[^:)]+):(?P<line>\d+)")
_LEVELS = {"WARNING": Severity.MEDIUM, "ERROR": Severity.HIGH}


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Lint every chart and render it for each environment; a message about a template names the chart's own file."""
    if not material.charts:
        return not_run(NAME)
    program = find_program(NAME)
    if program is None:
        return not_run(NAME, "helm is not installed")
    findings: list[Finding] = []
    for chart in material.charts:
        place = request.folder / chart
        done = run([program, "lint", "--strict", *stand_ins(place), "."], cwd=place, timeout=request.seconds)
        said = without_folder(f"{done.stdout}\n{done.stderr}", place)
        found = list(_findings(said, chart, request.folder))
        if done.code and not found:
            found.append(Finding(NAME, "lint", f"{chart}/Chart.yaml", 0, Severity.HIGH, " ".join(said.split())[:400]))
        findings += found
        # A chart that lint refuses is rendered no better, and would say the same once more.
        rendered = render_charts(request, (chart,), program) if not found else ()
        findings += [_unrendered(item, place) for item in rendered if item.error]
    return judged(NAME, version_of(program, "version", "--short", cwd=request.folder), len(material.charts), findings)


def _unrendered(item: Rendered, place: Path) -> Finding:
    message = " ".join(without_folder(item.error, place).split())[:400]
    return Finding(NAME, "template", item.path, 0, Severity.HIGH, message)


def _findings(text: str, chart: str, folder: Path) -> Iterable[Finding]:
    for line in text.splitlines():
        match = _MESSAGE.match(line)
        if not match or match["level"] not in _LEVELS:
            continue
        template = _TEMPLATE.search(match["message"])
        path = f"{chart}/{template['path'].partition('/')[2]}" if template else f"{chart}/{match['place']}"
        known = path if (folder / path).exists() else f"{chart}/Chart.yaml"
        number = int(template["line"]) if template else 0
        yield Finding(NAME, "lint", known.rstrip("/"), number, _LEVELS[match["level"]], match["message"][:400])
