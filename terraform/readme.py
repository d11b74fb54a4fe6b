"""The page beside the Terraform: what is there, and the commands in the order in which they are run."""

from __future__ import annotations

import re

from terraform.concerns import backup, balancer, elasticache, rds, storage
from terraform.concerns.foundation import Foundation
from terraform.environments import FOLDER, owner

_TITLE = "# Infrastructure"
_IGNORED = """# What Terraform makes here and nobody commits; .terraform.lock.hcl is committed.
.terraform/
*.tfplan
*.tfstate
*.tfstate.*
"""


def files(base: Foundation) -> dict[str, str]:
    """Return README.md, and a .gitignore for what its commands leave behind."""
    first = base.plan.environments[0].name
    steps = [
        _versions(base),
        _state(base),
        _choose(base),
        _apply(first),
        _secrets(base, first),
        _cluster(base) if base.plan.compute == "eks" else "",
        _roles(base),
        _deployment(base, first) if base.plan.compute == "ecs" else "",
        _github(base),
    ]
    numbered = [f"## {number}. {step}" for number, step in enumerate(filter(None, steps), start=1)]
    text = "\n\n".join([_TITLE, _overview(base), *numbered, _sizes(base), _after(base)])
    return {"README.md": f"{text}\n", ".gitignore": _IGNORED}


def _overview(base: Foundation) -> str:
    environments = ", ".join(f"`{item.name}`" for item in base.plan.environments)
    used = {item.file for item in base.stack.placed}
    contents = {**_CONTENTS, storage.FILE: _buckets(base), backup.FILE: _copied(base)}
    listed = "\n".join(f"- `{file}` {text}" for file, text in contents.items() if file in used)
    return f"""One state for each environment ({environments}); the same files, other inputs in `{FOLDER}/`.

{listed}

The defaults in `variables.tf` are the ones for production. Only the inputs of the smaller environments relax them.
{_without_chart(base)}""".rstrip()


def _without_chart(base: Foundation) -> str:
    """Return why the cluster has nothing to run, "" where it has."""
    if base.plan.compute != "eks" or base.plan.chart:
        return ""
    rows = "".join(f"\n- `{_plain(item.service)}`: {_plain(item.why)}" for item in base.plan.left_out)
    because = f" Each service is left out of it:\n{rows}\n" if rows else "\n"
    return f"""
No chart is written beside this, so nothing runs on the cluster that `eks.tf` makes.{because}
Change that and run `scaffold generate` again, or deploy by manifests of your own, before you apply: until then the
cluster and its nodes cost money for nothing."""


_CONTENTS = {
    "network.tf": "VPC, subnets, NAT, flow log",
    "kms.tf": "the key for data, secrets and logs",
    "registry.tf": "ECR: a repository for each image",
    "eks.tf": "the cluster, its nodes and add-ons, and who administers it",
    "ecs.tf": "the cluster on Fargate, with a service for each workload",
    "load_balancer.tf": "the load balancer in front of what is published",
    "rds.tf": "PostgreSQL",
    "elasticache.tf": "Valkey, which speaks the protocol of Redis",
    "memorydb.tf": "Valkey with a log that survives the loss of every node",
    "secrets.tf": "logins and secrets",
    "efs.tf": "files that several copies share",
    "storage.tf": "",
    "backup.tf": "",
    "alarms.tf": "who is told what, and when",
    "identities.tf": "what the pods may do in AWS",
    "github.tf": "what GitHub's workflows may do in AWS, without stored keys",
    "outputs.tf": "what a deployment of the app needs to know",
}
"""What stands in each file, in the order in which people read them; "" where that depends on the plan."""


def _buckets(base: Foundation) -> str:
    purposes = [*sorted(_plain(bucket.purpose) for bucket in base.plan.buckets), "access logs"]
    return f"{'buckets' if len(purposes) > 1 else 'a bucket'} for {_listed(purposes)}"


