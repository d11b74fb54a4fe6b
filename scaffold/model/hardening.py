"""The hardening part of the plan: what the overlay adds to each service, and nothing that the base has already."""

from __future__ import annotations

from scaffold.model.frozen import frozen


@frozen
class ServiceHardening:
    """What one service gets; an empty field is left as the base has it."""

    service: str
    restart: str = ""
    init: bool = False
    stop_grace_period: str = ""
    """How long the container may take to stop, in Compose's words."""
    memory: str = ""
    """The limit, in Compose's words."""
    cpus: str = ""
    cpu_shares: int = 0
    """The weight against the other services of the host (the default of Docker is 1024)."""
    rotation: bool = False
    """Whether the json-file logs get a size after which they rotate."""
    no_new_privileges: bool = False
    drop_capabilities: bool = False
    keep_capabilities: tuple[str, ...] = ()
    """What is added back after all are dropped."""
    read_only: bool = False
    tmpfs: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    reasons: tuple[str, ...] = ()
    """Why it keeps what others lose, or gets no limit: one sentence each."""

    @property
    def changes(self) -> bool:
        """Whether the service gets anything."""
        return self != ServiceHardening(self.service, reasons=self.reasons)


@frozen
class HardeningPlan:
    """The overlay that hardens the services of the base set."""

    overlay: str
    """The overlay's path, relative to the project's root."""
    directory: str
    """The project directory that Compose resolves paths against, "" for the root."""
    services: tuple[ServiceHardening, ...]
    swarm: bool = False
    """Whether it holds only what `docker stack deploy` takes and heeds."""
    version: str = ""
    """The `version` of the base, which a swarm compares with that of each further file; "" where the base has none."""
