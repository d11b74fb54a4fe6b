"""CIQ023: the deployments of two environments go to folders of one host, or one stack holds both with the same secrets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import judged_stacks, once, path_environment
from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import is_deployment, place_of, renews_a_host
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, EnvironmentClass, Layer, Role, Severity
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex
from scaffold.model.store_urls import StoreUse, store_uses

_CHANGES_TO = regex(r"(?m)^[ \t]*cd[ \t]+[\"']?(?P<folder>(?:\$\{\{[^}]*\}\}|[^\s\"';&|])++)")
_ONE_OF_TWO = regex(r"\$\{\{[^}=]*==[^}&]*&&(?P<first>[^}|]*)\|\|(?P<second>[^}|]*)\}\}")
_WORDS = regex(r"(?i)[-_./]?(?<![a-z])(?:prod|production|live|staging|stage|stg|dev|development|test|preview|beta)(?![a-z])")
"""Words of an environment in the name of a folder."""

_REHEARSAL = regex(r"[-_.]?(?<![a-z])(?:staging|stage|stg|preprod|pre-prod|preproduction)(?![a-z])[-_.]?")
"""Words by which a service says that it is the staging of another."""
_QUEUE = regex(r"BROKER|REDIS|CELERY|QUEUE|AMQP|RABBIT")


@frozen
class _Target:
    """Where a job brings the release: the host as the workflow writes it, and the folder that it goes to there."""

    workflow: Workflow
    job: Job
    host: str
    folder: str
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    yield from once(_shared(project))
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    yield from once(gap for stack in stacks for gap in (*_of_stack(stack), *_by_database(stack)))


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


def _of_stack(stack: Stack) -> Iterator[Gap]:
    """Yield the first service of a stack that stands beside its own staging, where both start with one env file."""
    for service in stack.services:
        name = _REHEARSAL.sub("", service.name)
        real = stack.service(name) if name != service.name else None
        if real is None or not (real.is_application and service.is_application):
            continue
        theirs = {path for path, _ in real.env_files}
        shared = [(path, place) for path, place in service.env_files if path in theirs]
        # A file for both beside one of its own for each holds what is no secret.
        apart = len(shared) < min(len(theirs), len(service.env_files))
        if shared and not apart:
            yield _stack_gap(stack, real, service, *shared[0])
            return


def _by_database(stack: Stack) -> Iterator[Gap]:
    """Yield each service for trials that reaches the database server of its own production by the same login."""
    uses = [use for use in store_uses(stack) if use.service.is_application and "@" in (use.entry.raw or "")]
    for real, tried in permutations(uses, 2):
        names = (real.service.name, tried.service.name)
        base = {_WORDS.sub("", name) for name in names}
        if len(base) != 1 or names[0] == names[1] or real.entry.name != tried.entry.name or real.store is not tried.store:
            continue
        if not _is_trial_of(stack, real.service, tried.service):
            continue
        # The same text before the host: the same user by the same password.
        if (real.entry.raw or "").rpartition("@")[0] == (tried.entry.raw or "").rpartition("@")[0]:
            yield _database_gap(stack, real, tried)


def _is_trial_of(stack: Stack, real: Service, tried: Service) -> bool:
    """Whether the one is for trials, and runs beside the other, which is production's."""
    kind, other = path_environment(tried.name), path_environment(real.name)
    if tried.profiles or other in {*TRIED, EnvironmentClass.STAGING}:
        return False
    is_deployed = EnvironmentClass.PRODUCTION in {stack.environment, other}
    return kind is EnvironmentClass.STAGING or (kind in TRIED and is_deployed)


def _database_gap(stack: Stack, real: StoreUse, tried: StoreUse) -> Gap:
    same = real.url.database == tried.url.database
    what = "the very database of" if same else "the server of"
    harm = "what is only being tried writes into the data of production" if same else "it may read and drop that of production"
    return RULE.gap(
        resource=stack.resource(tried.service.name),
        subject=f"database/{real.service.name}",
        message=f"{tried.service.name} reaches {what} {real.service.name} ({real.store.name}) by the same user and password"
        f" ({tried.entry.name}): {harm}.",
        expected="a server of its own, or at least a user that has rights on its own database alone",
        actual="one login for both",
        locations=(tried.entry.location, real.entry.location),
        related=(real.store.location,),
        severity=Severity.HIGH if same else Severity.MEDIUM,
        environment=stack.environment,
        closers=(Closer(None, "advice", "Give what is being tried a database server, or a user, of its own."),),
    )


def _stack_gap(stack: Stack, real: Service, staging: Service, path: str, place: Location) -> Gap:
    workers = [item for item in stack.services if item.role is Role.WORKER and path in {other for other, _ in item.env_files}]
    apart = any(_QUEUE.search(entry.name) for entry in staging.environment if entry.source == "environment")
    takes = (
        f" {workers[0].name} is the only worker: it takes what either leaves in the queue, and does it in production."
        if len(workers) == 1 and not apart and not _REHEARSAL.search(workers[0].name)
        else ""
    )
    return RULE.gap(
        resource=stack.resource(staging.name),
        subject=f"staging/{real.name}",
        message=f"{staging.name} starts with the env file of {real.name} ({path}), in one stack with it: passwords and keys of"
        f" production open to what is only being tried, and stores and networks that a mistake there reaches.{takes}",
        expected="an env file, stores and a stack of its own for staging",
        actual="one env file for both",
        locations=(place,),
        related=(real.location, *(item.location for item in workers[:1] if takes)),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(
            Closer(
                None,
                "advice",
                "Give staging secrets, a database user, a broker and a worker of its own, best on another host.",
            ),
        ),
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
