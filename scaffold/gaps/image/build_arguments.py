"""Secrets that a build gets as arguments: the history of the image shows them to whoever has it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import chain, islice

from scaffold.gaps.facts import final_stages, is_test_path, judged_stacks
from scaffold.gaps.image.builds import DEVELOPMENT, targets_of
from scaffold.model.document import Location, Mapping, Node, Scalar, find, scalars_in
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Dockerfile, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name

_ARGUMENT = regex(r"--build-arg[=\s]+[\"']?(?P<name>[A-Za-z_]\w*)(?P<is>=?)", words=("--build-arg",))
_BUILD = regex(r"\b(?:docker|podman)\s+(?:buildx\s+)?build\b|\bbuildah\s+(?:bud|build)\b", words=("build", "bud"))
_LINE = regex(r"(?m)^[^\S\n]*[\"']?(?P<name>[A-Za-z_]\w*)=(?P<value>[^\n]*)")
_SECRET_OF_CI = regex(r"^[\"']?\$\{\{\s*secrets\.(?!GITHUB_TOKEN\b)")
_GIVEN = regex(r"^[\"']?(?:\$\{\{\s*secrets\.(?!GITHUB_TOKEN\b)|\$\{?[A-Za-z_])")
"""What a value begins with that comes from somewhere else; a text of its own is a stand-in that makes a build pass."""
_FOR_BROWSERS = regex(
    r"^(?:VITE|REACT_APP|NUXT|EXPO|GATSBY|VUE_APP|PUBLIC)_|DSN$|(?:^|_)(?:ANON|SITE|SEARCH|PUBLISHABLE|FIREBASE|MAPS?|MAPBOX|POSTHOG)(?:_|$)"
)
"""Names of keys that pages show to everybody."""
_ADDRESS_WITH_LOGIN = regex(r"(?:^|_)(?:DATABASE|POSTGRES|MYSQL|MONGO(?:DB)?)_UR[IL]$")
_RUN_BY = frozenset({"workflow", "script", "makefile"})
_BUILD_ACTION = "docker/build-push-action"
_EXPRESSION = regex(r"\$\{\{[^}\n]{0,200}\}\}", words=("${{",))
_END = regex(r"[;&|<>#\n]")
_BARE = frozenset(
    {
        "--no-cache",
        "--pull",
        "--push",
        "--load",
        "--rm",
        "--force-rm",
        "--quiet",
        "-q",
        "--squash",
        "--compress",
        "--debug",
        "-D",
    }
)
_LONGEST_START = 40
"""Characters of a value in which its start is seen."""
_MOST = 200
"""Arguments of builds that are looked at; nobody wrote more."""


@frozen
class BuildArgument:
    """A secret that a build gets: its name, where it stands, and the service or file that gives it."""

    name: str
    location: Location
    giver: str


def secret_arguments(project: Project) -> list[BuildArgument]:
    """Return the secrets that builds for production get as arguments which the image they make remembers."""
    return list(islice(chain(_of_services(project), _of_commands(project), _of_actions(project)), _MOST))


def _of_services(project: Project) -> Iterator[BuildArgument]:
    for stack in judged_stacks(project):
        for service in stack.services if stack.environment not in TRIED else ():
            build = service.build
            arguments = find(service.node, "build", "args")
            if build is None or arguments is None:
                continue
            outside = build.context is None and not build.remote
            dockerfile = project.image_of(service)
            for name, place in _referring(arguments):
                kept = outside or (dockerfile is not None and _keeps(dockerfile, (build.target,), name))
                if kept and _is_secret(name):
                    yield BuildArgument(name, place, service.name)


def _referring(arguments: Node) -> Iterator[tuple[str, Location]]:
    """Yield the arguments that take a variable: in a value, or by a name alone."""
    if isinstance(arguments, Mapping):
        for entry in arguments.entries:
            if isinstance(entry.value, Scalar) and (entry.value.references or (entry.value.plain and not entry.value.raw)):
                yield entry.key.value, entry.value.location
        return
    for item in scalars_in(arguments):
        name, given, _ = (item.raw or item.value).partition("=")
        if item.references or not given:
            yield name, item.location


def _of_commands(project: Project) -> Iterator[BuildArgument]:
    for command in project.commands:
        path = command.location.path
        if command.context not in _RUN_BY or DEVELOPMENT.search(path) or is_test_path(path):
            continue
        if "--build-arg" not in command.text or not _BUILD.search(command.text):
            continue
        context = _context(command.text)
        for match in _ARGUMENT.finditer(command.text):
            name, value = match["name"], command.text[match.end() : match.end() + _LONGEST_START]
            given = _is_given(name, value) if match["is"] else _is_secret(name)
            if given and _is_kept_by_one(project, name, context):
                yield BuildArgument(name, command.location, path)


def _context(text: str) -> str:
    """Return the folder that the command of a build names, "" where that is not plain: options without a value are those of
    `_BARE`, and each other one takes the next word.
    """
    build = _BUILD.search(text)
    words = iter(_END.split(_EXPRESSION.sub("x", text[build.end() :]), maxsplit=1)[0].split() if build else ())
    found = []
    for word in words:
        if not word.startswith("-"):
            found.append(word)
        elif "=" not in word and word not in _BARE:
            next(words, "")
    return found[0] if len(found) == 1 else ""


def _of_actions(project: Project) -> Iterator[BuildArgument]:
    for workflow in project.workflows:
        steps = [step for job in workflow.jobs for step in job.steps if step.action == _BUILD_ACTION]
        for step in steps if not DEVELOPMENT.search(workflow.path) else ():
            for match in _LINE.finditer(step.input("build-args")):
                if _is_given(match["name"], match["value"]) and _is_kept_by_one(project, match["name"], step.input("context")):
                    yield BuildArgument(match["name"], step.location, workflow.path)


def _is_secret(name: str) -> bool:
    return is_sensitive_name(name) and not _FOR_BROWSERS.search(name)


def _is_given(name: str, value: str) -> bool:
    """Whether an argument is a secret that a pipeline or the environment gives."""
    from_ci = bool(_SECRET_OF_CI.search(value))
    return bool(_is_secret(name) and _GIVEN.search(value)) or (from_ci and bool(_ADDRESS_WITH_LOGIN.search(name)))


def _is_kept_by_one(project: Project, name: str, context: str) -> bool:
    """Whether an image of the repository keeps an argument, or the folder that is built is none of the repository."""
    folder = posixpath.normpath(context.strip("\"'") or ".")
    known = (
        folder == "."
        or folder.startswith(("/", "..", "$", "-"))
        or any(path.startswith(f"{folder}/") for path in project.files)
    )
    return any(_keeps(item, targets_of(project, item), name) for item in project.dockerfiles) if known else True


def _keeps(dockerfile: Dockerfile, targets: tuple[str, ...], name: str) -> bool:
    """Whether a stage of the image that runs takes an argument: its history shows the value."""
    stages = (stage for target in targets for stage in final_stages(dockerfile, target))
    return any(_shows(stage, name) for stage in stages)


def _shows(stage: Stage, name: str) -> bool:
    """Whether a step behind an argument carries it: each RUN is written down with what it was given."""
    taken = False
    for item in stage.instructions:
        if item.keyword == "ARG":
            taken = taken or name in {word.partition("=")[0] for word in item.text.split()}
        elif taken and item.keyword in {"RUN", "ENV"}:
            return True
    return False
