"""Plans a .dockerignore for each context that a Dockerfile copies whole: nothing that an image takes from it is left out."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from scaffold.model.built_in_env import built_in_env_file
from scaffold.model.dockerignore import DockerignorePlan, IgnoreGroup
from scaffold.model.gap import Gap
from scaffold.model.project import Dockerfile, Instruction, Project
from scaffold.model.regex import regex

_HISTORY = (".git", ".github")
_OURS = ("infra/terraform", "infra/terraform-scaffold", "deploy/helm", "docs/operations", "scaffold.lock")
_CACHES = ("**/__pycache__", "**/*.py[cod]", "**/.pytest_cache", "**/.mypy_cache", "**/.ruff_cache", "**/.DS_Store", "**/*.log")
_STATE = ("**/.terraform", "**/*.tfstate*", "**/*.tfvars.local")
_ENV = ("**/.env", "**/.env.*")
_NODE = ("**/node_modules",)
_PYTHON = ("**/.venv", "**/venv")
_RUNS_GIT = regex(r"\bgit\b|setuptools[-_]scm|hatch-vcs|GitVersion|git-describe", re.IGNORECASE)
_INSTALLS_NODE = regex(r"\b(?:npm\s+(?:ci|i|install)|pnpm\s+(?:i|install|fetch)|yarn(?:\s+install)?|bun\s+(?:i|install))\b")
_INSTALLS_PYTHON = regex(r"\b(?:pip3?\s+install|uv\s+(?:sync|pip)|(?:poetry|pipenv|pdm)\s+(?:install|sync))\b")
_READS_ENV_FILES = frozenset(
    {"vite", "next", "nuxt", "react-scripts", "@angular/cli", "gatsby", "dotenv", "python-dotenv", "astro"}
)
"""Packages that take an env file of the context into the build or into the running image."""


def plan_dockerignores(project: Project, gaps: tuple[Gap, ...]) -> tuple[DockerignorePlan, ...]:
    """Return the .dockerignore of each context that has none, as the gaps of IMG003 name them."""
    wanted = {
        gap.resource: {item.location.path for item in gap.evidence}
        for gap in gaps
        if gap.code == "IMG003" and gap.subject == "dockerignore"
    }
    return tuple(_plan(project, path, sources) for path, sources in sorted(wanted.items()))


def _plan(project: Project, path: str, sources: set[str]) -> DockerignorePlan:
    context = path.rpartition("/")[0]
    dockerfiles = [item for item in project.dockerfiles if item.path in sources]
    runs = " ".join(item.text for item in _instructions(dockerfiles) if item.keyword in {"RUN", "CMD", "ENTRYPOINT"})
    uses_git = bool(_RUNS_GIT.search(runs)) or _names_git(project, context)
    groups = (
        IgnoreGroup("History, and what only runs outside the image", () if uses_git else _HISTORY),
        _env_group(project, context, runs),
        IgnoreGroup("Installed anew in the image", (*_if(_INSTALLS_NODE, runs, _NODE), *_if(_INSTALLS_PYTHON, runs, _PYTHON))),
        IgnoreGroup("Caches and logs", _CACHES),
        IgnoreGroup("State of Terraform", _STATE),
        IgnoreGroup("How the app is run, which no image needs", () if context else _OURS),
    )
    taken = tuple(_taken(dockerfiles))
    kept = (IgnoreGroup(group.reason, tuple(p for p in group.patterns if not _is_needed(p, taken))) for group in groups)
    return DockerignorePlan(path, tuple(group for group in kept if group.patterns))


def _if(pattern: re.Pattern[str], text: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    return patterns if pattern.search(text) else ()


def _instructions(dockerfiles: Iterable[Dockerfile]) -> Iterator[Instruction]:
    return (item for dockerfile in dockerfiles for stage in dockerfile.stages for item in stage.instructions)


def _names_git(project: Project, context: str) -> bool:
    """Whether the package of the context takes its version from git."""
    names = ("pyproject.toml", "setup.py", "setup.cfg", "package.json", "Makefile")
    texts = (project.source(f"{context}/{name}" if context else name) or "" for name in names)
    return any(re.search(r"setuptools[-_]scm|hatch-vcs|versioneer|dunamai|git describe|git rev-parse", text) for text in texts)


def _env_group(project: Project, context: str, runs: str) -> IgnoreGroup:
    """Return the patterns of env files, and why one that git does not hold stays in the image."""
    reason, patterns = "Values of this machine and of running systems", _env_patterns(project, context, runs)
    services = (service for stack in project.stacks for service in stack.services if service.made)
    found = (built_in_env_file(project, service) for service in services)
    own = posixpath.normpath(posixpath.join(context, ".env"))
    needed = next((item for item in found if item and item.path == own), None)
    if needed is None:
        return IgnoreGroup(reason, patterns)
    place = f"{needed.needed_at.path}:{needed.needed_at.line}"
    return IgnoreGroup(
        f"{reason}; the program ends where .env is missing ({place}), so the image keeps it", (*patterns, "!.env")
    )


def _env_patterns(project: Project, context: str, runs: str) -> tuple[str, ...]:
    """Return the patterns of env files, with those let in that are tracked and that a tool of the context reads."""
    folder = f"{context}/" if context else ""
    tracked = [file.path.removeprefix(folder) for file in project.env_files if file.path.startswith(folder)]
    manifests = [item for item in project.manifests if f"{item.folder}/".startswith(folder) or item.folder == context]
    names = {re.split(r"[\s<>=~!;\[]", name.lower(), maxsplit=1)[0] for item in manifests for name in item.dependencies}
    files = [path for path in tracked if posixpath.basename(path).startswith(".env")]
    reads = bool(names & _READS_ENV_FILES)
    kept = [path for path in files if reads or re.search(rf"(?<![\w.-]){re.escape(posixpath.basename(path))}(?![\w.-])", runs)]
    return (*_ENV, *(f"!{path}" for path in sorted(kept)))


def _taken(dockerfiles: Iterable[Dockerfile]) -> Iterator[str]:
    """Yield what instructions copy from the context by name."""
    for item in _instructions(dockerfiles):
        if item.keyword in {"COPY", "ADD"} and not any(flag.startswith("--from") for flag in item.flags):
            words = re.sub(r"[\[\]\",]", " ", item.text).split()
            yield from (posixpath.normpath(word).lstrip("/") for word in words[:-1])
        for flag in item.flags:
            bound = re.search(r"type=bind\b[^ ]*?\b(?:source|src)=([^, ]+)", flag)
            if bound:
                yield posixpath.normpath(bound[1]).lstrip("/")


def _is_needed(pattern: str, taken: tuple[str, ...]) -> bool:
    """Whether a pattern would leave out something that is copied by name, or is of one stock with it."""
    bare = pattern.lstrip("!").removeprefix("**/")
    expression = re.compile(re.escape(bare).replace(r"\*", "[^/]*").replace(r"\[cod\]", "[cod]"))
    for source in taken:
        if source == ".":
            continue
        parts = source.split("/")
        if any(expression.fullmatch(part) for part in parts) or any(
            expression.fullmatch("/".join(parts[: count + 1])) for count in range(len(parts))
        ):
            return True
    return False
