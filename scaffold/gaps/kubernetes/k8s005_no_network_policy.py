"""K8S005: every pod may talk to every other one."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.kubernetes.objects import chart_templates, common_environment, declared_kinds, running
from scaffold.gaps.signals import resource_types
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_POLICIES = frozenset({"NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "AuthorizationPolicy"})
_FEW = 2


def _detect(project: Project) -> Iterator[Gap]:
    places = (*(item.location for item in running(project)), *(item.location for item in chart_templates(project)))
    if len(places) < _FEW or not _POLICIES.isdisjoint(declared_kinds(project)):
        return
    if any(kind.startswith("kubernetes_network_policy") for kind in resource_types(project.infrastructure)):
        return
    yield RULE.gap(
        resource="kubernetes",
        subject="network-policy",
        message=f"Nothing says which of the {len(places)} workloads may talk to which: one that is broken into "
        "reaches all stores.",
        expected="a NetworkPolicy that closes the namespace, and one for each way that is needed",
        actual="no NetworkPolicy in the manifests",
        locations=places,
        environment=common_environment(places),
    )


RULE = Rule(
    code="K8S005",
    name="no-network-policy",
    layer=Layer.KUBERNETES,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Close the namespace with a policy that selects all pods; open DNS, the ingress and each store to its clients.",
        ),
    ),
    maps_to=("CKV2_K8S_6",),
)
