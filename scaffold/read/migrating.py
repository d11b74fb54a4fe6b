"""Where code brings the database to its newest version, and whether a program does so whenever it starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.paths import is_test_code

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts")
_SITES = {
    ".go": regex(r"\bmigrate\.New\w*\(|\bgoose\.(?:Up|UpContext|RunContext)\("),
    ".cs": regex(r"\.Migrate(?:Async)?\("),
    ".rs": regex(r"\bsqlx::migrate!|\.run_pending_migrations\("),
    ".py": regex(r"\b\w*command\.upgrade\("),
}
_SCRIPT_SITES = regex(
    r"\bmigrationsRun\s*:\s*true\b|\.migrate\.latest\(|\bumzug\.up\(|\w[Ss]ource\.runMigrations\(|(?<![.\w])migrate\((?=\s*[\w.$]*db\b)"
)
_HOLDERS = {
    ".go": regex(r"func\s+(?:\([^)]*\)\s*)?(?P<name>\w+)"),
    ".cs": regex(r"(?!(?:return|await|var|new|throw|else)\b)(?:[\w<>\[\],?.]+\s+){2,}(?P<name>\w+)(?:<[^>]*>)?\s*\("),
    ".java": regex(r"(?!(?:return|new|throw|else)\b)(?:[\w<>\[\],?.@]+\s+)+(?P<name>\w+)\s*\("),
    ".kt": regex(r"(?:\w+\s+)*fun\s+(?P<name>\w+)"),
    ".rs": regex(r"(?:pub(?:\([^)]*\))?\s+)?(?:async\s+)?fn\s+(?P<name>\w+)"),
    ".py": regex(r"(?:async\s+)?def\s+(?P<name>\w+)"),
}
_SCRIPT_HOLDER = regex(
    r"(?:export\s+)?(?:default\s+)?(?:(?:public|private|protected|static)\s+)*(?:async\s+)?(?:function\s+(?P<name>\w+)"
    r"|(?:const|let)\s+(?P<arrow>\w+)\s*=\s*(?:async\s*)?(?:\([^)]*\)|\w+)[^=\n]*=>|(?P<method>(?!if\b|for\b|while\b|switch\b|catch\b)\w+)\s*\([^)]*\)[^;\n]*\{)"
)
_CONDITION = regex(r"\}?\s*(?P<what>(?:else\b|(?:el)?if\b|switch\b|match\b|case\b|except\b|catch\b)[^\n]*)")
_HARMLESS = regex(
    r"\berr\b|[Pp]ending|\.Any\(\)|__main__|\.Is(?:Relational|Npgsql|SqlServer|MySql)\(\)|!\s*[\w.]+\.IsInMemory\(\)|(?<![a-z])(?:at|is|on|not)_(?:head|current|latest|up_to_date)\b|up_to_date\b"
)
"""Conditions that hold at a start: no error came before, something is to do, the database is one with tables."""
_IN_DEVELOPMENT = regex(
    r"^(?!.*(?:\|\||!|\bor\b|\bnot\b)).*(?:\.IsDevelopment\(\)|\b(?:is_?dev|is_?development)\b"
    r"|\bENV(?:IRONMENT)?\b[\"'\])]*\s*===?\s*[\"'](?:dev|development|local|test)[\"'])",
    re.IGNORECASE,
)
"""A condition that holds on the machine of a developer alone."""
_CONTINUES = regex(r"\s*(?:[)\]}{.@]|where\b)")
"""Lines that open or go on with what stands above them."""
STARTS = frozenset(
    {"main", "Main", "bootstrap", "onModuleInit", "onApplicationBootstrap", "init", "lifespan", "startup", "StartAsync"}
)
_OF_ITS_OWN = regex(r"(?i)migrat|(?:^|/)(?:scripts?|tools|bin|cmd/(?!server|api|app|web))/|(?:^|/)(?:seed|cli|manage)\b")
ENTRY = regex(r"(?:^|/)(?:main|index|server|app|Program|Startup|asgi|wsgi|bootstrap)\.\w+$")
BY_HAND = regex(r"(?i)(?:^|/)(?:\w*seed\w*|create\w*|add\w*|cli|manage|reset\w*)(?:/|\.)")
"""Programs that people run to make what a database starts with."""
_MOST_CALLERS = 8
_MOST_STEPS = 4
"""Calls are followed this far: from the code that migrates to the program that starts."""


@frozen
class _Site:
    """A place in a text, and the function that it stands in: "" at the top, None behind a condition."""

    holder: str | None
    place: Location
    in_development: bool = False
    """Whether the condition holds on the machine of a developer alone."""


@frozen
class _Search:
    """Which conditions a search passes over, and the functions that it has followed."""

    harmless: re.Pattern[str]
    seen: frozenset[str] = frozenset()


def applied_at_start(marked: Iterable[str], paths: tuple[str, ...], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield `schema` facts for the files of `marked`: `applies-at-start` where a program migrates whenever it starts,
    `applies-in-development` where it does so on developers' machines alone, `applies` where that cannot be told; nothing for a
    function that no code of `paths` calls.
    """
    for path in marked:
        text = glance(path) or ""
        for site in _sites(path, text, _pattern_of(path)):
            yield from _facts(site, text, paths, glance)


