"""What a job of a workflow sends out: a deployment, or an image under a name that others pull."""

from __future__ import annotations

import re

from scaffold.gaps.ci_signals import CiStep, ci_steps, pushes_image
from scaffold.model.deployments import starts_elsewhere
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex

DEPLOYS = regex(
    r"\bhelm\s+(?:upgrade|install)\b|\bkubectl\s+(?:apply|rollout\s+restart|set\s+image)\b|\bargocd\s+app\s+(?:sync|set)\b"
    r"|\bserverless\s+deploy\b|\bfly(?:ctl)?\s+deploy\b|\baws\s+ecs\s+update-service\b|\baws\s+lambda\s+update-function-code\b"
    r"|\bkamal\s+deploy\b|\bgcloud\s+(?:run|app)\s+deploy\b|\bfirebase\s+deploy\b|\bgit\s+push\b[^\n]*\b(?:heroku|dokku)\b"
    r"|\bvercel\b[^\n]*--prod\b|\brailway\s+up\b|\bwrangler\s+(?:pages\s+)?(?:deploy|publish)\b|\bdocker\s+stack\s+deploy\b"
    r"|\baws\s+cloudfront\s+create-invalidation\b|\bssh\s+[^\n]*\b(?:docker|compose|deploy)|\beb\s+deploy\b|\baz\s+(?:webapp|containerapp)\s+(?:deploy|update|up)\b"
    r"|\bvercel\s+deploy\b[^\n]*--prod\b|\bnetlify\s+deploy\b[^\n]*--prod\b|\brailway\s+redeploy\b|\bcaprover\s+deploy\b|\bsam\s+deploy\b|\bcdk\s+deploy\b|\bsls\s+deploy\b"
    r"|\bheroku\s+container:release\b|\brender\s+deploys\s+create\b|\baz\s+functionapp\s+deploy\w*\b|\bfunc\s+azure\s+functionapp\s+publish\b"
    r"|\b(?:az\s+vm\s+run-command\s+invoke|gcloud\s+compute\s+ssh)\b[^\n]*\b(?:docker|compose|deploy)"
    r"|\bswa\s+deploy\b[^\n]*--env\s+production\b"
    r"|\bdoctl\s+apps\s+(?:update|create-deployment)\b|\bansible-playbook\b(?![^\n]*--(?:syntax-check|check|list-tasks))"
    r"|\bcurl\b[^\n]*(?:api\.render\.com/deploy|(?i:/api/(?:stacks/)?webhooks/|deploy_?hook|(?:coolify|portainer|dokploy|deploy\w*)_?(?:url|webhook)))"
)
DEPLOY_ACTIONS = regex(
    r"appleboy/ssh-action|aws-actions/amazon-ecs-deploy|azure/webapps-deploy|superfly/flyctl|akhileshns/heroku-deploy"
    r"|google-github-actions/deploy|azure/k8s-deploy|azure/container-apps-deploy|firebaseextended/action-hosting-deploy"
    r"|fifsky/ssh-action|cross-the-world/ssh|garygrossgarten/github-action-ssh|einaregilsson/beanstalk-deploy|dokku/github-action"
    r"|caprover/deploy-from-github|johnbeynon/render-deploy|(?:bervproject|railwayapp)/railway-deploy|cloudflare/wrangler-action"
    r"|digitalocean/app_action|azure/static-web-apps-deploy|azure/functions-action|easingthemes/ssh-deploy|burnett01/rsync-deployments"
    r"|newarifrh/portainer-service-webhook|wirgho/portainer-stack-webhook|carlrygart/portainer-stack-deploy|cssnr/portainer-stack-deploy-action"
)
_HOSTS = regex(r"(?:amondnet|bettermode)/vercel-action|nwtgck/actions-netlify|netlify/actions")
"""Actions that bring a front end to its host, in production or beside it."""
_LIVE_BY_INPUT = {
    "amondnet/vercel-action": ("vercel-args", regex(r"--prod\b")),
    "nwtgck/actions-netlify": ("production-deploy", regex(r"(?i)true")),
    "netlify/actions/cli": ("args", regex(r"\bdeploy\b.*--prod\b")),
}
"""Actions that deploy a preview, and to production where an input says so."""
_BRANCH_PUSH = regex(r"\bgit\s+push\b(?![^\n]*(?:gh-pages|--tags|HEAD:main|HEAD:master))[^\n]*\s(?:origin|upstream)\s+\S")
_TRIAL_CLUSTER = regex(r"\bkind\s+create\b|\bminikube\b|\bk3d\b|\bhelm/kind-action\b|\bengineerd/setup-kind\b|\bct\s+install\b")
_TRIAL = regex(r"\b(?:preview|review|ephemeral|playground|pr|e2e|test|tests|testing|ci|dev|develop|development)\b")
BY_COMMIT = regex(r"sha\b", re.IGNORECASE)
_MOVING = regex(r"\blatest\b|\bstable\b|type=(?:ref|semver|raw|edge|schedule|pep440)|ref_name|[:=](?:main|master|prod\w*)\b")
REMOTE_BUILDS = regex(
    r"^docker/github-builder/|/(?:[\w-]*[_-])?(?:image|docker|container)s?[_-](?:build|push|publish)[\w-]*\.ya?ml"
    r"|/(?:[\w-]*[_-])?(?:build|push|publish)(?:[_-][\w-]*)?[_-](?:image|docker|container)s?\.ya?ml"
)
"""Reusable workflows of others that build images and say so by their name."""
_IMAGE_INPUTS = regex(r"(?:^|[_-])(?:tags?|images?)(?:$|[_-])")
_REGARDLESS = regex(r"\balways\(\)|!\s*(?:cancelled|failure)\(\)")
_LOOKS_AT_RESULTS = regex(r"\bsuccess\(\)|\.result\b|\bconclusion\b|\boutputs\.")
_ANYWAY = regex(r"\balways\(\)|\bcancelled\(\)|\bfailure\(\)")
_UPKEEP = regex(
    r"\b(?:renew(?:al|s|ing)?|ssl|tls|certs?|certificates?|certbot|letsencrypt|backups?|restores?|clean-?up|prune|health|monitor\w*|audit|uptime|restart)\b"
)
"""Names of jobs that look after what runs, and bring nothing new to it."""
_PUBLISHES = regex(r"\bgoreleaser\s+release\b(?![^\n]*--snapshot)")


