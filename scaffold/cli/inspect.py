"""`scaffold inspect`: the project as scaffold reads it."""

from __future__ import annotations

from pathlib import Path

import click

from scaffold.app.examination import Place
from scaffold.app.inspection import show_project
from scaffold.cli.options import format_option, out_option, project_argument, say, view_of


@click.command()
@project_argument
@format_option("text", "json")
@click.option("--show-secrets", is_flag=True, help="Show values of secrets in the JSON instead of <redacted>.")
@out_option
@click.option("-q", "--quiet", is_flag=True, help="No next step on stderr.")
def inspect(
    project: Path,
    form: str,
    show_secrets: bool,  # noqa: FBT001 - click passes flags so
    out: Path | None,
    quiet: bool,  # noqa: FBT001
) -> int:
    """Show the stacks of PROJECT merged and interpolated, and each service with its role and the evidence."""
    click.echo(show_project(Place(project, out), view_of(form), show_secrets=show_secrets), nl=False)
    if not quiet:
        say("next: scaffold gaps")
    return 0
