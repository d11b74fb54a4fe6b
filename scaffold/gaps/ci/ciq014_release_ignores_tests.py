"""CIQ014: an image or a deployment goes out of a push while the tests of the same repository are still running."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, pushes_image, runs_tests, tests_something, unknown_needs
from scaffold.gaps.facts import listed, path_environment
from scaffold.model.document import Location, Mapping, find, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Command, Job, Project, Step, Trigger, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_triggers import nested_events, trigger_faults

_DEPLOYS = regex(
    r"\bhelm\s+(?:upgrade|install)\b|\bkubectl\s+(?:apply|rollout\s+restart|set\s+image)\b|\bargocd\s+app\s+(?:sync|set)\b"
    r"|\bserverless\s+deploy\b|\bflyctl?\s+deploy\b|\baws\s+ecs\s+update-service\b|\baws\s+lambda\s+update-function-code\b"
    r"|\bkamal\s+deploy\b|\bgcloud\s+(?:run|app)\s+deploy\b|\bfirebase\s+deploy\b|\bgit\s+push\b[^\n]*\b(?:heroku|dokku)\b"
    r"|\bvercel\b[^\n]*--prod\b|\brailway\s+up\b|\bwrangler\s+deploy\b|\bdocker\s+stack\s+deploy\b"
    r"|\baws\s+cloudfront\s+create-invalidation\b|\bssh\s+[^\n]*\b(?:docker|compose|deploy)|\beb\s+deploy\b|\baz\s+(?:webapp|containerapp)\s+(?:deploy|update|up)\b"
)
_ACTIONS = regex(
    r"appleboy/ssh-action|aws-actions/amazon-ecs-deploy|azure/webapps-deploy|superfly/flyctl|akhileshns/heroku-deploy"
    r"|google-github-actions/deploy|azure/k8s-deploy|azure/container-apps-deploy|firebaseextended/action-hosting-deploy"
)
_BRANCH_PUSH = regex(r"\bgit\s+push\b(?![^\n]*(?:gh-pages|--tags|HEAD:main|HEAD:master))[^\n]*\s(?:origin|upstream)\s+\S")
_TRIAL_CLUSTER = regex(r"\bkind\s+create\b|\bminikube\b|\bk3d\b|\bhelm/kind-action\b|\bengineerd/setup-kind\b|\bct\s+install\b")
_TRIAL = regex(r"\b(?:preview|review|ephemeral|playground|pr|e2e|test|tests|testing|ci|dev|develop|development)\b")
_WAITS = regex(
    r"wait-?on-?check|wait-?for|wait-?action|await|gh\s+run\s+watch|check-runs|commits/[^\n]*/status|workflow-run-wait|alls-green"
)
_VAGUE_TESTS = regex(r"(?<![a-z])(?:tests?|e2e|specs?|checks?|verify|ci|qa)(?![a-z])")
_RELEASE = regex(r"(?<![a-z])release(?![a-z])")
_TEST_WORDS = regex(r"(?<![a-z])(?:tests?|e2e|specs?)(?![a-z])")
_REGARDLESS = regex(r"\balways\(\)|!\s*(?:cancelled|failure)\(\)")
_LOOKS_AT_RESULTS = regex(r"\bsuccess\(\)|\.result\b|\bconclusion\b|\boutputs\.")
_BY_COMMIT = regex(r"sha\b", re.IGNORECASE)
_MOVING = regex(r"\blatest\b|\bstable\b|type=(?:ref|semver|raw|edge|schedule|pep440)|ref_name|[:=](?:main|master|prod\w*)\b")
_TAGS_ONLY = regex(r"refs/tags|ref_type\s*==\s*'tag'|event_name\s*==\s*'(?:release|workflow_dispatch|schedule)'")
_OUT = "push"
_REMOTE_BUILDS = regex(
    r"^docker/github-builder/|/(?:[\w-]*[_-])?(?:image|docker|container)s?[_-](?:build|push|publish)[\w-]*\.ya?ml"
    r"|/(?:[\w-]*[_-])?(?:build|push|publish)(?:[_-]\w+)*[_-](?:image|docker|container)s?\.ya?ml"
)
"""Reusable workflows of others that build images and say so by their name."""
_IMAGE_INPUTS = regex(r"(?:^|[_-])(?:tags?|images?)(?:$|[_-])")
_REMOTE_TESTS = regex(r"/[\w-]*(?<![a-z])(?:tests?|e2e|specs?)(?![a-z])[\w-]*\.ya?ml")
_PUSHES = regex(r"\bdocker\s+(?:image\s+)?push\s+[\"']?(?P<name>[^\s\"']+)")
_PUBLISHES = regex(r"\bgoreleaser\s+release\b(?![^\n]*--snapshot)")


@frozen
class _Tests:
    """A job that runs tests, and the workflow that it stands in."""

    workflow: Workflow
    job: Job
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    everything = (*ci_steps(project), *_remote_steps(project))
    steps = [item for item in everything if item.workflow.path not in project.owned and not _is_rejected(item.workflow)]
    tests: dict[tuple[str, str], _Tests] = {}
    jobs: dict[tuple[str, str], list[CiStep]] = {}
    for item in steps:
        key = (item.workflow.path, item.job.id)
        jobs.setdefault(key, []).append(item)
        if runs_tests(item) or _REMOTE_TESTS.search(item.job.uses):
            tests.setdefault(key, _Tests(item.workflow, item.job, item.place))
    found: dict[str, list[_Going]] = {}
    untested: list[_Going] = []
    for found_steps in jobs.values():
        going = _going_out(found_steps)
        if going is None or _is_gated(going, tests):
            continue
        if tests and _starts_on_push(going.item):
            found.setdefault(going.item.workflow.path, []).append(going)
        elif _is_released_by_tag(going.item.workflow):
            untested.append(going)
    yield from _cloud_builds(project)
    yield from _untested_releases(project, untested, tests)
    for outgoing in found.values():
        released = sorted(outgoing, key=lambda going: going.item.job.location.sort_key())
        workflow = released[0].item.workflow
        rivals = [
            item for item in tests.values() if _judges_the_same(workflow, item.workflow) and not _comes_after(item, released)
        ]
        if rivals:
            yield _gap(workflow, released, rivals)


def _untested_releases(project: Project, untested: list[_Going], tests: dict[tuple[str, str], _Tests]) -> Iterator[Gap]:
    if untested and not any(_may_test_pushes(item, tests) for item in project.workflows):
        yield _release_gap(untested, tests)


def _remote_steps(project: Project) -> Iterator[CiStep]:
    """Yield, for each job that calls a workflow of another repository, that call as the one step of the job."""
    for workflow in project.workflows:
        for job in workflow.jobs:
            if job.uses and not job.uses.startswith("./"):
                given = find(job.node, "with")
                entries = given.entries if isinstance(given, Mapping) else ()
                inputs = tuple((entry.key.value, text_of(entry.value)) for entry in entries)
                yield CiStep(workflow, job, Step("", job.name, job.uses, "", job.location, inputs), "")


def _is_rejected(workflow: Workflow) -> bool:
    """Whether GitHub refuses the whole file, which is another gap."""
    return bool(nested_events(workflow.document) or trigger_faults(workflow.document) or any(unknown_needs(workflow)))


# --- Cloud Build ------------------------------------------------------------------------------------------------------


def _cloud_builds(project: Project) -> Iterator[Gap]:
    """Yield the files of Cloud Build with steps that deploy and wait, over all steps between, for none that tests."""
    files: dict[str, dict[int, Command]] = {}
    for command in project.commands:
        if command.after is not None:
            files.setdefault(command.location.path, {})[command.location.line] = command
    for path, steps in files.items():
        texts = {line: _with_script(project, command) for line, command in steps.items()}
        tests = [line for line, text in texts.items() if tests_something(text)]
        early = [
            line
            for line, text in texts.items()
            if _DEPLOYS.search(text) and not any(_waits(steps, line, test) for test in tests)
        ]
        if tests and early:
            yield RULE.gap(
                resource=path,
                subject="tests",
                message=f"A step deploys ({listed(steps[line].owner or steps[line].text.split()[0] for line in early)}) without"
                f" waiting for the tests ({listed(steps[line].owner for line in tests)}), and it is out when they fail.",
                expected=f"waitFor: [{steps[tests[0]].owner}]",
                actual="a waitFor that leads to no test",
                locations=tuple(steps[line].location for line in early),
                related=tuple(steps[line].location for line in tests),
            )
        moving = [] if not tests else [line for line, text in texts.items() if _moves_a_name(text)]
        untested = [line for line in moving if not any(_waits(steps, line, test) for test in tests)]
        if untested and any(_DEPLOYS.search(text) and not _BY_COMMIT.search(text) for text in texts.values()):
            yield RULE.gap(
                resource=path,
                subject="images",
                message=f"Images get the name that deployments take ({listed(steps[line].owner for line in untested)}) before"
                f" the tests ({listed(steps[line].owner for line in tests)}) have run: when they fail, the name already means"
                " the broken image.",
                expected="a name by commit before the tests, and the moving one after them",
                actual="pushed before the tests",
                locations=tuple(steps[line].location for line in untested),
                related=tuple(steps[line].location for line in tests),
            )


def _moves_a_name(text: str) -> bool:
    """Whether a text pushes an image by a name that the next build takes as well."""
    return any(not _BY_COMMIT.search(match["name"]) and "BUILD_ID" not in match["name"] for match in _PUSHES.finditer(text))


def _with_script(project: Project, command: Command) -> str:
    """Return a step's command with the lines of the script that it starts."""
    program = command.text.partition(" ")[0].removeprefix("./")
    lines = [item.text for item in project.commands if item.context == "script" and item.location.path == program]
    return "\n".join((command.text, *lines))


