"""Accounts of administrators that a program makes at its start with a password that stands in the repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify
from scaffold.read.lines import Places
from scaffold.read.migrating import STARTS, holder_of, starting_calls

_PASSWORD = regex(
    r"(?<![\w.])[\"']?(?:password|passwordHash|password_hash|hashed_password)[\"']?\s*[:=]\s*(?:await\s+)?"
    r"(?:(?!os\.|env|getenv|config|process|request|form|self)[\w.]+\(\s*)?"
    r"(?:(?:[\w.]*settings|[\w.]*config)\.(?P<constant>_[A-Z][A-Z_]+)|[\"'](?P<value>[^\"'\s${}]{3,40})[\"'])\s*[,)\n}]"
)
_ADMINISTRATOR = regex(
    r"(?<![\w.])[\"']?(?:admin|is_admin|isAdmin|is_superuser|isSuperuser|superuser)[\"']?\s*[:=]\s*[Tt]rue\b"
    r"|(?<![\w.])[\"']?role[\"']?\s*[:=]\s*(?:[\w.]*\.)?[\"']?(?i:admin|super_?admin|administrator)\b|\bcreate_superuser\("
)
_OF_ADMINISTRATORS = ("admin", "Admin", "uperuser", "ADMIN")
"""Texts without one of these name no administrator: looking for a word costs next to nothing."""
_LOADS = regex(r"\bcall_command\(\s*[\"']loaddata[\"']\s*,[^)\n]*?[\"'/](?P<name>[\w-]+)(?:\.(?:json|ya?ml))?[\"']")
_OF_A_TRY = regex(r"(?i)dev|debug|test|demo|prod|local|environ|settings?\b|config|flag|argv|options?\b|--")
_CHOOSES = regex(rf"^(?!.*(?:{_OF_A_TRY.pattern.removeprefix('(?i)')}))", re.IGNORECASE)
"""Conditions that ask nothing but whether there are accounts yet."""
OF_NO_SYSTEM = regex(
    r"(?i)(?:^|[/_.-])(?:dev|demo|tests?|testing|e2e|fixtures?|samples?|examples?|mocks?|scripts?|bin|tools|cli|commands)(?=[/_.-])"
)
"""Paths of what is tried, tested or called by hand."""
_USER_MODEL = regex(r"\"model\":\s*\"\w+\.\w*user\"", re.IGNORECASE)
_RIGHTS = regex(r"\"(?:is_staff|is_superuser|is_admin)\":\s*true")
_SET_PASSWORD = regex(r"\"password\":\s*\"(?!!)[^\"\s]{3,}\"")
_ONE_LINE = regex(r"(?i)[({].*\bpassword\w*[\"']?\s*[:=].*[)}]\s*[;,]?\s*$")
_AROUND = 12
"""Lines of one account before and after its password."""
_LONGEST_FIXTURE = 400_000

_Glance = Callable[[str], str | None]


def accounts_at_start(
    marked: Iterable[str], code: tuple[str, ...], files: frozenset[str], glance: _Glance
) -> Iterator[CodeFact]:
    """Yield an `account` fact for each place where code that a program's start reaches makes such an account; its detail is the
    fixture that holds the account, "" where the code does.
    """
    for path in marked:
        if OF_NO_SYSTEM.search(path) or not path.endswith((".py", ".js", ".ts", ".mjs", ".cjs")):
            continue
        text = glance(path) or ""
        for place, holder, fixture in (*_written(path, text, code, glance), *_loaded(path, text, files, glance)):
            if holder and (holder in STARTS or starting_calls(holder, path, code, glance, _CHOOSES)):
                yield CodeFact("account", fixture, place)


def _written(path: str, text: str, code: tuple[str, ...], glance: _Glance) -> Iterator[tuple[Location, str | None, str]]:
    if not any(word in text for word in _OF_ADMINISTRATORS):
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = _PASSWORD.search(f"{line}\n") if "assword" in line else None
        if match is None or not _is_administrator(lines, number) or not _stands_in_code(match, code, glance):
            continue
        where = Location(path, number, match.start() + 1)
        holder = holder_of(lines, where, _ending(path), _CHOOSES)
        if holder and not _OF_A_TRY.search(holder):
            yield where, holder, ""


def _is_administrator(lines: list[str], line: int) -> bool:
    """Whether the braces or brackets around a line say that the account is one of an administrator."""
    return bool(_ADMINISTRATOR.search(account_around(lines, line)))


def account_around(lines: list[str], line: int) -> str:
    """Return the text of the account that has its password in a line: what stands in the braces or brackets around it."""
    first, last = line - 1, line - 1
    if _ONE_LINE.search(lines[first]):
        return lines[first]
    while first > max(0, line - _AROUND) and not re.search(r"[({\[]\s*$|create_superuser\(", lines[first]):
        first -= 1
    while last < min(len(lines), line + _AROUND) - 1 and not re.match(r"\s*[})\]]", lines[last]):
        last += 1
    return "\n".join(lines[first : last + 1])


def _stands_in_code(match: re.Match[str], code: tuple[str, ...], glance: _Glance) -> bool:
    """Whether the password is a literal, or a private constant of the settings, which no variable sets."""
    constant = match["constant"]
    if not constant:
        return classify(match["value"]) not in {SecretClass.EMPTY, SecretClass.FILE_PATH}
    assigned = re.compile(rf"(?m)^[ \t]*{re.escape(constant)}[ \t]*(?::[^=\n]+)?=[ \t]*[\"'][^\"'\n]+[\"']")
    texts = (glance(path) for path in code if path.endswith(".py"))
    return any(text is not None and constant in text and assigned.search(text) for text in texts)


def _loaded(path: str, text: str, files: frozenset[str], glance: _Glance) -> Iterator[tuple[Location, str | None, str]]:
    if "loaddata" not in text:
        return
    places, lines = Places(path, text), text.split("\n")
    for match in _LOADS.finditer(text):
        where = places.at(match.start())
        ends = f"/fixtures/{match['name']}.json"
        fixture = next((file for file in sorted(files) if file.endswith(ends) and "/tests/" not in file), "")
        if fixture and holds_account(glance(fixture) or ""):
            yield where, holder_of(lines, where, _ending(path), _CHOOSES), fixture


def holds_account(fixture: str) -> bool:
    """Whether a fixture of Django has a user with rights of its staff and a password."""
    if len(fixture) > _LONGEST_FIXTURE:
        return False
    return bool(_USER_MODEL.search(fixture) and _RIGHTS.search(fixture) and _SET_PASSWORD.search(fixture))


def _ending(path: str) -> str:
    return "." + path.rpartition(".")[2]
