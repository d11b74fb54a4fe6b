"""Settings modules that nothing uses: a second one beside that of the application, which no file of the project names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from scaffold.read.code import CodeReading

_MOST = 8
"""Candidates that are looked for in all files: more of them are no leftovers, but a layout of its own."""


def without_idle(code: CodeReading, files: Iterable[str], text_of: Callable[[str], str | None]) -> CodeReading:
    """Return the reading without what stands in settings modules that never run.

    Such a module (`config_production.py`) is called after another one beside it (`config.py`), and no other file has its name:
    no import, no command, no mount, no page. Where code puts a module's name together, each of them may run.
    """
    listed = tuple(files)
    modules = frozenset(path for path in listed if path.endswith(".py"))
    found = sorted({item.location.path for item in code.settings if item.location.path in modules})
    candidates = {path: named for path in found if (named := _called_after(path, modules))}
    if not candidates or len(candidates) > _MOST:
        return code
    for path in listed:
        text = text_of(path) or ""
        candidates = {own: after for own, after in candidates.items() if own == path or not _names(text, own, after)}
        if not candidates:
            return code
    return replace(
        code,
        settings=tuple(item for item in code.settings if item.location.path not in candidates),
        reads=tuple(item for item in code.reads if item.location.path not in candidates),
        facts=tuple(item for item in code.facts if item.location.path not in candidates),
    )


def _called_after(path: str, modules: frozenset[str]) -> str:
    """Return the name of the module in the same folder after which this one is called, "" for none."""
    folder, stem = posixpath.dirname(path), _stem(path)
    shorter = (stem.rpartition("_")[0], stem.partition("_")[2])
    return next((name for name in shorter if name and posixpath.join(folder, f"{name}.py") in modules), "")


def _stem(path: str) -> str:
    return posixpath.basename(path).removesuffix(".py")


def _names(text: str, path: str, after: str) -> bool:
    """Whether a text has the name of a module, or puts together names that begin as it does."""
    stem = _stem(path)
    if stem in text:
        return True
    begin = f"{after}_" if stem.startswith(f"{after}_") else ""
    return bool(begin) and begin in text and re.search(rf"\b{re.escape(begin)}[\"'{{%$]", text) is not None
