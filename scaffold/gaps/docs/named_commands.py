"""Services, scripts and package scripts that the commands of a page name, where the repository has none of that name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from scaffold.gaps.backup.recipes import of_operators
from scaffold.gaps.docs.pages import commands_of, heading_above
from scaffold.gaps.facts import declared_services
from scaffold.gaps.remembered import remembered
from scaffold.model.known import known
from scaffold.model.project import Command, DocFile, Project
from scaffold.model.regex import regex

_COMPOSE = regex(
    r"\bdocker[ -]compose\s+(?>(?:-[fp]\s*|--(?:file|env-file|profile|project-name|project-directory)[= ])\S+\s+"
    r"|--?\w[\w-]*(?:=\S+)?\s+)*"
    r"(?P<verb>exec|run|logs|restart|up|build|stop|pull|rm)\b(?P<words>[^\n|;&>#]*)"
)
_WITH_VALUE = frozenset(
    {
        *("-e", "--env", "-u", "--user", "-w", "--workdir", "--entrypoint", "-v", "--volume", "-p", "--publish", "--name"),
        *("--tail", "-n", "--since", "--until", "--scale", "-t", "--timeout", "--index", "--build-arg", "--profile", "--ssh"),
        *("--wait-timeout", "--pull", "-l", "--label", "--progress", "-m", "--memory", "--exit-code-from", "--attach"),
    }
)
_SCRIPT = regex(r"(?:sudo\s+)?(?:(?:bash|sh)\s+(?:-\w+\s+)*)?(?P<path>(?:\./)?[\w-][\w./-]*/[\w.-]+\.(?:sh|bash))(?=\s|$)")
_PACKAGE = regex(r"(?:npm|pnpm|yarn|bun)\s+run\s+(?P<name>\w[\w:.-]*)(?=\s|$)")
_WORD = regex(r"[A-Za-z0-9][\w.-]*")
_KEY = regex(r"(?m)^[^\S\n]*[\"']?(?P<key>[A-Za-z0-9][\w.-]*)[\"']?[^\S\n]*:")
_STAND_IN = regex(r"(?i)(?:your|my(?!sql)|some|example|service)[-_]?.*|.*[-_]?name|x+|foo|bar")
_IF = regex(r"(?i)\b(?:if|optional\w*|example)\b")


def unknown_service(project: Project, page: DocFile, command: Command) -> str:
    """Return the first service that a command of Compose names and no compose file has, "" where there is none, or where the
    page speaks of another stack, of one to come, or of what may be there.
    """
    match = _COMPOSE.search(command.text) if "compose" in command.text else None
    declared = declared_services(project) if match else frozenset()
    if not match or not declared or _IF.search(heading_above(page, command.location)):
        return ""
    for name in _named(match["words"], match["verb"]):
        if name not in declared and name not in known(_shown_keys, page) and not _STAND_IN.fullmatch(name):
            return name if _speaks_of(project, page, declared) else ""
    return ""


def _named(text: str, verb: str) -> Iterator[str]:
    """Yield the services among the words after a verb of Compose: the first where a command follows it, else each."""
    after = ""
    for word in text.partition(">")[0].split():
        if word.isdigit():
            continue  # The number of a stream that is redirected.
        if not word.startswith("-") and after not in _WITH_VALUE:
            if _WORD.fullmatch(word):
                yield word
            if verb in {"exec", "run"}:
                return
        after = word


def _shown_keys(page: DocFile) -> frozenset[str]:
    """Return the keys of the YAML that a page shows."""
    return frozenset(match["key"] for match in _KEY.finditer(page.text))


def _speaks_of(project: Project, page: DocFile, declared: frozenset[str]) -> bool:
    """Whether another command of the page names a service that exists."""
    return not declared.isdisjoint(known(_all_named, commands_of(project, page.path)))


def _all_named(commands: tuple[Command, ...]) -> frozenset[str]:
    own = (command.text for command in commands if command.context == "doc" and "compose" in command.text)
    return frozenset(name for text in own for m in _COMPOSE.finditer(text) for name in _named(m["words"], m["verb"]))


def unknown_script(project: Project, page: DocFile, command: Command) -> str:
    """Return the shell script that a command starts in a folder of the repository and that is nowhere, or ""."""
    match = _SCRIPT.match(command.text)
    path = normpath(match["path"]) if match else ""
    folder, _, name = path.rpartition("/")
    beside = page.path.rpartition("/")[0]
    if (
        not folder
        or path.startswith("..")
        or "/." in f"/{path}"
        or not (project.exists(folder) or project.exists(f"{beside}/{folder}"))
    ):
        return ""
    # A page may write the file first, and an ignored one may be made by a tool.
    if (
        any(file.rpartition("/")[2] == name for file in project.files)
        or len(re.findall(rf"[>/\s`]{re.escape(name)}", page.text)) > 1
    ):
        return ""
    return path


def unknown_package_script(project: Project, page: DocFile, command: Command) -> str:
    """Return the script of a package.json that a page for operators runs and no manifest has, or ""."""
    match = _PACKAGE.match(command.text)
    if match is None or not _is_judged(page.path):
        return ""
    known, every = _package_scripts(project)
    return match["name"] if known and every and match["name"] not in known else ""


def _is_judged(path: str) -> bool:
    """Whether a page is for operators or a README, and not among the pages that may be a package of their own."""
    of_docs = any(part in {"doc", "docs", "website"} for part in path.split("/")[:-1])
    return not of_docs and (of_operators(path) or path.lower().rpartition("/")[2].startswith("readme"))


@remembered
def _package_scripts(project: Project) -> tuple[frozenset[str], bool]:
    """Return the names of all scripts of the manifests, and whether every package.json is read."""
    read = {manifest.path for manifest in project.manifests}
    every = all(path in read for path in project.files if path.rpartition("/")[2] == "package.json")
    return frozenset(name for manifest in project.manifests for name, _ in manifest.scripts), every
