"""Settings that decide what a build writes, for Dockerfiles that copy what only one setting makes it write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.model.project import Dockerfile

_STANDALONE = ".next/standalone"
_NEXT = ("next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs")


def settings_of_builds(images: tuple[Dockerfile, ...], files: Iterable[str]) -> Iterator[str]:
    """Yield the settings of Next where an image takes its standalone output, which Next writes on request alone."""
    steps = (item for image in images for stage in image.stages for item in stage.instructions)
    if any(item.keyword == "COPY" and _STANDALONE in item.text for item in steps):
        yield from (path for path in files if path.rpartition("/")[2] in _NEXT)
