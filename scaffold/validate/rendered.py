"""Charts as Helm renders them: once for each environment, with the stand-in values that a chart brings for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scaffold.model.frozen import frozen
from scaffold.process import run
from scaffold.validate.request import ValidationRequest

STAND_INS = "ci/values-*"
_ENVIRONMENTS = "values-*.yaml"


@frozen
class Rendered:
    """What Helm made of a chart: `values` is the file of the environment, "" for a chart without any; `error` what it said
    when it made nothing.
    """

    chart: str
    values: str
    manifests: str = ""
    error: str = ""

    @property
    def path(self) -> str:
        """The file to name in a finding."""
        return f"{self.chart}/{self.values or 'values.yaml'}"


def stand_ins(place: Path) -> list[str]:
    """Return the options that give a chart its stand-ins."""
    return [word for path in sorted(place.glob(STAND_INS)) for word in ("--values", path.relative_to(place).as_posix())]


def render_charts(request: ValidationRequest, charts: tuple[str, ...], program: str) -> Iterator[Rendered]:
    """Yield every chart for every environment that it has values for; the stand-ins win, as the real values would."""
    for chart in charts:
        place = request.folder / chart
        for values in [path.name for path in sorted(place.glob(_ENVIRONMENTS))] or [""]:
            chosen = ["--values", values] if values else []
            argv = [program, "template", "release", ".", "--namespace", "release", *chosen, *stand_ins(place)]
            done = run(argv, cwd=place, timeout=request.seconds)
            if done.code:
                yield Rendered(chart, values, error=done.stderr or done.stdout)
            else:
                yield Rendered(chart, values, done.stdout)
