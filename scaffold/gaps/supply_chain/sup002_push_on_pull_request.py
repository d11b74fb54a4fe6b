"""SUP002: a workflow that runs on pull requests pushes an image, before anybody has reviewed what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scaffold.gaps.ci_signals import CiStep, ci_steps, input_location, pushes_image
from scaffold.model.document import Mapping, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.published_images import BUILD_ACTIONS
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import has_plain_push, is_written_here

_GUARD = regex(
    r"github\.(?:event_name|ref|ref_name|ref_type|head_ref|event\b|base_ref)|startsWith\(|merged|inputs\.|needs\.|steps\.|vars\.|env\."
)
_DECIDED = regex(
    r"\$\{\{[^}]*github\.(?:event_name|ref|ref_name|ref_type|head_ref|base_ref|event\.\w+)\b[^}]*(?:&&|\|\||[!=]=)"
    r"|\$\{\{[^}]*(?:[!=]=|startsWith\()[^}]*github\.(?:event_name|ref)\b",
    words=("github.",),
)
"""An expression that gives one text or another by the event or the ref: `github.event_name != 'pull_request' && '--push'`."""
_LOGS_IN = regex(r"\b(?:docker|podman|buildah|skopeo|crane\s+auth|helm\s+registry)\s+login\b", words=("login",))
_LOGIN_ACTIONS = frozenset({"docker/login-action", "redhat-actions/podman-login", "aws-actions/amazon-ecr-login"})
_VALUE = regex(r"\$\{\{[^}]*\}\}|\$\{?\w+\}?")
_FOR_A_TRY = regex(r"(?i)(?:^|[-_.])(?:pr|pull|tests?|testing|ci|preview|scan|cache|tmp|temp)(?:$|[-_.])")
"""Tags whose name says that nobody takes them for a release."""
_RAW_TAG = regex(
    r"type=raw,value=[\w.-]+(?:,priority=\d+)?(?:,enable=(?:true|\$\{\{\s*github\.event_name\s*==\s*'pull_request'\s*\}\}))?"
)
"""A tag in plain text that docker/metadata-action makes for a pull request as well."""
_FROM_METADATA = regex(r"\$\{\{\s*steps\.(?P<id>[\w-]+)\.outputs\.tags\s*\}\}")
_KEPT_OUT = regex(
    r"enable=(?:false$|\$\{\{(?![^}]*\|\|)[^}]*(?:github\.ref\s*==|startsWith\(github\.ref,\s*'refs/(?:heads|tags)"
    r"|github\.event_name\s*(?:!=\s*'pull_request'|==\s*'(?!pull_request)))|\{\{\s*is_default_branch\s*\}\}$)"
)
"""An `enable=` in a line of docker/metadata-action that is false for a pull request."""
_PUSH_COMMAND = regex(r"\b(?:docker|podman|buildah)\s+(?:image\s+)?push\b")
_PUSHING = regex(rf"{_PUSH_COMMAND.pattern}|--push\b|\bcompose\b.*\spush\b|\b(?:crane|skopeo)\s+(?:push|copy)\b")
_PUSHED = regex(r"\bpush\s+(?:-\S+\s+)*((?:\$\{\{[^}]*\}\}|[^\s;&])*+)")
_TAGGED = regex(r"(?:\s-t|\s--tag)[ =]+((?:\$\{\{[^}]*\}\}|\S)*+)")
_OF_A_COMMIT = regex(
    r"github\.(?:sha|run_id|run_number|event\.number|event\.pull_request\.(?:number|head\.sha)|event\.after)\b"
    r"|\$\{?GITHUB_(?:SHA|RUN_ID|RUN_NUMBER)\b|\bgit\s+(?:rev-parse|describe)\b(?!.*--abbrev-ref)"
    r"|\bgit\s+(?:log|show)\b.*%[hH]\b"
)
"""What one commit, run or pull request has alone."""
_VARIABLE = regex(
    r"\$\{\{\s*(?:steps\.(?P<step>[\w-]+)\.outputs\.(?P<output>[\w-]+)|env\.(?P<env>\w+))\s*\}\}"
    r"|\$\{?(?P<shell>[A-Za-z_]\w*)"
)
_HOPS = 3
"""Variables that are looked up one after the other."""
_MOST_VARIABLES = 6
"""Variables of one value that are looked up: the registry, the owner, the name and the parts of a tag."""
_CONDITION = "haya14busa/action-cond"
"""An action whose output is one of two inputs."""
_NEVER_OVERWRITES = frozenset({"ref", "semver", "pep440", "match", "edge", "schedule", "sha"})
"""Types of tags that a pull request gets none of, or one of its own (`pr-12`, the commit)."""


def _detect(project: Project) -> Iterator[Gap]:
    for item in ci_steps(project):
        if pushes_from_pull_requests(item):
            yield _gap(item)


def pushes_from_pull_requests(item: CiStep) -> bool:
    """Whether a step pushes an image on pull requests, too."""
    on_pull_requests = {"pull_request", "pull_request_target"} & set(item.workflow.events)
    return bool(on_pull_requests) and pushes_image(item) and not _is_guarded(item) and not _builds_a_branch(item)


def _builds_a_branch(item: CiStep) -> bool:
    """Whether the job takes the code of a branch that it names, whatever a pull request holds."""
    refs = [step.input("ref") for step in item.job.steps if step.action == "actions/checkout" and not step.input("path")]
    return bool(refs) and all(ref and "${{" not in ref and not ref.startswith("refs/pull") for ref in refs)


def _is_guarded(item: CiStep) -> bool:
    """Whether a condition on the step, its jobs or its `push` input may keep pull requests out."""
    conditions = [item.step.condition, *(job.condition for job in _chain(item.workflow, item.job))]
    return (
        any(_GUARD.search(text) for text in conditions)
        or "${{" in item.step.input("push")
        or bool(re.search(r"\bif\b.*\$", item.step.run))
        or any(_DECIDED.search(text) for text in (item.step.run, item.step.input("outputs"), *_values_of(item)))
        or _logs_in_for_some_events(item)
    )


def _values_of(item: CiStep) -> Iterator[str]:
    """Yield the values of the variables that a step's own commands or inputs take."""
    used = f"{item.step.run} {item.step.input('outputs')}"
    yield from (value for name, value in (*item.workflow.env, *item.job.env, *item.step.env) if name in used)


