"""Which distributions the steps of a Dockerfile install with pip, where every step that installs can be read."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import copy_words
from scaffold.gaps.image.python_packages import distribution
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import copied_sources
from scaffold.model.project import Dockerfile, Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_BASES = frozenset({"python", "debian", "ubuntu", "alpine", "uv", "slim", "python3"})
"""Images that bring Python, and none of its packages."""
_PUBLISHERS = frozenset({"", "astral-sh", "distroless", "chainguard", "bitnami"})
"""Whose images of these names bring no more: what others call `python` may hold packages."""
_PIP = regex(r"\bpip3?(?:\.\d+)?\s+(?:-\S+\s+)*(?:install|wheel)\b|\buv\s+pip\s+install\b", words=("pip",))
_OTHERS = regex(
    r"\b(?:conda|mamba|micromamba|pixi|easy_install|pipx|hatch|nix|poetry|pdm|pipenv|rye|pip-sync|setup\.py|get-pip|xargs)\b"
    r"|(?:^|[;&|\n])\s*(?:make|just|inv|invoke|task|nox|tox|flit|maturin)\s+[\w-]"
    r"|\buv\s+(?:-\S+\s+)*(?!pip\b)[a-z]|\buv\s+(?:-\S+\s+)*pip\s+sync\b|\bpython3-(?!pip\b|venv\b|dev\b|distutils\b|setuptools\b|wheel\b|full\b|minimal\b)\w|\bpy3-(?!pip\b)\w|\.sh\b",
)
"""Steps by which an image may hold packages that no list here names."""
_WITH_VALUE = frozenset(
    {
        *("-i", "-f", "--find-links", "-t", "--target", "--prefix", "--root", "-w", "-d"),
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
        *("--root-user-action", "--upgrade-strategy", "--use-feature", "--use-deprecated", "--config-settings", "-C", "--src"),
        *("--client-cert", "--keyring-provider", "--report", "--index", "--default-index", "--index-strategy", "--link-mode"),
        *("--python-platform", "--resolution", "--prerelease", "--exclude-newer", "--extra", "--group"),
    }
)
_OF_ADDRESSES = regex(r"--[a-z-]+-url")
"""Options of pip and uv that an address follows."""
_LISTED = frozenset({"-r", "--requirement", "--requirements"})
_REQUIREMENT = regex(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[(?P<extras>[^\]]*)\])?")
_WHEELS = regex(r"(?!\w+://)\S*(?:wheel|whl)\S*")
"""Wheels of the image itself: a step of the same Dockerfile has made them of what it names."""
_MAKES_WHEELS = regex(r"\bpip3?(?:\.\d+)?\s+(?:-\S+\s+)*wheel\b", words=("pip",))
_INSTALLERS = frozenset({"pip", "setuptools", "wheel", "build", "uv", "pip-tools", "flit", "maturin", "invoke"})
"""What installs or builds: an image that names nothing else gets its packages by a step that is not read."""
_BUILDERS = frozenset({"poetry", "poetry-plugin-export", "pipenv", "pdm", "hatch", "hatchling", "virtualenv", "cmake", "ninja"})
"""What installs by a lock file or builds extensions, beside those."""
_NAMED = regex(r"(?P<name>[A-Za-z][\w.-]*[A-Za-z0-9])(?:\[[^\]]*\])?(?:\s*(?:[=<>!~]=?|@).*)?")
"""A requirement as one word: no path, no address, no variable."""
_DYNAMIC = regex(r"(?m)^dynamic\s*=\s*\[[^\]]*\bdependencies\b")
_WITH_EXTRAS = regex(r"[\"']([A-Za-z0-9][\w.-]*)\[([\w, -]+)\]")
_EXTRA = "+"
"""What stands between a distribution and its extra among names."""
_OWN = frozenset({".", "./", "-e", "--editable"})


@frozen
class Installed:
    """The distributions that an image installs, the extras of each, often called after what they bring, and the steps."""

    names: frozenset[str]
    extras: frozenset[tuple[str, str]]
    steps: tuple[Location, ...]


@frozen
class _Sources:
    """Where the steps of a Dockerfile find the lists that they name."""

    project: Project
    dockerfile: Dockerfile
    context: str

    @property
    def makes_wheels(self) -> bool:
        steps = (item for stage in self.dockerfile.stages for item in stage.instructions)
        return any(item.keyword == "RUN" and _MAKES_WHEELS.search(item.text) for item in steps)

    def manifests(self) -> list[str]:
        """Return the lists and manifests of the context."""
        every = (item.path for item in self.project.manifests if item.ecosystem == "python")
        return [path for path in every if _is_in(path, self.context)]

    def copied(self, path: str) -> list[str]:
        """Return the lists that a step copies by name, to the name that another step installs from."""
        name, manifests, found = posixpath.basename(path), self.manifests(), []
        for stage in self.dockerfile.stages:
            for source, item in copied_sources(self.dockerfile, stage.alias, self.context):
                place = copy_words(item)[-1]
                renamed = posixpath.basename(place) == name and not place.endswith("/")
                if renamed or posixpath.basename(source) == name:
                    found.append(source)
        if not set(found) <= set(manifests):
            raise _NotKnownError
        return found


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
                names.update(_of_step(_Sources(project, dockerfile, context), item.text))
    except _NotKnownError:
        return None
    named = frozenset(distribution(name) for name in names if _EXTRA not in name)
    marked = (map(distribution, name.split(_EXTRA)) for name in names if _EXTRA in name)
    extras = frozenset((name, extra) for name, extra in marked)
    return Installed(named, extras, tuple(steps)) if named - _INSTALLERS else None


def _is_plain(dockerfile: Dockerfile, base: str) -> bool:
    if any(stage.alias and stage.alias == base for stage in dockerfile.stages):
        return True
    image = ImageReference.parse(base) if base and "$" not in base else None
    if image is None or image.name not in _BASES | {"node", "golang", "rust"}:
        return False
    folder = image.repository.rpartition("/")[0]
    return folder in _PUBLISHERS or posixpath.basename(folder) == "library"


def _ask_copy(dockerfile: Dockerfile, item: Instruction) -> None:
    """Raise for a step that copies libraries from the image of others."""
    origin = next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from")), "")
    words = item.text.split()
    is_program = bool(words) and posixpath.basename(words[0]) in {"uv", "uvx"}
    if origin and not dockerfile.chain(origin) and not is_program:
        raise _NotKnownError


def _of_step(sources: _Sources, text: str) -> Iterator[str]:
    for command in re.split(r"&&|\|\||[;|\n]", text.replace("\\\n", " ")):
        match = _PIP.search(command)
        if match is None:
            continue
        try:
            words = shlex.split(command[match.end() :], comments=True)
        except ValueError:
            raise _NotKnownError from None
        yield from _of_words(sources, words)


def _of_words(sources: _Sources, words: list[str]) -> Iterator[str]:
    pending = iter(words)
    for word in pending:
        option, _, value = word.partition("=")
        if word in _LISTED or (option in _LISTED and value):
            yield from _of_file(sources, value or next(pending, ""))
        elif word.startswith("-r") and len(word) > 2 and not word.startswith("--"):
            yield from _of_file(sources, word[2:])
        elif word in _WITH_VALUE or _OF_ADDRESSES.fullmatch(word):
            next(pending, None)
        elif word in _OWN or re.fullmatch(r"\.\[[\w,.-]+\]", word):
            yield from _of_own(sources)
        elif not word.startswith("-") and not (_WHEELS.fullmatch(word) and sources.makes_wheels):
            yield from _of_requirement(word)


def named_requirements(text: str) -> Iterator[str]:
    """Yield the requirements that stand among the words behind `pip install`, tools that install or build left out."""
    try:
        pending = iter(shlex.split(text, comments=True))
    except ValueError:
        return
    for word in pending:
        if word in _WITH_VALUE or word in _LISTED or word in _OWN or _OF_ADDRESSES.fullmatch(word):
            if word not in {".", "./"}:
                next(pending, None)
            continue
        named = _NAMED.fullmatch(word)
        if named and distribution(named["name"]) not in _INSTALLERS | _BUILDERS:
            yield word


def _of_file(sources: _Sources, path: str, deep: int = 3) -> Iterator[str]:
    """Yield what the requirements files of this name in a context list, those that they name followed."""
    clean = posixpath.normpath(path.removeprefix("./").lstrip("/"))
    found = tuple(dict.fromkeys((*sources.copied(clean), *_named(sources, clean))))
    if not found or not deep:
        raise _NotKnownError
    for name in found:
        for line in (sources.project.source(name) or "").splitlines():
            words = line.partition(" #")[0].strip()
            nested = re.match(r"(?:-r[ =]?|--requirement[ =])\s*(\S+)", words)
            if nested:
                yield from _of_file(sources, posixpath.basename(nested[1]), deep - 1)
            elif words.startswith(("-e", "--editable", ".", "/")) or "://" in words.partition("@")[0]:
                raise _NotKnownError
            elif words and not words.startswith(("#", "-")):
                yield from _of_requirement(words)


def _named(sources: _Sources, path: str) -> list[str]:
    """Return the lists of a context whose path ends with one that a step names, which the image may hold elsewhere."""
    below = sources.manifests()
    ends = [posixpath.join(*path.split("/")[start:]) for start in range(len(path.split("/")))]
    for end in ends:
        exact = posixpath.normpath(posixpath.join(sources.context, end))
        if sources.project.exists(exact):
            return [exact] if exact in below else []
    return [name for name in below if posixpath.basename(name) == posixpath.basename(path)]


def _is_in(path: str, context: str) -> bool:
    return context in {"", "."} or path.startswith(f"{context}/")


def _of_own(sources: _Sources) -> Iterator[str]:
    """Yield what the project's own package asks for, by the manifests of the context."""
    project = sources.project
    found = [
        item
        for item in project.manifests
        if posixpath.basename(item.path) == "pyproject.toml" and _is_in(item.path, sources.context)
    ]
    # What setuptools is told elsewhere stands in no manifest that is read here.
    others = [posixpath.join(item.folder, name) for item in found for name in ("setup.py", "setup.cfg")]
    if not found or any(not item.dependencies for item in found) or any(map(project.exists, others)):
        raise _NotKnownError
    for manifest in found:
        text = project.source(manifest.path) or ""
        if _DYNAMIC.search(text):
            raise _NotKnownError
        yield from manifest.dependencies
        for name, extras in _WITH_EXTRAS.findall(text):
            yield from (f"{name}{_EXTRA}{extra}" for extra in extras.replace(",", " ").split())


def _of_requirement(word: str) -> Iterator[str]:
    """Yield the distribution of a requirement, and its extras, each behind its name and a mark."""
    match = _REQUIREMENT.match(word)
    if match is None or "$" in word or "/" in word.partition(";")[0].partition("@")[0] or "*" in word.partition("=")[0]:
        raise _NotKnownError
    yield match["name"]
    yield from (f"{match['name']}{_EXTRA}{extra}" for extra in (match["extras"] or "").replace(",", " ").split())
