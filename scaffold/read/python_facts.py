"""Facts in Python code: routes, metrics, logging, workers, tracing, and where a server starts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.python_tree import (
    Scope,
    Tree,
    at,
    below,
    dotted,
    keyword,
    last_name,
    text_value,
    texts_below,
)

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
_JSON_LOGGER = regex(r"(?i:json)(?:Formatter|Renderer|Logger)$|^(?:ECSFormatter|StdlibFormatter)$")
_EXPOSITION = regex(
    r"# (?:TYPE|HELP) |_bucket\{|text/plain; version=0\.0\.4", words=("HELP", "TYPE", "_bucket{", "text/plain; version=0.0.4")
)
_TEXT_FORMAT = regex(r"%\((?:message|asctime|levelname)\)|\{(?:message|asctime|levelname)\}")


class FactsReader:
    """Finds facts in the nodes of one file."""

    def __init__(self, path: str, tree: Tree, imports: frozenset[str]) -> None:
        self.path = path
        self.tree = tree
        self.imports = imports

    def found(self) -> Iterator[CodeFact]:
        """Yield every fact of the file."""
        for call, _ in self.tree.of(ast.Call):
            yield from self._call(call)
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

    def _call(self, node: ast.Call) -> Iterator[CodeFact]:
        name = last_name(node)
        yield from self._metrics_call(name, node)
        yield from self._logging_call(name, node)
        yield from self._server_call(name, node)
        tracing = _TRACING.get(dotted(node.func)) or _TRACING.get(name)
        if tracing:
            yield self._fact("tracing", tracing, node)

    # --- metrics ------------------------------------------------------------------------------------------------------

    def _metrics_call(self, name: str, node: ast.Call) -> Iterator[CodeFact]:
        if name == "expose":
            made = any(last_name(item) in {"Instrumentator", "instrument"} for item in below(node.func))
            if made or "prometheus_fastapi_instrumentator" in self.imports:
                yield self._fact("metrics-route", text_value(keyword(node, "endpoint")) or "/metrics", node)
        elif name in {"PrometheusMetrics", "GunicornPrometheusMetrics", "UWsgiPrometheusMetrics"}:
            yield self._fact("metrics-route", text_value(keyword(node, "path")) or "/metrics", node)
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
        elif _JSON_LOGGER.search(name):
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
        if dumps or any(_JSON_LOGGER.search(last_name(base)) for base in node.bases):
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


def _exporter_name(tree: Tree) -> str:
    """Return the class of the module that is named after Prometheus or exporting, "" when there is none."""
    return next((node.name for node, _ in tree.of(ast.ClassDef) if re.search(r"Prometheus|Exporter", node.name)), "")


def _holder(scope: Scope) -> str:
    if scope.classes:
        return scope.classes[-1].name
    return scope.function.name if scope.function else ""


def _format_kind(node: ast.Call) -> str:
    words = texts_below(node)
    if any("json" in word.lower() for word in words):
        return "logging-json"
    return "logging-text" if any(_TEXT_FORMAT.search(word) for word in words) else ""
