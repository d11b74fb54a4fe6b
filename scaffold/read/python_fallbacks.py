"""Literals that Python code takes in place of a secret variable: by a helper, a choice, a condition or a caught KeyError."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

from scaffold.model.frozen import frozen
from scaffold.model.project import SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.read.code import setting
from scaffold.read.python_tree import Scope, Tree, at, below, dotted, first_text, keyword, last_name, text_value

_HELPER = regex(r"(?i)env")
_NO_HELPER = regex(
    r"(?i)(?:^|_)(?:set|put|unset|with|must|require|check|assert|expect|patch|mock|has|del)(?:_|$|env)|setdefault|setenv"
)
_VARIABLE = regex(r"[A-Z][A-Z0-9_]*")
_ENDS = frozenset({"exit", "_exit", "abort", "fail"})
_MOST_READS = 200
"""Reads of secrets in one file that are followed: nobody wrote more."""
_FEW = 40
"""Lines between the read of a variable and the condition that looks at it."""

ReadOf = Callable[[ast.Call], "tuple[str, ast.expr | None] | None"]
"""Returns name and default of a call that reads the environment, None for another call."""


@frozen
class _Kept:
    """A name that keeps what was read: where, in which function, of which variable."""

    name: str
    function: ast.AST | None
    line: int
    variable: str


@frozen
class _Candidate:
    """An expression that code takes where a variable is not set."""

    variable: str
    value: ast.expr | None
    scope: Scope
    guarded: bool = False


def fallback_settings(path: str, tree: Tree, read_of: ReadOf) -> Iterator[SettingDefault]:
    """Yield the literals that stand in for secrets in other forms than the default of the read itself."""
    constants = {
        node.targets[0].id: node.value
        for node, scope in tree.of(ast.Assign)
        if scope.function is None and isinstance(node.targets[0], ast.Name) and text_value(node.value) is not None
    }
    for item in _candidates(tree, read_of):
        literal = constants.get(item.value.id) if isinstance(item.value, ast.Name) else item.value
        text = text_value(_bare(literal))
        if text and item.value is not None and is_sensitive_name(item.variable):
            guarded = item.guarded or item.scope.guarded
            yield setting(item.variable, text, "fallback", at(path, item.value), guarded=guarded)


def _candidates(tree: Tree, read_of: ReadOf) -> Iterator[_Candidate]:
    for call, scope in tree.of(ast.Call):
        yield from _of_call(call, scope, read_of)
    for choice, scope in tree.of(ast.IfExp):
        yield _Candidate(_read_in(choice, read_of), choice.orelse, scope)
    for attempt, scope in tree.of(ast.Try):
        yield from (_Candidate(name, value, scope) for name, value in _of_attempt(attempt, read_of))
    kept = list(islice(_kept(tree, read_of), _MOST_READS))
    if not kept:
        return
    for condition, scope in tree.of(ast.If):
        ends = _ends(condition.body)
        yield from (_Candidate(name, value, scope, ends) for name, value in _of_condition(condition, scope, kept))
    for function in tree.functions():
        yield from (_Candidate(name, value, Scope(function=function)) for name, value in _of_return(function, kept))


def _of_call(call: ast.Call, scope: Scope, read_of: ReadOf) -> Iterator[_Candidate]:
    """Yield the default of a helper such as `get_env("X", "literal")`, and the constant that is the default of a read."""
    name = first_text(call)
    if name is None or not _VARIABLE.fullmatch(name):
        return
    read = read_of(call)
    if read is not None:
        if isinstance(read[1], ast.Name):
            yield _Candidate(read[0], read[1], scope)
        return
    function = dotted(call.func)
    if _HELPER.search(function) and not any(_NO_HELPER.search(part) for part in function.split(".")):
        yield _Candidate(name, call.args[1] if len(call.args) > 1 else keyword(call, "default"), scope)


def _bare(value: ast.expr | None) -> ast.expr | None:
    """Return what a text is encoded from, else the value itself."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in {"encode", "strip"}:
        return value.func.value
    return value


