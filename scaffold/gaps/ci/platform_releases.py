"""Platforms that bring each push to a branch out by themselves, whatever the workflows say of it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.blueprints_of_render import mappings_of
from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.model.document import Mapping, Node, text_of
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import means_true

_BLUEPRINT = regex(r"(?:.*/)?render\.ya?ml")
_DIGITAL_OCEAN = regex(r"(?:.*/)?\.do/(?:app|deploy\.template)\.ya?ml")


@frozen
class PlatformRelease:
    """A switch by which a platform releases every push: the platform, the service, the line, and what would make it wait."""

    platform: str
    service: str
    node: Node
    waits: str


def platform_releases(project: Project) -> Iterator[PlatformRelease]:
    """Yield the switches that a file turns on in so many words: what a platform does without one is its own affair."""
    for document in project.documents:
        path, root = document.path, document.root
        if not isinstance(root, Mapping) or path_environment(path) in TRIED or is_test_path(path) or path in project.owned:
            continue
        if _BLUEPRINT.fullmatch(path):
            for service in mappings_of(root, "services"):
                switch = _render_switch(service)
                if switch is not None:
                    yield PlatformRelease("Render", text_of(service.get("name")), switch, "autoDeployTrigger: checksPassed")
        elif _DIGITAL_OCEAN.fullmatch(path):
            for service in (item for key in ("services", "workers") for item in mappings_of(root, key)):
                source = next((node for key in ("github", "gitlab") if isinstance(node := service.get(key), Mapping)), None)
                switch = source.get("deploy_on_push") if source is not None else None
                if switch is not None and means_true(text_of(switch)):
                    waits = "deploy_on_push: false, and digitalocean/app_action in a job that needs the tests"
                    yield PlatformRelease("App Platform", text_of(service.get("name")), switch, waits)


def _render_switch(service: Mapping) -> Node | None:
    """Return what has Render deploy each commit: `autoDeployTrigger` is said in place of `autoDeploy` where both stand."""
    trigger, switch = service.get("autoDeployTrigger"), service.get("autoDeploy")
    if trigger is not None:
        return trigger if text_of(trigger) == "commit" else None
    return switch if switch is not None and means_true(text_of(switch)) else None
