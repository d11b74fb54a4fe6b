"""What waits in a Redis: jobs and messages that exist nowhere else until somebody takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import may_run_in_production
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image, is_served
from scaffold.model.lasting import builder_of
from scaffold.model.names import APPLICATION, Role
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex

_RESULTS = regex(r".*(?:RESULT|CACHE).*")


@frozen
class Queued:
    """What a Redis holds, what of it is lost, and the line of code that says so."""

    what: str = "the queue of the workers"
    lost: str = "jobs that wait"
    location: Location | None = None

    @property
    def related(self) -> tuple[Location, ...]:
        """The line of code, where it is one."""
        return (self.location,) if self.location else ()


def queue_of(project: Project, stack: Stack, service: Service) -> Queued | None:
    """Return what waits in a Redis: by the variables and commands of its stack, else by the code of a service that uses it."""
    if _is_broker(stack, service):
        return Queued()
    return _in_code(project, stack, service)


def _is_broker(stack: Stack, service: Service) -> bool:
    """Whether workers take jobs from it; a store of results or a cache alone can be filled again."""
    if not service.has_role(Role.BROKER):
        return False
    readers = (entry for other in stack.services if other.name != service.name for entry in other.environment)
    names = [entry.name.upper() for entry in readers if _names_host(entry.value or "", service)]
    return not names or any(not _RESULTS.fullmatch(name) for name in names)


def _names_host(value: str, service: Service) -> bool:
    return any(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", value) for name in service.names)


def _in_code(project: Project, stack: Stack, service: Service) -> Queued | None:
    """Return what code leaves in the only Redis of its stack; of two, one may be the cache."""
    if sum(other.role is Role.REDIS for other in stack.services) != 1:
        return None
    places = (fact for fact in project.code_facts if fact.kind == "redis-queue" and may_run_in_production(fact))
    facts = [fact for fact in places if is_served(fact.location.path)]
    if facts and _is_apart(project, stack):
        return _queued(facts[0])
    builders = [builder_of(project, other) for other in _users(stack, service)] if facts else []
    held = (fact for fact in facts if any(is_in_image(project, builder, fact.location.path) for builder in builders))
    return next(map(_queued, held), None)


def _is_apart(project: Project, stack: Stack) -> bool:
    """Whether a stack holds stores for code that runs elsewhere, and no other stack has a Redis of another name."""
    if any(other.made is not None for other in stack.services):
        return False
    stacks = (other for other in project.stacks if other.is_runnable_in_production)
    return len({item.name for other in stacks for item in other.services if item.role is Role.REDIS}) == 1


def _queued(fact: CodeFact) -> Queued:
    place = fact.location
    lost = "messages that wait" if fact.detail.startswith("messages") else "jobs that wait"
    return Queued(f"{fact.detail} ({place.path}:{place.line})", lost, place)


def _users(stack: Stack, service: Service) -> Iterator[Service]:
    """Yield the services of a stack whose code uses a store: those that wait for it or are told its host."""
    for other in stack.services:
        if other.role in APPLICATION:
            waits = any(item.service == service.name for item in other.depends_on)
            if waits or any(_names_host(entry.value or "", service) for entry in other.environment):
                yield other
