"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from scaffold.app.view import View
from scaffold.model.names import Severity

Command = Callable[..., Any]

SEVERITIES = [severity.word for severity in sorted(Severity, reverse=True)]

project_argument = click.argument("project", default=".", type=click.Path(path_type=Path))

out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write and read generated files below this folder instead of in the project.",
)


def format_option(*formats: str) -> Callable[[Command], Command]:
    """Return the option --format with the given words, the first one as the default."""
    return click.option("--format", "form", type=click.Choice(formats), default=formats[0], show_default=True)


def fail_on_option(default: str) -> Callable[[Command], Command]:
    """Return the option --fail-on."""
    choices = click.Choice([*SEVERITIES, "never"])
    return click.option("--fail-on", type=choices, default=default, show_default=True, help="Exit 1 from this severity on.")


def severity_of(word: str) -> Severity | None:
    """Return the severity of an option's word, None for `never`."""
    return None if word == "never" else Severity[word.upper()]


def say(message: str) -> None:
    """Print a line for people on stderr: stdout carries the payload alone."""
    click.echo(message, err=True)


def today() -> str:
    """Return the day, by which ignores run out."""
    import datetime

    return datetime.date.today().isoformat()


def view_of(form: str, project: Path | None = None) -> View:
    """Return how to show a report here: colour, width and links of the terminal, or plain text of 100 columns when piped."""
    if not sys.stdout.isatty():
        return View(form)
    import os
    import shutil

    root = str(project.resolve()) if project is not None else ""
    return View(form, not os.environ.get("NO_COLOR"), shutil.get_terminal_size((100, 24)).columns, root)
