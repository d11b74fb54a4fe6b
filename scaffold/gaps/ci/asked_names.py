"""Services and containers that a script or a deployment works on, where no compose file of the repository makes them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.ci.asking_places import AskingPlace, is_printed
from scaffold.gaps.facts import declared_services
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.deployments import Line, compose_call, hides_its_file, named_files
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CALL = regex(rf"(?P<call>{compose_call('exec|run|up|restart|pull|stop|build|start')})(?P<words>[^\n|;&>#)]*)")
_ONE = frozenset({"exec", "run"})
"""Words of Compose behind which one service stands, and then its command."""
_WITH_VALUE = frozenset(
    {
        *("-e", "--env", "-u", "--user", "-w", "--workdir", "--entrypoint", "-v", "--volume", "-p", "--publish", "--name"),
        *("--scale", "-t", "--timeout", "--index", "--build-arg", "--pull", "-l", "--label", "--progress", "-m", "--memory"),
        *("--exit-code-from", "--attach", "--wait-timeout", "--ssh", "--policy", "--no-attach"),
    }
)
_NAME = regex(r"[A-Za-z0-9][\w.-]*")
_EXEC = regex(
    r"\bdocker\s+(?:container\s+)?(?:exec|restart|stop|start)\s+"
    r"(?:-[euw]\s+[^\s-]\S*\s+|--(?:env|user|workdir|time|signal)[= ][^\s-]\S*\s+|-[a-zA-Z]+\s+|--[\w-]+\s+)*"
    r"[\"']?(?P<name>[A-Za-z][\w.-]+)[\"']?(?=\s|$|[;)])",
    words=("docker",),
)
_LISTED = regex(
    r"\bdocker\s+(?:container\s+)?(?:ps|ls)\b[^\n|]{0,200}\{\{\.Names\}\}[^\n|]{0,20}\|\s*grep\s+-\w+\s+[\"']\^(?P<name>[A-Za-z][\w.-]+)\$[\"']",
    words=("docker",),
)
"""A look for one container by its whole name."""
_NOT_HERE = regex(
    r"(?i)compose[\w.-]*\.(?:j2|tpl|tmpl|template|bkp|bak|example|sample|dist|erb|mustache|jsonnet|in)$|\.ya?ml\.\w+$"
)
_ASKED_FIRST = regex(r"\bif\b|\|\|\s*(?:true|:)|2>\s*/dev/null|\bps\b|\[\s")
"""What asks first whether the thing is there, or goes on without it."""
_MAKES_COMPOSE = regex(
    r"(?m)^\s*services:\s*$|>\s*[\"']?\S*compose\S*\.ya?ml|\bgit\s+clone\b|\b(?:curl|wget)\b[^\n]*compose[\w.-]*\.ya?ml"
)
"""A place that writes or brings a compose file of its own."""


_BRINGS = regex(r"\bgit\s+(?:-C\s+\S+\s+)?(?:pull|reset|fetch|checkout)\b")


@frozen
class AbsentName:
    """A service or container that a command names; `kind` is which of both, `files` the compose files that it speaks of."""

    kind: str
    name: str
    verb: str
    place: Location
    files: tuple[str, ...] = ()
    called: str = ""
    """The name that the container of the service of that name has, "" where there is none."""


def absent_services(project: Project, asking: AskingPlace) -> Iterator[AbsentName]:
    """Yield the services that a place asks Compose for and that the files which it names do not have, all files of the
    repository where it names none. It has to ask for one that is there as well: else it may speak of a stack of elsewhere.
    """
    declared = declared_services(project)
    if not declared or _MAKES_COMPOSE.search(asking.text):
        return
    found = list(_named(project, asking))
    if not any(name in declared for _, _, name, _ in found):
        return
    # A host may keep a compose file of its own, unless the job brings the one that is here.
    apart = (asking.deploys and not _BRINGS.search(asking.text)) or _hidden_stacks(project)
    for line, verb, name, files in found:
        own = frozenset().union(*(_services_of(project, file) for file in files)) if files else declared
        if name not in own and own and (files or not apart):
            yield AbsentName("service", name, verb, line.place, files)


def _named(project: Project, asking: AskingPlace) -> Iterator[tuple[Line, str, str, tuple[str, ...]]]:
    """Yield each service that stands in a call of Compose, with the command, its word and the files of the call."""
    for line in asking.commands:
        for match in _CALL.finditer(line.text):
            call = match["call"]
            files = _files(project, call)
            if files is None or is_printed(line.text, match.start()):
                continue
            verb = re.split(r"\s+", call)[-1]
            for name in _words(match["words"], verb):
                yield line, verb, name, files


def _files(project: Project, call: str) -> tuple[str, ...] | None:
    """Return the compose files that a call names, () for none, None where it is not told which, or one is not there."""
    names = named_files(call)
    if not names:
        return None if hides_its_file(call) or "-f" in call.split() else ()
    paths = {name: [file.path for file in project.compose_files if posixpath.basename(file.path) == name] for name in names}
    return tuple(path for found in paths.values() for path in found) if all(paths.values()) else None


def _words(text: str, verb: str) -> list[str]:
    """Return the services among the words behind a word of Compose: the first where a command follows it, else each."""
    found: list[str] = []
    after = ""
    for word in (item.strip("\"'") for item in text.split()):
        if "$" in word or "{" in word:
            return found if verb not in _ONE else []
        if not word.startswith("-") and after not in _WITH_VALUE and not word.isdigit():
            if _NAME.fullmatch(word):
                found.append(word)
            if verb in _ONE:
                break
        after = word
    return found


def _services_of(project: Project, path: str) -> frozenset[str]:
    """Return the services of a compose file and of every stack that it is part of by `include` or `extends`."""
    names = {name for file in project.compose_files if file.path == path for name in file.service_names}
    alone = (stack for stack in project.stacks if path in stack.files and (len(stack.files) == 1 or stack.files[0] == path))
    return frozenset(names | {service.name for stack in alone if len(stack.files) == 1 for service in stack.services})


@remembered
def _hidden_stacks(project: Project) -> bool:
    """Whether the repository holds compose files that are not read: templates, copies aside, such as git leaves out."""
    left_out = (path for path, _ in project.ignored)
    return any(_NOT_HERE.search(path) for path in project.files if "compose" in path) or any("compose" in p for p in left_out)


def absent_containers(project: Project, asking: AskingPlace) -> Iterator[AbsentName]:
    """Yield the containers that a place works on by a name that none has: Compose calls them after project and number where the
    file says no name.
    """
    services = _services(project)
    if not services or _MAKES_COMPOSE.search(asking.text) or _hidden_stacks(project):
        return
    for line in asking.commands:
        listed = _LISTED.search(line.text)
        match = listed or _EXEC.search(line.text)
        if match is None or is_printed(line.text, match.start()) or (not listed and _ASKED_FIRST.search(line.text)):
            continue
        name = match["name"]
        if _is_made(project, services, name):
            continue
        alike = [item for item in services if item.name == name or item.name in re.split(r"[-_.]", name)]
        if alike:
            called = next((item.container_name for item in alike if item.container_name), "")
            yield AbsentName("container", name, "docker", line.place, (), called)


@remembered
def _services(project: Project) -> tuple[Service, ...]:
    return tuple(service for stack in project.stacks for service in stack.services)


def _is_made(project: Project, services: tuple[Service, ...], name: str) -> bool:
    """Whether a container may have this name: by a file, by Compose, by a command of any place."""
    for service in services:
        given = service.container_name
        if "$" in given or given == name:
            return True
        if re.search(rf"[-_]{re.escape(service.name)}[-_]\d+$", name) or re.match(rf"{re.escape(service.name)}\.\d", name):
            return True
    known = re.compile(rf"(?:--name|container_name|hostname)[\s:=\"']+{re.escape(name)}(?![\w.-])")
    texts = (project.source(file.path) or "" for file in project.compose_files)
    return any(known.search(text) for text in (*texts, *(command.text for command in project.commands)))
