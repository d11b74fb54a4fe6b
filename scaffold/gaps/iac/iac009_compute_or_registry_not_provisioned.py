"""IAC009: the infrastructure code has no place where the app runs, or no registry for the images that it builds."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.signals import application_services, main_environment, resource_types
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_COMPUTE = (
    *("aws_ecs_", "aws_eks_", "aws_apprunner_", "aws_lambda_function", "aws_instance", "aws_launch_template"),
    *(
        "aws_autoscaling_group",
        "aws_lightsail_",
        "aws_elastic_beanstalk_",
        "aws_batch_",
        "google_cloud_run",
        "google_container_",
    ),
    *("google_compute_instance", "azurerm_container_", "azurerm_kubernetes_", "azurerm_linux_", "digitalocean_app"),
    *("digitalocean_droplet", "digitalocean_kubernetes_", "hcloud_server", "kubernetes_deployment", "helm_release"),
    *("AWS::ECS::", "AWS::EKS::", "AWS::Lambda::", "AWS::Serverless::", "AWS::EC2::Instance", "fly_", "scaleway_", "linode_"),
)
_REGISTRY = (
    *("aws_ecr_", "aws_ecrpublic_", "google_artifact_registry_", "google_container_registry", "azurerm_container_registry"),
    *("AWS::ECR::", "digitalocean_container_registry", "harbor_", "github_"),
)
_ELSEWHERE = Closer(
    None, "advice", "Declare the registry that keeps the images which are built elsewhere, or set `external: [iac]`."
)
_PACKAGING = frozenset({"helm", "kustomize", "kubernetes", "paas"})


def _detect(project: Project) -> Iterator[Gap]:
    built = [(stack, service) for stack, service in application_services(project) if service.build]
    types = resource_types(project.infrastructure)
    modules = any(kind == "module" for kind in types)
    if not built or modules or any(item.kind in _PACKAGING for item in project.infrastructure):
        return
    delivered = any(stack is project.production_stack and service.delivers_image for stack, service in built)
    for subject, known, what in (("compute", _COMPUTE, "place to run"), ("registry", _REGISTRY, "registry for the image of")):
        if any(kind.startswith(known) for kind in types):
            continue
        names = ", ".join(service.name for _, service in built)
        yield RULE.gap(
            resource="iac",
            subject=subject,
            message=f"The infrastructure code declares no {what} {names}.",
            expected="a cluster, service or instance"
            if subject == "compute"
            else "a container registry such as aws_ecr_repository",
            actual="not declared in this repository",
            locations=tuple(service.location for _, service in built),
            environment=main_environment(project),
            closers=RULE.closers if subject == "compute" or delivered else (_ELSEWHERE,),
        )


RULE = Rule(
    code="IAC009",
    name="compute-or-registry-not-provisioned",
    layer=Layer.IAC,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.TERRAFORM, "files"),),
)
