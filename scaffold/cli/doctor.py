"""`scaffold doctor`: which tools and extras are here, and how to get the others."""

from __future__ import annotations

import click

from scaffold import app
from scaffold.cli.options import say


@click.command()
def doctor() -> int:
    """List every tool that generate and validate can use, its version, and how to get it when it is missing."""
    for row in app.diagnose():
        click.echo(f"{row.name:14} {row.state:9} {row.detail}")
    say("next: scaffold gaps")
    return 0
