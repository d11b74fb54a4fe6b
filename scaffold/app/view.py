"""How a report is shown."""

from __future__ import annotations

from scaffold.model.frozen import frozen


@frozen
class View:
    """How a report is shown: format, colour, and the width of the terminal in columns."""

    form: str = "text"
    color: bool = False
    width: int = 100
    root: str = ""
    """The absolute folder of the project, for links; "" where none are to be made."""
