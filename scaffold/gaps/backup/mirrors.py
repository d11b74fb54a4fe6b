"""Deployments that make a folder of the host the same as the checkout, with what of the host's own they delete there."""

from __future__ import annotations

import itertools
import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from scaffold.gaps.facts import SAYS, is_test_path
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.durability import is_made_again
from scaffold.model.env_templates import missing_env_files
from scaffold.model.frozen import frozen
from scaffold.model.project import Job, Project, Step
from scaffold.model.regex import regex

_RSYNC = regex(r"(?:^|[\s;&|(\"'])rsync\s(?P<words>[^\n;&|<]*--del(?:ete)?(?:-\w+)?\b[^\n;&|<]*)")
_CLEAN = regex(r"\bgit\s+(?:-C\s+\S+\s+)?clean\s(?P<words>[^\n;&|\"']*)")
_WITH_VALUE = frozenset({"-e", "--rsh", "--exclude", "--chmod", "--chown", "--rsync-path", "--port", "--bwlimit", "--timeout"})
_UNKNOWN = regex(
    r"--(?:exclude-from|include|files-from|filter|cvs-exclude|dry-run|link-dest|backup)\b|(?:^|\s)-(?:\w*[nCF]\w*|f)(?:\s|$)"
)
"""Options that spare files which this rule does not know, or copy nothing."""
_OF_THE_CHECKOUT = regex(
    r"\./?|\$(?:PWD|GITHUB_WORKSPACE)/|\$\{(?:PWD|GITHUB_WORKSPACE)\}/|\$\(pwd\)/|\$\{\{\s*github\.workspace\s*\}\}/"
    r"|\$\{?(?:PROJECT|REPO|ROOT)(?:_?(?:ROOT|DIR|PATH))?\}?/"
)
_A_RELEASE = regex(
    r"(?i)release|sha\b|stamp|date|version|build|tmp|temp|stag|incoming|next|new|backup|preview|\bpr\b|public|html|static|dist"
)
"""Words of a target that is made for one release, or that holds what browsers get."""
_IN_A_FOLDER = regex(r"^cd\s+(?!\"?\$\(\s*dirname|\"?\$\{?\w*(?:ROOT|PROJECT|REPO|SCRIPT)|\.\.)")
_COPIES_OF = regex(
    r"^(?:export\s+|local\s+|readonly\s+)?\w*(?:BACKUP|DUMP)S?_(?:DIR|DIRECTORY|PATH|FOLDER|ROOT)=[\"']?(?:\$\{\w+:-)?"
    r"(?:\./|\$\{?\w*(?:ROOT|PROJECT|REPO)\w*\}?/)?(?P<path>[A-Za-z][\w.-]*(?:/[\w.-]+)*)/?\}?[\"']?$"
)
_PLACEHOLDERS = frozenset({".gitkeep", ".keep", ".gitignore"})
_BUILT = regex(
    r"(?:.*/)?(?:dist|build|out|node_modules|vendor|target|\.next|public|static|coverage|htmlcov|[\w-]*reports?|test-results)(?:/.*)?"
)


_ACTIONS = {
    "burnett01/rsync-deployments": ("switches", "path", "remote_path", ""),
    "contention/rsync-deployments": ("flags", "sourcepath", "destpath", ""),
    "easingthemes/ssh-deploy": ("args", "source", "target", "exclude"),
}
"""The inputs of actions that call rsync: its options, the source, the target, and what is spared, in lists with commas."""

_BY_CHECKOUT = "git clean -ffdx # actions/checkout"
_UP = regex(r"\bcompose\b[^\n]*\sup\b")
_LEAVES = regex(r"(?m)(?:^|[;&\s])(?:cd|pushd)\s|\s--project-directory\b|\s-f\s+/")
"""What starts a stack in another folder than that of the checkout."""


@frozen
class Mirror:
    """A command that deletes files of the host: what it is in words, what it spares, and the folder that it covers."""

    what: str
    spared: tuple[str, ...]
    folder: str
    place: Location


