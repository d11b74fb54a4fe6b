"""IMG007: the build installs other versions than those that were tested, although they could be fixed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.image.builds import DEVELOPMENT, environment_of, users_of
from scaffold.gaps.image.installed_at_start import StartInstall, installed_at_start
from scaffold.gaps.image.lockless import Install, other_trees, without_lock
from scaffold.gaps.image.python_installs import named_requirements
from scaffold.gaps.shown_commands import shown_words
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import copied_sources
from scaffold.model.known import known
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Dockerfile, Instruction, Manifest, Project, Stage
from scaffold.model.regex import regex

_NPM = regex(r"\bnpm\s+(?:install|i)\b(?P<rest>[^;&|\n]*)")
_YARN = regex(
    r"(?:\byarn\s+install|(?:^|[;&|(\"']|(?<!\\)\n)\s*(?:\w+=\S+\s+)*yarn)(?=\s*(?:$|[;&|\n]|--))(?P<rest>[^;&|\n]*)",
    words=("yarn",),
)
"""As a command: among the words of `apk add` it is a package."""
_PNPM = regex(r"\bpnpm\s+(?:install|i)\b(?P<rest>[^;&|\n]*)")
_REQUIREMENTS = regex(r"\b(?:pip3?|uv\s+pip)\s+(?:-\S+\s+)*install\b(?P<rest>[^;&|\n]*)", words=("pip",))
_FILE = regex(r"(?:-r|--requirement)[= ]\s*[\"']?([\w./-]+)")
_CONSTRAINED = regex(r"(?:^|\s)(?:-c|--constraint|--require-hashes)\b")
_FIXED = regex(r"===?|\s@\s|--hash")
_BUN = regex(r"\bbun\s+(?:install|i)\b(?P<rest>[^;&|\n]*)")
_OWN_PACKAGE = regex(
    r"\b(?:pip3?|uv\s+pip)\s+install\b(?![^;&|\n]*\s(?:--no-deps|-r|-c|--requirement|--constraint)\b)[^;&|\n]*"
    r"\s(?:-e\s+)?[\"']?\.(?:\[[\w,.-]+\])?[\"']?(?=\s|$|[;&|])"
)
_COMPILED = regex(r"\b(?P<tool>uv\s+pip\s+compile|pip-compile)\b")
_BY_LOCK = regex(
    r"\b(?:uv|poetry|pdm|pipenv)\s+(?:sync|install|export|requirements)\b|\bpip3?\b[^;&|\n]*(?:/wheels?\b|\*\.whl|\s-r\s)"
)
"""Steps that install, or list, what a lock file or another list holds; what comes after them finds it there."""
_PYTHON_LOCKS = {"uv.lock": "uv sync --frozen", "poetry.lock": "poetry install", "pdm.lock": "pdm sync"}
_FROZEN = regex(r"--frozen-lockfile|--immutable|--no-lockfile|--offline")
_CLONE = regex(r"\bgit\s+clone\b(?P<rest>[^;&|\n]*)")
_BRANCH = regex(r"(?:^|\s)(?:-b|--branch)[= ]\s*[\"']?(?P<name>[^\s\"']+)")
_CHECKOUT = regex(r"\bgit\b[^;&|\n]*\b(?:checkout|reset|switch)\b")
_BRANCHES = frozenset({"the default branch", "main", "master", "develop", "dev", "trunk"})
_UNSIGNED = regex(r"\bapk\s+(?:-\S+\s+)*add\b(?P<rest>[^;&|\n]*\s--allow-untrusted\b[^;&|\n]*)", words=("apk",))
_FETCHED = regex(r"\b(?:curl|wget)\b[^;&|\n]*\bhttps?://|\bhttps?://\S+\.apk\b", words=("http",))
_SUMMED = regex(r"\b(?:sha\d+sum|shasum|md5sum)\b|\b(?:gpg|minisign|cosign|openssl\s+dgst)\b|--checksum")
_MOST_SHOWN = 3


def _detect(project: Project) -> Iterator[Gap]:
    for dockerfile in project.dockerfiles:
        found = [
            (why, item.location)
            for stage in dockerfile.stages
            for item in stage.instructions
            if item.keyword == "RUN"
            for why in _reasons(project, dockerfile, stage, item)
        ]
        if found:
            yield _gap(project, dockerfile, found)
    yield from map(_start_gap, installed_at_start(project))


def _reasons(project: Project, dockerfile: Dockerfile, stage: Stage, item: Instruction) -> Iterator[str]:
    lockless = without_lock(Install(project, dockerfile, stage, item, _folders(project, dockerfile)))
    yield from (lockless,) if lockless else _node(project, dockerfile, item.text)
    yield from other_trees(item.text)
    yield from _python(project, dockerfile, item)
    if not DEVELOPMENT.search(stage.alias):
        yield from _named(item.text)
        yield from _own_ranges(project, dockerfile, item.text)
    yield from _beside_lock(project, dockerfile, item.text)
    yield from _git(project, dockerfile, item.text)
    yield from _unsigned(dockerfile, item.text)


def _node(project: Project, dockerfile: Dockerfile, text: str) -> Iterator[str]:
    npm, yarn, pnpm = _NPM.search(text), _YARN.search(text), _PNPM.search(text)
    if npm and not _names_packages(npm["rest"]) and _has(project, dockerfile, "package-lock.json"):
        yield "npm install beside package-lock.json (npm ci keeps to it)"
    classic = yarn and _has(project, dockerfile, "yarn.lock") and not _has(project, dockerfile, ".yarnrc.yml")
    if yarn and classic and not _FROZEN.search(yarn["rest"]):
        yield "yarn install beside yarn.lock (--frozen-lockfile keeps to it)"
    free = pnpm and not _FROZEN.search(pnpm["rest"]) and not _names_packages(pnpm["rest"])
    if free and _has(project, dockerfile, "pnpm-lock.yaml"):
        yield "pnpm install beside pnpm-lock.yaml (--frozen-lockfile keeps to it)"
    bun = _BUN.search(text)
    if bun and not _FROZEN.search(bun["rest"]) and not _names_packages(bun["rest"]) and _has(project, dockerfile, "bun.lock"):
        yield "bun install beside bun.lock (--frozen-lockfile keeps to it)"


def _beside_lock(project: Project, dockerfile: Dockerfile, text: str) -> Iterator[str]:
    """Yield a step that installs the project's package, or works its list out anew, where a lock file holds the versions."""
    lock = next((name for name in _PYTHON_LOCKS if _has(project, dockerfile, name)), "")
    if not lock:
        return
    compiled = _COMPILED.search(text)
    if compiled and "--upgrade" not in text:
        yield f"`{compiled['tool']}` beside {lock} ({_PYTHON_LOCKS[lock]} keeps to it)"
    own = _OWN_PACKAGE.search(text)
    if own and not _BY_LOCK.search(_steps(dockerfile)):
        yield f"`{shown_words(own[0])}` beside {lock} ({_PYTHON_LOCKS[lock]} keeps to it)"