def _ending(path: str) -> str:
    return "." + path.rpartition(".")[2]


def _pattern_of(path: str) -> re.Pattern[str] | None:
    return _SCRIPT_SITES if path.endswith(_SCRIPTS) else _SITES.get(_ending(path))


def _sites(path: str, text: str, pattern: re.Pattern[str] | None, harmless: re.Pattern[str] = _HARMLESS) -> Iterator[_Site]:
    if pattern is None or (pattern is _SCRIPT_SITES and "migrate(" in text and not _is_known(text)):
        return
    places = Places(path, text)
    lines = text.split("\n")
    for match in pattern.finditer(text):
        where = places.at(match.start())
        if not re.match(r"\s*(?://|#|\*|/\*)", lines[where.line - 1]):
            holder = holder_of(lines, where, _ending(path), harmless)
            yield _Site(holder, where, holder is None and _is_for_development(lines, where))


def _is_known(text: str) -> bool:
    """Whether `migrate(` of a script can be Drizzle's, or another of the forms is there."""
    return "/migrator" in text or not re.search(r"(?<![.\w])migrate\(", text)


def holder_of(lines: list[str], where: Location, ending: str, harmless: re.Pattern[str]) -> str | None:
    """Return the function that a line stands in by the indentation, "" at the top; None where a condition guards it that is not
    one of `harmless`.
    """
    pattern = _HOLDERS.get(ending, _SCRIPT_HOLDER)
    depth = _indent(lines[where.line - 1])
    own = _CONDITION.match(lines[where.line - 1].strip())
    if own and not harmless.search(own["what"]):
        return None
    before = lines[: where.line - 1]
    for index, line in reversed(tuple(enumerate(before))):
        if not line.strip() or _indent(line) >= depth or _CONTINUES.match(line):
            continue
        depth = _indent(line)
        bare = line.strip()
        condition = _CONDITION.match(bare)
        if condition and not harmless.search(_asked(before[:index], line, condition["what"])):
            return None
        found = None if condition else pattern.match(bare)
        if found:
            return next((name for name in found.groupdict().values() if name), "")
    return ""


def holder_line(lines: list[str], where: Location, ending: str) -> int:
    """Return the number of the line that opens the innermost function around a place, 0 where none does."""
    pattern = _HOLDERS.get(ending, _SCRIPT_HOLDER)
    depth = _indent(lines[where.line - 1])
    for number in range(where.line - 1, 0, -1):
        line = lines[number - 1]
        if not line.strip() or _indent(line) >= depth or _CONTINUES.match(line):
            continue
        depth = _indent(line)
        if not _CONDITION.match(line.strip()) and pattern.match(line.strip()):
            return number
    return 0


def _is_for_development(lines: list[str], where: Location) -> bool:
    """Whether a line stands in the branch of a condition for development, by the indentation."""
    depth = _indent(lines[where.line - 1]) + 1
    for line in reversed(lines[: where.line]):
        if not line.strip() or _indent(line) >= depth or _CONTINUES.match(line):
            continue
        depth = _indent(line)
        condition = _CONDITION.match(line.strip())
        if condition and _IN_DEVELOPMENT.search(condition["what"]):
            return True
    return False