@frozen
class Going:
    """What a job sends out: its step, and whether that is a deployment or an image."""

    item: CiStep
    deploys: bool


def going_out(steps: list[CiStep], *, by_commit: bool = False) -> Going | None:
    """Return the first deployment of a job, else the first image that it pushes under a name that others pull, or with
    `by_commit` under any.
    """
    job = steps[0].job
    file = steps[0].workflow.path.rpartition("/")[2]
    names = re.sub(r"[_.]", "-", f"{job.id} {job.name} {job.environment} {file}".lower()).replace(" ci-", " ")
    if (
        _looks_after_by_name(job)
        or _TRIAL.search(names)
        or any(_TRIAL_CLUSTER.search(f"{item.text}\n{item.step.uses}") for item in steps)
    ):
        return None
    for item in steps:
        if _deploys(item, names):
            return Going(item, deploys=True)
    published = (item for item in steps if _publishes(item, steps) or (by_commit and pushes_image(item)))
    return next((Going(item, deploys=False) for item in published), None)


def held_back(project: Project, workflow: Workflow, failing: set[str]) -> list[str]:
    """Return the jobs that deploy or push an image and do not get to it: they fail themselves, or wait for one that does.

    What looks after a running system, such as the renewal of a certificate, brings no release out.
    """
    blocked = set(failing)
    waiting = known(_waiting, workflow)
    pending = list(failing)
    while pending:
        new = {job.id for job in waiting.get(pending.pop(), ()) if job.id not in blocked and _waits(job, blocked)}
        blocked |= new
        pending += new
    steps: dict[str, list[CiStep]] = {}
    for item in ci_steps(project):
        if item.workflow.path == workflow.path and item.job.id in blocked and not _looks_after(item):
            steps.setdefault(item.job.id, []).append(item)
    return [job.id for job in workflow.jobs if job.id in steps and (going_out(steps[job.id]) or _to_a_host(steps[job.id]))]


def _waiting(workflow: Workflow) -> dict[str, list[Job]]:
    """Return the jobs that name each one in their needs."""
    found: dict[str, list[Job]] = {}
    for job in workflow.jobs:
        for name in dict.fromkeys(job.needs):
            found.setdefault(name, []).append(job)
    return found


def jobs_before(job: Job, workflow: Workflow) -> tuple[Job, ...]:
    """Return the jobs that have to succeed before this one starts, through all the jobs that it needs."""
    return known(_jobs_before, job, workflow)


