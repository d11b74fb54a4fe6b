"""Whether code of a project refuses a value that everybody can read: it compares with it or with its length, and ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.gaps.secrets.credentials import CredentialGroup, variables_of
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex

_CODE = (".py", ".js", ".ts", ".mjs", ".go", ".rb", ".php", ".java", ".kt", ".rs", ".ex", ".exs", ".cs")
_REFUSES = regex(
    r"\braise\b|\bthrow\b|process\.exit|sys\.exit|[lL]og\.Fatal|\.Fatal\w*\(|panic[!(]|\babort\b|errors\.New\(|fmt\.Errorf"
)
_SCHEMA_ENDS = regex(r"\.parse(?:Async)?\(|validationSchema|\bcreateEnv\(|\bcleanEnv\(")
"""Calls that throw by themselves where a variable does not pass its schema."""
_OF_ENVIRONMENT = regex(
    r"process\.env|NODE_ENV|DATABASE_URL|validationSchema", words=("process", "NODE_ENV", "DATABASE", "valid")
)
_LEAST = regex(r"(?:@MinLength|\.min|\.length)\(\s*(?P<least>\d{1,4})\b", words=("MinLength", ".min", ".length"))
_NAMES_REFUSED = regex(
    r"(?:@(?:IsNotIn|NotContains|NotEquals)|\.(?:invalid|disallow|not))\(\s*\[?(?P<values>[^()\]]{1,600})"
    r"|\.refine\([^;]{0,120}?!==?\s*(?P<one>[^;)]{1,300})",
    words=("IsNotIn", "NotContains", "NotEquals", "invalid", "disallow", ".not", ".refine"),
)
"""How class-validator, Joi and zod say what a variable may not be (their documentation)."""
_NEXT_ENTRY = regex(r"(?m)^\s{0,40}[\"']?[A-Z][A-Z0-9_]+[\"']?\s{0,4}[?!]?:")
_LONGEST_CHECK = 800
"""Characters of the steps of a schema for one variable."""
_NEAR = 300
"""Characters behind a value in which the program ends, where that is a check of it."""
_TELLING, _LONGEST = 6, 300
"""Characters of a value that stands nowhere by accident, and of one that the table of quoted texts holds."""
_JAVASCRIPT = (".ts", ".js", ".mjs", ".cjs")
_OF_A_SCHEMA = regex(r"\s*(?:z|[Jj]oi)\s*\.")
_SIGNS = "\"'`"


def is_refused(project: Project, value: str, *, defined_in: str = "") -> bool:
    """Whether code outside of `defined_in` names the value as a whole, not as a default, and ends close behind it; behind a
    list of such values the end may stand anywhere in the file.
    """
    if len(value) < _TELLING:
        return False
    # Where the value is a default itself, such as in the compiled twin of a file, nothing compares with it.
    defaults = {(item.location.path, item.location.line) for item in project.settings if item.value == value}
    named = re.compile(rf"(?P<before>[\[{{(,]\s*)?[\"'`]{re.escape(value)}[\"'`](?P<after>\s*[,\]}}])?")
    for source in _naming(project, value):
        text = source.text
        if source.path == defined_in:
            continue
        for match in named.finditer(text):
            if (source.path, text.count("\n", 0, match.start()) + 1) in defaults:
                continue
            is_listed = match["before"] and match["after"]
            if _REFUSES.search(text if is_listed else text[match.start() : match.start() + _NEAR]):
                return True
    return False


def refused_by_schema(project: Project, names: Iterable[str], value: str) -> Location | None:
    """Return where the schema by which JavaScript code checks its environment refuses a value for one of its variables: the
    value is shorter than the least length, or is listed as one that it may not be. None where it passes, or nothing checks it.
    """
    wanted = tuple(names)
    for source in _schemas(project):
        text = source.text
        for name in (name for name in wanted if name in text):
            for match in re.finditer(rf"(?<![\w.$]){re.escape(name)}[\"']?\s{{0,4}}[?!]?:", text):
                if _does_not_pass(_steps_of(text, match), value):
                    return Location.at_offset(source.path, text, match.start())
    return None


@remembered
def _schemas(project: Project) -> tuple[SourceFile, ...]:
    """Return the JavaScript code that checks an environment by a schema, and ends where it does not pass."""
    code = (item for item in _code(project) if item.path.endswith(_JAVASCRIPT) and not is_test_path(item.path))
    return tuple(
        item
        for item in code
        if _OF_ENVIRONMENT.search(item.text) and (_REFUSES.search(item.text) or _SCHEMA_ENDS.search(item.text))
    )


def _steps_of(text: str, entry: re.Match[str]) -> str:
    """Return the decorators before a variable, and the calls of its schema behind it."""
    before = text[max(0, entry.start() - _LONGEST_CHECK) : entry.start()].rpartition(";")[2]
    after = text[entry.end() : entry.end() + _LONGEST_CHECK]
    following = _NEXT_ENTRY.search(after)
    after = (after[: following.start()] if following else after).partition(";")[0]
    decorators = before[before.find("@") :] if "@" in before and after.lstrip().startswith(("string", "String")) else ""
    return decorators or (after if _OF_A_SCHEMA.match(after) else "")


def _does_not_pass(steps: str, value: str) -> bool:
    if any(len(value) < int(match["least"]) for match in _LEAST.finditer(steps)):
        return True
    listed = (match["values"] or match["one"] for match in _NAMES_REFUSED.finditer(steps))
    return any(f"{sign}{value}{sign}" in text for text in listed for sign in _SIGNS)


def _naming(project: Project, value: str) -> Iterator[SourceFile]:
    """Yield the code that may name a value in quotes; templates ship thousands of values, so that the code is split once."""
    if len(value) <= _LONGEST and not set(value) & set(_SIGNS):
        yield from _quoted(project).get(value, ())
        return
    yield from (source for source in _code(project) if value in source.text)


@remembered
def _quoted(project: Project) -> dict[str, list[SourceFile]]:
    """Return the code by what stands between two quotes in it."""
    found: dict[str, list[SourceFile]] = {}
    for source in _code(project):
        text = source.text
        for sign in _SIGNS[1:]:
            text = text.replace(sign, _SIGNS[0])
        for part in set(text.split(_SIGNS[0])[1:-1]):
            if _TELLING <= len(part) <= _LONGEST:
                found.setdefault(part, []).append(source)
    return found


def _code(project: Project) -> Iterator[SourceFile]:
    return (item for item in project.sources if item.path.endswith(_CODE) and not item.text.startswith("#!"))


_COMPARES = regex(
    r"(?:\.(?:length|size|bytesize|Length|len)(?:\(\))?|\b(?:len|strlen|mb_strlen|byte_size|String\.length)\((?P<held>[^()\n]{1,80})\))"
    r"\s{0,3}<\s{0,3}(?P<least>[A-Za-z_$][\w.$]{0,80}|\d{1,4})",
    words=("length", "size", "len", "Length"),
)
"""How languages ask whether a text is shorter than a number or a constant."""
_HELD = regex(r"[\w.$>\[\]()'\"-]{1,120}$")
_DECLARES = regex(
    r"\bmin_length\s*=\s*(?P<least>\d{1,4})|\bvalidate:\"[^\"\n]{0,80}\bmin=(?P<tag>\d{1,4})",
    words=("min_length", "min="),
)
"""How a field of Pydantic and a tag of Go's validator state the least length."""
_ENDS = regex(
    r"\braise\b|\bthrow\b|\bexit\(|\bExit\(|[lL]og\.Fatal|\.Fatal\w*\(|panic[!(]|\babort\b|errors\.New\(|fmt\.Errorf|\bErr\("
    r"|\bbail!|\berr(?:or)?s?\.(?:push|append|add)\(|\baddIssue\(|\badd_?[eE]rror\(|\bexception\b",
)
"""How a program ends, or notes what it then ends with."""