def _asked(before: list[str], line: str, what: str) -> str:
    """Return the words of a condition; those of its `if` for an `else` of Python."""
    if not re.match(r"else\s*:", what):
        return what
    for other in reversed(before):
        if other.strip() and _indent(other) <= _indent(line):
            return other if re.match(r"\s*(?:el)?if\b", other) else ""
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _facts(site: _Site, text: str, paths: tuple[str, ...], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    path = site.place.path
    always = "migrationsRun" in text.split("\n")[site.place.line - 1]
    if site.holder == "init" and path.endswith(".go"):
        return  # The reader of schemas knows it, with its build tags.
    if not site.holder or site.holder in STARTS or always:
        otherwise = "applies-in-development" if site.in_development else "applies"
        yield CodeFact("schema", "applies-at-start" if always or _starts(site) else otherwise, site.place)
        return
    starts, is_called = _starting_calls(site.holder, path, paths, glance, _Search(_HARMLESS))
    for start in starts:
        yield CodeFact("schema", "applies-at-start", start.place)
    if not starts and is_called and _is_called_in_development(site.holder, path, paths, glance):
        yield CodeFact("schema", "applies-in-development", site.place)
    elif is_called or path.endswith(".py"):
        yield CodeFact("schema", "applies", site.place)


def _starts(site: _Site) -> bool:
    """Whether a place is run whenever the program of its file starts, and the program is none for migrations alone."""
    path = site.place.path
    if site.holder is None or _OF_ITS_OWN.search(path):
        return False
    return site.holder in STARTS or bool(ENTRY.search(path))


def starting_calls(
    holder: str, path: str, paths: tuple[str, ...], glance: Callable[[str], str | None], harmless: re.Pattern[str]
) -> tuple[Location, ...]:
    """Return the places where programs start what ends in a function, under no condition that is not `harmless`."""
    return tuple(site.place for site in _starting_calls(holder, path, paths, glance, _Search(harmless))[0])


def _starting_calls(
    holder: str, path: str, paths: tuple[str, ...], glance: Callable[[str], str | None], search: _Search
) -> tuple[list[_Site], bool]:
    """Return the places where programs start what ends in a function, and whether anything calls that function."""
    seen = search.seen
    sites = list(_calls(holder, path, paths, glance, search.harmless))
    starts = [site for site in sites if _starts(site)]
    known = seen | {holder}
    further = {
        site.holder: site.place.path for site in sites if site.holder and site.holder not in known and site not in starts
    }
    if len(known) < _MOST_STEPS and len(further) <= _MOST_CALLERS:
        for name, where in further.items():
            starts += _starting_calls(name, where, paths, glance, _Search(search.harmless, known))[0]
    return starts, bool(sites)


def _is_called_in_development(
    holder: str, path: str, paths: tuple[str, ...], glance: Callable[[str], str | None], steps: int = _MOST_STEPS
) -> bool:
    """Whether every call of a function stands behind a condition for development, or in a function of which that holds."""
    sites = list(_calls(holder, path, paths, glance, _HARMLESS))
    return bool(sites) and all(
        site.in_development
        or bool(
            steps
            and site.holder
            and site.holder not in {*STARTS, holder}
            and _is_called_in_development(site.holder, site.place.path, paths, glance, steps - 1)
        )
        for site in sites
    )


def _calls(
    holder: str, path: str, paths: tuple[str, ...], glance: Callable[[str], str | None], harmless: re.Pattern[str]
) -> Iterator[_Site]:
    call = re.compile(rf"(?<!\w){re.escape(holder)}(?:<[^>\n]*>)?\(")
    family = _SCRIPTS if path.endswith(_SCRIPTS) else (_ending(path),)
    owner = _owner(holder, path, glance)
    for other in paths:
        text = glance(other) if other.endswith(family) and not is_test_code(other) else None
        if text is None or holder not in text or (other != path and owner not in text):
            continue
        lines = text.split("\n")
        for site in _sites(other, text, call, harmless):
            if not _is_definition(lines[site.place.line - 1], holder, other):
                yield site


def _owner(holder: str, path: str, glance: Callable[[str], str | None]) -> str:
    """Return the class of C# that a file is called after, which callers of its methods name, also as an interface; "" where
    anybody may call the function: an extension of another type, and other languages.
    """
    if not path.endswith(".cs") or re.search(rf"\b{re.escape(holder)}(?:<[^>\n]*>)?\(\s*this\b", glance(path) or ""):
        return ""
    name = path.rpartition("/")[2].partition(".")[0]
    return name if re.search(rf"\bclass\s+{re.escape(name)}\b", glance(path) or "") else ""


def _is_definition(line: str, holder: str, path: str) -> bool:
    found = _HOLDERS.get(_ending(path), _SCRIPT_HOLDER).match(line.strip())
    return found is not None and holder in found.groupdict().values()
