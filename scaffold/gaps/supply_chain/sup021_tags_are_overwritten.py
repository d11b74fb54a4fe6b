"""SUP021: every name that a workflow gives an image is overwritten by the next push, so there is no image to go back to."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import input_location
from scaffold.gaps.facts import listed
from scaffold.gaps.signals import main_services
from scaffold.gaps.supply_chain.pushed_names import EXPRESSION, PushedName, pushed_names
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


def _detect(project: Project) -> Iterator[Gap]:
    names = pushed_names(project)
    lasting = [name for name in names if not _moves(name)]
    for repository in sorted({name.repository for name in names if _is_for_users(name)}):
        if not any(_may_be(name.repository, repository) for name in lasting):
            yield _gap(project, repository, [name for name in names if name.repository == repository])


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
