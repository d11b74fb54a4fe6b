"""A metrics route for a Flask application, made at the top of its module or in the function that makes it."""

from __future__ import annotations

import ast

from scaffold.model.artifact import Splice
from scaffold.model.python_source import PythonSource, bound_names, import_line, imports_of, parse_python

_ROUTE = (
    '@{name}.route("/metrics")',
    "def prometheus_metrics() -> Response:",
    "    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)",
)


def flask_splices(form: str, text: str) -> tuple[Splice, ...]:
    """Return the changes of the module that makes the application; empty where it is not in a form that can be edited."""
    source = parse_python(text)
    made = _made(source) if source else None
    if source is None or made is None or not imports_of(source):
        return ()
    bound = bound_names(source)
    assigned, name = made
    indent = source.indent(assigned)
    if form == "flask-exporter":
        if "PrometheusMetrics" in bound:
            return ()
        imported = import_line(source, "from prometheus_flask_exporter import PrometheusMetrics", "flask")
        return (imported, source.insert(source.behind(assigned), [f"{indent}PrometheusMetrics({name})"]))
    if {"CONTENT_TYPE_LATEST", "generate_latest", "prometheus_metrics"} & set(bound):
        return ()
    if bound.get("Response", "flask:Response") not in {"flask:Response", "flask.wrappers:Response"}:
        return ()
    return (*_imports(source, bound), _route(source, assigned, name))


def _imports(source: PythonSource, bound: dict[str, str]) -> tuple[Splice, ...]:
    lines = ["from prometheus_client import CONTENT_TYPE_LATEST, generate_latest"]
    if "Response" not in bound:
        lines.insert(0, "from flask import Response")
    return tuple(import_line(source, line, "flask") for line in lines)


def _route(source: PythonSource, assigned: ast.Assign, name: str) -> Splice:
    indent = source.indent(assigned)
    gap = [""] if indent else ["", ""]
    lines = [indent + line.format(name=name) for line in _ROUTE]
    place = source.behind(assigned)
    rest = source.text[place:]
    blank = len(rest) - len(rest.lstrip("\r\n"))
    behind = gap if rest.strip() and not blank else []
    return source.insert(place, [*gap, *lines, *behind])


def _made(source: PythonSource) -> tuple[ast.Assign, str] | None:
    """Return the one `name = Flask(...)` and its name."""
    found = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) in {"Flask", "flask.Flask"}
    ]
    if len(found) != 1 or len(found[0].targets) != 1 or not isinstance(found[0].targets[0], ast.Name):
        return None
    return found[0], found[0].targets[0].id
