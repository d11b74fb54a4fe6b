"""Services and containers that a script or a deployment works on, where no compose file of the repository makes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci.asked_files import files_of_call
from scaffold.gaps.ci.asking_places import AskingPlace, is_printed
from scaffold.gaps.container_names import given_container_names
from scaffold.gaps.facts import declared_services
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.deployments import Line, compose_call, hides_its_file
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
"""A place that brings the files of this repository to the host."""
_NUMBER = regex(r"[-_]\d+$")
"""What Compose puts behind the name of a service."""
_TASK = regex(r"\.\d")
"""What a swarm puts behind it."""


@frozen
class AbsentService:
    """A service that a command asks Compose for, the word of Compose, and the compose files that the command names."""

    name: str
    verb: str
    files: tuple[str, ...]
    place: Location


@frozen
class AbsentContainer:
    """A container that a command works on."""

    name: str
    called: str
    """The name that the container of the service of that name has, "" where the file says none."""
    place: Location


def absent_services(project: Project, asking: AskingPlace) -> Iterator[AbsentService]:
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
        own = frozenset().union(*(_services_by_file(project)[path] for path in files)) if files else declared
        if name not in own and own and (files or not apart):
            yield AbsentService(name, verb, files, line.place)


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
    files = files_of_call(project, call)
    return None if files == () and (hides_its_file(call) or "-f" in call.split()) else files


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


@remembered
def _services_by_file(project: Project) -> dict[str, frozenset[str]]:
    """Return the services of each compose file, with those that it takes in by `include` or `extends`."""
    found = {file.path: frozenset(file.service_names) for file in project.compose_files}
    for stack in (stack for stack in project.stacks if len(stack.files) == 1):
        path = stack.files[0]
        found[path] = found.get(path, frozenset()).union(service.name for service in stack.services)
    return found


@remembered
def _hidden_stacks(project: Project) -> bool:
    """Whether the repository holds compose files that are not read: templates, copies aside, such as git leaves out."""
    left_out = (path for path, _ in project.ignored)
    return any(_NOT_HERE.search(path) for path in project.files if "compose" in path) or any("compose" in p for p in left_out)


def absent_containers(project: Project, asking: AskingPlace) -> Iterator[AbsentContainer]:
    """Yield the containers that a place works on by a name that none has: Compose calls them after project and number where the
    file says no name.
    """
    services = _services(project)
    if not services or _MAKES_COMPOSE.search(asking.text) or _hidden_stacks(project) or _hides_a_name(project):
        return
    for line in asking.commands:
        listed = _LISTED.search(line.text)
        match = listed or _EXEC.search(line.text)
        if match is None or is_printed(line.text, match.start()) or (not listed and _ASKED_FIRST.search(line.text)):
            continue
        name = match["name"]
        alike = [item for word in dict.fromkeys((name, *re.split(r"[-_.]", name))) for item in services.get(word, ())]
        if alike and not _is_made(project, name):
            called = next((item.container_name for item in alike if item.container_name), "")
            yield AbsentContainer(name, called, line.place)


@remembered
def _services(project: Project) -> dict[str, list[Service]]:
    """Return the services of all stacks by their names."""
    found: dict[str, list[Service]] = {}
    for stack in project.stacks:
        for service in stack.services:
            found.setdefault(service.name, []).append(service)
    return found


@remembered
def _container_names(project: Project) -> frozenset[str]:
    """Return the names that services give their containers, as they are filled in."""
    return frozenset(service.container_name for services in _services(project).values() for service in services)


@remembered
def _hides_a_name(project: Project) -> bool:
    """Whether a variable without a value stands in the name of a container."""
    return any("$" in name for name in _container_names(project))


def _is_made(project: Project, name: str) -> bool:
    """Whether a container may have this name: by a file, by a command of any place, by Compose, by a swarm."""
    if name in _container_names(project) or name in given_container_names(project):
        return True
    number = _NUMBER.search(name)
    stem = name[: number.start()] if number else ""
    of_compose = (stem[match.end() :] for match in re.finditer("[-_]", stem))
    of_swarm = (name[: match.start()] for match in _TASK.finditer(name))
    services = _services(project)
    return any(word in services for word in (*of_compose, *of_swarm))
