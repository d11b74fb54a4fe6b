"""How the project is deployed already: jobs of its workflows, and files of its own for a cluster, a platform or a cloud."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from scaffold.model.deployments import STARTS, is_called_for_a_trial, is_deployment, place_of, renews_a_host, run_text
from scaffold.model.document import Location, find, text_of
from scaffold.model.guides import OwnFiles, TodaysWay
from scaffold.model.known import is_within
from scaffold.model.project import InfrastructureFile, Job, Project, Step, Workflow
from scaffold.model.regex import regex

_SAYS_DEPLOY = regex(r"(?i)deploy|rollout|(?<![a-z])cd(?![a-z])")
_NO_APPLICATION = regex(
    r"(?i)(?<![a-z])(?:docs?|documentation|pages|storybook|npm|pypi|maven|nuget|packages?|chart|preview|website)(?![a-z])"
)
_ACTIONS = {
    "aws-actions/amazon-ecs-deploy-task-definition": "Amazon ECS",
    "einaregilsson/beanstalk-deploy": "AWS Elastic Beanstalk",
    "google-github-actions/deploy-cloudrun": "Google Cloud Run",
    "google-github-actions/deploy-appengine": "Google App Engine",
    "azure/webapps-deploy": "Azure App Service",
    "azure/container-apps-deploy-action": "Azure Container Apps",
    "akhileshns/heroku-deploy": "Heroku",
    "digitalocean/app_action": "the App Platform of DigitalOcean",
    "bervproject/railway-deploy": "Railway",
    "railwayapp/railway-deploy": "Railway",
    "koyeb/action-git-deploy": "Koyeb",
    "johnbeynon/render-deploy-action": "Render",
    "newarifrh/portainer-service-webhook": "Portainer",
    "amondnet/vercel-action": "Vercel",
    "vercel/action": "Vercel",
    "nwtgck/actions-netlify": "Netlify",
    "cloudflare/wrangler-action": "Cloudflare",
}
_COMMANDS = (
    (regex(r"\b(?:flyctl|fly)\s+deploy\b", words=("deploy",)), "Fly.io"),
    (regex(r"\bgcloud\s+(?:beta\s+)?run\s+(?:services\s+)?(?:deploy|update|replace)\b", words=("gcloud",)), "Google Cloud Run"),
    (regex(r"\bgcloud\s+app\s+deploy\b", words=("gcloud",)), "Google App Engine"),
    (regex(r"\baz\s+containerapp\s+(?:up|update)\b", words=("containerapp",)), "Azure Container Apps"),
    (regex(r"\baz\s+webapp\s+(?:deploy|up|config\s+container\s+set)\b", words=("webapp",)), "Azure App Service"),
    (regex(r"\brailway\s+up\b", words=("railway",)), "Railway"),
    (regex(r"\beb\s+deploy\b", words=("deploy",)), "AWS Elastic Beanstalk"),
    (regex(r"\bcopilot\s+\w+\s+deploy\b", words=("copilot",)), "Amazon ECS"),
    (regex(r"\baws\s+ecs\s+update-service\b", words=("update-service",)), "Amazon ECS"),
    (regex(r"\bdoctl\s+apps\s+(?:create-deployment|update)\b", words=("doctl",)), "the App Platform of DigitalOcean"),
    (regex(r"\bgit\s+push\s+(?:-\S+\s+)*heroku\b|\bheroku\s+container:release\b", words=("heroku",)), "Heroku"),
    (regex(r"\bapi\.render\.com/deploy/", words=("render",)), "Render"),
    (regex(r"\bcurl\b[^\n]{0,200}DEPLOY_?HOOK", words=("DEPLOY",)), "a platform by its hook"),
    (regex(r"\bwrangler\s+(?:pages\s+)?deploy\b", words=("wrangler",)), "Cloudflare"),
)
_STARTS_IT = frozenset({"helmfile/helmfile-action", "azure/k8s-deploy"})
"""Actions that apply files of the repository."""
_PUBLISHED = ("publish-dir", "working-directory", "directory")
_FOR_TESTS = regex(
    r"(?:^|/)(?:unit|e2e|integration)?(?:tests?|fixtures?|examples?|samples?)/", words=("test", "fixture", "example", "sample")
)
_PLAIN = regex(r"[\w.-]{1,40}")
_ENVIRONMENTS = ("environment", "env", "stage")
_KUBERNETES = frozenset({"helm", "kustomize", "kubernetes"})
_AS_CODE = frozenset({"terraform", "opentofu", "pulumi", "cdk", "cdktf", "bicep", "cloudformation", "serverless", "crossplane"})
_MAKES = (
    ("a network", regex(r"aws_vpc|google_compute_network|azurerm_virtual_network|digitalocean_vpc|hcloud_network")),
    (
        "a cluster",
        regex(r"aws_eks_cluster|google_container_cluster|azurerm_kubernetes_cluster|digitalocean_kubernetes_cluster"),
    ),
    (
        "services of containers",
        regex(
            r"aws_ecs_(?:cluster|service)|google_cloud_run_(?:v2_)?service|azurerm_container_(?:app|group)|aws_apprunner_service"
        ),
    ),
    (
        "a machine",
        regex(
            r"aws_instance|google_compute_instance|azurerm_linux_virtual_machine|digitalocean_droplet|hcloud_server"
            r"|aws_lightsail_instance|linode_instance|vultr_instance|openstack_compute_instance_v2"
        ),
    ),
    (
        "a database",
        regex(
            r"aws_(?:db_instance|rds_cluster)|google_sql_database_instance|azurerm_(?:postgresql|mysql)(?:_flexible)?_server"
            r"|digitalocean_database_cluster|mongodbatlas_(?:advanced_)?cluster"
        ),
    ),
    (
        "a cache",
        regex(r"aws_elasticache_(?:cluster|replication_group|serverless_cache)|google_redis_instance|azurerm_redis_cache"),
    ),
    ("a registry", regex(r"aws_ecr_repository|google_artifact_registry_repository|azurerm_container_registry")),
    ("buckets", regex(r"aws_s3_bucket|google_storage_bucket|azurerm_storage_account|digitalocean_spaces_bucket")),
    ("secrets", regex(r"aws_secretsmanager_secret|google_secret_manager_secret|azurerm_key_vault")),
)
"""What resources of the usual providers are, as noun phrases."""


def todays_ways(project: Project) -> tuple[TodaysWay, ...]:
    """Return the jobs that deploy the application, by their place; tries, previews and pages of documentation are none."""
    found = (
        way
        for workflow in project.workflows
        if workflow.path not in project.owned
        for job in workflow.jobs
        if (way := _way(workflow, job))
    )
    return tuple(found)


def _way(workflow: Workflow, job: Job) -> TodaysWay | None:
    names = f"{job.id} {job.name}"
    if is_called_for_a_trial(names) or _NO_APPLICATION.search(f"{names} {workflow.path.rpartition('/')[2]}"):
        return None
    if job.uses and not job.uses.startswith("."):
        return _of_another_repository(job)
    return _by_steps(workflow, job)


def _of_another_repository(job: Job) -> TodaysWay | None:
    called = job.uses.partition("@")[0].rpartition("/")[2]
    if not _SAYS_DEPLOY.search(f"{called} {job.id} {job.name}") or _NO_APPLICATION.search(called):
        return None
    return TodaysWay(job.id, _text(_called_at(job)), "elsewhere", job.uses, _environment(job))


def _by_steps(workflow: Workflow, job: Job) -> TodaysWay | None:
    for step in job.steps:
        platform = _platform(step)
        if platform:
            return TodaysWay(job.id, _text(step.uses_location or step.run_location or step.location), "platform", platform)
    applies = next((step for step in job.steps if step.action.lower() in _STARTS_IT), None)
    if applies is not None:
        return TodaysWay(job.id, _text(applies.uses_location or applies.location), "commands")
    if is_deployment(workflow, job) or renews_a_host(workflow, job):
        return TodaysWay(job.id, _text(_started_at(workflow, job)), "commands")
    return None


def _platform(step: Step) -> str:
    if any(_NO_APPLICATION.search(step.input(name)) for name in _PUBLISHED):
        return ""
    if step.action.lower() in _ACTIONS:
        return _ACTIONS[step.action.lower()]
    text = run_text(step)
    return next((name for pattern, name in _COMMANDS if pattern.search(text)), "")


def _called_at(job: Job) -> Location:
    node = find(job.node, "uses")
    return node.location if node is not None else job.location


def _environment(job: Job) -> str:
    given = (text_of(find(job.node, "with", name)) for name in _ENVIRONMENTS)
    return next((text for text in given if _PLAIN.fullmatch(text)), "")


def _started_at(workflow: Workflow, job: Job) -> Location:
    for step in job.steps:
        for line in run_text(step).splitlines():
            if STARTS.search(line):
                return place_of(workflow, step, line)
    return job.location


def _text(place: Location) -> str:
    return f"{place.path}:{place.line}"


def unused_parts(project: Project, ways: tuple[TodaysWay, ...], written: Iterable[str]) -> tuple[str, ...]:
    """Return the files and folders of ours that neither a workflow which deploys nor a command of a script names."""
    if not ways:
        return ()
    paths = {way.place.rpartition(":")[0] for way in ways}
    texts = [workflow.document.text for workflow in project.workflows if workflow.path in paths]
    texts += [command.text for command in project.commands if command.context in {"script", "makefile", "package"}]
    return tuple(part for part in written if not any(_name(part) in text for text in texts))


def _name(part: str) -> str:
    """Return what a command calls a part by: a file by its name, as it may start in the folder of it."""
    return posixpath.basename(part) if posixpath.splitext(part)[1] else part


# --- files ------------------------------------------------------------------------------------------------------------


def own_files(project: Project) -> tuple[OwnFiles, ...]:
    """Return the files of the project's own for a cluster, a platform or a cloud; each kind once."""
    files = (item for item in project.infrastructure if item.path not in project.owned)
    theirs = [item for item in files if not _FOR_TESTS.search(item.path)]
    found = []
    cluster = [item for item in theirs if item.kind in _KUBERNETES]
    if cluster:
        found.append(OwnFiles("kubernetes", _folders(cluster)))
    platform = [item.path for item in theirs if item.kind == "paas"]
    if platform:
        found.append(OwnFiles("platform", tuple(sorted(platform))))
    code = [item for item in theirs if item.kind in _AS_CODE]
    if code:
        found.append(OwnFiles("infrastructure", _folders(code), tuple(_makes(code))))
    return tuple(found)


def _folders(files: list[InfrastructureFile]) -> tuple[str, ...]:
    """Return the folders of files, those below another left out; a file of the root stands for itself."""
    folders = {posixpath.dirname(item.path) or item.path for item in files}
    return tuple(folder for folder in sorted(folders) if not is_within(posixpath.dirname(folder), folders))


def _makes(files: list[InfrastructureFile]) -> Iterator[tuple[str, str]]:
    resources = [resource for item in files for resource in item.resources]
    for words, pattern in _MAKES:
        place = next((location for kind, _, location in resources if pattern.fullmatch(kind)), None)
        if place is not None:
            yield words, _text(place)
