"""SUP009: a workflow holds a credential that never expires where GitHub could prove who it is instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, effective_env, env_location, input_location
from scaffold.model.document import Location, find, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.publishing import trusted_upload
from scaffold.model.regex import regex


@frozen
class _Family:
    """One kind of credential: how its secret is named, where it must be used, and where it has no OIDC twin."""

    name: str
    secret: re.Pattern[str]
    use: re.Pattern[str]
    elsewhere: re.Pattern[str]
    severity: Severity
    instead: str


_FAMILIES = (
    _Family(
        "pypi",
        regex(r"secrets\.\w*(?:PYPI|TWINE)\w*", re.IGNORECASE),
        regex(r"twine\s+upload|pypi-publish|(?:poetry|flit|hatch|uv|pdm)\s+publish|maturin\s+(?:upload|publish)"),
        regex(r"repository[-_]url|TWINE_REPOSITORY|--index|publish-url|test\.pypi", re.IGNORECASE),
        Severity.LOW,
        "PyPI's trusted publishing (pypa/gh-action-pypi-publish with id-token: write)",
    ),
    _Family(
        "npm",
        regex(r"secrets\.\w*(?:NPM|NODE_AUTH)\w*", re.IGNORECASE),
        regex(r"\b(?:npm|pnpm|yarn|lerna|changeset)\s+(?:npm\s+)?publish|semantic-release"),
        regex(r"npm\.pkg\.github\.com|registry-url: (?!https://registry\.npmjs)|--registry", re.IGNORECASE),
        Severity.LOW,
        "npm's trusted publishing (id-token: write)",
    ),
    _Family(
        "aws",
        regex(r"secrets\.\w*AWS\w*(?:ACCESS_KEY|SECRET)\w*", re.IGNORECASE),
        regex(r""),
        regex(r"endpoint[-_]url|AWS_ENDPOINT|r2\.cloudflarestorage|digitaloceanspaces|backblaze|minio|wasabi", re.IGNORECASE),
        Severity.MEDIUM,
        "aws-actions/configure-aws-credentials with role-to-assume (id-token: write)",
    ),
)


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, str], tuple[_Family, list[tuple[Location, str]]]] = {}
    kept: set[tuple[str, str]] = set()
    for item in ci_steps(project):
        if _is_self_hosted(item):
            continue
        for family in _FAMILIES:
            places = _places(item, family)
            if places:
                key = (f"{item.workflow.path}/{item.job.id}", family.name)
                found.setdefault(key, (family, []))[1].extend(places)
                kept |= set() if _is_editable(item, family, places) else {key}
    for key, (family, places) in found.items():
        yield _gap(key[0], family, places, editable=key not in kept)


def _is_editable(item: CiStep, family: _Family, places: list[tuple[Location, str]]) -> bool:
    """Whether trusted publishing can stand in for the step; a credential from further out would stay there."""
    own = {location for _, location in item.step.env_locations}
    upload = trusted_upload(item.workflow, item.job, item.step) if family.name == "pypi" else None
    return upload is not None and all(location in own for location, _ in places)


def _places(item: CiStep, family: _Family) -> list[tuple[Location, str]]:
    """Return where a step gets a secret of the family, with the name of the variable or input that holds it."""
    given = [*effective_env(item).items(), *item.step.inputs]
    everything = "\n".join((item.text, item.step.uses, *(f"{name}: {value}" for name, value in given)))
    if not family.use.search(everything) or family.elsewhere.search(everything):
        return []
    held = [(env_location(item, name), name) for name, value in item.step.env if family.secret.search(value)]
    held += [(input_location(item, name), name) for name, value in item.step.inputs if family.secret.search(value)]
    held += [(item.place, "run")] if family.secret.search(item.step.run) else []
    inherited = [name for name, value in effective_env(item).items() if family.secret.search(value)]
    return held or [(item.place, name) for name in inherited if family.name != "aws" or "aws" in item.text.lower()]


def _is_self_hosted(item: CiStep) -> bool:
    return any("self-hosted" in label.value for label in scalars_of(find(item.job.node, "runs-on")))


def _gap(resource: str, family: _Family, places: list[tuple[Location, str]], *, editable: bool) -> Gap:
    names = ", ".join(dict.fromkeys(name for _, name in places))
    return RULE.gap(
        resource=resource,
        subject=f"credential/{family.name}",
        kind=family.name,
        called=resource.rpartition("/")[2],
        message=f"The job holds a long-lived {family.name} credential ({names}): who reads it once can use it for ever.",
        expected=family.instead,
        actual="a secret of the repository that does not expire",
        locations=tuple(dict.fromkeys(location for location, _ in places)),
        severity=family.severity,
        closers=(Closer(Room.EDITS, "edit"),)
        if editable
        else (Closer(None, "advice", f"Use {family.instead}, then delete the secret and revoke it."),),
    )


RULE = Rule(
    code="SUP009",
    name="long-lived-credential",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Use the OIDC identity of the job instead, then delete the secret and revoke it."),),
    maps_to=("zizmor:use-trusted-publishing",),
    cause=Cause.PROJECT,
)
