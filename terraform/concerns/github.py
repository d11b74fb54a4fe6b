"""GitHub Actions without stored keys: a role that pushes images, and one that may only look, for one repository."""

from __future__ import annotations

from terraform import dated
from terraform.concerns import iam
from terraform.concerns.foundation import Foundation
from terraform.resource import Reference, Variable
from terraform.values import Expression, JsonDocument, Value, join

FILE = "github.tf"
_LOCAL = "github_repositories"
_PUSH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]


def build(base: Foundation, deploys: list[iam.Statement]) -> Expression:
    """Add the provider and both roles where a repository is named, and return the expression of their ARNs by role.

    `deploys` is what the role that pushes may do besides.
    """
    for variable in _variables(base.plan.branch):
        base.variable(variable)
    wanted = Expression('var.github_repository == "" ? 0 : 1')
    _provider(base)
    base.stack.local("locals.tf", _LOCAL, _repositories())
    branch = _subject("ref:refs/heads/${var.github_branch}")
    push = _role(base, "push", wanted, [branch, _subject("ref:refs/tags/v*"), _subject("environment:${var.environment}")])
    plan = _role(base, "plan", wanted, [_subject("pull_request"), branch])
    _grant(base, "push", wanted, push, [*_pushes(base), *deploys])
    # ReadOnlyAccess reads no secret value; a new password is only drawn, and thrown away, while Terraform plans.
    attached: dict[str, Value] = {
        "count": wanted,
        "role": plan.attribute("name", "0"),
        "policy_arn": join("arn:", base.partition, ":iam::aws:policy/ReadOnlyAccess"),
    }
    base.stack.resource(FILE, "aws_iam_role_policy_attachment", "github_plan", attached)
    _grant(base, "plan", wanted, plan, [iam.allow(["secretsmanager:GetRandomPassword"], "*")])
    arns = (f"{name} = one({item.attribute('arn', '*').code})" for name, item in (("plan", plan), ("push", push)))
    return Expression(f"{{ {', '.join(arns)} }}")


def _provider(base: Foundation) -> None:
    arguments: dict[str, Value] = {
        "count": Expression('var.github_repository != "" && var.create_github_oidc_provider ? 1 : 0'),
        "url": f"https://{dated.GITHUB_ISSUER}",
        "client_id_list": ["sts.amazonaws.com"],
    }
    base.stack.resource(FILE, "aws_iam_openid_connect_provider", "github", arguments)


def _role(base: Foundation, name: str, wanted: Expression, subjects: list[Expression]) -> Reference:
    provider = join("arn:", base.partition, ":iam::", base.account, f":oidc-provider/{dated.GITHUB_ISSUER}")
    trust: iam.Statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{dated.GITHUB_ISSUER}:aud": "sts.amazonaws.com"},
            "StringLike": {
                f"{dated.GITHUB_ISSUER}:sub": Expression(f"concat({', '.join(subject.code for subject in subjects)})"),
            },
        },
    }
    arguments: dict[str, Value] = {
        "count": wanted,
        "name": base.named(f"github-{name}"),
        "assume_role_policy": iam.document([trust]),
        "max_session_duration": 3600,
    }
    return base.stack.resource(FILE, "aws_iam_role", f"github_{name}", arguments)


def _grant(base: Foundation, name: str, wanted: Expression, role: Reference, statements: list[iam.Statement]) -> None:
    policy: JsonDocument = iam.document(statements)
    arguments: dict[str, Value] = {"count": wanted, "name": name, "role": role.attribute("id", "0"), "policy": policy}
    base.stack.resource(FILE, "aws_iam_role_policy", f"github_{name}", arguments)


def _pushes(base: Foundation) -> list[iam.Statement]:
    if not base.plan.images:
        return []
    repositories: list[Value] = [iam.arn(base, "ecr", f"repository/{image.repository}") for image in base.plan.images]
    return [iam.allow(["ecr:GetAuthorizationToken"], "*"), iam.allow(_PUSH, repositories)]


def _repositories() -> Value:
    """Repositories made, renamed or moved since 2026-07-15 carry their numbers in the subject: both forms are trusted."""
    owner, name = (f'${{split("/", var.github_repository)[{index}]}}' for index in (0, 1))
    numbered = f'"{owner}@${{var.github_owner_id}}/{name}@${{var.github_repository_id}}"'
    return Expression(f'concat([var.github_repository], var.github_repository_id == "" ? [] : [{numbered}])')


def _subject(context: str) -> Expression:
    return Expression(f'[for repository in local.{_LOCAL} : "repo:${{repository}}:{context}"]')


def _variables(branch: str) -> tuple[Variable, ...]:
    return (
        Variable(
            "github_repository",
            "string",
            "The repository on GitHub (`owner/name`) whose workflows may act in this account. Empty: none.",
            "",
            'var.github_repository == "" || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))',
            "`owner/name`, or nothing.",
        ),
        Variable(
            "github_owner_id",
            "string",
            "The number of the repository's owner: gh api repos/OWNER/NAME --jq .owner.id",
            "",
            'can(regex("^[0-9]*$", var.github_owner_id)) && (var.github_owner_id == "") == (var.github_repository_id == "")',
            "Digits; both numbers or none.",
        ),
        Variable(
            "github_repository_id",
            "string",
            "The number of the repository: gh api repos/OWNER/NAME --jq .id",
            "",
            'can(regex("^[0-9]*$", var.github_repository_id))',
            "Digits, or nothing.",
        ),
        Variable(
            "github_branch",
            "string",
            "The branch whose workflows may push images; those of tags that begin with v may too.",
            branch,
            'can(regex("^[A-Za-z0-9._/-]+$", var.github_branch))',
            "The name of a branch, without wildcards.",
        ),
        Variable(
            "create_github_oidc_provider",
            "bool",
            "Whether this state makes GitHub's identity provider: once in an account.",
            default=True,
        ),
    )
