"""ECR: one repository for each image that the project builds; a tag once pushed never changes."""

from __future__ import annotations

from terraform import names
from terraform.concerns.foundation import Foundation
from terraform.resource import Reference, Variable
from terraform.values import Expression, JsonDocument, Template, Value, join

FILE = "registry.tf"
_UNTAGGED_DAYS = 14
_KEPT_IMAGES = 100
"""Images that stay in a repository: enough to roll back months of releases."""


def build(base: Foundation, key: Reference) -> None:
    """Add the repositories, in the one state of an account that makes them."""
    if not base.plan.images:
        return
    base.variable(
        Variable(
            "create_registry",
            "bool",
            "Whether this state makes the repositories: once in an account, for all environments in it.",
            default=True,
        )
    )
    count = Expression("var.create_registry ? 1 : 0")
    slugs = names.unique_slugs([image.name for image in base.plan.images], 63)
    for image in base.plan.images:
        name = names.identifier(slugs[image.name])
        repository = base.stack.resource(
            FILE,
            "aws_ecr_repository",
            name,
            {
                "count": count,
                "name": image.repository,
                "image_tag_mutability": "IMMUTABLE",
                "image_scanning_configuration": {"scan_on_push": True},
                "encryption_configuration": [{"encryption_type": "KMS", "kms_key": key.attribute("arn")}],
            },
        )
        rules: Value = [_untagged(), _many()]
        policy: dict[str, Value] = {"repository": repository.attribute("name", "0"), "policy": JsonDocument({"rules": rules})}
        base.stack.resource(FILE, "aws_ecr_lifecycle_policy", name, {"count": count, **policy})


def host(base: Foundation) -> Template:
    """Return the host of the account's registry."""
    return join(base.account, ".dkr.ecr.", base.region, ".", base.domain)


def url(base: Foundation, repository: str) -> Template:
    """Return where an image is pushed to and pulled from, without a tag."""
    return join(*host(base).parts, f"/{repository}")


def _untagged() -> Value:
    selection: Value = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": _UNTAGGED_DAYS,
    }
    return _rule(1, "Layers that no tag names any more", selection)


def _many() -> Value:
    selection: Value = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": _KEPT_IMAGES}
    return _rule(2, "The oldest images beyond what a rollback needs", selection)


def _rule(priority: int, description: str, selection: Value) -> Value:
    return {"rulePriority": priority, "description": description, "selection": selection, "action": {"type": "expire"}}
