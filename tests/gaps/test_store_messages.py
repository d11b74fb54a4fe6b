"""Messages count: K8S011 one store or several, CMP009 the volume in which the data really is, NET001 all ports of a range."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine

OBJECT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: %s}
spec: {template: {spec: {containers: [{name: a, image: "mongo:8"}]}}}
"""
CHART = {"chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n"}
VALUES = "%s: {primary: {persistence: {enabled: false}}}\n"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"k8s/a.yaml": OBJECT % "db"}, "db in k8s keeps its data in the pod"),
        ({"k8s/a.yaml": OBJECT % "db", "k8s/b.yaml": OBJECT % "log"}, "db, log in k8s keep their data in the pod"),
        ({**CHART, "chart/values.yaml": VALUES % "mysql"}, "the chart keeps mysql in the pod: the first restart loses it."),
        (
            {**CHART, "chart/values.yaml": VALUES % "mysql" + VALUES % "minio"},
            "the chart keeps mysql, minio in the pod: the first restart loses them.",
        ),
    ],
)
def test_the_message_counts(make_project: Callable[..., Path], files: dict[str, str], said: str) -> None:
    root = make_project({"compose.yaml": "services: {api: {build: .}}\n", **files})
    (gap,) = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == "K8S011"]
    assert said in gap.message


@pytest.mark.parametrize(
    ("image", "setting", "volumes", "said"),
    [
        ("apache/kafka:4.1.0", "KAFKA_LOG_DIRS: /tmp/logs", "", "no named volume at /tmp/logs: its data is in the container"),
        ("apache/kafka:4.1.0", "KAFKA_LOG_DIRS: /var/lib/kafka/data/a", "", "its data is in an anonymous volume"),
        ("apache/kafka:4.1.0", "KAFKA_LOG_DIRS: /logs", "[/logs]", "its data is in an anonymous volume"),
        ("confluentinc/cp-kafka:8.0.0", "KAFKA_LOG_DIRS: /logs", "", "its data is in the container"),
        ("confluentinc/cp-kafka:8.0.0", "KAFKA_NODE_ID: 1", "", "its data is in an anonymous volume"),
        ("postgres:17", "PGDATA: /var/lib/postgresql/data/now", "", "its data is in an anonymous volume"),
        ("postgres:17", "PGDATA: /var/lib/postgresql/data-now", "", "its data is in the container"),
    ],
)
def test_the_place_of_the_data_is_true(
    make_project: Callable[..., Path], image: str, setting: str, volumes: str, said: str
) -> None:
    mounts = f", volumes: {volumes}" if volumes else ""
    service = f"{{image: '{image}', environment: {{{setting}}}{mounts}}}"
    root = make_project({"compose.yaml": f"services: {{store: {service}}}\n"})
    (gap,) = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == "CMP009"]
    assert said in gap.message


def test_a_range_of_ports_is_told_as_one(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": "services: {db: {image: 'postgres:17', ports: ['5432-5439:5432']}}\n"})
    (gap,) = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == "NET001"]
    assert gap.message.startswith("db publishes 5432 as 5432-5439 on every interface of the host")
