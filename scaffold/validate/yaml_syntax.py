"""YAML: every file is parsed, and no key stands twice in one mapping."""

from __future__ import annotations

import yaml

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.validate.events import outline
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run
from scaffold.validate.request import ValidationRequest

NAME = "yaml"


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Parse every YAML file that is read as such; Helm's templates are not."""
    if not material.yaml:
        return not_run(NAME)
    findings = [
        Finding(NAME, "syntax", path, flaw.line, Severity.HIGH, flaw.message)
        for path in material.yaml
        for flaw in outline(request.text(path)).flaws
    ]
    return judged(NAME, f"PyYAML {yaml.__version__}", len(material.yaml), findings)
