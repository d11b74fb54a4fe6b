"""Names, ports and paths that the project does not use yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from scaffold.model.compose import Service, Stack
from scaffold.model.project import Project


def networks_of(service: Service) -> tuple[str, ...]:
    """Return the networks of a service; without any it is on `default`, with a network mode of its own on none."""
    if service.network_mode:
        return ()
    return service.networks or ("default",)


def free_name(wanted: str, taken: Iterable[str], separator: str = "-") -> str:
    """Return `wanted`, or it behind `monitoring` and a number until it is free."""
    used = set(taken)
    candidates = [wanted, f"monitoring{separator}{wanted}"]
    candidates += [f"monitoring{separator}{wanted}{separator}{number}" for number in range(2, len(used) + 3)]
    return next(name for name in candidates if name not in used)


@dataclass(slots=True)
class Taken:
    """What the stack and the tree hold; every name that is given out is taken from then on."""

    services: set[str]
    volumes: set[str]
    networks: set[str]
    ports: set[int]
    files: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def by(cls, project: Project, stack: Stack) -> Taken:
        """Collect the names of one stack, the ports of every service whatever its profile, and the paths of the tree."""
        names = {name for service in stack.services for name in service.names}
        ports = {port.published for service in stack.services for port in service.ports if port.published}
        return cls(
            names,
            {volume.name for volume in stack.volumes},
            {network.name for network in stack.networks} | {"default"},
            ports,
            frozenset(project.files) - project.owned,
        )

    def service(self, wanted: str) -> str:
        """Return a free service name."""
        name = free_name(wanted, self.services)
        self.services.add(name)
        return name

    def volume(self, wanted: str) -> str:
        """Return a free volume name."""
        name = free_name(wanted, self.volumes, "_")
        self.volumes.add(name)
        return name

    def network(self, wanted: str) -> str:
        """Return a free network name."""
        name = free_name(wanted, self.networks)
        self.networks.add(name)
        return name

    def port(self, wanted: int) -> int:
        """Return a host port that no service publishes, `wanted` or the next one above."""
        number = next(port for port in range(wanted, 65536) if port not in self.ports)
        self.ports.add(number)
        return number

    def path(self, *candidates: str) -> str:
        """Return the first path that is free; the last candidate gets a word in front of its name until it is."""
        for candidate in candidates:
            if candidate not in self.files:
                return candidate
        folder, _, name = candidates[-1].rpartition("/")
        prefix = f"{folder}/" if folder else ""
        return prefix + next(
            made for number in range(1, len(self.files) + 2) if prefix + (made := f"scaffold-{number}-{name}") not in self.files
        )
