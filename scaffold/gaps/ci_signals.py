"""What the workflows run: their steps, and the commands behind make, npm and the like, one level deep."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.remembered import remembered
from scaffold.gaps.test_commands import ran
from scaffold.model.document import Location, Mapping, Sequence
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.published_images import BUILD_ACTIONS
from scaffold.model.regex import regex

_INDIRECT = regex(
    r"\b(?:make|just|task|invoke|inv|rake|composer|npm|pnpm|yarn|bun|poe|hatch|pdm|nox|tox)\b(?P<words>[^\n;&|]*)"
)
_BUILD_COMMAND = regex(
    r"\b(?:docker|podman|nerdctl)\s+(?:buildx\s+)?(?:build|bake)\b|\bdocker(?:-|\s+)compose\b[^\n;&|]*\s(?:build|up[^\n;&|]*--build)\b"
    r"|\bbuildah\s+(?:bud|build)\b|\bkaniko\b|\bko\s+(?:build|publish|resolve|apply)\b|\bpack\s+build\b|\bdocker\s+buildx\s+bake\b"
    r"|\bskaffold\s+build\b|\bspring-boot:build-image\b|\bbootBuildImage\b|\bjib(?:DockerBuild|:build|:dockerBuild)?\b|\bdagger\b"
    r"|\bearthly\b|\bnixpacks\b|\bdepot\s+build\b|\baz\s+acr\s+build\b|\bgcloud\s+builds\s+submit\b",
    words=("build", "bake", "docker", "podman", "nerdctl", "kaniko", "ko", "Image", "jib", "dagger", "earthly", "nixpacks"),
)
_PUSHES = regex(
    r"\b(?:docker|podman|buildah|crane|skopeo)\s+(?:image\s+)?(?:push|copy)\b(?!\s+[\"']?(?:localhost|127\.0\.0\.1)[:/])|--push\b"
    r"|\bcompose\b[^\n]*\spush\b|\baz\s+acr\s+build\b(?![^\n]*--no-push)",
    words=("push", "copy", "acr"),
)
"""Commands that send an image to a registry, and not to one beside the job. A build in Azure's registry stays there."""
_BESIDE = regex(r"(?:localhost|127\.0\.0\.1)[:/]\S*")
_OF_THE_RUNNER = regex(r"(?:localhost|127\.0\.0\.1)[:/]")
_PUSHED_HERE = regex(
    r"\b(?:docker|podman|buildah|crane)\s+(?:image\s+)?push\s+(?:-\S+\s+)*[\"']?(?:localhost|127\.0\.0\.1)[:/]",
    words=("localhost", "127.0.0.1"),
)
"""A push to a registry that runs beside the job and is gone with it."""
_BUILD_ACTION_WORDS = regex(
    r"(?:build-push|bake-action|kaniko|buildah|docker-build|docker-publish|depot/build|ko-build|setup-ko|jib)"
)
_TESTS = regex(
    r"\b(?:pytest|tox|nox|vitest|jest|mocha|rspec|phpunit|go\s+test|cargo\s+(?:nextest|test)|mix\s+test|dotnet\s+test"
    r"|playwright\s+test|cypress\s+run|turbo\s+(?:run\s+)?test"
    r"|nx\s+(?:(?:run-many|affected)\b[^\n]*\s)?(?:-t\s+|--targets?[= ])?test"
    r"|deno\s+test|flutter\s+test|bazel\s+test|ctest|swift\s+test|artisan\s+test|vendor/bin/pest|lerna\s+run\s+test"
    r"|manage\.py\s+test|-m\s+unittest|(?:rails|rake)\s+(?:test|spec)|(?:npm|pnpm|yarn|bun)\s+(?:-[^\s;&|]+\s+(?:[^\s;&|-][^\s;&|]*\s+)?){0,3}?(?:run\s+)?test|(?:mvnw?|gradlew?)\b[^\n]*\b(?:test|verify|check)|make\s+(?:test|check))\b"
)
_CLEAN_INSTALL = regex(r"\b(?:npm|pnpm|bun)\s+(?:ci|clean-install)\b[^\n;&|]*")
"""A command of the package manager, whatever a script of the package is called."""
_FUNCTION = regex(r"(?:function\s+)?(?P<name>[\w:.-]+)\s*(?:\(\s*\))?\s*\{")


