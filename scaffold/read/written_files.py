"""Log files and folders that application code opens or makes for writing, with what has to hold for it to do so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_PATH = (
    r"(?:(?:path\.)?(?:join|resolve)\(\s*(?:(?P<base>process\.cwd\(\)|__dirname|import\.meta\.dirname)|(?P<by>\w+))\s*"
    r"(?P<parts>(?:,\s*[\"'`][\w./%-]+[\"'`]\s*)*)\)|`\$\{(?P<named>\w+)\}(?P<rest>/[\w./%-]+)`|(?P<mark>[\"'`])(?P<text>[\w./%-]+)(?P=mark)|(?P<bare>[A-Za-z_]\w*)\s*[,)}])"
)
_JS_OPENS = regex(
    rf"(?:\b(?:transports\.File|DailyRotateFile)\(\s*\{{[^{{}}]{{0,300}}?\bfilename\s*:|\bpino\.destination\(|\bmkdirSync\()\s*{_PATH}",
    words=("DailyRotateFile", "mkdirSync", "pino.destination", "transports.File"),
)
_JS_HELD = r"\b(?:const|let|var)\s+{}\s*=\s*"
_PY_OPENS = regex(
    r"\b(?P<what>(?:Rotating|TimedRotating|WatchedFile|ConcurrentRotating)?FileHandler|WatchedFileHandler|makedirs|logger\.add|basicConfig)\("
    r"\s*(?:filename\s*=\s*)?[\"'](?P<text>[\w./-]+)[\"']",
    words=("FileHandler", "basicConfig", "logger.add", "makedirs"),
)
_QUOTED = regex(r"[\"'`](?P<text>[\w./%-]+)[\"'`]")
_CALLED = regex(
    r"\bfunction\b|=>|\bclass\b|\bconstructor\b|\basync\b|\bdef\b|^\s*(?:static\s+|private\s+|public\s+)*\w+\([^()]*\)\s*(?::\s*\w+\s*)?\{"
)
_FOR_PRODUCTION = regex(
    r"\bif\s*\(\s*(?:\w+\.)*(?:isProd\w*|IS_PROD\w*|process\.env\.NODE_ENV\s*===?\s*[\"']production[\"'])\s*\)"
)
_ASKS_FIRST = regex(r"\bif\s*\(\s*!\s*(?:fs\.)?existsSync\(|\bif\s+not\s+(?:os\.path|\w+)\.")
_OPENS_BLOCK = regex(r"[{(\[:,]\s*$")
_MOST = 40
"""Places of one file that are looked at: each asks for the lines above it."""
_COMMENTED = regex(r"^\s*(?://|\*|#|/\*)")
_PASSING = regex(r"/?(?:tmp|dev|var/tmp)(?:/|$)")


def written_file_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `writes-file` fact for each file that code writes, by a path that stands in it.

    The detail is when and the folder: `start` where it is opened as the module loads, `production` where that depends on
    NODE_ENV, `later` elsewhere; an absolute path, `work:` for one below the working directory, or `name:` where only its end is
    known. What a failure does not stop is left out.
    """
    places = Places(path, text)
    matches = _PY_OPENS.finditer(text) if path.endswith(".py") else _JS_OPENS.finditer(text)
    seen: set[str] = set()
    for match in islice(matches, _MOST):
        is_file = "makedirs" not in match[0] and "mkdirSync" not in match[0]
        place = _place(match, text)
        when = _when(text, match.start()) if place else ""
        if place is None or not when or (not path.endswith(".py") and "env" in match[0]):
            continue
        folder = posixpath.dirname(place) if is_file else place
        kind, _, rest = (folder or ".").rpartition(":")
        if _PASSING.match(rest) or rest.startswith("..") or folder in seen:
            continue
        seen.add(folder)
        yield CodeFact(
            "writes-file", f"{when} {kind}:{rest or '.'}" if kind else f"{when} {_below_work(rest)}", places.at(match.start())
        )


def _below_work(place: str) -> str:
    return place if place.startswith("/") else f"work:{place}"


def _place(match: re.Match[str], text: str) -> str | None:
    """Return the path that is written, resolved through one constant; None where it is not plain."""
    groups = match.groupdict()
    if groups.get("text"):
        return posixpath.normpath(groups["text"])
    name = groups.get("by") or groups.get("named") or groups.get("bare")
    parts = [found["text"] for found in _QUOTED.finditer(groups.get("parts") or "")]
    rest = "/".join(parts) or (groups.get("rest") or "").lstrip("/")
    if name is None:
        is_module = (groups.get("base") or "").startswith(("__dirname", "import"))
        return f"name:{posixpath.basename(posixpath.dirname(rest) or rest)}/x" if is_module else posixpath.normpath(rest)
    held = re.search(_JS_HELD.format(re.escape(name)) + _PATH, text)
    if held is None or held["by"] or held["named"] or held["bare"]:
        return None
    before = _place(held, text)
    return None if before is None else posixpath.normpath(posixpath.join(before, rest))


def _when(text: str, offset: int) -> str:
    """Return when a place of a module runs, by the lines that open the blocks around it; "" where a failure ends nothing."""
    lines = text[:offset].split("\n")
    line = lines[-1] + text[offset : text.find("\n", offset) if "\n" in text[offset:] else len(text)]
    if _COMMENTED.search(line):
        return ""
    indent, found = _indent(line), "later" if _CALLED.search(line) else "start"
    for above in reversed(lines[:-1]):
        if indent == 0:
            break
        if not above.strip() or _indent(above) >= indent:
            continue
        indent = _indent(above)
        if _CALLED.search(above):
            found = "later"
        elif above.strip().startswith("try"):
            return ""
        elif _FOR_PRODUCTION.search(above):
            found = "production" if found == "start" else found
        elif not _ASKS_FIRST.search(above) and re.search(r"\b(?:if|else|case|when)\b", above):
            return ""
    return found


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
