"""SEC000: secrets are needed, and nothing in the repository says where they come from."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import sensitive_references
from scaffold.gaps.secrets.credentials import credential_groups
from scaffold.gaps.secrets.signals import file_signals, manager_signals
from scaffold.model.compose import Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_ADVICE = Closer(
    None, "advice", "Keep the values in AWS Secrets Manager, and write them to an env file outside git when the stack starts."
)


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.main_stack
    needed = _needed(stack) if stack and stack.is_runnable_in_production else {}
    if not needed or manager_signals(project) or file_signals(project):
        return
    names = sorted(needed)
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    platform = any(file.kind == "paas" for file in project.infrastructure)
    yield RULE.gap(
        resource="secrets",
        subject="manager",
        message=f"Where production gets {shown} from is not declared in this repository: no secret manager, no encrypted "
        "file, no secret of Compose.",
        expected="a secret manager, or files under /run/secrets",
        actual="plain variables",
        locations=(min(needed.values(), key=Location.sort_key),),
        severity=Severity.LOW if platform else Severity.MEDIUM,
        closers=None if stack and stack.complete else (_ADVICE,),
    )


def _needed(stack: Stack) -> dict[str, Location]:
    """Return the secrets that the stack takes from variables, or holds itself, each with its first place."""
    groups = credential_groups(stack, "literal")
    return sensitive_references(stack) | {group.owner.key: group.owner.location for group in groups}


RULE = Rule(
    code="SEC000",
    name="no-secret-manager",
    layer=Layer.SECRETS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.ENV, "files"),),
)
