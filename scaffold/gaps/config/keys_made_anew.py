"""Keys that the next container of a service makes anew, for nothing outside of it keeps or sets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scaffold.gaps.facts import may_run_in_production
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image
from scaffold.model.names import Role
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_OF_ASPNET = regex(r"(?i)\.aspnet/?$|data-?protection|^/root/?$|^/home/\w+/?$")
"""Targets of mounts at which the keys of ASP.NET Core may lie."""

_WHAT = {
    "signs": (
        "the key that signs its tokens",
        "a new container ends all sessions, and a second copy refuses the tokens of the first",
    ),
    "seals": (
        "the key of its sessions",
        "a new container logs everybody out and refuses the links that the last one signed, and other services and copies of"
        " the same code do not know its cookies and links",
    ),
}
"""What such a key is for, and what follows."""


@frozen
class Anew:
    """Such a key: the service, the line, the variable that would set it ("" without one), what it is for, what follows, and
    what to do.
    """

    service: Service
    place: Location
    variable: str
    what: str
    effect: str
    answer: str


def keys_made_anew(project: Project, services: list[Service], is_given: Callable[[set[str]], bool]) -> Iterator[Anew]:
    """Yield, for each place in code that makes such a key, the first service of production that runs it."""
    facts = [fact for fact in project.code_facts if fact.kind == "made-key"]
    if not facts:
        return
    is_kept = any(fact.detail == "kept" for fact in facts)
    cookies = [fact for fact in facts if fact.detail == "cookies" and not is_kept and may_run_in_production(fact)]
    for fact in cookies:
        service = _first(project, services, fact)
        if service is not None and not any(_OF_ASPNET.search(mount.target) for mount in service.mounts):
            yield Anew(
                service,
                fact.location,
                "",
                "the keys by which ASP.NET Core encrypts cookies and links for new passwords",
                "every release ends all logins, and a second copy refuses the cookies of the first",
                "Keep them with `AddDataProtection().PersistKeysToFileSystem(...)` in a volume, or in the database or Redis.",
            )
            break
    for fact in facts:
        kind, *names = fact.detail.split()
        service = _first(project, services, fact) if kind in _WHAT and may_run_in_production(fact) else None
        if service is not None and not (names and is_given(set(names))):
            yield Anew(
                service,
                fact.location,
                next(iter(names), ""),
                *_WHAT[kind],
                "Give the program a key from a secret as a required variable.",
            )


def _first(project: Project, services: list[Service], fact: CodeFact) -> Service | None:
    """Return a service whose image, built by its stack or by a workflow of the project, takes the file of a fact: one that
    people reach, whose Dockerfile is beside the code, where there is a choice.
    """
    path = fact.location.path
    holding = [service for service in services if _holds(project, service, path)]
    return min(
        holding, key=lambda item: (not _is_beside(project, item, path), item.role is not Role.WEB, not item.ports), default=None
    )


def _is_beside(project: Project, service: Service, path: str) -> bool:
    dockerfile = project.image_of(service)
    return dockerfile is not None and is_below(path, dockerfile.path.rpartition("/")[0])


def _holds(project: Project, service: Service, path: str) -> bool:
    """Whether an image takes a file, and its Dockerfile is none of a program in a folder of its own beside that."""
    dockerfile = project.image_of(service)
    if dockerfile is None or not is_in_image(project, service, path):
        return False
    folder = dockerfile.path.rpartition("/")[0]
    return is_below(path, folder) or not any(manifest.folder == folder for manifest in project.manifests)
