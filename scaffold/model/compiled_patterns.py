"""The compiled forms of regular expressions, kept beside Python's own bytecode from run to run.

A run on a project of usual size needs up to a thousand patterns, and `re` compiles in Python: that took a fifth of the time of
`gaps`. What is kept is what `re` hands to its engine, for this very version of Python; the engine checks it once more.
"""

from __future__ import annotations

import marshal
import os
import re
import sys
import tempfile
from array import array
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

_MOST = 5_000
"""Patterns that are kept: scaffold has under two thousand, and more are those of older versions."""
_Key = tuple[str, int]
_Form = tuple[int, bytes, int, dict[str, int], tuple[str | None, ...]]
"""Flags, code, groups, names of groups, and names by number of the group."""


class _Kept:
    """The forms of one file, and whether some were added."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.forms: dict[_Key, _Form] = _loaded(path)
        self.grown = False


def compiled(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` returns; raises re.PatternError as it does."""
    kept = _kept()
    key = source, int(flags)
    form = kept.forms.get(key)
    if form is None:
        form = _form(*key)
        if form is None:
            return re.compile(source, flags)
        kept.forms[key] = form
        kept.grown = True
    return _pattern(source, form) or re.compile(source, flags)


def keep_compiled() -> None:
    """Write what was compiled for the first time; nothing where Python keeps no bytecode or the folder is not ours to write."""
    kept = _kept()
    if not kept.grown or sys.dont_write_bytecode:
        return
    content = marshal.dumps((_version(), kept.forms if len(kept.forms) <= _MOST else {}))
    with suppress(OSError):
        _replace(kept.path, content)


def _replace(path: Path, content: bytes) -> None:
    """Put the content there as a whole: several runs may end at once."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
        Path(name).chmod(path.parent.stat().st_mode & 0o666)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink()
        raise


@cache
def _kept() -> _Kept:
    return _Kept(Path(cache_from_source(__file__)).with_suffix(".patterns"))


def _version() -> tuple[Any, ...]:
    return sys.hexversion, _engine().MAGIC


def _engine() -> Any:
    return import_module("_sre")


def _loaded(path: Path) -> dict[_Key, _Form]:
    try:
        version, forms = marshal.loads(path.read_bytes())  # noqa: S302 - it lies where Python loads bytecode from, unasked
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return dict(forms) if version == _version() else {}


def _form(source: str, flags: int) -> _Form | None:
    """The steps of `re._compiler.compile` up to the engine; None where this Python has them under other names."""
    try:
        parse, code = import_module("re._parser").parse, import_module("re._compiler")._code
    except (ImportError, AttributeError):
        return None
    tree = parse(source, flags)
    words = array("I", code(tree, flags)).tobytes()
    names: list[str | None] = [None] * tree.state.groups
    for name, number in tree.state.groupdict.items():
        names[number] = name
    return int(flags | tree.state.flags), words, tree.state.groups - 1, dict(tree.state.groupdict), tuple(names)


def _pattern(source: str, form: _Form) -> re.Pattern[str] | None:
    flags, words, groups, numbers, names = form
    try:
        made: re.Pattern[str] = _engine().compile(source, flags, array("I", words).tolist(), groups, numbers, names)
    except (RuntimeError, ValueError, TypeError):
        return None
    return made
