"""An nginx configuration as a tree of directives with their places, and the change that makes its access log JSON."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache

from scaffold.model.artifact import Splice
from scaffold.model.document import Span
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_TOKEN = regex(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<mark>[;{}])"""
    r"""|(?P<word>(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\$\{[^}\s]*\}|\\.|[^\s;{}"'\\])(?:\$\{[^}\s]*\}|\\.|[^\s;{}\\])*)"""
)
_EMBEDDED = ("_by_lua_block", "js_content_block")
"""Directives whose braces hold another language."""
FORMAT_NAME = "json_lines"
_FORMAT = (
    f"log_format {FORMAT_NAME} escape=json",
    "    '{'",
    """    '"timestamp":"$time_iso8601",'""",
    """    '"level":"info",'""",
    """    '"logger":"nginx.access",'""",
    """    '"message":"$request",'""",
    """    '"remote_address":"$remote_addr",'""",
    """    '"status":"$status",'""",
    """    '"bytes_sent":$body_bytes_sent,'""",
    """    '"request_seconds":$request_time,'""",
    """    '"upstream_seconds":"$upstream_response_time",'""",
    """    '"request_id":"$request_id",'""",
    """    '"referrer":"$http_referer",'""",
    """    '"user_agent":"$http_user_agent"'""",
    "    '}';",
)
"""The status is a text: nginx writes 000 where no answer was sent, and no JSON number starts like that."""


@frozen
class Directive:
    """One directive: its words without quotes, its own range, and for a block what stands inside."""

    name: str
    arguments: tuple[str, ...]
    span: Span
    line: int
    column: int
    block: tuple[Directive, ...] | None = None
    inside: Span = field(default=Span(0, 0))
    """For a block: the range between its braces."""

    def of(self, name: str) -> tuple[Directive, ...]:
        """Return the directives of this name that stand directly in the block."""
        return tuple(item for item in self.block or () if item.name == name)


@frozen
class _Token:
    text: str
    span: Span
    is_mark: bool


