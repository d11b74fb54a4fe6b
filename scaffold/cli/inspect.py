"""`scaffold inspect`: the project as scaffold reads it, or as Compose does when it is called with the same options."""

from __future__ import annotations

import os
from pathlib import Path

import click

from scaffold.app.examination import Place
from scaffold.app.inspection import Call, show_project
from scaffold.cli.options import format_option, out_option, project_argument, say, view_of


@click.command()
@project_argument
@format_option("text", "json")
@click.option("-f", "--file", "files", multiple=True, metavar="FILE", help="Only the set of these files of PROJECT, in order.")
@click.option("--profile", "profiles", multiple=True, metavar="NAME", help="Enable a profile; * enables all.")
@click.option(
    "--env-file",
    "env_files",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take variables from this file instead of PROJECT's .env; a later one wins.",
)
@click.option("--os-env", is_flag=True, help="Take variables from the environment too, as docker compose does.")
@click.option("--show-secrets", is_flag=True, help="Show values of secrets in the JSON instead of <redacted>.")
@out_option
@click.option("-q", "--quiet", is_flag=True, help="No next step on stderr.")
def inspect(  # noqa: PLR0913, PLR0917 - one parameter an option
    project: Path,
    form: str,
    files: tuple[str, ...],
    profiles: tuple[str, ...],
    env_files: tuple[Path, ...],
    os_env: bool,  # noqa: FBT001 - click passes flags so
    show_secrets: bool,  # noqa: FBT001
    out: Path | None,
    quiet: bool,  # noqa: FBT001
) -> int:
    """Show the stacks of PROJECT merged and interpolated, and each service with its role and the evidence.

    What docker compose would refuse in them is among the problems.
    """
    call = Call(env_files, profiles, files, dict(os.environ) if os_env else {})
    click.echo(show_project(Place(project, out), view_of(form), call, show_secrets=show_secrets), nl=False)
    if not quiet:
        say("next: scaffold gaps")
    return 0
