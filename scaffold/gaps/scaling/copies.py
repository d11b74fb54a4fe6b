"""What runs a program more than once: replicas of Compose and Kubernetes, and servers that start several processes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, path_environment, production_or_all
from scaffold.gaps.kubernetes.objects import RUNS_ON, KubernetesObject, objects
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.document import Location, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.holders import holders
from scaffold.model.lasting import builder_of
from scaffold.model.names import TRIED, EnvironmentClass
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of
from scaffold.model.swarm import is_for_swarm

PROCESSES = regex(
    r"\b(?:uvicorn|gunicorn|hypercorn|granian|fastapi)\b[^\n]*?(?:--workers[= ]|\s-w[= ]?)(?:\$\{\w+:-)?(?P<count>\d{1,2})\b"
)
"""A start of a Python server in several processes."""
_SCALE = regex(r"--scale[= ](?P<name>[\w.-]+)=(?P<count>\d+)")


@frozen
class Copies:
    """What runs a program more than once: its name, words of the number, and where they stand."""

    name: str
    words: str
    place: Location
    environment: EnvironmentClass


def copies_of(project: Project, service: Service) -> tuple[str, Location] | None:
    """Return what runs a service more than once, and where that stands."""
    for route in (("deploy", "replicas"), ("scale",)):
        node = find(service.node, *route)
        count = text_of(node)
        if node is not None and count.isdigit() and int(count[:6]) > 1:
            return f"{'.'.join(route)}: {count}", node.location
    mode = find(service.node, "deploy", "mode")
    if mode is not None and text_of(mode) == "global":
        return "one on each node (deploy.mode: global)", mode.location
    return _scaled(project).get(service.name)


@remembered
def _scaled(project: Project) -> dict[str, tuple[str, Location]]:
    """Return the services that a command starts more than once, by their names, with its words and place."""
    found: dict[str, tuple[str, Location]] = {}
    # Pages of ours tell it for the production set, of which they know the ports.
    for command in (item for item in project.commands if item.location.path not in project.owned):
        for match in _SCALE.finditer(command.text):
            if int(match["count"][:6]) > 1:
                found.setdefault(match["name"], (f"--scale {match['name']}={match['count']}", command.location))
    return found


def only_port(project: Project, stack: Stack, service: Service) -> Port | None:
    """Return the port of the host that one copy alone can bind: a number and no range, in a stack that is for no swarm."""
    # In the network of another container, or of the host, `ports` say nothing.
    if service.network_mode or is_for_swarm(project, stack):
        return None
    return next((port for port in service.ports if port.published and not port.range), None)


def copies_of_program(project: Project, fact: CodeFact) -> Iterator[Copies]:
    """Yield what runs the program that holds a fact of code more than once: applications of stacks, then workloads."""
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete)
    for stack in stacks:
        for service in holders(project, stack, fact):
            if service.is_application:
                found = copies_of(project, service) or _processes(project, builder_of(project, service), fact)
                if found is not None:
                    yield Copies(service.name, *found, stack.environment)
    program = _program(project, fact)
    workloads = [
        item for item in objects(project) if item.kind in RUNS_ON and path_environment(item.location.path) not in TRIED
    ]
    for item in workloads:
        count = find(item.node, "spec", "replicas")
        if count is not None and text_of(count).isdigit() and int(text_of(count)[:6]) > 1 and _is_of(item, program):
            yield Copies(item.name, f"replicas: {text_of(count)}", count.location, path_environment(item.location.path))


def _processes(project: Project, service: Service, fact: CodeFact) -> tuple[str, Location] | None:
    """Return the words by which a start has a Python server run as several processes.

    What Gunicorn loads before it makes them stays in the first one: its threads, and so a schedule, are not copied.
    """
    start = start_of(project, service)
    for line, place in start.lines if start else ():
        match = PROCESSES.search(line)
        is_before = fact.kind == "own-schedule" and "--preload" in line
        if match and int(match["count"]) > 1 and not is_before:
            return f"{match['count']} workers", place
    return None


def _program(project: Project, fact: CodeFact) -> str:
    """Return the name of the folder of the nearest manifest above a file, "" for the project's own."""
    folders = {item.folder for item in project.manifests if is_below(fact.location.path, item.folder)}
    return posixpath.basename(max(folders, key=len, default=""))


def _is_of(item: KubernetesObject, program: str) -> bool:
    """Whether a workload runs a program, by the last word of its name and of its image."""
    images = [text_of(container.get("image")).rpartition("/")[2].partition(":")[0] for container in item.containers]
    return (
        bool(program)
        and (item.name == program or item.name.endswith(f"-{program}"))
        and any(program in image for image in images)
    )
