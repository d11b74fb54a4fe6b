"""CMP017: containers keep rights that they do not need; one finding for the stack, because nearly nobody takes them away."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import Share, listed, once, production_shares
from scaffold.model.compose import Service
from scaffold.model.document import text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import is_hardened, keeps_new_privileges, raises_rights, works_on_the_host
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_SHOWN = 3
_ADVICE = "Give each of them `security_opt: [no-new-privileges:true]`, and `cap_drop: [ALL]` where it still starts."


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for share in production_shares(project) for gap in _of_share(project, share)))


def _of_share(project: Project, share: Share) -> Iterator[Gap]:
    services = [service for service in share.services if is_hardened(service) and _keeps_all(project, service)]
    if not services:
        return
    names = listed(service.name for service in services)
    yield RULE.gap(
        resource=share.resource,
        subject="rights",
        message=f"{names} {'keeps' if len(services) == 1 else 'keep'} every right that Docker gives by default: "
        "whoever breaks in can use them all.",
        expected="no-new-privileges, cap_drop or read_only",
        actual="none of them",
        locations=tuple(service.location for service in services[:_SHOWN]),
        environment=share.environment,
        closers=None if share.is_main else (Closer(None, "advice", _ADVICE),),
    )


def _keeps_all(project: Project, service: Service) -> bool:
    """Whether nothing takes a right away from a service that could do without."""
    if service.node.get("cap_drop") is not None or text_of(service.node.get("read_only")) == "true":
        return False
    return keeps_new_privileges(service) and not works_on_the_host(service) and not raises_rights(project, service)


RULE = Rule(
    code="CMP017",
    name="no-container-hardening",
    layer=Layer.COMPOSE,
    severity=Severity.INFO,
    detect=_detect,
    closers=(Closer(Room.OVERLAYS, "files"),),
)
