"""CIQ014: an image or a deployment goes out of a push while the tests of the same repository are still running."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci.end_to_end_jobs import end_to_end_steps
from scaffold.gaps.ci.outgoing import (
    BY_COMMIT,
    DEPLOY_ACTIONS,
    DEPLOYS,
    REMOTE_BUILDS,
    Going,
    going_out,
    ids_before,
    jobs_before,
)
from scaffold.gaps.ci.platform_releases import PlatformRelease, platform_releases
from scaffold.gaps.ci.untried_images import Untried, untried_images
from scaffold.gaps.ci_signals import CiStep, calls_remote_workflow, ci_steps, runs_tests, tests_something, unknown_needs
from scaffold.gaps.facts import listed, path_environment
from scaffold.gaps.test_commands import ran
from scaffold.model.document import Location, Mapping, find, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Cause, EnvironmentClass, Layer, Severity
from scaffold.model.project import Command, Job, Project, Step, Trigger, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_triggers import nested_events, trigger_faults

_WAITS = regex(
    r"wait-?on-?check|wait-?for|wait-?action|await|gh\s+run\s+watch|check-runs|commits/[^\n]*/status|workflow-run-wait|alls-green"
)
_VAGUE_TESTS = regex(r"(?<![a-z])(?:tests?|e2e|specs?|checks?|verify|ci|qa)(?![a-z])")
_RELEASE = regex(r"(?<![a-z])release(?![a-z])")
_TEST_WORDS = regex(r"(?<![a-z])(?:tests?|e2e|specs?)(?![a-z])")
_NO_TEST = regex(
    r"(?m)\btest\s+(?:!\s+)?(?:-[a-z]\b|[\"'$])|--exclude[= ]\S+|^[ \t]*#.*$"
    r"|\btest\w*\s+(?:the\s+)?(?:\w+\s+)?(?:config\w*|connection\w*|ssh)\b"
)
"""Conditions of the shell, what a copy leaves out, comments, and tries of a configuration or a connection."""
_TAGS_ONLY = regex(r"refs/tags|ref_type\s*==\s*'tag'|event_name\s*==\s*'(?:release|workflow_dispatch|schedule)'")
_OUT = "push"
_OF_PAGES = regex(
    r"(?:docs?|documentation)(?:/.*)?|(?:netlify\.toml|vercel\.json|mkdocs\.ya?ml|README\.md|\.readthedocs\.ya?ml)"
)
"""What the pages about a project are made of."""
_REMOTE_TESTS = regex(r"/[\w-]*(?<![a-z])(?:tests?|e2e|specs?)(?![a-z])[\w-]*\.ya?ml")
_BUILDS_WITH_TESTS = regex(
    r"\bgradlew?\b[^\n&|;]{0,200}\sbuild\b(?![^\n&|;]{0,200}-x\s*test)"
    r"|\bmvnw?\b[^\n&|;]{0,200}\s(?:package|install|verify)\b(?![^\n&|;]{0,200}(?:skipTests|test\.skip))",
    words=("gradle", "mvn"),
)
_PUSHES = regex(r"\bdocker\s+(?:image\s+)?push\s+[\"']?(?P<name>[^\s\"']+)")


@frozen
class _Tests:
    """A job that runs tests, and the workflow that it stands in."""

    workflow: Workflow
    job: Job
    place: Location


def _work(project: Project) -> tuple[dict[tuple[str, str], list[CiStep]], dict[tuple[str, str], _Tests]]:
    """Return the steps of each job of workflows that GitHub takes, and the jobs among them that run tests."""
    everything = (*ci_steps(project), *_remote_steps(project))
    steps = [item for item in everything if item.workflow.path not in project.owned and not _is_rejected(item.workflow)]
    tests: dict[tuple[str, str], _Tests] = {}
    jobs: dict[tuple[str, str], list[CiStep]] = {}
    for item in steps:
        key = (item.workflow.path, item.job.id)
        jobs.setdefault(key, []).append(item)
        if runs_tests(item) or _REMOTE_TESTS.search(item.job.uses):
            tests.setdefault(key, _Tests(item.workflow, item.job, item.place))
    return jobs, tests


def _detect(project: Project) -> Iterator[Gap]:
    jobs, tests = _work(project)
    found: dict[str, list[Going]] = {}
    untested: list[Going] = []
    gated: list[Going] = []
    for found_steps in jobs.values():
        going = going_out(found_steps)
        if going is None or _is_of_pages(going.item.workflow):
            continue
        if _is_gated(going, tests):
            gated.append(going)
            continue
        if _starts_on_push(going.item):
            found.setdefault(going.item.workflow.path, []).append(going)
        elif _is_released_by_tag(going.item.workflow):
            untested.append(going)
    yield from _cloud_builds(project)
    yield from _platform_gaps(project, tests)
    yield from map(_untried_gap, untried_images(jobs, gated))
    yield from _past_end_to_end(jobs, tests)
    yield from _untested_releases(project, untested, tests)
    nothing_tests = not tests and not _may_be_tested(project)
    images_alone = nothing_tests and not any(going.deploys for outgoing in found.values() for going in outgoing)
    for outgoing in found.values():
        released = sorted(outgoing, key=lambda going: going.item.job.location.sort_key())
        workflow = released[0].item.workflow
        deploying = [going for going in released if going.deploys]
        if nothing_tests and deploying:
            yield _unguarded_gap(workflow, deploying)
        elif images_alone and not _tested_in_images(project):
            yield _unguarded_images(workflow, released)
        rivals = [
            item for item in tests.values() if _judges_the_same(workflow, item.workflow) and not _comes_after(item, released)
        ]
        if rivals:
            yield _gap(workflow, released, rivals)


def _tested_in_images(project: Project) -> bool:
    """Whether a step of a Dockerfile may run tests, as the build of Gradle and Maven does where nothing leaves them out."""
    steps = (item.text for file in project.dockerfiles for stage in file.stages for item in stage.instructions)
    return any(tests_something(text) or _BUILDS_WITH_TESTS.search(text) for text in steps)


def _may_be_tested(project: Project) -> bool:
    """Whether something may test the code that no list of test programs knows: a job by its words, another CI."""
    if project.other_ci or calls_remote_workflow(project):
        return True
    return any(_may_test(job) for workflow in project.workflows for job in workflow.jobs)


def _untested_releases(project: Project, untested: list[Going], tests: dict[tuple[str, str], _Tests]) -> Iterator[Gap]:
    if untested and not any(_may_test_pushes(item, tests) for item in project.workflows):
        yield _release_gap(untested, tests)
        return
    # Of an environment people may have to approve each deployment.
    deploying = [item for item in untested if item.deploys and not item.item.job.environment and _is_tagged(item.item.workflow)]
    if deploying and tests:
        yield _unawaited_gap(deploying, tests)


def _past_end_to_end(jobs: dict[tuple[str, str], list[CiStep]], tests: dict[tuple[str, str], _Tests]) -> Iterator[Gap]:
    """Yield what goes out of a push after other tests, while nothing waits for the end-to-end tests of the same change."""
    steps = end_to_end_steps(jobs)
    suites = {key: _Tests(item.workflow, item.job, item.place) for key, item in steps.items()}
    found: dict[str, tuple[list[Going], list[_Tests]]] = {}
    outgoing = (going_out(found_steps, by_commit=True) for found_steps in jobs.values()) if suites else ()
    for going in filter(None, outgoing):
        workflow, job = going.item.workflow, going.item.job
        if not _is_gated(going, tests) or _is_of_pages(workflow):
            continue
        before = {job.id, *ids_before(job, workflow)}
        if not _starts_on_push(going.item) or any((workflow.path, name) in suites for name in before):
            continue
        rivals = [
            item
            for item in suites.values()
            if _judges_the_same(workflow, item.workflow) and not _comes_after(item, [going]) and not item.job.condition
        ]
        if rivals and not any(_waits_elsewhere(item) for item in jobs[workflow.path, job.id]):
            found.setdefault(workflow.path, ([], rivals))[0].append(going)
    for released, rivals in found.values():
        yield _end_to_end_gap(released, rivals)


def _waits_elsewhere(item: CiStep) -> bool:
    return bool(_WAITS.search(f"{item.step.name} {item.step.uses} {item.step.run}".lower()))


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
            if DEPLOYS.search(text) and not any(_waits(steps, line, test) for test in tests)
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
        if untested and any(DEPLOYS.search(text) and not BY_COMMIT.search(text) for text in texts.values()):
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
    return any(not BY_COMMIT.search(match["name"]) and "BUILD_ID" not in match["name"] for match in _PUSHES.finditer(text))


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
    return _is_tagged(workflow)


def _is_tagged(workflow: Workflow) -> bool:
    tagged = (trigger.event == _OUT and find(trigger.node, "tags") for trigger in workflow.triggers)
    return "release" in workflow.events or any(tagged)


def _may_test_pushes(workflow: Workflow, tests: dict[tuple[str, str], _Tests]) -> bool:
    """Whether a workflow may test what is pushed: a tag then stands on a commit that was tested."""
    pushed = any(trigger.event in {_OUT, "schedule", "merge_group"} for trigger in workflow.triggers)
    tested = any(_says_test(job) or (job.uses and not REMOTE_BUILDS.search(job.uses.lower())) for job in workflow.jobs)
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


def _is_of_pages(workflow: Workflow) -> bool:
    """Whether pushes start a workflow for the pages about the project alone, which no test of the application judges."""
    folders = _folders(workflow, {_OUT})
    files = [_OF_PAGES.fullmatch(folder) for folder in folders]
    return bool(folders) and any(folder.startswith("docs") for folder in folders) and all(files)


def _comes_after(item: _Tests, released: list[Going]) -> bool:
    """Whether a job tries what these jobs sent out before it."""
    before = ids_before(item.job, item.workflow)
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


def _is_gated(going: Going, tests: dict[tuple[str, str], _Tests]) -> bool:
    """Whether the job runs tests itself, waits for a job that may, or looks at the state of the commit; and for an image,
    whether a job that waits for it tests it before anything is deployed.
    """
    workflow, job = going.item.workflow, going.item.job
    before = (job, *jobs_before(job, workflow))
    if any((workflow.path, item.id) in tests or _may_test(item) for item in before):
        return True
    if any(item.uses and not item.uses.startswith("./") and not REMOTE_BUILDS.search(item.uses.lower()) for item in before):
        return True
    return not going.deploys and job.id in known(_tried, workflow, tests)


def _tried(workflow: Workflow, tests: dict[tuple[str, str], _Tests]) -> frozenset[str]:
    """Return the jobs whose result a later one tests, where no other job between the two deploys."""
    found: set[str] = set()
    for job in (job for job in workflow.jobs if (workflow.path, job.id) in tests):
        before = ids_before(job, workflow)
        deploying = before & known(_deploying, workflow)
        if len(deploying) < 2:
            found |= deploying or before
    return frozenset(found)


def _deploying(workflow: Workflow) -> frozenset[str]:
    return frozenset(
        job.id
        for job in workflow.jobs
        if any(DEPLOYS.search(step.run) or DEPLOY_ACTIONS.match(step.uses.lower()) for step in job.steps)
    )


def _may_test(job: Job) -> bool:
    """Whether a name or a word of a job says that something is tried, in a form that no list of test programs knows."""
    return known(_says_that_it_tests, job)


def _says_that_it_tests(job: Job) -> bool:
    names = f"{job.id} {job.name} {job.uses}".lower()
    steps = (f"{step.name} {step.uses} {step.run}" for step in job.all_steps if not _only_pretends(step))
    texts = _NO_TEST.sub(" ", "\n".join(steps).lower())
    return bool(_VAGUE_TESTS.search(names) or _TEST_WORDS.search(texts) or _WAITS.search(texts))


def _only_pretends(step: Step) -> bool:
    """Whether a step only installs things, shows texts and asks programs for their version."""
    return bool(step.run.strip()) and next(ran(step.run), None) is None


# --- the gap ----------------------------------------------------------------------------------------------------------


def _gap(workflow: Workflow, released: list[Going], rivals: list[_Tests]) -> Gap:
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


def _platform_gaps(project: Project, tests: dict[tuple[str, str], _Tests]) -> Iterator[Gap]:
    """Yield the blueprint whose platform releases each push while workflows still test it."""
    rivals = [item for item in tests.values() if {"push", "pull_request", "merge_group"} & set(item.workflow.events)]
    released: dict[str, list[PlatformRelease]] = {}
    for item in platform_releases(project) if rivals else ():
        released.setdefault(item.node.location.path, []).append(item)
    for path, found in released.items():
        tested = listed(f"{item.job.id} in {item.workflow.path}" for item in rivals)
        names = listed(item.service or "the service" for item in found)
        yield RULE.gap(
            resource=path,
            subject="tests",
            message=f"{found[0].platform} deploys {names} at every push to the branch, whatever"
            f" the tests say ({tested}): they may fail, and it is out already.",
            expected=found[0].waits,
            actual="deployed at every commit",
            locations=tuple(item.node.location for item in found),
            related=tuple(dict.fromkeys(item.place for item in rivals)),
            closers=(Closer(None, "advice", f"Write `{found[0].waits}`."),),
        )


def _unguarded_gap(workflow: Workflow, deploying: list[Going]) -> Gap:
    jobs = listed(item.item.job.id for item in deploying)
    return RULE.gap(
        resource=workflow.path,
        subject="tests",
        message=f"A push to the branch deploys ({jobs}), and no workflow tests anything: what is pushed is live soon after.",
        expected="a job that tests, and needs: at the job that deploys",
        actual="a deployment behind nothing",
        cause=Cause.PROJECT,
        kind="nothing tests",
        locations=tuple(dict.fromkeys(item.item.job.location for item in deploying)),
        related=tuple(item.item.place for item in deploying),
        severity=_severity(deploying, of_this_run=True, before_merge=False),
    )


def _unguarded_images(workflow: Workflow, released: list[Going]) -> Gap:
    jobs = listed(item.item.job.id for item in released)
    return RULE.gap(
        resource=workflow.path,
        subject="tests",
        message=f"A push to the branch sends images out ({jobs}) under a name that others pull, and no workflow tests"
        " anything: what is pushed is what they get.",
        expected="a job that tests, and needs: at the job that pushes",
        actual="images behind nothing",
        cause=Cause.PROJECT,
        kind="nothing tests",
        locations=tuple(dict.fromkeys(item.item.job.location for item in released)),
        related=tuple(item.item.place for item in released),
        severity=Severity.LOW,
    )


def _untried_gap(found: Untried) -> Gap:
    going, trial = found.going, found.trial
    does = "deploys" if going.deploys else "sends the image out"
    return RULE.gap(
        resource=going.item.workflow.path,
        subject=f"image/{going.item.job.id}",
        message=f"The job {going.item.job.id} {does} without waiting for {trial.job.id}, which builds the image and starts it"
        " for a try: one that does not start goes out all the same.",
        expected=f"needs: {trial.job.id}, on every ref from which something goes out",
        actual="nothing that waits for the try",
        locations=(going.item.job.location,),
        related=(going.item.place, trial.place),
        severity=Severity.MEDIUM if _starts_on_push(going.item) else Severity.LOW,
    )


def _end_to_end_gap(released: list[Going], rivals: list[_Tests]) -> Gap:
    workflow = released[0].item.workflow
    deploying = [item for item in released if item.deploys]
    jobs = listed(item.item.job.id for item in deploying or released)
    here = [item for item in rivals if item.workflow.path == workflow.path or _is_pushed(item.workflow)]
    names = listed(
        item.job.id if item.workflow.path == workflow.path else f"{item.job.id} in {item.workflow.path}"
        for item in here or rivals
    )
    when = "which run beside it" if here else "which only pull requests start"
    return RULE.gap(
        resource=workflow.path,
        subject="e2e",
        message=f"A push to the branch {'deploys' if deploying else 'pushes images'} ({jobs}) after other tests, and does not"
        f" wait for the end-to-end tests ({names}), {when}: what they find is out already.",
        expected="a job with the end-to-end tests in the needs of the one that releases",
        actual="nothing that waits for them",
        locations=tuple(dict.fromkeys(item.item.job.location for item in deploying or released)),
        related=tuple(dict.fromkeys(item.place for item in here or rivals)),
        severity=_severity(deploying, of_this_run=False, before_merge=True) if here else Severity.LOW,
    )


def _is_pushed(workflow: Workflow) -> bool:
    return any(map(_is_branch_push, workflow.triggers))


def _release_gap(released: list[Going], tests: dict[tuple[str, str], _Tests]) -> Gap:
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


def _unawaited_gap(deploying: list[Going], tests: dict[tuple[str, str], _Tests]) -> Gap:
    names = listed(f"{item.job.id} in {item.workflow.path}" for item in tests.values())
    return RULE.gap(
        resource=deploying[0].item.workflow.path,
        subject="release",
        message=f"A tag or release deploys ({listed(item.item.job.id for item in deploying)}) at once: nothing looks whether"
        f" the tests ({names}), which other events start, have passed for the commit that it names.",
        expected="a job that tests the tagged commit, and needs: at the job that deploys",
        actual="a deployment that waits for no test",
        locations=tuple(dict.fromkeys(item.item.job.location for item in deploying)),
        related=(*(item.item.place for item in deploying), *dict.fromkeys(item.place for item in tests.values())),
        severity=Severity.LOW,
    )


def _severity(deploying: list[Going], *, of_this_run: bool, before_merge: bool) -> Severity:
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
