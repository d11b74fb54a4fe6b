"""The whole path of each route of a controller of Spring: its own, after that of the class around it."""

from __future__ import annotations

import re

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

UNKNOWN = "*"
"""Stands at the beginning of a path of which only the end is known."""
MAPPING = ("GetMapping", "RequestMapping")
"""Texts without one of these have no such routes."""
_MAPPED = r"@(?P<kind>Get|Request)Mapping\b(?P<open>\s{0,20}\()?"
_TOKEN = regex(
    rf"{_MAPPED}"
    r"|(?P<client>@FeignClient\b)"
    r"|\b(?P<type>class|interface|object|record|enum)\s{1,20}\w"
    r'|"""(?:[^"\\]|\\.?|"(?!""))*+(?:"""|\Z)|"(?:[^"\\\n]|\\.){0,500}"|' + r"'(?:[^'\\\n]|\\.)'|[(){};]",
    re.DOTALL,
)
"""What tells where a class begins and ends; texts are passed over."""
_PATH = regex(r"\s{0,20}(?:(?:value|path)\s{0,9}=\s{0,9})?[\[{]?\s{0,20}\"(?P<path>[^\"\n]{0,300})\"(?P<more>\s{0,9}\+)?")
"""The path at the beginning of what a mapping is given."""
_LATER_PATH = regex(
    r"[,(]\s{0,20}(?:value|path)\s{0,9}=\s{0,9}[\[{]?\s{0,20}\"(?P<path>[^\"\n]{0,300})\"", words=("value", "path")
)
_NO_PATH = regex(
    r"\s{0,20}(?:\)|(?:produces|consumes|method|params|headers|name)\b)",
    words=(")", "produces", "consumes", "method", "params", "headers", "name"),
)
_LONGEST = 600
"""Characters of one annotation that are looked at."""
_LONGEST_PATH = 2_000
"""Characters of the path of classes inside classes; what is longer nobody asks for."""


@frozen
class _Class:
    depth: int
    prefix: str
    is_served: bool


@frozen
class _Mapping:
    place: int
    kind: str
    path: str


def java_routes(text: str) -> list[tuple[int, str]]:
    """Return place and whole path of each route that answers GET; a class that calls another service serves none of its own."""
    reader = _Reader()
    for match in _TOKEN.finditer(text):
        if match["kind"]:
            path = _path_of(text, match.end()) if match["open"] else ""
            reader.pending.append(_Mapping(match.start(), match["kind"], path))
            reader.brackets += 1 if match["open"] else 0
        elif match["client"]:
            reader.is_client = True
        elif match[0] in "()":
            reader.brackets = max(0, reader.brackets + (1 if match[0] == "(" else -1))
        elif not reader.brackets:
            reader.step("class" if match["type"] else match[0])
    return reader.found


class _Reader:
    """Where in the classes of a file a place is, and the mappings whose method or class has not begun yet."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []
        self.classes = [_Class(depth=-1, prefix="", is_served=True)]
        self.pending: list[_Mapping] = []
        self.opening: _Class | None = None
        self.depth = self.brackets = 0
        self.is_client = False

    def step(self, sign: str) -> None:
        """Go on behind a class's name, a brace or a semicolon; anything else is passed over."""
        if sign == "class":
            self._name_class()
        elif sign in {"{", ";"}:
            if self.opening is not None and sign == "{":
                self.classes.append(self.opening)
            if self.opening is None:
                self._keep(self.pending)
            self.pending, self.opening = [], None
            self.depth += sign == "{"
        elif sign == "}":
            self._keep(self.pending)
            self.pending = []
            self.depth -= 1
            while self.classes[-1].depth >= max(self.depth, 0):
                self.classes.pop()

    def _name_class(self) -> None:
        own = [item for item in self.pending if item.kind == "Request"][-1:]
        self._keep([item for item in self.pending if item not in own])
        around = self.classes[-1]
        prefix = _joined(around.prefix, own[0].path if own else "")
        self.opening = _Class(self.depth, prefix, around.is_served and not self.is_client)
        self.pending, self.is_client = [], False

    def _keep(self, mappings: list[_Mapping]) -> None:
        around = self.classes[-1]
        paths = [(item.place, _joined(around.prefix, item.path)) for item in mappings if around.is_served]
        self.found += [(place, path) for place, path in paths if path not in {"", UNKNOWN}]


def _path_of(text: str, start: int) -> str:
    """Return the path that a mapping is given, `*` before what follows a part that no text spells out."""
    given = text[start : start + _LONGEST]
    match = _PATH.match(given)
    if match is None and _NO_PATH.match(given):
        end = given.find(")")
        match = _LATER_PATH.search(f"({given[: end if end >= 0 else len(given)]}")
        if match is None:
            return ""
    if match is None:
        return UNKNOWN
    path = match["path"]
    if "more" in match.groupdict() and match["more"]:
        return UNKNOWN
    return f"{UNKNOWN}{path.rpartition('}')[2]}" if "${" in path else path


def _joined(prefix: str, path: str) -> str:
    """Return both one after the other, each behind a slash; where one is not known, what comes after it."""
    if path.startswith(UNKNOWN):
        return path
    parts = [part.strip("/") for part in (prefix.removeprefix(UNKNOWN), path)]
    whole = "".join(f"/{part}" for part in parts if part)
    if len(whole) > _LONGEST_PATH:
        return UNKNOWN
    return f"{UNKNOWN}{whole}" if prefix.startswith(UNKNOWN) else whole
