"""Credentials of a part of a server that the configuration of an image built here does not turn on: nothing reads them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import every_stack
from scaffold.gaps.remembered import remembered
from scaffold.gaps.secrets.credentials import CredentialGroup
from scaffold.model.compose import Service, Stack
from scaffold.model.project import Project
from scaffold.model.regex import regex

_PARTS = ((regex(r"(?:^|_)MERCURE_"), "mercure", "Caddyfile"),)
"""Variables of a part, the word without which configuration and dependencies do not turn it on, and the file it stands in: the
hub of Mercure is a module of Caddy, whose variables the templates of Symfony give to every application.
"""


def absent_feature(project: Project, group: CredentialGroup) -> str:
    """Return the word of the part that all variables of a credential are for, where the services that get it are built here
    and neither their configuration nor a dependency nor another service has that part; "" for none.
    """
    for named, word, _ in _PARTS:
        built = all(item.service.build and project.image_of(item.service) is not None for item in group.places)
        if built and all(named.search(item.key) for item in group.places) and _is_absent(project, group.stack, word):
            return word
    return ""


def _is_absent(project: Project, stack: Stack, word: str) -> bool:
    return word in _unconfigured(project) and (stack.id, word) not in _brought_in(project)


@remembered
def _unconfigured(project: Project) -> frozenset[str]:
    """Return the words of the parts that no configuration, no dependency and no code of the project has."""
    return frozenset(word for _, word, file in _PARTS if _is_unconfigured(project, word, file))


def _is_unconfigured(project: Project, word: str, file: str) -> bool:
    texts = [source.text for source in project.sources if posixpath.basename(source.path).endswith(file)]
    if not texts or any(word in line.partition("#")[0] for text in texts for line in text.lower().splitlines()):
        return False
    depended = any(word in name.lower() for manifest in project.manifests for name in manifest.dependencies)
    configured = any(word in posixpath.basename(path).lower() for path in project.files)
    return not (depended or configured or any(word in item.name.lower() for item in project.env_reads))


@remembered
def _brought_in(project: Project) -> frozenset[tuple[str, str]]:
    """Return the stacks a service of which has a part, each with the word of the part."""
    return frozenset(
        (stack.id, word)
        for stack in every_stack(project)
        for _, word, _ in _PARTS
        if any(word in text for text in _other_words(stack.services, word))
    )


def _other_words(services: tuple[Service, ...], word: str) -> Iterator[str]:
    """Yield what services run, and the values that may bring the part in by variables of another name."""
    for service in services:
        yield service.image.repository.lower() if service.image else ""
        yield " ".join((*(service.entrypoint or ()), *(service.command or ()))).lower()
        yield from ((entry.value or "").lower() for entry in service.environment if word not in entry.name.lower())
