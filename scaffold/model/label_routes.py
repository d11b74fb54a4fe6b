"""Services that a proxy finds by their labels or variables: Traefik, Caddy and nginx-proxy publish what has no `ports`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.model.compose import Service
from scaffold.model.document import Mapping, Node, find, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_ROUTED = regex(r"traefik\.http\.(?:routers|services)\..+|traefik\.(?:frontend\.rule|port)|caddy(?:_\d+)?(?:\.reverse_proxy)?")
_PORT = regex(r"traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port|traefik\.port|caddy(?:_\d+)?\.reverse_proxy")
_NUMBER = regex(r"(?:.*\bupstreams?\s+(?:https?\s+)?|.*:)?(\d{1,5})(?:\s*\}\})?", re.DOTALL)


@frozen
class LabelRoute:
    """That a proxy forwards visitors to a service; port is None where the proxy takes the one that the image exposes."""

    port: int | None


def label_route(service: Service) -> LabelRoute | None:
    """Return how a proxy that reads labels or variables of containers reaches the service, or None where none does."""
    labels = dict(labels_of(service))
    if labels.get("traefik.enable", "").lower() == "false":
        return None
    if any(_ROUTED.fullmatch(name) for name in labels):
        return LabelRoute(_number(value for name, value in labels.items() if _PORT.fullmatch(name)))
    variables = {entry.name: entry.value or "" for entry in service.environment}
    if variables.get("VIRTUAL_HOST"):
        return LabelRoute(_number([variables.get("VIRTUAL_PORT", "")]))
    return None


def labels_of(service: Service) -> Iterator[tuple[str, str]]:
    """Yield name and value of each label; Traefik's names are in lower case, because it reads them in any."""
    yield from ((name.lower(), value) for name, value in service.file_labels)
    for node in (find(service.node, "deploy", "labels"), service.node.get("labels")):
        yield from ((name.lower(), value) for name, value in _pairs(node))


def _pairs(node: Node | None) -> Iterator[tuple[str, str]]:
    if isinstance(node, Mapping):
        yield from ((entry.key.value, text_of(entry.value)) for entry in node.entries)
    for scalar in scalars_of(node):
        name, _, value = scalar.value.partition("=")
        yield name, value


def _number(texts: Iterable[str]) -> int | None:
    found = (match for text in texts if (match := _NUMBER.fullmatch(text.strip())))
    return next((int(match[1]) for match in found if 0 < int(match[1]) < 65536), None)
