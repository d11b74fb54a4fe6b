"""From a plan to the files of the Terraform folder."""

from __future__ import annotations

import tempfile

from terraform import accepted, environments, layout, readme
from terraform.concerns import elasticache, foundation, kms, network, outputs, rds, secrets
from terraform.plan import Plan
from terraform.resource import Stack


def render(plan: Plan, checks: tuple[accepted.AcceptedCheck, ...]) -> dict[str, str]:
    """Return the text of each file by its path; raises BuildError. Only a temporary folder is written to."""
    with tempfile.TemporaryDirectory(prefix="scaffold-cdktn-") as outdir:
        stack = Stack(outdir)
        base = _build(stack, plan)
        document = stack.synthesise()
    texts = layout.files(document, stack.placed, accepted.comments(checks, stack.placed))
    return dict(sorted({**texts, **environments.files(base), **readme.files(base)}.items()))


def _build(stack: Stack, plan: Plan) -> foundation.Foundation:
    base = foundation.build(stack, plan)
    key = kms.build(base)
    net = network.build(base, key)
    if plan.postgres or plan.caches:
        foundation.final_snapshot_suffix(base)
    databases = rds.build(base, net, key)
    caches = elasticache.build(base, net, key)
    built = secrets.build(base, key, databases, caches)
    outputs.build(base, net, key, (*databases, *caches), built)
    return base