_LONGEST_LINE = 4000
_MOST_LINES = 5000


@frozen
class CiStep:
    """One step with the workflow and job it belongs to and every text that it runs."""

    workflow: Workflow
    job: Job
    step: Step
    text: str

    @property
    def resource(self) -> str:
        """The resource of a gap about this step: `<workflow>/<job>/<step>`."""
        return f"{self.workflow.path}/{self.job.id}/{step_key(self.job, self.step)}"

    @property
    def is_own(self) -> bool:
        """Whether it stands in the job itself, and in no local action or workflow that the job calls."""
        return id(self.step) in known(_ids, self.job.steps)

    @property
    def place(self) -> Location:
        """The line of what it runs or uses."""
        return self.step.uses_location or self.step.run_location or self.step.location


def _ids(steps: tuple[Step, ...]) -> frozenset[int]:
    return frozenset(map(id, steps))


def step_key(job: Job, step: Step) -> str:
    """Return the word by which a step is known: its id, its name, its action, else its place in the job."""
    if step.id or step.name or step.action:
        return step.id or step.name or step.action
    return f"step-{job.all_steps.index(step) + 1}"


@remembered
def ci_steps(project: Project) -> tuple[CiStep, ...]:
    """Return every step of every workflow, those of local actions and reusable workflows included."""
    targets = _Targets.of(project)
    return tuple(
        CiStep(workflow, job, step, _bounded("\n".join((step.run, *targets.behind(step.run)))))
        for workflow in project.workflows
        for job in workflow.jobs
        for step in job.all_steps
    )


def _bounded(text: str) -> str:
    """Return the text with lines cut where no person writes on, so that searching it stays linear."""
    return "\n".join(line[:_LONGEST_LINE] for line in text.split("\n")[:_MOST_LINES])


@frozen
class _Targets:
    """What make targets and package scripts run, by name, and what shell scripts run, by path."""

    named: dict[str, list[str]]
    scripts: dict[str, list[str]]

    @classmethod
    def of(cls, project: Project) -> _Targets:
        named: dict[str, dict[str, None]] = {}  # A script of many packages is most often the same text.
        scripts: dict[str, list[str]] = {}
        for command in project.commands:
            if command.context == "script":
                scripts.setdefault(command.location.path, []).append(command.text)
            elif command.context in {"makefile", "package"} and command.owner:
                named.setdefault(command.owner.rpartition(":")[2], {})[command.text] = None
        return cls({name: list(texts) for name, texts in named.items()}, scripts)

    def behind(self, run: str) -> Iterator[str]:
        """Yield the commands of the targets, package scripts and shell scripts that a text calls, one level deep."""
        words = {"test"} if re.search(r"\b(?:npm|pnpm|yarn|bun)\s+(?:t|it|cit)\b", run) else set()
        for match in _INDIRECT.finditer(_CLEAN_INSTALL.sub(" ", run)):
            words.update(re.findall(r"[\w:./-]+", match["words"]) or ["all"])
        for word in sorted(words & set(self.named)):
            yield from self.named[word]
        for path in sorted({word.removeprefix("./") for word in re.findall(r"[\w./-]+", run)} & set(self.scripts)):
            yield from _called_part(self.scripts[path], set(re.findall(rf"{re.escape(path)}[ \t]+([\w:.-]+)", run)))


def _called_part(lines: list[str], words: set[str]) -> list[str]:
    """Return the functions of a script that a call names, with those that they call: all lines where it hands no word on."""
    functions: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        opening = _FUNCTION.fullmatch(line)
        name = opening["name"] if opening else "" if line == "}" else name
        if name and not opening:
            functions.setdefault(name, []).append(line)
    if not words & functions.keys() or not any('"$@"' in line or "${@" in line for line in lines):
        return lines
    pending, taken = sorted(words & functions.keys()), dict[str, list[str]]()
    while pending:
        called = pending.pop()
        if called not in taken:
            taken[called] = functions[called]
            inside = {word for line in functions[called] for word in re.findall(r"[\w:.-]+", line)}
            pending += sorted(inside & functions.keys())
    return [line for body in taken.values() for line in body]