def _logs_in_for_some_events(item: CiStep) -> bool:
    """Whether each login of the job to a registry has a condition on the event: without one a push is refused."""
    steps = (step for step in item.job.all_steps if step.action in _LOGIN_ACTIONS or _LOGS_IN.search(step.run))
    conditions = [step.condition for step in steps]
    return bool(conditions) and all(_GUARD.search(text) for text in conditions)


def _has_tags_of_its_own(item: CiStep) -> bool:
    """Whether every tag that a step pushes is that of a commit, of a run, or one that docker/metadata-action gives a pull
    request alone.
    """
    # The ref of pull_request_target is the branch that it is for: its tag is the branch's, and its commit the branch's head.
    if "pull_request_target" in item.workflow.events:
        return False
    tags = _pushed_tags(item)
    return bool(tags) and all(_is_of_a_commit(item, tag) or _is_from_metadata(item, tag) for tag in tags)


def _pushed_tags(item: CiStep) -> list[str]:
    """Return the references that a step pushes; of a script all that it pushes by name, () where one of them is unknown."""
    if item.step.action in BUILD_ACTIONS:
        return [tag.strip() for tag in re.split(r"[\n,]", item.step.input("tags")) if tag.strip()]
    script = re.sub(r"\\\n", " ", item.step.run)
    lines = [line for line in script.splitlines() if _PUSHING.search(line)]
    found = [_PUSHED.findall(line) if _PUSH_COMMAND.search(line) else _TAGGED.findall(line) for line in lines]
    return [tag.strip("\"'") for tags in found for tag in tags] if all(found) else []


def _is_of_a_commit(item: CiStep, tag: str) -> bool:
    """Whether a tag, or a variable in it that the job sets, holds the commit or the number of the run or pull request."""
    answers: dict[tuple[str, str, int], bool] = {}
    return bool(_OF_A_COMMIT.search(tag)) or any(_is_set_to_a_commit(item, match, _HOPS, answers) for match in _variables(tag))


def _variables(text: str) -> Iterator[re.Match[str]]:
    return islice(_VARIABLE.finditer(text), _MOST_VARIABLES)


