"""CIQ026: each release leaves its images on the host, and nothing ever deletes them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.host_releases import HostRelease, host_releases
from scaffold.gaps.facts import is_test_path, listed
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_DELETES = regex(
    r"\bdocker\b[^\n&|;]{0,200}\s(?:prune|rmi|image\s+rm)\b|\bdocker-gc\b|WATCHTOWER_CLEANUP|\bdown\b[^\n&|;]{0,200}--rmi\b|\bkamal\b|\bprune:",
    words=("prune", "rmi", "image", "docker-gc", "WATCHTOWER_CLEANUP", "kamal"),
)
"""What deletes images, also as an option of a module of Ansible."""


def _detect(project: Project) -> Iterator[Gap]:
    releases = [item for item in host_releases(project) if _leaves_images(item) and not item.staging]
    if releases and not _is_deleted(project):
        yield _gap(releases)


def _leaves_images(release: HostRelease) -> bool:
    """Whether each run leaves images: a script that only pulls may be for people who do so twice a year."""
    return release.builds or (release.fetches and release.resource != release.path)


def _is_deleted(project: Project) -> bool:
    """Whether a command, a page or a service speaks of deleting images."""
    if any(_DELETES.search(command.text) for command in project.commands if not is_test_path(command.location.path)):
        return True
    texts = (*(page.text for page in project.docs), *(source.text for source in project.sources))
    return any(map(_DELETES.search, texts))


def _gap(releases: list[HostRelease]) -> Gap:
    building = [item for item in releases if item.builds]
    ordered = (*building, *(item for item in releases if not item.builds))
    names = listed(item.name.removeprefix("The job ") for item in building or releases)
    does = "build their images on the host" if building else "bring new images to the host"
    left = "layers and build cache" if building else "the images"
    load = " While it builds, it takes processor and memory from what serves." if building else ""
    return RULE.gap(
        resource=ordered[0].path,
        subject="disk",
        message=f"Releases {does} ({names}), and nothing deletes {left} of the releases before: the disk fills with each one,"
        f" until containers and stores on it can write no more.{load}",
        expected="docker image prune -af --filter until=168h (and docker builder prune) after a release, or by a timer",
        actual="nothing that deletes images",
        locations=tuple(dict.fromkeys(item.start for item in ordered)),
    )


RULE = Rule(
    code="CIQ026",
    name="old-images-stay",
    layer=Layer.CI,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Delete what is older than a few releases once the new one runs: `docker image prune -af --filter until=168h`.",
        ),
    ),
)
