"""Whether a credential opens a store that nothing here runs, and that stands under no address outside either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.gaps.secrets.credentials import IN_A_PROGRAM, Credential, CredentialGroup, names_store
from scaffold.model.compose import Service, Stack
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host

_ADDRESS = regex(r"(?i)(?:^|_)(?:HOST(?:NAME)?|SERVER|ADDR(?:ESS)?|ENDPOINT|URL|URI|DSN)$")
_ENGINE = regex(r"(?i)(?:^|_)(?:ENGINE|DRIVER|DIALECT|CONNECTION|CLIENT|TYPE|VENDOR)$")
_LABEL = regex(r"[A-Za-z][A-Za-z0-9_-]*")
"""A host of one word: a service of the same network, or nobody."""
_OUTSIDE = frozenset({"localhost", "host-gateway"})


def opens_absent_store(group: CredentialGroup, stacks: Iterable[Stack]) -> bool:
    """Whether all places are clients of a store that no stack runs: the host that they name is a word that no service answers
    to, or they name none and are told to use a file (SQLite).
    """
    # What only developers and tests start is not beside the stack that is judged.
    every = (group.stack, *(stack for stack in stacks if stack.is_runnable_in_production))
    if any(network.external for network in group.stack.networks):
        return False  # The store may be another project's on that network.
    return all(_is_absent(item, every) for item in group.places)


def _is_absent(item: Credential, stacks: tuple[Stack, ...]) -> bool:
    service = item.service
    if service.is_datastore or item.key in IN_A_PROGRAM or service.network_mode or not (item.host or names_store(item.key)):
        return False
    if service.node.get("extra_hosts") is not None or service.node.get("external_links") is not None:
        return False
    hosts = {item.host} if item.host else set(_hosts(service))
    if not hosts:
        return _keeps_a_file(service) and not any(other.is_datastore for stack in stacks for other in stack.services)
    return all(_LABEL.fullmatch(host) and host not in _OUTSIDE and not _answers(host, stacks) for host in hosts)


def _hosts(service: Service) -> Iterator[str]:
    """Yield the hosts of stores that the environment names; "" for one that stands elsewhere."""
    for entry in service.environment:
        if names_store(entry.name) and _ADDRESS.search(entry.name):
            value = entry.value or ""
            yield "" if entry.references or not value else url_host(value) or value.partition(":")[0]


def _keeps_a_file(service: Service) -> bool:
    return any(_ENGINE.search(entry.name) and "sqlite" in (entry.value or "").lower() for entry in service.environment)


def _answers(host: str, stacks: tuple[Stack, ...]) -> bool:
    return any(stack.resolve_host(host) is not None for stack in stacks)
