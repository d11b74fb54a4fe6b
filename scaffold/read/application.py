"""The application's code as a whole: every file's settings, reads and facts, and which facts served code reaches."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, lru_cache
from importlib import import_module

from scaffold.model.bundlers import BUNDLERS
from scaffold.model.compose import Stack
from scaffold.model.document import Location, Problem
from scaffold.model.project import CodeFact, Command, Dockerfile, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.unmade_stores import unmade
from scaffold.read.code import CodeReading
from scaffold.read.fact_words import (
    ACCOUNTS,
    BACKGROUND,
    ENDING,
    GENERATING,
    JAVASCRIPT,
    KEEPING,
    KEYS,
    KINDS,
    LEVELS,
    LOCKING,
    LOGGING_IN,
    LOGINS,
    MADE_UP,
    MIGRATING,
    OPENING,
    PERMITTING,
    PROTECTIONS,
    REFUSING,
    SEEDING,
    SERVING,
    STOPPING,
    WARNING,
    WRITING,
    Kind,
    Words,
    holds,
    language_of,
)
from scaffold.read.inventory import Inventory, TextReader
from scaffold.read.paths import is_beside_programs, is_other_code, is_test_code, program_folders, program_of

_NOT_CODE = (".min.js", ".d.ts", ".config.js", ".config.ts", ".config.mjs", ".config.cjs", ".stories.tsx", ".stories.ts")
_DJANGO = regex(r"(?m)^[ \t]*(?:from|import)[ \t]+django\b", words=("django",))
_ENTRY = regex(r"(?:^|/)(?:main|index|server|app|Program|Startup|asgi|wsgi|bootstrap)\.\w+$")
"""Files in which programs start."""
_FIELD = regex(r"\s+(\w+)\s*:")
_OF_TEST_RUNNERS = regex(
    r"(?:from|require\()\s{0,3}[\"'](?:vitest|@jest/globals|node:test|bun:test|@playwright/test)[\"']",
    words=("vitest", "@jest/globals", "node:test", "bun:test", "@playwright/test"),
)
"""Code that takes its words from a runner of tests is part of them, wherever it lies."""
_AS_A_WHOLE = regex(r"(?i)settings\w*(?:\(\))?\.(?:model_dump|dict|json|model_fields|__dict__)\b|vars\(settings")
"""Reads of all fields at once."""
_LOGIN = regex(
    r"(?i)cookie|authori[sz]|authenticat|oauth|bearer|jwt|\blog_?in\b|sign_?in\b|passlib|bcrypt|argon2|current_?user|\b(?:request|req)\.session"
    r"|sessionmiddleware|httpbasic|apikeyheader|webauthn|passport"
)
"""Words of code that knows its visitor by what the browser sends along."""
_COOKIE = regex(
    r"(?i)cookie|express-session|gorilla/sessions|HttpSession|AddSession|passport\.session|SessionMiddleware|\bsession\[|flask_login"
    r"|login_user|django\.contrib"
)
"""Words of code by which a browser sends a login along by itself."""
_COOKIE_OF_PYTHON = regex(
    r"\bset_cookie\(|\.cookies\b|\bCookie\(|\bCookieTransport\b|\bAPIKeyCookie\b|\bSessionMiddleware\b|\brequest\.session\b"
    r"|\bflask_login\b|\bdjango\.contrib\b|COOKIE|\bhttponly\b",
    words=(
        *("set_cookie", ".cookies", "Cookie", "SessionMiddleware", "request.session", "flask_login", "django.contrib"),
        *("COOKIE", "httponly"),
    ),
)
"""The same in Python, whose comments, lists of headers and own sessions have such words too."""
_COMMON = regex(r"(?:^|/)(?:libs?|shared|common|core|packages)(?:/|$)")
"""Folders of code that several programs import."""
_IN_MIGRATIONS = regex(
    r"(?:^|/)(?:migrations?|alembic|versions|migrate)/(?:.*/)?[^/]+\.(?:py|ts|js|rb|php|exs?|go)$",
    words=("alembic", "migrate", "migration", "versions"),
)
"""Code of migrations, which may set policies of the database."""
_OPENING = (".js", ".ts", ".mjs", ".cjs", ".mts", ".go", ".rs")
_OF_HISTORY = regex(
    r"(?:^|/)(?:versions|migrations|migrate)/[^/]+\.(?:py|rb)$|\.up\.sql$|/V\d[^/]*__[^/]+\.sql$|/meta/0000_snapshot\.json$",
    words=(".sql", "/meta/0000_snapshot.json", "migrate", "migrations", "versions"),
)
"""Versions of the database of which a tool asks for an order."""
_LISTS = ("s.yaml", "s.yml", "s.json", "t.yaml", "t.yml", "r.yaml", "r.yml")
_LIST_OF_ACCOUNTS = regex(r"(?:^|[/_-])(?:accounts?|users?|credentials?|logins?)\.(?:ya?ml|json)$")
_CALLS_PACKAGE = regex(
    r"\b(?:npm|pnpm|yarn|bun)\s+"
    r"(?:(?:--filter|-F|--prefix|-C|--dir|--cwd|-w|--workspace|workspace)[= ]\S+\s+)*(?:run\s+)?([\w:.-]+)"
)
_LOADS_ROWS = regex(
    r"seed|db:(?:setup|prepare|reset)|loaddata|manage\.py\s+(?:init|create|load|setup)|init_?data|create_?admin|fixtures",
    words=("create", "fixtures", "init", "loaddata", "manage.py", "prepare", "reset", "seed", "setup"),
)
"""Lines without one of these load no first rows."""
_MIGRATIONS = frozenset({"migrations", "alembic", "versions", "locale", "static", "public"})
_OF_SETTINGS = regex(r"(?i)(?:^|/)(?:settings?|config|configuration|database|application)[^/]*$")
_VARIABLE_OF_CLASS = regex(r"(?m)^[ \t]{1,40}(?:readonly )?[A-Z][A-Z0-9]*_[A-Z0-9_]{1,80}[!?]?: ?string;", words=("string",))
_READ_TOGETHER = (
    MIGRATING,
    ACCOUNTS,
    BACKGROUND,
    LEVELS,
    SERVING,
    OPENING,
    WRITING,
    GENERATING,
    PERMITTING,
    LOCKING,
    LOGGING_IN,
    KEEPING,
)
"""Kinds of facts whose readers look at all files with their words at once."""


def read_application(inventory: Inventory, texts: TextReader) -> tuple[CodeReading, tuple[Problem, ...]]:
    """Return what the code of the project gives, tests, migrations and bundles left out."""
    readings = []
    problems: list[Problem] = []
    code: list[str] = []
    marked: dict[Words, list[str]] = {words: [] for words in _READ_TOGETHER}
    policies = [path for path in inventory.files if path.endswith(".sql") or _IN_MIGRATIONS.search(path)]
    for path in inventory.files:
        if not is_application_code(path):
            continue
        text = texts.glance(path)
        if text is None:
            continue
        code.append(path)
        language = language_of(path)
        for words, paths in marked.items():
            if words.stand_in(text, language):
                paths.append(path)
        found, failed = _read(path, text)
        more = tuple(_more_facts(path, text))
        found = replace(found, facts=(*found.facts, *more)) if more else found
        problems += failed
        if PROTECTIONS.stand_in(text, language) or STOPPING.stand_in(text, language) or _checks_environment(text):
            texts.text(path)
        if found != CodeReading():
            texts.text(path)
            readings.append(found)
    settings = _with_unread(tuple(item for found in readings for item in found.settings), inventory, texts)
    reads = tuple(item for found in readings for item in found.reads)
    facts = [item for found in readings for item in found.facts]
    if marked[MIGRATING]:
        from scaffold.read.migrating import applied_at_start

        facts += applied_at_start(marked[MIGRATING], tuple(code), texts.glance)
    facts += _background(marked[BACKGROUND], inventory, texts)
    facts += _row_security(policies, code, texts)
    facts += _history(inventory, texts)
    facts += _held_accounts(policies, inventory, texts)
    facts += _named_stores(inventory, texts)
    facts += _log_levels(marked[LEVELS], code, texts)
    facts += _served(marked[SERVING], code, texts)
    facts += _accounts([*marked[ACCOUNTS], *_making_migrations(policies, texts)], tuple(code), inventory, texts)
    facts += _open_programs(marked[WRITING], code, inventory, texts)
    facts += _address_locks(marked[LOCKING], code, inventory, texts)
    facts += (
        *_unlimited_logins(marked[LOGGING_IN], code, inventory, texts),
        *_page_logins(marked[KEEPING], code, inventory, texts),
    )
    facts += _open_apis(marked, code, inventory, texts)
    facts += _files_read([*marked[OPENING], *policies], inventory, texts)
    routings = [found.routing for found in readings if found.routing is not None]
    if routings:
        from scaffold.read.reach import module_graph
        from scaffold.read.routes import route_facts

        facts += route_facts(routings, module_graph(inventory.files), settings)
    facts = _with_logins(facts, code, inventory, texts)
    joined = tuple(sorted(dict.fromkeys(facts), key=lambda fact: (fact.location.sort_key(), fact.kind, fact.detail)))
    return CodeReading(settings, reads, joined), tuple(problems)


def _with_logins(facts: list[CodeFact], code: list[str], inventory: Inventory, texts: TextReader) -> list[CodeFact]:
    """Return the facts, those of any origin with credentials marked where no code of their program reads what a browser sends
    along by itself, and left out where that is never a cookie: PHP is not asked, whose frameworks bring a session by
    themselves, and of Python the mark has to do, as a proxy in front may know its visitors by one.
    """
    opened = [fact for fact in facts if fact.kind == "cors" and {"any-origin", "credentials"} <= set(fact.detail.split())]
    if not opened:
        return facts
    cookies = [path for path in code if not is_beside_programs(path) and _knows_cookies(path, texts.glance(path) or "")]
    # A program in another language, or with packages of its own, keeps its cookies to itself.
    folders = program_folders(inventory.files)
    kept = {program_of(path, folders) for path in cookies if path.endswith(".py")}
    common = {folder for folder in kept if folder == "" or _COMMON.search(folder)}
    bare = [
        fact
        for fact in opened
        if fact.location.path.endswith(".py") and not kept & {*common, program_of(fact.location.path, folders)}
    ]
    if not cookies:
        gone = [fact for fact in opened if not fact.location.path.endswith((".py", ".php"))]
        facts = [fact for fact in facts if fact not in gone]
    marked = bare if any(_LOGIN.search(texts.glance(path) or "") for path in code) else opened
    return [replace(fact, detail=f"{fact.detail} no-login") if fact in marked else fact for fact in facts]


def _knows_cookies(path: str, text: str) -> bool:
    if not path.endswith(".py"):
        return _COOKIE.search(text) is not None
    return _COOKIE_OF_PYTHON.search(text) is not None or ("flask" in text and "session[" in text)


def _background(leaving: list[str], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    marked = [path for path in leaving if path.endswith((".php", ".py", ".rb"))]
    if marked:
        from scaffold.read.background import unstarted

        for fact in unstarted(marked, inventory.files, texts.glance):
            texts.text(fact.location.path)
            yield fact
    if any(path.endswith("vercel.json") for path in inventory.files):
        from scaffold.read.background import platform_schedules

        for fact in platform_schedules(inventory.files, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _address_locks(locking: list[str], code: list[str], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    if locking:
        from scaffold.read.axes import address_locks

        for fact in address_locks(locking, code, inventory.files, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _open_programs(writing: list[str], code: list[str], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    if writing:
        from scaffold.read.open_programs import open_programs

        for fact in open_programs(writing, code, inventory.files, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _unlimited_logins(logging_in: list[str], code: list[str], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    if logging_in:
        from scaffold.read.unlimited_logins import unlimited_logins

        for fact in unlimited_logins(logging_in, code, inventory.files, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _page_logins(keeping: list[str], code: list[str], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    if keeping:
        from scaffold.read.page_logins import page_logins

        for fact in page_logins(keeping, code, inventory.files, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _open_apis(marked: dict[Words, list[str]], code: list[str], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    """Yield the APIs that let everybody in by what makes them, or by the rules of their framework."""
    if not (marked[GENERATING] or marked[WRITING]):
        return
    from scaffold.read.open_apis import idle_rules, open_chains, open_graphs, unguarded

    for fact in (
        *open_graphs(marked[GENERATING], inventory.files, texts.glance),
        *open_chains(marked[PERMITTING], marked[WRITING], code, inventory.files, texts.glance),
        *idle_rules(marked[PERMITTING], marked[WRITING], code, texts.glance),
        *unguarded(marked[WRITING], code, inventory.files, texts.glance),
    ):
        texts.text(fact.location.path)
        yield fact


def _files_read(marked: list[str], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    paths = [path for path in dict.fromkeys(marked) if path.endswith(_OPENING)]
    if paths:
        from scaffold.read.files_read import read_files

        for fact in read_files(paths, inventory.present, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _row_security(policies: list[str], code: list[str], texts: TextReader) -> Iterator[CodeFact]:
    if policies:
        from scaffold.read.row_security import row_security

        for fact in row_security(policies, code, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _log_levels(levels: list[str], code: list[str], texts: TextReader) -> Iterator[CodeFact]:
    marked = [path for path in levels if path.endswith(".py")]
    if marked:
        from scaffold.read.log_levels import log_level_facts

        for fact in log_level_facts(marked, code, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _served(serving: list[str], code: list[str], texts: TextReader) -> Iterator[CodeFact]:
    """Yield the handlers that serve a program's own folder, and the database files that may lie in it."""
    if not serving:
        return
    from scaffold.read.served_folders import opened_databases, served_folder_facts

    handlers = [fact for path in serving for fact in served_folder_facts(path, texts.glance(path) or "")]
    for fact in (*handlers, *(opened_databases(code, texts.glance) if handlers else ())):
        texts.text(fact.location.path)
        yield fact


