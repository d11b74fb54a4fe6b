"""JSON logging for Python code that sets up text logging with the standard library: which files an edit can change, and how.

The added code needs nothing but the standard library, so that no edited application fails for a package it lacks.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from scaffold.model.artifact import Splice
from scaffold.model.document import Span
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact, Project
from scaffold.model.python_source import (
    Function,
    PythonSource,
    add_imports,
    bound_names,
    enclosing,
    imports_of,
    parse_python,
)
from scaffold.model.regex import regex

_FILES_ONLY = regex(r"\b\w*FileHandler\(")
_STREAMS = regex(r"\bStreamHandler\(|\bbasicConfig\(")
_TEXT_OPTIONS = ("format", "datefmt", "style")
_MODULES = ("json", "logging", "time")
FORMATTER = '''\
class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object a line, with the time in UTC."""

    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line."""
        entry = {
            "timestamp": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack"] = self.formatStack(record.stack_info)
        return json.dumps(entry, ensure_ascii=False)
'''
_APPLY = '''\
def log_as_json() -> None:
    """Gives every handler the JSON formatter, those of the server that runs the application too."""
    for name in ("", *logging.root.manager.loggerDict):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(JsonFormatter())
'''
_APPLY_AND_SHOW = '''\
def log_as_json() -> None:
    """Gives every handler the JSON formatter, the server's too; lines for a file go to the standard output as well."""
    if not logging.root.handlers:
        logging.root.addHandler(logging.StreamHandler(sys.stdout))
    for name in ("", *logging.root.manager.loggerDict):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(JsonFormatter())
'''
_CELERY_IMPORT = "from celery.signals import after_setup_logger, after_setup_task_logger"
_CELERY = '''\
@after_setup_logger.connect
@after_setup_task_logger.connect
def log_celery_as_json(logger: logging.Logger, **_: object) -> None:
    """Does the same for the handlers that Celery sets up after the application's."""
    for handler in logger.handlers:
        handler.setFormatter(JsonFormatter())
