"""`scaffold generate`: writes what closes the gaps; with --edit, mends wrong lines where they are."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scaffold.app.ahead import terraform_ahead
from scaffold.cli.options import format_option, out_option, say, today, view_of
from scaffold.errors import UsageError
from scaffold.model.names import FILE_ROOMS, Room, Severity

if TYPE_CHECKING:
    from scaffold.app.generation import Generation


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
    with terraform_ahead(selection.rooms) as terraform:
        # Imported only now: the app gets ready meanwhile.
        from scaffold.app.examination import Place
        from scaffold.app.generation import plan_generation, write_generation
        from scaffold.app.preview import show_generation

        place = Place(selection.project, out, today())
        generation = plan_generation(place, rooms=selection.rooms, edit_codes=selection.codes, terraform=terraform)
    only_shows = check or dry_run or diff or not generation.drifts or not _may_write(generation, selection, yes=yes)
    if not only_shows:
        write_generation(generation)
    click.echo(show_generation(generation, view_of(form), diff=diff, written=not only_shows), nl=False)
    if only_shows:
        _tell(generation, quiet=quiet, written=False)
        return 1 if check and generation.drifts else 0
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
    known = {room.value for room in (*FILE_ROOMS, Room.EDITS)}
    rooms = {Room(word) for word in words if word in known}
    later = sorted(word for word in words if word in {room.value for room in Room} - known)
    if later:
        raise UsageError(f"the room {later[0]} is not built yet", where="generate", hint=f"rooms: {', '.join(sorted(known))}")
    paths = [word for word in words if word not in known]
    for word in paths:
        if "/" not in word and not Path(word).exists():
            raise UsageError(
                f"{word} is neither a room nor a folder", where="generate", hint=f"rooms: {', '.join(sorted(known))}"
            )
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


def _may_write(generation: Generation, selection: _Selection, *, yes: bool) -> bool:
    """Return whether to write: asked for by name or --yes, else after the plan was shown on a terminal and agreed to."""
    if yes or selection.named:
        return True
    if not sys.stdin.isatty():
        return False
    from scaffold.app.preview import show_generation

    click.echo(show_generation(generation, view_of("text"), diff=False, written=False), nl=False, err=True)
    return click.confirm("Write these files?", default=False, err=True)


def _validate(generation: Generation, form: str) -> int:
    from scaffold.app.validation import show_validation, validate_place

    say("validating what was written ...")
    outcome = validate_place(generation.place, everything=False, environment=os.environ, before=generation.texts_before)
    click.echo(show_validation(outcome, view_of("text"), fail_on=Severity.LOW), nl=False, err=form == "json")
    return 1 if outcome.fails_at(Severity.LOW) else 0


def _tell(generation: Generation, *, quiet: bool, written: bool) -> None:
    if quiet:
        return
    if generation.conflicts:
        paths = ", ".join(change.path for change in generation.conflicts)
        say(f"next: compare {paths} with the .scaffold-new beside it, then delete the .scaffold-new")
    elif written or not generation.drifts:
        say("next: scaffold gaps")
    else:
        say(f"next: scaffold generate {'--edit' if generation.edits and not generation.changes else '--yes'}")