def _history(inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    if any(_OF_HISTORY.search(path) for path in inventory.files):
        from scaffold.read.migration_history import history_faults

        for fact in history_faults(inventory.files, inventory.present, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _named_stores(inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    """Yield the databases that settings in YAML name."""
    settings = [path for path in inventory.files if path.endswith((".yml", ".yaml")) and _OF_SETTINGS.search(path)]
    if settings:
        from scaffold.read.named_stores import named_stores

        yield from named_stores(settings, texts.glance)


def _held_accounts(policies: list[str], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    """Yield the accounts of people that files of data hold."""
    found: list[CodeFact] = []
    if policies:
        from scaffold.read.dumped import dumped_accounts
        from scaffold.read.migrated_accounts import migrated_accounts

        found += dumped_accounts([path for path in policies if path.endswith(".sql")], texts.glance)
        found += migrated_accounts(policies, inventory.files, texts.glance)
    lists = [path for path in inventory.files if path.endswith(_LISTS) and _LIST_OF_ACCOUNTS.search(path)]
    if lists:
        from scaffold.read.shared_logins import shared_logins

        found += shared_logins(lists, inventory.files, texts.glance)
    for fact in found:
        texts.text(fact.location.path)
        yield fact


def _accounts(making: list[str], code: tuple[str, ...], inventory: Inventory, texts: TextReader) -> Iterator[CodeFact]:
    if making:
        from scaffold.read.accounts import accounts_at_start

        for fact in accounts_at_start(making, code, inventory.present, texts.glance):
            texts.text(fact.location.path)
            yield fact


def _making_migrations(policies: list[str], texts: TextReader) -> Iterator[str]:
    """Yield the migrations that may make an account with a password."""
    for path in policies:
        text = None if path.endswith(".sql") else texts.glance(path)
        if text is not None and "assword" in text and ("ash" in text or "CreateAsync" in text) and not is_test_code(path):
            yield path


def _more_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield the facts whose readers are loaded where a text holds one of their words."""
    language = language_of(path)
    for kind in KINDS:
        if kind.words.stand_in(text, language):
            yield from _reader(kind)(path, text)
    if _ENTRY.search(path) and holds(text, SEEDING):
        yield from _seeds(path, text)
    if "production" in text and holds(text, ENDING):
        yield from _refusals(path, text)
    if language == "script":
        if holds(text, MADE_UP):
            yield from _build_switches(path, text)
        if ".env" in text and holds(text, BUNDLERS):
            yield from _bundled_reads(path, text)
    if path.endswith(".php"):
        yield from _php_extensions(path, text)
    yield from _about_keys(path, text)


@cache
def _reader(kind: Kind) -> Callable[[str, str], Iterable[CodeFact]]:
    found: Callable[[str, str], Iterable[CodeFact]] = getattr(import_module(f"scaffold.read.{kind.module}"), kind.function)
    return found


def _php_extensions(path: str, text: str) -> Iterator[CodeFact]:
    from scaffold.read.php_extensions import PHP_WORDS, php_extension_facts

    if holds(text, PHP_WORDS):
        yield from php_extension_facts(path, text)


def _bundled_reads(path: str, text: str) -> tuple[CodeFact, ...]:
    from scaffold.read.build_switches import bundled_read_facts

    return tuple(bundled_read_facts(path, text))


def _known_logins(path: str, text: str) -> tuple[CodeFact, ...]:
    from scaffold.read.known_logins import known_login_facts

    return tuple(known_login_facts(path, text))


def _build_switches(path: str, text: str) -> tuple[CodeFact, ...]:
    from scaffold.read.build_switches import build_switch_facts

    return tuple(build_switch_facts(path, text))


def _checks_environment(text: str) -> bool:
    """Whether a class of class-validator says what variables of the environment may be."""
    return "class-validator" in text and _VARIABLE_OF_CLASS.search(text) is not None


def _seeds(path: str, text: str) -> tuple[CodeFact, ...]:
    from scaffold.read.seeding import seed_facts

    return tuple(seed_facts(path, text))


def _refusals(path: str, text: str) -> tuple[CodeFact, ...]:
    from scaffold.read.refusals import refusal_facts

    return tuple(refusal_facts(path, text))


def _about_keys(path: str, text: str) -> Iterator[CodeFact]:
    """Yield what code does about keys and logins that everybody knows, and without one that callers have to show."""
    if "assword" in text and holds(text, LOGINS):
        yield from _known_logins(path, text)
    if holds(text, WARNING):
        from scaffold.read.known_keys import known_key_facts

        yield from known_key_facts(path, text)
    if holds(text, REFUSING) and holds(text, KEYS):
        from scaffold.read.open_checks import open_check_facts

        yield from open_check_facts(path, text)


def _with_unread(settings: tuple[SettingDefault, ...], inventory: Inventory, texts: TextReader) -> tuple[SettingDefault, ...]:
    """Return the settings with the sensitive fields marked that no code reads: `.name` or "name" stands nowhere, or only in the
    code of another image.
    """
    fields = {item: name for item in settings if item.kind == "field" and (name := _field_name(item, texts))}
    if not fields:
        return settings
    images = {posixpath.dirname(path) for path in inventory.files if posixpath.basename(path) == "Dockerfile"} - {""}
    roots = {item: _image_root(item.location.path, images) for item in fields}
    missing = set(fields)
    for path in inventory.files:
        text = texts.glance(path) if path.endswith(".py") and missing else None
        if text is None:
            continue
        if _AS_A_WHOLE.search(text):
            return settings
        near = {item for item in missing if path.startswith(roots[item]) and fields[item] in text}
        missing -= {item for item in near if re.search(rf"\.{fields[item]}\b|[\"']{fields[item]}[\"']", text)}
    return tuple(replace(item, unread=True) if item in missing else item for item in settings)


def _image_root(path: str, images: set[str]) -> str:
    """Return the folder with a Dockerfile of its own that holds a file, with a slash behind it; "" for the whole project."""
    folder = posixpath.dirname(path)
    while folder and folder not in images:
        folder = posixpath.dirname(folder)
    return f"{folder}/" if folder else ""


def _field_name(item: SettingDefault, texts: TextReader) -> str:
    """Return the attribute that holds a sensitive field, "" for a field of another kind."""
    if not is_sensitive_name(item.name) or item.value is None:
        return ""
    lines = (texts.glance(item.location.path) or "").splitlines()
    found = _FIELD.match(lines[item.location.line - 1]) if item.location.line <= len(lines) else None
    return found[1] if found else ""


def is_application_code(path: str) -> bool:
    """Whether a file is code that may run in a container: no test, no migration, no bundle, no tool's configuration."""
    if not path.endswith((".py", *JAVASCRIPT)) and not is_other_code(path) and not _is_settings(path):
        return False
    if is_test_code(path) or path.endswith(_NOT_CODE):
        return False
    return not any(folder in _MIGRATIONS for folder in path.split("/")[:-1])


def _is_settings(path: str) -> bool:
    """Whether a file is one of settings, such as `application.yml` or `appsettings.json`."""
    if not path.rpartition("/")[2].lower().startswith(("application", "bootstrap", "appsettings")):
        return False
    from scaffold.read.settings_files import is_settings_file

    return is_settings_file(path)


@lru_cache(maxsize=512)
def _read(path: str, text: str) -> tuple[CodeReading, tuple[Problem, ...]]:
    """Return what one file gives; the answer is remembered, as that of the YAML parser is."""
    # Each language's reader is loaded where the project has such a file: start-up stays light.
    if path.endswith(".py"):
        from scaffold.read.python_code import read_python

        return read_python(path, text)
    if path.endswith(JAVASCRIPT):
        if _OF_TEST_RUNNERS.search(text):
            return CodeReading(), ()
        from scaffold.read.javascript_code import read_javascript

        return read_javascript(path, text), ()
    from scaffold.read.other_code import read_other_code

    found = read_other_code(path, text)
    if _is_settings(path):
        from scaffold.read.settings_files import read_settings_file

        held = read_settings_file(path, text)
        found = replace(found, settings=held.settings, reads=held.reads, facts=(*found.facts, *held.facts))
    return found, ()


def served_entries(stacks: Iterable[Stack], images: Iterable[Dockerfile], commands: Iterable[Command]) -> tuple[str, ...]:
    """Return the modules that containers start: by a service's command, by an image's, or by a script that these name."""
    lines = [
        " ".join(words)
        for stack in stacks
        for service in stack.services
        for words in (service.entrypoint, service.command)
        if words
    ]
    for image in images:
        for stage in image.stages:
            lines += [" ".join(item.argv) for item in stage.instructions if item.keyword in {"CMD", "ENTRYPOINT"}]
    started = {word.rpartition("/")[2] for line in lines for word in line.split() if word.endswith(".sh")}
    lines += [
        command.text
        for command in commands
        if command.context == "script" and command.location.path.rpartition("/")[2] in started
    ]
    if not lines:
        return ()
    from scaffold.read.reach import entry_modules

    return tuple(sorted({module for line in lines for module in entry_modules(line)}))


def with_reach(code: CodeReading, inventory: Inventory, entries: tuple[str, ...], texts: TextReader) -> CodeReading:
    """Return the reading with `reachable` set on the facts of Python files where an entry module is known, without the claim
    that a program ends at a read which none of its modules makes, and with `idle` on settings of modules that it never runs.

    Django loads apps by name, so what its import graph misses stays unknown.
    """
    held = [item.location for item in code.settings if item.value and is_sensitive_name(item.name)]
    places = [*(fact.location for fact in code.facts), *(read.location for read in code.reads if read.fails), *held]
    wanted = frozenset(place.path for place in places if place.path.endswith(".py"))
    if not wanted or not entries:
        return code
    from scaffold.read.reach import module_graph, reachable

    reached = reachable(module_graph(inventory.files), entries, texts.glance, wanted)
    if reached is None:
        return code
    loads_by_name = not wanted <= reached and any(_DJANGO.search(texts.glance(path) or "") for path in reached)
    facts = tuple(_reach(fact, reached, loads_by_name=loads_by_name) for fact in code.facts)
    unmade = wanted - reached if not loads_by_name else frozenset()
    reads = tuple(replace(read, fails=False) if read.location.path in unmade else read for read in code.reads)
    folders = program_folders(inventory.files)
    known = {program_of(path, folders) for path in reached}
    idle = frozenset(path for path in unmade if program_of(path, folders) in known)
    settings = tuple(replace(item, idle=True) if item.location.path in idle else item for item in code.settings)
    return replace(code, facts=facts, reads=reads, settings=settings)


def started_with(
    stacks: Iterable[Stack], images: Iterable[Dockerfile], commands: Iterable[Command]
) -> tuple[tuple[str, Location], ...]:
    """Return the lines that containers of production start with, and where each stands: commands of services, of their images,
    of scripts and packages that these name.
    """
    services = [service for stack in stacks if stack.is_runnable_in_production for service in stack.services]
    built = {service.build.dockerfile for service in services if service.build}
    found = [(" ".join(words), item.location) for item in services for words in (item.entrypoint, item.command) if words]
    found += [
        (" ".join(item.argv) or item.text, item.location)
        for image in images
        if image.path in built
        for stage in image.stages
        for item in stage.instructions
        if item.keyword in {"CMD", "ENTRYPOINT"}
    ]
    named = {word.strip("\"',;[]").rpartition("/")[2] for text, _ in found for word in text.split()}
    shown = [item for item in commands if item.context in {"script", "package"}]
    found += [(item.text, item.location) for item in shown if item.location.path.rpartition("/")[2] in named]
    called = {match[1] for text, _ in found for match in _CALLS_PACKAGE.finditer(text)}
    return (*found, *((item.text, item.location) for item in shown if item.context == "package" and item.owner in called))


def told_to_run(commands: Iterable[Command]) -> tuple[tuple[str, Location], ...]:
    """Return the lines by which pages have people load first rows, and what the scripts of packages that they name run, each
    with the place in the page.
    """
    listed = tuple(commands)
    told = [(item.text, item.location) for item in listed if item.context == "doc" and _LOADS_ROWS.search(item.text)]
    packaged: dict[str, list[str]] = {}
    for item in listed if told else ():
        if item.context == "package":
            packaged.setdefault(item.owner, []).append(item.text)
    found = []
    for text, place in told:
        texts, seen = [text], {text}
        while texts:
            line = texts.pop()
            found.append((line, place))
            called = dict.fromkeys(match[1] for match in _CALLS_PACKAGE.finditer(line))
            more = [run for name in called for run in packaged.get(name, ()) if run not in seen]
            texts += more
            seen.update(more)
    return tuple(found)


def with_imports(
    code: CodeReading, inventory: Inventory, entries: tuple[str, ...], images: Iterable[Dockerfile], texts: TextReader
) -> CodeReading:
    """Return the reading with what programs import as they start, where an image installs packages of Python one by one."""
    steps = (item.text for image in images for stage in image.stages for item in stage.instructions if item.keyword == "RUN")
    if not entries or not any("pip" in text for text in steps):
        return code
    from scaffold.read.starting_imports import starting_imports

    return replace(code, facts=(*code.facts, *starting_imports(entries, inventory.files, texts.glance)))


def with_made_stores(code: CodeReading, inventory: Inventory, stacks: Iterable[Stack], texts: TextReader) -> CodeReading:
    """Return the reading with what makes databases and users, where services name some that their server does not make."""
    names = {item.name for stack in stacks if stack.is_runnable_in_production for item in unmade(stack)}
    if not names:
        return code
    from scaffold.read.made_stores import made_stores

    return replace(code, facts=(*code.facts, *made_stores(names, inventory.files, texts.glance)))


def with_writes(code: CodeReading, inventory: Inventory, stacks: Iterable[Stack], texts: TextReader) -> CodeReading:
    """Return the reading with where code writes files that services mount as one file, or to read alone."""
    mounts = [mount for stack in stacks for service in stack.services if service.build for mount in service.mounts]
    names = {mount.target.rpartition("/")[2] for mount in mounts if mount.kind == "bind" and "." in mount.target}
    if not names:
        return code
    from scaffold.read.named_writes import named_write_facts

    found: list[CodeFact] = []
    for path in filter(is_application_code, inventory.files):
        text = texts.glance(path)
        if text and any(name in text for name in names):
            found += named_write_facts(path, text, names)
    for fact in found:
        texts.text(fact.location.path)
    return replace(code, facts=(*code.facts, *found)) if found else code


def with_seeds(
    code: CodeReading,
    inventory: Inventory,
    texts: TextReader,
    lines: tuple[tuple[tuple[str, Location], ...], tuple[tuple[str, Location], ...]],
    stacks: Iterable[Stack],
) -> CodeReading:
    """Return the reading with the accounts that a start, or people whom a page tells so, load from files of first rows, without
    those of code that is known; `lines` are those of the starts and those of the pages.
    """
    started, told = lines
    if not told and not any(_LOADS_ROWS.search(text) for text, _ in started):
        return code
    from scaffold.read.commands import is_script
    from scaffold.read.outside_production import lines_outside_production
    from scaffold.read.seeded import seeded_accounts, switched_off, told_accounts

    scripts = dict.fromkeys(place.path for _, place in started if is_script(place.path))
    left_out = {path: lines_outside_production(texts.glance(path) or "") for path in scripts}
    started = tuple(item for item in started if item[1].line not in left_out.get(item[1].path, ()))
    known = {fact.location.path for fact in code.facts if fact.kind in {"account", "made-account", "script-account"}}
    # Fixtures of Django are no code, and no file of the project for any other reader.
    files = (*inventory.files, *sorted(path for path in inventory.present if "/fixtures/" in path and "/tests/" not in path))
    off = switched_off(service for stack in stacks if stack.is_runnable_in_production for service in stack.services)
    loaded = tuple(fact for fact in seeded_accounts(started, files, texts.glance, off) if fact.detail not in known)
    known |= {fact.detail for fact in loaded}
    more = (*loaded, *(fact for fact in told_accounts(told, files, texts.glance) if fact.detail not in known))
    return replace(code, facts=(*code.facts, *more)) if more else code


def _reach(fact: CodeFact, reached: frozenset[str], *, loads_by_name: bool) -> CodeFact:
    if not fact.location.path.endswith(".py"):
        return fact
    found = fact.location.path in reached
    return replace(fact, reachable=True if found else None if loads_by_name else False)
