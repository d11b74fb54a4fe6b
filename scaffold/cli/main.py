"""The command `scaffold`: its group, and the one boundary where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
import traceback

import click

from scaffold.cli.doctor import doctor
from scaffold.cli.explain import explain
from scaffold.cli.gaps import gaps
from scaffold.cli.generate import generate
from scaffold.cli.inspect import inspect
from scaffold.cli.validate import validate
from scaffold.errors import ScaffoldError

_BUG = 70
_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="scaffold-iac", prog_name="scaffold")
def cli() -> None:
    """Audit a Docker Compose project for what production still needs, and write it.

    `gaps` shows what is missing, `generate` writes it, `validate` proves it with the real tools.
    """


for command in (gaps, generate, validate, explain, inspect, doctor):
    cli.add_command(command)


def main() -> None:
    """Run the command line; exit codes are those of the documentation (docs/exit-codes.md)."""
    try:
        code = cli.main(standalone_mode=False)
        _flush()
        sys.exit(code if isinstance(code, int) else 0)
    except ScaffoldError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.exceptions.Abort):
        _say("stopped; nothing was left half-written")
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        _report_bug(error)
        sys.exit(_BUG)


def _flush() -> None:
    sys.stdout.flush()


def _say(message: str) -> None:
    click.echo(f"scaffold: {message}", err=True)


def _report_bug(error: Exception) -> None:
    """Say where it broke without any value of the project: types, files and lines of our own code only."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f"{os.path.basename(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames[-4:]]  # noqa: PTH119
    _say(f"a bug in scaffold: {type(error).__name__}\n  " + "\n  ".join(own) + "\n  please report these lines")
