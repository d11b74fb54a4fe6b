"""The Secrets and ConfigMaps that pods take, in manifests and in templates of charts, and whether anything makes them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.kubernetes.objects import KubernetesObject
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location, Node, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Project
from scaffold.model.regex import regex

_KEYS = {"secretKeyRef": "Secret", "secretRef": "Secret", "configMapKeyRef": "ConfigMap", "configMapRef": "ConfigMap"}
_IN_TEMPLATE = regex(
    r"^(?P<indent>[ \t]*)(?:- )?(?P<key>secretKeyRef|secretRef|configMapKeyRef|configMapRef):[ \t]*\n"
    r"(?P<body>(?:(?P=indent)[ \t]+[^\n]*\n?){1,4})",
    re.MULTILINE,
)
_NAME = regex(r"^[ \t]*name:[ \t]*[\"']?(?P<name>[a-z0-9][a-z0-9.-]*)[\"']?[ \t]*$", re.MULTILINE)
_OPTIONAL = regex(r"\boptional:[ \t]*(?!false)")
_MADE_BY_CLUSTER = frozenset({"kube-root-ca.crt"})
_MADE_NAME = regex(r"^[ \t]*name:[ \t]*(?P<name>\S.*)$", re.MULTILINE)
_EXPRESSION = regex(r"\{\{[^}]*\}\}")


@frozen
class Reference:
    """A Secret or ConfigMap that a pod cannot start without."""

    kind: str
    name: str
    location: Location


def references(everything: tuple[KubernetesObject, ...]) -> Iterator[Reference]:
    """Yield what the pods of manifests need; what they may do without is left out."""
    for item in everything:
        pod = item.pod
        if pod is None or not item.is_whole:
            continue
        for key in ("containers", "initContainers"):
            for container in _items(pod.get(key)):
                yield from _of_container(container)
        for volume in _items(pod.get("volumes")):
            for route, kind in ((("secret", "secretName"), "Secret"), (("configMap", "name"), "ConfigMap")):
                node = find(volume, *route)
                if node and text_of(find(volume, route[0], "optional")) != "true":
                    yield Reference(kind, text_of(node), node.location)


def _of_container(container: Node) -> Iterator[Reference]:
    sources = [find(item, "valueFrom") for item in _items(find(container, "env"))] + list(_items(find(container, "envFrom")))
    for source in sources:
        for key, kind in _KEYS.items():
            node = find(source, key, "name")
            if node and text_of(find(source, key, "optional")) != "true":
                yield Reference(kind, text_of(node), node.location)


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def chart_references(project: Project) -> Iterator[Reference]:
    """Yield what the templates of charts name by a fixed name; a name with an expression in it is the chart's own matter."""
    for item in foreign_infrastructure(project):
        if item.kind != "helm" or "/templates/" not in item.path or is_test_path(item.path):
            continue
        text = project.source(item.path) or ""
        for match in _IN_TEMPLATE.finditer(text):
            name = _NAME.search(match["body"])
            if name and not _OPTIONAL.search(match["body"]) and "{{" not in match["body"]:
                line = text.count("\n", 0, match.start("body") + name.start("name")) + 1
                yield Reference(_KEYS[match["key"]], name["name"], Location(item.path, line))


def is_made(project: Project, everything: tuple[KubernetesObject, ...], kind: str, name: str, places: list[Location]) -> bool:
    """Whether anything but references names the object: a manifest, a template, values, a command, a page, code.

    `places` are the references to this name. An operator's object counts too where its name is the beginning.
    """
    if not name or "{{" in name or "$" in name or name in _MADE_BY_CLUSTER:
        return True
    made = known(_made, everything)
    if (kind, name) in made.objects or any(name[:end] in made.operators for end in _dashes(name)):
        return True
    told = {(place.path, place.line) for place in places}
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    for source in project.sources:
        if name in source.text:
            ends = known(_line_ends, source.text)
            found = (bisect_left(ends, match.start()) + 1 for match in word.finditer(source.text))
            if any((source.path, number) not in told for number in found):
                return True
    return _is_built_from_parts(project, kind, name)


@frozen
class _Made:
    """The objects of manifests by kind and name, and the names of those from which an operator may make others."""

    objects: frozenset[tuple[str, str]]
    operators: frozenset[str]


def _made(everything: tuple[KubernetesObject, ...]) -> _Made:
    operators = frozenset(item.name for item in everything if item.name and _is_of_an_operator(item))
    return _Made(frozenset((item.kind, item.name) for item in everything), operators)


def _dashes(name: str) -> list[int]:
    return [match.start() for match in re.finditer("-", name)]


def _line_ends(text: str) -> list[int]:
    return [match.start() for match in re.finditer("\n", text)]


def _is_of_an_operator(item: KubernetesObject) -> bool:
    """Whether the object is one from which an operator may make others: its group is no part of Kubernetes."""
    group = text_of(item.node.get("apiVersion")).rpartition("/")[0]
    return "." in group and not group.endswith("k8s.io") and item.kind not in {"ExternalSecret", "SealedSecret"}


_DEPENDENCY = regex(r"(?m)^[^\S\n]*-?[^\S\n]*name:\s*[\"']?([\w-]+)", words=("name:",))


def _is_built_from_parts(project: Project, kind: str, name: str) -> bool:
    """Whether a template makes an object of the kind whose name ends or begins like this one, around an expression."""
    for item in foreign_infrastructure(project):
        if item.kind != "helm":
            continue
        text = project.source(item.path) or ""
        if item.path.endswith(("Chart.yaml", "Chart.yml")):
            if any(part in name for part in _DEPENDENCY.findall(text.partition("dependencies:")[2])):
                return True
            continue
        if f"kind: {kind}" not in text and "kind: ExternalSecret" not in text and "kind: SealedSecret" not in text:
            continue
        for match in _MADE_NAME.finditer(text):
            parts = [part.strip(" \"'") for part in _EXPRESSION.split(match["name"])]
            if len(parts) > 1 and name.startswith(parts[0]) and name.endswith(parts[-1]) and name != parts[0]:
                return True
    return False
