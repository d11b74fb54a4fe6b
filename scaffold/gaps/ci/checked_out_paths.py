"""Files and folders that the steps of a job take from the checkout and that the repository does not have."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import islice
from posixpath import normpath

from scaffold.gaps.ci_signals import CiStep
from scaffold.gaps.facts import has_submodules
from scaffold.gaps.remembered import remembered
from scaffold.model.frozen import frozen
from scaffold.model.project import Project, Step
from scaffold.model.regex import regex
from scaffold.model.workflow_matrix import legs
from scaffold.model.workflow_steps import BUILD_ACTION

_PART = regex(r"&&|;|\|")
_CD = regex(r"cd\s+(?P<path>(?:\$\{\{[^}]*\}\}|[^\s;&|$])+)")
_MOVES = regex(r"(?:^|[\s({])(?:cd|pushd|popd)(?=\s|$)")
"""A change of the folder in another form, such as in a shell of its own: what comes behind it stands nobody knows where."""
_COMPOSE = regex(r"docker(?:-compose|\s+compose)\s")
_COMPOSE_FILE = regex(r"(?:^|\s)(?P<flag>-f|--file)[= ](?P<path>\S+)")
_BUILD = regex(r"docker\s+(?:buildx\s+|image\s+)?build\s")
_SCRIPT = regex(r"(?:(?:bash|sh)\s+(?:-[a-z]+\s+)*)?(?P<path>(?:\./)?[\w.-]+(?:/[\w.-]+)*\.sh)(?=\s|$)", words=(".sh",))
_COPY = regex(r"scp\s")
_WRITTEN = regex(r"\.(?:ya?ml|conf|cfg|toml|ini|service|sh|example)$|(?:^|/)(?:Caddyfile|Dockerfile|Makefile)$")
_TAKES_A_WORD = regex(r"-[a-zA-Z]*[BciFJlopPSDXR]")
"""Options of scp that take the next word, the port and the key among them."""
_EXPRESSION = regex(r"\$\{\{[^}]*\}\}", words=("${{",))
_UNKNOWN = regex(r"[$*?\[\]{}~`()<>:!\\\"']")
_ELSEWHERE = regex(r"<<|(?:^|\s)ssh\s|\bdocker\s+(?:exec|run)\b|\bsu\s|\bsudo\s+-[ui]|\bmultipass\b|\blxc\b|\bnix\b")
_ASKS = regex(r"\b(?:if|for|while|case|until|function)\b|\[\s|\btest\s+-|\|\||\bset\s+\+e")
"""Words of scripts that look before they go on, or go on regardless."""
_ASKED = regex(r"hashFiles|matrix\.|steps\.|\bfalse\b|inputs\.|exists|vars\.")
_KEPT_AWAY = regex(r">>?\s*\"?(?:\$\{?GITHUB_\w+\}?|~/\S*|/\S+|\$\{?HOME\}?\S*|&\d)")
_MAKES = regex(
    r"\bgit\s+(?:clone|checkout|switch|worktree|pull|fetch|submodule|lfs|reset|merge|init)|\bgh\s+(?:repo|release|run|pr)\b|cookiecutter"
    r"|\b(?:npx|npm|pnpm|yarn|bun)\s+(?:--yes\s+)?(?:create|init|dlx)|\btar\s|\bunzip\b|\b(?:cp|mv|ln|mkdir|tee|rsync|patch|degit|envsubst|sops|gpg)\b"
    r"|\bcurl\b[^\n]{0,300}\s(?:-[a-zA-Z]*[oO]\b|--output)|\bwget\b|\baws\s+s3\b|\bgsutil\b|\bdocker\s+(?:cp|create)\b"
    r"|\b(?:django-admin|rails|cargo|mix|dotnet|ng|nx|composer)\s+(?:new|startproject|create-project|init)\b|>"
)
_KNOWN_ACTIONS = regex(
    r"actions/(?:checkout|setup-[\w-]+|cache(?:/\w+)?|upload-artifact|labeler|add-to-project)|docker/[\w-]+"
    r"|aws-actions/[\w-]+|azure/[\w-]+|google-github-actions/[\w-]+|hashicorp/setup-[\w-]+|pnpm/action-setup|oven-sh/setup-bun"
    r"|astral-sh/[\w-]+|webfactory/ssh-agent|aquasecurity/[\w-]+|github/codeql-action/[\w-]+|sigstore/[\w-]+|codecov/[\w-]+"
    r"|shivammathur/setup-php|ruby/setup-ruby|gradle/[\w-]+|dorny/[\w-]+|tj-actions/[\w-]+|appleboy/[\w-]+|8398a7/[\w-]+"
    r"|slackapi/[\w-]+|step-security/[\w-]+|dtolnay/rust-toolchain|swatinem/rust-cache|superfly/[\w-]+|shimataro/[\w-]+"
)
"""Actions that put nothing beside what was checked out."""
_CHECKOUT = "actions/checkout"
_LONGEST_LINE = 2000
_MOST = 20
"""Paths of one job that are told of."""
_MADE = frozenset(
    {
        "dist",
        "build",
        "out",
        "target",
        "publish",
        "public",
        "release",
        "releases",
        "bin",
        "artifacts",
        "artifact",
        "site",
        "_site",
        "coverage",
        "output",
        "node_modules",
        "vendor",
        ".venv",
        "venv",
        "tmp",
        "temp",
        "generated",
        "gen",
        ".next",
        ".output",
        "wwwroot",
    }
)
"""Folders that builds make."""


@frozen
class MissingPath:
    """A path that the repository does not have, the words of the step that name it, and the step."""

    path: str
    words: str
    item: CiStep


def near_path(project: Project, path: str) -> str:
    """Return the file that is probably meant: the one of that name, or of the folder, or the Compose file by its other name."""
    folder, _, name = path.rpartition("/")
    by_name, by_place = _files(project)
    named = by_name.get(name, [])
    below = [item for item in named if item.startswith(f"{folder}/")]
    alike = by_place.get(f"{folder}/{_plain_name(path)}", [])
    return next((found[0] for found in (below, named, alike) if len(found) == 1), "")


@remembered
def _files(project: Project) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the files by their names, and those of Compose by folder and plain name."""
    by_name: dict[str, list[str]] = {}
    by_place: dict[str, list[str]] = {}
    for path in project.present:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
        if "compose" in path:
            by_place.setdefault(f"{path.rpartition('/')[0]}/{_plain_name(path)}", []).append(path)
    return by_name, by_place


