"""IMG003: a Dockerfile copies its whole context, and no .dockerignore keeps history and secrets out, or one without .env."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator

from scaffold.gaps.image.builds import environment_of, targets_of, users_of
from scaffold.gaps.image.context_flow import copies_everything, reaches_image, removed
from scaffold.gaps.image.img001_build_file_missing import nearest_dockerfile
from scaffold.gaps.remembered import remembered
from scaffold.model.dockerignore import ignore_file, ignore_path, leaves_out
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import TRIED, Cause, EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.starting import is_below

_DOCKER_BUILD = regex(r"\bdocker\s+(?:buildx\s+)?build\b|\bpodman\s+build\b|\bbuildah\s+bud\b")
_WITH_VALUE = frozenset(
    {
        *("-t", "--tag", "-f", "--file", "--build-arg", "--target", "--platform", "--cache-from", "--cache-to", "--secret"),
        *("--ssh", "--label", "--network", "-o", "--output", "--progress", "--build-context", "--builder", "--add-host"),
        *("--iidfile", "--metadata-file", "--shm-size", "-m", "--memory", "--annotation", "--attest", "--sbom"),
    }
)
"""Options of a build command whose value is the next word."""
_HEAVY = frozenset({".git", "node_modules", ".venv", "venv"})
_PLAIN_TEMPLATE = regex(
    r"\.?(?:dot)?env[._-](?:example|sample|template|dist)|\.?(?:example|sample|template)[._-]env", re.IGNORECASE
)
"""Names of templates whose values go into `.env` beside them."""
_Wide = list[tuple[Dockerfile, tuple[Location, ...]]]


def _detect(project: Project) -> Iterator[Gap]:
    wide: dict[str, _Wide] = {}
    open_to: dict[tuple[str, str], _Wide] = {}
    for dockerfile in project.dockerfiles:
        places = tuple(item.location for stage in dockerfile.stages for item in stage.instructions if copies_everything(item))
        for context in build_contexts(project, dockerfile) if places else ():
            path = ignore_file(project, dockerfile, context)
            if not path:
                wide.setdefault(context, []).append((dockerfile, places))
            elif _takes_env_file(project, dockerfile, context, path):
                open_to.setdefault((context, path), []).append((dockerfile, places))
    for context, found in sorted(wide.items(), key=lambda item: item[0]):
        yield _gap(project, context, found)
    for (context, path), found in sorted(open_to.items(), key=lambda item: item[0]):
        yield _env_gap(context, path, found)


def build_contexts(project: Project, dockerfile: Dockerfile) -> tuple[str, ...]:
    """Return the folders that are sent as context when this Dockerfile is built, "" for the root; empty when unknown."""
    own = (service.build for service in users_of(project, dockerfile))
    named = [build.context for build in own if build and build.context is not None]
    if not named:
        builds = [service.build for stack in project.stacks for service in stack.services if service.build]
        # A build whose Dockerfile moved away: its context is where the file was meant to be used.
        lost = [build for build in builds if build.dockerfile and not project.exists(build.dockerfile)]
        named = [
            build.context
            for build in lost
            if build.context is not None and nearest_dockerfile(project, build.dockerfile or "") == dockerfile
        ]
    named += [*_built_by_workflows(project).get(dockerfile.path, ()), *_contexts_of_commands(project, dockerfile)]
    if not named and _is_plain_name(dockerfile):
        named = [dockerfile.path.rpartition("/")[0]]
    return tuple(dict.fromkeys(named))


def _is_plain_name(dockerfile: Dockerfile) -> bool:
    return dockerfile.path.rpartition("/")[2] in {"Dockerfile", "Containerfile"}


@remembered
def _built_by_workflows(project: Project) -> dict[str, list[str]]:
    """Return the contexts that the steps of workflows build the Dockerfiles with."""
    found: dict[str, list[str]] = {}
    for workflow in project.workflows:
        for step in (step for job in workflow.jobs for step in job.all_steps):
            context = _clean(step.input("context"))
            file = _clean(step.input("file")) or (f"{context}/Dockerfile" if context else "Dockerfile")
            if step.action == "docker/build-push-action" and "$" not in context:
                found.setdefault(file, []).append(context)
    return found


def _contexts_of_commands(project: Project, dockerfile: Dockerfile) -> list[str]:
    found = _built_by_commands(project).get(dockerfile.path, ())
    return [context for context in found if project.exists(context)]


@remembered
def _built_by_commands(project: Project) -> dict[str, list[str]]:
    """Return the contexts that commands build the Dockerfiles with that they name."""
    found: dict[str, list[str]] = {}
    for command in project.commands:
        if not _DOCKER_BUILD.search(command.text):
            continue
        try:
            words = shlex.split(command.text)
        except ValueError:
            continue
        files = [after for word, after in itertools.pairwise(words) if word in {"-f", "--file"}]
        context = _context_word(words)
        if files and "$" not in context:
            found.setdefault(_clean(files[-1]), []).append(_clean(context))
    return found


def _context_word(words: list[str]) -> str:
    """Return the one word of a build command that is neither an option nor the value of one; the last word where none is."""
    start = next((number for number, word in enumerate(words) if word in {"build", "bud"}), 0) + 1
    for before, word in itertools.pairwise(words[start - 1 :]):
        if not word.startswith("-") and before not in _WITH_VALUE:
            return word
    return words[-1]


def _clean(path: str) -> str:
    clean = path.strip().removeprefix("./").rstrip("/")
    return "" if clean == "." else clean


def _takes_env_file(project: Project, dockerfile: Dockerfile, context: str, path: str) -> bool:
    """Whether the image that runs gets the context's `.env`, where the project says to keep secrets, past its ignore file."""
    if environment_of(project, dockerfile) in {EnvironmentClass.DEV, EnvironmentClass.TEST}:
        return False
    patterns = dict(project.dockerignores).get(path)
    if patterns is None or leaves_out(patterns, ".env") or not keeps_secrets_in_env(project, context):
        return False
    targets = targets_of(project, dockerfile)
    return any(reaches_image(dockerfile, target) and ".env" not in removed(dockerfile, target) for target in targets)


