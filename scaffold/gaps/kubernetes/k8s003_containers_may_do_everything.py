"""K8S003: containers run with root's rights, or may get them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.kubernetes.objects import (
    KubernetesObject,
    chart_templates,
    common_environment,
    patch_texts,
    running,
)
from scaffold.model.document import Location, Mapping, find, scalars_of, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_OF_THE_NODE = ("hostNetwork", "hostPID", "hostIPC")


def _detect(project: Project) -> Iterator[Gap]:
    if "securityContext" in patch_texts(project):
        return
    open_ones: list[tuple[Location, int]] = [found for item in running(project) for found in _open(item)]
    open_ones += [
        (item.location, 3)
        for item in chart_templates(project)
        if item.kind != "DaemonSet" and item.shows_its_pod and "securityContext" not in item.text
    ]
    if open_ones:
        places = tuple(place for place, _ in open_ones)
        count = len(places)
        yield RULE.gap(
            resource="kubernetes",
            subject="security-context",
            message=f"{count} container{'s' if count > 1 else ''} on Kubernetes may run as root, gain rights or keep "
            "capabilities: who breaks into one has more than the app needs.",
            expected="runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities.drop: [ALL]",
            actual=f"{count} without all three",
            locations=places,
            severity=Severity.MEDIUM if any(missing == 3 for _, missing in open_ones) else Severity.LOW,
            environment=common_environment(places),
        )


def _open(item: KubernetesObject) -> Iterator[tuple[Location, int]]:
    """Yield the containers that lack something, with how many of the three; what works on the node itself is left out."""
    if item.kind == "DaemonSet" or any(text_of(find(item.pod, name)) == "true" for name in _OF_THE_NODE):
        return
    for container in item.containers:
        missing = [_may_be_root(item, container), _may_gain(container), _keeps_capabilities(container)].count(True)
        if missing:
            name = container.get("name")
            yield (name.location if name is not None else container.location), missing


def _may_be_root(item: KubernetesObject, container: Mapping) -> bool:
    for context in (find(container, "securityContext"), find(item.pod, "securityContext")):
        if text_of(find(context, "runAsNonRoot")) == "true" or text_of(find(context, "runAsUser"), "0") != "0":
            return False
    return True


def _may_gain(container: Mapping) -> bool:
    return text_of(find(container, "securityContext", "allowPrivilegeEscalation")) != "false"


def _keeps_capabilities(container: Mapping) -> bool:
    dropped = scalars_of(find(container, "securityContext", "capabilities", "drop"))
    return all(item.value.upper() != "ALL" for item in dropped)


RULE = Rule(
    code="K8S003",
    name="containers-may-do-everything",
    layer=Layer.KUBERNETES,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Set runAsNonRoot on the pod, allowPrivilegeEscalation: false and drop [ALL] on each container; "
            "checkov and kube-linter list the rest.",
        ),
    ),
    maps_to=("CKV_K8S_20", "CKV_K8S_23", "CKV_K8S_37"),
)
