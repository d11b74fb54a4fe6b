"""A metrics route for a Python application whose code or manifest has what makes the metrics already, and no route for it."""

from __future__ import annotations

import ast
import re

from scaffold.model.artifact import Splice
from scaffold.model.compose import Service
from scaffold.model.django_metrics import django_changes, django_files
from scaffold.model.document import Span
from scaffold.model.flask_metrics import flask_splices
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact, Project, SourceFile
from scaffold.model.python_source import (
    Function,
    PythonSource,
    bound_names,
    enclosing,
    imports_of,
    parse_python,
)
from scaffold.model.regex import regex

_INSTRUMENTATOR = "prometheus-fastapi-instrumentator"
_CLIENTS = frozenset({"prometheus_client"})
_SEVERAL_PROCESSES = regex(
    r"\bgranian\b|\buwsgi\b|\bWEB_CONCURRENCY\b|\bGUNICORN_CMD_ARGS\b"
    r"|--(?:workers|processes)[= ]+(?!1\b)|(?:^|\s)-w[= ]*(?!1\b|[= ])"
    r"|\bgunicorn\b.*\s(?:-c|--config)\b"
)
_SCRIPT = regex(r"(?:^|/)([\w.-]+\.(?:sh|bash))$")
_NAME = "prometheus_metrics"


@frozen
class MetricsRoute:
    """What the route gives out: form is instrumentator, client (prometheus_client) or exporter (a class of their own) for
    FastAPI, flask-exporter or flask-client, django-prometheus or django-client.
    """

    form: str
    app: SourceFile
    """What makes the application; of Django the module of its URLs."""
    exporter: SourceFile | None = None
    """The module of the exporter's class; of Django the settings."""
    class_name: str = ""

    def changes(self) -> tuple[tuple[str, tuple[Splice, ...]], ...]:
        """Return the changes by path; empty where a file is not in a form that can be edited."""
        if self.form.startswith("django-"):
            return django_changes(self.form, self.app, self.exporter)
        splices = self._splices()
        return ((self.app.path, splices),) if splices else ()

    def _splices(self) -> tuple[Splice, ...]:
        if self.form.startswith("flask-"):
            return flask_splices(self.form, self.app.text)
        source = parse_python(self.app.text)
        made = _app_assignment(source) if source else None
        if source is None or made is None or _NAME in bound_names(source):
            return ()
        if self.form == "instrumentator":
            return _instrumented(source, *made)
        if self.form == "client":
            return _client_route(source, *made)
        return self._exporter_route(source, *made)

    def _exporter_route(self, source: PythonSource, assigned: ast.Assign, name: str) -> tuple[Splice, ...]:
        exporter = parse_python(self.exporter.text) if self.exporter else None
        found = _exporter_shape(exporter, self.class_name) if exporter else None
        home = enclosing(source, assigned)
        if found is None or home is None:
            return ()
        collector, method = found
        module = _import_of(source, collector)
        value = _only_instance(home[0], collector)
        if module is None or value is None or self.class_name in bound_names(source):
            return ()
        text = f'Response({self.class_name}({value}).{method}(), media_type="text/plain; version=0.0.4")'
        return (_extended(source, module, self.class_name), *_route(source, home[0], name, text))


def metrics_route(project: Project, service: Service) -> MetricsRoute | None:
    """Return the route that closes MET004 for a service, or None where it needs a person."""
    context = service.made.context if service.made else None
    if context is None or _has_several_processes(project, service):
        return None
    prefix = "" if context in {"", "."} else f"{context.removeprefix('./').rstrip('/')}/"
    facts = [fact for fact in project.code_facts if fact.location.path.startswith(prefix) and fact.reachable is not False]
    if any(fact.kind == "metrics-route" or (fact.kind == "http-route" and fact.detail == "/metrics") for fact in facts):
        return None
    names = _dependencies(project, prefix)
    client = any(fact.kind == "metrics-library" and fact.detail in _CLIENTS for fact in facts)
    app = _application(project, facts, "FastAPI")
    flask = _application(project, facts, "Flask")
    found = _form(app, names, facts, project, client=client) if app and not flask else None
    if flask and not app:
        form = "flask-exporter" if "prometheus-flask-exporter" in names else "flask-client" if client else ""
        found = MetricsRoute(form, flask) if form else None
    elif not app and not flask:
        form = "django-prometheus" if "django-prometheus" in names else "django-client" if client else ""
        django = django_files(project, prefix, service) if form else None
        found = MetricsRoute(form, *django) if django else None
    return found if found and found.changes() else None


