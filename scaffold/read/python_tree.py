"""Python code as a tree, never imported: a walk that knows class, function and guard, and small questions about nodes."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.read.python_blocks import condensed

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Node = TypeVar("_Node", bound=ast.AST)
_KINDS: tuple[type[ast.AST], ...] = (
    ast.AnnAssign,
    ast.Assign,
    ast.AsyncFunctionDef,
    ast.BoolOp,
    ast.Call,
    ast.ClassDef,
    ast.Constant,
    ast.FunctionDef,
    ast.If,
    ast.IfExp,
    ast.Import,
    ast.ImportFrom,
    ast.Subscript,
    ast.Try,
    ast.With,
)
"""The nodes that readers ask for; the others are walked through and not kept."""
_BARE_EXCEPT = regex(r"(?m)^([ \t]*except\*?[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)([ \t]*):")
_TYPE_PARAMETERS = regex(r"(?m)^([ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+)\[[^\n]*?\](?=[ \t]*[(:])")
_TYPE_STATEMENT = regex(r"(?m)^([ \t]*)type[ \t]+(\w+)(?:\[[^\n]*?\])?[ \t]*=")

_DEV_WORD = regex(r"(?:^|[^a-z])(?:dev|develop|development|local|test|tests|testing|debug)(?:$|[^a-z])")
_PROD_WORD = regex(r"(?:^|[^a-z])(?:prod|production|live|staging)(?:$|[^a-z])")
_DEV_FLAGS = frozenset(
    {"debug", "is_dev", "is_development", "development", "is_local", "testing", "is_test", "dev_mode", "type_checking"}
)
_PROD_FLAGS = frozenset({"is_prod", "is_production", "production"})


@frozen
class Scope:
    """Where a node stands: its classes from outside in, its function, whether only development runs it, and whether it runs
    at all depends on a condition that production may not meet.
    """

    classes: tuple[ast.ClassDef, ...] = ()
    function: Function | None = None
    guarded: bool = False
    conditional: bool = False


@frozen
class Tree:
    """A parsed file: every node of the kinds that readers ask for, by its type and in the order of the text, with its scope."""

    text: str
    nodes: dict[type[ast.AST], list[tuple[ast.AST, Scope]]]

    def of(self, kind: type[_Node]) -> Iterator[tuple[_Node, Scope]]:
        """Yield the nodes of one type."""
        yield from self.nodes.get(kind, ())  # type: ignore[misc]

    def functions(self) -> Iterator[Function]:
        """Yield every function."""
        yield from (node for node, _ in self.of(ast.FunctionDef))
        yield from (node for node, _ in self.of(ast.AsyncFunctionDef))


_ENDLESS = 1000
"""Dots of a text, at least, that may hold a name of a thousand parts."""
_ENDLESS_NAME = regex(r"(?:\.\w+){1000}")
"""Python's own parser takes quadratic time for a dotted name; nobody wrote this one."""


def parse_python(text: str, *, guarded: bool = False, whole: bool = True) -> Tree | int:
    """Return the tree of a Python text, or the line at which it cannot be parsed; `guarded` holds for the whole file.

    Without `whole`, only the statements that may give a setting or a fact are in the tree.
    """
    # Python ends a line at a lone carriage return as well, editors and reports do not.
    bare = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", " ")
    endless = _ENDLESS_NAME.search(bare) if bare.count(".") >= _ENDLESS else None
    if endless is not None:
        return bare.count("\n", 0, endless.start()) + 1
    module = _module(bare if whole else condensed(bare))
    if not whole and isinstance(module, int):
        module = _module(bare)
    if isinstance(module, int):
        return module
    nodes: dict[type[ast.AST], list[tuple[ast.AST, Scope]]] = {kind: [] for kind in _KINDS}
    for node, scope in _walk(module, Scope(guarded=guarded)):
        if node.__class__ in nodes:
            nodes[node.__class__].append((node, scope))
    return Tree(text, nodes)