def keeps_secrets_in_env(project: Project, context: str) -> bool:
    """Whether secrets go into `.env` in this folder: it is not in the repository, and its template names some."""
    folder = f"{context}/" if context else ""
    return f"{folder}.env" not in project.files and any(
        file.kind == "template"
        and file.path not in project.owned
        and file.path.rpartition("/")[0] == context
        and any(is_sensitive_name(entry.name) for entry in file.entries)
        and _becomes_env(project, file.path.removeprefix(folder))
        for file in project.env_files
    )


def _becomes_env(project: Project, name: str) -> bool:
    if _PLAIN_TEMPLATE.fullmatch(name):
        return True
    copied = re.compile(rf"\bcp\s+(?:-\w+\s+)?(?:\./)?{re.escape(name)}\s+(?:\./)?\.env(?![\w.-])")
    return any(copied.search(command.text) for command in project.commands)


def _gap(project: Project, context: str, found: list[tuple[Dockerfile, tuple[Location, ...]]]) -> Gap:
    path = ignore_path(context)
    hidden = next((where for name, where in project.ignored if name in {path, ".dockerignore"}), "")
    note = f" ({hidden} makes git ignore it, so a local one does not reach anybody else)" if hidden else ""
    images = [(file, target) for file, _ in found for target in targets_of(project, file) if reaches_image(file, target)]
    deleted = frozenset.intersection(*(removed(file, target) for file, target in images)) if images else frozenset()
    taken = tuple(name for name in _sensitive_content(project, context) if name not in deleted) if images else ()
    written = _written_env(project, context, found) if images and not any(".env" in name for name in (*taken, *deleted)) else ""
    taken = (*taken, *((f"{written} with the secrets that people write there",) if written else ()))
    what = f", {' and '.join(taken)} included" if taken else ""
    folder = f"the whole folder {context or 'of the project'}"
    effect = (
        f"The image takes in {folder}{what}"
        if images
        else f"A build stage takes in {folder}, and the image gets parts of it only, but any changed file runs the stage again"
    )
    return RULE.gap(
        resource=path,
        subject="dockerignore",
        message=f"{effect}: there is no {path}{note}.",
        expected=path,
        actual="no such file; COPY takes everything",
        locations=tuple(dict.fromkeys(place for _, places in found for place in places)),
        severity=Severity.MEDIUM if taken else Severity.LOW,
    )


def _env_gap(context: str, path: str, found: _Wide) -> Gap:
    env = f"{context}/.env" if context else ".env"
    names = ", ".join(dict.fromkeys(dockerfile.path for dockerfile, _ in found))
    return RULE.gap(
        resource=path,
        subject="dockerignore/.env",
        kind=".env",
        message=f"{path} has no pattern for .env: an image of {names}, built where {env} lies, takes it in, and shows its "
        "secrets to whoever can pull it.",
        expected=f"`.env` in {path}",
        actual="no pattern that matches .env; COPY takes everything",
        locations=tuple(dict.fromkeys(place for _, places in found for place in places)),
        related=(Location(path, 1),),
        closers=(
            Closer(Room.EDITS, "edit"),
            Closer(None, "advice", "Add a line `.env` to the .dockerignore, and give the values when the container starts."),
        ),
    )


def _written_env(project: Project, context: str, found: _Wide) -> str:
    """Return the env file with secrets that people make in the context before they build: `.env` of its folder, or one that a
    service built there names; "" for none.
    """
    files = [dockerfile for dockerfile, _ in found if environment_of(project, dockerfile) not in TRIED]
    if files and keeps_secrets_in_env(project, context):
        return f"{context}/.env" if context else ".env"
    services = (service for dockerfile in files for service in users_of(project, dockerfile))
    named = (file for service in services for file, _ in service.env_files if is_below(file, context))
    return next((file for file in named if file.endswith("/.env") and keeps_secrets_in_env(project, file[: -len("/.env")])), "")


def _sensitive_content(project: Project, context: str) -> tuple[str, ...]:
    """Return what a build on a developer's machine would copy from the context: history, env files, dependencies."""
    found = [".git"] if project.git and not context else []
    real = [file.path for file in project.env_files if file.kind != "template" and file.path.rpartition("/")[0] == context]
    heavy = {name for name in _HEAVY if f"{context}/{name}" in project.directories}
    return (*found, *real[:2], *sorted(heavy | _heavy_at_the_top(project)))


@remembered
def _heavy_at_the_top(project: Project) -> frozenset[str]:
    return _HEAVY.intersection(path.partition("/")[0] for path in project.directories)


RULE = Rule(
    code="IMG003",
    name="no-dockerignore",
    layer=Layer.IMAGE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.ENV, "files"),),
    maps_to=("CKV_DOCKER_5",),
    cause=Cause.PROJECT,
)
