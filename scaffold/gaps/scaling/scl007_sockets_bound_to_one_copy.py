"""SCL007: a server that keeps the sockets of its visitors in its own process runs as several of them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, may_run_in_production, path_environment, production_or_all
from scaffold.gaps.kubernetes.objects import RUNS_ON, KubernetesObject, objects
from scaffold.gaps.scaling.scl003_scheduler_may_run_twice import copies_of
from scaffold.gaps.scaling.scl006_database_file_shared import PROCESSES
from scaffold.model.compose import Service
from scaffold.model.document import Location, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image, is_served, runs_code
from scaffold.model.lasting import builder_of
from scaffold.model.names import TRIED, EnvironmentClass, Layer, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.starting import is_below, start_of

_SHARE = {
    "Socket.IO": "Give Socket.IO an adapter (`@socket.io/redis-adapter`; python-socketio: `AsyncRedisManager`) and the proxy"
    " sticky sessions, which its first requests need.",
    "SignalR": "Add `AddStackExchangeRedis()` or Azure SignalR, and sticky sessions where it does not skip the negotiation.",
    "Channels": "Set `channels_redis.core.RedisChannelLayer` as the layer of production.",
    "STOMP": "Relay to a broker: `enableStompBrokerRelay()` in place of `enableSimpleBroker()`.",
}
_BY_HAND = "Publish each message to a channel that all copies read (Redis, NATS, LISTEN of PostgreSQL), or run one copy."


@frozen
class _Copies:
    """What runs a program more than once: its name, words of the number, and where they stand."""

    name: str
    words: str
    place: Location
    environment: EnvironmentClass


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "socket" and may_run_in_production(fact)]
    held = [fact for fact in facts if fact.detail != "shared" and is_served(fact.location.path)]
    # One word of what all copies share anywhere may belong to any of the programs.
    if not held or len(held) < len(facts):
        return
    told: set[str] = set()
    for fact in held:
        copies = next(_copies(project, fact), None)
        if copies is not None and copies.name not in told:
            told.add(copies.name)
            yield _gap(fact, copies)


def _copies(project: Project, fact: CodeFact) -> Iterator[_Copies]:
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete)
    for stack in stacks:
        for service in stack.services:
            builder = builder_of(project, service)
            if service.is_application and runs_code(project, builder) and is_in_image(project, builder, fact.location.path):
                found = copies_of(project, service) or _processes(project, builder)
                if found is not None:
                    yield _Copies(service.name, *found, stack.environment)
    program = _program(project, fact)
    workloads = [
        item for item in objects(project) if item.kind in RUNS_ON and path_environment(item.location.path) not in TRIED
    ]
    for item in workloads:
        count = find(item.node, "spec", "replicas")
        if count is not None and text_of(count).isdigit() and int(text_of(count)[:6]) > 1 and _is_of(item, program):
            yield _Copies(item.name, f"replicas: {text_of(count)}", count.location, path_environment(item.location.path))


def _processes(project: Project, service: Service) -> tuple[str, Location] | None:
    """Return the words by which a start has a Python server run as several processes."""
    start = start_of(project, service)
    for line, place in start.lines if start else ():
        match = PROCESSES.search(line)
        if match and int(match["count"]) > 1:
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


def _gap(fact: CodeFact, copies: _Copies) -> Gap:
    return RULE.gap(
        resource=copies.name,
        subject="sockets",
        message=f"{copies.name} keeps the sockets of its visitors in its own process ({fact.detail}, {fact.location.path}:"
        f"{fact.location.line}) and runs more than once ({copies.words}): who is connected to another copy gets no message.",
        expected="what all copies read, or one copy",
        actual=copies.words,
        locations=(copies.place,),
        related=(fact.location,),
        environment=copies.environment,
        closers=(Closer(None, "advice", _SHARE.get(fact.detail, _BY_HAND)),),
    )


RULE = Rule(
    code="SCL007",
    name="sockets-bound-to-one-copy",
    layer=Layer.SCALING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", _BY_HAND),),
)
