"""Realms that a Keycloak of production takes over from a file of the repository, and what they leave open."""

from __future__ import annotations

import json
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, judged_stacks, path_environment
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Project

_LONGEST = 1_000_000
"""Characters of the export of a realm without its users."""
_ANY = frozenset({"*", "http://*", "https://*"})


@frozen
class OpenRealm:
    """What one realm leaves open, in words; `is_grave` where that is more than a missing rule for passwords."""

    stack: Stack
    service: Service
    mount: Mount
    location: Location
    words: tuple[str, ...]
    is_grave: bool


def open_realms(project: Project) -> Iterator[OpenRealm]:
    """Yield the realms that a stack of production imports as it first starts, each file once."""
    seen: set[str] = set()
    for stack in judged_stacks(project):
        for service in stack.services if stack.is_runnable_in_production else ():
            image = service.image.name if service.image else ""
            for mount in service.mounts if "keycloak" in image else ():
                for path, text in _imported(project, mount):
                    found = _of_file(path, text) if path not in seen else None
                    seen.add(path)
                    if found is not None:
                        location, words, is_grave = found
                        yield OpenRealm(stack, service, mount, location, words, is_grave)


def _imported(project: Project, mount: Mount) -> Iterator[tuple[str, str]]:
    source = mount.resolved
    if not source or "/import" not in mount.target:
        return
    for item in project.mounted:
        inside = item.path == source or item.path.startswith(f"{source}/")
        skipped = item.template or item.path in project.owned or is_test_path(item.path)
        if inside and not skipped and item.path.endswith(".json") and path_environment(item.path) not in TRIED:
            yield item.path, item.data.decode("utf-8", "replace")


def _of_file(path: str, text: str) -> tuple[Location, tuple[str, ...], bool] | None:
    try:
        realm = json.loads(text) if len(text) <= _LONGEST else None
    except (ValueError, RecursionError):
        return None
    realm = realm[0] if isinstance(realm, list) and realm else realm
    if not isinstance(realm, dict) or not isinstance(realm.get("realm"), str):
        return None
    grave = [(_place(path, text, word), words) for word, words in _grave(realm)]
    light = [(_place(path, text, '"realm"'), "any word is a password (no passwordPolicy)")] if _lacks_policy(realm) else []
    found = [*grave, *light]
    return (found[0][0], tuple(words for _, words in found), bool(grave)) if found else None


def _grave(realm: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Yield a word of the file and what it leaves open."""
    if realm.get("sslRequired") == "none":
        yield '"sslRequired"', "passwords may come over plain HTTP from anywhere (sslRequired: none)"
    if realm.get("bruteForceProtected") is False and not realm.get("identityProviders"):
        yield '"bruteForceProtected"', "a password may be tried without end (bruteForceProtected: false)"
    clients = realm.get("clients")
    for client in clients if isinstance(clients, list) else ():
        uris = client.get("redirectUris") if isinstance(client, dict) else None
        if isinstance(uris, list) and any(isinstance(uri, str) and uri in _ANY for uri in uris):
            yield '"redirectUris"', "a login may be sent on to any site (redirectUris: *)"
            return


def _lacks_policy(realm: dict[str, object]) -> bool:
    """Whether a whole export, which says how tries are counted, has no rule for passwords, and people have theirs there."""
    return "bruteForceProtected" in realm and not realm.get("passwordPolicy") and not realm.get("identityProviders")


def _place(path: str, text: str, word: str) -> Location:
    return Location.at_offset(path, text, max(0, text.find(word)))
