"""SUP022: a workflow asks for a secret in its form, where the log of every run shows it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed
from scaffold.model.document import Location, Mapping, find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, Workflow
from scaffold.model.regex import regex

_SECRET = regex(
    r"(?i)(?!(?:use|with|skip|has|rotate|renew|reset|print|show|check)[_-])(?:[a-z0-9]+[_-])*"
    r"(?:password|passwd|token|secret|(?:private|api|access|secret|ssh)[_-]?key)(?:[_-]?(?:b64|base64))?"
)
_MASKED = regex(r"GITHUB_EVENT_PATH[\s\S]*add-mask|add-mask[\s\S]*GITHUB_EVENT_PATH")
"""Masked without an expression, which the log would show in the mask's own command."""


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        if _MASKED.search(workflow.document.text):
            continue
        shown = {name: place for name, place in _asked(workflow) if _is_shown(workflow, name)}
        if shown:
            yield _gap(workflow, shown)


def _asked(workflow: Workflow) -> Iterator[tuple[str, Location]]:
    """Yield the fields of the form that are called like a secret and take any text."""
    for trigger in workflow.triggers:
        inputs = trigger.node.get("inputs") if trigger.event == "workflow_dispatch" and trigger.node else None
        for entry in inputs.entries if isinstance(inputs, Mapping) else ():
            kind = text_of(find(entry.value, "type")) or "string"
            if kind == "string" and _SECRET.fullmatch(entry.key.value):
                yield entry.key.value, entry.key.location


def _is_shown(workflow: Workflow, name: str) -> bool:
    """Whether an expression with the field stands in what a job runs, sets or hands over: the log repeats all of these."""
    use = regex(rf"\$\{{\{{[^}}]*\binputs\.{name}(?![\w-])")
    values = [value for _, value in workflow.env]
    for job in workflow.jobs:
        values += [value for _, value in job.env]
        for step in job.all_steps:
            values += [step.run, *(value for _, value in (*step.env, *step.inputs))]
    return any(use.search(value) for value in values)


def _gap(workflow: Workflow, shown: dict[str, Location]) -> Gap:
    return RULE.gap(
        resource=workflow.path,
        subject="dispatch-inputs",
        message=f"Whoever starts the workflow types {listed(shown, 4)} into its form: GitHub masks no input, and the log"
        " shows the value to everybody who may read the repository.",
        expected="a secret of the repository or the environment, or a token that the job gets for itself",
        actual="an input of workflow_dispatch",
        locations=tuple(shown.values()),
    )


RULE = Rule(
    code="SUP022",
    name="secret-as-workflow-input",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Keep it as a secret of the environment, read as `secrets.NAME`; replace what was typed in, and delete those runs.",
        ),
    ),
)
