"""The images that a stack builds from its own source, and which of them the workflows build."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.gaps.ci_signals import CiStep, builds_image, calls_remote_workflow, ci_steps, pushes_image
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure, main_services
from scaffold.model.alternatives import choose_profiles
from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import COMPOSE, is_elsewhere, place_of, run_text
from scaffold.model.document import Location, Mapping, find
from scaffold.model.names import Role
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import BUILD_ACTION, is_written_here

_PLATFORM_BUILDS = regex(
    r"\b(?:flyctl|fly)\s+deploy|git\s+push\s+(?:heroku|dokku)|railway\s+up|gcloud\s+run\s+deploy|\bkamal\s+(?:deploy|build)|copilot\s+(?:deploy|svc)"
    r"|\bsam\s+build|\beb\s+deploy|\bcdk\s+deploy|\bwerf\b|nixpacks|\bpulumi\s+up|ansible-playbook",
    words=(
        *("ansible-playbook", "copilot", "fly", "gcloud", "heroku", "dokku", "kamal", "nixpacks", "pulumi", "railway", "werf"),
        *("sam", "eb", "cdk"),
    ),
)
_PUSHES = regex(r"\b(?:docker|podman|buildah|crane|skopeo|nerdctl|ecr|image)\b[^\n]*\b(?:push|copy)\b|--push\b|\bpush=true\b")
BUILDS_ON_HOST = regex(rf"{COMPOSE}[^\n&|;]*\s(?:build\b|up\b[^\n&|;]*\s--build\b)")
"""A command that builds the images of a stack where it runs."""
_OTHER_BUILDERS = regex(
    r"\bkaniko\b|\bko\s|\bpack\s+build|skaffold|spring-boot:build-image|bootBuildImage|\bjib|dagger|earthly|depot|\baz\s+acr|\bgcloud\b|\bbake\b"
)
_NOT_SHIPPED = frozenset({Role.E2E, Role.MOCK, Role.MONITORING, Role.LOGGING, Role.TRACING, Role.ADMIN_UI})


def own_images(project: Project) -> Iterator[tuple[Stack, Service]]:
    """Yield one service for each image that the main stacks build: the first one with its context, file and target.

    Services of a profile that does not start beside those that production starts are left out.
    """
    seen: set[tuple[str, str, str]] = set()
    main = project.main_stack
    choice = choose_profiles(project, main) if main else None
    idle = {name for name, _ in choice.left_out} if choice else frozenset()
    for stack, service in main_services(project):
        build = service.build
        if build is None or build.remote or service.role in _NOT_SHIPPED or (stack is main and service.name in idle):
            continue
        key = (build.raw_context, build.raw_dockerfile, build.target)
        if key not in seen:
            seen.add(key)
            yield stack, service


@remembered
def building_steps(project: Project) -> tuple[CiStep, ...]:
    """Return the steps that build a container image."""
    return tuple(item for item in ci_steps(project) if builds_image(item))


def push_nowhere(project: Project, steps: tuple[CiStep, ...]) -> bool:
    """Whether these steps build images for a try on their own machine alone, and no text of the project pushes one.

    What may push by itself (an action, a builder that is not Docker's) counts as pushing.
    """
    theirs = (item for item in ci_steps(project) if item.workflow.path not in project.owned)
    if any(not _stays_here(item) for item in steps) or any(pushes_image(item) for item in theirs):
        return False
    return not any(_PUSHES.search(command.text) for command in project.commands)


def _stays_here(item: CiStep) -> bool:
    if item.step.uses:
        return item.step.action == BUILD_ACTION and not pushes_image(item)
    return not _OTHER_BUILDERS.search(item.text)


def built_on_hosts(project: Project) -> tuple[tuple[CiStep, Location], ...]:
    """Return the steps that have another machine build images of its sources, with the line that does so."""
    found = []
    for item in ci_steps(project):
        if item.workflow.path not in project.owned and "compose" in run_text(item.step) and is_elsewhere(item.step):
            match = BUILDS_ON_HOST.search(run_text(item.step))
            if match:
                found.append((item, place_of(item.workflow, item.step, match[0])))
    return tuple(found)


def built_elsewhere(project: Project) -> bool:
    """Whether something builds the images where no step of ours shows it: another CI, a platform, a remote workflow."""
    if project.other_ci or any(item.kind == "paas" for item in foreign_infrastructure(project)):
        return True
    return calls_remote_workflow(project) or any(_PLATFORM_BUILDS.search(item.text) for item in ci_steps(project))


def is_deliverable(project: Project, stack: Stack, service: Service) -> bool:
    """Whether the images workflow of scaffold can build the image: from a folder of this repository, in the main stack."""
    build = service.build
    known = build is not None and not build.inline and build.context is not None
    return known and stack.complete and stack.is_runnable_in_production and stack is project.main_stack


def is_built(service: Service, steps: tuple[CiStep, ...]) -> bool:
    """Whether one of the steps builds the image of `service`; a step whose context is computed may build any."""
    context = (service.build.context or "").removeprefix("./").strip("/") if service.build else ""
    return any(_may_build(item, context, service) for item in steps)


def _may_build(item: CiStep, context: str, service: Service) -> bool:
    if item.step.action == "docker/build-push-action":
        given = item.step.input("context", ".")
        computed = "${{" in given or given.startswith(("http", "git@"))
        if computed:
            return True
        file = item.step.input("file")
        same_file = (
            not file or "${{" in file or (service.build is not None and file.removeprefix("./") == service.build.dockerfile)
        )
        return given.removeprefix("./").strip("/").removeprefix(".") == context.removeprefix(".") and same_file
    if item.step.uses:
        return True
    return any(_builds_line(line, context, service) for line in item.text.splitlines())


def _builds_line(line: str, context: str, service: Service) -> bool:
    if "compose" in line:
        named = re.search(r"\bbuild\b(?P<rest>.*)", line)
        words = [word for word in re.findall(r"\S+", named["rest"]) if not word.startswith("-")] if named else []
        return not words or service.name in words or any("$" in word for word in words)
    if not re.search(r"\bbuild\b", line):
        return bool(re.search(r"bake|kaniko|\bko\b|skaffold|jib|earthly", line))
    paths = {word.removeprefix("./").strip("/\"'") for word in line.split()[1:]}
    return "$" in line or (context or ".") in paths or (not context and "." in paths) or "cd " in line


def pushing_builds(project: Project) -> tuple[CiStep, ...]:
    """Return the steps that build an image and push it."""
    return tuple(item for item in ci_steps(project) if builds_image(item) and pushes_image(item))


def by_job(steps: Iterable[CiStep]) -> Iterator[tuple[str, list[CiStep]]]:
    """Yield each job's resource with its steps."""
    jobs: dict[str, list[CiStep]] = {}
    for item in steps:
        jobs.setdefault(f"{item.workflow.path}/{item.job.id}", []).append(item)
    yield from jobs.items()


def can_be_attested(steps: list[CiStep]) -> bool:
    """Whether each build step takes attestations as inputs that an edit can add: an image that is loaded takes none."""
    return all(_takes_attestations(item) for item in steps)


def _takes_attestations(item: CiStep) -> bool:
    step = item.step
    node = find(item.job.node, "steps", item.job.steps.index(step)) if step in item.job.steps else None
    loaded = step.input("load").lower() == "true" or "type=docker" in step.input("outputs")
    return (
        step.action == BUILD_ACTION and isinstance(node, Mapping) and is_written_here(node) and bool(step.inputs) and not loaded
    )
