"""K8S012: with its default values a chart runs one pod and leaves the protection off that its templates have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location, Mapping, Node, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SWITCHES = (
    ("no network policy", regex(r"network_?polic(?:y|ies)", re.IGNORECASE)),
    ("no disruption budget", regex(r"pod_?disruption_?budget|pdb", re.IGNORECASE)),
    ("one pod and no autoscaling", regex(r"autoscaling|hpa|replica(?:s|count)", re.IGNORECASE)),
)
"""What a chart may leave off, and the keys of values that switch it on."""
_METRICS = regex(r"(?:metrics|monitoring|prometheus|service_?monitor|pod_?monitor)", re.IGNORECASE)
_PROBES = frozenset({"livenessProbe", "readinessProbe"})
_BESIDES = ("no metrics", "workloads without probes")
"""What alone is no finding, and is told beside the others."""
_AUTOSCALING, _COUNTS = ("autoscaling", "hpa"), ("replicas", "replicaCount")
_VALUES = regex(r"(?:^|.*/)[^/]*values[^/]*\.ya?ml")
_FEWEST = 2
"""One switch alone may be a choice; `helm create` leaves autoscaling off."""


@frozen
class _Off:
    what: str
    location: Location


def _detect(project: Project) -> Iterator[Gap]:
    files = [item.path for item in foreign_infrastructure(project) if item.path.endswith("Chart.yaml")]
    for file in files:
        folder = file.rpartition("/")[0]
        path = f"{folder}/values.yaml" if folder else "values.yaml"
        document = project.document(path)
        # A chart inside of another one gets its values there.
        if document is None or is_test_path(path) or "/charts/" in f"/{folder}/":
            continue
        told = _told_elsewhere(project, path)
        off = [item for item in _off(document.root, _subcharts(project, file)) if item.what not in told]
        if len({item.what for item in off} - set(_BESIDES)) >= _FEWEST:
            yield _gap(path, off)


def _subcharts(project: Project, file: str) -> frozenset[str]:
    """Return the keys below which the values of other charts stand."""
    chart = project.document(file)
    listed = find(chart.root, "dependencies") if chart else None
    items = listed.items if isinstance(listed, Sequence) else ()
    return frozenset(text_of(find(item, key)) for item in items for key in ("name", "alias"))


def _told_elsewhere(project: Project, own: str) -> frozenset[str]:
    """Return what another file of values, or a command, may switch on."""
    told = _told(project)
    return frozenset(what for what, paths in told.items() if paths != {own})


@remembered
def _told(project: Project) -> dict[str, set[str]]:
    """Return the files of values that speak of each thing, "" for a command."""
    texts = [(path, project.source(path) or "") for path in project.files if _VALUES.fullmatch(path)]
    texts += [("", command.text) for command in project.commands if "helm" in command.text]
    found: dict[str, set[str]] = {}
    for what, key in (*_SWITCHES, (_BESIDES[0], _METRICS)):
        for path, text in texts:
            if key.search(text):
                found.setdefault(what, set()).add(path)
    return found


def _off(node: Node | None, passed: frozenset[str]) -> Iterator[_Off]:
    """Yield what is off in the values, those of other charts passed over."""
    if not isinstance(node, Mapping) or text_of(node.get("enabled")).lower() == "false":
        return
    for entry in node.entries:
        name = entry.key.value
        switch = find(entry.value, "enabled")
        if name in passed:
            continue
        if switch is not None and text_of(switch).lower() == "false":
            what = next((what for what, key in _SWITCHES[:2] if key.fullmatch(name)), "")
            count = next((found for key in _COUNTS if (found := node.get(key)) is not None), None)
            if name in _AUTOSCALING and count is not None and text_of(count) == "1":
                what, switch = _SWITCHES[2][0], count
            elif _METRICS.fullmatch(name):
                what = _BESIDES[0]
            if what:
                yield _Off(what, switch.location)
        yield from _off(entry.value, frozenset())
    empty = [entry.value for entry in node.entries if entry.key.value in _PROBES and _is_empty(entry.value)]
    if len(empty) == len(_PROBES):
        yield _Off(_BESIDES[1], empty[0].location)


def _is_empty(node: Node) -> bool:
    return isinstance(node, Mapping) and not node.entries


def _gap(path: str, off: list[_Off]) -> Gap:
    whats = list(dict.fromkeys(item.what for item in off))
    return RULE.gap(
        resource=path,
        subject="defaults",
        message=f"With its default values, the chart has {' and '.join((', '.join(whats[:-1]), whats[-1]))}, and no other "
        "values of this repository switch that on: a drained node is an outage, or every pod may talk to every other.",
        expected="values for production that switch it on, or defaults that do",
        actual=", ".join(whats),
        locations=tuple(dict.fromkeys(item.location for item in off)),
        environment=path_environment(path),
    )


RULE = Rule(
    code="K8S012",
    name="chart-protects-nothing-by-default",
    layer=Layer.KUBERNETES,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Write a values file for production with two pods, a disruption budget and a network policy."),
    ),
)
