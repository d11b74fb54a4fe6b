"""IAC000: nothing in the repository creates the machines, networks and stores that production needs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.managed_stores import IAC_KINDS
from scaffold.gaps.signals import anchor, main_environment, main_services
from scaffold.model.durability import runs_a_script
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    place = anchor(project)
    if place is None or any(item.kind in IAC_KINDS or item.kind == "paas" for item in project.infrastructure):
        return
    stores = [
        (stack, service) for stack, service in main_services(project) if service.is_datastore and not runs_a_script(service)
    ]
    names = ", ".join(service.name for _, service in stores)
    yield RULE.gap(
        resource="iac",
        subject="infrastructure-as-code",
        message=(
            f"This repository declares no infrastructure as code: the stores {names} and what runs the app are made by hand."
            if stores
            else "This repository declares no infrastructure as code: what runs the app is made by hand."
        ),
        expected="Terraform, OpenTofu, Pulumi, CDK, CloudFormation or the like for the stores and the compute",
        actual=f"none among {len(project.files)} files",
        locations=tuple(service.location for _, service in stores) or (place,),
        severity=Severity.MEDIUM if stores else Severity.LOW,
        environment=main_environment(project),
    )


RULE = Rule(
    code="IAC000",
    name="no-infrastructure-as-code",
    layer=Layer.IAC,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.TERRAFORM, "files"),),
)