def _has_several_processes(project: Project, service: Service) -> bool:
    """Whether more than one process serves, or may, so that each would give out metrics of its own."""
    dockerfile = project.image_of(service)
    texts = [" ".join((*(service.entrypoint or ()), *(service.command or ()))), *(entry.name for entry in service.environment)]
    for keyword in ("CMD", "ENTRYPOINT", "ENV"):
        found = dockerfile.effective(keyword, service.build_target) if dockerfile else None
        texts.append(" ".join(found.argv) or found.text if found else "")
    scripts = {match[1] for text in texts for word in text.split() if (match := _SCRIPT.search(word.strip("\"'")))}
    lines = [command for command in project.commands if command.location.path.rpartition("/")[2] in scripts]
    read = {command.location.path.rpartition("/")[2] for command in lines}
    texts += [command.text for command in lines]
    configured = any("gunicorn" in text for text in texts) and any(path.endswith("gunicorn.conf.py") for path in project.files)
    return configured or scripts != read or any(_SEVERAL_PROCESSES.search(text) for text in texts)


def _application(project: Project, facts: list[CodeFact], name: str) -> SourceFile | None:
    """Return the one file that makes an application of a framework, or None when there is none or there are several."""
    paths = sorted({fact.location.path for fact in facts if fact.kind == "server-entry" and fact.location.path.endswith(".py")})
    files = [SourceFile(path, text) for path in paths if f"{name}(" in (text := project.source(path) or "")]
    return files[0] if len(files) == 1 else None


def _dependencies(project: Project, prefix: str) -> frozenset[str]:
    manifests = [item for item in project.manifests if item.path.startswith(prefix) and item.ecosystem == "python"]
    return frozenset(
        re.split(r"[\s<>=~!;\[(@]", name.lower(), maxsplit=1)[0] for item in manifests for name in item.dependencies
    )


def _form(
    app: SourceFile, names: frozenset[str], facts: list[CodeFact], project: Project, *, client: bool
) -> MetricsRoute | None:
    if _INSTRUMENTATOR in names:
        return MetricsRoute("instrumentator", app)
    if client:
        return MetricsRoute("client", app)
    exporters = sorted({(fact.location.path, fact.detail) for fact in facts if fact.kind == "metrics-exporter"})
    if len(exporters) != 1:
        return None
    path, name = exporters[0]
    return MetricsRoute("exporter", app, SourceFile(path, project.source(path) or ""), name)


# --- the application's file -------------------------------------------------------------------------------------------


def _app_assignment(source: PythonSource) -> tuple[ast.Assign, str] | None:
    """Return the one `name = FastAPI(...)` and its name."""
    found = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "FastAPI"
    ]
    if len(found) != 1 or len(found[0].targets) != 1 or not isinstance(found[0].targets[0], ast.Name):
        return None
    return found[0], found[0].targets[0].id


def _instrumented(source: PythonSource, assigned: ast.Assign, name: str) -> tuple[Splice, ...]:
    if "Instrumentator" in bound_names(source):
        return ()
    line = f"{source.indent(assigned)}Instrumentator().instrument({name}).expose({name}, include_in_schema=False)"
    imported = "from prometheus_fastapi_instrumentator import Instrumentator"
    return (_imported(source, imported), source.insert(source.behind(assigned), [line]))


