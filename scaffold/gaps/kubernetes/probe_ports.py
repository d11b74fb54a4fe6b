"""Probes that ask a port on which their pod does not listen, by everything that the repository says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.kubernetes.objects import KubernetesObject, objects, running
from scaffold.gaps.own_images import is_own_image
from scaffold.model.document import Location, Mapping, Node, Scalar, Sequence, find, scalars_in, text_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.values import ImageReference

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_WEB = frozenset({"80", "443"})
"""Ports that no program opens beside another one for its checks, and whose numbers stand everywhere."""


@frozen
class LostProbe:
    """A probe's port, and what the container declares in place of it."""

    workload: str
    asked: str
    declared: tuple[str, ...]
    place: Location
    port: Location


def lost_probes(project: Project) -> Iterator[LostProbe]:
    """Yield the probes of the project's own images that ask a port which their pod does not declare: one by a name that no
    container of the pod has, or a number that nothing else names.
    """
    everything = objects(project)
    for item in running(project):
        declared = [port for container in item.containers for port in _ports(container)]
        names = {text_of(port.get("name")) for port in declared}
        numbers = {text_of(port.get("containerPort")) for port in declared}
        for container in item.containers:
            own = [node for port in _ports(container) if isinstance(node := port.get("containerPort"), Scalar)]
            asked = [node for node in _asked(container) if own and node.value not in names | numbers]
            if asked and _is_own(project, ImageReference.parse(text_of(container.get("image")))):
                shown = tuple(node.value for node in own)
                for node in asked:
                    if not node.value.isdigit() or not _is_named(project, everything, container, node.value):
                        yield LostProbe(item.name, node.value, shown, node.location, own[0].location)


def _is_own(project: Project, image: ImageReference) -> bool:
    """Whether the project makes an image, also one that a workflow names in a matrix or a variable."""
    name = f"{image.registry}/{image.repository}" if image.registry else image.repository
    named = "/" in name and any(name in (project.source(workflow.path) or "") for workflow in project.workflows)
    return named or is_own_image(project, image)


def _ports(container: Mapping) -> Iterator[Mapping]:
    ports = container.get("ports")
    yield from (item for item in ports.items if isinstance(item, Mapping)) if isinstance(ports, Sequence) else ()


def _asked(container: Mapping) -> Iterator[Scalar]:
    for probe in _PROBES:
        for kind in ("httpGet", "tcpSocket"):
            node = find(container, probe, kind, "port")
            if isinstance(node, Scalar) and re.fullmatch(r"[a-z0-9-]+", node.value):
                yield node


def _is_named(project: Project, everything: tuple[KubernetesObject, ...], container: Mapping, port: str) -> bool:
    """Whether anything but probes names a port: the container, a ConfigMap, a Service, or, where it is no port of the web, the
    code and the settings.
    """
    word = re.compile(rf"(?<![\d.]){port}(?![\d.])")
    beside = [entry.value for entry in container.entries if entry.key.value not in {*_PROBES, "resources"}]
    parts: list[Node | None] = [*beside, *(other.node.get("data") for other in everything if other.kind == "ConfigMap")]
    if any(word.search(scalar.value) for part in parts for scalar in scalars_in(part)):
        return True
    if any(port in _targets(other) for other in everything if other.kind == "Service"):
        return True
    if port in _WEB:
        return False
    manifests = {other.location.path for other in everything}
    settings = (scalar.value for file in project.documents if file.path not in manifests for scalar in scalars_in(file.root))
    return any(port in source.text and word.search(source.text) for source in project.sources) or any(
        map(word.search, settings)
    )


def _targets(service: KubernetesObject) -> Iterator[str]:
    """Yield where a Service sends what it takes in; one without a target of its own sends it to the same port."""
    ports = find(service.node, "spec", "ports")
    for item in ports.items if isinstance(ports, Sequence) else ():
        yield text_of(find(item, "targetPort")) or text_of(find(item, "port"))