@lru_cache(maxsize=512)
def parse_nginx(text: str) -> tuple[Directive, ...] | None:
    """Return the directives of a file, None where it is not a whole configuration or holds another language.

    The answer is remembered: several rules ask for the files of each service.
    """
    tokens: list[_Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            return None
        place = match.end()
        if not match["space"]:
            tokens.append(_Token(match[0], Span(*match.span()), bool(match["mark"])))
    return _Parser(text, tokens).whole()


class _Parser:
    """Reads the tokens of one file once, from the first to the last."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._next = 0
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]

    def whole(self) -> tuple[Directive, ...] | None:
        found = self._directives()
        return found if found is not None and self._next == len(self._tokens) else None

    def _directives(self) -> tuple[Directive, ...] | None:
        found: list[Directive] = []
        while self._next < len(self._tokens) and self._tokens[self._next].text != "}":
            made = self._directive()
            if made is None:
                return None
            found.append(made)
        return tuple(found)

    def _directive(self) -> Directive | None:
        words: list[_Token] = []
        while self._next < len(self._tokens) and not self._tokens[self._next].is_mark:
            words.append(self._tokens[self._next])
            self._next += 1
        if not words or self._next == len(self._tokens) or words[0].text.endswith(_EMBEDDED):
            return None
        mark = self._tokens[self._next]
        self._next += 1
        if mark.text == "}":
            return None
        if mark.text == ";":
            return self._made(words, mark.span.end)
        block = self._directives()
        if block is None or self._next == len(self._tokens):
            return None
        closing = self._tokens[self._next]
        self._next += 1
        return self._made(words, closing.span.end, block, Span(mark.span.end, closing.span.start))

    def _made(
        self, words: list[_Token], end: int, block: tuple[Directive, ...] | None = None, inside: Span | None = None
    ) -> Directive:
        start = words[0].span.start
        line = bisect_right(self._lines, start)
        column = start - self._lines[line - 1] + 1
        texts = [_unquoted(word.text) for word in words]
        return Directive(texts[0], tuple(texts[1:]), Span(start, end), line, column, block, inside or Span(0, 0))


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word


def walk(directives: tuple[Directive, ...]) -> Iterator[Directive]:
    """Yield every directive, those inside of blocks behind the block."""
    for item in directives:
        yield item
        yield from walk(item.block or ())


# --- the access log ---------------------------------------------------------------------------------------------------


@frozen
class ConfigFile:
    """One configuration file of a container: its path in the repository and where the container finds it."""

    path: str
    target: str
    text: str = field(repr=False)


@frozen
class AccessLogs:
    """Where requests are logged as text, first the line to show, and the changes by path that make it JSON."""

    path: str
    directive: Directive
    files: tuple[str, ...]
    """The destinations that are named now."""
    changes: tuple[tuple[str, tuple[Splice, ...]], ...] = field(repr=False)


def text_access_logs(files: tuple[ConfigFile, ...]) -> AccessLogs | None:
    """Return the text logs of the files of one container.

    None where it logs JSON, nothing, or by syslog or a variable path, and where a file cannot be read.
    """
    trees: dict[ConfigFile, tuple[Directive, ...]] = {}
    for file in files:
        tree = parse_nginx(file.text)
        if tree is None:
            return None
        trees[file] = tree
    everything = [item for tree in trees.values() for item in walk(tree)]
    logs = [item for item in everything if item.name == "access_log" and item.arguments]
    elsewhere = any(item.arguments[0].startswith("syslog:") or "$" in item.arguments[0] for item in logs)
    if elsewhere or any(item.name == "log_format" and _is_json(item) for item in everything):
        return None
    changes = tuple((file, _changes(file, tree, _place_of_format(trees))) for file, tree in trees.items())
    shown = [(file, item) for file, tree in trees.items() for item in walk(tree) if _is_text_log(item) or item.name == "server"]
    if not shown or not any(made for _, made in changes):
        return None
    file, first = min(shown, key=lambda found: not _is_text_log(found[1]))
    named = tuple(dict.fromkeys(item.arguments[0] for item in logs if _is_text_log(item)))
    return AccessLogs(file.path, first, named, tuple((item.path, made) for item, made in changes if made))


def _is_text_log(item: Directive) -> bool:
    return item.name == "access_log" and bool(item.arguments) and item.arguments[0] != "off"


def _is_json(log_format: Directive) -> bool:
    return "escape=json" in log_format.arguments or "".join(log_format.arguments[1:]).lstrip().startswith("{")


def _place_of_format(trees: dict[ConfigFile, tuple[Directive, ...]]) -> ConfigFile | None:
    """Return the file that defines the format: the main one, else the first that the stock main file includes."""
    main = [file for file, tree in trees.items() if any(item.name == "http" for item in tree)]
    return min(main or [file for file, tree in trees.items() if tree], key=lambda file: file.target, default=None)


def _changes(file: ConfigFile, tree: tuple[Directive, ...], first: ConfigFile | None) -> tuple[Splice, ...]:
    text = file.text
    logs = [Splice(item.span, f"{_log(_options(item))};") for item in walk(tree) if _is_text_log(item)]
    web = next((item for item in tree if item.name == "http"), None)
    if web is not None:
        own = [] if web.of("access_log") else [f"{_log(())};"]
        silent = not logs and not own
        return () if silent else (_inside(text, web, [*_FORMAT, *own]), *logs)
    if first is not None and any(item.name == "http" for item in parse_nginx(first.text) or ()):
        return tuple(logs)
    # An included file cannot take back the log of the stock main file: each of its servers names its own instead.
    added = [_inside(text, item, [f"{_log(())};"]) for item in tree if item.name == "server" and not item.of("access_log")]
    head = [_before(text, tree[0])] if file == first else []
    return (*head, *logs, *added) if logs or added or head else ()


def _before(text: str, first: Directive) -> Splice:
    place = text.rfind("\n", 0, first.span.start) + 1
    return Splice(Span(place, place), _joined(text, [*_FORMAT, ""], ""))


def _log(options: tuple[str, ...]) -> str:
    return " ".join(("access_log /dev/stdout", FORMAT_NAME, *options))


def _options(log: Directive) -> tuple[str, ...]:
    """Return what decides whether a line is written; buffers and compression are for files."""
    return tuple(word for word in log.arguments[1:] if word.startswith("if="))


def _inside(text: str, holder: Directive, lines: list[str]) -> Splice:
    """Return the splice that puts lines first in a block, indented as what stands there."""
    first = (holder.block or (holder,))[0]
    start = text.rfind("\n", 0, first.span.start) + 1
    before = text[start : first.span.start]
    if first is not holder and not before.strip() and start > holder.inside.start:
        return Splice(Span(start, start), _joined(text, lines, before))
    place = holder.inside.start
    return Splice(Span(place, place), _line_end(text) + _joined(text, lines, "    "))


def _joined(text: str, lines: list[str], indent: str) -> str:
    end = _line_end(text)
    return "".join(f"{indent}{line}{end}" if line else end for line in lines)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