def _waits(steps: dict[int, Command], line: int, test: int) -> bool:
    """Whether a step starts after another one has ended, through the steps that stand between."""
    pending, seen = [line], {line}
    while pending:
        for before in steps[pending.pop()].after or ():
            if before == test:
                return True
            if before in steps and before not in seen:
                seen.add(before)
                pending.append(before)
    return False


# --- what goes out ----------------------------------------------------------------------------------------------------


@frozen
class _Going:
    """What a job sends out: its step, and whether that is a deployment or an image."""

    item: CiStep
    deploys: bool


def _going_out(steps: list[CiStep]) -> _Going | None:
    """Return the first deployment of a job, else the first image that it pushes under a name that others pull."""
    job = steps[0].job
    file = steps[0].workflow.path.rpartition("/")[2]
    names = re.sub(r"[_.]", "-", f"{job.id} {job.name} {job.environment} {file}".lower()).replace(" ci-", " ")
    if _TRIAL.search(names) or any(_TRIAL_CLUSTER.search(f"{item.text}\n{item.step.uses}") for item in steps):
        return None
    for item in steps:
        by_branch = "deploy" in names and _BRANCH_PUSH.search(item.step.run)
        if by_branch or _DEPLOYS.search(item.step.run) or _ACTIONS.match(item.step.uses.lower()):
            return _Going(item, deploys=True)
    for item in steps:
        if (pushes_image(item) or _pushes_elsewhere(item)) and _is_named(item, steps):
            return _Going(item, deploys=False)
        if item.step.action == "goreleaser/goreleaser-action" and "--snapshot" not in item.step.input("args"):
            return _Going(item, deploys=False)
        if _PUBLISHES.search(item.text):
            return _Going(item, deploys=False)
    return None