def runs_tests(item: CiStep) -> bool:
    """Whether a step starts a test program that is known by its name, and does more than install it or ask for its version."""
    return tests_something(item.text)


def tests_something(text: str) -> bool:
    """Whether a text starts a test program that is known by its name, and does more than install it or ask for its version."""
    return bool(_TESTS.search(text)) and any(_TESTS.search(item.text) for item in ran(text))


def builds_image(item: CiStep) -> bool:
    """Whether a step builds a container image."""
    step = item.step
    if step.action in BUILD_ACTIONS or (step.uses and _BUILD_ACTION_WORDS.search(step.action)):
        return True
    return bool(_BUILD_COMMAND.search(item.text))


def pushes_image(item: CiStep) -> bool:
    """Whether a step sends an image to a registry, which is no service of the job itself."""
    step = item.step
    if step.action in BUILD_ACTIONS:
        tags = step.input("tags").replace(",", " ").split()
        if tags and all(map(_BESIDE.fullmatch, tags)):
            return False
        outputs = step.input("outputs")
        tags = re.split(r"[\s,]+", step.input("tags").strip())
        if tags[0] and all(_OF_THE_RUNNER.match(tag) for tag in tags):
            return False
        pushed = "type=registry" in outputs or "push=true" in outputs
        return pushed or step.input("push", "false").strip().lower() not in {"", "false"}
    return bool(_PUSHES.search(_PUSHED_HERE.sub("", item.text)))


_CHORES = regex(r"(?:pr-)?(?:auto-?(?:approve|assign|label|merge)|approve|labell?er|stale|triage|greetings?|welcome)[._-]")
"""Names of workflows that look after issues and pull requests, and neither build nor test nor release anything."""


def calls_remote_workflow(project: Project) -> bool:
    """Whether a job calls a reusable workflow of another repository, whose steps nobody here can see, for more than chores."""
    used = (job.uses for workflow in project.workflows for job in workflow.jobs if job.uses)
    return any(not uses.startswith("./") and not _CHORES.match(uses.partition("@")[0].rpartition("/")[2]) for uses in used)


def input_location(item: CiStep, name: str) -> Location:
    """Return the line of one `with` key, else the line of the step."""
    steps = item.job.node.get("steps") if item.job.node else None
    for node in steps.items if isinstance(steps, Sequence) else ():
        if isinstance(node, Mapping) and node.location == item.step.location:
            given = node.get("with")
            entry = given.entry(name) if isinstance(given, Mapping) else None
            return entry.key.location if entry else item.place
    return item.place


def foreign_workflows(project: Project) -> tuple[Workflow, ...]:
    """Return the workflows that scaffold did not write."""
    return tuple(workflow for workflow in project.workflows if workflow.path not in project.owned)


def unknown_needs(workflow: Workflow) -> tuple[tuple[Job, str], ...]:
    """Return each job with the name of one that it needs and the workflow does not have."""
    return known(_unknown_needs, workflow)


def _unknown_needs(workflow: Workflow) -> tuple[tuple[Job, str], ...]:
    ids = {job.id.lower() for job in workflow.jobs}
    needed = ((job, name) for job in workflow.jobs for name in dict.fromkeys(job.needs))
    return tuple((job, name) for job, name in needed if name and "${{" not in name and name.lower() not in ids)


def effective_env(item: CiStep) -> dict[str, str]:
    """Return the variables that a step sees as written, the step's own over the job's over the workflow's."""
    return {**dict(item.workflow.env), **dict(item.job.env), **dict(item.step.env)}


def env_location(item: CiStep, name: str) -> Location:
    """Return the line of a variable that a step sets, else the line of the step."""
    return dict(item.step.env_locations).get(name, item.place)


def may_write_id_token(item: CiStep) -> bool:
    """Whether the job may ask GitHub for an OIDC token."""
    granted = item.job.permissions if item.job.permissions is not None else item.workflow.permissions
    return any(scope in {"id-token", "*"} and level == "write" for scope, level in granted or ())
