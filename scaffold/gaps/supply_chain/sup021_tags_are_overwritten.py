"""SUP021: every name that a workflow gives an image is overwritten by the next push, so there is no image to go back to."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, input_location
from scaffold.gaps.facts import listed
from scaffold.gaps.signals import main_services
from scaffold.gaps.supply_chain.pushed_names import EXPRESSION, PushedName, filled_text, pushed_names
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_MOVES = regex(
    r"(?i)^(?:latest|main|master|trunk|edge|develop|dev|development|stable|staging|stage|prod|production|release|nightly|canary"
    r"|branch)(?:-[a-z]+\d*(?:v\d)?)?$"
)
_FOR_USERS = regex(r"(?i)^(?:latest|main|master|trunk|stable|prod|production|release|branch)(?:-|$)")
_FOR_BUILDS = regex(r"(?i)cache|builder|devcontainer|(?<![a-z])(?:ci|base|tests?|e2e|tools?|demo|preview|playground)(?![a-z])")
"""Images that nobody goes back to: for the builds themselves, for tries."""
_DEPLOYS = regex(
    r"\bansible-playbook\b|\bkubectl\s+set\s+image\b|\bhelm\s+upgrade\b|\bdocker\s+service\s+update\b|(?:^|[;&|]\s*)ssh\s"
    r"|\becho\s+[\"']?\w*IMAGE\w*=[^\n>]*>>?\s*\S*\.env\b",
    words=("ansible-playbook", "kubectl", "helm", "service", "ssh", "IMAGE"),
)
"""Commands that tell a host or a cluster which image it shall run."""


def _detect(project: Project) -> Iterator[Gap]:
    names = pushed_names(project)
    lasting = [name for name in names if not _moves(name)]
    for repository in sorted({name.repository for name in names if _is_for_users(name)}):
        if not any(_may_be(name.repository, repository) for name in lasting):
            yield _gap(project, repository, [name for name in names if name.repository == repository])
    yield from _deployed_by_latest(project, names, lasting)


def _deployed_by_latest(project: Project, names: tuple[PushedName, ...], lasting: list[PushedName]) -> Iterator[Gap]:
    """Yield the images that a workflow pushes by a name that stays as well, and deploys by the one that moves."""
    both = {_joined(name.repository) for name in lasting} & {
        _joined(name.repository) for name in names if name.tag == "latest" and not _FOR_BUILDS.search(name.repository)
    }
    pushing = {name.item.workflow.path for name in lasting if _joined(name.repository) in both}
    for repository in sorted(both):
        steps = [
            item for item in ci_steps(project) if item.workflow.path in pushing and _hands_on(item, f"{repository}:latest")
        ]
        if steps:
            yield _deployed_gap(repository, steps[0])


def _hands_on(item: CiStep, image: str) -> bool:
    """Whether a step tells a host to run an image, by its commands or by those that an action runs there."""
    remote = filled_text(item, item.step.input("script")).split("\n") if "ssh" in item.step.action else []
    lines = [*(line for line in filled_text(item, item.step.run).split("\n") if _DEPLOYS.search(line.strip())), *remote]
    return any(_ends_there(line, image) for line in lines if image in line and not line.strip().startswith("#"))


def _ends_there(line: str, image: str) -> bool:
    return line.partition(image)[2][:1] in {"", " ", '"', "'", ";", ")", "\\", "&", "|"}


def _joined(repository: str) -> str:
    """Return a repository with its expressions written without spaces."""
    return EXPRESSION.sub(lambda match: "".join(match[0].split()), repository)


def _moves(name: PushedName) -> bool:
    """Whether the next push of the workflow takes a name."""
    return not name.tag or bool(_MOVES.match(name.tag))


def _is_for_users(name: PushedName) -> bool:
    """Whether a name is what people run, and no nightly build."""
    known = not name.tag or bool(_FOR_USERS.match(name.tag))
    return _moves(name) and known and not _FOR_BUILDS.search(name.repository)


def _may_be(name: str, repository: str) -> bool:
    """Whether two names of repositories may mean the same: one is the other, or an expression stands in one of them."""
    return name == repository or "$" in name or "$" in repository


# --- the gap ----------------------------------------------------------------------------------------------------------


def _gap(project: Project, repository: str, names: list[PushedName]) -> Gap:
    tags = listed(sorted({name.tag or "latest" for name in names}))
    users = [
        service.image_location or service.location
        for _, service in main_services(project)
        if service.image and service.image.repository and repository.endswith(service.image.repository)
    ]
    short = EXPRESSION.sub("*", repository).rpartition("/")[2]
    return RULE.gap(
        resource=f"image/{short}",
        subject="tags",
        message=f"The workflows push {short} as {tags} alone, which the next push overwrites: there is no earlier image to go"
        " back to, and nobody can tell which commit runs.",
        expected="a second tag by version or commit, such as ${{ github.sha }}",
        actual=f"only {tags}",
        locations=tuple(dict.fromkeys(input_location(name.item, "tags") for name in names)),
        related=tuple(users),
        severity=Severity.MEDIUM if users else Severity.LOW,
    )


def _deployed_gap(repository: str, item: CiStep) -> Gap:
    short = EXPRESSION.sub("*", repository).rpartition("/")[2]
    return RULE.gap(
        resource=f"image/{short}",
        subject="deployed",
        message=f"{item.workflow.path} pushes {short} by a name that stays too, and has hosts run {short}:latest: which of the "
        "images that is depends on when each of them pulled, and nothing there says which commit runs.",
        expected="the tag of the commit or version that the same run pushed",
        actual="latest",
        locations=(item.place,),
        severity=Severity.LOW,
        closers=(Closer(None, "advice", "Hand the tag that the run pushed on to the deployment, as an output of its job."),),
    )


RULE = Rule(
    code="SUP021",
    name="tags-are-overwritten",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Push `image:${{ github.sha }}` or the version beside the tag that moves, and run that one."),
    ),
)
