"""CIQ023: the deployments of two environments go to folders of one host."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.deployments import is_deployment, place_of, renews_a_host
from scaffold.gaps.facts import once, path_environment
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex

_CHANGES_TO = regex(r"(?m)^[ \t]*cd[ \t]+[\"']?(?P<folder>(?:\$\{\{[^}]*\}\}|[^\s\"';&|])++)")
_ONE_OF_TWO = regex(r"\$\{\{[^}=]*==[^}&]*&&(?P<first>[^}|]*)\|\|(?P<second>[^}|]*)\}\}")
_WORDS = regex(r"(?i)[-_./]?(?<![a-z])(?:prod|production|live|staging|stage|stg|dev|development|test|preview|beta)(?![a-z])")
"""Words of an environment in the name of a folder."""


@frozen
class _Target:
    """Where a job brings the release: the host as the workflow writes it, and the folder that it goes to there."""

    workflow: Workflow
    job: Job
    host: str
    folder: str
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(_shared(project)))


def _shared(project: Project) -> Iterator[Gap]:
    targets = [target for workflow in foreign_workflows(project) for target in _targets(workflow)]
    for target in targets:
        chosen = _ONE_OF_TWO.search(target.folder)
        if chosen and _is_one_production(chosen["first"], chosen["second"]):
            yield _gap(target, target, (chosen["first"].strip(), chosen["second"].strip()))
    for first, second in combinations(targets, 2):
        if _are_two_environments(first, second):
            yield _gap(first, second, (first.folder, second.folder))


def _targets(workflow: Workflow) -> Iterator[_Target]:
    for job in workflow.jobs:
        # With an environment of GitHub, the same secret may name another host in each.
        if job.environment or not (is_deployment(workflow, job) or renews_a_host(workflow, job)):
            continue
        for step in job.steps:
            target = _target(workflow, job, step)
            if target is not None:
                yield target


def _target(workflow: Workflow, job: Job, step: Step) -> _Target | None:
    host, match = step.input("host").strip(), _CHANGES_TO.search(step.input("script"))
    if not host or match is None or "||" in host or "inputs." in host:
        return None
    return _Target(workflow, job, host, match["folder"], place_of(workflow, step, match[0].strip()))


def _are_two_environments(first: _Target, second: _Target) -> bool:
    """Whether two jobs go to the same host, and to folders of which one is production's and the other is not."""
    same = first.host == second.host and first.folder != second.folder
    alike = _WORDS.sub("", first.folder) == _WORDS.sub("", second.folder)
    return same and alike and _is_one_production(first.folder, second.folder)


def _is_one_production(*folders: str) -> bool:
    classes = [path_environment(folder) for folder in folders]
    return classes.count(EnvironmentClass.PRODUCTION) == 1


def _gap(first: _Target, second: _Target, folders: tuple[str, str]) -> Gap:
    names = " and ".join(dict.fromkeys(f"{item.job.id} in {item.workflow.path}" for item in (first, second)))
    return RULE.gap(
        resource=first.workflow.path,
        subject=f"host/{first.job.id}",
        message=f"Two environments are deployed to one host ({names}): {folders[0]} and {folders[1]}. What fills its disk or"
        " memory, restarts Docker or takes a name of a shared network in the one is felt in the other.",
        expected="a host of its own for production",
        actual="two folders of one host",
        locations=tuple(dict.fromkeys((first.place, second.place))),
    )


RULE = Rule(
    code="CIQ023",
    name="environments-share-a-host",
    layer=Layer.CI,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give production a host of its own; until then its own project name, networks, ports and memory limits for both.",
        ),
    ),
)
