"""Environment variables that JavaScript code declares in a schema (Joi, zod, envalid), or refuses to run without."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import EnvRead, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.read.code import setting
from scaffold.read.lines import Places

WORDS = ("process.env", "oi.object", "cleanEnv(", "createEnv(", "NODE_ENV: z")
"""Without one of these a file has no such schema."""
_ENTRY = regex(
    r"(?<![\w.$])(?P<mark>['\"]?)(?P<name>[A-Z][A-Z0-9_]*)(?P=mark)\s*:\s*"
    r"(?P<root>[Jj]oi(?=\s*\.)|z(?=\s*\.)|(?:str|bool|num|email|host|port|url|json)(?=\())"
)
_STEP = regex(r"\s*\.\s*(?P<name>[A-Za-z_]\w*)")
_STRING = regex(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`")
_LITERAL = regex(r"\s*(?P<mark>[\"'`])(?P<value>(?:(?!(?P=mark))[^\\\n$]){1,300})(?P=mark)\s*,?\s*$")
_OPTION = regex(
    r"(?<!\w)(?:(?P<dev>devDefault)|default)\s*:\s*(?P<mark>[\"'`])(?P<value>(?:(?!(?P=mark))[^\\\n$]){1,300})(?P=mark)"
)
_DEFAULTS = ("default(", "default:", "devDefault", "catch(", "prefault(")
_LONGEST_CALL = 2000
_MOST_STEPS = 40
_FREE_IN_ZOD = frozenset({"optional", "default", "nullish", "catch", "prefault", "preprocess", "any", "unknown", "undefined"})
_BUILT_IN = ("NEXT_PUBLIC_", "VITE_", "REACT_APP_", "NUXT_PUBLIC_", "PUBLIC_")
"""Beginnings of variables that the build writes into the pages: no container reads them."""
_REFUSES_EMPTY = frozenset(
    {
        "nonempty",
        "url",
        "email",
        "uuid",
        "cuid",
        "ip",
        "ipv4",
        "datetime",
        "startsWith",
        "endsWith",
        "enum",
        "nativeEnum",
        "stringbool",
    }
)
"""Steps of zod that no empty text passes."""
_TAKES_EMPTY = frozenset({"catch", "preprocess", "or", "union", "pipe", "any", "unknown", "custom", "allow", "empty", "when"})
"""Steps by which an empty text may pass, or become nothing."""
_EMPTIED = regex(r"emptyStringAsUndefined|[=!]==?\s*(?:\"\"|'')|\|\|\s*undefined|\.length\s*[=>!]|filter\(")
"""Code that may take the empty texts out before the schema sees them."""
_AT_LEAST = regex(r"\s*(?P<number>\d+)")
_REFUSED = regex(
    r"\bif\s*\(\s*!\s*(?:process\.env\.)?(?P<name>[A-Z][A-Z0-9_]*)\b(?:[^(){};]|\([^(){};]*\)){0,120}\)\s*\{?"
    r"(?:[^{};]{0,300};)?\s*(?:throw\b|process\.exit\()"
)


def schema_reads(places: Places, bare: str) -> Iterator[EnvRead]:
    """Yield the variables of the schemas; `bare` is the text with blanks for its comments.

    Upper-case keys alone count: the schemas of request bodies have none.
    """
    if "process.env" not in bare and not any(word in bare for word in WORDS[1:]):
        return
    emptied = bool(_EMPTIED.search(bare))
    for match in _ENTRY.finditer(bare):
        name, root = match["name"], match["root"]
        if name.startswith(_BUILT_IN):
            continue
        calls = dict(_calls(bare, match.start("root")))
        found = _joi(calls) if root.lower() == "joi" else _zod(calls) if root == "z" else _envalid(calls, root)
        if found is not None:
            has_default, fails = found
            refused = not fails and not emptied and _refuses_empty(calls, root)
            place = places.at(match.start("name"))
            yield EnvRead(name, not has_default, place, fails=fails, empty="refused" if refused else "")


def schema_defaults(places: Places, bare: str, *, guarded: bool) -> Iterator[SettingDefault]:
    """Yield the literals that the schemas put in place of secrets; envalid's `devDefault` holds outside production alone."""
    if not any(word in bare for word in _DEFAULTS) or not any(word in bare for word in WORDS):
        return
    for match in _ENTRY.finditer(bare):
        name, root = match["name"], match["root"]
        if name.startswith(_BUILT_IN) or not is_sensitive_name(name):
            continue
        calls = dict(_calls(bare, match.start("root")))
        default = _LITERAL.match(calls.get("default", "") or calls.get("prefault", "") or calls.get("catch", ""))
        of_option = None if root == "z" else _OPTION.search(calls.get(root, ""))
        found = default or of_option
        if found is not None:
            of_development = guarded or (found is of_option and found["dev"] is not None)
            yield setting(name, found["value"], "expression", places.at(match.start("name")), guarded=of_development)


