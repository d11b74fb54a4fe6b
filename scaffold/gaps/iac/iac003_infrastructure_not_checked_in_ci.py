"""IAC003: infrastructure is code, and no workflow checks it before it is applied."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import calls_remote_workflow, ci_steps
from scaffold.gaps.managed_stores import IAC_KINDS
from scaffold.gaps.signals import anchor, foreign_infrastructure, main_environment
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CHECKS = regex(
    r"\b(?:terraform|tofu|terragrunt|terramate)\b[^\n]*\b(?:fmt|validate|plan)\b|\b(?:tflint|checkov|tfsec|terrascan|kics|cfn-lint)\b"
    r"|\btrivy\s+config\b|\bpulumi\s+preview\b|\bcdk(?:tf)?\s+(?:synth|diff)\b|\bscaffold\s+validate\b|\baz\s+bicep\s+build\b"
    r"|\bcloudformation\s+validate-template\b|\bmake\s+(?:tf|terraform|infra)"
)
_ACTIONS = ("bridgecrewio/checkov-action", "aquasecurity/tfsec-", "terraform-linters/", "dflook/terraform-", "pulumi/actions")
_ELSEWHERE = regex(
    r"(?:.*/)?(?:atlantis\.ya?ml|\.spacelift/.*|spacelift\.ya?ml|env0\.ya?ml|\.terraform-cloud/.*)",
    words=(".spacelift/", ".terraform-cloud/", "atlantis.y", "env0.y", "spacelift.y"),
)


def _detect(project: Project) -> Iterator[Gap]:
    code = [item for item in project.infrastructure if item.kind in IAC_KINDS]
    theirs = [item for item in foreign_infrastructure(project) if item.kind in IAC_KINDS]
    if _is_checked(project) or any(item.kind == "paas" for item in project.infrastructure):
        return
    place = theirs[0].location if theirs else anchor(project)
    if place is None:
        return
    yield RULE.gap(
        resource="iac",
        subject="checked-in-ci",
        message="No workflow checks the infrastructure code: a mistake in it shows when it is applied."
        if code
        else "There is no infrastructure code yet, and no workflow that would check it.",
        expected="format, validation and a plan on every pull request",
        actual="no such step in the workflows",
        locations=(place,),
        searched=tuple(workflow.on_location or Location(workflow.path, 1) for workflow in project.workflows),
        environment=main_environment(project),
        closers=(Closer(None, "advice", _ADVICE),) if theirs else None,
    )


def _is_checked(project: Project) -> bool:
    """Whether a workflow, another CI system or a service for Terraform looks at the code before it is applied."""
    if project.other_ci or calls_remote_workflow(project) or any(_ELSEWHERE.fullmatch(path) for path in project.files):
        return True
    remote = any(kind == "cloud" for item in project.infrastructure for kind, _, _ in item.resources)
    return remote or any(_CHECKS.search(item.text) or item.step.action.startswith(_ACTIONS) for item in ci_steps(project))


_ADVICE = "Add a job with terraform fmt -check, init -backend=false and validate, and a plan with a role that may only look."

RULE = Rule(
    code="IAC003",
    name="infrastructure-not-checked-in-ci",
    layer=Layer.IAC,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.WORKFLOWS, "files"),),
)
