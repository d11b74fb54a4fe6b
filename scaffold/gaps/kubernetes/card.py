"""The card of the layer KUBERNETES: charts, kustomizations and manifests."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.chart import PACKAGING, renders_nothing
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project
from scaffold.model.regex import regex


def card(project: Project) -> LayerCard:
    """Return present where a chart, a kustomization or manifests exist."""
    found = [item for item in project.infrastructure if item.kind in PACKAGING and not renders_nothing(project, item.path)]
    probe = next(_probes(project, tuple(item.path for item in found)), None)
    good = (Praise("Workloads have readiness probes.", probe),) if probe else ()
    state = LayerState.PRESENT if found else LayerState.ABSENT
    return LayerCard(Layer.KUBERNETES, state, tuple(item.location for item in found), good)


_PROBE = regex(r"^[ \t]*readinessProbe:", re.MULTILINE, words=("readinessProbe:",))


def _probes(project: Project, paths: tuple[str, ...]) -> Iterator[Location]:
    """Yield where a manifest, or the values that a chart makes its workloads of, gives a probe; a template may only ask."""
    values = (posixpath.join(posixpath.dirname(path), "values.yaml") for path in paths if path.endswith("Chart.yaml"))
    for path in (*paths, *values):
        text = project.source(path) or ""
        if match := _PROBE.search(text):
            yield Location.at_offset(path, text, match.end() - 1)