def lost_on_the_host(
    project: Project, lines: Sequence[tuple[str, Location]], stacks: Sequence[Stack]
) -> Iterator[tuple[str, Location]]:
    """Yield what the lines of a deployment do to env files, folders and copies that only the host has."""
    for mirror in _mirrors(lines):
        after = [line for line, place in lines if place.line >= mirror.place.line]
        lost = [path for path in _of_the_host(project, stacks) if _is_deleted(mirror, path) and not _is_written(path, after)]
        if lost:
            names = ", ".join(lost[:3])
            yield f"{mirror.what}: {names} {'is' if len(lost) == 1 else 'are'} not in git and {_NOT_SPARED}", mirror.place


_CLEANS = "cleans the checkout of the host with `git clean`"
_NOT_SPARED = "not among what it spares, so what the host has there is deleted or replaced at each run"


# --- actions ----------------------------------------------------------------------------------------------------------


def called_rsync(step: Step) -> str:
    """Return the command that an action for rsync runs, "" for any other step."""
    names = _ACTIONS.get(step.action.lower())
    if names is None:
        return ""
    given = {name.lower(): value for name, value in step.inputs}
    options, source, target, spared = (given.get(name, "") for name in names)
    excludes = " ".join(f"--exclude={shlex.quote(item.strip())}" for item in spared.split(",") if item.strip())
    return " ".join(f"rsync {options} {excludes} {_whole(source)} host:{target}".split())


def _whole(source: str) -> str:
    """Return the source of an action as rsync has it: without one the action takes the checkout."""
    clean = source.strip()
    return "./" if clean in {"", ".", "./"} else clean


def cleaned_before(job: Job) -> tuple[str, Location] | None:
    """Return the command by which the checkout of a job deletes what git does not have in the folder from which the job starts
    the stack, with the place of its step; None where it keeps it, or where the stack is started elsewhere.
    """
    step = next((step for step in job.steps if step.action == "actions/checkout"), None)
    if step is None or step.input("clean", "true").lower() == "false" or step.input("path"):
        return None
    starts = [item for item in job.steps if _UP.search(item.run)]
    stays = all(not item.working_directory and not _LEAVES.search(item.run) for item in starts)
    return (_BY_CHECKOUT, step.location) if starts and stays else None


# --- the commands -----------------------------------------------------------------------------------------------------


def _mirrors(lines: Sequence[tuple[str, Location]]) -> Iterator[Mirror]:
    inside = False
    for line, place in lines:
        inside = inside or bool(_IN_A_FOLDER.search(line))
        if SAYS.match(line):
            continue
        match, cleaned = _RSYNC.search(line), _CLEAN.search(line)
        found = _rsync(match["words"], place) if match and not inside else _clean(cleaned["words"], place) if cleaned else None
        if found:
            yield found


def _words(text: str) -> list[str]:
    try:
        return shlex.split(re.sub(r"\$\{\{[^}]*\}\}", lambda found: found[0].replace(" ", ""), text))
    except ValueError:
        return []


def _rsync(text: str, place: Location) -> Mirror | None:
    """Return the mirror of the checkout that an rsync makes, None for another folder and for options that are not known."""
    if _UNKNOWN.search(text):
        return None
    spared: list[str] = []
    given: list[str] = []
    words = iter(_words(text))
    for word in words:
        if word in _WITH_VALUE:
            value = next(words, "")
            spared += [value] if word == "--exclude" else []
        elif word.startswith("--exclude="):
            spared += re.sub(r"[{}]", "", word.partition("=")[2]).split(",")
        elif not word.startswith("-"):
            given.append(word)
    if len(given) != 2 or any("[@]" in word or re.fullmatch(r"\$\{?\w+\}?", word) for word in given):
        return None
    source, target = given
    is_whole = bool(_OF_THE_CHECKOUT.fullmatch(source))
    if _A_RELEASE.search(target) or not (is_whole or re.fullmatch(r"(?:\./)?[\w.-]+(?:/[\w.-]+)*/", source)):
        return None
    if not re.match(r"[^/]*:|/|\$", target):
        return None
    folder = "" if is_whole else posixpath.normpath(source)
    return Mirror("mirrors the checkout to the host by `rsync --delete`", tuple(spared), folder, place)