def _pushes_elsewhere(item: CiStep) -> bool:
    """Whether a called workflow of others builds images by its name, and is told to push them."""
    if not _REMOTE_BUILDS.search(item.step.uses.lower()) or item.step.input("push").lower() == "false":
        return False
    return any(_IMAGE_INPUTS.search(name) for name, _ in item.step.inputs)


def _is_named(item: CiStep, steps: list[CiStep]) -> bool:
    """Whether an image gets a name that moves: one by its commit alone waits until something deploys it."""
    text = f"{item.step.input('tags')}\n{item.step.input('outputs')}\n{item.step.run}"
    if item.job.uses and item.step.uses == item.job.uses:
        text = "\n".join(value for _, value in item.step.inputs)
    if "steps." in item.step.input("tags"):
        text += "\n".join(
            other.step.input("tags") or "type=ref" for other in steps if other.step.action == "docker/metadata-action"
        )
    return bool(_MOVING.search(text)) or not _BY_COMMIT.search(text)


# --- what starts it ---------------------------------------------------------------------------------------------------


def _starts_on_push(item: CiStep) -> bool:
    """Whether a push to a branch starts the job, and no person, tag or other workflow has to."""
    condition = item.job.condition.replace('"', "'")
    if "workflow_run" in item.workflow.events and "workflow_run" in condition:
        return False
    if _TAGS_ONLY.search(condition) or _TAGS_ONLY.search(item.step.condition.replace('"', "'")):
        return False
    return any(_is_branch_push(trigger) for trigger in item.workflow.triggers)


