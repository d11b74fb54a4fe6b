"""How an env template becomes the env file of a running system: who copies it, and whether something writes its secrets."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import path_environment
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, EnvFile, Project
from scaffold.model.regex import regex

_COPIES = regex(
    r"(?<![\w-])(?:cp|mv|copy|install)\s+(?:-\w+\s+)*(?P<cp>[^\s;&|]+)\s+[^\s;&|]+"
    r"|\b(?:curl|wget|download\w*)\b[^\n;&|]*?(?P<url>[\w./$\{\}-]*env[\w./-]*)"
)
_ASSIGNED = regex(
    r"(?m)^[ \t]*(?:(?:export|local|readonly)[ \t]+)?(?P<name>[A-Za-z_]\w*)=[\"']?(?P<value>[\w./~-]+)[\"']?[ \t]*(?:#.*)?$"
)
_VARIABLE = regex(r"\$(?:\{(?P<braced>\w+)\}|(?P<name>\w+))")
_ENTERS = regex(r"(?m)(?:^|&&|;)[ \t$>]*cd[ \t]+(?P<folder>[\w./\"'-]+)")
_RUNS = frozenset({"script", "makefile", "dockerfile", "package"})
"""Contexts of commands that run without a person who reads along."""
_INSTALLS = regex(r"(?i)install|setup|set-up|deploy|bootstrap|quick-?start|init|provision|prepare|up\b")
_INSTALLS_IT = regex(r"(?i)(?<![a-z])(?:install|deploy|provision|prod)")
_WRITES = regex(
    r"(?i)\bsed\b|openssl|>>|\brandom|generat|uuid|token_(?:hex|urlsafe)|\bset\w*env|env_\w+|\bread\s+-|\bprompt|\breplace|secrets?\."
    r"|\bpwgen|urandom"
)
_HANDED_OVER = regex(
    r"(?i)\b(?:please|must|forget|remember)\b[^\n]*(?:edit|fill|update|change|set)|\bexit\s+1|EDITOR|\bnano\b|\bvim?\b"
    r"|\b(?:edit|fill(?: in| out)?|customi[sz]e)\s+(?:the\s+|your\s+|in\s+)?\S*env|before (?:running|starting|continuing)"
)
"""Words behind a copy that leave the values to a person."""
_AFTER = 8
"""Lines behind a copy in which they stand."""
_TRY_SERVER = regex(
    r"\bflask\s+run\b|\bmanage\.py\s+runserver\b|\bartisan\s+serve\b|\brails\s+s(?:erver)?\b|\b(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?dev\b"
    r"|\buvicorn\b[^\n]*--reload\b|\bfastapi\s+dev\b|\bnext\s+dev\b"
)
_LASTING_SERVER = regex(
    r"\b(?:docker|podman|systemctl|supervisorctl|pm2|gunicorn|nginx|apache2|kubectl|helm|caddy)\b|\bphp\S*-fpm\b|\.service\b"
)
_KEEPS = regex(r"\bgrep\b[^\n]*=\.[+*]|\bgrep\b[^\n]*=\[\^")
"""Asks whether a variable has any value, before a key is made for it."""
_WRITERS = (".sh", ".bash", ".ps1", ".py", ".js", ".mjs", ".rb", "Makefile", "makefile", "justfile")
_TELLING = 12
"""Characters of a value that a script names only to replace it."""
_NEAR = 3
"""Lines around the name of a variable in which a script says what it does with it."""


@frozen
class Copy:
    """A command that makes an env file out of a template; `unattended` where a script or a target does it and goes on,
    `by_hand` where a page tells people to.
    """

    unattended: bool
    by_hand: bool
    location: Location
    owner: str
    """The make target or npm script, "" for other lines."""
    tried: bool = False
    """Whether its script goes on to start a server for development, and no other one."""

    @property
    def installs(self) -> bool:
        """Whether a script for installing or deploying makes it, which runs where the system is to run."""
        return (
            self.unattended
            and not self.tried
            and bool(_INSTALLS_IT.search(f"{self.location.path.rpartition('/')[2]} {self.owner}"))
        )


def copies_of(project: Project, file: EnvFile) -> tuple[Copy, ...]:
    """Return the commands that copy a template, those of scripts first; what sets up tests or development is none."""
    found = [item for path, item in _copies(project) if path == file.path]
    return tuple(sorted(found, key=lambda item: (not item.unattended, item.location.sort_key())))


@remembered
def _copies(project: Project) -> tuple[tuple[str, Copy], ...]:
    templates = {file.path for file in project.env_files if file.kind == "template"}
    return tuple(_found(project, templates)) if templates else ()


def _found(project: Project, templates: set[str]) -> Iterator[tuple[str, Copy]]:
    for command in project.commands:
        if command.location.path in project.owned or not (command.context in _RUNS or command.context == "doc"):
            continue
        for match in _COPIES.finditer(command.text) if "env" in command.text.lower() else ():
            path = _named(project, command, match["cp"] or match["url"], templates)
            if path and not _of_a_try(command):
                unattended = command.context != "doc" and not _is_handed_over(project, command)
                tried = unattended and _starts_a_try(project, command)
                yield path, Copy(unattended, command.context == "doc", command.location, command.owner, tried)


def _is_handed_over(project: Project, command: Command) -> bool:
    lines = (project.source(command.location.path) or "").split("\n")
    return bool(_HANDED_OVER.search("\n".join(lines[command.location.line - 1 : command.location.line + _AFTER])))


def _starts_a_try(project: Project, command: Command) -> bool:
    """Whether the script of a command starts a framework's own server on this machine, and nothing that lasts."""
    text = project.source(command.location.path) or "" if command.context == "script" else ""
    return bool(_TRY_SERVER.search(text)) and not _LASTING_SERVER.search(text)


