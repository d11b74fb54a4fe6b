"""The checks of checkov that the output does not follow, from one table that the documentation is made from too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from terraform.resource import Placed

_DATA = Path(__file__).with_name("accepted_checks.json")


@dataclass(frozen=True, slots=True)
class AcceptedCheck:
    """One check that is accepted: scope is a type, or the address of one resource."""

    id: str
    scope: str
    reason: str
    source: str

    def covers(self, item: Placed) -> bool:
        """Return whether the check is accepted at a resource."""
        return item.kind == "resource" and self.scope in {item.type, item.address}


def load() -> tuple[AcceptedCheck, ...]:
    """Return the table."""
    rows = json.loads(_DATA.read_text(encoding="utf-8"))["checks"]
    return tuple(AcceptedCheck(**row) for row in rows)


def comments(checks: Iterable[AcceptedCheck], placed: tuple[Placed, ...]) -> dict[str, tuple[str, ...]]:
    """Return by address the comments that tell checkov, without their leading `#`."""
    table = tuple(checks)
    found = {
        item.address: tuple(f"checkov:skip={check.id}:{check.reason}" for check in table if check.covers(item))
        for item in placed
    }
    return {address: lines for address, lines in found.items() if lines}
