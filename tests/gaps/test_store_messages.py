"""K8S011 speaks of one store and of several in the right number."""

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