def _clean(text: str, place: Location) -> Mirror | None:
    """Return what a `git clean` that takes ignored files as well does, None for the others."""
    words = _words(text.partition("#")[0])
    flags = "".join(word[1:] for word in words if re.fullmatch(r"-[a-zA-Z]+", word) and word != "-e")
    if "f" not in flags or "d" not in flags or not re.search(r"[xX]", flags) or "n" in flags:
        return None
    spared = [after for word, after in itertools.pairwise(words) if word in {"-e", "--exclude"}]
    spared += [word.partition("=")[2] for word in words if word.startswith("--exclude=")]
    if any(word for word in words if not word.startswith("-") and word not in spared):
        return None  # It cleans the folders that it names.
    who = "has actions/checkout clean its folder on a runner that stays" if "actions/checkout" in text else _CLEANS
    return Mirror(f"{who}, ignored files included", tuple(spared), "", place)


# --- what only the host has -------------------------------------------------------------------------------------------


def _of_the_host(project: Project, stacks: Sequence[Stack]) -> Iterator[str]:
    """Yield the env files and folders that services of the stacks need and git does not have, and the folder of the copies."""
    services = [service for stack in stacks for service in stack.services]
    found = [path for service in services for path in missing_env_files(project, service)]
    found += [mount.resolved for service in services for mount in service.mounts if mount.kind == "bind" and mount.resolved]
    found += [".env"] if any(_asks(service) for service in services) else []
    for command in project.commands:
        path = command.location.path
        match = _COPIES_OF.match(command.text) if command.context == "script" and not is_test_path(path) else None
        found += [match["path"]] if match and path not in project.owned else []
    for path in dict.fromkeys(found):
        if not path.startswith(("/", "..", "$")) and not _is_tracked(project, path) and not _is_made(path):
            yield path


def _asks(service: Service) -> bool:
    """Whether Compose takes a value of the service from the env file beside it, without a default."""
    entries = (item for item in service.environment if item.source == "environment")
    return any(
        not reference.has_default for item in entries for reference in item.references if not reference.operator.endswith("+")
    )


def _is_made(path: str) -> bool:
    return is_made_again(path) or bool(_BUILT.fullmatch(path))


def _is_tracked(project: Project, path: str) -> bool:
    below = (other for other in project.files if other == path or other.startswith(f"{path}/"))
    return any(posixpath.basename(other) not in _PLACEHOLDERS for other in below)


def _is_deleted(mirror: Mirror, path: str) -> bool:
    """Whether a path lies in the folder of the mirror, and no pattern of what it spares means it or a folder above it."""
    if mirror.folder and not path.startswith(f"{mirror.folder}/"):
        return False
    parts = path.split("/")
    above = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
    for pattern in (item.strip("/").removesuffix("/**").removesuffix("/*") for item in mirror.spared):
        if "$" in pattern or any(fnmatchcase(name, pattern) for name in (*parts, *above)):
            return False
    return True


def _is_written(path: str, lines: Sequence[str]) -> bool:
    """Whether the deployment itself writes the file, and not only where it is missing."""
    name = re.escape(posixpath.basename(path))
    brings = re.compile(
        rf"(?:>|\btee\b|\bcp\b|\bscp\b|\bmv\b|\brsync\b|\bln\b|\binstall\b)[^\n]*{name}(?![\w.-])|-o\s+\S*{name}(?![\w.-])"
    )
    missing = re.compile(rf"\bif\b.*!\s*-[fes]\s+\S*{name}")
    depth = 0
    for line in lines:
        depth = depth + 1 if missing.search(line) or (depth and re.match(r"if\b", line)) else depth
        if not depth and brings.search(line):
            return True
        depth -= bool(depth) and line.strip() in {"fi", "fi;"}
    return False
