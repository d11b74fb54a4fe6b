"""How a report is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """How a report is shown: format, colour, and the width of the terminal in columns."""

    form: str = "text"
    color: bool = False
    width: int = 100