def _module(text: str) -> ast.Module | int:
    """Parse a text, or return the line of its mistake."""
    try:
        return _parse(text)
    except SyntaxError as error:
        line = max(error.lineno or 1, 1)
    except (ValueError, RecursionError, MemoryError):
        return 1
    try:
        # What a newer Python allows has to be read by an older one too: same tree, same report.
        return _parse(_older_syntax(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return line


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _older_syntax(text: str) -> str:
    """Write except clauses without parentheses (PEP 758) and type parameters (PEP 695) as Python 3.11 reads them."""
    text = _BARE_EXCEPT.sub(r"\1(\2)\3:", text)
    text = _TYPE_PARAMETERS.sub(r"\1", text)
    return _TYPE_STATEMENT.sub(r"\1\2 =", text)


_CONDITIONS = frozenset({ast.Try, ast.IfExp, ast.Lambda})


def _walk(module: ast.Module, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    """Yield every node in the order of the text; a stack of our own, as code may nest as deep as it likes."""
    pending: list[tuple[ast.AST, Scope]] = [(module, scope)]
    while pending:
        node, inside = pending.pop()
        yield node, inside
        kind = node.__class__
        if kind is ast.If:
            pending += reversed(_branches(node, inside))  # type: ignore[arg-type]
            continue
        if kind is ast.ClassDef:
            inside = _class_scope(node, inside)  # type: ignore[arg-type]
        elif kind is ast.FunctionDef or kind is ast.AsyncFunctionDef:
            inside = replace(inside, function=node)  # type: ignore[arg-type]
        elif kind in _CONDITIONS:
            inside = replace(inside, conditional=True)
        pending += [(child, inside) for child in reversed(children(node))]


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below one, those without fields (operators, contexts) left out."""
    found = []
    for name in _FIELDS[node.__class__]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and value._fields:
            found.append(value)
    return found


_PLAIN = frozenset({"ctx", "op", "ops", "attr", "id", "kind", "type_comment", "level", "conversion", "simple"})
"""Fields that hold no node with fields of its own, whatever the class."""


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """The fields of each class of nodes that may hold nodes with fields, worked out at the first node of the class."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        self[kind] = () if kind is ast.Constant else tuple(name for name in kind._fields if name not in _PLAIN)
        return self[kind]


_FIELDS = _Fields()


def below(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and everything below it."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending += reversed(children(current))


def _branches(node: ast.If, scope: Scope) -> list[tuple[ast.AST, Scope]]:
    only_development, only_production = means_development(node.test), means_production(node.test)
    inside = replace(scope, conditional=scope.conditional or not (only_development or only_production))
    body = replace(inside, guarded=scope.guarded or only_development)
    other = replace(inside, guarded=scope.guarded or only_production)
    return [(node.test, scope), *((item, body) for item in node.body), *((item, other) for item in node.orelse)]


def _class_scope(node: ast.ClassDef, scope: Scope) -> Scope:
    return Scope((*scope.classes, node), None, scope.guarded or is_development_name(node.name), scope.conditional)


def is_development_name(name: str) -> bool:
    """Whether a class or a file is named after development or tests (`DevSettings`, `settings/local.py`)."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return bool(_DEV_WORD.search(words))


def means_development(test: ast.expr) -> bool:
    """Whether a condition holds only in development: `DEBUG`, `ENV == "dev"`, `not is_production`, `ENV != "production"`."""
    return _means(test, _DEV_FLAGS, _DEV_WORD, _PROD_FLAGS, _PROD_WORD)


def means_production(test: ast.expr) -> bool:
    """Whether a condition holds only in production: the opposite conditions."""
    return _means(test, _PROD_FLAGS, _PROD_WORD, _DEV_FLAGS, _DEV_WORD)


def _means(
    test: ast.expr, flags: frozenset[str], word: re.Pattern[str], other_flags: frozenset[str], other_word: re.Pattern[str]
) -> bool:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return last_name(test.operand).lower() in other_flags
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        words = " ".join(texts_below(test.comparators[0])).lower()
        if isinstance(test.ops[0], ast.Eq | ast.In):
            return bool(word.search(words))
        return isinstance(test.ops[0], ast.NotEq | ast.NotIn) and bool(other_word.search(words))
    return last_name(test).lower() in flags


def last_name(node: ast.AST | None) -> str:
    """Return the last name of `a.b.c` or of a call of it, "" for anything else."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.AST | None) -> str:
    """Return `a.b.c` of names and attributes, the innermost part "" when it is no name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(parts))


def text_value(node: ast.AST | None) -> str | None:
    """Return the text of a literal: strings as they are, numbers and truth values as Python writes them; else None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
        return str(node.value) if not isinstance(node.value, int) or abs(node.value) < 10**20 else None
    if (
        isinstance(node, ast.Call)
        and last_name(node) in {"SecretStr", "PostgresDsn", "RedisDsn", "AnyUrl", "Secret", "Path"}
        and node.args
    ):
        return text_value(node.args[0]) if not isinstance(node.args[0], ast.Call) else None
    return None


def first_text(call: ast.Call) -> str | None:
    """Return the first positional argument when it is a literal string, else None."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def keyword(call: ast.Call, *names: str) -> ast.expr | None:
    """Return the value of the first keyword argument with one of these names, or None."""
    return next((item.value for item in call.keywords if item.arg in names), None)


def texts_below(node: ast.AST) -> list[str]:
    """Return every literal string below a node."""
    return [item.value for item in below(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def at(path: str, node: ast.AST) -> Location:
    """Return the place of a node; columns count characters only in lines of plain ASCII, as Python's own do."""
    return Location(path, getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)
