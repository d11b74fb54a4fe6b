"""Steps of a Dockerfile that install what a manifest allows where the build has no lock file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.image.builds import DEVELOPMENT
from scaffold.gaps.image.lock_files import brings_files, is_copied_before, lock_files
from scaffold.gaps.shown_commands import shown_words
from scaffold.model.frozen import frozen
from scaffold.model.project import Dockerfile, Instruction, Manifest, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.starting import is_below


@frozen
class _Installer:
    """How the packages of one kind of manifest are installed, and in which files their versions are kept."""

    manifest: str
    locks: tuple[str, ...]
    pattern: re.Pattern[str]


_INSTALLERS = (
    _Installer(
        "package.json",
        ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"),
        regex(
            r"\b(?:npm|pnpm|bun)\s+(?:-\S+\s+)*(?:install|i)(?:\s+-[^\s;&|]+)*(?=\s*(?:$|[;&|\n]))"
            r"|(?:(?<![\w@/.-])yarn\s+install|(?:^|[;&|(\"']|(?<!\\)\n)\s*(?:\w+=\S+\s+)*yarn)(?:\s+-[^\s;&|]+)*(?=\s*(?:$|[;&|\n]))",
            words=("npm", "bun", "yarn"),
        ),
    ),
    _Installer("pyproject.toml", ("poetry.lock",), regex(r"\bpoetry\s+(?:-\S+\s+)*install\b", words=("poetry",))),
    _Installer("pyproject.toml", ("uv.lock",), regex(r"\buv\s+sync\b", words=("uv",))),
    _Installer("Pipfile", ("Pipfile.lock",), regex(r"\bpipenv\s+(?:install|lock)\b", words=("pipenv",))),
    _Installer("Gemfile", ("Gemfile.lock", "gems.locked"), regex(r"\bbundle\s+install\b", words=("bundle",))),
    _Installer(
        "composer.json", ("composer.lock",), regex(r"\bcomposer(?:\.phar)?\s+(?:-\S+\s+)*install\b", words=("composer",))
    ),
    _Installer("Cargo.toml", ("Cargo.lock",), regex(r"\bcargo\s+(?:build|install\b[^;&|\n]*\s--path)\b", words=("cargo",))),
    _Installer("mix.exs", ("mix.lock",), regex(r"\bmix\s+deps\.get\b", words=("deps.get",))),
    _Installer("pubspec.yaml", ("pubspec.lock",), regex(r"\b(?:dart|flutter)\s+pub\s+get\b", words=("pub",))),
)
_FROZEN = regex(r"--frozen|--immutable|--locked")
"""Options by which a step fails where it has no lock file."""
_IGNORES_LOCK = regex(r"\bcargo\s+install\b(?=[^;&|\n]*\s--path\b)(?![^;&|\n]*\s--(?:locked|frozen)\b)", words=("cargo",))
_FORCED = regex(r"\bnpm\s+(?:install|i|ci)\b[^;&|\n]*?\s(?P<flag>-f|--force|--legacy-peer-deps)(?=\s|$|[;&|])", words=("npm",))


@frozen
class Install:
    """A step that may install packages, where it stands, and the folders that its build takes files from."""

    project: Project
    dockerfile: Dockerfile
    stage: Stage
    item: Instruction
    contexts: frozenset[str]

    def has_copied(self, path: str, context: str) -> bool:
        """Whether a step before it copies a file of a context."""
        return is_copied_before(self.dockerfile, self.stage, self.item, posixpath.relpath(path, context or "."))


def without_lock(install: Install) -> str:
    """Return what a step installs without a lock file, and why it has none; "" where it may have one."""
    if DEVELOPMENT.search(install.stage.alias):
        return ""
    for installer in _INSTALLERS:
        match = installer.pattern.search(install.item.text)
        if match is None or _FROZEN.search(match[0]):
            continue
        if not brings_files(install.dockerfile, install.stage, install.item, match.start()):
            why = next(filter(None, (_why(install, installer, context) for context in sorted(install.contexts))), "")
            if why:
                return f"`{shown_words(match[0])}` without a lock file ({why})"
    return ""


def other_trees(text: str) -> Iterator[str]:
    """Yield the steps that do not keep to what fits together, or do not read the lock file that is there."""
    forced = _FORCED.search(text)
    if forced:
        yield f"npm takes packages that contradict each other ({forced['flag']})"
    if _IGNORES_LOCK.search(text):
        yield "`cargo install --path` without --locked, which does not read Cargo.lock"


def _why(install: Install, installer: _Installer, context: str) -> str:
    """Return why a step sees no lock file for the manifests that were copied before it, "" where it may see one."""
    project = install.project
    copied = [
        manifest
        for manifest in project.manifests
        if posixpath.basename(manifest.path) == installer.manifest
        and is_below(manifest.path, context)
        and install.has_copied(manifest.path, context)
    ]
    known = lock_files(project, install.dockerfile, context, installer.locks)
    if not copied or any(install.has_copied(path, context) for path in known):
        return ""
    beside = next((path for manifest in copied for path in known if _is_beside(manifest, path)), "")
    if beside:
        return f"no step before it copies {beside}"
    first = next((manifest for manifest in copied if manifest.dependencies), None)
    return _absence(project, first, installer.locks) if first else ""


def _is_beside(manifest: Manifest, lock: str) -> bool:
    """Whether a lock file stands in the folder of a manifest or in one above it, as those of workspaces do."""
    folder = posixpath.dirname(lock)
    return not folder or is_below(manifest.path, folder)


def _absence(project: Project, manifest: Manifest, locks: tuple[str, ...]) -> str:
    paths = [posixpath.join(manifest.folder, name) for name in locks]
    ignored = dict(project.ignored)
    place = next((ignored[path] for path in paths if path in ignored), "")
    if place:
        return f"git ignores it: {place}"
    return "the .dockerignore keeps it out" if any(map(project.exists, paths)) else f"none stands beside {manifest.path}"
