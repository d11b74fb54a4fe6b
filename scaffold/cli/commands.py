"""The commands of `scaffold`, and the one boundary where errors become messages and exit codes."""

from __future__ import annotations

import atexit
import os
import sys
from importlib import import_module

import click

from scaffold.errors import ScaffoldError
from scaffold.model.compiled_patterns import keep_compiled

_BUG = 70
_INTERRUPTED = 130
_COMMANDS = {
    "gaps": "Show what a project lacks for production, worst first.",
    "generate": "Write what closes the gaps; with --edit, mend wrong lines where they are.",
    "validate": "Judge what was written with checkov and the real tools.",
    "explain": "Say what a rule looks for, why it matters and how to close it.",
    "inspect": "Show the project as scaffold reads it.",
    "doctor": "List the tools and extras that are here, and how to get the others.",
}


class _Commands(click.Group):
    """The commands, each imported when it is called: what one needs costs the others nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"scaffold.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="scaffold-iac", prog_name="scaffold")
def cli() -> None:
    """Audit a Docker Compose project for what production still needs, and write it.

    `gaps` shows what is missing, `generate` writes it, `validate` proves it with the real tools.
    """


def run() -> None:
    """Run the command line, and end the program with its exit code."""
    try:
        code = cli.main(standalone_mode=False)
        _leave(code if isinstance(code, int) else 0)
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


def _leave(code: int) -> None:
    """End the program at once: Python would first take apart, one by one, what the system takes back as a whole."""
    sys.stdout.flush()
    sys.stderr.flush()
    keep_compiled()
    atexit._run_exitfuncs()
    os._exit(code)


def _say(message: str) -> None:
    click.echo(f"scaffold: {message}", err=True)


def _report_bug(error: Exception) -> None:
    """Say where it broke without any value of the project: types, files and lines of our own code only."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [f"{os.path.basename(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames[-4:]]  # noqa: PTH119
    _say(f"a bug in scaffold: {type(error).__name__}\n  " + "\n  ".join(own) + "\n  please report these lines")