def refused_reads(places: Places, bare: str, known: frozenset[str]) -> Iterator[EnvRead]:
    """Yield the variables of `known` without which the code throws or ends the process."""
    for match in _REFUSED.finditer(bare) if known else ():
        if match["name"] in known:
            yield EnvRead(match["name"], required=True, location=places.at(match.start("name")), fails=True)


def _refuses_empty(calls: dict[str, str], root: str) -> bool:
    """Whether a variable that need not be set may not be set to an empty text either."""
    if _TAKES_EMPTY & calls.keys() or any('""' in arguments or "''" in arguments for arguments in calls.values()):
        return False
    if root.lower() == "joi":
        return not {"string", "number", "boolean"}.isdisjoint(calls)
    if root == "z":
        least = _AT_LEAST.match(calls.get("min", "") or calls.get("gte", "") or calls.get("length", ""))
        return bool(_REFUSES_EMPTY & calls.keys()) or "positive" in calls or (least is not None and int(least["number"]) > 0)
    return root in {"num", "email", "host", "port", "url", "json"} or "choices" in calls.get(root, "")


def _joi(calls: dict[str, str]) -> tuple[bool, bool] | None:
    """Return whether there is a default, and whether the schema fails without the variable; None where it depends."""
    if "when" in calls or "forbidden" in calls:
        return None
    return "default" in calls, "required" in calls or "exist" in calls


def _zod(calls: dict[str, str]) -> tuple[bool, bool] | None:
    if "default" in calls or "catch" in calls or "prefault" in calls:
        return True, False
    # A coerced boolean or text takes undefined; a coerced number does not.
    coerced = "coerce" in calls and ("boolean" in calls or "string" in calls)
    return False, not (coerced or _FREE_IN_ZOD & calls.keys())


def _envalid(calls: dict[str, str], root: str) -> tuple[bool, bool] | None:
    """`devDefault` holds outside production alone."""
    options = calls.get(root, "")
    has_default = bool(re.search(r"(?<!\w)default\s*:", options))
    return has_default, not has_default and "requiredWhen" not in options


def _calls(text: str, start: int) -> Iterator[tuple[str, str]]:
    """Yield name and arguments of each step of a chain such as `Joi.string().required()`; a property has none."""
    root = re.compile(r"\w+").match(text, start)
    position = root.end() if root else start
    if root and text[position : position + 1] == "(":
        end = _closing(text, position)
        yield root[0], text[position + 1 : end]
        position = end + 1
    for _ in range(_MOST_STEPS):
        step = _STEP.match(text, position)
        if step is None:
            return
        position = step.end()
        arguments = ""
        if text[position : position + 1] == "(":
            end = _closing(text, position)
            arguments, position = text[position + 1 : end], end + 1
        yield step["name"], arguments


def _closing(text: str, opening: int) -> int:
    """Return the place of the parenthesis that closes the one at `opening`; quotes hold none."""
    depth, position, limit = 0, opening, min(len(text), opening + _LONGEST_CALL)
    while position < limit:
        char = text[position]
        quoted = _STRING.match(text, position) if char in "\"'`" else None
        if quoted:
            position = quoted.end()
            continue
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return position
        position += 1
    return limit
