"""SUP010: text that strangers write becomes code of a workflow, or their code runs with its rights."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, input_location
from scaffold.model.document import Location, find, scalars_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, Workflow
from scaffold.model.regex import regex

_WORDS = regex(
    r"\$\{\{[^}]*\bgithub\.(?:head_ref\b|event\.(?:issue|pull_request|discussion|comment|review|review_comment|head_commit|commits|pages"
    r"|workflow_run)\b[^}]*\.(?:title|body|message|name|email|label|ref|page_name|default_branch|head_branch|display_title)\b)"
)
_THEIR_CODE = regex(r"github\.(?:event\.(?:pull_request\.head|workflow_run\.head)|head_ref)|refs/pull/")
_PRIVILEGED = frozenset({"pull_request_target", "workflow_run"})


_WITH_RIGHTS = _PRIVILEGED | {"issues", "issue_comment", "discussion", "discussion_comment", "workflow_call", "fork", "watch"}
"""Events of strangers that run with secrets and the token's rights; a pull request from a fork runs with neither."""


_OF_STRANGERS = _WITH_RIGHTS | {"pull_request", "pull_request_review", "pull_request_review_comment"}
_KEEPS_FORKS_OUT = regex(
    r"head(?:_repository|\.repo)\.full_name\s*==\s*github\.repository\b|github\.repository\s*==\s*[\w.]*head(?:_repository|\.repo)\.full_name"
    r"|head(?:_repository|\.repo)\.fork\s*==\s*false|!\s*github\.event\.pull_request\.head\.repo\.fork\b"
    r"|workflow_run\.event\s*==\s*'(?:push|schedule|release|workflow_dispatch)'"
    # Who opened a pull request cannot be made up, unlike who pushed to it last (`github.actor`); these push no forks.
    r"|pull_request\.user\.login\s*==\s*'(?:dependabot|renovate)\[bot\]'",
    words=("head", "workflow_run", "user.login"),
)

_MAY_KEEP_OUT = regex(
    r"author_association|\blabels?\b|user\.login|head_repository|head\.repo\b|sender\.|permission|triggering_actor"
    r"|workflow_run\.event|approved",
    re.IGNORECASE,
)
"""What a condition may ask that strangers cannot answer, in a form that is not read here."""
_NO_PULL_REQUESTS = regex(r"workflow_run\.event\s*!=\s*'pull_request'", words=("workflow_run",))


def _detect(project: Project) -> Iterator[Gap]:
    for item in ci_steps(project):
        script = item.step.input("script") if item.step.action == "actions/github-script" else item.step.run
        if _WORDS.search(script):
            place = item.step.run_location or input_location(item, "script")
            events = set(item.workflow.events)
            exposed = bool(_WITH_RIGHTS & events)
            message = "Text that anybody may write (a title, a branch name) becomes part of the script"
            note = "" if exposed else "; from a fork it runs without secrets and with a token that can only read"
            # Of a reusable workflow nobody sees here which event its callers have.
            certain = bool((_WITH_RIGHTS - {"workflow_call"}) & events) and _is_harmful(item)
            severity = Severity.HIGH if certain else Severity.MEDIUM
            yield _gap(item, "script", f"{message}{note}.", place, severity)
        if _checks_out_theirs(item) and not _is_own(project, item):
            message = "The workflow runs with the rights of this repository and checks out the code of a pull request."
            severity = Severity.HIGH if _is_harmful(item) else Severity.MEDIUM
            yield _gap(item, "checkout", message, input_location(item, "ref"), severity)


def _is_harmful(item: CiStep) -> bool:
    """Whether a stranger's code surely gets something: no condition of the step or the job, and no job whose answer that asks
    for, looks at more than the event, no environment may wait for somebody's approval, and the job has a secret or a token
    that can write.
    """
    texts = [item.job.condition, item.step.condition]
    asked = [job for job in item.workflow.jobs if f"needs.{job.id}." in item.job.condition]
    texts += [text for job in asked for text in (job.condition, *(step.run for step in job.all_steps))]
    if item.job.environment or any(_MAY_KEEP_OUT.search(text) for text in texts):
        return False
    granted = item.job.permissions if item.job.permissions is not None else item.workflow.permissions
    writes = granted is None or any(level.startswith("write") for _, level in granted)
    given = (*item.workflow.env, *item.job.env, *(pair for step in item.job.all_steps for pair in (*step.env, *step.inputs)))
    return writes or any("secrets." in value for _, value in given)


def _checks_out_theirs(item: CiStep) -> bool:
    privileged = _PRIVILEGED & set(item.workflow.events)
    return bool(privileged) and item.step.action == "actions/checkout" and bool(_THEIR_CODE.search(item.step.input("ref")))


def _is_own(project: Project, item: CiStep) -> bool:
    """Whether the code can only be the repository's own: a condition keeps forks out, or what the workflow waits for starts on
    pushes alone.
    """
    conditions = " ".join((item.job.condition, item.step.condition)).replace('"', "'")
    only_ours = "||" not in conditions and _NO_PULL_REQUESTS.search(conditions)
    return bool(only_ours or _KEEPS_FORKS_OUT.search(conditions)) or _follows_pushes(project, item.workflow)


def _follows_pushes(project: Project, workflow: Workflow) -> bool:
    """Whether all that starts a workflow with rights are workflows of this repository that no pull request starts."""
    if _PRIVILEGED & set(workflow.events) != {"workflow_run"}:
        return False
    trigger = next(trigger for trigger in workflow.triggers if trigger.event == "workflow_run")
    names = {scalar.value for scalar in scalars_of(find(trigger.node, "workflows"))}
    before = [other for other in project.workflows if (other.name or other.path) in names]
    return bool(names) and len(before) == len(names) and not any(_OF_STRANGERS & set(other.events) for other in before)


def _gap(item: CiStep, subject: str, message: str, place: Location, severity: Severity) -> Gap:
    return RULE.gap(
        resource=item.resource,
        subject=subject,
        message=message,
        expected="the value through env, quoted; foreign code only in pull_request, without secrets",
        actual="an expression inside the script" if subject == "script" else "foreign code beside the repository's secrets",
        locations=(place,),
        severity=severity,
    )


RULE = Rule(
    code="SUP010",
    name="untrusted-input-reaches-a-shell",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Hand the value over in `env:` and quote the variable; check foreign code out in pull_request only."
        ),
    ),
    maps_to=("zizmor:template-injection", "zizmor:dangerous-triggers"),
)
