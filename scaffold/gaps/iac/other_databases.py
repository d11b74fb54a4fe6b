"""Databases of DigitalOcean, Google, Azure and Scaleway in Terraform: their second node, their backups and who reaches them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import path_environment
from scaffold.gaps.iac.blocks import Block, Folders, resources, value_of
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_DIGITALOCEAN = "digitalocean_database_cluster"
_GOOGLE = "google_sql_database_instance"
_AZURE = ("azurerm_postgresql_flexible_server", "azurerm_mysql_flexible_server")
_AZURE_RULES = tuple(f"{name}_firewall_rule" for name in _AZURE)
_SCALEWAY = "scaleway_rdb_instance"
_WITH_STANDBY = frozenset({"pg", "mysql", "mongodb"})
"""Engines of DigitalOcean whose further nodes are standbys (docs.digitalocean.com, Managed Databases, high availability)."""
_OFF = frozenset({"", "false"})
_PRODUCTION = regex(r"(?i)(?:^|[^a-z])(?<!non[^a-z])(?<!pre[^a-z])prod(?:uction)?(?![a-z])")
_OTHER_TIER = regex(
    r"(?i)(?:^|[^a-z])(?:preview|stag(?:e|ing)|dev(?:elop(?:ment)?)?|test(?:ing)?|demo|ci|runners?|sandbox|qa)(?![a-z])"
)
_REFERENCE = regex(r"\b(?P<type>(?:digitalocean|aws|google|azurerm|hcloud)_\w+)\.(?P<name>[\w-]+)")
_GROUPS = {
    "digitalocean_database_firewall": ("rule", ("value",)),
    "digitalocean_firewall": ("inbound_rule", ("source_droplet_ids", "source_tags")),
    "aws_security_group": ("ingress", ("security_groups",)),
}
"""Firewalls: the block of one rule, and what names the machines that it lets in."""


@frozen
class Fault:
    """One thing that is wrong with a database of Terraform: `subject` as the gap has it, and what it says."""

    block: Block
    subject: str
    message: str
    expected: str
    locations: tuple[Location, ...]
    severity: Severity


def other_faults(project: Project, folders: Folders) -> Iterator[Fault]:
    """Yield what is wrong with the databases of these providers, and with firewalls that let other tiers at production."""
    for block in resources(folders, _DIGITALOCEAN, _GOOGLE, *_AZURE, _SCALEWAY):
        is_copy = block.get("master_instance_name") or block.get("create_mode")
        if is_for_production(block) and not is_copy and not _has_replica(folders, block):
            yield from _one_node(project, folders, block)
        yield from _no_backups(project, folders, block)
    yield from _open_to_all(project, folders)
    yield from _other_tiers(folders)


def is_for_production(block: Block) -> bool:
    """Whether a path, a name or a lock against its removal says that production keeps its data there."""
    lock = block.inner("lifecycle")
    prevented = lock.get("prevent_destroy") if lock else None
    names = [block.address, *(item.literal or "" for item in block.attributes if item.name in {"name", "identifier"})]
    return (
        path_environment(block.location.path) is EnvironmentClass.PRODUCTION
        or any(_PRODUCTION.search(name) for name in names)
        or (prevented is not None and prevented.literal == "true")
    )


def _has_replica(folders: Folders, block: Block) -> bool:
    """Whether a resource of the code is a copy of the database, which can take its place."""
    others = (item for item in resources(folders, f"{_DIGITALOCEAN.rpartition('_')[0]}_replica", _GOOGLE) if item is not block)
    return any(f"{block.address}." in item.expression for other in others for item in other.attributes)


# --- a second node, and the way back ------------------------------------------------------------------------------------


def _one_node(project: Project, folders: Folders, block: Block) -> Iterator[Fault]:
    expected = _missing_standby(project, folders, block)
    if expected:
        places = [block.location]
        attribute = block.get("node_count")
        places += [attribute.location] if attribute else []
        yield Fault(
            block,
            "availability",
            f"{block.address} has one node and no standby: when it fails, the app waits for a new one or a restore.",
            expected,
            tuple(places),
            Severity.MEDIUM,
        )


def _missing_standby(project: Project, folders: Folders, block: Block) -> str:
    """Return what would give a database its standby, "" where it has one or the files do not show it."""
    if block.type == _DIGITALOCEAN:
        engine = value_of(project, folders, block, "engine")
        alone = value_of(project, folders, block, "node_count") == "1"
        return "node_count = 2 or more" if alone and engine in _WITH_STANDBY else ""
    if block.type == _GOOGLE:
        settings = block.inner("settings")
        kind = value_of(project, folders, settings, "availability_type") if settings else None
        return 'availability_type = "REGIONAL"' if kind in {"", "ZONAL"} else ""
    if block.type in _AZURE:
        is_said = block.inner("high_availability") or block.inner("dynamic")
        return 'high_availability { mode = "ZoneRedundant" }' if not is_said else ""
    return "is_ha_cluster = true" if value_of(project, folders, block, "is_ha_cluster") in _OFF else ""


def _no_backups(project: Project, folders: Folders, block: Block) -> Iterator[Fault]:
    if block.type == _SCALEWAY:
        off = value_of(project, folders, block, "disable_backup") == "true"
        place, expected = block.get("disable_backup"), "disable_backup = false"
    elif block.type == _GOOGLE and not block.get("master_instance_name"):
        settings = block.inner("settings")
        backup = settings.inner("backup_configuration") if settings else None
        off = settings is not None and not settings.inner("dynamic")
        off = off and (backup is None or value_of(project, folders, backup, "enabled") in _OFF)
        place, expected = None, "backup_configuration { enabled = true, point_in_time_recovery_enabled = true }"
    else:
        return
    if off:
        places = (place.location,) if place else ()
        message = f"{block.address} keeps no automatic backups."
        yield Fault(block, "recovery", message, expected, (block.location, *places), Severity.MEDIUM)


# --- who reaches it -----------------------------------------------------------------------------------------------------


def _open_to_all(project: Project, folders: Folders) -> Iterator[Fault]:
    for block in resources(folders, _GOOGLE):
        settings = block.inner("settings")
        network = settings.inner("ip_configuration") if settings else None
        allowed = network.blocks if network and value_of(project, folders, network, "ipv4_enabled") != "false" else ()
        for item in allowed:
            value = item.get("value")
            if item.kind == "authorized_networks" and value is not None and value.literal == "0.0.0.0/0":
                yield _open(block, "authorized_networks 0.0.0.0/0", value.location)
    for rule in resources(folders, *_AZURE_RULES):
        ends = [value_of(project, folders, rule, f"{name}_ip_address") for name in ("start", "end")]
        if ends == ["0.0.0.0", "255.255.255.255"]:  # noqa: S104 - the texts that are looked for
            yield _open(rule, "0.0.0.0 to 255.255.255.255", rule.location)


def _open(block: Block, what: str, place: Location) -> Fault:
    message = f"{block.address} lets every address of the internet at the database ({what}): only its password is between."
    expected = "a private address, or the addresses that need it"
    # What a switch may leave out is not shown to be there.
    severity = Severity.MEDIUM if block.get("count") or block.get("for_each") else Severity.HIGH
    return Fault(block, "public", message, expected, tuple(dict.fromkeys((place, block.location))), severity)


def _other_tiers(folders: Folders) -> Iterator[Fault]:
    """Yield the firewalls of production that let machines of another tier in, both by the names of their resources."""
    for block in resources(folders, *_GROUPS):
        kind, names = _GROUPS[block.type]
        found = [
            (match["name"], attribute.location)
            for rule in block.blocks
            if rule.kind == kind
            for attribute in rule.attributes
            if attribute.name in names
            for match in _REFERENCE.finditer(attribute.expression)
        ]
        others = [(name, place) for name, place in found if _OTHER_TIER.search(name) and not _PRODUCTION.search(name)]
        guarded = [block.address, *(name for name, _ in found)]
        if others and any(_PRODUCTION.search(name) for name in guarded):
            what = "at the database that production uses" if "database" in block.type else "in with production"
            yield Fault(
                block,
                "other-tier",
                f"{block.address} lets {others[0][0]}, by its name a machine of another tier, {what}: whoever gets in "
                "there, or a change that nobody has reviewed, is next to the data of production.",
                "a store and a machine of their own for the other tier, and production's firewall without them",
                (others[0][1], block.location),
                Severity.MEDIUM,
            )