def _copied(base: Foundation) -> str:
    """Return what the vault gets a copy of: what is not selected there is not told as saved."""
    own = base.plan.compute == "eks" and any(not volume.shared for volume in base.plan.volumes)
    parts = ["databases"] if base.plan.postgres else []
    parts += ["files that several copies share"] if any(volume.shared for volume in base.plan.volumes) else []
    parts += ["volumes"] if own else []
    return f"a daily copy of {_listed(parts)}, in a vault"


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _state(base: Foundation) -> str:
    region = base.plan.region
    location = "" if region == "us-east-1" else f" \\\n  --create-bucket-configuration LocationConstraint={region}"
    return f"""Once for each account: a bucket for the state

```sh
export STATE_BUCKET=...   # a name that nobody in the world has taken
aws s3api create-bucket --bucket "$STATE_BUCKET" --region {region}{location}
aws s3api put-bucket-versioning --bucket "$STATE_BUCKET" --versioning-configuration Status=Enabled
aws s3api put-public-access-block --bucket "$STATE_BUCKET" --public-access-block-configuration \\
  BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true
```

The state is locked by an object beside it (`use_lockfile`); no table is needed. Whoever applies needs `s3:GetObject`,
`s3:PutObject` and `s3:DeleteObject` on the state and on its `.tflock`."""


def _choose(base: Foundation) -> str:
    """The inputs that nobody but the team knows, with what happens where they stay empty."""
    rows = ["`alarm_email`: where alarms go. Until it is set, nobody is told."]
    rows.append(f"`certificate_arn`: the ACM certificate, in the same region, {_certified(base)}.")
    if any(setting.required for setting in base.plan.settings):
        rows.append("`settings`: the values that have no default.")
    if base.plan.compute == "eks":
        rows.append(
            "`cluster_admin_arns`: the roles that may use `kubectl`. Until one is named, nobody can, not even who applies."
        )
        rows.append("`cluster_public_access_cidrs`: from where the Kubernetes API is reached. Empty: from inside the VPC.")
    for cache in base.plan.memorydb:
        prefix = elasticache.variable_prefix(base, cache)
        rows.append(f"`{prefix}_password`: not in a file, but as `TF_VAR_{prefix}_password`; the state holds it.")
    rows.append("`github_repository`, and the two numbers beside it: whose workflows may push images and read plans.")
    listed = "\n".join(f"- {row}" for row in rows)
    made = " and ".join([*(["`create_registry`"] if base.plan.images else []), "`create_github_oidc_provider`"])
    return f"""Fill in what only you know, in each file of `{FOLDER}/`

{listed}

Repositories of images and GitHub's identity provider exist once in an account: the state of `{owner(base)}` makes them. Where
another environment is applied first, or lives in an account of its own, set {made} to `true` there."""


def _certified(base: Foundation) -> str:
    """Return which names the certificate has to hold."""
    if base.plan.compute == "eks" and not base.plan.chart:
        return "of every host that the app serves"
    if base.plan.compute == "eks":
        return (
            "of every host that the chart serves: the domain, and SUBDOMAIN.DOMAIN for each subdomain in its `ingress.routes`"
        )
    served = [f"`{name.replace('-', '_')}_host`" for name in (item.name for item in balancer.published(base)[1:])]
    return f"of the app's host name and of {_listed(served)}" if served else "of the app's host name"


def _apply(environment: str) -> str:
    return f"""For each environment, here with `{environment}`

```sh
terraform init -reconfigure -backend-config={FOLDER}/{environment}.s3.tfbackend -backend-config="bucket=$STATE_BUCKET"
terraform plan -var-file={FOLDER}/{environment}.tfvars -out={environment}.tfplan
terraform apply {environment}.tfplan
terraform output -json helm_values > values-infra-{environment}.json
```

Commit `.terraform.lock.hcl`, which the first command writes: it holds the provider to one version for everybody.
The last file holds hosts, ports and the names of secrets, and no secret: it is what the deployment of the app reads."""