def _read_in(choice: ast.IfExp, read_of: ReadOf) -> str:
    """Return the variable that a choice takes where it is set, "" where it chooses something else."""
    taken = _variable(choice.body, read_of)
    asked = {_variable(node, read_of) for node in below(choice.test) if isinstance(node, ast.Call | ast.Subscript)}
    if isinstance(choice.test, ast.Compare):
        asked.add(text_value(choice.test.left) or "")
    return taken if taken in asked else ""


def _variable(value: ast.AST, read_of: ReadOf) -> str:
    """Return the variable that an expression reads without another default, or "" where it reads none."""
    while isinstance(value, ast.Call) and read_of(value) is None and isinstance(value.func, ast.Attribute):
        value = value.func.value
    if isinstance(value, ast.Subscript) and dotted(value.value) in {"os.environ", "environ"}:
        return text_value(value.slice) or ""
    read = read_of(value) if isinstance(value, ast.Call) else None
    if read is None or (read[1] is not None and (text_value(read[1]) or not isinstance(read[1], ast.Constant))):
        return ""
    return read[0]


def _kept(tree: Tree, read_of: ReadOf) -> Iterator[_Kept]:
    for node, scope in tree.of(ast.Assign):
        variable = _variable(node.value, read_of)
        if variable and is_sensitive_name(variable):
            for target in node.targets:
                yield _Kept(dotted(target), scope.function, node.lineno, variable)


def _of_condition(condition: ast.If, scope: Scope, kept: list[_Kept]) -> Iterator[tuple[str, ast.expr]]:
    """Yield variable and literal of `if not secret: secret = "literal"`, or `return "literal"` where others return it."""
    asked = _empty_name(condition.test)
    before = [
        item
        for item in kept
        if item.name == asked and item.function is scope.function and 0 < condition.lineno - item.line <= _FEW
    ]
    if not asked or not before:
        return
    for statement in condition.body:
        assigns = isinstance(statement, ast.Assign) and asked in map(dotted, statement.targets)
        returns = isinstance(statement, ast.Return) and _returns(scope.function, asked)
        value = getattr(statement, "value", None)
        if value is not None and (assigns or returns):
            yield before[-1].variable, value


def _empty_name(test: ast.expr) -> str:
    """Return the name whose emptiness a condition asks for: `not x`, `x is None`, `x == ""`, also as one of several."""
    if isinstance(test, ast.BoolOp):
        return next(filter(None, map(_empty_name, test.values)), "")
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return dotted(test.operand)
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.Eq):
        right = test.comparators[0]
        return dotted(test.left) if isinstance(right, ast.Constant) and not right.value else ""
    return ""


def _returns(function: ast.AST | None, name: str) -> bool:
    return function is not None and any(
        isinstance(node, ast.Return) and node.value is not None and any(dotted(part) == name for part in below(node.value))
        for node in below(function)
    )


def _ends(body: list[ast.stmt]) -> bool:
    """Whether a block ends the program in some case."""
    return any(
        isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and last_name(node) in _ENDS)
        for statement in body
        for node in below(statement)
    )


def _of_attempt(attempt: ast.Try, read_of: ReadOf) -> Iterator[tuple[str, ast.expr]]:
    """Yield variable and literal of `try: x = os.environ["X"]` and `except KeyError: x = "literal"`."""
    tried = {
        dotted(target): variable
        for statement in attempt.body
        if isinstance(statement, ast.Assign) and (variable := _variable(statement.value, read_of))
        for target in statement.targets
    }
    for handler in attempt.handlers:
        for statement in handler.body:
            if isinstance(statement, ast.Assign):
                for target in statement.targets:
                    if dotted(target) in tried:
                        yield tried[dotted(target)], statement.value


def _of_return(function: ast.AST, kept: list[_Kept]) -> Iterator[tuple[str, ast.expr]]:
    """Yield variable and literal of `if secret: return secret` with `return "literal"` behind it."""
    body = getattr(function, "body", [])
    for condition, last in pairwise(body):
        if not isinstance(condition, ast.If) or not isinstance(last, ast.Return) or last.value is None:
            continue
        name = dotted(condition.test)
        gives_it = any(
            isinstance(item, ast.Return) and item.value is not None and dotted(item.value) == name for item in condition.body
        )
        variable = next((item.variable for item in kept if item.name == name and item.function is function), "")
        if name and gives_it and variable:
            yield variable, last.value
