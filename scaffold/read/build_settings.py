"""Settings that decide what a build writes, for Dockerfiles that copy what only one setting makes it write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.model.bundlers import NEXT_SETTINGS, POSTCSS_SETTINGS
from scaffold.model.project import Dockerfile

_STANDALONE = ".next/standalone"
_LEAVES_OUT = ("--omit", "--only=prod", "--prod", "NODE_ENV")


def settings_of_builds(images: tuple[Dockerfile, ...], files: Iterable[str]) -> Iterator[str]:
    """Yield the settings of Next where an image takes its standalone output, which Next writes on request alone, and those of
    PostCSS where packages of development are left out.
    """
    steps = [item for image in images for stage in image.stages for item in stage.instructions]
    names: set[str] = set()
    if any(item.keyword == "COPY" and _STANDALONE in item.text for item in steps):
        names.update(NEXT_SETTINGS)
    if any(word in item.text for item in steps if item.keyword in {"RUN", "ENV"} for word in _LEAVES_OUT):
        names.update(POSTCSS_SETTINGS)
    if names:
        yield from (path for path in files if path.rpartition("/")[2] in names)
