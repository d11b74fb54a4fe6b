"""K8S004: what users reach runs as one pod, or as several that a drained node may take away together."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.kubernetes.objects import (
    KubernetesObject,
    common_environment,
    declared_kinds,
    objects,
    patch_texts,
    texts_of,
)
from scaffold.model.document import Location, Sequence, find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SCALERS = frozenset({"HorizontalPodAutoscaler", "ScaledObject"})
_ONE_IS_MEANT = regex(
    r"(?:^|[/_.-])(?:beat|scheduler|cron|worker|consumer|migrat\w*|operator|controller|postgres\w*|mysql|mariadb|mongo\w*|redis|valkey"
    r"|rabbitmq|kafka|zookeeper|elasticsearch|opensearch|clickhouse|minio|vault|prometheus|grafana|loki|tempo|jaeger|alertmanager"
    r"|kibana|adminer|pgadmin|mailpit|mailhog|exporter|db|database|memcached|chroma\w*|qdrant|weaviate|keycloak|zipkin|config-server"
    r"|discovery-server|eureka|registry|nats|memgraph|neo4j|cassandra|infinity|localstack|dynamodb\w*)(?:$|[/_.:@-])"
)


def _detect(project: Project) -> Iterator[Gap]:
    kinds = declared_kinds(project)
    everything = objects(project)
    reached = [
        item
        for item in everything
        if item.kind in {"Deployment", "Rollout"} and item.is_whole and _is_reached(item, everything)
    ]
    if not reached:
        return
    patched = patch_texts(project)
    if not _SCALERS & kinds and "replicas" not in patched:
        alone = tuple(_place(item) for item in reached if _replicas(item) == 1)
        if alone:
            yield _gap(
                "replicas", alone, "as one pod: each release, drain or crash is an outage", "replicas: 2 or more, or an HPA"
            )
    if "PodDisruptionBudget" not in kinds:
        several = tuple(_place(item) for item in reached if _replicas(item) > 1)
        if several:
            yield _gap(
                "disruption-budget",
                several,
                "as several pods without a PodDisruptionBudget: a drained node may take all of them at once",
                "a PodDisruptionBudget with maxUnavailable: 1",
            )


def _gap(subject: str, places: tuple[Location, ...], what: str, expected: str) -> Gap:
    count = len(places)
    return RULE.gap(
        resource="kubernetes",
        subject=subject,
        message=f"{count} workload{'s' if count > 1 else ''} that others reach run{'' if count > 1 else 's'} {what}.",
        expected=expected,
        actual=f"{count} such workload{'s' if count > 1 else ''}",
        locations=places,
        environment=common_environment(places),
    )


def _is_reached(item: KubernetesObject, everything: tuple[KubernetesObject, ...]) -> bool:
    """Whether a Service leads to a workload that keeps nothing of its own and may run more than once."""
    names = [item.name, *(text_of(container.get("image")) for container in item.containers)]
    if any(_ONE_IS_MEANT.search(name.lower()) for name in names) or _keeps_something(item):
        return False
    if text_of(find(item.node, "spec", "strategy", "type")) == "Recreate":
        return False
    selectors = [texts_of(find(other.node, "spec", "selector")) for other in everything if other.kind == "Service"]
    return any(selector and selector.items() <= item.labels.items() for selector in selectors)


def _keeps_something(item: KubernetesObject) -> bool:
    volumes = find(item.pod, "volumes")
    listed = volumes.items if isinstance(volumes, Sequence) else ()
    return any(find(volume, "persistentVolumeClaim") or find(volume, "hostPath") for volume in listed)


def _replicas(item: KubernetesObject) -> int:
    """Return the number of pods: 1 when nothing is said, 0 when it is computed or switched off."""
    text = text_of(find(item.node, "spec", "replicas"), "1")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _place(item: KubernetesObject) -> Location:
    node = find(item.node, "spec", "replicas") or find(item.node, "metadata", "name")
    return node.location if node else item.location


RULE = Rule(
    code="K8S004",
    name="one-pod-of-what-users-reach",
    layer=Layer.KUBERNETES,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Run two pods or more with a readiness probe, a PodDisruptionBudget and topologySpreadConstraints over zones.",
        ),
    ),
)
