"""The page beside the Terraform: what is there, and the commands in the order in which they are run."""

from __future__ import annotations

import re

from terraform import names
from terraform.concerns import elasticache, rds, secrets
from terraform.concerns.foundation import Foundation
from terraform.environments import FOLDER, slugs

_TITLE = "# Infrastructure"
_IGNORED = """# What Terraform makes here and nobody commits; .terraform.lock.hcl is committed.
.terraform/
*.tfplan
*.tfstate
*.tfstate.*
"""


def files(base: Foundation) -> dict[str, str]:
    """Return README.md, and a .gitignore for what its commands leave behind."""
    first = slugs(base)[base.plan.environments[0].name]
    steps = [_versions(base), _state(base), _apply(first), _secrets(base, first), _roles(base)]
    numbered = [f"## {number}. {step}" for number, step in enumerate(filter(None, steps), start=1)]
    text = "\n\n".join([_TITLE, _overview(base), *numbered, _after()])
    return {"README.md": f"{text}\n", ".gitignore": _IGNORED}


def _overview(base: Foundation) -> str:
    environments = ", ".join(f"`{name}`" for name in slugs(base).values())
    rows = ["`network.tf` VPC, subnets, NAT, flow log", "`kms.tf` the key for data, secrets and logs"]
    rows += ["`rds.tf` PostgreSQL"] if base.plan.postgres else []
    rows += ["`elasticache.tf` Valkey, which speaks the protocol of Redis"] if base.plan.caches else []
    rows += ["`secrets.tf` logins and secrets"] if base.plan.secrets or base.stores else []
    files = "\n".join(f"- {row}" for row in [*rows, "`outputs.tf` what a deployment of the app needs to know"])
    return f"""One state for each environment ({environments}); the same files, other inputs in `{FOLDER}/`.

{files}

The defaults in `variables.tf` are the ones for production. Only the inputs of the smaller environments relax them."""


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


def _apply(environment: str) -> str:
    return f"""For each environment, here with `{environment}`

```sh
terraform init -reconfigure -backend-config={FOLDER}/{environment}.s3.tfbackend -backend-config="bucket=$STATE_BUCKET"
terraform plan -var-file={FOLDER}/{environment}.tfvars -out={environment}.tfplan
terraform apply {environment}.tfplan
terraform output -json helm_values > values-infra-{environment}.json
```

Commit `.terraform.lock.hcl`, which the first command writes: it holds the provider to one version for everybody.
The last file holds hosts, ports and the names of secrets, and no secret. A Helm chart of yours can take it with `--values`:
scaffold writes the data tier here, and neither a cluster nor a chart yet."""


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
    filled = [secret for secret in secrets.all_secrets(base) if not secret.store]
    if not filled:
        return ""
    project = names.slug(base.plan.app, names.PROJECT_LENGTH)
    rows = []
    for secret in filled:
        name = f"{project}/{environment}/{names.secret_name(secret.name)}"
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
        role, database = names.role_name(store.user), names.database_name(store.database)
        texts.append(f"""psql "host=$HOST port={rds.port(store)} dbname={database} user={names.MASTER} sslmode=require"
  CREATE ROLE {role} LOGIN;
  \\password {role}
  GRANT CONNECT, CREATE, TEMPORARY ON DATABASE "{database}" TO {role};
  GRANT USAGE, CREATE ON SCHEMA public TO {role};""")
    commands = "\n\n".join(texts)
    return f"""Give the application its role in the database

The application never logs in as the master user, whose password changes every week. Its own role takes the password of its
secret (`secretName` in the output); the host and the master's secret (`masterSecretArn`) are in the output too. From a
machine that has the security group `application`:

```text
{commands}
```"""


def _after() -> str:
    return """## Later

- New password for the application: raise `..._credentials_version` and apply, then restart what reads it.
  A cache refuses the old password from that moment; a database learns the new one by `\\password` as above.
- A login's secret that was deleted or made anew: raise the same number in that apply, so that the store learns the
  new password.
- The master password of a database is kept and rotated by AWS. Nothing but the job that makes the application's role uses it.
- Blue/green deployments of RDS exclude a managed master password; they are not used here.
- A new major of PostgreSQL: take a snapshot, add `allow_major_version_upgrade = true` to the instance for one apply,
  raise the version.
- Before a store with deletion protection goes, set `..._deletion_protection = false` and apply once."""


def _plain(text: str) -> str:
    """Return a key without what would end a code span."""
    return re.sub(r"[`\s]+", " ", text)
