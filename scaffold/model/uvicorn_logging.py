"""JSON lines from uvicorn, under an application that sets up no logging of its own: which files an edit changes, and how.

Code and no file for `--log-config`: uvicorn has no JSON formatter that such a file could name, and the code also holds under
gunicorn and `uvicorn.run`. Handlers get the formatter when the server imports the application, which is before
its first line (uvicorn.server.Server: the configuration is loaded, then "Started server process" is logged).
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise

from scaffold.model.artifact import Splice
from scaffold.model.compose import Service
from scaffold.model.document import Location, Span
from scaffold.model.frozen import frozen
from scaffold.model.known import all_below, known
from scaffold.model.project import CodeFact, Project, SourceFile
from scaffold.model.python_logging import FORMATTER, NEW_NAMES, two_blank_lines
from scaffold.model.python_source import PythonSource, add_imports, bound_names, imports_of, parse_python
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of

_STARTS = regex(r"\buvicorn\b|\bfastapi\s+run\b")
_SETS_HANDLERS_LATER = regex(r"\bfastapi\s+run\b")
"""It imports the application first, and then gives uvicorn a configuration of its own."""
_RUN = "uvicorn.run("
_TOLD = regex(r"--(?:no-access-log|log-config(?:-json)?)\b|\bUVICORN_(?:LOG_CONFIG|NO_ACCESS_LOG|ACCESS_LOG)\b|\blogconfig")
"""Options and variables by which somebody decided already what is logged, and how."""
_OWN_SETUP = regex(
    r"\blog_config\b|\baccess_log\b|\bLOGGING_CONFIG\b|\b(?:dict|file)Config\(|\bsetFormatter\(|\buvicorn\.(?:access|error)\b"
    r"|\b(?:loguru|structlog|logfire)\b"
)
_LOGGERS = frozenset({"loguru", "structlog", "logfire", "python-json-logger", "json-logging", "ecs-logging", "asgi-logger"})
_FACTS = frozenset({"logging-text", "logging-json", "json-formatter", "logging-file", "logging-stream"})
_APP = regex(r"^[A-Za-z_]\w*(?:\s*:[^=\n]+)?\s*=\s*(?:FastAPI|Starlette|Litestar)\(", re.MULTILINE)
_MODULES = ("json", "logging", "sys", "time")
_ENTRY = "        entry = {\n"
_TYPED = "        entry: dict[str, object] = {\n"
_LAST_LINE = "        return json.dumps(entry, ensure_ascii=False)\n"
_REQUEST = """\
        if record.name == "uvicorn.access" and isinstance(record.args, tuple) and len(record.args) == 5:
            entry["remote_address"], entry["method"], entry["path"], _, entry["status"] = record.args
"""
"""What uvicorn gives its access logger (uvicorn.protocols.http): client, method, path, version and status."""
_APPLY = '''\
def log_as_json() -> None:
    """Gives every handler the JSON formatter, the server's too; what has no handler goes to the standard output."""
    if not logging.root.handlers:
        logging.root.addHandler(logging.StreamHandler(sys.stdout))
    for name in ("", *logging.root.manager.loggerDict):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(JsonFormatter())
