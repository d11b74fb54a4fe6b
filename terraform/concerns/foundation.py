"""What every concern builds on: versions, provider, the names of the project and where it runs."""

from __future__ import annotations

from dataclasses import dataclass

from terraform import dated, names
from terraform.plan import Plan
from terraform.resource import Reference, Stack, Variable
from terraform.values import Expression, Template, Value, join

VARIABLES = "variables.tf"
_SLUG = "Lower case letters, digits and single hyphens, a letter first, at most {} characters."


@dataclass(frozen=True, slots=True)
class Foundation:
    """The stack with the expressions that all concerns share."""

    stack: Stack
    plan: Plan
    name: Expression
    """`<project>-<environment>`: the beginning of every name."""
    app: Expression
    """The app's name as the chart, the workflows and the secrets have it."""
    region: Expression
    account: Expression
    partition: Expression
    domain: Expression
    """The domain under which AWS serves this partition."""
    log_retention: Expression
    stores: dict[str, str]
    """A short name for each store of the plan, unique among those of its kind."""

    def named(self, suffix: str) -> Template:
        """Return `<project>-<environment>-<suffix>`."""
        return join(self.name, f"-{suffix}")

    def variable(self, variable: Variable) -> Expression:
        """Add an input to variables.tf."""
        return self.stack.variable(VARIABLES, variable)


def build(stack: Stack, plan: Plan) -> Foundation:
    """Add versions, provider, the project's variables, and the data sources that policies need."""
    stack.settings(dated.TERRAFORM, {"aws": {"source": "hashicorp/aws", "version": dated.PROVIDER}})
    project, environment, region = (stack.variable(VARIABLES, variable) for variable in _inputs(plan))
    tags: Value = {"Project": project, "Environment": environment, "ManagedBy": "terraform"}
    stack.provider("providers.tf", {"region": region, "default_tags": {"tags": tags}})
    identity = stack.data("data.tf", "aws_caller_identity", "current", {})
    partition = stack.data("data.tf", "aws_partition", "current", {})
    return Foundation(
        stack=stack,
        plan=plan,
        name=stack.local("locals.tf", "name", join(project, "-", environment)),
        app=stack.local("locals.tf", "app", plan.app),
        region=region,
        account=stack.local("locals.tf", "account", identity.attribute("account_id")),
        partition=stack.local("locals.tf", "partition", partition.attribute("partition")),
        domain=partition.attribute("dns_suffix"),
        log_retention=stack.variable(VARIABLES, _log_retention()),
        stores={
            **names.unique_slugs([store.service for store in plan.postgres], names.DATABASE_LENGTH),
            **names.unique_slugs([store.service for store in plan.caches], names.CACHE_LENGTH),
        },
    )


def _is_slug(variable: str, length: int) -> str:
    return f'can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.{variable})) && length(var.{variable}) <= {length}'


def _inputs(plan: Plan) -> tuple[Variable, Variable, Variable]:
    project = Variable(
        "project",
        "string",
        "Name of the project: the first part of every name. Changing it replaces the resources that carry it.",
        names.slug(plan.app, names.PROJECT_LENGTH),
        _is_slug("project", names.PROJECT_LENGTH),
        _SLUG.format(names.PROJECT_LENGTH),
    )
    environment = Variable(
        "environment",
        "string",
        "Environment that this state holds, such as production: the second part of every name.",
        None,
        _is_slug("environment", names.ENVIRONMENT_LENGTH),
        _SLUG.format(names.ENVIRONMENT_LENGTH),
    )
    region = Variable(
        "region",
        "string",
        "AWS region of all resources.",
        plan.region,
        'can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.region))',
        "A region such as us-east-1.",
    )
    return project, environment, region


def _log_retention() -> Variable:
    days = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
    return Variable(
        "log_retention_days",
        "number",
        "Days for which CloudWatch keeps logs.",
        365,
        f"contains([{', '.join(map(str, days))}], var.log_retention_days)",
        f"CloudWatch takes one of {', '.join(map(str, days))}.",
    )


def log_group(base: Foundation, file: str, name: str, path: Template, key: Reference) -> Reference:
    """Add an encrypted log group; AWS services would else create one that is kept for ever."""
    arguments: dict[str, Value] = {"name": path, "retention_in_days": base.log_retention, "kms_key_id": key.attribute("arn")}
    return base.stack.resource(file, "aws_cloudwatch_log_group", name, arguments)


def credentials_version(base: Foundation, prefix: str, what: str) -> Expression:
    """Add the number that is raised to change a password: everything that holds the password follows it in one apply."""
    return base.variable(
        Variable(
            f"{prefix}_credentials_version",
            "number",
            f"Raise it to give the application a new password for {what}: all that holds the password changes in that apply.",
            1,
            f"var.{prefix}_credentials_version >= 1",
            "A number from 1 on.",
        )
    )


def final_snapshot_suffix(base: Foundation) -> None:
    """Add the ending of the last snapshots' names: a second deletion must not meet the snapshot of the first one."""
    base.variable(
        Variable(
            "final_snapshot_suffix",
            "string",
            "Ending of the name of the last snapshot of a deleted store. Change it before a store is deleted a second time.",
            "1",
            'can(regex("^[a-z0-9]{1,20}$", var.final_snapshot_suffix))',
            "Lower case letters and digits, at most 20.",
        )
    )


def certificate(*, needed: bool) -> Variable:
    """Return the input for the certificate of the app's host name, which people ask for once and prove by DNS."""
    empty = "" if needed else " Empty: the load balancer looks for one by name."
    return Variable(
        "certificate_arn",
        "string",
        f"ARN of the ACM certificate for the app's host name, in var.region.{empty}",
        None if needed else "",
        ("" if needed else 'var.certificate_arn == "" || ') + 'can(regex("^arn:[a-z-]+:acm:", var.certificate_arn))',
        f"The ARN of a certificate{'' if needed else ', or nothing'}.",
    )
