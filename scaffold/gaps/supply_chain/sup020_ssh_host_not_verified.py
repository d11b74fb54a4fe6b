"""SUP020: a deployment goes to a host over SSH and does not check that it is that host."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import is_test_path
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Step
from scaffold.model.regex import regex

_OFF = regex(
    r"(?i)\bStrictHostKeyChecking[=\s]+[\"']?(?:no|off|accept-new)\b|\bUserKnownHostsFile[=\s]+/dev/null|\bhost_key_checking\s*=\s*false"
)
_SCANS = regex(r"\bssh-keyscan\b(?![^\n]*\b(?:github\.com|gitlab\.com|bitbucket\.org)\b)")
_CONNECTS = regex(r"(?:^|[\s;&|(])(?:ssh|scp|sftp|rsync)\s+\S|\bDOCKER_HOST=[\"']?ssh://|\bansible-playbook\b|\bkamal\b")
_ACTIONS = regex(r"appleboy/(?:ssh|scp)-action")
"""Actions that take any key of the host where no `fingerprint` is given."""
_TRIAL = regex(r"(?i)(?:^|[/_.-])(?:e2e|tests?|ci|dev|development|local|vagrant)(?=[/_.-])")


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        places = [place for job in workflow.jobs for place in _unchecked(job)]
        if places:
            yield _gap(workflow.path, places)
    found: dict[str, list[Location]] = {}
    for command in project.commands:
        path = command.location.path
        is_off = command.context == "script" and "ostKey" in command.text and _OFF.search(command.text)
        if is_off and not (path in project.owned or is_test_path(path) or _TRIAL.search(path)):
            found.setdefault(path, []).append(command.location)
    yield from (_gap(path, places) for path, places in found.items())


def _unchecked(job: Job) -> Iterator[Location]:
    """Yield the places of a job that connect to a host whose key they do not know beforehand."""
    connects = any(_CONNECTS.search(step.run) for step in job.steps)
    for step in job.steps:
        scans = connects and _SCANS.search(step.run)
        if (_ACTIONS.match(step.uses.lower()) and not step.input("fingerprint")) or _OFF.search(_text(step)) or scans:
            yield step.run_location or step.uses_location or step.location


def _text(step: Step) -> str:
    return "\n".join((step.run, *(value for _, value in (*step.inputs, *step.env))))


def _gap(path: str, places: list[Location]) -> Gap:
    return RULE.gap(
        resource=path,
        subject="host-key",
        message=f"{path} connects to a host over SSH and takes whatever key answers: who can stand between the two, or in the"
        " place of an address that was given up, gets the commands and the secrets in them.",
        expected="the host's key or fingerprint, kept beside the private key",
        actual="any key",
        locations=tuple(dict.fromkeys(places)),
    )


RULE = Rule(
    code="SUP020",
    name="ssh-host-not-verified",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write the host's public key into known_hosts from a variable, or give the action its `fingerprint`.",
        ),
    ),
)
