"""K8S011: a store runs on Kubernetes, and what it keeps goes with its pod."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, listed, path_environment
from scaffold.gaps.kubernetes.objects import (
    ChartTemplate,
    KubernetesObject,
    chart_templates,
    common_environment,
    patch_texts,
    running,
)
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location, Mapping, Node, Sequence, find, scalars_of, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

RECORDS = frozenset(
    {
        *("postgres", "postgresql", "postgis", "timescaledb", "timescaledb-ha", "pgvector", "mysql", "mysql-server", "mariadb"),
        *("mongo", "mongodb", "mongodb-community-server", "eventstore", "kurrentdb", "cassandra", "scylla", "neo4j", "couchdb"),
        *("influxdb", "clickhouse-server", "cockroach", "mssql-server", "server-sqlserver", "surrealdb", "minio", "arangodb"),
    }
)
"""Images whose data nobody can make again."""
_QUEUES_AND_INDEXES = frozenset(
    {"rabbitmq", "elasticsearch", "opensearch", "kafka", "cp-kafka", "qdrant", "weaviate", "chroma", "nats-streaming"}
)
"""Images whose data others may be able to make again."""
_LOST = frozenset({"emptyDir", "configMap", "secret", "projected", "downwardAPI"})
_SERVES = regex(
    r"^(?:$|-)|docker-entrypoint|postgres\b|mysqld|mariadbd|mongod\b|server|start|run|minio|neo4j|bin/sh|bin/bash|^(?:ba)?sh\b"
)
_KEPT = regex(r"volumeClaimTemplates|persistentVolumeClaim")
_KEPT_IN_TEMPLATE = regex(r"volumeClaimTemplates|persistentVolumeClaim|hostPath|volumeDevices|\b(?:nfs|csi|ephemeral|local):")
_INSERTED = regex(r"\{\{-?[^}\n]*(?:\binclude\b|\btemplate\b|toYaml|\btpl\b)[^}\n]*\}\}")
_COMMENT = regex(r"^[ \t]*#[^\n]*$|\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.MULTILINE | re.DOTALL)
_IMAGE = regex(
    r"^[ \t-]*image:[ \t]*[\"']?"
    r"(?:(?P<image>[\w./-]+)(?=[:@\"'\s]|\{\{)|\{\{-?[ \t]*\.Values\.(?P<key>[\w.]+)[ \t]*-?\}\})",
    re.MULTILINE,
)
_SWITCH = regex(r"\{\{-?[ \t]*if\b[^}\n]*")
_VALUE = regex(r"\.Values\.([\w.]+)")
_OWN_COMMAND = regex(r"^[ \t-]*command:", re.MULTILINE)
_UPLOADS = regex(r"(?i)media|upload|persist|storage|attachments?|files?$|^data")
_FOR_A_TRY = regex(r"(?i)(?:^|[/._-])(?:tests?|testing|demos?|examples?|samples?|sandbox|playground)(?:[/._-]|$)")
_STORES = regex(r"(?i)^(?:postgres\w*|mysql|mariadb|mongo\w*|rabbitmq|elasticsearch|opensearch|minio)$")


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[str, list[tuple[KubernetesObject, Mapping]]] = {}
    patched = None
    for item in running(project):
        for container in item.containers:
            if _store(container) and not _keeps(item, container):
                patched = patch_texts(project) if patched is None else patched
                if not (item.name in patched and _KEPT.search(patched)):
                    found.setdefault(item.location.path.rpartition("/")[0] or ".", []).append((item, container))
    for folder, stores in found.items():
        yield _gap(folder, stores)
    yield from _in_templates(project)
    yield from _in_values(project)


def _store(container: Mapping) -> str:
    """Return the name of the image where it is one that keeps data, and the container runs its server."""
    image = text_of(container.get("image"))
    name = ImageReference.parse(image).name if image and "{{" not in image and "$" not in image else ""
    if name not in RECORDS | _QUEUES_AND_INDEXES:
        return ""
    command = scalars_of(container.get("command"))
    return name if _SERVES.search(command[0].value if command else "") else ""


def _keeps(item: KubernetesObject, container: Mapping) -> bool:
    """Whether the container mounts anything that outlives the pod."""
    claims = {text_of(find(claim, "metadata", "name")) for claim in _items(find(item.node, "spec", "volumeClaimTemplates"))}
    volumes = {text_of(find(volume, "name")): volume for volume in _items(find(item.pod, "volumes"))}
    for mount in _items(container.get("volumeMounts")):
        name = text_of(find(mount, "name"))
        volume = volumes.get(name)
        if name in claims or volume is None or (isinstance(volume, Mapping) and not _LOST & set(volume.keys())):
            return True
    return bool(_items(container.get("volumeDevices")))


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def _gap(folder: str, stores: list[tuple[KubernetesObject, Mapping]]) -> Gap:
    names = listed(item.name for item, _ in stores)
    keep = "keep their" if len(stores) > 1 else "keeps its"
    lasting = any(_store(container) in RECORDS for _, container in stores)
    environment = common_environment(tuple(item.location for item, _ in stores))
    return RULE.gap(
        resource=folder,
        subject="stores",
        message=f"{names} in {folder} {keep} data in the pod: the next eviction, node or release starts with nothing.",
        expected="a StatefulSet with volumeClaimTemplates, or a managed store",
        actual="no volume that outlives the pod",
        locations=tuple(_place(container) for _, container in stores),
        # What people try a release with can be filled again.
        severity=Severity.HIGH
        if lasting and environment is not EnvironmentClass.STAGING and not _FOR_A_TRY.search(folder)
        else Severity.MEDIUM,
        environment=environment,
    )


def _place(container: Mapping) -> Location:
    image = container.get("image")
    return image.location if image else container.location


# --- templates of charts ----------------------------------------------------------------------------------------------


def _in_templates(project: Project) -> Iterator[Gap]:
    """Yield the charts whose templates hold a store without any volume but such as go with the pod."""
    found: dict[str, list[tuple[str, str, Location]]] = {}
    for item in chart_templates(project):
        document = project.document(f"{item.chart}/values.yaml" if item.chart else "values.yaml")
        store = _store_in(item, document.root if document else None)
        if store:
            found.setdefault(item.chart or ".", []).append(store)
    for chart, stores in found.items():
        images = listed(dict.fromkeys(image for _, image, _ in stores))
        yield RULE.gap(
            resource=chart,
            subject="templates",
            message=f"The chart runs {images} without a claim for its data: the next eviction, node or release"
            " starts with nothing.",
            expected="a StatefulSet with volumeClaimTemplates, or a managed store",
            actual="no volume that outlives the pod",
            locations=tuple(place for _, _, place in stores),
            severity=Severity.HIGH if any(name in RECORDS for name, _, _ in stores) else Severity.MEDIUM,
            environment=path_environment(chart),
        )


def _store_in(template: ChartTemplate, values: Node | None) -> tuple[str, str, Location] | None:
    """Return the name, the image and the place of the one store that a template runs and gives nothing that lasts.

    What others may add is not seen: a document that inserts anything where volumes stand is passed over.
    """
    text = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), template.text)
    images = list(_IMAGE.finditer(text))
    if len(images) != 1 or text.count("image:") != 1 or _KEPT_IN_TEMPLATE.search(text) or _OWN_COMMAND.search(text):
        return None
    given = text_of(find(values, *images[0]["key"].split("."))) if images[0]["key"] else images[0]["image"]
    name = ImageReference.parse(given).name if given else ""
    if (
        _is_off(text[: text.find("kind:")], values)
        or name not in RECORDS | _QUEUES_AND_INDEXES
        or any(_INSERTED.search(line) for line in _volume_lines(text))
    ):
        return None
    line = template.location.line - _kind_line(template.text) + text.count("\n", 0, images[0].start())
    return name, given, Location(template.location.path, line)


def _is_off(head: str, values: Node | None) -> bool:
    """Whether a condition before the document names a value that is false by default."""
    conditions = [match[0] for match in _SWITCH.finditer(head)]
    named = [name for text in conditions for name in _VALUE.findall(text)]
    return any(text_of(find(values, *name.split("."))).lower() == "false" for name in named)


def _kind_line(text: str) -> int:
    """Return how many lines stand before the kind of the document, from which its place is counted."""
    return next(number for number, line in enumerate(text.split("\n")) if line.startswith("kind:"))


def _volume_lines(text: str) -> list[str]:
    """Return the lines of a pod that could add a volume or a mount."""
    return [line for line in text.split("\n") if not re.search(r"(?i)label|annotation|selector|resources|checksum|name", line)]


# --- values of charts -------------------------------------------------------------------------------------------------


def _in_values(project: Project) -> Iterator[Gap]:
    """Yield the charts whose default values keep uploads in an emptyDir, or a store of theirs without a volume."""
    charts = [item.path.rpartition("/")[0] for item in foreign_infrastructure(project) if item.path.endswith("Chart.yaml")]
    for chart in charts:
        path = f"{chart}/values.yaml" if chart else "values.yaml"
        document = project.document(path) if not is_test_path(path) else None
        places = list(_lost_in(document.root, "")) if document else []
        if places:
            names, them = listed(name for name, _ in places), "them" if len(places) > 1 else "it"
            yield RULE.gap(
                resource=path,
                subject="values",
                message=f"With its default values, the chart keeps {names} in the pod: the first restart loses {them}.",
                expected="a volume claim by default, or an installation that has to choose",
                actual="emptyDir, or persistence switched off",
                locations=tuple(place for _, place in places),
                environment=path_environment(path),
            )


def _lost_in(node: Node | None, name: str) -> Iterator[tuple[str, Location]]:
    if not isinstance(node, Mapping) or text_of(node.get("enabled")).lower() == "false":
        return
    kind = node.get("type")
    if kind and text_of(kind) == "emptyDir" and _UPLOADS.search(name):
        yield text_of(node.get("name")) or name, kind.location
    if _STORES.match(name):
        for route in (("persistence",), ("primary", "persistence"), ("master", "persistence")):
            switch = find(node, *route, "enabled")
            if switch and text_of(switch).lower() == "false":
                yield name, switch.location
    for entry in node.entries:
        yield from _lost_in(entry.value, entry.key.value)


RULE = Rule(
    code="K8S011",
    name="store-without-volume",
    layer=Layer.KUBERNETES,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Give the store a StatefulSet with volumeClaimTemplates and a backup, or take a managed one."),
    ),
)