def _steps(dockerfile: Dockerfile) -> str:
    return "\n".join(item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN")


def _has(project: Project, dockerfile: Dockerfile, name: str) -> bool:
    return any(project.exists(posixpath.join(folder, name)) for folder in _folders(project, dockerfile))


def _names_packages(rest: str) -> bool:
    """Whether the words behind `install` name packages: tools such as npm itself, which no lock file holds."""
    words = [word for word in rest.split() if not word.startswith("-") and word not in {"\\", "."}]
    return bool(words) or bool(re.search(r"(?:^|\s)(?:-g|--global)\b", rest))


def _folders(project: Project, dockerfile: Dockerfile) -> frozenset[str]:
    """Return the folders that the build takes its manifests from: the contexts of its builds, else the Dockerfile's own, and
    the root where no manifest stands beside it.
    """
    builds = (service.build for service in users_of(project, dockerfile))
    contexts = {build.context for build in builds if build and build.context is not None}
    own = posixpath.dirname(dockerfile.path)
    beside = {own} if own in known(_folders_of_manifests, project.manifests) else {own, ""}
    return frozenset(contexts or beside)


def _folders_of_manifests(manifests: tuple[Manifest, ...]) -> frozenset[str]:
    return frozenset(item.folder for item in manifests)


def _python(project: Project, dockerfile: Dockerfile, item: Instruction) -> Iterator[str]:
    for install in _REQUIREMENTS.finditer(item.text):
        if _CONSTRAINED.search(install["rest"]):
            continue
        for name in _FILE.findall(install["rest"]):
            loose, total = _loose(project, dockerfile, name)
            if loose:
                yield f"{len(loose)} of {total} packages of {posixpath.basename(name)} without a fixed version ({_few(loose)})"


def _named(text: str) -> Iterator[str]:
    """Yield the packages that the commands of a step name without a version."""
    rests = (install["rest"] for install in _REQUIREMENTS.finditer(text))
    words = (word for rest in rests if not _CONSTRAINED.search(rest) for word in named_requirements(rest))
    bare = list(dict.fromkeys(_bare(word) for word in words if not _FIXED.search(word)))
    if bare:
        yield f"packages named in the step without a fixed version ({_few(bare)})"


def _own_ranges(project: Project, dockerfile: Dockerfile, text: str) -> Iterator[str]:
    """Yield the project's own package that a step installs by the ranges of its manifest, where nothing holds its versions."""
    own = _OWN_PACKAGE.search(text)
    if own is None or _BY_LOCK.search(_steps(dockerfile)) or any(_has(project, dockerfile, name) for name in _PYTHON_LOCKS):
        return
    for folder in sorted(_folders(project, dockerfile)):
        path = posixpath.join(folder, "pyproject.toml")
        # What the reader of manifests refused is not read here either.
        is_read = any(item.path == path and item.dependencies for item in project.manifests)
        declared = _declared(project.source(path) or "") if is_read else []
        loose = [_bare(item) for item in declared if not _FIXED.search(item)]
        if loose:
            yield f"`{shown_words(own[0])}` by the ranges of pyproject.toml ({_few(loose)})"


def _declared(text: str) -> list[str]:
    """Return the dependencies that a pyproject.toml declares by PEP 621."""
    import tomllib

    try:
        table = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError:
        return []
    found = table.get("dependencies", []) if isinstance(table, dict) else []
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _few(names: list[str]) -> str:
    return ", ".join(names[:_MOST_SHOWN]) + (" ..." if len(names) > _MOST_SHOWN else "")


def _bare(requirement: str) -> str:
    return re.split(r"[\s<>=!~;\[(@]", requirement, maxsplit=1)[0]


def _loose(project: Project, dockerfile: Dockerfile, name: str) -> tuple[list[str], int]:
    """Return the packages of a requirements file without a fixed version, and how many packages it has."""
    text = next((text for path in _listed_files(project, dockerfile, name) if (text := project.source(path))), "")
    lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
    packages = [line for line in lines if re.match(r"[A-Za-z0-9]", line)]
    # A line with another file or a constraint may fix what stands here.
    if any(re.match(r"(?:-c|-r|--constraint|--requirement)\b", line) for line in lines):
        return [], len(packages)
    loose = [_bare(line) for line in packages if not _FIXED.search(line)]
    return [item for item in loose if item], len(packages)


def _listed_files(project: Project, dockerfile: Dockerfile, name: str) -> Iterator[str]:
    """Yield the paths that a requirements file may have: in the folders of the build, and where a step copies it from."""
    for folder in sorted(_folders(project, dockerfile)):
        yield posixpath.normpath(posixpath.join(folder, name.removeprefix("./").lstrip("/")))
        yield posixpath.join(folder, posixpath.basename(name))
        for stage in dockerfile.stages:
            for path, _ in copied_sources(dockerfile, stage.alias, folder):
                if posixpath.basename(path) == posixpath.basename(name):
                    yield path


def _git(project: Project, dockerfile: Dockerfile, text: str) -> Iterator[str]:
    """Yield the branch that a step clones, where nothing after it goes to a commit."""
    for match in _CLONE.finditer(text):
        if _CHECKOUT.search(text, match.end()):
            continue
        named = _BRANCH.search(match["rest"])
        branch = _value(project, dockerfile, named["name"]) if named else "the default branch"
        if branch in _BRANCHES:
            yield f"git clone of {branch} (the cache of the build keeps what came first, a build without it takes what is new)"


def _unsigned(dockerfile: Dockerfile, text: str) -> Iterator[str]:
    """Yield a package of Alpine that a step fetches and installs without its signature, where nothing knows its content."""
    unsigned = _UNSIGNED.search(text)
    is_fetched = unsigned is not None and _FETCHED.search(text, 0, unsigned.end()) is not None
    if is_fetched and not _SUMMED.search(_steps(dockerfile)):
        yield "a package from the network that neither a signature nor a checksum holds (apk add --allow-untrusted)"


def _value(project: Project, dockerfile: Dockerfile, word: str) -> str:
    """Return a word of a step, or what a build argument gives for it: by a service, by the Dockerfile, by an env template."""
    name = re.fullmatch(r"\$\{?(\w+)\}?", word)
    if name is None:
        return word
    builds = [service.build for stack in project.stacks for service in stack.services if service.build]
    given = [value for build in builds if build.dockerfile == dockerfile.path for key, value in build.args if key == name[1]]
    declared = [
        item.text.partition("=")[2]
        for stage in dockerfile.stages
        for item in stage.instructions
        if item.keyword == "ARG" and item.text.startswith(f"{name[1]}=")
    ]
    templates = [entry.value for file in project.env_files for entry in file.entries if entry.name == name[1]]
    return next((value.strip("\"'") for value in (*given, *declared, *templates) if value and "$" not in value), "")


def _start_gap(found: StartInstall) -> Gap:
    dockerfile = found.script.dockerfile
    effect = "the image holds no dependencies" if found.is_only_one else "the image holds others"
    return RULE.gap(
        resource=dockerfile.path,
        subject=f"start/{posixpath.basename(found.script.path)}",
        message=f"{found.script.path} installs the dependencies as the container starts (`{found.words}`): {effect}, so what"
        " was built and tested is not what runs, and no container starts while the registry of packages is out of reach.",
        expected="an installation in the Dockerfile",
        actual=f"`{found.words}` at each start",
        locations=(found.location,),
        related=(Location(dockerfile.path, 1),),
        severity=Severity.MEDIUM if found.is_only_one else Severity.LOW,
        closers=(
            Closer(None, "advice", "Install in a step of the Dockerfile, by the lock file, and let the script start alone."),
        ),
    )


def _gap(project: Project, dockerfile: Dockerfile, found: list[tuple[str, Location]]) -> Gap:
    reasons = tuple(dict.fromkeys(why for why, _ in found))
    return RULE.gap(
        resource=dockerfile.path,
        subject="install",
        message=f"{dockerfile.path} may install other versions than those that were tested: {'; '.join(reasons)}.",
        expected="an install that fails rather than change a version",
        actual="; ".join(reason.partition(" (")[0] for reason in reasons),
        locations=tuple(dict.fromkeys(place for _, place in found)),
        environment=environment_of(project, dockerfile),
    )


RULE = Rule(
    code="IMG007",
    name="non-reproducible-install",
    layer=Layer.IMAGE,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Use `npm ci`, `--frozen-lockfile` for the others, `uv sync --frozen`; write requirements with `==` "
            "(`pip-compile`, `uv pip compile`) and install with --require-hashes.",
        ),
    ),
    cause=Cause.PROJECT,
)
