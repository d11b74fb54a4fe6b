"""SEC001: a reference falls back to a credential that everybody can read."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import active_profiles, every_stack, once
from scaffold.gaps.secrets.credentials import CredentialGroup, credential_groups
from scaffold.model.compose import Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    profiles = active_profiles(project)
    groups = (
        group
        for stack in every_stack(project)
        for group in credential_groups(stack, "default", profiles, _set_by_env_file(project, stack))
    )
    return iter(once(_gap(project, group) for group in groups if not group.is_of_a_client and not _is_fixed(group)))


def _is_fixed(group: CredentialGroup) -> bool:
    """Whether the store that the clients' default opens has the same value as a literal: SEC002 judges it there."""
    servers = [service for service in group.stack.services if service.is_datastore]
    given = {entry.value for service in servers for entry in service.environment if not entry.references}
    return not any(item.service.is_datastore for item in group.places) and all(item.value in given for item in group.places)


def _set_by_env_file(project: Project, stack: Stack) -> frozenset[str]:
    """Return what the .env of the project directory sets, which Compose reads by itself: SEC002 judges the values there."""
    path = f"{stack.directory}/.env" if stack.directory else ".env"
    entries = (entry for file in project.env_files if file.path == path for entry in file.entries)
    return frozenset(entry.name for entry in entries if entry.value and not entry.commented)


def _gap(project: Project, group: CredentialGroup) -> Gap:
    owner = group.owner
    count = len(group.locations)
    places = f" in {count} places" if count > 1 else ""
    reach = ""
    if group.opens_published_store:
        reach = "; the store's port is published too, so anybody who reaches the host can log in"
    elif group.opens_hidden_store(project.stacks):
        reach = "; no port of the store is published, so it helps who is already inside"
    if group.stands_in:
        return _stand_in_gap(group)
    return RULE.gap(
        resource=group.stack.resource(owner.service.name),
        subject=f"environment/{owner.key}",
        message=f"Where {' or '.join(group.keys)} is not set, {owner.service.name} runs with a default credential of the "
        f"repository ({owner.value_class.value}){places}{reach}.",
        expected=f"${{{owner.key}:?}}, so that Compose refuses to start without it",
        actual=f"a default: {owner.value_class.value}",
        locations=group.locations,
        severity=_severity(project, group),
        environment=group.stack.environment,
    )


def _severity(project: Project, group: CredentialGroup) -> Severity:
    if group.opens_published_store:
        return Severity.CRITICAL
    return Severity.MEDIUM if group.opens_hidden_store(project.stacks) else Severity.HIGH


def _stand_in_gap(group: CredentialGroup) -> Gap:
    owner = group.owner
    return RULE.gap(
        resource=group.stack.resource(owner.service.name),
        subject=f"environment/{owner.key}",
        message=f"Where {' or '.join(group.keys)} is not set, {owner.service.name} sends a stand-in to another party: the "
        "container starts, and what needs the credential fails later.",
        expected=f"${{{owner.key}:?}}, so that Compose refuses to start without it",
        actual=f"a default: {owner.value_class.value}",
        locations=group.locations,
        severity=Severity.LOW,
        environment=group.stack.environment,
    )


RULE = Rule(
    code="SEC001",
    name="default-credential",
    layer=Layer.SECRETS,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None,
            "advice",
            "Write `${NAME:?}` in place of the default, put the value into an env file outside git, and change it.",
        ),
    ),
)