def _is_released_by_tag(workflow: Workflow) -> bool:
    """Whether a tag or a release of GitHub starts the workflow, or a person does for a release."""
    if "workflow_dispatch" in workflow.events and _RELEASE.search(
        f"{workflow.path.rpartition('/')[2]} {workflow.name}".lower()
    ):
        return True
    tagged = (trigger.event == _OUT and find(trigger.node, "tags") for trigger in workflow.triggers)
    return "release" in workflow.events or any(tagged)


def _may_test_pushes(workflow: Workflow, tests: dict[tuple[str, str], _Tests]) -> bool:
    """Whether a workflow may test what is pushed: a tag then stands on a commit that was tested."""
    pushed = any(trigger.event in {_OUT, "schedule", "merge_group"} for trigger in workflow.triggers)
    tested = any(_says_test(job) or (job.uses and not _REMOTE_BUILDS.search(job.uses.lower())) for job in workflow.jobs)
    return pushed and (tested or any(path == workflow.path for path, _ in tests))


def _says_test(job: Job) -> bool:
    texts = (job.id, job.name, *(f"{step.name} {step.uses} {step.run}" for step in job.all_steps))
    return bool(_TEST_WORDS.search("\n".join(texts).lower()))


def _is_branch_push(trigger: Trigger) -> bool:
    if trigger.event != _OUT:
        return False
    return not find(trigger.node, "tags") or bool(find(trigger.node, "branches"))


def _judges_the_same(workflow: Workflow, other: Workflow) -> bool:
    """Whether tests of another workflow judge the same change: on pushes or pull requests, and not of other folders."""
    if workflow.path == other.path:
        return True
    if not {"push", "pull_request", "merge_group"} & set(other.events):
        return False
    mine, theirs = _folders(workflow, {"push"}), _folders(other, {"push", "pull_request"})
    return not mine or not theirs or any(a.startswith(b) or b.startswith(a) for a in mine for b in theirs)


def _comes_after(item: _Tests, released: list[_Going]) -> bool:
    """Whether a job tries what these jobs sent out before it."""
    before = {job.id for job in _before(item.job, {job.id: job for job in item.workflow.jobs})}
    return any(going.item.workflow.path == item.workflow.path and going.item.job.id in before for going in released)


def _folders(workflow: Workflow, events: set[str]) -> set[str]:
    """Return what the filters by path begin with; empty where one of the events has none."""
    found: set[str] = set()
    for trigger in workflow.triggers:
        if trigger.event in events:
            paths = {item.value for item in scalars_of(find(trigger.node, "paths"))}
            if not paths:
                return set()
            found |= {re.split(r"[*?\[]", path)[0] for path in paths if not path.startswith(("!", ".github/"))}
    return found


# --- what it waits for ------------------------------------------------------------------------------------------------


def _is_gated(going: _Going, tests: dict[tuple[str, str], _Tests]) -> bool:
    """Whether the job runs tests itself, waits for a job that may, or looks at the state of the commit; and for an image,
    whether a job that waits for it tests it before anything is deployed.
    """
    workflow, job = going.item.workflow, going.item.job
    by_id = {item.id: item for item in workflow.jobs}
    before = (job, *_before(job, by_id))
    if any((workflow.path, item.id) in tests or _may_test(item) for item in before):
        return True
    if any(item.uses and not item.uses.startswith("./") and not _REMOTE_BUILDS.search(item.uses.lower()) for item in before):
        return True
    return not going.deploys and any(_tries(item, job, by_id, tests, workflow) for item in workflow.jobs)


