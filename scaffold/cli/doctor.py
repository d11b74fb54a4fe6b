"""`scaffold doctor`: which tools and extras are here, and how to get the others."""

from __future__ import annotations

import click

from scaffold.app.diagnosis import diagnose
from scaffold.cli.options import say


@click.command()
def doctor() -> int:
    """List every tool and extra that generate and validate can use, and how to get what is missing."""
    for row in diagnose():
        click.echo(f"{'here' if row.present else 'missing':8} {row.name:18} {row.detail}")
    say("next: scaffold gaps")
    return 0
