"""BCK008: a Redis that holds a queue drops keys when its memory is full, jobs included."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.queued import Queued, queue_of
from scaffold.gaps.signals import main_services
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import words_of
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_POLICY = regex(r"(?:^|\s)(?:--)?maxmemory-policy[= \t]+[\"']?(?P<policy>allkeys-(?:lru|lfu|random))\b")
"""Policies that drop any key; the volatile ones spare keys without an expiry, as queues are."""
_LIMIT = regex(r"(?:^|\s)(?:--)?maxmemory[= \t]+[\"']?(?!0\b)\S")


def _detect(project: Project) -> Iterator[Gap]:
    for stack, service in main_services(project):
        found = _policy(project, service) if service.role is Role.REDIS and stack.is_runnable_in_production else None
        queued = queue_of(project, stack, service) if found else None
        if found and queued:
            yield _gap(stack, service, queued, *found)


def _policy(project: Project, service: Service) -> tuple[str, Location] | None:
    """Return the policy that drops any key and its place, where a limit makes it count."""
    words = words_of(service)
    match = _POLICY.search(words)
    if match is not None and _LIMIT.search(words):
        return match["policy"], service.command_location or service.location
    files = {mount.resolved: mount for mount in service.mounts if mount.target.endswith(".conf")}
    for item in project.mounted:
        text = "\n".join(
            line for line in item.data.decode("utf-8", "replace").splitlines() if not line.lstrip().startswith("#")
        )
        match = _POLICY.search(text) if item.path in files else None
        if match is not None and (_LIMIT.search(text) or _LIMIT.search(words)):
            return match["policy"], files[item.path].location
    return None


def _gap(stack: Stack, service: Service, queued: Queued, policy: str, place: Location) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="eviction",
        message=f"{service.name} holds {queued.what} and drops any key when its memory is full ({policy}): {queued.lost} vanish"
        " without an error.",
        expected="--maxmemory-policy noeviction, and a Redis of its own for the cache",
        actual=policy,
        locations=(place,),
        related=queued.related,
        environment=stack.environment,
    )


RULE = Rule(
    code="BCK008",
    name="queue-may-be-evicted",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Set --maxmemory-policy noeviction for the Redis of the queue, alert on its memory, and let the cache use another.",
        ),
    ),
)
