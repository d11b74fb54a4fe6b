"""SUP001: one of the images that Compose builds is built by no workflow."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.supply_chain.images import building_steps, built_elsewhere, is_built, is_deliverable, own_images
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_ADVICE = "Add the image to the workflow that builds the others, as one more leg of its matrix."


def _detect(project: Project) -> Iterator[Gap]:
    steps = building_steps(project)
    if built_elsewhere(project):
        return
    for stack, service in own_images(project):
        if service.build and not is_built(service, steps):
            yield RULE.gap(
                resource=stack.resource(service.name),
                subject="image-build",
                message=f"No workflow builds the image of {service.name}, so it is not released with the others.",
                expected=f"a build of {service.build.raw_context or 'its context'} in a workflow",
                actual="built by Compose only",
                locations=(service.build.location,),
                related=tuple(item.place for item in steps),
                environment=stack.environment,
                closers=RULE.closers if is_deliverable(project, stack, service) else (Closer(None, "advice", _ADVICE),),
            )


RULE = Rule(
    code="SUP001",
    name="image-never-built",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.WORKFLOWS, "files"),),
)
