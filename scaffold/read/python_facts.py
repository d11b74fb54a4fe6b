"""Facts in Python code: routes, metrics, logging, workers, tracing, and where a server starts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.read.python_tree import (
    Function,
    Scope,
    Tree,
    at,
    below,
    dotted,
    first_text,
    keyword,
    last_name,
    text_value,
    texts_below,
)

_METHODS = frozenset({"get", "post", "put", "delete", "patch", "head", "options", "route", "api_route", "websocket", "view"})
_ROUTE_CALLS = frozenset(
    {"add_api_route", "add_url_rule", "add_route", "add_get", "add_post", "Route", "APIRoute", "add_api_websocket_route"}
)
_DJANGO_ROUTES = frozenset({"path", "re_path", "url"})
_APPS = frozenset(
    {"FastAPI", "Flask", "Starlette", "Sanic", "Quart", "Litestar", "get_wsgi_application", "get_asgi_application"}
)
_METRICS_LIBRARIES = (
    "prometheus_client",
    "prometheus_fastapi_instrumentator",
    "starlette_exporter",
    "starlette_prometheus",
    "prometheus_flask_exporter",
    "django_prometheus",
    "aioprometheus",
    "opentelemetry.exporter.prometheus",
    "opentelemetry.metrics",
)
_TRACING = {
    "sentry_sdk.init": "sentry",
    "sentry_init": "sentry",
    "TracerProvider": "opentelemetry",
    "FastAPIInstrumentor": "opentelemetry",
    "instrument_app": "opentelemetry",
    "ddtrace.patch_all": "datadog",
    "patch_all": "datadog",
    "ElasticAPM": "elastic-apm",
    "newrelic.agent.initialize": "newrelic",
    "rollbar.init": "rollbar",
}
_FILE_HANDLERS = frozenset({"FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "WatchedFileHandler"})
_JSON_LOGGERS = frozenset(
    {"JsonFormatter", "JSONFormatter", "JSONRenderer", "ProcessorFormatter", "ECSFormatter", "StdlibFormatter", "JsonLogger"}
)
_EXPOSITION = re.compile(r"# (?:TYPE|HELP) |_bucket\{|text/plain; version=0\.0\.4")
_SCRAPE_WORD = re.compile(r"generate_latest|CONTENT_TYPE_LATEST|text/plain|PlainTextResponse")
_TEXT_FORMAT = re.compile(r"%\((?:message|asctime|levelname)\)|\{(?:message|asctime|levelname)\}")


class FactsReader:
    """Finds facts in the nodes of one file."""

    def __init__(self, path: str, tree: Tree, imports: frozenset[str]) -> None:
        self.path = path
        self.tree = tree
        self.imports = imports
        self.routers = _router_prefixes(tree)
        self.scraped = _scrape_handlers(tree) if _SCRAPE_WORD.search(tree.text) else frozenset()
        self.is_django = path.endswith("urls.py")

    def found(self) -> Iterator[CodeFact]:
        """Yield every fact of the file."""
        for call, _ in self.tree.of(ast.Call):
            yield from self._call(call)
        for function in self.tree.functions():
            yield from self._decorated(function)
        for plain, _ in self.tree.of(ast.Import):
            for alias in plain.names:
                yield from self._imported(alias.name, plain)
        for named, _ in self.tree.of(ast.ImportFrom):
            yield from self._imported(named.module or "", named)
        for holder, _ in self.tree.of(ast.ClassDef):
            yield from self._class(holder)
        yield from self._exposition()

    def _exposition(self) -> Iterator[CodeFact]:
        """Code that writes the Prometheus text format itself: the class named after it, else what holds the text."""
        if not _EXPOSITION.search(self.tree.text):
            return
        name = _exporter_name(self.tree)
        for text, scope in self.tree.of(ast.Constant):
            if isinstance(text.value, str) and _EXPOSITION.search(text.value):
                yield self._fact("metrics-exporter", name or _holder(scope), text)

    def _fact(self, kind: str, detail: str, node: ast.AST) -> CodeFact:
        return CodeFact(kind, detail, at(self.path, node))

    # --- routes -------------------------------------------------------------------------------------------------------

    def _decorated(self, function: Function) -> Iterator[CodeFact]:
        for decorator in function.decorator_list:
            if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
                continue
            path = first_text(decorator)
            if decorator.func.attr in _METHODS and path is not None and (path.startswith("/") or path == ""):
                full = self.routers.get(dotted(decorator.func.value), "") + path
                yield self._fact("http-route", full or "/", decorator)
                if function.name in self.scraped:
                    yield self._fact("metrics-route", full or "/", decorator)

    def _call(self, node: ast.Call) -> Iterator[CodeFact]:
        name = last_name(node)
        yield from self._route_call(name, node)
        yield from self._metrics_call(name, node)
        yield from self._logging_call(name, node)
        yield from self._server_call(name, node)
        tracing = _TRACING.get(dotted(node.func)) or _TRACING.get(name)
        if tracing:
            yield self._fact("tracing", tracing, node)

    def _route_call(self, name: str, node: ast.Call) -> Iterator[CodeFact]:
        path = first_text(node)
        if path is None:
            return
        if name in _ROUTE_CALLS and path.startswith("/"):
            yield self._fact("http-route", path, node)
            handler = next((last_name(item) for item in [*node.args[1:], *(word.value for word in node.keywords)]), "")
            if handler in self.scraped or handler == "handle_metrics":
                yield self._fact("metrics-route", path, node)
        elif name in _DJANGO_ROUTES and self.is_django:
            full = "/" + re.sub(r"^\^|\$$", "", path)
            if "django_prometheus.urls" in texts_below(node):
                yield self._fact("metrics-route", f"{full.rstrip('/')}/metrics", node)
            yield self._fact("http-route", full, node)

    # --- metrics ------------------------------------------------------------------------------------------------------

    def _metrics_call(self, name: str, node: ast.Call) -> Iterator[CodeFact]:
        if (
            name == "expose"
            and any(last_name(item) == "Instrumentator" or last_name(item) == "instrument" for item in below(node.func))
        ) or (name == "expose" and "prometheus_fastapi_instrumentator" in self.imports):
            yield self._fact("metrics-route", text_value(keyword(node, "endpoint")) or "/metrics", node)
        elif name in {"mount", "Mount"} and {last_name(item) for item in below(node)} & {
            "make_asgi_app",
            "make_wsgi_app",
            "metrics_app",
        }:
            yield self._fact("metrics-route", first_text(node) or "/metrics", node)
        elif name in {"PrometheusMetrics", "GunicornPrometheusMetrics", "UWsgiPrometheusMetrics"}:
            path = keyword(node, "path")
            yield self._fact("metrics-route", text_value(path) or "/metrics", node)
        elif name in {"start_http_server", "start_wsgi_server"} and "prometheus_client" in self.imports:
            yield self._fact("metrics-route", "/metrics", node)

    def _imported(self, module: str, node: ast.stmt) -> Iterator[CodeFact]:
        library = next((name for name in _METRICS_LIBRARIES if module == name or module.startswith(f"{name}.")), None)
        if library:
            yield self._fact("metrics-library", library, node)
        if module.startswith(("pythonjsonlogger", "json_log_formatter", "ecs_logging", "json_logging")):
            yield self._fact("logging-json", module.partition(".")[0], node)

    # --- logging ------------------------------------------------------------------------------------------------------

    def _logging_call(self, name: str, node: ast.Call) -> Iterator[CodeFact]:
        if name in _FILE_HANDLERS:
            yield self._fact("logging-file", name, node)
        elif name == "StreamHandler":
            yield self._fact("logging-stream", name, node)
        elif name == "basicConfig" and dotted(node.func) in {"logging.basicConfig", "basicConfig"}:
            yield from self._basic_config(node)
        elif name == "Formatter" and dotted(node.func) in {"logging.Formatter", "Formatter"}:
            yield self._fact("logging-text", "Formatter", node)
        elif name == "dictConfig" and (kind := _format_kind(node)):
            yield self._fact(kind, "dictConfig", node)
        elif name in _JSON_LOGGERS and name != "ProcessorFormatter":
            yield self._fact("logging-json", name, node)
        elif name == "ConsoleRenderer":
            yield self._fact("logging-text", name, node)
        elif dotted(node.func) == "logger.add" and "loguru" in self.imports:
            serialize = text_value(keyword(node, "serialize")) == "True"
            yield self._fact("logging-json" if serialize else "logging-text", "loguru", node)

    def _basic_config(self, node: ast.Call) -> Iterator[CodeFact]:
        """Handlers bring their own format; without them the format is text, given or by default."""
        if keyword(node, "filename") is not None:
            yield self._fact("logging-file", "basicConfig", node)
        elif keyword(node, "handlers") is None:
            yield self._fact("logging-stream", "basicConfig", node)
        if keyword(node, "handlers") is None or keyword(node, "format") is not None:
            text = " ".join(texts_below(node)).strip()
            yield self._fact("logging-json" if text.startswith('{"') else "logging-text", "basicConfig", node)

    def _class(self, node: ast.ClassDef) -> Iterator[CodeFact]:
        if not any(last_name(base).endswith("Formatter") for base in node.bases):
            return
        dumps = any(isinstance(item, ast.Call) and last_name(item) in {"dumps", "to_json"} for item in below(node))
        if dumps or any(last_name(base) in _JSON_LOGGERS for base in node.bases):
            yield self._fact("json-formatter", node.name, node)

    # --- servers and workers ------------------------------------------------------------------------------------------

    def _server_call(self, name: str, node: ast.Call) -> Iterator[CodeFact]:
        if name == "Celery":
            yield self._fact("celery-app", self.path, node)
        elif name in _APPS or dotted(node.func) in {"uvicorn.run", "web.run_app", "serve"}:
            yield self._fact("server-entry", self.path, node)
        elif name == "add_middleware" and "CORSMiddleware" in {last_name(item) for item in node.args}:
            yield self._cors(node)

    def _cors(self, node: ast.Call) -> CodeFact:
        words = []
        if text_value(keyword(node, "allow_credentials")) == "True":
            words.append("credentials")
        origins = keyword(node, "allow_origins")
        if origins is not None and "*" in texts_below(origins):
            words.append("any-origin")
        if keyword(node, "allow_origin_regex") is not None:
            words.append("regex")
        return self._fact("cors", " ".join(words), node)


def _router_prefixes(tree: Tree) -> dict[str, str]:
    """Return the prefix of each router or blueprint that the module makes."""
    found = {}
    for node, _ in tree.of(ast.Assign):
        if isinstance(node.value, ast.Call) and last_name(node.value) in {"APIRouter", "Blueprint"}:
            prefix = text_value(keyword(node.value, "prefix", "url_prefix"))
            for target in node.targets:
                if isinstance(target, ast.Name) and prefix:
                    found[target.id] = prefix.rstrip("/")
    return found


def _exporter_name(tree: Tree) -> str:
    """Return the class of the module that is named after Prometheus or exporting, "" when there is none."""
    return next((node.name for node, _ in tree.of(ast.ClassDef) if re.search(r"Prometheus|Exporter", node.name)), "")


def _holder(scope: Scope) -> str:
    if scope.classes:
        return scope.classes[-1].name
    return scope.function.name if scope.function else ""


def _scrape_handlers(tree: Tree) -> frozenset[str]:
    """Return the functions that answer with the Prometheus text format."""
    found = set()
    for node in tree.functions():
        words = {last_name(item) for item in below(node)}
        plain = any("text/plain" in text for text in texts_below(node)) or "PlainTextResponse" in words
        writes = plain and words & {"export", "render", "generate", "exposition"}
        if writes or words & {"generate_latest", "CONTENT_TYPE_LATEST"}:
            found.add(node.name)
    return frozenset(found)


def _format_kind(node: ast.Call) -> str:
    words = texts_below(node)
    if any("json" in word.lower() for word in words):
        return "logging-json"
    return "logging-text" if any(_TEXT_FORMAT.search(word) for word in words) else ""
