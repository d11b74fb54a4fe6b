"""K8S009: manifests or charts rely on something that its makers have ended: Bitnami's public images, ingress-nginx."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_KINDS = frozenset({"kubernetes", "helm", "kustomize"})
_BITNAMI = regex(
    r"(?m)^.*?(?:(?:image|repository):\s*[\"']?(?:docker\.io/)?bitnami(?:legacy)?/|charts\.bitnami\.com|registry-1\.docker\.io/bitnamicharts)"
)
_NGINX = regex(r"(?m)^.*?(?:nginx\.ingress\.kubernetes\.io/|kubernetes\.github\.io/ingress-nginx)")
_SHOWN = 3
_RETIRED = (
    ("bitnami", _BITNAMI, "Bitnami's versioned images left Docker Hub in August 2025: new nodes cannot pull them"),
    ("ingress-nginx", _NGINX, "ingress-nginx ended in March 2026: the door to the cluster gets no fixes any more"),
)


def _detect(project: Project) -> Iterator[Gap]:
    files = [item.path for item in foreign_infrastructure(project) if item.kind in _KINDS and not is_test_path(item.path)]
    folders = {path.rpartition("/")[0] for path in files if path.endswith(("Chart.yaml", "Chart.yml"))}
    values = [path for path in project.files if path.rpartition("/")[0] in folders and path.endswith((".yaml", ".yml"))]
    for name, pattern, why in _RETIRED:
        places = tuple(place for path in sorted({*files, *values}) for place in _places(project, path, pattern))
        if places:
            yield RULE.gap(
                resource="kubernetes",
                subject=name,
                message=f"{why}.",
                expected="a maintained image or chart" if name == "bitnami" else "a maintained controller, or the Gateway API",
                actual=f"{len(places)} places use {name}",
                locations=places[:_SHOWN],
            )


def _places(project: Project, path: str, pattern: re.Pattern[str]) -> Iterator[Location]:
    text = project.source(path) or ""
    for match in pattern.finditer(text):
        yield Location.at_offset(path, text, match.end())


RULE = Rule(
    code="K8S009",
    name="retired-dependency",
    layer=Layer.KUBERNETES,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Take the official image or another chart; move the Ingress to a maintained controller."),),
)
