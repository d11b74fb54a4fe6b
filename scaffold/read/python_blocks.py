"""Cuts Python code down to the statements that matter before it is parsed; every line keeps its number."""

from __future__ import annotations

import re
from functools import lru_cache

from scaffold.model.known import known
from scaffold.model.regex import regex

_WORD = regex(r"[A-Za-z_]\w{2,}")
_WORDS = frozenset(
    {
        *(
            "environ",
            "getenv",
            "BaseSettings",
            "basicConfig",
            "dictConfig",
            "TYPE",
            "HELP",
            "Celery",
            "TracerProvider",
            "patch_all",
        ),
        *("ElasticAPM", "newrelic", "rollbar", "generate_latest", "CONTENT_TYPE_LATEST", "PlainTextResponse", "make_asgi_app"),
        *(
            "make_wsgi_app",
            "metrics_app",
            "start_http_server",
            "start_wsgi_server",
            "handle_metrics",
            "expose",
            "FastAPI",
            "Flask",
        ),
        *(
            "Starlette",
            "Sanic",
            "Quart",
            "Litestar",
            "get_wsgi_application",
            "get_asgi_application",
            "uvicorn",
            "run_app",
            "serve",
        ),
        *(
            "loguru",
            "CORSMiddleware",
            "urlpatterns",
            "APIRouter",
            "Blueprint",
            "Router",
            "include_router",
            "register_blueprint",
        ),
        *("mount", "Mount", "Route", "APIRoute", "secret_key", "instrument_app", "ddtrace"),
    }
)
"""The words on which a fact, a read or a default hangs."""
_PATTERN = regex(
    r"prometheus|sentry|opentelemetry|Instrument|Prometheus|Formatter$|FileHandler$|StreamHandler$|Renderer$|(?:Json|JSON)Logger$"
    r"|jsonlog|json_log|ecs_logging|add_\w*(?:route|rule|get|post)$|BaseSettings$|ConfigDict$"
    r"|^(?=[A-Z0-9_]*$)\w*(?<![A-Z])(?:SECRETS?|PASS\w*|PWD|TOKEN|\w+_KEY|APIKEY|JWT|DSN|CREDENTIALS?|SALT)(?![A-Z])"
)
_CONFIG_LIBRARIES = frozenset({"decouple", "environs", "envparse", "prettyconf"})
_SPECIAL = regex(
    r"@\w+(?:\.\w+)*\.(?:get|post|put|patch|delete|head|options|route|api_route|websocket|view)\("
    r"|\nclass \w*(?:[sS]ettings|[cC]onfig)|config\[|logger\.add\(|text/plain|_bucket\{"
)
_START = regex(r"^(?=[^\s)\]}#])", re.MULTILINE)
_CONTINUES = regex(r"(?:else|elif|except|finally)\b")
_IMPORT = regex(r"(?:import|from)\s")
_FUNCTION = regex(r"(?:async\s+)?def\s", re.MULTILINE)
_SIGNATURE_END = regex(r"^(?:(?:async[ \t]+)?def[ \t][^\n]*|\)[^\n]*):[ \t]*(?:#[^\n]*)?$", re.MULTILINE)
_TRIPLE = regex(r'"""|\'\'\'')


_MANY = 300
"""Words of a file that are looked for one by one; among more of them, which only a list of settings has, by whole words."""


def condensed(text: str) -> str:
    """Return `text` with everything blanked that gives neither setting nor fact: other top-level statements, and the bodies
    of functions that only their decorators make worth reading. Imports stay; "" means that nothing is left to read.
    """
    words = _telling_words(text)
    if not words and not _SPECIAL.search(f"\n{text}"):
        return ""
    return "".join(_kept(block, words) for block in _blocks(text))


@lru_cache(maxsize=65536)
def _tells(word: str) -> bool:
    return word in _WORDS or bool(_PATTERN.search(word))


def _telling_words(text: str) -> tuple[str, ...]:
    found = set(_WORD.findall(text))
    words = {word for word in found if _tells(word)}
    if found & _CONFIG_LIBRARIES or "import environ" in text or "starlette.config" in text:
        words |= found & {"config", "env", "Config"}
    return tuple(sorted(words))


def _is_worth(text: str, words: tuple[str, ...]) -> bool:
    if len(words) > _MANY:
        return not known(frozenset, words).isdisjoint(_WORD.findall(text))
    return any(word in text for word in words)


def _blocks(text: str) -> list[str]:
    """Split into top-level statements: decorators go with what they decorate, and no text in triple quotes is cut."""
    starts = [match.start() for match in _START.finditer(text)]
    pieces = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=False)]
    blocks = [[text[: starts[0] if starts else len(text)]]]
    quotes = _quotes(blocks[0][0])
    decorates = is_open = False
    for piece in pieces:
        if is_open or _CONTINUES.match(piece):
            blocks[-1].append(piece)
            quotes += _quotes(piece)
        else:
            blocks.append([piece])
            quotes = _quotes(piece)
            decorates = piece.startswith("@")
        decorates = decorates and not _FUNCTION_OR_CLASS.search(piece)
        is_open = decorates or quotes % 2 == 1
    return ["".join(block) for block in blocks]


_FUNCTION_OR_CLASS = regex(r"^(?:async\s+def|def|class)\s", re.MULTILINE)


def _quotes(piece: str) -> int:
    """How many triple quotes stand in a piece: an odd number opens a text that does not end in it."""
    return len(_TRIPLE.findall(piece))


def _kept(block: str, words: tuple[str, ...]) -> str:
    if _IMPORT.match(block):
        return block
    telling = _is_worth(block, words)
    if not telling and not _SPECIAL.search(f"\n{block}"):
        return "\n" * block.count("\n")
    if not block.startswith(("@", "def ", "async ")):
        return block
    return block if telling and _is_worth(_body(block), words) else _without_body(block)


def _body(block: str) -> str:
    start = _FUNCTION.search(block)
    return block[start.start() :] if start else block


def _without_body(block: str) -> str:
    """Return a function with `...` for its body; one whose signature has no clear end stays whole."""
    start = _FUNCTION.search(block)
    end = _SIGNATURE_END.search(block, start.start()) if start else None
    lines = block.count("\n", end.end()) if end else 0
    if start is None or end is None or lines < 2 or _SPECIAL.search(block, end.end()):
        return block
    return f"{block[: end.end()]}\n    ..." + "\n" * (lines - 1)
