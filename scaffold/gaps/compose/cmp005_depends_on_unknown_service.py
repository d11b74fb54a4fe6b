"""CMP005: depends_on names a service that the assembled stack does not define."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, once, sibling_services, stands_alone
from scaffold.model.compose import Dependency, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.values import closest


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    siblings = sibling_services(project, stack)
    if not stack.complete and not siblings and not stands_alone(stack):
        return  # A fragment whose base is not in this repository: nothing to say.
    for service in stack.services:
        for edge in service.depends_on:
            if edge.required and stack.service(edge.service) is None and edge.service not in siblings:
                yield _gap(project, stack, service, edge, siblings)


def _meant(project: Project, stack: Stack, service: Service, edge: Dependency, siblings: tuple[str, ...]) -> str | None:
    """Return the service that the name is for: one whose role or image has the name, else one with a similar name."""
    others = [item for other in project.stacks if other.directory == stack.directory for item in other.services]
    for item in others:
        if (item.role and item.role.value == edge.service) or (item.image and item.image.name == edge.service):
            return item.name
    names = (*(item.name for item in stack.services), *siblings)
    return closest(edge.service, tuple(dict.fromkeys(name for name in names if name != service.name)))


def _gap(project: Project, stack: Stack, service: Service, edge: Dependency, siblings: tuple[str, ...]) -> Gap:
    near = _meant(project, stack, service, edge, siblings)
    hint = f" (did you mean {near}?)" if near else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"depends_on/{edge.service}",
        message=f"{service.name} depends on {edge.service}, which this stack lacks{hint}: Compose refuses the project.",
        expected="a service that the stack defines",
        actual=edge.service,
        locations=(edge.location,),
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP005",
    name="depends-on-unknown-service",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Name a service that the stack defines, or take the entry out of `depends_on`."),),
)
