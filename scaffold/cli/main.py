"""The start of the command `scaffold`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line; exit codes are those of the documentation (docs/exit-codes.md)."""
    # One short run makes many small values that live to its end: collecting them again and again finds nothing.
    gc.disable()
    # Imported only now: loading modules makes half of these values.
    from scaffold.cli.commands import run

    run()
