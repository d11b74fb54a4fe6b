"""Which workflows are to be written: images that nobody builds, suites that nobody runs, checks that nobody makes."""

from __future__ import annotations

import posixpath

from scaffold.model.compose import Build, Stack
from scaffold.model.delivery import (
    WORKFLOWS,
    DeliveryPlan,
    EndToEndWorkflow,
    ImagesWorkflow,
    InfrastructureWorkflow,
)
from scaffold.model.document import scalars_of
from scaffold.model.end_to_end import end_to_end_suite
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.target import BuiltImage

_USUAL = ("main", "master")
_PLAIN = regex(r"[A-Za-z][\w.-]*(?:/[\w.-]+)*")
"""A branch that is no pattern."""
_JAVA = {"pom.xml": "maven", "build.gradle": "gradle", "build.gradle.kts": "gradle"}
_ECOSYSTEMS = {
    "python": "pip",
    "node": "npm",
    "ruby": "bundler",
    "go": "gomod",
    "rust": "cargo",
    "php": "composer",
    "elixir": "mix",
    "dotnet": "nuget",
}
"""How Dependabot calls what the manifests are of."""
_LOCKS = {"pyproject.toml": {"uv.lock": "uv"}, "package.json": {"bun.lock": "bun"}}
"""Locks that it keeps up by a name of their own alone: by the usual one the manifest moves, and the image stays as it was."""


def plan_delivery(
    project: Project, gaps: tuple[Gap, ...], images: tuple[BuiltImage, ...], stack: Stack | None, terraform: str
) -> DeliveryPlan:
    """Return the workflows to write, from the open gaps: what is built, tested and checked already is left alone."""
    codes = {gap.code for gap in gaps}
    unbuilt = _unbuilt(gaps, images, stack)
    suite = end_to_end_suite(project) if "CIQ005" in codes else None
    return DeliveryPlan(
        branches=_branches(project),
        images=ImagesWorkflow(_path(project, "images"), unbuilt, project.exists(".gitmodules")) if unbuilt else None,
        infrastructure=_infrastructure(project, terraform) if stack else None,
        end_to_end=EndToEndWorkflow(_path(project, "e2e"), suite) if suite else None,
        dependabot=_followed(project, terraform if stack else "") if "SUP012" in codes else (),
    )


def _infrastructure(project: Project, terraform: str) -> InfrastructureWorkflow:
    configuration = project.configuration
    return InfrastructureWorkflow(_path(project, "infrastructure"), terraform, configuration.region, configuration.environments)


def _followed(project: Project, terraform: str) -> tuple[tuple[str, str], ...]:
    """Return ecosystem and folder of everything that Dependabot can follow, ours included."""
    found = {("github-actions", "/"), *((("terraform", f"/{terraform}"),) if terraform else ())}
    for manifest in project.manifests:
        name = manifest.path.rpartition("/")[2]
        ecosystem = _JAVA.get(name, "") if manifest.ecosystem == "java" else _ECOSYSTEMS.get(manifest.ecosystem, "")
        locks = _LOCKS.get(name, {})
        ecosystem = next((locks[lock] for lock in locks if project.exists(posixpath.join(manifest.folder, lock))), ecosystem)
        found |= {(ecosystem, f"/{manifest.folder}")} if ecosystem else set()
    found |= {("docker", f"/{item.path.rpartition('/')[0]}") for item in project.dockerfiles}
    found |= {("docker-compose", f"/{item.path.rpartition('/')[0]}") for item in project.compose_files}
    return tuple(sorted(found))


def _path(project: Project, name: str) -> str:
    """Return the path of a workflow; a name that the user has taken already gets ours beside it."""
    usual = f"{WORKFLOWS}/{name}.yml"
    return f"{WORKFLOWS}/scaffold-{name}.yml" if project.exists(usual) else usual


def _unbuilt(gaps: tuple[Gap, ...], images: tuple[BuiltImage, ...], stack: Stack | None) -> tuple[BuiltImage, ...]:
    """Return the images that no workflow builds: all of them, or those of the services that the gaps name."""
    if any(gap.code == "SUP000" for gap in gaps):
        return images
    named = {gap.resource.rpartition("/")[2] for gap in gaps if gap.code == "SUP001"}
    builds = [service.build for service in (stack.services if stack else ()) if service.name in named and service.build]
    sources = {_source(build) for build in builds}
    return tuple(image for image in images if (image.context, image.dockerfile, image.target) in sources)


def _source(build: Build) -> tuple[str, str, str]:
    context = build.context or "."
    return context, build.dockerfile or f"{context}/Dockerfile", build.target


def _branches(project: Project) -> tuple[str, ...]:
    """Return the branch that the project releases from; both usual ones, and a single other, where nothing tells.

    A clone says which branch a new one starts on; workflows that name a usual one say more than an unusual default.
    """
    if project.default_branch in _USUAL:
        return (project.default_branch,)
    named = {
        scalar.value
        for workflow in project.workflows
        for trigger in workflow.triggers
        if trigger.event in {"push", "pull_request"} and trigger.node
        for scalar in scalars_of(trigger.node.get("branches"))
    }
    usual = next((name for name in _USUAL if name in named), "")
    plain = [name for name in sorted(named) if _PLAIN.fullmatch(name)]
    known = usual or project.default_branch
    return (known,) if known else (*_USUAL, *(plain if len(plain) == 1 else ()))
