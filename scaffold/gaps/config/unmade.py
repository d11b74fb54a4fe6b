"""Databases and users that services name and that nothing makes: no variable of the server, no script, no command, no code."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.own_images import is_own_image
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.interpolation import InterpolationError, substitute
from scaffold.model.project import EnvFile, Project
from scaffold.model.starting import is_below
from scaffold.model.store_urls import store_url
from scaffold.model.unmade_stores import Unmade, unmade

_MAKES_NONE = frozenset(
    {
        *("keycloak", "sonarqube", "metabase", "graphql-engine", "n8n", "gitea", "forgejo", "mattermost-team-edition"),
        *("mattermost-enterprise-edition", "kong", "grafana", "postgrest", "wikijs", "wiki"),
    }
)
"""Images of others that refuse to start without their database (their documentation, 2026-11)."""


def strangers(project: Project, stack: Stack) -> Iterator[tuple[Unmade, ...]]:
    """Yield, for each database and user of a server that nothing makes, how the services name it."""
    groups: dict[tuple[str, str, str], list[Unmade]] = {}
    for item in unmade(stack):
        groups.setdefault((item.store.name, item.kind, item.name), []).append(item)
    facts = {fact.detail for fact in project.code_facts if fact.kind == "makes-database"}
    for (_, kind, name), items in sorted(groups.items()):
        if f"{kind} {name}" in facts or (kind == "user" and kind in facts):
            continue
        if _is_old(project, stack, items[0].store) or any(_makes_its_own(project, item) for item in items):
            continue
        if not any(_agree(file, item.entry, item.maker, kind) for file in project.env_files for item in items):
            yield tuple(items)


def _is_old(project: Project, stack: Stack, store: Service) -> bool:
    """Whether a server may have what it lacks: from a volume of others, or by variables that nobody sees here."""
    external = {volume.name for volume in stack.volumes if volume.external}
    if any(mount.source in external for mount in store.mounts):
        return True
    return any(path not in project.present for path, _ in store.env_files)


def _makes_its_own(project: Project, item: Unmade) -> bool:
    """Whether the program of a service may make the database itself; its users are made by others."""
    service = item.service
    if item.kind == "user":
        return False
    places = [fact.location.path for fact in project.code_facts if fact.kind == "makes-database" and fact.detail == "database"]
    if service.build is not None:
        context = service.build.context
        return context is None or any(is_below(path, context) for path in places)
    if is_own_image(project, service.image):
        return bool(places)
    return service.image is None or service.image.name not in _MAKES_NONE


def _agree(file: EnvFile, entry: EnvValue, maker: EnvValue, kind: str) -> bool:
    """Whether both sides name the same with the values of an env file."""
    if not (entry.references or maker.references):
        return False
    values = {item.name: item.value for item in file.entries if not item.commented}
    try:
        told = [substitute(side.raw or "", values.get, strict=False).strip("\"' ") for side in (entry, maker)]
    except InterpolationError:
        return True
    url = store_url(told[0])
    named = (url.user if kind == "user" else url.database) if url else told[0]
    return named == told[1]
