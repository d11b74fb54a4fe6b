"""Variables of the env template that decide something, and which do not reach the application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from scaffold.gaps.config.reaching import holds_env_file
from scaffold.gaps.own_images import is_own_image
from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.env_templates import is_env_target
from scaffold.model.frozen import frozen
from scaffold.model.image_code import reads_in_image
from scaffold.model.project import EnvEntry, EnvFile, EnvRead, Project
from scaffold.model.regex import regex

_CHOOSES = regex(
    r"(?:^|_)(?:JOBS?|QUEUE|STORAGE|UPLOADS?|E?MAIL|SMTP|CACHE|BROKER|SIGNING|SESSION|SEARCH|FILE_?SYSTEM|FILES?|BLOBS?|OBJECTS?|EVENTS?)_"
    r"(?:\w+_)?(?:PROVIDER|TRANSPORT|DRIVER|BACKEND|ENGINE|ADAPTER|CONNECTION|DISK|TYPE)$"
)
"""Names of variables that choose which queue, storage or mail the code works with."""
_CREDENTIAL = regex(
    r"(?:^|_)(?:APP_KEY|(?:API|SECRET|PRIVATE|ENCRYPTION|SIGNING|SERVICE|WEBHOOK)_?KEY|(?:CLIENT|WEBHOOK|JWT|SESSION|COOKIE|APP)_SECRET"
    r"|SENTRY_DSN|(?:BOT|API|AUTH)_TOKEN|(?:MAIL|SMTP|EMAIL)_PASSWORD|CA_CERT|SSL_CA|TLS_CA)$"
)
"""Names of what a part of the application does not work, or does not start, without."""
_PROTECTS = regex(
    r"(?:^|_)(?:SECURE_COOKIES?|COOKIE_SECURE|SSL_REJECT_UNAUTHORIZED)$|(?:^|_)(?:APP|FRONTEND|SITE|PUBLIC|WEB_?APP)_URL$"
)
"""Names of switches of a protection, and of the address that stands in links."""
_DECIDE = (_CREDENTIAL, _CHOOSES, _PROTECTS)
"""The kinds of names that are told, the gravest first."""
_BUNDLED = regex("|".join(BUNDLERS))
_OF_OTHERS = regex(r"(?:^|[^a-z])(?:dev|development|local|tests?|ci|demo|preview|staging|stage)(?:[^a-z]|$)")
"""Templates for what is not production, by their paths."""
_FEWEST = 5
_LEAST_SHARE = 0.4
"""How many of the template's variables a list has to hold, at least, to be meant as the whole of them."""
_FEW = 3
"""How many variables a template beside an application offers, at least, of which none reaches it."""
_TAKES = regex(r"(?:^|\s|/)\.env(?=[\s\"'`;&|)]|$)")
"""The file that Compose reads by itself, at the end of a path."""
_COPIES = regex(r"\b(?:cp|mv|curl|wget|copy)\b")
_STARTS = regex(r"\bdocker[ -]compose\b[^\n&|;]{0,200}\sup\b")
_SETS = regex(r"(?m)^[ \t]*(?:export[ \t]+)?(?P<name>[A-Z][A-Z0-9_]{2,60})=")
_FENCE = regex(r"(?m)^[ \t]*(?:```|~~~)")
_BEFORE = 5
"""Lines before a block of a page that may say into which file it belongs."""
_LISTED = 2
"""How many variables of a template that a page has people copy a list holds, at least, to show that it is taken from there."""
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
    """Yield, for each application that gets its environment by a list alone, the deciding variables that the list lacks.

    Of several templates the one counts that names most of what the list has, one for production before the others.
    """
    every = {read.name for read in project.env_reads}
    passed = {entry.name for service in stack.services for entry in service.environment}
    passed |= {reference.name for service in stack.services for entry in service.environment for reference in entry.references}
    templates = [file for file in project.env_files if file.kind == "template" and file.path not in project.owned]
    own = [service for service in stack.services if _is_own(project, service, every)]
    # A worker beside a web service of the same image runs the same code.
    alone = len({service.image.repository if service.image and not service.made else service.name for service in own}) == 1
    for service in stack.services:
        if not _is_own(project, service, every) or not _gets_a_list_alone(service):
            continue
        reads = _reads(project, service, alone=alone)
        asked = (template for template in templates if not _OF_OTHERS.search(template.path) or _is_beside(service, template))
        told = [(template, _told(project, stack, service, template)) for template in asked]
        found = [item for template, page in told if (item := _of_template(service, template, reads, passed, page))]
        best = max(found, key=lambda item: (item[0].template.environment == "production", item[1]), default=None)
        if best is not None:
            yield best[0]