def _of_a_try(command: Command) -> bool:
    """Whether a command's target or file says that it sets up tests or development."""
    words = (command.owner, command.location.path.replace("devcontainer", "development"))
    return any(path_environment(word) in {EnvironmentClass.DEV, EnvironmentClass.TEST} for word in words)


def _named(project: Project, command: Command, word: str, templates: set[str]) -> str:
    """Return the template that a word of a command names, "" where it names none or several."""
    text = _expanded(project, command, word.strip("\"'")).replace('"', "")
    text = re.sub(r"^https?://[^\s]*?/(?:main|master|refs/heads/\w+)/", "", text)
    if "$" in text.rpartition("/")[2]:
        return ""
    own = text.rpartition("}/")[2] if "}" in text else text
    exact = [posixpath.normpath(posixpath.join(base, own)) for base in _bases(project, command)]
    found = [path for path in exact if path in templates]
    if found:
        return found[0]
    ends = {path for path in templates if path.endswith(f"/{own.lstrip('./')}")}
    if command.context == "doc":
        page = project.source(command.location.path) or ""
        ends = {path for path in ends if posixpath.dirname(path) in page}
    return next(iter(ends)) if len(ends) == 1 else ""


def _bases(project: Project, command: Command) -> tuple[str, ...]:
    """Return the folders in which a command may run, on a page first the one that a line above it enters."""
    folder = posixpath.dirname(command.location.path)
    if command.context != "doc":
        return folder, ""
    lines = (project.source(command.location.path) or "").split("\n")
    above = "\n".join(lines[max(command.location.line - _AFTER, 0) : command.location.line - 1])
    entered = [match["folder"].strip("\"'/") for match in _ENTERS.finditer(above)]
    return (entered[-1], posixpath.join(folder, entered[-1]), folder, "") if entered else (folder, "")


def _expanded(project: Project, command: Command, word: str) -> str:
    """Return a word with the variables in it that its file assigns once, as a plain text."""
    if "$" not in word:
        return word
    values: dict[str, set[str]] = {}
    for match in _ASSIGNED.finditer(project.source(command.location.path) or ""):
        values.setdefault(match["name"], set()).add(match["value"])
    known = {name: next(iter(found)) for name, found in values.items() if len(found) == 1}
    return _VARIABLE.sub(lambda match: known.get(match["braced"] or match["name"], match[0]), word)


def is_written(project: Project, name: str, value: str) -> bool:
    """Whether a script of the project writes a value of its own for a variable, also where the template holds one: by its name,
    or in place of the text of the template.
    """
    telling = value if len(value) >= _TELLING else name
    sought = re.compile(rf"(?<![\w$]){re.escape(name)}\b|{re.escape(telling)}")
    for source in project.sources:
        known = source.path.endswith(_WRITERS) and source.path not in project.owned and _is_script(source.path)
        if not known or not (name in source.text or telling in source.text):
            continue
        lines = source.text.split("\n")
        places = [index for index, line in enumerate(lines) if sought.search(line)]
        texts = ["\n".join(lines[max(index - _NEAR, 0) : index + _NEAR + 1]) for index in places]
        if any(_WRITES.search(text) for text in texts) and not any(map(_KEEPS.search, texts)):
            return True
    return False


def _is_script(path: str) -> bool:
    """Whether a file may set up a system: a shell's script, a makefile, or code that is called so."""
    return path.endswith((".sh", ".bash", ".ps1", "akefile", "justfile")) or bool(_INSTALLS.search(path.rpartition("/")[2]))


def received_names(project: Project, file: EnvFile) -> frozenset[str]:
    """Return the variables of a template that code reads, or that a service which runs in production gets, without the fields
    of settings that no code looks at.
    """
    of_file = {entry.name for entry in file.entries} if file.path in _copied_for_services(project) else set[str]()
    unread = {item.name for item in project.settings if item.unread}
    return (_received(project) | of_file) - (unread - {item.name for item in project.settings if not item.unread})


def _services_of_production(project: Project) -> Iterator[Service]:
    return (service for stack in project.stacks if stack.is_runnable_in_production for service in stack.services)


@remembered
def _received(project: Project) -> frozenset[str]:
    """Return the variables that code reads, and those that the lines of services of production refer to."""
    entries = (entry for service in _services_of_production(project) for entry in service.environment)
    referred = (reference.name for entry in entries for reference in entry.references)
    return frozenset((*referred, *(item.name for item in project.env_reads)))


@remembered
def _copied_for_services(project: Project) -> frozenset[str]:
    """Return the templates that people copy to env files of services of production."""
    paths = (path for service in _services_of_production(project) for path in missing_env_files(project, service))
    return frozenset(template.path for path in paths if (template := template_of(project, path)))
