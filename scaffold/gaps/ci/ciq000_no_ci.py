"""CIQ000: nothing checks a change before it is merged."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.own_images import is_own_image
from scaffold.gaps.signals import application_services, server_entry
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Manifest, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_KEPT_BY_TOOLS = regex(r"(?:^|/)(?:\.[^/]+|node_modules|vendor|third_party|bower_components)/")


def _detect(project: Project) -> Iterator[Gap]:
    own = [service for _, service in application_services(project) if service.made or is_own_image(project, service.image)]
    broken = any(item.location.path.startswith(".github/workflows/") for item in project.problems)
    holds_application = bool(own) or server_entry(project) is not None or _mounts_code(project)
    if foreign_workflows(project) or project.other_ci or broken or not holds_application or not project.manifests:
        return
    yield RULE.gap(
        resource="ci",
        subject="continuous-integration",
        message="No workflow and no other CI checks a change: the first machine that runs it after the author's is production.",
        expected="a workflow that installs, lints and tests on pull requests",
        actual="no file of a CI system",
        locations=tuple(Location(item.path, 1) for item in _unchecked(project, own)),
    )


def _unchecked(project: Project, own: list[Service]) -> tuple[Manifest, ...]:
    """Return the manifests of what nothing checks: those in the folders that images are built from, else all that people
    write; what tools keep in folders of their own is neither.
    """
    written = tuple(item for item in project.manifests if not _KEPT_BY_TOOLS.search(item.path)) or project.manifests
    contexts = {service.made.context for service in own if service.made and service.made.context is not None}
    built = tuple(item for item in written if item.folder in contexts)
    return built or written


def _mounts_code(project: Project) -> bool:
    """Whether a service runs code of the repository that no image holds: a folder with a manifest that is mounted."""
    services = (service for stack in project.stacks for service in stack.services if not service.is_datastore)
    folders = {mount.resolved for service in services for mount in service.mounts if mount.kind == "bind" and mount.resolved}
    return any(is_below(manifest.path, folder) for manifest in project.manifests for folder in folders)


RULE = Rule(
    code="CIQ000",
    name="no-ci",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add .github/workflows/ci.yml that runs the linters and tests of the project on pull requests.",
        ),
    ),
)
