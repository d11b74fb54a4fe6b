"""A Python file as text and tree, for edits that change single lines of it."""

from __future__ import annotations

import ast
from dataclasses import field

from scaffold.model.artifact import Splice
from scaffold.model.document import Span
from scaffold.model.frozen import frozen

Function = ast.FunctionDef | ast.AsyncFunctionDef


@frozen
class PythonSource:
    """The text of a module, byte for byte, and its tree."""

    text: str = field(repr=False)
    tree: ast.Module = field(repr=False, compare=False)
    starts: tuple[int, ...] = field(repr=False)
    """Where each line starts, in characters."""

    @property
    def line_end(self) -> str:
        """The line end that the file uses."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def offset(self, line: int, column: int) -> int:
        """Return the place of a line and a column as the tree counts them: from 1, and in bytes of UTF-8 from 0."""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:end].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> Span:
        """Return the range of a node."""
        last = (node.end_lineno or node.lineno, node.end_col_offset or 0)
        return Span(self.offset(node.lineno, node.col_offset), self.offset(*last))

    def behind(self, node: ast.stmt) -> int:
        """Return the place behind the last line of a statement, its comment and line end included."""
        line = node.end_lineno or node.lineno
        return self.starts[line] if line < len(self.starts) else len(self.text)

    def indent(self, node: ast.stmt) -> str:
        """Return the spaces before a statement."""
        start = self.starts[node.lineno - 1]
        return self.text[start : self.offset(node.lineno, node.col_offset)]

    def insert(self, place: int, lines: list[str]) -> Splice:
        """Return the splice that puts whole lines at a place where a line starts, or behind a last line without an end."""
        text = "".join(f"{line}{self.line_end}" for line in lines)
        cut = place > 0 and self.text[place - 1 : place] != "\n"
        return Splice(Span(place, place), f"{self.line_end}{text}" if cut else text)


def parse_python(text: str) -> PythonSource | None:
    """Return the source, or None for what Python does not take and for odd line ends."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    if "\r" in text.replace("\r\n", "") or "\f" in text:
        return None
    return PythonSource(text, tree, tuple(starts))


def bound_names(source: PythonSource) -> dict[str, str]:
    """Return what each name of the module's top level stands for: `import json` is json, others their dotted origin or ""."""
    names: dict[str, str] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names |= {(alias.asname or alias.name.partition(".")[0]): alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names |= {(alias.asname or alias.name): f"{module}:{alias.name}" for alias in node.names}
        elif isinstance(node, Function | ast.ClassDef):
            names[node.name] = ""
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = ""
        elif isinstance(node, ast.arg):
            names.setdefault(node.arg, "")
    return names


def imports_of(source: PythonSource) -> list[ast.Import | ast.ImportFrom]:
    """Return the import statements of the module's head, those of the future left out."""
    found: list[ast.Import | ast.ImportFrom] = []
    for node in source.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif found or not _is_docstring(node):
            break
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def add_imports(source: PythonSource, modules: tuple[str, ...]) -> list[Splice] | None:
    """Return the splices that import standard modules, sorted among those that are there; None where a name is taken."""
    bound = bound_names(source)
    if any(bound.get(name, name) != name for name in modules):
        return None
    missing = sorted(name for name in modules if name not in bound)
    head = imports_of(source)
    if not head:
        return None
    plain = [node for node in head if isinstance(node, ast.Import) and len(node.names) == 1]
    places: dict[int, list[str]] = {}
    for name in missing:
        after = [node for node in plain if node.names[0].name < name and _same_block(source, head[0], node)]
        place = source.behind(after[-1]) if after else source.starts[head[0].lineno - 1]
        places.setdefault(place, []).append(f"import {name}")
    if missing and not _is_standard(head[0]):
        places.get(source.starts[head[0].lineno - 1], []).append("")
    return [source.insert(place, lines) for place, lines in places.items()]


def _is_standard(node: ast.Import | ast.ImportFrom) -> bool:
    import sys

    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    own = isinstance(node, ast.ImportFrom) and node.level > 0
    return not own and all(name.partition(".")[0] in sys.stdlib_module_names for name in names)


def _same_block(source: PythonSource, first: ast.stmt, node: ast.stmt) -> bool:
    """Whether no blank line stands between the first import and a node: standard modules come in one block."""
    between = source.text[source.starts[first.lineno - 1] : source.starts[node.lineno - 1]]
    return not any(not line.strip() for line in between.split("\n")[:-1])


def enclosing(source: PythonSource, node: ast.AST) -> tuple[list[ast.stmt], ast.stmt] | None:
    """Return the innermost block around a node and the statement of it that holds the node.

    None for the body of a class, which runs once and at another time than it seems.
    """
    body: list[ast.stmt] = source.tree.body
    while True:
        holder = next((item for item in body if _holds(item, node)), None)
        if holder is None:
            return None
        inner = next((block for block in _blocks(holder) if any(_holds(item, node) for item in block)), None)
        if inner is None:
            return body, holder
        if isinstance(holder, ast.ClassDef):
            return None
        body = inner


def _holds(statement: ast.stmt, node: ast.AST) -> bool:
    line: int = getattr(node, "lineno", statement.lineno)
    first = min((item.lineno for item in getattr(statement, "decorator_list", ())), default=statement.lineno)
    return first <= line <= (statement.end_lineno or line) and any(child is node for child in ast.walk(statement))


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks directly below a compound statement."""
    found = [getattr(statement, name, None) for name in ("body", "orelse", "finalbody")]
    parts = [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
    return [block for block in (*found, *(part.body for part in parts)) if isinstance(block, list)]


def import_line(source: PythonSource, line: str, framework: str) -> Splice:
    """Return the splice that adds `from a import b` to a head with imports: behind the packages that sort before it.

    Packages are told from the standard library by the framework, the first package of another's that the module imports.
    """
    module = line.split()[1]
    head = [node for node in imports_of(source) if isinstance(node, ast.ImportFrom) and node.level == 0]
    before = [node for node in head if framework <= (node.module or "").partition(".")[0] and (node.module or "") <= module]
    known = any((node.module or "").partition(".")[0] == framework for node in head)
    last = before[-1] if before and known else imports_of(source)[-1]
    return source.insert(source.behind(last), [line])
