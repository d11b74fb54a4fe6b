"""Versions of languages: those that the images are made with, and those that the jobs set up before they test."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, effective_env
from scaffold.gaps.image.builds import DEVELOPMENT, environment_of, users_of
from scaffold.gaps.remembered import remembered
from scaffold.model.document import Location, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference
from scaffold.model.workflow_matrix import legs

_ACTIONS = {
    "actions/setup-node": ("node", "node-version"),
    "actions/setup-go": ("go", "go-version"),
    "actions/setup-python": ("python", "python-version"),
    "actions/setup-java": ("java", "java-version"),
    "actions/setup-dotnet": ("dotnet", "dotnet-version"),
    "shivammathur/setup-php": ("php", "php-version"),
    "ruby/setup-ruby": ("ruby", "ruby-version"),
}
"""Actions that bring a language, and the input that says which version."""
_IMAGES = {
    "node": ("node", ""),
    "golang": ("go", ""),
    "python": ("python", ""),
    "php": ("php", ""),
    "ruby": ("ruby", ""),
    "eclipse-temurin": ("java", ""),
    "openjdk": ("java", ""),
    "amazoncorretto": ("java", ""),
    "maven": ("java", "-"),
    "gradle": ("java", "-"),
    "dotnet/aspnet": ("dotnet", ""),
    "dotnet/sdk": ("dotnet", ""),
}
"""Images of a language whose tags begin with its version, or name it behind that of a tool (`-`)."""
_OFFICIAL = frozenset({"", "docker.io", "public.ecr.aws", "mcr.microsoft.com"})
_PARTS = {"node": 1, "java": 1, "dotnet": 1}
"""Numbers that tell a release of a language from the next one: two where nothing is said."""
_VERSION = regex(r"v?(?P<major>\d{1,3})(?:\.(?P<minor>\d{1,3}|x|\*))?(?:\.[\w*]{1,20})?(?:-[\w.-]{1,60})?")
_BEHIND = regex(r"-(?:eclipse-temurin|temurin|amazoncorretto|corretto|openjdk|jdk|jre)-?(?P<version>\d{1,3})")
_ASKED = regex(r"^(?:toolchain[ \t]+)?go[ \t]{0,9}(\d{1,3})\.(\d{1,3})\b", re.MULTILINE, words=("go",))
_ENV = regex(r"\$\{\{\s*env\.(?P<name>\w+)\s*\}\}", words=("env",))
NAMES = {
    "node": "Node.js",
    "go": "Go",
    "python": "Python",
    "php": "PHP",
    "ruby": "Ruby",
    "java": "Java",
    "dotnet": ".NET",
}
"""How people call each language."""


@frozen
class Version:
    """One version of a language, as the numbers that tell a release from the next one, and where it stands."""

    language: str
    numbers: tuple[int, ...]
    place: Location

    @property
    def text(self) -> str:
        """The numbers with dots."""
        return ".".join(map(str, self.numbers))


@frozen
class Shipped:
    """The one version of a language that an image is made with, and the folders whose code that may be."""

    version: Version
    dockerfile: str
    folders: tuple[str, ...]


def shipped_versions(project: Project) -> Iterator[Shipped]:
    """Yield the languages of each image for production that takes one version of them in all its stages."""
    for dockerfile in project.dockerfiles:
        if environment_of(project, dockerfile) in {EnvironmentClass.DEV, EnvironmentClass.TEST}:
            continue
        found: dict[str, list[Version | None]] = {}
        for language, version in _of_stages(dockerfile):
            found.setdefault(language, []).append(version)
        for versions in found.values():
            known = [item for item in versions if item is not None]
            if len(known) == len(versions) and len({item.numbers for item in known}) == 1:
                yield Shipped(known[-1], dockerfile.path, _folders(project, dockerfile))


def _folders(project: Project, dockerfile: Dockerfile) -> tuple[str, ...]:
    builds = [service.build.context for service in users_of(project, dockerfile) if service.build]
    return tuple(dict.fromkeys((dockerfile.path.rpartition("/")[0], *(context or "" for context in builds))))


def _of_stages(dockerfile: Dockerfile) -> Iterator[tuple[str, Version | None]]:
    """Yield the language of each stage that starts from an image of one, with its version, None where that is not told."""
    for stage in dockerfile.stages:
        if not DEVELOPMENT.search(stage.alias):
            found = _of_image(stage.base, stage.location)
            if found is not None:
                yield found


def _of_image(text: str, place: Location) -> tuple[str, Version | None] | None:
    image = ImageReference.parse(text)
    language, behind = _IMAGES.get(image.repository.removeprefix("library/"), ("", ""))
    if not language or image.registry not in _OFFICIAL:
        return None
    tag = image.tag
    if behind:
        match = _BEHIND.search(f"-{tag.partition('-')[2]}")
        tag = match["version"] if match else ""
    return language, _version(language, tag, place)


def _version(language: str, text: str, place: Location) -> Version | None:
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        return None
    numbers = [part for part in (match["major"], match["minor"]) if part and part.isdigit()]
    wanted = _PARTS.get(language, 2)
    return Version(language, tuple(map(int, numbers[:wanted])), place) if len(numbers) >= wanted else None


def set_up_versions(project: Project, steps: list[CiStep], language: str) -> tuple[Version, ...] | None:
    """Return the versions of a language that the steps of a job set up, those of a matrix each; None where one is not told, and
    none where the job takes what the runner has.
    """
    found: list[Version] = []
    for item in steps:
        wanted, name = _ACTIONS.get(item.step.action, ("", ""))
        if wanted != language:
            continue
        for line in item.step.input(name).splitlines() or [""]:
            texts = legs(item.job, _with_env(item, line).strip())
            values = [_version(language, value, item.place) for (value,) in texts]
            if not values or None in values:
                return None
            found += [_raised(project, value) for value in values if value]
    image = find(steps[0].job.node, "container", "image") or find(steps[0].job.node, "container")
    if image is not None and not found:
        held = _of_image(text_of(image), steps[0].job.location)
        return (held[1],) if held and held[0] == language and held[1] else None
    return tuple(found)


def _with_env(item: CiStep, text: str) -> str:
    given = effective_env(item)
    return _ENV.sub(lambda match: given.get(match["name"], match[0]), text)


def _raised(project: Project, version: Version) -> Version:
    """Return a version of Go, or the one that a go.mod asks for where that is newer: Go fetches it."""
    if version.language != "go":
        return version
    return Version(version.language, max(version.numbers, _asked_of_go(project)), version.place)


@remembered
def _asked_of_go(project: Project) -> tuple[int, ...]:
    """Return the newest version of Go that a go.mod asks for, () where none does."""
    texts = (project.source(item.path) or "" for item in project.manifests if item.ecosystem == "go")
    asked = (tuple(int(part) for part in match.groups()) for text in texts for match in _ASKED.finditer(text))
    return max(asked, default=())
