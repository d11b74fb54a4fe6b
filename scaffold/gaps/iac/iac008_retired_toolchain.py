"""IAC008: the program that makes or applies the infrastructure has been given up by its makers."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_CDKTF = frozenset(
    {"cdktf", "cdktf-cli", "github.com/hashicorp/terraform-cdk-go/cdktf", "com.hashicorp:cdktf", "HashiCorp.Cdktf"}
)
_COPILOT = "copilot/.workspace"


def _detect(project: Project) -> Iterator[Gap]:
    cdktf = [item.location for item in foreign_infrastructure(project) if item.kind == "cdktf" and not is_test_path(item.path)]
    cdktf += [
        Location(item.path, 1)
        for item in project.manifests
        if not _CDKTF.isdisjoint(item.dependencies) and not is_test_path(item.path)
    ]
    if cdktf:
        yield _gap("cdktf", "CDK for Terraform was archived on 10 December 2025", "CDK Terrain, or plain Terraform", cdktf)
    copilot = [Location(path, 1) for path in project.files if path == _COPILOT or path.endswith(f"/{_COPILOT}")]
    if copilot:
        yield _gap("copilot", "The support of AWS Copilot ended on 12 June 2026", "Terraform, CDK or ECS Express Mode", copilot)


def _gap(subject: str, fact: str, expected: str, places: list[Location]) -> Gap:
    return RULE.gap(
        resource="iac",
        subject=subject,
        message=f"{fact}: what it makes goes on working, and nobody mends it any more.",
        expected=expected,
        actual=subject,
        locations=tuple(places),
    )


RULE = Rule(
    code="IAC008",
    name="retired-toolchain",
    layer=Layer.IAC,
    severity=Severity.INFO,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "CDK for Terraform: change the imports to cdktn, or keep the synthesised code. Copilot: keep its CloudFormation.",
        ),
    ),
)