def _client_route(source: PythonSource, assigned: ast.Assign, name: str) -> tuple[Splice, ...]:
    home = enclosing(source, assigned)
    if home is None or {"CONTENT_TYPE_LATEST", "generate_latest"} & set(bound_names(source)):
        return ()
    text = "Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)"
    imported = "from prometheus_client import CONTENT_TYPE_LATEST, generate_latest"
    return (_imported(source, imported), *_route(source, home[0], name, text))


def _imported(source: PythonSource, line: str) -> Splice:
    """Return the splice that imports from another package: behind the packages of the same block that sort before it."""
    head = [node for node in imports_of(source) if isinstance(node, ast.ImportFrom) and node.level == 0]
    module = line.split()[1]
    framework = next((node for node in head if (node.module or "") == "fastapi"), None)
    before = [node for node in head if "fastapi" <= (node.module or "").partition(".")[0] <= module and framework]
    last = before[-1] if before else imports_of(source)[-1]
    return source.insert(source.behind(last), [line])


def _route(source: PythonSource, body: list[ast.stmt], app: str, response: str) -> tuple[Splice, ...]:
    """Return the splices that add the route before the first one of the body; empty where there is none to stand before."""
    first = next((node for node in body if isinstance(node, Function) and _is_route(node, app)), None)
    if first is None:
        return ()
    indent = source.indent(first)
    line = min(decorator.lineno for decorator in first.decorator_list)
    gap = [""] if indent else ["", ""]
    text = [f'@{app}.get("/metrics", include_in_schema=False)', f"def {_NAME}() -> Response:", f"    return {response}"]
    route = source.insert(source.starts[line - 1], [*(indent + item for item in text), *gap])
    if bound_names(source).get("Response", "").startswith(("fastapi:", "starlette.", "fastapi.")):
        return (route,)
    module = _import_of(source, "FastAPI")
    if module is None or "Response" in bound_names(source):
        return ()
    return (_extended(source, module, "Response"), route)


def _is_route(node: Function, app: str) -> bool:
    return any(ast.unparse(decorator).startswith(f"{app}.") for decorator in node.decorator_list)


def _import_of(source: PythonSource, name: str) -> ast.ImportFrom | None:
    """Return the one-line import that brings a name under itself, or None."""
    for node in imports_of(source):
        if isinstance(node, ast.ImportFrom) and any(alias.name == name and alias.asname is None for alias in node.names):
            text = source.text[source.span(node).start : source.span(node).end]
            return node if "(" not in text and "\n" not in text else None
    return None


def _extended(source: PythonSource, node: ast.ImportFrom, name: str) -> Splice:
    place = source.span(node).end
    return Splice(Span(place, place), f", {name}")


# --- a class of the project's own -------------------------------------------------------------------------------------


def _exporter_shape(source: PythonSource, name: str) -> tuple[str, str] | None:
    """Return the class that the exporter is made from and its one method that gives the text; None for another shape."""
    holder = next((node for node in source.tree.body if isinstance(node, ast.ClassDef) and node.name == name), None)
    methods = {node.name: node for node in holder.body if isinstance(node, ast.FunctionDef)} if holder else {}
    made = methods.get("__init__")
    if (
        made is None
        or len(made.args.args) != 2
        or made.args.kwonlyargs
        or not isinstance(made.args.args[1].annotation, ast.Name)
    ):
        return None
    collector = made.args.args[1].annotation.id
    known = any(isinstance(node, ast.ClassDef) and node.name == collector for node in source.tree.body)
    texts = [
        node.name
        for node in methods.values()
        if not node.name.startswith("_") and len(node.args.args) == 1 and _gives_text(node) and not node.decorator_list
    ]
    return (collector, texts[0]) if known and len(texts) == 1 else None


def _gives_text(node: ast.FunctionDef) -> bool:
    return isinstance(node.returns, ast.Name) and node.returns.id == "str"


def _only_instance(body: list[ast.stmt], name: str) -> str | None:
    """Return the variable of a body that holds the one instance of a class."""
    found = [
        node.targets[0].id
        for node in body
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == name
    ]
    return found[0] if len(found) == 1 else None
