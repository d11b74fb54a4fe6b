"""What an empty text becomes where Python code reads a variable that need not be set: refused, kept, or as if not set."""

from __future__ import annotations

import ast

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.read.code import is_kept
from scaffold.read.python_tree import Tree, keyword, last_name, text_value

_REFUSING = frozenset(
    {
        *("int", "float", "bool", "Decimal", "PositiveInt", "NonNegativeInt", "PositiveFloat", "UUID", "datetime", "date"),
        *("timedelta", "AnyUrl", "AnyHttpUrl", "HttpUrl", "PostgresDsn", "RedisDsn", "AmqpDsn", "MongoDsn", "MySQLDsn"),
        *(
            "Literal",
            "EmailStr",
            "IPvAnyAddress",
            "IPv4Address",
            "dict",
            "list",
            "set",
            "tuple",
            "Dict",
            "List",
            "Set",
            "Tuple",
        ),
    }
)
"""Types that pydantic makes of no empty text."""
_NO_TYPES = frozenset({"Optional", "Union", "None"})
_BEFORE = regex(
    r"mode\s*=\s*[\"'](?:before|wrap|plain)|\bpre\s*=\s*True|BeforeValidator|env_ignore_empty|parse_env_var|NoDecode"
)
"""Code that sees the text before pydantic does, or passes empty ones over."""


@frozen
class EmptyTexts:
    """What the code around the reads of a file does with an empty text."""

    replaced: frozenset[ast.Call]
    """Reads with `or` behind them, and those that code looks at before it takes them."""
    counted: frozenset[ast.Call]
    """Reads of which a number is made."""
    ignored: bool
    """Whether settings of pydantic may never see one."""

    def of_call(self, node: ast.Call, default: ast.expr | None) -> str:
        """Return `refused`, `kept` or "" for a read with a default."""
        if node in self.replaced or not isinstance(default, ast.Constant):
            return ""
        if node in self.counted:
            return "refused"
        return "kept" if is_kept(text_value(default)) else ""

    def of_field(self, node: ast.AnnAssign, default: ast.expr | None) -> str:
        """Return `refused`, `kept` or "" for a field of pydantic settings that has a default."""
        if self.ignored:
            return ""
        types = _types(node.annotation)
        if types and types <= _REFUSING | _NO_TYPES:
            return "refused" if types & _REFUSING else ""
        least = keyword(node.value, "min_length") if isinstance(node.value, ast.Call) else None
        if "str" in types and isinstance(least, ast.Constant) and isinstance(least.value, int) and least.value > 0:
            return "refused"
        return "kept" if types <= _NO_TYPES | {"str"} and is_kept(text_value(default)) else ""


def empty_texts(tree: Tree) -> EmptyTexts:
    """Return what a file does with empty texts."""
    replaced = {value for choice, _ in tree.of(ast.BoolOp) for value in choice.values if isinstance(value, ast.Call)}
    replaced |= {node.test for node, _ in tree.of(ast.IfExp) if isinstance(node.test, ast.Call)}
    counted = {
        call.args[0]
        for call, _ in tree.of(ast.Call)
        if isinstance(call.func, ast.Name)
        and call.func.id in {"int", "float"}
        and call.args
        and isinstance(call.args[0], ast.Call)
    }
    return EmptyTexts(frozenset(replaced), frozenset(counted), bool(_BEFORE.search(tree.text)))


def _types(annotation: ast.expr) -> frozenset[str]:
    """Return the names of the types that an annotation allows; what stands in the brackets of a list is none of its own."""
    found: set[str] = set()
    pending = [annotation]
    while pending:
        node = pending.pop()
        name = last_name(node.value if isinstance(node, ast.Subscript) else node)
        if isinstance(node, ast.BinOp):
            pending += (node.left, node.right)
        elif isinstance(node, ast.Constant):
            found.add("None" if node.value is None else "?")
        elif isinstance(node, ast.Subscript) and (name == "Literal" or name in _NO_TYPES):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if name == "Literal":
                found.add(name if all(text_value(item) for item in inner) else "?")
            else:
                pending += inner
        else:
            found.add(name or "?")
    return frozenset(found)
