"""Labels that a kustomization lays over selectors, computed as kustomize does: which Services find more pods than their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.gaps.kubernetes.objects import RUNS_ON, KubernetesObject, texts_of
from scaffold.model.document import Document, Location, Mapping, Sequence, find, text_of
from scaffold.model.frozen import frozen


@frozen
class Mixed:
    """A Service whose selector finds the pods of further workloads once the labels are laid over it."""

    service: KubernetesObject
    workloads: tuple[KubernetesObject, ...]
    """Those that it finds now and did not before."""


def selector_labels(document: Document) -> tuple[dict[str, str], Location | None]:
    """Return the labels that a kustomization writes into selectors too, and where it names them."""
    labels: dict[str, str] = {}
    place = None
    common = find(document.root, "commonLabels")
    if isinstance(common, Mapping):
        labels |= texts_of(common)
        place = common.location
    listed = find(document.root, "labels")
    for item in listed.items if isinstance(listed, Sequence) else ():
        pairs = find(item, "pairs")
        if text_of(find(item, "includeSelectors")) == "true" and isinstance(pairs, Mapping):
            labels |= texts_of(pairs)
            place = place or pairs.location
    return labels, place


def mixed_services(everything: Iterable[KubernetesObject], labels: dict[str, str]) -> Iterator[Mixed]:
    """Yield the Services that find the pods of more workloads with these labels in every selector and pod than without."""
    found = tuple(everything)
    workloads = [item for item in found if item.kind in RUNS_ON and item.is_whole]
    for service in (item for item in found if item.kind == "Service"):
        selector = texts_of(find(service.node, "spec", "selector"))
        before = [item for item in workloads if _finds(service, selector, item, item.labels)] if selector else []
        after = [item for item in workloads if _finds(service, selector | labels, item, item.labels | labels)] if before else []
        more = tuple(item for item in after if item not in before)
        if more:
            yield Mixed(service, more)


def _finds(service: KubernetesObject, selector: dict[str, str], workload: KubernetesObject, labels: dict[str, str]) -> bool:
    spaces = {text_of(find(item.node, "metadata", "namespace")) for item in (service, workload)}
    return len(spaces) == 1 and all(labels.get(key) == value for key, value in selector.items())