def _reads(project: Project, service: Service, *, alone: bool) -> Mapping[str, list[EnvRead]]:
    """Return what the code of a service reads. Where the image is not built here, that is what the repository's code reads, of
    several applications the one in folders that have the service's name.
    """
    if service.made is not None:
        return reads_in_image(project, service)
    found: dict[str, list[EnvRead]] = {}
    for read in project.env_reads:
        if alone or service.name in read.location.path.split("/"):
            found.setdefault(read.name, []).append(read)
    return found


@frozen
class _Page:
    """A page that has people copy a template to the `.env` beside the stack, and the variables that pages say to set there."""

    names: frozenset[str]


def _told(project: Project, stack: Stack, service: Service, template: EnvFile) -> _Page | None:
    """Return what the pages tell of a template, None where none has people copy it to the `.env` that Compose reads, or where
    the image takes that file along.
    """
    folder, _, name = template.path.rpartition("/")
    if folder != stack.directory or holds_env_file(project, service):
        return None
    starting = {
        command.location.path for command in project.commands if command.context == "doc" and _STARTS.search(command.text)
    }
    copying = {
        command.location.path
        for command in project.commands
        if command.context == "doc"
        and name in command.text
        and _COPIES.search(command.text)
        and _TAKES.search(command.text.replace(name, ""))
    }
    pages = [page for page in project.docs if page.path in starting]
    if not any(page.path in copying for page in pages):
        return None
    return _Page(frozenset(name for page in pages for name in _set_in_env(page.text)))


def _set_in_env(text: str) -> Iterator[str]:
    """Yield the variables that the blocks of a page assign below a line that speaks of the `.env` file."""
    marks = [match.start() for match in _FENCE.finditer(text)]
    for start, end in zip(marks[::2], marks[1::2], strict=False):
        before = text[:start].splitlines()[-_BEFORE:]
        if any(_TAKES.search(line.replace("`", " ")) for line in before):
            yield from (match["name"] for match in _SETS.finditer(text, start, end))


def _of_template(
    service: Service, template: EnvFile, reads: Mapping[str, list[EnvRead]], passed: Set[str], page: _Page | None
) -> tuple[Offered, int] | None:
    """Return the deciding variables of a template that a list lacks, with how many of its others the list has; None where the
    list is not meant as the whole of them. Without what the code demands it ends, which is told elsewhere.
    """
    known = [entry for entry in template.entries if entry.name in reads and not entry.commented]
    repeated = {entry.name for entry in known if sum(other.name == entry.name for other in known) > 1}
    if repeated and page is None:
        return None  # It shows alternatives.
    known = [entry for entry in known if entry.name not in repeated]
    listed = [entry for entry in known if entry.name in passed]
    lacking = [
        entry
        for entry in known
        if entry.name not in passed and not _BUNDLED.match(entry.name) and not any(read.fails for read in reads[entry.name])
    ]
    deciding = list(dict.fromkeys(entry for kind in _DECIDE for entry in lacking if kind.search(entry.name)))
    shown = page.names if page else frozenset()
    deciding += [
        entry
        for entry in template.entries
        if entry.name in shown and entry.name in reads and entry.name not in passed and entry not in deciding
    ]
    if not deciding:
        return None
    if _is_beside(service, template) and len(known) == len(lacking) >= _FEW and _asks_for_keys(deciding, reads):
        rest = (entry for entry in lacking if any(read.required for read in reads[entry.name]))
        deciding = list(dict.fromkeys((*deciding, *rest)))
    elif _OF_OTHERS.search(template.path) or len(listed) < (_LISTED if page else max(_FEWEST, _LEAST_SHARE * len(known))):
        return None
    places = tuple(reads[entry.name][0].location for entry in deciding)
    return Offered(service, template, tuple(deciding), places), len(listed)


def _is_beside(service: Service, template: EnvFile) -> bool:
    """Whether a template lies in the folder of an application among others; that of the whole repository is for all of them."""
    folder, _, name = template.path.rpartition("/")
    # Next.js and Vite call everybody's own values `.env.local`.
    is_for_others = _OF_OTHERS.search(f"{folder}/{name.replace('.local', '')}") is not None
    return service.made is not None and bool(folder) and service.made.context == folder and not is_for_others


def _asks_for_keys(entries: list[EnvEntry], reads: Mapping[str, list[EnvRead]]) -> bool:
    """Whether code asks for a key of a service and has no value in its place."""
    return any(_CREDENTIAL.search(entry.name) and any(read.required for read in reads[entry.name]) for entry in entries)


def _is_own(project: Project, service: Service, read: Set[str]) -> bool:
    """Whether a service runs the code at hand: built from it, by its image's name, or because code reads what it gets."""
    names = {entry.name for entry in service.environment}
    known = len(names & read)
    by_name = service.made is not None or is_own_image(project, service.image)
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
