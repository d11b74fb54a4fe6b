"""A metrics route for a Django project that answers to the host names under which a Prometheus in the stack asks."""

from __future__ import annotations

import ast
import re

from scaffold.model.artifact import Splice
from scaffold.model.compose import Service
from scaffold.model.document import Span
from scaffold.model.project import Project, SourceFile
from scaffold.model.python_source import PythonSource, bound_names, import_line, imports_of, parse_python
from scaffold.model.regex import regex

_ROOT = regex(r"^ROOT_URLCONF\s*=\s*[\"']([\w.]+)[\"']", re.MULTILINE)
_HOSTS = regex(r"^ALLOWED_HOSTS\b.*(?:\n[ \t\])}].*)*", re.MULTILINE)
_VIEW = (
    "def prometheus_metrics(request: HttpRequest) -> HttpResponse:",
    "    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)",
)
_FIRST = "django_prometheus.middleware.PrometheusBeforeMiddleware"
_LAST = "django_prometheus.middleware.PrometheusAfterMiddleware"


def django_files(project: Project, prefix: str, service: Service) -> tuple[SourceFile, SourceFile] | None:
    """Return the module of the URLs and the one settings module, where Prometheus is not refused for its host name.

    Django answers 400 to a host that ALLOWED_HOSTS does not name; Prometheus asks with the name of the service.
    """
    found = []
    for item in project.sources:
        match = _ROOT.search(item.text) if item.path.startswith(prefix) and item.path.endswith(".py") else None
        hosts = _HOSTS.search(item.text) if match else None
        if match:
            found.append((item, match[1], hosts[0] if hosts else ""))
    if len(found) != 1:
        return None
    settings, module, hosts_text = found[0]
    allowed = re.findall(r"[\"'\s,]([*\w.-]+)(?=[\"',])", hosts_text)
    path = f"{prefix}{module.replace('.', '/')}.py"
    urls = project.source(path)
    if urls is None or not ({"*", *service.names} & set(allowed)):
        return None
    return SourceFile(path, urls), settings


def django_changes(form: str, urls: SourceFile, settings: SourceFile | None) -> tuple[tuple[str, tuple[Splice, ...]], ...]:
    """Return the changes by path; empty where a file is not in a form that can be edited."""
    source = parse_python(urls.text)
    routes = _list(source, "urlpatterns") if source else None
    if source is None or routes is None or settings is None or not imports_of(source):
        return ()
    if form == "django-client":
        made = _view(source, routes)
        return ((urls.path, made),) if made else ()
    configured = _settings(settings.text)
    bound = bound_names(source)
    if not configured or "path" not in bound:
        return ()
    lines = [] if "include" in bound else [import_line(source, "from django.urls import include", "django")]
    entry = _first(source, routes, 'path("", include("django_prometheus.urls"))')
    return ((settings.path, configured), (urls.path, (*lines, entry)))


def _view(source: PythonSource, routes: ast.List) -> tuple[Splice, ...]:
    bound = bound_names(source)
    if "path" not in bound or {"prometheus_metrics", "generate_latest", "CONTENT_TYPE_LATEST"} & set(bound):
        return ()
    wanted = [name for name in ("HttpRequest", "HttpResponse") if bound.get(name) != f"django.http:{name}"]
    if any(name in bound for name in wanted):
        return ()
    lines = [f"from django.http import {', '.join(wanted)}"] if wanted else []
    lines.append("from prometheus_client import CONTENT_TYPE_LATEST, generate_latest")
    holder = next(node for node in source.tree.body if any(item is routes for item in ast.walk(node)))
    view = source.insert(source.starts[holder.lineno - 1], [*_VIEW, "", ""])
    imports = tuple(import_line(source, line, "django") for line in lines)
    return (*imports, view, _first(source, routes, 'path("metrics", prometheus_metrics)'))


def _settings(text: str) -> tuple[Splice, ...]:
    """Return the changes that count requests: the first and the last middleware, and the application itself."""
    source = parse_python(text)
    apps = _list(source, "INSTALLED_APPS") if source else None
    middleware = _list(source, "MIDDLEWARE") if source else None
    if source is None or apps is None or middleware is None or "django_prometheus" in text or not middleware.elts:
        return ()
    return (
        _first(source, apps, '"django_prometheus"'),
        _first(source, middleware, f'"{_FIRST}"'),
        _last(source, middleware, f'"{_LAST}"'),
    )


def _list(source: PythonSource, name: str) -> ast.List | None:
    """Return the list of the one statement at the top of the module that sets a name."""
    found = [
        node.value
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign)
        and name in {ast.unparse(target) for target in (node.targets if isinstance(node, ast.Assign) else [node.target])}
    ]
    (value,) = found if len(found) == 1 else (None,)
    top = [node.value for node in source.tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    return value if isinstance(value, ast.List) and any(value is item for item in top) else None


def _first(source: PythonSource, items: ast.List, text: str) -> Splice:
    span = source.span(items)
    if not items.elts:
        return Splice(Span(span.start + 1, span.start + 1), text)
    start = source.span(items.elts[0]).start
    line = source.starts[items.elts[0].lineno - 1]
    before = source.text[line:start]
    separator = f",{source.line_end}{before}" if not before.strip() and items.elts[0].lineno > items.lineno else ", "
    return Splice(Span(start, start), f"{text}{separator}")


def _last(source: PythonSource, items: ast.List, text: str) -> Splice:
    last = items.elts[-1]
    end = source.span(last).end
    line = source.starts[last.lineno - 1]
    before = source.text[line : source.span(last).start]
    separator = f",{source.line_end}{before}" if not before.strip() and last.lineno > items.lineno else ", "
    return Splice(Span(end, end), f"{separator}{text}")
