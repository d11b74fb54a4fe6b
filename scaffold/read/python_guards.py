"""Which settings Python code refuses to run with: a default that production rejects is no open door."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from scaffold.read.python_tree import Tree, below, last_name

_DECORATORS = frozenset({"validator", "field_validator", "root_validator", "model_validator"})


def refused_names(tree: Tree) -> frozenset[str]:
    """Return, in lower case, the names whose value is compared before a `raise`: in a condition, a validator or a helper."""
    if "raise" not in tree.text:
        return frozenset()
    checks = [(node, scope) for node, scope in tree.of(ast.If) if _refuses(node)]
    functions = {scope.function.name for _, scope in checks if scope.function is not None}
    found = {name for node, _ in checks for name in _names(node.test)}
    for function in tree.functions():
        if function.name in functions:
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and last_name(decorator) in _DECORATORS:
                    found.update(_names(decorator))
    for call, _ in tree.of(ast.Call):
        if last_name(call) in functions:
            for argument in call.args:
                found.update(_names(argument))
    return frozenset(found)


def _refuses(node: ast.If) -> bool:
    """Whether the branch raises, and the condition compares with a value: `if not X` never refuses a default."""
    if not any(isinstance(inner, ast.Raise) for item in node.body for inner in below(item)):
        return False
    return any(
        isinstance(operator, ast.Eq | ast.In | ast.NotEq | ast.NotIn)
        for item in below(node.test)
        if isinstance(item, ast.Compare)
        for operator in item.ops
    ) or any(isinstance(item, ast.Call) and last_name(item) in {"startswith", "endswith"} for item in below(node.test))


def _names(node: ast.AST) -> Iterator[str]:
    for item in below(node):
        if isinstance(item, ast.Name):
            yield item.id.lower()
        elif isinstance(item, ast.Attribute):
            yield item.attr.lower()
        elif isinstance(item, ast.Constant) and isinstance(item.value, str) and item.value.isidentifier():
            yield item.value.lower()