def _plain_name(path: str) -> str:
    name = path.rpartition("/")[2].removesuffix(".yml").removesuffix(".yaml")
    return name.removeprefix("docker-") if "compose" in name else path


def missing_paths(project: Project, steps: list[CiStep], folders: list[str]) -> Iterator[MissingPath]:
    """Yield what the steps of one job take from a plain checkout and is not there; `folders` is where each step works."""
    if any(item.step.action == _CHECKOUT and _takes_another_tree(item.step) for item in steps) or has_submodules(project):
        return
    made = [line for item in steps for line in _lines(item.step.run) if _MAKES.search(line)]
    yield from islice((found for found in _in_order(project, steps, folders) if not _is_brought(project, found, made)), _MOST)


def _in_order(project: Project, steps: list[CiStep], folders: list[str]) -> Iterator[MissingPath]:
    """Yield what is missing, step after step: what runs after a step that may make files may find them."""
    checked_out, untouched = False, True
    for item, folder in zip(steps, folders, strict=True):
        step = item.step
        checked_out = checked_out or step.action == _CHECKOUT
        untouched = untouched and not _may_make_files(step)
        if not checked_out:
            continue
        if step.uses.startswith("./"):
            yield from _missing_action(project, item)
        elif untouched and not step.continue_on_error and not _ASKED.search(f"{step.condition} {item.job.condition}"):
            yield from (MissingPath(path, words, item) for path, words in _named(project, item, folder))


def _missing_action(project: Project, item: CiStep) -> Iterator[MissingPath]:
    path = normpath(item.step.uses)
    if _UNKNOWN.search(path) or path.startswith(".."):
        return
    if not any(project.exists(f"{path}/{name}") for name in ("action.yml", "action.yaml", "Dockerfile")):
        yield MissingPath(path, f"uses: {item.step.uses}", item)


def _named(project: Project, item: CiStep, folder: str) -> Iterator[tuple[str, str]]:
    """Yield each path that is not there, behind the words that name it."""
    if item.step.action == BUILD_ACTION:
        yield from _of_build_action(project, item)
    elif item.step.run:
        for (place,) in legs(item.job, folder):
            if place and not _is_plain(place):
                continue
            if place and not project.exists(place):
                yield normpath(place), f"working-directory: {folder}"
            else:
                yield from _of_script(project, item, place)


def _of_build_action(project: Project, item: CiStep) -> Iterator[tuple[str, str]]:
    context, file = item.step.input("context"), item.step.input("file")
    if not context or "://" in context:
        return
    for where, name in legs(item.job, context, file):
        if not _is_plain(where):
            continue
        if not project.exists(normpath(where)):
            yield normpath(where), f"context: {context}"
        elif name and _is_plain(name) and not project.exists(normpath(name)):
            yield normpath(name), f"file: {file}"