def _cluster(base: Foundation) -> str:
    """Terraform that reaches into the cluster it has just made breaks on every change of it: people install these once."""
    region = base.plan.region
    served = "the chart" if base.plan.chart else "what runs there"
    owner_of = "the chart's " if base.plan.chart else ""
    return f"""Once for each cluster: the controllers that serve {served}

Their roles are in `identities.tf`, tied to these namespaces and service accounts. Choose each chart's version and keep it.

```sh
cluster=$(terraform output -raw cluster_name)
aws eks update-kubeconfig --region {region} --name "$cluster"
vpc=$(terraform output -json helm_values | jq -r .infrastructure.network.vpcId)

helm upgrade --install external-secrets external-secrets --repo https://charts.external-secrets.io \\
  --namespace external-secrets --create-namespace --set serviceAccount.name=external-secrets
helm upgrade --install aws-load-balancer-controller aws-load-balancer-controller --repo https://aws.github.io/eks-charts \\
  --namespace kube-system --set clusterName="$cluster" --set region={region} --set vpcId="$vpc" \\
  --set serviceAccount.name=aws-load-balancer-controller \\
  --set enableShield=false --set enableWaf=false --set enableWafv2=false
helm upgrade --install cluster-autoscaler cluster-autoscaler --repo https://kubernetes.github.io/autoscaler \\
  --namespace kube-system --set autoDiscovery.clusterName="$cluster" --set awsRegion={region} \\
  --set rbac.serviceAccount.name=cluster-autoscaler
```

The nodes are a managed group and not Auto Mode: {owner_of}network policies, ingress class and storage class then go by
their usual names."""


def _github(base: Foundation) -> str:
    lines = ['gh variable set AWS_ROLE_ARN --body "$(terraform output -json github_roles | jq -r .push)"']
    lines.append(f"gh variable set AWS_REGION --body {base.plan.region}")
    if base.plan.images:
        host = "terraform output -json helm_values | jq -r .infrastructure.registry"
        lines.append(f'gh variable set ECR_REGISTRY --body "$({host})"')
    lines.append('gh variable set TERRAFORM_STATE_BUCKET --body "$STATE_BUCKET"')
    for item in base.plan.environments:
        variable = f"AWS_PLAN_ROLE_ARN_{item.name.upper().replace('-', '_')}"
        lines.append(f'gh variable set {variable} --body "$(terraform output -json github_roles | jq -r .plan)"')
    commands = "\n".join(lines)
    return f"""Tell GitHub's workflows where to push, once `github_repository` is set

Each from the state that it is named after; the first ones from `{owner(base)}`, which makes the registry.

```sh
{commands}
```

The role `plan` reads everything but the values of secrets, so a workflow plans with `-refresh=false -lock=false`: it
shows what a change of the files does, and needs no password for it."""


def _deployment(base: Foundation, environment: str) -> str:
    """On ECS an apply is the deployment; what Fargate cannot do is told here and not left to be found out."""
    served = [item.name for item in balancer.published(base)][1:]
    hosts = "".join(f"\n- `{name.replace('-', '_')}_host`: the load balancer serves `{name}` at this name." for name in served)
    jobs = ", ".join(f"`{item.name}`" for item in base.plan.workloads if item.kind == "job")
    first = (
        f"""

Jobs ({jobs}) run before the services change; the output `jobs` has their task definitions:

```sh
aws ecs run-task --cluster "$(terraform output -raw cluster_name)" --launch-type FARGATE --task-definition FAMILY \\
  --network-configuration 'awsvpcConfiguration={{subnets=[...],securityGroups=[...]}}'
```"""
        if jobs
        else ""
    )
    return f"""Deploy

An apply with another tag is a deployment; one whose tasks do not become healthy goes back by itself.{hosts}

```sh
terraform apply -var-file={FOLDER}/{environment}.tfvars -var=image_tag=...
```{first}

Service Connect resolves each service by its name in Compose; names inside jobs it does not know.{_lost(base)}"""


def _lost(base: Foundation) -> str:
    """Return what has to be solved before the first deployment, row by row."""
    if not base.plan.lost:
        return ""
    rows = "\n".join(f"- `{_plain(item.service)}`: `{_plain(item.what)}`. {_plain(item.why)}." for item in base.plan.lost)
    return f"\n\nWhat Compose gives these services and Fargate cannot, to be solved before the first deployment:\n\n{rows}"


def _versions(base: Foundation) -> str:
    unknown = [f"{rds.variable_prefix(base, store)}_engine_version" for store in base.plan.postgres if not store.version]
    unknown += [f"{elasticache.variable_prefix(base, store)}_engine_version" for store in base.plan.caches if not store.version]
    if not unknown:
        return ""
    listed = "\n".join(f"- `{name}`" for name in unknown)
    return f"""Choose the versions that nobody knows

The image of the store names no version, so these inputs have no default. Set them in each file of `{FOLDER}/`:

{listed}"""


