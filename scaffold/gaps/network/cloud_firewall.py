"""Whether the firewall of the cloud, in the project's own code, keeps the internet from a port that a machine publishes."""

from __future__ import annotations

from scaffold.gaps.facts import has_resource
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Port
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project

MACHINES = (
    r"aws_(?:spot_)?instance|aws_launch_(?:template|configuration)|lightsail_instance|google_compute_instance"
    r"|azurerm_(?:linux_)?virtual_machine|digitalocean_droplet|hcloud_server|linode_instance|vultr_instance|openstack_compute"
)
"""Resources on which a stack of Compose can run."""
_MACHINES_BEHIND_ONE = r"aws_(?:spot_)?instance$|google_compute_instance$|azurerm_(?:linux_)?virtual_machine$"
_WALLS = r"aws_security_group$|google_compute_firewall$|azurerm_network_security_group$"


@frozen
class _Wall:
    """Where the firewall stands, and the ranges of ports that it opens to everybody."""

    location: Location
    openings: tuple[tuple[int, int], ...]


def wall_before(project: Project, ports: tuple[Port, ...]) -> Location | None:
    """Return where a firewall in code lets the internet at other ports of its machines and at none of these; None where there
    is no machine, no firewall or no opening in the code, or a port is not known.
    """
    if not any(file.kind in {"terraform", "opentofu"} for file in project.infrastructure):
        return None
    wall = _wall(project)
    numbers = [port.published for port in ports]
    if wall is None or not wall.openings or any(number is None for number in numbers):
        return None
    reached = any(first <= (number or 0) <= last for number in numbers for first, last in wall.openings)
    return None if reached else wall.location


@remembered
def _wall(project: Project) -> _Wall | None:
    place = has_resource(project, _WALLS)
    if place is None or has_resource(project, _MACHINES_BEHIND_ONE) is None:
        return None
    # Loaded where there is such code alone.
    from scaffold.gaps.iac.blocks import terraform_folders
    from scaffold.gaps.iac.iac011_port_open_to_the_world import terraform_openings

    found = terraform_openings(project, terraform_folders(project))
    return _Wall(place, tuple((item.first, item.last) for item in found))