def _is_set_to_a_commit(item: CiStep, match: re.Match[str], hops: int, answers: dict[tuple[str, str, int], bool]) -> bool:
    """Whether all values that the job gives a variable or an output are of a commit: a pull request may run any branch. A value
    may be a variable in its turn, `hops` times; `answers` holds what has been asked.
    """
    name = match["output"] or match["env"] or match["shell"]
    key = (match["step"] or "", name, hops)
    if key not in answers:
        values = list(_values_in_job(item, match["step"], name))
        answers[key] = bool(values) and all(
            _OF_A_COMMIT.search(value)
            or (hops > 0 and any(_is_set_to_a_commit(item, inner, hops - 1, answers) for inner in _variables(value)))
            for value in values
        )
    return answers[key]


def _values_in_job(item: CiStep, step_id: str | None, name: str) -> Iterator[str]:
    """Yield what a job sets a variable to, or an output of the step of this id."""
    made = [step for step in item.job.steps if step_id in {None, step.id}]
    if not step_id:
        settings = (*item.workflow.env, *item.job.env, *(pair for step in made for pair in step.env))
        yield from (value for key, value in settings if key == name)
    for step in made:
        yield from re.findall(rf"(?<![\w$]){re.escape(name)}=([^\n]*)", step.run)
        if step_id and step.action == _CONDITION:
            yield from (step.input("if_true"), step.input("if_false"))


def _is_from_metadata(item: CiStep, tag: str) -> bool:
    match = _FROM_METADATA.fullmatch(tag)
    made = [step for step in item.job.steps if match and step.id == match["id"] and step.action == "docker/metadata-action"]
    return (
        len(made) == 1
        and "latest=true" not in made[0].input("flavor")
        and all(map(_spares_tags, made[0].input("tags").splitlines()))
    )


def _spares_tags(line: str) -> bool:
    fields = line.strip()
    kind = re.match(r"type=(\w+)", fields)
    return not fields or fields.startswith("#") or bool(kind and kind[1] in _NEVER_OVERWRITES) or bool(_KEPT_OUT.search(fields))


def _overwrites(item: CiStep) -> bool:
    """Whether one of the tags that a step pushes is in plain text the same for every pull request, and for what is released."""
    return any(_is_everybodys(tag) or _has_a_raw_tag(item, tag) for tag in _pushed_tags(item))


def _is_everybodys(reference: str) -> bool:
    """Whether a reference ends in a tag in plain text, or in a name without one, which means `latest`."""
    name, _, tag = _VALUE.sub("$", reference).rpartition("/")[2].partition(":")
    return "$" not in (tag or name) and not _FOR_A_TRY.search(tag)


def _has_a_raw_tag(item: CiStep, tag: str) -> bool:
    match = _FROM_METADATA.fullmatch(tag)
    made = [step for step in item.job.steps if match and step.id == match["id"] and step.action == "docker/metadata-action"]
    return any(_RAW_TAG.fullmatch(line.strip()) for step in made for line in step.input("tags").splitlines())


def _chain(workflow: Workflow, job: Job) -> tuple[Job, ...]:
    """Return the job and the jobs that it needs, directly or not."""
    found: list[Job] = []
    pending = [job]
    while pending:
        current = pending.pop()
        if current not in found:
            found.append(current)
            pending += [other for other in workflow.jobs if other.id in current.needs]
    return tuple(found)


def _gap(item: CiStep) -> Gap:
    own = _has_tags_of_its_own(item)
    fixed = not own and _overwrites(item)
    effect = "unreviewed code overwrites its tags"
    if own:
        effect = "unreviewed code lies in the registry, under tags of its own"
    elif not fixed:
        effect = "unreviewed code lies in the registry, and where a tag is not the pull request's own it overwrites that"
    return RULE.gap(
        resource=item.resource,
        subject="push",
        message=f"The job {item.job.id} pushes its image on pull requests too: {effect}.",
        severity=Severity.LOW if own else Severity.HIGH if fixed else Severity.MEDIUM,
        expected="a push on the main branch and on tags only",
        actual="a push on every event of the workflow",
        locations=(input_location(item, "push"),),
        related=tuple(trigger.location for trigger in item.workflow.triggers if trigger.event.startswith("pull_request")),
        closers=RULE.closers if _is_editable(item) else (Closer(None, "advice", _ADVICE),),
    )


def _is_editable(item: CiStep) -> bool:
    node = find(item.job.node, "steps", item.job.steps.index(item.step)) if item.step in item.job.steps else None
    return isinstance(node, Mapping) and is_written_here(node) and has_plain_push(item.step)


_ADVICE = "Give the step or its job a condition on the event, such as github.event_name != 'pull_request'."


RULE = Rule(
    code="SUP002",
    name="push-on-pull-request",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
    cause=Cause.PROJECT,
)
