"""The room `helm`: the values of the chart, and the chart's fixed templates as they are."""

from __future__ import annotations

from scaffold.generate.emit import to_json, to_yaml
from scaffold.generate.helm.backup import backup_files
from scaffold.generate.helm.readme import readme
from scaffold.generate.helm.schema import values_schema
from scaffold.generate.helm.stand_ins import infrastructure_stand_in, release_stand_in
from scaffold.generate.helm.values import environment_values, values_sections
from scaffold.model.artifact import Artifact, Rendering
from scaffold.model.names import Room
from scaffold.model.target import Target
from scaffold.model.values import dns_label
from scaffold.resources import data_folder

KUBERNETES = ">=1.33.0-0"
"""The oldest cluster that the chart runs on; 1.33 has been in paid support at EKS since July 2026."""


def render(target: Target) -> Rendering:
    """Return the chart; nothing where another platform runs the app, or a chart of the user's own does."""
    if not target.chart_folder:
        return Rendering()
    return Rendering(
        tuple(
            Artifact(f"{target.chart_folder}/{path}", text, Room.HELM, target.closed_by(Room.HELM))
            for path, text in sorted(_files(target).items())
        )
    )


def _files(target: Target) -> dict[str, str]:
    templates = data_folder("helm-templates")
    files = {
        f"templates/{path.name}": path.read_text(encoding="utf-8") for path in sorted(templates.iterdir()) if path.is_file()
    }
    files |= {f"values-{item.name}.yaml": environment_values(target, item) for item in target.environments}
    return (
        files
        | backup_files(target)
        | {
            "Chart.yaml": to_yaml(_chart(target)),
            "values.yaml": values_sections(target),
            "values.schema.json": to_json(values_schema()),
            "ci/values-infra.json": to_json(infrastructure_stand_in(target)),
            "ci/values-release.json": to_json(release_stand_in(target)),
            "README.md": readme(target),
            ".helmignore": "ci/\nREADME.md\n",
        }
    )


def _chart(target: Target) -> dict[str, object]:
    return {
        "apiVersion": "v2",
        "name": dns_label(target.app),
        "description": f"{target.app} on Kubernetes, with the services of {', '.join(target.base_set)}",
        "type": "application",
        "version": "0.1.0",
        "kubeVersion": KUBERNETES,
    }
