"""CMP019: an override empties a list, and Compose adds nothing to the entries of the base in place of taking them out."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import ALL_INTERFACES, judged_stacks, once
from scaffold.gaps.overrides import ADDED_KEYS, kept_entries
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Mapping, Node, Sequence
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) if len(stack.files) > 1 for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found: dict[tuple[str, str], dict[str, tuple[Service, Node]]] = {}
    for key, service, node in kept_entries(project, stack):
        if node.location.path not in project.owned:
            found.setdefault((node.location.path, key), {})[service.name] = (service, node)
    for (path, key), users in found.items():
        yield _gap(stack, path, key, users)


def _gap(stack: Stack, path: str, key: str, users: dict[str, tuple[Service, Node]]) -> Gap:
    kept = tuple(place for service, _ in users.values() for place in _kept(service, key))
    names = " and ".join(users)
    verb = "keeps" if len(users) == 1 else "keep"
    reached = [service.name for service, _ in users.values() if _is_open(service)] if key == "ports" else []
    what = f": {_listed_ports(users)} stay published on every interface" if reached else ""
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject=f"{path.rpartition('/')[2]}/{key}",
        message=f"{names} {verb} the `{key}` of the base: Compose adds the lists of the files together, so an empty one "
        f"in {path} takes nothing out{what}.",
        expected=f"{key}: !reset []",
        actual=f"{key}: [] over a base with entries",
        locations=tuple(node.location for _, node in users.values()),
        related=kept,
        severity=ADDED_KEYS[key] if key != "ports" or reached else Severity.LOW,
        environment=stack.environment,
    )


def _kept(service: Service, key: str) -> Iterator[Location]:
    node = service.node.get(key)
    if isinstance(node, Sequence):
        yield from (item.location for item in node.items)
    elif isinstance(node, Mapping):
        yield from (entry.key.location for entry in node.entries)


def _is_open(service: Service) -> bool:
    return any(port.host_ip in ALL_INTERFACES for port in service.ports)


def _listed_ports(users: dict[str, tuple[Service, Node]]) -> str:
    ports = (port for service, _ in users.values() for port in service.ports if port.host_ip in ALL_INTERFACES)
    return " and ".join(dict.fromkeys(port.number for port in ports))


RULE = Rule(
    code="CMP019",
    name="empty-list-removes-nothing",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None, "advice", "Write `!reset []` in place of `[]`; where other entries are meant, `!override` before the list."
        ),
    ),
)
