"""K8S000: neither a chart nor manifests say how the app runs on Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.chart import PACKAGING, chart_closers
from scaffold.gaps.signals import anchor, application_services, foreign_infrastructure, main_environment, resource_types
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_OTHER_TARGETS = (
    *(
        "aws_ecs_service",
        "aws_apprunner_",
        "aws_lambda_function",
        "aws_elastic_beanstalk_",
        "google_cloud_run",
        "azurerm_container_app",
    ),
    *("AWS::ECS::Service", "AWS::Serverless::", "AWS::Lambda::", "kubernetes_deployment", "helm_release"),
)
_PROMISE = regex(r"\b(?:kubectl\s+(?:apply|rollout|create\s(?:.*\s)?-f)|helm\s+(?:install|upgrade)|kustomize\s+build)\b")
_FETCHED = regex(r"\s--repo[\s=]|\boci://|\s(?:-f|-k|--filename|--kustomize)[\s=]*https?://|\bkustomize\s+build\s+https?://")
"""The chart or the manifests come from elsewhere."""
_CHART = regex(r"\bhelm\s+(?:install|upgrade)\s.*?(?<![\w.$~/-])(?P<folder>[A-Za-z][\w.-]*)/[\w.-]+(?=\s|$)")
"""A chart of a repository that `helm repo add` named: `bitnami/postgresql`."""

_ADVICE = "Write a Helm chart with a workload for each service, or set `compute: ecs` when Kubernetes is not the target."


def _detect(project: Project) -> Iterator[Gap]:
    place = anchor(project)
    if place is None or not application_services(project) or has_target(project):
        return
    promises = _promises(project)
    yield RULE.gap(
        closers=chart_closers(project, _ADVICE),
        resource="kubernetes",
        subject="packaging",
        message=(
            "The documentation shows commands for Kubernetes, but this repository has neither a chart nor manifests for them."
            if promises
            else "This repository declares neither a chart nor manifests for Kubernetes: nothing but Compose can run the app."
        ),
        expected="a Helm chart, a kustomization or manifests",
        actual="Compose only",
        locations=promises or (place,),
        severity=Severity.MEDIUM if promises else Severity.LOW,
        environment=main_environment(project),
    )


def has_target(project: Project) -> bool:
    """Whether packaging exists or another platform was chosen on purpose."""
    if project.configuration.compute == "ecs" or any(item.kind in {*PACKAGING, "paas"} for item in project.infrastructure):
        return True
    return any(kind.startswith(_OTHER_TARGETS) for kind in resource_types(foreign_infrastructure(project)))


def _promises(project: Project) -> tuple[Location, ...]:
    """Return the commands of the documentation for charts and manifests that should be here; none of a page about others'."""
    shown = [
        command
        for command in project.commands
        if command.context == "doc" and _PROMISE.search(command.text) and command.location.path not in project.owned
    ]
    of_others = {command.location.path for command in shown if _is_of_others(project, command.text)}
    return tuple(command.location for command in shown if command.location.path not in of_others)


def _is_of_others(project: Project, text: str) -> bool:
    """Whether a command installs what somebody else keeps elsewhere."""
    chart = _CHART.search(text)
    return bool(_FETCHED.search(text)) or (chart is not None and chart["folder"] not in project.directories)


RULE = Rule(
    code="K8S000",
    name="no-kubernetes-packaging",
    layer=Layer.KUBERNETES,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.HELM, "files"),),
)
