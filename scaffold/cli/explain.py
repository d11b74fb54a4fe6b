"""`scaffold explain`: the whole text of one rule."""

from __future__ import annotations

import click

from scaffold.app.presentation import show_rule
from scaffold.cli.options import say, view_of


@click.command()
@click.argument("rule")
def explain(rule: str) -> int:
    """Say what RULE (a code such as CMP001, or a name) looks for, why it matters and how to close it."""
    click.echo(show_rule(rule, view_of("text")), nl=False)
    say("next: scaffold gaps --rule " + rule.upper())
    return 0
