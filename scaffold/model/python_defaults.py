"""Defaults in Python settings that no deployment should run with, replaced: signing keys and lists of origins."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scaffold.model.artifact import Splice
from scaffold.model.document import Span
from scaffold.model.python_source import PythonSource, add_imports, parse_python

_GETTERS = frozenset({"os.getenv", "os.environ.get"})
_RANDOM = "secrets.token_urlsafe(32)"


def random_key(text: str, lines: frozenset[int]) -> tuple[Splice, ...]:
    """Return the splices that put a new random key in place of the defaults at these lines; empty for another form.

    Without the variable each process then makes a key of its own: nobody knows it, and sessions end with the process.
    """
    source = parse_python(text)
    imports = add_imports(source, ("secrets",)) if source else None
    if source is None or imports is None:
        return ()
    made = [splice for value, holder in _values(source) if (splice := _random(source, value, holder, lines))]
    return (*imports, *made) if len(made) == len(lines) else ()


def _values(source: PythonSource) -> Iterator[tuple[ast.expr, ast.ClassDef | None]]:
    """Yield each assigned value, with the class in which it stands directly."""
    for holder in (None, *(node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef))):
        for node in ast.walk(source.tree) if holder is None else holder.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                yield node.value, holder


def _random(source: PythonSource, value: ast.expr, holder: ast.ClassDef | None, lines: frozenset[int]) -> Splice | None:
    if isinstance(value, ast.Call) and holder is None and ast.unparse(value.func) in _GETTERS and value.args:
        default = value.args[1] if len(value.args) > 1 else next((k.value for k in value.keywords if k.arg == "default"), None)
        if isinstance(default, ast.Constant) and default.lineno in lines:
            start, end = source.span(value.args[0]).end, source.span(value).end
            return Splice(Span(start, end), f") or {_RANDOM}")
    is_field = holder is not None and any(ast.unparse(base).endswith("BaseSettings") for base in holder.bases)
    if is_field and isinstance(value, ast.Constant) and isinstance(value.value, str) and value.lineno in lines:
        return Splice(source.span(value), _RANDOM)
    return None


def origins_from_environment(text: str, name: str, lines: frozenset[int]) -> tuple[Splice, ...]:
    """Return the splices that read each list of origins with an item at these lines from the variable `name`.

    Empty where a line belongs to something else than a list of texts that is assigned to that name.
    """
    source = parse_python(text)
    imports = add_imports(source, ("os",)) if source else None
    if source is None or imports is None:
        return ()
    lists = [value for target, value in _assigned(source) if target == name and isinstance(value, ast.List)]
    meant = [item for item in lists if lines & {element.lineno for element in item.elts}]
    covered = {element.lineno for item in meant for element in item.elts}
    if not meant or not lines <= covered:
        return ()
    read = f'[origin for origin in os.getenv("{name}", "").split(",") if origin]'
    return (*imports, *(Splice(source.span(item), read) for item in meant))


def _assigned(source: PythonSource) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            yield ast.unparse(node.target), node.value
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            yield ast.unparse(node.targets[0]), node.value
