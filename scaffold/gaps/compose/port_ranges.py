"""Ranges of ports that a service hands out to its callers, and how much of them it publishes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.compose import EnvValue, Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen

_LARGEST = 65535


@frozen
class NarrowRange:
    """A range that two variables name, the first and the last port of it that is published, and the places."""

    first: int
    last: int
    published: tuple[int, int]
    variable: Location
    port: Location


def narrow_ranges(service: Service) -> Iterator[NarrowRange]:
    """Yield the ranges of UDP ports of which a service publishes a part alone."""
    udp = {port.target: port.location for port in service.ports if port.protocol == "udp" and port.target is not None}
    entries = {entry.name: entry for entry in service.environment} if udp else {}
    for name, entry in entries.items():
        other = entries.get(re.sub(r"(?<![A-Za-z])MIN(?![A-Za-z])", "MAX", name))
        if "PORT" not in name or other is None or other is entry:
            continue
        first, last = _number(entry), _number(other)
        inside = sorted(number for number in udp if first <= number <= last)
        if 0 < first < last and inside and len(inside) < last - first + 1:
            yield NarrowRange(first, last, (inside[0], inside[-1]), entry.location, udp[inside[0]])


def _number(entry: EnvValue) -> int:
    """Return the number that an entry names as a literal, 0 for anything else."""
    value = (entry.value or "").strip()
    is_plain = not entry.references and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST))
    return int(value) if is_plain else 0
