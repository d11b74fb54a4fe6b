"""Templates that ask at run time for the list of assets which a build of Node or Rails writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from scaffold.model.assets import PIPELINES, Pipeline
from scaffold.model.project import CodeFact, Manifest
from scaffold.read.lines import Places

_Glance = Callable[[str], str | None]
_MOST = 60
"""Templates that are looked at: layouts stand first, and one call is enough."""


def asset_calls(manifests: tuple[Manifest, ...], files: Iterable[str], glance: _Glance) -> Iterator[CodeFact]:
    """Yield an `asset-call` fact for the first template of a package that asks for a list of assets (detail: the pipeline)."""
    for manifest in manifests:
        pipeline = next((item for item in PIPELINES if item.package in manifest.dependencies), None)
        if pipeline is None or not manifest.path.endswith(pipeline.manifest):
            continue
        start = f"{manifest.folder}/{pipeline.templates}/".lstrip("/")
        inside = [path for path in files if path.startswith(start) and path.endswith(pipeline.ending)]
        inside.sort(key=lambda path: ("layout" not in path and "base" not in path, path))
        settings = glance(f"{manifest.folder}/{pipeline.settings}".lstrip("/")) if pipeline.settings else None
        if settings is not None and pipeline.lenient is not None and pipeline.lenient.search(settings):
            continue
        found = (_call(path, glance(path) or "", pipeline) for path in islice(inside, _MOST))
        yield from islice(filter(None, found), 1)


def _call(path: str, text: str, pipeline: Pipeline) -> CodeFact | None:
    """Return the call of a template, None where it asks first whether the list is there."""
    match = pipeline.call.search(text)
    if match is None or any(word in text for word in pipeline.asks):
        return None
    return CodeFact("asset-call", pipeline.name, Places(path, text).at(match.start()))
