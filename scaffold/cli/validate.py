"""`scaffold validate`: checkov and the real tools over what was written."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scaffold.app.examination import Place
from scaffold.app.validation import show_validation, validate_place
from scaffold.cli.options import fail_on_option, format_option, out_option, project_argument, say, severity_of, view_of
from scaffold.errors import ToolError


@click.command()
@project_argument
@format_option("text", "json")
@click.option("--all", "everything", is_flag=True, help="Judge your own files too, not only those that scaffold wrote.")
@click.option("--require", default="", metavar="all|TOOL,...", help="Exit 4 when one of these tools did not run.")
@fail_on_option("low")
@out_option
@click.option("-q", "--quiet", is_flag=True, help="No next step on stderr.")
def validate(  # noqa: PLR0913, PLR0917 - one parameter an option
    project: Path,
    form: str,
    everything: bool,  # noqa: FBT001 - click passes flags so
    require: str,
    fail_on: str,
    out: Path | None,
    quiet: bool,  # noqa: FBT001
) -> int:
    """Judge what scaffold wrote in PROJECT, on a temporary copy; tools that are missing are shown as not run."""
    place = Place(project, out)
    severity = severity_of(fail_on)
    outcome = validate_place(place, everything=everything, environment=os.environ)
    click.echo(show_validation(outcome, view_of(form), fail_on=severity), nl=False)
    missing = outcome.missing(frozenset(filter(None, require.split(","))))
    if missing:
        raise ToolError(f"required, but not run: {', '.join(missing)}", hint="`scaffold doctor` says how to get them")
    failed = outcome.fails_at(severity)
    if not quiet:
        say("next: mend the findings above" if failed else "next: commit what was written")
    return 1 if failed else 0
