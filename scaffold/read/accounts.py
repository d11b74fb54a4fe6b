"""Accounts of administrators that a program makes at its start with a password that stands in the repository."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.java_packages import without_package
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify
from scaffold.read.lines import Places
from scaffold.read.made_accounts import account_name, made_accounts
from scaffold.read.migrating import BY_HAND, ENTRY, STARTS, holder_of, starting_calls

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
_OF_A_TRY = regex(r"(?i)dev|debug|test|demo|prod|local|environ|settings?\b|config|flag|argv|options?\b|--|passw")
_CHOOSES = regex(rf"^(?!.*(?:{_OF_A_TRY.pattern.removeprefix('(?i)')}))", re.IGNORECASE)
"""Conditions that ask nothing but whether there are accounts yet."""
OF_NO_SYSTEM = regex(
    r"(?i)(?:^|[/_.-])(?:dev|demo|tests?|testing|e2e|fixtures?|samples?|examples?|mocks?|scripts?|bin|tools|cli|commands)(?=[/_.-])"
)
"""Paths of what is tried, tested or called by hand."""
_USER_MODEL = regex(r"\"model\":\s*\"\w+\.\w*user\"", re.IGNORECASE)
_RIGHTS = regex(r"\"(?:is_staff|is_superuser|is_admin)\":\s*true")
_SET_PASSWORD = regex(r"\"password\":\s*\"(?!!)[^\"\s]{3,}\"")
_OPENS = regex(r"[({]")
_NAMES_PASSWORD = regex(r"(?i)\bpassword\w*[\"']?\s*[:=]")
_AROUND = 12
"""Lines of one account before and after its password."""
_LONGEST_FIXTURE = 400_000

_CODE = (".py", ".js", ".ts", ".mjs", ".cjs", ".go", ".cs", ".java", ".kt")
_OF_SCRIPTS = (".py", ".js", ".ts", ".mjs", ".cjs", ".mts")
_CALLS_MAIN = regex(r"(?m)^(?:void[ \t]+|await[ \t]+)?main\(|__name__[ \t]*==")
_NEEDS_SEED = regex(r"(?i)\b(?:run|execute|start)\b[^\n\"'`]{0,30}\bseed\w*[^\n\"'`]{0,20}\bfirst\b", words=("seed",))
_KEEPS_ACCOUNTS = regex(r"(?i)upsert\(|get_or_create\(|findUnique\(|findFirst\(|findOne\(|on\s+conflict\b")
"""A script that needs the first rows, and leaves an account as it is that they have made."""
_OF_SPRING = regex(
    r"\b(?:CommandLineRunner|ApplicationRunner|Application(?:Ready|Started)Event|ContextRefreshedEvent|InitializingBean)\b"
    r"|\bSmart(?:InitializingSingleton|Lifecycle)\b|@PostConstruct\b|\bInMemoryUserDetailsManager\(|@Observes\s+StartupEvent\b"
)
_CHOSEN = regex(r"@Profile\b|@ConditionalOn|@Value\(")
"""Marks of a class of Spring that not every start uses, or that takes values from the settings."""
OF_MIGRATIONS = regex(r"(?:^|/)(?:migrations?|alembic|versions|migrate)/", words=("alembic", "migrat", "versions"))
_STEPS = frozenset({"up", "Up", "upgrade", "change"})
"""Functions of a migration, which a tool calls."""
_Glance = Callable[[str], str | None]


def accounts_at_start(
    marked: Iterable[str], code: tuple[str, ...], files: frozenset[str], glance: _Glance
) -> Iterator[CodeFact]:
    """Yield an `account` fact for each place where code that a program's start reaches loads the fixture of such an account
    (detail: the fixture), and a `made-account` fact where it makes one (detail: the account's name), a `script-account` where
    the start is that of a script alone, which nothing here imports.
    """
    paths = tuple(dict.fromkeys((*code, *marked)))
    for path in marked:
        if OF_NO_SYSTEM.search(without_package(path)) or not path.endswith(_CODE):
            continue
        text = glance(path) or ""
        for place, holder, fixture in _loaded(path, text, files, glance):
            if holder and _is_started(holder, path, text, paths, glance):
                yield CodeFact("account", fixture, place)
        made = (*_written(path, text, code, glance), *_made(path, text))
        for place, holder, name in {item[0].line: item for item in reversed(made)}.values():
            if holder is not None and not _OF_A_TRY.search(holder) and _is_started(holder, path, text, paths, glance):
                if not _is_of_a_script(holder, path, text, paths, glance):
                    yield CodeFact("made-account", name, place)
                elif not _NEEDS_SEED.search(text) or not _KEEPS_ACCOUNTS.search(text):
                    yield CodeFact("script-account", name, place)


def _made(path: str, text: str) -> Iterator[tuple[Location, str, str]]:
    yield from ((item.place, item.holder, item.name) for item in made_accounts(path, text, _CHOOSES))


def _is_started(holder: str, path: str, text: str, code: tuple[str, ...], glance: _Glance) -> bool:
    """Whether a function of a file is called whenever a program starts, or a migration of the database runs it."""
    if path.endswith((".java", ".kt")):
        return bool(_OF_SPRING.search(text)) and not _CHOSEN.search(text)
    if holder in STARTS:
        return not BY_HAND.search(path)
    if holder in _STEPS and OF_MIGRATIONS.search(path):
        return True
    if path.endswith(".go") and not _is_imported(path, text, code, glance):
        return False
    return bool(holder) and any(
        not BY_HAND.search(place.path) and not OF_NO_SYSTEM.search(without_package(place.path))
        for place in starting_calls(holder, path, code, glance, _CHOOSES)
    )


def _is_of_a_script(holder: str, path: str, text: str, code: tuple[str, ...], glance: _Glance) -> bool:
    """Whether a function is started by the `main` of its own file alone, a program for itself that nothing imports."""
    is_program = path.endswith(_OF_SCRIPTS) and not ENTRY.search(path) and bool(_CALLS_MAIN.search(text))
    if not is_program or (holder in _STEPS and OF_MIGRATIONS.search(path)):
        return False
    if holder not in STARTS and any(item.path != path for item in starting_calls(holder, path, code, glance, _CHOOSES)):
        return False
    stem = re.escape(path.rpartition("/")[2].rpartition(".")[0])
    imported = re.compile(rf"(?:[\"'/.]|\bimport[ \t]+){stem}(?:[\"']|\.[cm]?[jt]s[\"']|[ \t]+import\b|[ \t]*$)", re.MULTILINE)
    return not any(imported.search(glance(other) or "") for other in code if other != path and other.endswith(_OF_SCRIPTS))


def _is_imported(path: str, text: str, code: tuple[str, ...], glance: _Glance) -> bool:
    """Whether a program that is not run by hand imports the package of a file of Go, or the file is of the program itself."""
    if text.startswith("package main") or "\npackage main" in text:
        return not BY_HAND.search(path)
    *_, folder, _ = ("", *path.split("/"))
    others = (other for other in code if other.endswith(".go") and not BY_HAND.search(other))
    return any(f'/{folder}"' in (glance(other) or "") for other in others)


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
            yield where, holder, account_name(account_around(lines, number), match["value"] or "")


def _is_administrator(lines: list[str], line: int) -> bool:
    """Whether the braces or brackets around a line say that the account is one of an administrator."""
    return bool(_ADMINISTRATOR.search(account_around(lines, line)))


def account_around(lines: list[str], line: int) -> str:
    """Return the text of the account that has its password in a line: what stands in the braces or brackets around it."""
    first, last = line - 1, line - 1
    if _is_whole(lines[first]):
        return lines[first]
    while first > max(0, line - _AROUND) and not re.search(r"[({\[]\s*$|create_superuser\(", lines[first]):
        first -= 1
    while last < min(len(lines), line + _AROUND) - 1 and not re.match(r"\s*[})\]]", lines[last]):
        last += 1
    return "\n".join(lines[first : last + 1])


def _is_whole(line: str) -> bool:
    """Whether the braces or brackets around a password open and close in its line, as in minified code again and again."""
    opened = _OPENS.search(line)
    ends = line.rstrip().rstrip(";,").rstrip().endswith((")", "}"))
    return ends and opened is not None and _NAMES_PASSWORD.search(line, opened.end()) is not None


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
