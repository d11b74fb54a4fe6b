"""K8S002: containers say neither how much memory they need nor how much they may take."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.kubernetes.objects import (
    KubernetesObject,
    chart_templates,
    common_environment,
    declared_kinds,
    patch_texts,
    running,
)
from scaffold.model.document import Location, find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_GIVEN_ELSEWHERE = frozenset({"LimitRange", "VerticalPodAutoscaler"})


def _detect(project: Project) -> Iterator[Gap]:
    if not _GIVEN_ELSEWHERE.isdisjoint(declared_kinds(project)) or "resources" in patch_texts(project):
        return
    places = [place for item in running(project) for place in _unbounded(item)]
    places += [item.location for item in chart_templates(project) if item.shows_its_pod and "resources" not in item.text]
    if places:
        count = len(places)
        yield RULE.gap(
            resource="kubernetes",
            subject="memory",
            message=f"{count} container{'s' if count > 1 else ''} on Kubernetes without a limit for memory: one that grows "
            "takes the node's memory from all others.",
            expected="resources.requests for CPU and memory, resources.limits for memory",
            actual=f"{count} without",
            locations=tuple(places),
            environment=common_environment(tuple(places)),
        )


def _unbounded(item: KubernetesObject) -> Iterator[Location]:
    for container in item.containers:
        resources = container.get("resources")
        # A limit alone is the request too.
        if not text_of(find(resources, "limits", "memory")):
            name = container.get("name")
            yield name.location if name is not None else container.location


RULE = Rule(
    code="K8S002",
    name="no-memory-bounds",
    layer=Layer.KUBERNETES,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Measure, then set requests for CPU and memory, and a limit for memory; one for CPU only slows the container down.",
        ),
    ),
    maps_to=("CKV_K8S_10", "CKV_K8S_11", "CKV_K8S_12", "CKV_K8S_13"),
)
