"""SUP012: nothing proposes newer versions of what the project depends on."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed
from scaffold.gaps.update_bots import BOTS, renovate_limit
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_BY_WORKFLOW = regex(r"renovate|npm-check-updates|pip-review|update-dependencies|pre-commit autoupdate")


def _detect(project: Project) -> Iterator[Gap]:
    workflows = foreign_workflows(project)
    bots = any(BOTS.fullmatch(path) for path in project.files)
    done = any(_BY_WORKFLOW.search(f"{step.run} {step.uses}") for item in workflows for job in item.jobs for step in job.steps)
    if not done:
        yield from _images_left_out(project)
    if not workflows or project.other_ci or bots or done:
        return
    manifests = tuple(Location(item.path, 1) for item in project.manifests)
    yield RULE.gap(
        resource="supply-chain",
        subject="dependency-updates",
        message="No bot proposes updates, so libraries, base images and actions age until somebody thinks of it.",
        expected=".github/dependabot.yml or Renovate",
        actual="neither",
        locations=manifests or (workflows[0].on_location or Location(workflows[0].path, 1),),
    )


def _images_left_out(project: Project) -> Iterator[Gap]:
    """Yield a gap where Renovate is limited to managers of which none reads the Dockerfiles."""
    limit = renovate_limit(project)
    if limit is None or not project.dockerfiles or any("docker" in name for name in limit.managers):
        return
    yield RULE.gap(
        resource="supply-chain",
        subject="dependency-updates/dockerfile",
        message=f"Renovate is limited to {listed(limit.managers)}: nothing proposes newer base images for"
        f" {listed(item.path for item in project.dockerfiles)}.",
        expected="dockerfile among enabledManagers, or no limit",
        actual=f"enabledManagers: {listed(limit.managers)}",
        locations=(limit.location,),
        related=tuple(Location(item.path, 1) for item in project.dockerfiles[:3]),
        closers=(Closer(None, "advice", "Add `dockerfile` and `github-actions` to enabledManagers, or take the key out."),),
    )


RULE = Rule(
    code="SUP012",
    name="no-dependency-updates",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.WORKFLOWS, "files"),),
)