@frozen
class Refusal:
    """A place where code refuses a value that is too short; `known` says that the least length stands there as a number."""

    location: Location
    known: bool


def refused_by_length(project: Project, names: Iterable[str], value: str) -> Refusal | None:
    """Return where code compares the length of one of the variables with what the value does not reach, or with a constant that
    is not known here, and then refuses; None where it does not.
    """
    wanted = tuple(dict.fromkeys(name for name in names if len(name) >= _TELLING))
    found = [item for source in _measuring(project) for item in _refusals(source, wanted, value)]
    return next((item for item in found if item.known), found[0] if found else None)


def too_short(project: Project, group: CredentialGroup) -> Refusal | None:
    """Return where the application's code refuses a credential of a stack as too short; what a store takes is no matter of
    code.
    """
    if any(item.service.is_datastore or item.host for item in group.places):
        return None
    names = (*group.keys, *(name for item in group.places for name in variables_of(item)))
    return refused_by_length(project, names, group.owner.value)


@remembered
def _measuring(project: Project) -> tuple[SourceFile, ...]:
    """Return the code that asks how long a text is."""
    code = (item for item in _code(project) if not is_test_path(item.path))
    return tuple(item for item in code if _COMPARES.search(item.text) or _DECLARES.search(item.text))


def _refusals(source: SourceFile, names: tuple[str, ...], value: str) -> Iterator[Refusal]:
    text = source.text
    near = [name for name in names if _plain(name) in _plain(text)]
    for match in _COMPARES.finditer(text) if near else ():
        line = text.rfind("\n", 0, match.start()) + 1
        before = _HELD.search(text[line : match.start()])
        held = match["held"] or (before[0] if before else "")
        behind = _COMPARES.split(text[match.end() : match.end() + _NEAR])[0]
        if held and any(_is_of(text, held, name) for name in near) and _ENDS.search(behind):
            least = _number(text, match["least"])
            if least is None or len(value) < least:
                yield Refusal(Location.at_offset(source.path, text, match.start()), least is not None)
    for match in _DECLARES.finditer(text) if near else ():
        start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        row = text[start : end if end >= 0 else len(text)]
        if any(_plain(name) in _plain(row) for name in near) and len(value) < int(match["least"] or match["tag"]):
            yield Refusal(Location.at_offset(source.path, text, match.start()), known=True)


def _is_of(text: str, held: str, name: str) -> bool:
    """Whether what is measured is the variable: called after it, or set from it in the same file."""
    called = _plain(held)
    if called.endswith(_plain(name)):
        return True
    last = re.split(r"\W+", held.strip("()[]'\""))[-1]
    set_from = rf"(?<![\w.]){re.escape(last)}\s{{0,3}}(?::[^=\n]{{1,40}})?:?=[^=\n][^\n]{{0,200}}\b{re.escape(name)}\b"
    return bool(last) and re.search(set_from, text) is not None


def _number(text: str, least: str) -> int | None:
    """Return the number, or the one that a constant of the same file holds; None where it stands elsewhere."""
    if least.isdigit():
        return int(least)
    name = least.rpartition(".")[2]
    match = re.search(rf"\b{re.escape(name)}\b[\"']?\s{{0,3}}(?::\s*\w+\s*)?[:=]{{1,2}}\s{{0,3}}(\d{{1,4}})\b", text)
    return int(match[1]) if match else None


def _plain(text: str) -> str:
    return text.lower().replace("_", "").replace("-", "").strip("()[]'\" ")
