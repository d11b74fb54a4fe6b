"""Which settings Python code refuses to run with: a default that production rejects is no open door."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scaffold.read.python_tree import last_name

_DECORATORS = frozenset({"validator", "field_validator", "root_validator", "model_validator"})


def refused_names(tree: ast.Module) -> frozenset[str]:
    """Return, in lower case, the names whose value is compared before a `raise`: in a condition, a validator or a helper."""
    functions = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(_checks(node))
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and _refuses(node):
            found.update(_names(node.test))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in functions:
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and last_name(decorator) in _DECORATORS:
                    found.update(_names(decorator))
        elif isinstance(node, ast.Call) and last_name(node) in functions:
            for argument in node.args:
                found.update(_names(argument))
    return frozenset(found)


def _checks(function: ast.AST) -> Iterator[ast.If]:
    return (node for node in ast.walk(function) if isinstance(node, ast.If) and _refuses(node))


def _refuses(node: ast.If) -> bool:
    """Whether the branch raises, and the condition compares with a value: `if not X` never refuses a default."""
    if not any(isinstance(inner, ast.Raise) for item in node.body for inner in ast.walk(item)):
        return False
    return any(
        isinstance(operator, ast.Eq | ast.In | ast.NotEq | ast.NotIn)
        for item in ast.walk(node.test)
        if isinstance(item, ast.Compare)
        for operator in item.ops
    ) or any(isinstance(item, ast.Call) and last_name(item) in {"startswith", "endswith"} for item in ast.walk(node.test))


def _names(node: ast.AST) -> Iterator[str]:
    for item in ast.walk(node):
        if isinstance(item, ast.Name):
            yield item.id.lower()
        elif isinstance(item, ast.Attribute):
            yield item.attr.lower()
        elif isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value.isidentifier():
            yield item.value.lower()
