"""CIQ025: a release that fails its look stays in the place of the one before, or the image of that one is deleted at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci.host_releases import HostRelease, host_releases, with_called_scripts
from scaffold.gaps.docs.pages import sections
from scaffold.model.deployments import Line, compose_call
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_BACK = regex(
    r"roll(?:ing|ed|s)?[ _-]?back|previous|(?<![a-z])prev[_-]|\bundo\b|revert|last[_-](?:good|known)|\bblue\b|\bgreen\b|canary"
    r"|(?<![a-z])old[_-]?(?:image|tag|sha|version|release|container)|backup[_-]?(?:image|tag|container)|:backup\b"
    r"|inputs\.\w*(?:tag|version|sha|ref|image)",
    re.IGNORECASE,
    words=("back", "prev", "undo", "revert", "last", "blue", "green", "canary", "old", "inputs."),
)
"""Words of a way back, by the deployment itself or by a run of it for an earlier version."""
_TOLD = regex(r"roll(?:ing)?[- ]?back|revert", re.IGNORECASE, words=("back", "revert"))
_NAMED_FOR_IT = regex(
    r"(?:^|/)[\w.-]*(?:rollback|roll-back|roll_back|revert)[\w.-]*\.(?:sh|bash|ya?ml)", re.IGNORECASE, words=("back", "revert")
)
_PRUNES = regex(r"\bdocker\s+(?:image|system)\s+prune\b(?P<words>[^\n&|;]*)", words=("prune",))
_EVERY = regex(r"\s(?:-\w*a\w*|--all)(?=[\s\"')]|$)")
_UNTIL = regex(r"until", words=("until",))
_STOPS = regex(compose_call(r"down|stop|rm") + r"|\bdocker\s+(?:stop|rm)\b")
_BY_VERSION = regex(
    r"\bsha\b|ref_name|\w*(?:tag|version|sha)\w*=[\"']?\$|:\$\{?\w*(?:tag|sha|version)",
    re.IGNORECASE,
    words=("sha", "ref_name", "tag", "version"),
)
"""What gives each release an image of its own name, so that the one before keeps its."""


def _detect(project: Project) -> Iterator[Gap]:
    releases = list(host_releases(project))
    if not releases or _is_told(project):
        return
    for release in releases:
        pruned = _pruned(release)
        if (release.looked_at or pruned) and not known(_has_way_back, with_called_scripts(project, release)):
            yield _gap(release, pruned)


def _has_way_back(text: str) -> bool:
    return _BACK.search(text) is not None


def _is_by_version(text: str) -> bool:
    return _BY_VERSION.search(text) is not None


def _is_told(project: Project) -> bool:
    """Whether a file is named for the way back, or a page shows it by a command."""
    if any(_NAMED_FOR_IT.search(path) for path in project.files):
        return True
    return any(section.commands for section in sections(project, _TOLD))


def _pruned(release: HostRelease) -> Line | None:
    """Return the line that deletes the image of the release before: every unused one once that one is stopped, or such as have
    lost their name to the new one.
    """
    stopped = False
    renamed = release.builds or not known(_is_by_version, release.whole)
    started = False
    for line in release.lines:
        match = _PRUNES.search(line.text)
        started = started or line.place == release.start
        if match and not _UNTIL.search(match["words"]):
            every = bool(_EVERY.search(match["words"]))
            if (every and (started or stopped)) or (started and renamed):
                return line
        stopped = stopped or bool(_STOPS.search(line.text))
    return None


def _gap(release: HostRelease, pruned: Line | None) -> Gap:
    if release.looked_at:
        does = (
            "looks at the new release, and where it finds it broken it only fails: that one stays, and nothing starts the one"
            " before"
        )
        deletes = ", whose image is deleted from the host" if pruned else ""
    else:
        does = "deletes the image of the release before from the host without having looked whether the new one runs"
        deletes = ": to go back it has to be built or pulled again first"
    return RULE.gap(
        resource=release.resource,
        subject="way-back",
        message=f"{release.name} {does}{deletes}.",
        expected="the name of the image that ran before, and a start of it where the look fails; old images deleted by age",
        actual="an image deleted at once" if pruned else "a look that ends the run",
        locations=tuple(dict.fromkeys((release.start, *((pruned.place,) if pruned else ())))),
        severity=Severity.MEDIUM if pruned and not release.staging else Severity.LOW,
    )


RULE = Rule(
    code="CIQ025",
    name="failed-release-stays",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Keep the tag that ran before, start it again where the look at the new one fails, and prune by age (`until=`).",
        ),
    ),
)
