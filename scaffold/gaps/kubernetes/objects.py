"""What manifests and charts declare: workloads with their pods, and the texts of charts, which are no YAML before Helm ran."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location, Mapping, Node, Scalar, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ROUTES: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "Rollout": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Pod": ("spec",),
}
RUNS_ON = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Rollout"})
"""Kinds whose pods are meant to run for good."""
_SEPARATOR = regex(r"^---[^\n]*\n", re.MULTILINE)
_KIND = regex(r"^kind:[ \t]*[\"']?(Deployment|StatefulSet|DaemonSet|Rollout)\b", re.MULTILINE)
_SHARED_POD = regex(r"\{\{-?\s*(?:include|template)\s+\"[^\"]*(?:pod|container|deployment|workload|resources|security)[^\"]*\"")


@frozen
class KubernetesObject:
    """One object of a manifest."""

    kind: str
    name: str
    location: Location
    node: Mapping = field(repr=False)

    @property
    def pod(self) -> Mapping | None:
        """The pod's spec of a workload, None for all other kinds."""
        route = _ROUTES.get(self.kind)
        found = find(self.node, *route) if route else None
        return found if isinstance(found, Mapping) else None

    @property
    def containers(self) -> tuple[Mapping, ...]:
        """The containers of a workload, without those that run before it."""
        listed = find(self.pod, "containers")
        return tuple(item for item in listed if isinstance(item, Mapping)) if isinstance(listed, Sequence) else ()

    @property
    def labels(self) -> dict[str, str]:
        """The labels of a workload's pods."""
        return texts_of(find(self.node, "spec", "template", "metadata", "labels"))

    @property
    def is_whole(self) -> bool:
        """Whether the object stands for itself: a patch of Kustomize names a workload and not what it runs."""
        return bool(self.containers) and all(text_of(item.get("image")) for item in self.containers)


@frozen
class ChartTemplate:
    """One workload in a template of a chart: its kind and the text of its document."""

    kind: str
    chart: str
    location: Location
    text: str = field(repr=False)

    @property
    def shows_its_pod(self) -> bool:
        """Whether the document itself holds the containers, and no named template of the chart does."""
        return "containers:" in self.text and "image:" in self.text and not _SHARED_POD.search(self.text)


def texts_of(node: Node | None) -> dict[str, str]:
    """Return the scalars of a mapping by key."""
    entries = node.entries if isinstance(node, Mapping) else ()
    return {entry.key.value: entry.value.value for entry in entries if isinstance(entry.value, Scalar)}


def objects(project: Project) -> tuple[KubernetesObject, ...]:
    """Return the objects in the manifests that people wrote, tests and samples left out."""
    paths = {item.path for item in foreign_infrastructure(project) if item.kind == "kubernetes" and not is_test_path(item.path)}
    roots = [document.root for document in project.documents if document.path in paths] if paths else []
    return tuple(item for root in roots if isinstance(root, Mapping) for item in _each(root))


def _each(root: Mapping) -> Iterator[KubernetesObject]:
    items = root.get("items") if text_of(root.get("kind")) == "List" else None
    for node in items if isinstance(items, Sequence) else (root,):
        kind = text_of(find(node, "kind"))
        if isinstance(node, Mapping) and kind:
            yield KubernetesObject(kind, text_of(find(node, "metadata", "name")), node.location, node)


def running(project: Project) -> tuple[KubernetesObject, ...]:
    """Return the workloads that are whole and run for good."""
    return tuple(item for item in objects(project) if item.kind in RUNS_ON and item.is_whole)


def patch_texts(project: Project) -> str:
    """Return what Kustomize lays over the manifests: the kustomizations, and the objects that are not whole."""
    paths = {item.path for item in foreign_infrastructure(project) if item.kind == "kustomize"}
    paths |= {item.location.path for item in objects(project) if item.kind in _ROUTES and not item.is_whole}
    return "\n".join(project.source(path) or "" for path in sorted(paths))


def chart_templates(project: Project) -> Iterator[ChartTemplate]:
    """Yield the workloads that run for good in the templates of people's charts."""
    for item in foreign_infrastructure(project):
        chart, inside, _ = item.path.partition("/templates/")
        if item.kind != "helm" or not inside or is_test_path(item.path):
            continue
        text = project.source(item.path) or ""
        line = 1
        for part in _SEPARATOR.split(text):
            match = _KIND.search(part)
            if match:
                yield ChartTemplate(match[1], chart, Location(item.path, line + part.count("\n", 0, match.start())), part)
            line += part.count("\n") + 1


def declared_kinds(project: Project) -> frozenset[str]:
    """Return the kinds of objects in all manifests and templates that people wrote."""
    kinds = {"kubernetes", "helm", "kustomize", "crossplane"}
    return frozenset(kind for item in foreign_infrastructure(project) if item.kind in kinds for kind, _, _ in item.resources)


def common_environment(places: tuple[Location, ...]) -> EnvironmentClass:
    """Return what the paths say that all places are for; base when they differ."""
    found = {path_environment(place.path) for place in places}
    return next(iter(found)) if len(found) == 1 else EnvironmentClass.BASE