def _tries(item: Job, job: Job, by_id: dict[str, Job], tests: dict[tuple[str, str], _Tests], workflow: Workflow) -> bool:
    """Whether `item` tests what `job` pushed, and no deployment stands between the two."""
    before = _before(item, by_id)
    between = [other for other in before if other.id != job.id]
    deploys = any(_DEPLOYS.search(step.run) or _ACTIONS.match(step.uses.lower()) for other in between for step in other.steps)
    return (workflow.path, item.id) in tests and job in before and not deploys


def _before(job: Job, by_id: dict[str, Job]) -> tuple[Job, ...]:
    """Return the jobs that have to succeed before this one starts, through all the jobs that it needs."""
    found: dict[str, Job] = {}
    pending = [job]
    while pending:
        item = pending.pop()
        if _REGARDLESS.search(item.condition) and not _LOOKS_AT_RESULTS.search(item.condition):
            continue  # It starts however the others ended.
        new = [by_id[name] for name in item.needs if name in by_id and name not in found]
        found.update({other.id: other for other in new})
        pending += new
    return tuple(found.values())


def _may_test(job: Job) -> bool:
    """Whether a name or a word of a job says that something is tried, in a form that no list of test programs knows."""
    names = f"{job.id} {job.name} {job.uses}".lower()
    texts = "\n".join(f"{step.name} {step.uses} {step.run}" for step in job.all_steps).lower()
    return bool(_VAGUE_TESTS.search(names) or _TEST_WORDS.search(texts) or _WAITS.search(texts))


# --- the gap ----------------------------------------------------------------------------------------------------------


def _gap(workflow: Workflow, released: list[_Going], rivals: list[_Tests]) -> Gap:
    here = [item for item in rivals if item.workflow.path == workflow.path]
    shown = here or rivals
    names = listed(item.job.id if here else f"{item.job.id} in {item.workflow.path}" for item in shown)
    deploying = [item for item in released if item.deploys]
    does = f"deploys ({listed(item.item.job.id for item in deploying)})" if deploying else "pushes images"
    before_merge = any({"pull_request", "merge_group"} & set(item.workflow.events) for item in rivals)
    return RULE.gap(
        resource=workflow.path,
        subject="tests",
        message=f"A push to the branch {does} without waiting for the tests ({names}): they may fail, and it is out already.",
        expected=f"needs: {here[0].job.id}" if here else "needs in one workflow, or workflow_run with a look at the conclusion",
        actual="nothing that waits for a test",
        locations=tuple(dict.fromkeys(item.item.job.location for item in released)),
        related=(*(item.item.place for item in released), *dict.fromkeys(item.place for item in shown)),
        severity=_severity(deploying, of_this_run=bool(here), before_merge=before_merge),
    )


def _release_gap(released: list[_Going], tests: dict[tuple[str, str], _Tests]) -> Gap:
    places = [item.place for item in tests.values()]
    where = (
        f"tests run elsewhere alone ({listed(item.job.id for item in tests.values())})"
        if tests
        else "no workflow tests anything"
    )
    return RULE.gap(
        resource=released[0].item.workflow.path,
        subject="release",
        message=f"The release runs no test of its own and waits for none: {where}, so what is named for it goes out as it is.",
        expected="a job that tests the tagged commit, and needs: at the job that publishes",
        actual="a release without a test",
        locations=tuple(dict.fromkeys(item.item.job.location for item in released)),
        related=(*(item.item.place for item in released), *dict.fromkeys(places)),
        severity=Severity.LOW,
    )


def _severity(deploying: list[_Going], *, of_this_run: bool, before_merge: bool) -> Severity:
    """Return low for what goes to staging alone, and for images of changes that were tested before their merge."""
    words = (
        f"{item.item.workflow.path.rpartition('/')[2]} {item.item.job.id} {item.item.job.environment}" for item in deploying
    )
    if deploying:
        staging = {path_environment(text) for text in words} == {EnvironmentClass.STAGING}
        return Severity.LOW if staging else Severity.MEDIUM
    return Severity.MEDIUM if of_this_run or not before_merge else Severity.LOW


RULE = Rule(
    code="CIQ014",
    name="release-ignores-tests",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the job `needs:` on the job that tests; across workflows start it by `workflow_run`, if that one succeeded.",
        ),
    ),
)
