"""Functions of Python code that read the variable whose name they are given: `require("API_KEY")` reads API_KEY."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scaffold.model.frozen import frozen
from scaffold.read.python_tree import Function, Scope, Tree, dotted

GETTERS = frozenset(
    {"os.getenv", "getenv", "os.environ.get", "environ.get", "os.environ.setdefault", "environ.setdefault", "os.environ.pop"}
)
MAPPINGS = frozenset({"os.environ", "environ"})


@frozen
class Helper:
    """A function of a module whose first argument is the name of a variable."""

    raises: bool
    """Whether it raises where the variable is not set."""
    has_default: bool
    """Whether it has a value of its own for that."""


def helpers(tree: Tree) -> dict[str, Helper]:
    """Return the helpers of one file by name."""
    if "environ" not in tree.text and "getenv" not in tree.text:
        return {}
    found: dict[str, Helper] = {}
    for function, by_key in dict.fromkeys(_reading(tree)):
        raises = _raises_by_key(function) if by_key else _raises_without(function)
        raises = raises or (function.name in found and found[function.name].raises)
        found[function.name] = Helper(raises, _has_default(function))
    return found


def _raises_by_key(function: Function) -> bool:
    """Whether `os.environ[name]` ends the function, as it does unless a handler goes on without the variable."""
    attempts = [node for node in ast.walk(function) if isinstance(node, ast.Try)]
    return all(any(isinstance(node, ast.Raise) for node in ast.walk(handler)) for item in attempts for handler in item.handlers)


def _raises_without(function: Function) -> bool:
    """Whether the function keeps the value of its variable and raises under a condition that it is missing."""
    kept = {
        node.targets[0].id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call)
        if dotted(node.value.func) in GETTERS and node.value.args and _is_first(Scope(function=function), node.value.args[0])
    }
    conditions = (node for node in ast.walk(function) if isinstance(node, ast.If))
    return any(_missing(node.test) in kept and isinstance(node.body[-1], ast.Raise) for node in conditions)


def _missing(test: ast.expr) -> str:
    """Return the name of which a condition says that it is empty or None, "" for another condition."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Name):
        return test.operand.id
    is_none = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is) and isinstance(test.left, ast.Name)
    return test.left.id if is_none and isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) else ""


def _reading(tree: Tree) -> Iterator[tuple[Function, bool]]:
    """Yield each function of the module that reads the variable of its first argument, and whether by its key."""
    for call, scope in tree.of(ast.Call):
        if scope.function is not None and dotted(call.func) in GETTERS and call.args and _is_first(scope, call.args[0]):
            yield scope.function, False
    for item, scope in tree.of(ast.Subscript):
        read = isinstance(item.ctx, ast.Load) and dotted(item.value) in MAPPINGS
        if scope.function is not None and read and _is_first(scope, item.slice):
            yield scope.function, True


def _is_first(scope: Scope, node: ast.expr) -> bool:
    """Whether an expression is the first argument of the function of a module around it."""
    function = None if scope.classes else scope.function
    arguments = (*function.args.posonlyargs, *function.args.args) if function else ()
    return isinstance(node, ast.Name) and bool(arguments) and arguments[0].arg == node.id


def _has_default(function: Function) -> bool:
    """Whether a further argument has a value other than None: it is taken where the call gives none."""
    defaults = (*function.args.defaults, *(item for item in function.args.kw_defaults if item is not None))
    return any(not (isinstance(item, ast.Constant) and item.value is None) for item in defaults)
