"""Variables by which the env template lets people choose a part of the system, and which do not reach the application."""

from __future__ import annotations

from collections.abc import Iterator, Set

from scaffold.gaps.own_images import is_own_image
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.env_templates import is_env_target
from scaffold.model.frozen import frozen
from scaffold.model.project import EnvEntry, EnvFile, EnvRead, Project
from scaffold.model.regex import regex

_CHOOSES = regex(
    r"(?:^|_)(?:JOBS?|QUEUE|STORAGE|UPLOADS?|E?MAIL|SMTP|CACHE|BROKER|SIGNING|SESSION|SEARCH|FILE_?SYSTEM|FILES?|BLOBS?|OBJECTS?|EVENTS?)_"
    r"(?:\w+_)?(?:PROVIDER|TRANSPORT|DRIVER|BACKEND|ENGINE|ADAPTER|CONNECTION|DISK|TYPE)$"
)
"""Names of variables that choose which queue, storage or mail the code works with."""
_FEWEST = 5
_LEAST_SHARE = 0.4
"""How many of the template's variables a list has to hold, at least, to be meant as the whole of them."""
_CERTAIN = 10
_MOST = 0.6
"""How many of a service's variables code has to read, at least, where nothing else says whose image it is."""


@frozen
class Offered:
    """The variables that do not reach a service: what the template offers, and where code reads each."""

    service: Service
    template: EnvFile
    entries: tuple[EnvEntry, ...]
    reads: tuple[Location, ...]


def offered_in_vain(project: Project, stack: Stack) -> Iterator[Offered]:
    """Yield, for each application that gets its environment by a list alone, the choosing variables that the list lacks."""
    reads: dict[str, EnvRead] = {}
    for read in project.env_reads:
        reads.setdefault(read.name, read)
    passed = {entry.name for service in stack.services for entry in service.environment}
    passed |= {reference.name for service in stack.services for entry in service.environment for reference in entry.references}
    templates = [
        file
        for file in project.env_files
        if file.kind == "template" and file.path not in project.owned and file.environment not in {"dev", "test"}
    ]
    for service in stack.services:
        if not _is_own(project, service, reads.keys()) or not _gets_a_list_alone(service):
            continue
        for template in templates:
            known = [entry for entry in template.entries if entry.name in reads and not entry.commented]
            listed = [entry for entry in known if entry.name in passed]
            lacking = [entry for entry in known if entry.name not in passed and _CHOOSES.search(entry.name)]
            if lacking and len(listed) >= max(_FEWEST, _LEAST_SHARE * len(known)):
                yield Offered(service, template, tuple(lacking), tuple(reads[entry.name].location for entry in lacking))


def _is_own(project: Project, service: Service, read: Set[str]) -> bool:
    """Whether a service runs the code at hand: built from it, by its image's name, or because code reads what it gets."""
    names = {entry.name for entry in service.environment}
    known = len(names & read)
    by_name = service.build is not None or is_own_image(project, service.image)
    return service.is_application and (by_name or (known >= _CERTAIN and known >= _MOST * len(names)))


def _gets_a_list_alone(service: Service) -> bool:
    """Whether a service has an environment, and nothing beside it that may hold more variables."""
    if not service.environment or service.env_files:
        return False
    if any(service.node.get(key) is not None for key in ("secrets", "configs", "extends", "env_file")):
        return False
    return not any(
        is_env_target(mount.target) or (mount.kind == "bind" and (mount.resolved in {"", "."} or ".env" in mount.source))
        for mount in service.mounts
    )
