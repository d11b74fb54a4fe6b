"""`scaffold gaps`: which layers are absent, inert or weak, with file and line."""

from __future__ import annotations

from pathlib import Path

import click

from scaffold.app.examination import Place, examine
from scaffold.app.presentation import note_on_place, rule_codes, show_gaps
from scaffold.cli.options import (
    fail_on_option,
    format_option,
    out_option,
    project_argument,
    say,
    severity_of,
    today,
    view_of,
)
from scaffold.errors import UsageError
from scaffold.model.names import Layer


@click.command()
@project_argument
@format_option("text", "json", "sarif", "markdown")
@click.option("--layer", "layers", multiple=True, type=click.Choice([layer.value for layer in Layer]), help="Only this layer.")
@click.option("--rule", "rules", multiple=True, metavar="CODE", help="Only this rule; may be given again.")
@click.option("--all", "everything", is_flag=True, help="Every gap, also those of low confidence.")
@click.option("--baseline", is_flag=True, help="Write scaffold.baseline.json: the gaps of today, which --new-only leaves out.")
@click.option("--new-only", is_flag=True, help="Count only gaps that scaffold.baseline.json does not list.")
@fail_on_option("high")
@out_option
@click.option("-q", "--quiet", is_flag=True, help="No next step on stderr.")
def gaps(  # noqa: PLR0913, PLR0917 - one parameter an option
    project: Path,
    form: str,
    layers: tuple[str, ...],
    rules: tuple[str, ...],
    everything: bool,  # noqa: FBT001 - click passes flags so
    baseline: bool,  # noqa: FBT001
    new_only: bool,  # noqa: FBT001
    fail_on: str,
    out: Path | None,
    quiet: bool,  # noqa: FBT001
) -> int:
    """Show what PROJECT lacks for production, worst first, with the place of each gap and what closes it."""
    place = Place(project, out, today())
    if baseline:
        if rules or layers or new_only:
            raise UsageError("takes every gap: leave out --rule, --layer and --new-only", where="--baseline")
        from scaffold.app.acceptance import accept_gaps

        say(accept_gaps(place))
        return 0
    examination = examine(place, codes=_codes(rules, layers), baseline=_accepted(place) if new_only else frozenset())
    report = show_gaps(examination, view_of(form, project), everything=everything, fail_on=severity_of(fail_on))
    click.echo(report.text, nl=False)
    if note := note_on_place(examination):
        say(note)
    if not quiet:
        say(report.next_step)
    return report.exit_code


def _accepted(place: Place) -> frozenset[str]:
    from scaffold.app.acceptance import accepted

    return accepted(place)


def _codes(rules: tuple[str, ...], layers: tuple[str, ...]) -> frozenset[str]:
    """Return the codes to run; empty means all. Raises UsageError for a rule that does not exist."""
    known = rule_codes()
    wanted = {code.upper() for code in rules}
    unknown = sorted(wanted - set(known))
    if unknown:
        raise UsageError(f"there is no rule {', '.join(unknown)}", where="--rule", hint="docs/rules.md lists them all")
    return frozenset(wanted | {code for code, layer in known.items() if layer in layers})
