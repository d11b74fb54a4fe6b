"""SUP013: the publishing step passes its credential in a variable that the tool does not read, so the upload fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, effective_env, env_location, may_write_id_token
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Job, Project
from scaffold.model.publishing import trusted_upload
from scaffold.model.regex import regex

_UPLOAD = regex(r"\btwine\s+upload\b")
_OTHER_WAYS = regex(r"(?:\s-p\b|--password|--config-file|pypirc|keyring|TWINE_PASSWORD)")


def _detect(project: Project) -> Iterator[Gap]:
    for item in ci_steps(project):
        if not _UPLOAD.search(item.text) or known(_goes_another_way, item.job) or may_write_id_token(item):
            continue
        env = effective_env(item)
        unread = [name for name, value in env.items() if "secrets." in value and re.search(r"TWINE|PYPI|TOKEN|PASSWORD", name)]
        if "TWINE_PASSWORD" not in env and unread:
            yield from (_gap(item, name) for name in unread)


def _goes_another_way(job: Job) -> bool:
    return bool(_OTHER_WAYS.search("\n".join(step.run for step in job.all_steps)))


def _gap(item: CiStep, name: str) -> Gap:
    return RULE.gap(
        resource=item.resource,
        subject=f"environment/{name}",
        message=f"twine never reads {name}, so it has no password and the upload of {item.job.id} fails at the release.",
        expected="TWINE_PASSWORD, or trusted publishing with id-token: write",
        actual=f"the secret in {name}",
        locations=(env_location(item, name),),
        closers=RULE.closers if name in dict(item.step.env) and _is_editable(item) else (Closer(None, "advice", _ADVICE),),
    )


def _is_editable(item: CiStep) -> bool:
    return trusted_upload(item.workflow, item.job, item.step) is not None


_ADVICE = "Rename the variable to TWINE_PASSWORD, or better: publish with OIDC and delete the token."


RULE = Rule(
    code="SUP013",
    name="credential-variable-never-read",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
)