def ids_before(job: Job, workflow: Workflow) -> frozenset[str]:
    """Return the ids of the jobs that have to succeed before this one starts."""
    return known(_ids_before, job, workflow)


def _ids_before(job: Job, workflow: Workflow) -> frozenset[str]:
    return frozenset(other.id for other in jobs_before(job, workflow))


def _by_id(workflow: Workflow) -> dict[str, Job]:
    return {job.id: job for job in workflow.jobs}


def _jobs_before(job: Job, workflow: Workflow) -> tuple[Job, ...]:
    by_id = known(_by_id, workflow)
    found: dict[str, Job] = {}
    pending = [job]
    while pending:
        item = pending.pop()
        if _REGARDLESS.search(item.condition) and not _LOOKS_AT_RESULTS.search(item.condition):
            continue  # It starts however the others ended.
        new = [by_id[name] for name in item.needs if name in by_id and name not in found]
        found.update({other.id: other for other in new})
        pending += new
    return tuple(found.values())


def _to_a_host(steps: list[CiStep]) -> bool:
    return "deploy" in steps[0].job.id.lower() and any(_HOSTS.match(item.step.uses.lower()) for item in steps)


def _looks_after(item: CiStep) -> bool:
    file = item.workflow.path.rpartition("/")[2].rpartition(".")[0]
    return _looks_after_by_name(item.job) or _is_upkeep(file.lower())


def _looks_after_by_name(job: Job) -> bool:
    return _is_upkeep(re.sub(r"[_.]", "-", f"{job.id} {job.name}".lower()))


def _is_upkeep(name: str) -> bool:
    return bool(_UPKEEP.search(name)) and "deploy" not in name and "release" not in name


def _waits(job: Job, blocked: set[str]) -> bool:
    """Whether a job is skipped without those: one that runs in any case may still decide by what they say."""
    needed = blocked & set(job.needs)
    if not needed or not _ANYWAY.search(job.condition):
        return bool(needed)
    values = [*job.env, *(pair for step in job.all_steps for pair in (*step.env, *step.inputs))]
    texts = "\n".join([job.condition, *(step.run for step in job.all_steps), *(value for _, value in values)])
    return any(f"needs.{name}.{part}" in texts for name in needed for part in ("result", "outputs"))


def _deploys(item: CiStep, names: str) -> bool:
    """Whether a step deploys. A script that it calls may do so among other things: then the job has to be named for it."""
    is_named_so = "deploy" in names
    by_branch = is_named_so and _BRANCH_PUSH.search(item.step.run)
    by_command = DEPLOYS.search(item.text if is_named_so else item.step.run)
    by_action = DEPLOY_ACTIONS.match(item.step.uses.lower())
    return bool(by_branch or by_command or by_action) or _is_live(item.step) or starts_elsewhere(item.job, item.step)


def _is_live(step: Step) -> bool:
    """Whether an action that may deploy a preview is told to deploy to production."""
    name, pattern = _LIVE_BY_INPUT.get(step.action.lower(), ("", None))
    return pattern is not None and bool(pattern.search(step.input(name) or step.run))


def _publishes(item: CiStep, steps: list[CiStep]) -> bool:
    """Whether a step pushes an image under a name that others pull."""
    if (pushes_image(item) or _pushes_elsewhere(item)) and _is_named(item, steps):
        return True
    by_action = item.step.action == "goreleaser/goreleaser-action" and "--snapshot" not in item.step.input("args")
    return by_action or bool(_PUBLISHES.search(item.text))


def _pushes_elsewhere(item: CiStep) -> bool:
    """Whether a called workflow of others builds images by its name, and is told to push them."""
    if not REMOTE_BUILDS.search(item.step.uses.lower()) or item.step.input("push").lower() == "false":
        return False
    return any(_IMAGE_INPUTS.search(name) for name, _ in item.step.inputs)


def _is_named(item: CiStep, steps: list[CiStep]) -> bool:
    """Whether an image gets a name that moves: one by its commit alone waits until something deploys it."""
    text = f"{item.step.input('tags')}\n{item.step.input('outputs')}\n{item.step.run}"
    if item.job.uses and item.step.uses == item.job.uses:
        text = "\n".join(value for _, value in item.step.inputs)
    if "steps." in item.step.input("tags"):
        text += "\n".join(
            other.step.input("tags") or "type=ref" for other in steps if other.step.action == "docker/metadata-action"
        )
    return bool(_MOVING.search(text)) or not BY_COMMIT.search(text)
