"""`scaffold explain`: the whole text of one rule."""

from __future__ import annotations

import click

from scaffold import app
from scaffold.cli.options import say


@click.command()
@click.argument("rule")
def explain(rule: str) -> int:
    """Say what RULE (a code such as CMP001, or a name) looks for, why it matters and how to close it."""
    click.echo(app.explain_rule(rule), nl=False)
    say("next: scaffold gaps --rule " + rule.upper())
    return 0
