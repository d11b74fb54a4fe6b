"""SUP017: production builds its images where it runs, beside a CI that builds and pushes them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.signals import main_environment
from scaffold.gaps.supply_chain.images import BUILDS_ON_HOST, building_steps, built_elsewhere, own_images, push_nowhere
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_PULLS = regex(r"\bgit\s+(?:-C\s+\S+\s+)?(?:pull|reset\s+--hard|fetch\b[^\n]*&&\s*git\s+(?:reset|checkout))\b")
_DEVELOPMENT = regex(
    r"(?i)(?:^|/)(?:dev|develop|development|local|tests?|e2e|contributing|hacking)(?:[/_.-]|$)|[/_.-](?:development|local|tests?)[/_.-]"
)
_NEAR = 40
"""Lines between the pull and the build of one piece of work."""


@frozen
class _OnHost:
    """A place that pulls the sources, and the one after it that builds the images of the stack from them."""

    pull: Command
    build: Command


def _detect(project: Project) -> Iterator[Gap]:
    found = list(_on_hosts(project))
    if found and any(own_images(project)) and _is_pushed(project):
        yield _gap(project, found)


def _is_pushed(project: Project) -> bool:
    """Whether CI builds the images and pushes them; where it does not, SUP000 says so, also when ours does by then."""
    steps = tuple(item for item in building_steps(project) if item.workflow.path not in project.owned)
    return bool(steps and not push_nowhere(project, steps)) or built_elsewhere(project)


def _on_hosts(project: Project) -> Iterator[_OnHost]:
    pulling = {command.location.path for command in project.commands if "git " in command.text and _PULLS.search(command.text)}
    by_file: dict[str, list[Command]] = {}
    for command in project.commands if pulling else ():
        path = command.location.path
        if (
            command.context in {"script", "makefile", "doc", "workflow"}
            and path in pulling - project.owned
            and not _DEVELOPMENT.search(path)
        ):
            by_file.setdefault(path, []).append(command)
    for commands in by_file.values():
        for pull in commands:
            after = (
                item for item in commands if 0 <= item.location.line - pull.location.line <= _NEAR and item.owner == pull.owner
            )
            build = (
                next((item for item in after if BUILDS_ON_HOST.search(item.text)), None) if _PULLS.search(pull.text) else None
            )
            if build is not None:
                yield _OnHost(pull, build)
                break


def _gap(project: Project, found: list[_OnHost]) -> Gap:
    pages_alone = all(item.build.context == "doc" for item in found)
    first = found[0].build.location
    return RULE.gap(
        resource="supply-chain",
        subject="built-on-the-host",
        message=f"An update pulls the sources and builds the images where they run ({first.path}:{first.line}): what starts is"
        " not what CI built and tested, each host has another one, and there is no earlier image to go back to.",
        expected="image: the registry's name with a version or digest, and `docker compose pull` before `up`",
        actual="git pull and a build on the host",
        locations=tuple(dict.fromkeys(item.build.location for item in found)),
        related=tuple(dict.fromkeys(Location(item.pull.location.path, item.pull.location.line) for item in found)),
        severity=Severity.LOW if pages_alone else Severity.MEDIUM,
        environment=main_environment(project),
    )


RULE = Rule(
    code="SUP017",
    name="images-built-on-the-host",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Let production name the image that CI pushed, by version or digest, and update with `docker compose pull`.",
        ),
    ),
)