'''
_OPTIONS = ("log_config=None", 'log_level="info"')
"""uvicorn then sets up no handler of its own, and its lines go to the root's."""


@frozen
class UvicornLogging:
    """A service whose requests uvicorn logs as text: where it is started, and the files to change (empty: by hand)."""

    place: Location
    app: str = ""
    files: tuple[SourceFile, ...] = ()

    def changes(self) -> tuple[tuple[str, tuple[Splice, ...]], ...]:
        """Return the changes by path; empty where a file is not in a form that can be edited."""
        made = [(file.path, _splices(file.text, defines=file.path == self.app)) for file in self.files]
        return tuple(made) if all(splices for _, splices in made) else ()


def uvicorn_logging(project: Project, service: Service) -> UvicornLogging | None:
    """Return how a service logs, None where uvicorn does not serve it, or something says how its lines look."""
    context = service.made.context if service.made else None
    served = _served(project, context) if context is not None else ()
    apps = [file.path for file in served if _APP.search(file.text)]
    start = start_of(project, service) if apps else None
    if context is None or start is None or _is_decided(project, service, context, start.text):
        return None
    runs = tuple(file for file in served if _RUN in file.text)
    place = next((place for line, place in start.lines if _STARTS.search(line)), None)
    place = place or next((_place_of_run(file) for file in runs if _is_started(file.path, start.text)), None)
    if place is None:
        return None
    if len(apps) > 1 or _SETS_HANDLERS_LATER.search(start.text):
        return UvicornLogging(place)
    files = tuple(file for file in served if file.path == apps[0] or file in runs)
    found = UvicornLogging(place, apps[0], files)
    return found if found.changes() else UvicornLogging(place)


def _is_decided(project: Project, service: Service, context: str, start: str) -> bool:
    """Whether the application, its packages, its environment or its start say how lines look."""
    dockerfile = project.image_of(service)
    given = dockerfile.effective("ENV", service.build_target) if dockerfile else None
    words = " ".join((start, given.text if given else "", *(entry.name for entry in service.environment)))
    sources = (item for item in project.sources if item.path.endswith(".py") and is_below(item.path, context))
    return (
        bool(_TOLD.search(words))
        or any(
            name.lower() in _LOGGERS
            for item in project.manifests
            if is_below(item.path, context)
            for name in _names(item.dependencies)
        )
        or any(fact.kind in _FACTS and is_below(fact.location.path, context) for fact in project.code_facts)
        or any(_OWN_SETUP.search(item.text) for item in sources)
    )


def _names(dependencies: tuple[str, ...]) -> list[str]:
    return [re.split(r"[\s<>=~!;\[(@]", name, maxsplit=1)[0] for name in dependencies]


def _served(project: Project, context: str) -> tuple[SourceFile, ...]:
    """Return the Python files of a context that make an application or start its server."""
    paths = all_below(known(_entries, project.code_facts), context)
    return tuple(SourceFile(path, text) for path in paths if (text := project.source(path)))


def _entries(code_facts: tuple[CodeFact, ...]) -> tuple[str, ...]:
    """Return the Python files in which servers start."""
    facts = (fact for fact in code_facts if fact.kind == "server-entry" and fact.reachable is not False)
    return tuple(sorted({fact.location.path for fact in facts if fact.location.path.endswith(".py")}))


def _is_started(path: str, start: str) -> bool:
    """Whether a start runs the file: `python main.py`, or `python -m` with the module or its package."""
    words = re.split(r"[\s\"']+", start)
    dotted = "." + path.removesuffix(".py").removesuffix("/__main__").replace("/", ".")
    modules = (word for before, word in pairwise(words) if before == "-m")
    files = (word.removeprefix("./") for word in words if word.endswith(".py"))
    return any(dotted.endswith(f".{name}") for name in modules) or any(f"/{path}".endswith(f"/{name}") for name in files)


def _place_of_run(file: SourceFile) -> Location:
    return Location(file.path, file.text.count("\n", 0, file.text.index(_RUN)) + 1)


def _splices(text: str, *, defines: bool) -> tuple[Splice, ...]:
    """Return the splices of one file; `defines` where it makes the application, and so gets the formatter."""
    source = parse_python(text)
    options = _run_options(source) if source else None
    if source is None or options is None:
        return ()
    if not defines:
        return options
    imports = add_imports(source, _MODULES)
    if imports is None or set(NEW_NAMES) & set(bound_names(source)):
        return ()
    last = imports_of(source)[-1]
    formatter = FORMATTER.replace(_ENTRY, _TYPED).replace(_LAST_LINE, _REQUEST + _LAST_LINE)
    lines = ["", "", *formatter.splitlines(), "", "", *_APPLY.splitlines(), "", "", "log_as_json()"]
    place = source.behind(last)
    return (*imports, source.insert(place, [*lines, *two_blank_lines(source, place)[:1]]), *options)


def _run_options(source: PythonSource) -> tuple[Splice, ...] | None:
    """Return the splices that leave the handlers of `uvicorn.run` to the root; None for a call in another form."""
    made: list[Splice] = []
    for call in (
        node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "uvicorn.run"
    ):
        given = {keyword.arg for keyword in call.keywords}
        if None in given or not (call.args or call.keywords) or any(isinstance(item, ast.Starred) for item in call.args):
            return None
        arguments: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
        last = max((source.span(item) for item in arguments), key=lambda span: span.end)
        options = [option for option in _OPTIONS if option.partition("=")[0] not in given]
        # An argument on a line of its own is followed by others on lines of their own.
        before = source.text[source.text.rfind("\n", 0, last.start) + 1 : last.start]
        separator = f",{source.line_end}{before}" if before and not before.strip() else ", "
        made.append(Splice(Span(last.end, last.end), "".join(f"{separator}{option}" for option in options)))
    return tuple(made)