def _of_script(project: Project, item: CiStep, place: str) -> Iterator[tuple[str, str]]:
    text = item.step.run
    if _ASKS.search(text):
        return
    for line in (line[:_LONGEST_LINE] for line in text.replace("\\\n", " ").splitlines()):
        for raw in (part.strip() for part in _PART.split(line)):
            if _ELSEWHERE.search(raw) or line.count('"') % 2 or line.count("'") % 2:
                return
            moved = _CD.fullmatch(raw)
            if moved is None and _MOVES.search(raw):
                return
            if moved is None:
                yield from _of_command(project, item, raw, place)
                continue
            places = [
                normpath(f"{place or '.'}/{path}") for (path,) in legs(item.job, moved["path"].strip("\"'")) if _is_plain(path)
            ]
            missing = [path for path in places if not path.startswith("..") and not project.exists(path)]
            yield from ((path, raw) for path in missing)
            if missing or len(places) != 1:
                return
            place = places[0]


def _of_command(project: Project, item: CiStep, raw: str, place: str) -> Iterator[tuple[str, str]]:
    """Yield the files that one command reads where it stands and that are not there."""
    for written, words in _read_by(raw):
        for (path,) in legs(item.job, written):
            if not _is_plain(path) or path.startswith("-"):
                continue
            full = normpath(f"{place or '.'}/{path}")
            if not full.startswith("..") and not project.exists(full):
                yield full, words


def _read_by(raw: str) -> Iterator[tuple[str, str]]:
    """Yield each path that a command reads, as written, and the words to show for it."""
    script = _SCRIPT.match(raw)
    if script:
        yield script["path"], script[0]
    elif _COMPOSE.match(raw):
        # After the name of the subcommand -f means something else.
        for match in _COMPOSE_FILE.finditer(
            re.split(r"\s(?:up|down|build|run|exec|pull|push|logs|ps|config|rm|kill|cp)\b", raw)[0]
        ):
            yield match["path"].strip("\"'"), match[0].strip()
    elif _BUILD.match(raw):
        for match in _COMPOSE_FILE.finditer(_EXPRESSION.sub(_in_one_word, raw)):
            yield match["path"].strip("\"'"), match[0].strip()
    elif _COPY.match(raw):
        yield from ((source, source) for source in _copied(raw))


def _in_one_word(match: re.Match[str]) -> str:
    return re.sub(r"\s", "", match[0])


def _copied(raw: str) -> list[str]:
    """Return what a command of scp sends to another machine, of files that people write: others are made by a step before."""
    try:
        words = shlex.split(_EXPRESSION.sub(_in_one_word, raw))[1:]
    except ValueError:
        return []
    plain: list[str] = []
    takes = False
    for word in words:
        if takes or word.startswith("-"):
            takes = not takes and bool(_TAKES_A_WORD.fullmatch(word))
            continue
        plain.append(word)
    return [word for word in plain[:-1] if _WRITTEN.search(word)] if plain and ":" in plain[-1] else []


def _is_plain(path: str) -> bool:
    """Whether a path is written out and lies below where it is read."""
    return bool(path) and not path.startswith(("/", "-")) and not _UNKNOWN.search(path)


def _is_brought(project: Project, found: MissingPath, made: list[str]) -> bool:
    """Whether something may bring a path that is not in the tree: a build, a command that names it; or git leaves it out."""
    parts = found.path.split("/")
    by_command = any(parts[-1] in line for line in made)
    return bool(set(parts) & _MADE) or parts[0] == ".." or bool(project.ignored_at(found.path)) or by_command


def _may_make_files(step: Step) -> bool:
    """Whether a step may bring or make files beside those of the checkout."""
    by_action = step.uses and step.action != _CHECKOUT and not _KNOWN_ACTIONS.match(step.uses.lower())
    return bool(by_action) or any(_MAKES.search(line) for line in _lines(step.run))


def _lines(text: str) -> list[str]:
    """Return the lines of a script without what they write elsewhere than into the checkout."""
    return [_KEPT_AWAY.sub(" ", line[:_LONGEST_LINE]) for line in text.split("\n")]


def _takes_another_tree(checkout: Step) -> bool:
    """Whether a checkout brings something else, or puts it elsewhere, than the commit that the workflow stands in."""
    ref = checkout.input("ref")
    special = any(checkout.input(name) for name in ("path", "repository", "sparse-checkout", "submodules"))
    return special or (bool(ref) and "github." not in ref)
