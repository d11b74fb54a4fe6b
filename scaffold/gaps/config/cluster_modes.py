"""Modes for development in the manifests and the default values of charts that a cluster runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.kubernetes.objects import objects
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location, Mapping, Node, Scalar, Sequence, find, text_of
from scaffold.model.names import TRIED
from scaffold.model.project import Project
from scaffold.model.regex import regex

_DEEPEST = 12
_SETTING = regex(r"(?m)^[ \t]+(?P<name>[A-Z][A-Z_]+):[ \t]*+[\"']?(?P<value>[A-Za-z]++(?:[, ]{1,3}[A-Za-z]++)*+)[\"']?[ \t]*$")
"""A pair of a ConfigMap in a template of a chart."""
_CONFIG = regex(r"(?m)^kind:[ \t]*ConfigMap\b")


def cluster_settings(project: Project, names: frozenset[str]) -> Iterator[tuple[str, str, Location]]:
    """Yield name, value and place of each such variable that manifests, charts and their default values give; a value that
    another file of values replaces says nothing.
    """
    for item in objects(project):
        if path_environment(item.location.path) in TRIED:
            continue
        if item.kind == "ConfigMap":
            yield from _pairs(find(item.node, "data"), names)
        for container in item.containers:
            yield from _listed(container.get("env"), names)
    yield from _of_values(project, names)
    for file in foreign_infrastructure(project):
        text = project.source(file.path) or ""
        tried = is_test_path(file.path) or path_environment(file.path) in TRIED
        if file.kind == "helm" and "/templates/" in file.path and not tried and _CONFIG.search(text):
            for match in _SETTING.finditer(text):
                if match["name"] in names:
                    yield match["name"], match["value"], Location.at_offset(file.path, text, match.start("name"))


def _of_values(project: Project, names: frozenset[str]) -> Iterator[tuple[str, str, Location]]:
    """Yield what `values.yaml` of a chart gives where no other file of its values names the variable again."""
    beside = _files_of_values(project)
    for item in foreign_infrastructure(project):
        folder, _, name = item.path.rpartition("/")
        path = f"{folder}/values.yaml".removeprefix("/")
        document = project.document(path) if name == "Chart.yaml" and not is_test_path(path) else None
        if document is None or path in project.owned or path_environment(path) in TRIED:
            continue
        others = [project.source(other) or "" for other in beside.get(folder, []) if other != path]
        for found in _in_values(document.root, names, 0):
            if not any(found[0] in text for text in others):
                yield found


def _files_of_values(project: Project) -> dict[str, list[str]]:
    """Return the files of values that are not for development or tests, by their folder."""
    found: dict[str, list[str]] = {}
    for path in project.files:
        folder, _, name = path.rpartition("/")
        if name.startswith("values") and path_environment(path) not in TRIED:
            found.setdefault(folder, []).append(path)
    return found


def _in_values(node: Node | None, names: frozenset[str], depth: int) -> Iterator[tuple[str, str, Location]]:
    if depth > _DEEPEST:
        return
    if isinstance(node, Sequence):
        yield from _listed(node, names)
        for item in node.items:
            yield from _in_values(item, names, depth + 1)
    if isinstance(node, Mapping):
        yield from _pairs(node, names)
        for entry in node.entries:
            if not isinstance(entry.value, Scalar):
                yield from _in_values(entry.value, names, depth + 1)


def _pairs(node: Node | None, names: frozenset[str]) -> Iterator[tuple[str, str, Location]]:
    for entry in node.entries if isinstance(node, Mapping) else ():
        if entry.key.value in names and isinstance(entry.value, Scalar):
            yield entry.key.value, entry.value.value, entry.key.location


def _listed(node: Node | None, names: frozenset[str]) -> Iterator[tuple[str, str, Location]]:
    for item in node.items if isinstance(node, Sequence) else ():
        name, value = text_of(find(item, "name")), find(item, "value")
        if name in names and isinstance(value, Scalar):
            yield name, value.value, value.location