def _secrets(base: Foundation, environment: str) -> str:
    filled = [secret for secret in base.plan.secrets if not secret.store]
    if not filled:
        return ""
    rows = []
    for secret in filled:
        name = f"{base.plan.app}/{environment}/{secret.name}"
        keys = ", ".join(f"`{_plain(key)}`" for key in secret.keys)
        rows.append(f"- `{name}`" + (f" with {keys}" if keys else ""))
    listed = "\n".join(rows)
    return f"""Fill in the secrets that only you know

Terraform makes these secrets empty, so that no value passes through a state file or a command line:

{listed}

```sh
umask 077
"${{EDITOR:-vi}}" values.json   # a JSON object with the keys above
aws secretsmanager put-secret-value --secret-id NAME --secret-string file://values.json
rm values.json
```"""


def _roles(base: Foundation) -> str:
    if not base.plan.postgres:
        return ""
    texts = []
    for store in base.plan.postgres:
        texts.append(f"""psql "host=$HOST port={store.port} dbname={store.database} user={store.master} sslmode=require"
  CREATE ROLE {store.user} LOGIN;
  \\password {store.user}
  GRANT CONNECT, CREATE, TEMPORARY ON DATABASE "{store.database}" TO {store.user};
  GRANT USAGE, CREATE ON SCHEMA public TO {store.user};""")
    commands = "\n\n".join(texts)
    place = (
        "The chart's role job does this at the first installation, and again once its revision in the values, the store or\n"
        "its own image is another one. By hand, from a pod of the cluster:"
        if base.plan.compute == "eks" and base.plan.chart
        else "From a pod of the cluster:"
        if base.plan.compute == "eks"
        else "From a machine that has the security group `application`:"
    )
    return f"""Give the application its role in the database

The application never logs in as the master user, whose password changes every week. Its own role takes the password of its
secret (`secretName` in the output); the host and the master's secret (`masterSecretArn`) are in the output too.
{place}

```text
{commands}
```"""


_EKS_HOURS = [
    "the cluster's control plane",
    "its nodes (two to six in production, one to three elsewhere)",
    "the load balancer that its Ingress asks for",
]
_ECS_HOURS = ["tasks on Fargate", "the load balancer"]


def _sizes(base: Foundation) -> str:
    """What an environment pays for by the hour; prices change and are not ours to tell."""
    hours = ["NAT gateways (one for each zone in production, one elsewhere)"]
    hours += _EKS_HOURS if base.plan.compute == "eks" else _ECS_HOURS
    hours += ["databases (with a standby in production, alone elsewhere)"] if base.plan.postgres else []
    hours += ["caches (two nodes in production, one elsewhere)"] if base.plan.caches else []
    listed = "\n".join(f"- {hour}" for hour in hours)
    return f"""## What costs money while nobody uses it

{listed}

By use: logs, traffic through NAT, backups, images, files and buckets. An environment that is not for production may be
destroyed and made again; its data goes with it, and its buckets have to be emptied first. Production refuses to be
destroyed until its protections are switched off."""


def _after(base: Foundation) -> str:
    rows = [
        "New password for the application: raise `..._credentials_version` and apply, then restart what reads it.\n"
        "  A cache refuses the old password from that moment; a database learns the new one by `\\password` as above.",
        "A login's secret that was deleted or made anew: raise the same number in that apply, so that the store learns the\n"
        "  new password.",
    ]
    if base.plan.postgres:
        rows += [
            "The master password of a database is kept and rotated by AWS. Nothing but the job that makes the application's\n"
            "  role uses it.",
            "Blue/green deployments of RDS exclude a managed master password; they are not used here.",
            "A new major of PostgreSQL: take a snapshot, add `allow_major_version_upgrade = true` to the instance for one\n"
            "  apply, raise the version.",
        ]
    if base.plan.compute == "eks":
        rows.append(
            "A new Kubernetes: raise `cluster_version` by one minor and apply; nodes follow a few at a time. Then\n"
            "  `aws eks update-addon` for each add-on, to the default that `aws eks describe-addon-versions` names."
        )
    rows.append("Before what has deletion protection goes, set `..._deletion_protection = false` and apply once.")
    return "## Later\n\n" + "\n".join(f"- {row}" for row in rows)


def _plain(text: str) -> str:
    """Return a key without what would end a code span."""
    return re.sub(r"[`\s]+", " ", text)
