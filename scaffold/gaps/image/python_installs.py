"""Which distributions the steps of a Dockerfile install with pip, where every step that installs can be read."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from scaffold.gaps.image.python_packages import distribution
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Dockerfile, Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_BASES = frozenset({"python", "debian", "ubuntu", "alpine", "uv", "slim", "python3"})
"""Images that bring Python, and none of its packages."""
_PIP = regex(r"\bpip3?(?:\.\d+)?\s+(?:-\S+\s+)*(?:install|wheel)\b|\buv\s+pip\s+install\b", words=("pip",))
_OTHERS = regex(
    r"\b(?:conda|mamba|micromamba|pixi|easy_install|pipx|hatch|nix|poetry|pdm|pipenv|rye|pip-sync|setup\.py|get-pip)\b"
    r"|\buv\s+(?!pip\b)\w|\bpython3-(?!pip\b|venv\b|dev\b|distutils\b|setuptools\b|wheel\b|full\b|minimal\b)\w|\bpy3-(?!pip\b)\w|\.sh\b",
)
"""Steps by which an image may hold packages that no list here names."""
_WITH_VALUE = frozenset(
    {
        *("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root", "-w", "-d"),
        *(
            "--trusted-host",
            "--timeout",
            "--retries",
            "-c",
            "--constraint",
            "--wheel-dir",
            "--python",
            "--cache-dir",
            "--proxy",
        ),
        *("--progress-bar", "--platform", "--python-version", "--only-binary", "--no-binary", "--dest", "--log", "--cert"),
    }
)
_LISTED = frozenset({"-r", "--requirement", "--requirements"})
_REQUIREMENT = regex(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[(?P<extras>[^\]]*)\])?")
_WHEELS = regex(r"\S*(?:wheel|whl)\S*/?\S*")
_EXTRA = "+"
"""The mark of an extra among names."""
_OWN = frozenset({".", "./", "-e", "--editable"})


@frozen
class Installed:
    """The distributions that an image installs, their extras, which are often called after what they bring, and the steps."""

    names: frozenset[str]
    extras: frozenset[str]
    steps: tuple[Location, ...]


class _NotKnownError(Exception):
    """A step installs what no list of the project names."""


def installed(project: Project, dockerfile: Dockerfile, context: str) -> Installed | None:
    """Return what the steps of a Dockerfile install, None where one of them cannot be read or a base may bring packages."""
    if not all(_is_plain(dockerfile, stage.base) for stage in dockerfile.stages):
        return None
    names: set[str] = set()
    steps = []
    try:
        for item in (item for stage in dockerfile.stages for item in stage.instructions):
            if item.keyword in {"COPY", "ADD"}:
                _ask_copy(dockerfile, item)
            elif item.keyword == "RUN" and _OTHERS.search(item.text):
                return None
            elif item.keyword == "RUN" and _PIP.search(item.text):
                steps.append(item.location)
                names.update(_of_step(project, item.text, context))
    except _NotKnownError:
        return None
    extras = {name.removeprefix(_EXTRA) for name in names if name.startswith(_EXTRA)}
    named = frozenset(distribution(name) for name in names if not name.startswith(_EXTRA))
    return Installed(named, frozenset(map(distribution, extras)), tuple(steps)) if named else None


def _is_plain(dockerfile: Dockerfile, base: str) -> bool:
    if any(stage.alias and stage.alias == base for stage in dockerfile.stages):
        return True
    image = ImageReference.parse(base) if base and "$" not in base else None
    return image is not None and image.name in _BASES | {"node", "golang", "rust"}


def _ask_copy(dockerfile: Dockerfile, item: Instruction) -> None:
    """Raise for a step that copies libraries from the image of others."""
    origin = next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from")), "")
    words = item.text.split()
    is_program = bool(words) and posixpath.basename(words[0]) in {"uv", "uvx"}
    if origin and not dockerfile.chain(origin) and not is_program:
        raise _NotKnownError


def _of_step(project: Project, text: str, context: str) -> Iterator[str]:
    for command in re.split(r"&&|\|\||[;|\n]", text.replace("\\\n", " ")):
        match = _PIP.search(command)
        if match is None:
            continue
        try:
            words = shlex.split(command[match.end() :], comments=True)
        except ValueError:
            raise _NotKnownError from None
        yield from _of_words(project, words, context)


def _of_words(project: Project, words: list[str], context: str) -> Iterator[str]:
    pending = iter(words)
    for word in pending:
        option, _, value = word.partition("=")
        if word in _LISTED or (option in _LISTED and value):
            yield from _of_file(project, value or next(pending, ""), context)
        elif word.startswith("-r") and len(word) > 2 and not word.startswith("--"):
            yield from _of_file(project, word[2:], context)
        elif word in _WITH_VALUE:
            next(pending, None)
        elif word in _OWN or re.fullmatch(r"\.\[[\w,.-]+\]", word):
            yield from _of_own(project, context)
        elif not word.startswith("-") and not _WHEELS.fullmatch(word):
            yield from _of_requirement(word)


def _of_file(project: Project, path: str, context: str, deep: int = 3) -> Iterator[str]:
    """Yield what the requirements files of this name in a context list, those that they name followed."""
    clean = posixpath.normpath(path.removeprefix("./").lstrip("/"))
    found = _named(project, clean, context)
    if not found or not deep:
        raise _NotKnownError
    for name in found:
        for line in (project.source(name) or "").splitlines():
            words = line.partition(" #")[0].strip()
            nested = re.match(r"(?:-r|--requirement)[ =]\s*(\S+)", words)
            if nested:
                yield from _of_file(project, posixpath.basename(nested[1]), context, deep - 1)
            elif words.startswith(("-e", "--editable", ".", "/")) or "://" in words.partition("@")[0]:
                raise _NotKnownError
            elif words and not words.startswith(("#", "-")):
                yield from _of_requirement(words)


def _named(project: Project, path: str, context: str) -> list[str]:
    """Return the lists of a context whose path ends with one that a step names, which the image may hold elsewhere."""
    below = [item.path for item in project.manifests if item.ecosystem == "python" and _is_in(item.path, context)]
    ends = [posixpath.join(*path.split("/")[start:]) for start in range(len(path.split("/")))]
    for end in ends:
        exact = [name for name in below if name == posixpath.normpath(posixpath.join(context, end))]
        if exact:
            return exact
    return [name for name in below if posixpath.basename(name) == posixpath.basename(path)]


def _is_in(path: str, context: str) -> bool:
    return context in {"", "."} or path.startswith(f"{context}/")


def _of_own(project: Project, context: str) -> Iterator[str]:
    """Yield what the project's own package asks for, by the manifests of the context."""
    found = [
        item for item in project.manifests if posixpath.basename(item.path) == "pyproject.toml" and _is_in(item.path, context)
    ]
    if not found:
        raise _NotKnownError
    for manifest in found:
        yield from manifest.dependencies
        for extras in re.findall(r"\[([\w, -]+)\][\s>=<~!;\"']", project.source(manifest.path) or ""):
            yield from (f"{_EXTRA}{extra}" for extra in extras.replace(",", " ").split())


def _of_requirement(word: str) -> Iterator[str]:
    """Yield the distribution of a requirement, and its extras, each with a mark."""
    match = _REQUIREMENT.match(word)
    if match is None or "$" in word or "/" in word.partition(";")[0].partition("@")[0] or "*" in word.partition("=")[0]:
        raise _NotKnownError
    yield match["name"]
    yield from (f"{_EXTRA}{extra}" for extra in (match["extras"] or "").replace(",", " ").split())