'''
NEW_NAMES = ("JsonFormatter", "log_as_json", "log_celery_as_json", "after_setup_logger", "after_setup_task_logger")


@frozen
class LoggingEdit:
    """The change of one file; `shows_files` when what went to files only goes to the standard output as well."""

    path: str
    splices: tuple[Splice, ...]
    shows_files: bool


def logging_edits(project: Project, facts: tuple[CodeFact, ...]) -> tuple[LoggingEdit, ...] | None:
    """Return the edits that make the text logging of these facts JSON; None where one of the files needs a person."""
    made = []
    for path in sorted({fact.location.path for fact in facts}):
        lines = frozenset(fact.location.line for fact in facts if fact.location.path == path)
        text = project.source(path)
        edit = logging_edit(path, text, lines, celery=joins_celery(project, path)) if text and path.endswith(".py") else None
        if edit is None:
            return None
        made.append(edit)
    return tuple(made)


def joins_celery(project: Project, path: str) -> bool:
    """Whether the module of a Celery application imports this one, or is this one, so that its worker logs through it."""
    tail = path.removesuffix(".py").removesuffix("/__init__").split("/")
    names = "|".join(re.escape(".".join(tail[start:])) for start in range(max(0, len(tail) - 4), len(tail)))
    pattern = re.compile(rf"^[ \t]*(?:from\s+\.*(?:{names})\s+import\b|import\s+(?:{names})\b)", re.MULTILINE)
    apps = {fact.location.path for fact in project.code_facts if fact.kind == "celery-app"}
    return any(app == path or pattern.search(project.source(app) or "") for app in apps)


@lru_cache(maxsize=64)
def logging_edit(path: str, text: str, lines: frozenset[int], *, celery: bool) -> LoggingEdit | None:
    """Return the edit of one file whose text formats stand at these lines, or None where it needs a person."""
    source = parse_python(text)
    if source is None or set(NEW_NAMES) & set(bound_names(source)):
        return None
    calls = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and node.lineno in lines and _is_setup(node)]
    if not calls or {call.lineno for call in calls} != lines:
        return None
    shows = bool(_FILES_ONLY.search(text)) and not _STREAMS.search(text)
    places = {_place_to_apply(source, call) for call in calls}
    imports = add_imports(source, (*_MODULES, "sys") if shows else _MODULES)
    known = [place for place in places if place is not None]
    if imports is None or len(known) < len(places):
        return None
    applied = [source.insert(place, [f"{indent}log_as_json()"]) for place, indent in sorted(known)]
    head = _definitions(source, shows=shows, celery=celery)
    return LoggingEdit(
        path, (*imports, *head, *applied, *(item for call in calls for item in _without_text(source, call))), shows
    )


def _is_setup(call: ast.Call) -> bool:
    return ast.unparse(call.func) in {"logging.basicConfig", "logging.Formatter"}


def _definitions(source: PythonSource, *, shows: bool, celery: bool) -> list[Splice]:
    """Return the splices that define what is called, behind the imports."""
    last = imports_of(source)[-1]
    parts = [FORMATTER, _APPLY_AND_SHOW if shows else _APPLY, *([_CELERY] if celery else [])]
    lines = [line for part in parts for line in ("", "", *part.splitlines())]
    splices = []
    if celery:
        place = _place_of_third_parties(source)
        splices.append(source.insert(place, [_CELERY_IMPORT, *_blank_after(source, place)]))
    place = source.behind(last)
    return [*splices, source.insert(place, [*lines, *two_blank_lines(source, place)])]


def two_blank_lines(source: PythonSource, place: int) -> list[str]:
    """Return the blank lines that are missing between a definition and what follows (PEP 8)."""
    rest = source.text[place:]
    blank = rest[: len(rest) - len(rest.lstrip())].count("\n")
    return [""] * max(0, 2 - blank) if rest.strip() else []


def _place_of_third_parties(source: PythonSource) -> int:
    """Return where an import of another package goes: before the first `from` import that sorts behind it, else at the end."""
    head = imports_of(source)
    first = next((node for node in head if isinstance(node, ast.ImportFrom) and not _is_standard(node)), None)
    return source.starts[first.lineno - 1] if first else source.behind(head[-1])


def _is_standard(node: ast.ImportFrom) -> bool:
    return (node.module or "").partition(".")[0] in _standard_modules() and node.level == 0


def _standard_modules() -> frozenset[str]:
    import sys

    return frozenset(sys.stdlib_module_names)


def _blank_after(source: PythonSource, place: int) -> list[str]:
    """Return the blank line that keeps the packages of others apart from the application's own modules."""
    following = source.text[place:].partition("\n")[0]
    return [""] if following.startswith(("from ", "import ")) else []


def _place_to_apply(source: PythonSource, call: ast.Call) -> tuple[int, str] | None:
    """Return the place and indentation for the call: behind the last statement of the same body that wires a handler.

    None where the body wires none: then somebody else does, later.
    """
    home = enclosing(source, call)
    if home is None:
        return None
    body, holder = home
    wiring = [item for item in body[body.index(holder) :] if _wires(item)]
    if not wiring or any(isinstance(item, ast.Return) for item in wiring):
        return None
    last = wiring[-1]
    only = source.text[source.starts[last.lineno - 1] : source.span(last).start].strip() == "" and _ends_its_line(source, last)
    return (source.behind(last), source.indent(last)) if only else None


def _ends_its_line(source: PythonSource, node: ast.stmt) -> bool:
    rest = source.text[source.span(node).end : source.behind(node)].strip()
    return not rest or rest.startswith("#")


def _wires(statement: ast.stmt) -> bool:
    if isinstance(statement, Function | ast.ClassDef):
        return False
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"addHandler", "basicConfig"}:
            return True
        if isinstance(node, ast.Attribute) and node.attr == "handlers" and isinstance(node.ctx, ast.Store):
            return True
    return False


def _without_text(source: PythonSource, call: ast.Call) -> list[Splice]:
    """Return the splices that take the text format out: the formatter is replaced, the options of basicConfig go."""
    if ast.unparse(call.func) == "logging.Formatter":
        return [Splice(source.span(call), "JsonFormatter()")]
    gone = [keyword for keyword in call.keywords if keyword.arg in _TEXT_OPTIONS]
    return [Splice(_with_comma(source, call, keyword), "") for keyword in gone]


def _with_comma(source: PythonSource, call: ast.Call, keyword: ast.keyword) -> Span:
    """Return the range of an option with what separates it: its whole line where it has one, else up to its comma."""
    span = source.span(keyword)
    line = source.starts[keyword.lineno - 1]
    last_line = keyword.end_lineno or keyword.lineno
    end = source.starts[last_line] if last_line < len(source.starts) else len(source.text)
    before, behind = source.text[line : span.start], source.text[span.end : end]
    if not before.strip() and behind.strip() in {"", ","} and source.span(call).end > end:
        return Span(line, end)
    comma = re.match(r"\s*,[ \t]*", source.text[span.end :])
    if comma:
        return Span(span.start, span.end + comma.end())
    start = len(source.text[: span.start].rstrip())
    return Span(start - 1 if source.text[start - 1] == "," else span.start, span.end)
