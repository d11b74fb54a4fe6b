"""`scaffold generate`: writes what closes the gaps; with --edit, mends wrong lines where they are."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import click

from scaffold import app
from scaffold.cli.options import coloured, format_option, out_option, say, terminal_width
from scaffold.errors import UsageError
from scaffold.model.names import Room


@click.command()
@click.argument("words", nargs=-1, metavar="[PROJECT] [ROOM]...")
@click.option(
    "--edit",
    "edit",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[CODES]",
    help="Edit wrong lines in your own files: all of them, or of these rules (CMP001,CIQ001).",
)
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
@click.option("--diff", is_flag=True, help="Show the changes line by line, and write nothing.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the files differ from what would be written.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--no-validate", is_flag=True, help="Do not run the validators afterwards.")
@out_option
@format_option("text", "json")
@click.option("-q", "--quiet", is_flag=True, help="No next step on stderr.")
def generate(  # noqa: PLR0913, PLR0917 - one parameter an option
    words: tuple[str, ...],
    edit: str | None,
    dry_run: bool,  # noqa: FBT001 - click passes flags so
    diff: bool,  # noqa: FBT001
    check: bool,  # noqa: FBT001
    yes: bool,  # noqa: FBT001
    no_validate: bool,  # noqa: FBT001
    out: Path | None,
    form: str,
    quiet: bool,  # noqa: FBT001
) -> int:
    """Write what closes the gaps of PROJECT: all rooms, or the named ones (terraform, monitoring, edits)."""
    selection = _select(words, edit)
    generation = app.plan_generation(app.Place(selection.project, out), rooms=selection.rooms, edit_codes=selection.codes)
    preview = app.report_generation(generation, app.GenerationReport(form, diff, coloured(), terminal_width()))
    if check:
        click.echo(preview, nl=False)
        return 1 if generation.drifts else 0
    if dry_run or diff or not generation.drifts:
        click.echo(preview, nl=False)
        _tell(generation, quiet=quiet, written=False)
        return 1 if generation.conflicts and not (dry_run or diff) else 0
    click.echo(preview, nl=False)
    if not _may_write(selection, yes=yes):
        say("nothing was written; `scaffold generate --yes` writes it")
        return 0
    app.write_generation(generation)
    code = 1 if generation.conflicts else 0
    if not no_validate:
        code = max(code, _validate(generation, form))
    _tell(generation, quiet=quiet, written=True)
    return code


class _Selection:
    """What the words of the command line name."""

    def __init__(self, project: Path, rooms: frozenset[Room] | None, codes: frozenset[str] | None, *, named: bool) -> None:
        self.project = project
        self.rooms = rooms
        self.codes = codes
        self.named = named


def _select(words: tuple[str, ...], edit: str | None) -> _Selection:
    """Split rooms from the project; `--edit` swallows the word behind it, which may be the project."""
    edit_codes, words = _edit_codes(words, edit)
    known = {room.value for room in (*app.FILE_ROOMS, Room.EDITS)}
    rooms = {Room(word) for word in words if word in known}
    later = sorted(word for word in words if word in {room.value for room in Room} - known)
    if later:
        raise UsageError(f"the room {later[0]} is not built yet", where="generate", hint=f"rooms: {', '.join(sorted(known))}")
    paths = [word for word in words if word not in known]
    if len(paths) > 1:
        raise UsageError(
            f"more than one project: {', '.join(paths)}", where="generate", hint=f"rooms: {', '.join(sorted(known))}"
        )
    if Room.EDITS in rooms and edit_codes is None:
        edit_codes = frozenset()
    files = frozenset(rooms - {Room.EDITS})
    only_edits = edit_codes is not None and not files
    return _Selection(
        Path(paths[0] if paths else "."), files if files or only_edits else None, edit_codes, named=bool(rooms) or only_edits
    )


def _edit_codes(words: tuple[str, ...], edit: str | None) -> tuple[frozenset[str] | None, tuple[str, ...]]:
    if edit is None:
        return None, words
    codes = [code for code in edit.upper().split(",") if code]
    if all(re.fullmatch(r"[A-Z]{3}\d{3}", code) for code in codes):
        return frozenset(codes), words
    return frozenset(), (edit, *words)


def _may_write(selection: _Selection, *, yes: bool) -> bool:
    if yes or selection.named:
        return True
    return sys.stdin.isatty() and click.confirm("Write these files?", default=False, err=True)


def _validate(generation: app.Generation, form: str) -> int:
    say("validating what was written ...")
    outcome = app.validate_place(replace(generation.place), everything=False, edited=generation.edited_paths)
    report = app.report_validation(outcome, app.ValidationReport(form, coloured(), terminal_width()))
    click.echo(report, nl=False, err=form == "json")
    return 1 if outcome.failed else 0


def _tell(generation: app.Generation, *, quiet: bool, written: bool) -> None:
    if quiet:
        return
    if generation.conflicts:
        paths = ", ".join(change.path for change in generation.conflicts)
        say(f"next: compare {paths} with the .scaffold-new beside it, then delete the .scaffold-new")
    elif written or not generation.drifts:
        say("next: scaffold gaps")
    else:
        say("next: scaffold generate --yes")
