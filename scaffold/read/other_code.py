"""Go, Ruby, PHP, Java, Kotlin, Rust, Elixir, C# and shell: variables read in their plain forms, and a few clear facts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact, EnvRead, SettingDefault
from scaffold.model.regex import regex
from scaffold.read.code import CodeReading, is_kept, reading, setting
from scaffold.read.fact_words import holds
from scaffold.read.fallbacks import with_fallbacks
from scaffold.read.java_routes import MAPPING, java_routes
from scaffold.read.lines import Places, blank
from scaffold.read.paths import OTHER_CODE, is_rails_file, is_spring_file

_Q = r"[\"'](?P<name>[A-Za-z_][A-Za-z0-9_]*)[\"']"
_D = r"(?P<mark>[\"'])(?P<value>(?:(?!(?P=mark))[^\\\n]){0,300})(?P=mark)"


@frozen
class _Language:
    """The forms of one language: reads that fail without the variable, reads that do not, reads with a literal default."""

    required: str = ""
    optional: str = ""
    with_default: str = ""
    facts: tuple[tuple[str, re.Pattern[str], str], ...] = ()
    # Begins with the slash that both have: the search passes over all other characters at once.
    comment: str = r"/(?:(?<![:\"']/)/[^\n]*|\*.*?(?:\*/|\Z))"
    raises: bool = True
    """Whether the program ends at a required read; a script for people does too, but it is not the program."""
    keeps_empty: bool = True
    """Whether the default of a read stands for a variable that is not set alone: helpers of Go mostly ask for an empty text."""


_LOGGERS = ("slog", "zap", "logrus", "zerolog")
_JDBC = ("jdbc:postgresql",)
_GO = _Language(
    # The tags of caarlos0/env, cleanenv and envconfig.
    required=r"env:\"(?P<name>[A-Z][A-Z0-9_]*)(?:(?:,[^\",]*)*,required\b[^\"]*\"|\"[^`\n]*\benv-required:\"true\"|\"[^`\n]*\brequired:\"true\")"
    # A text that is empty ends the program.
    r"|os\.Getenv\(\s*\"(?P<name2>\w+)\"\s*\)\s{0,40}(?:if\s{1,4}\w{1,40}\s{0,4}==|==)\s{0,4}\"\"\s{0,4}\{\s{0,40}(?:log\.(?:Fatal|Panic)|panic\(|os\.Exit\()",
    # viper takes keys in capitals from the environment as they stand.
    optional=rf"os\.(?:Getenv|LookupEnv)\({_Q}\)|\bviper\.Get[A-Z]\w{{0,20}}\(\s*\"(?P<name2>[A-Z][A-Z0-9_]{{2,80}})\"\s*\)",
    with_default=rf"(?:getenv|getEnv|GetEnv|envOr|envOrDefault|env\.Get\w*|viper\.SetDefault)\({_Q},\s*{_D}\)",
    keeps_empty=False,
    facts=(
        (
            "metrics-route",
            regex(
                r"Handle(?:Func)?\(\s*[\"'](?P<detail>/[\w/-]*)[\"'],\s*(?:promhttp\.Handler|(?:\w+\.)?[mM]etricsHandler\b)",
                words=("Handle",),
            ),
            "",
        ),
        ("metrics-library", regex(r"\"github\.com/prometheus/client_golang/prometheus"), "client_golang"),
        (
            "http-route",
            regex(r"\.(?:HandleFunc|Handle|(?i:get|post|put|delete|patch))\(\s*\"(?:[A-Z]+ )?(?P<detail>/[^\"\n]*)\""),
            "",
        ),
        (
            "logging-json",
            regex(r"slog\.NewJSONHandler|zap\.NewProduction|logrus\.JSONFormatter|zerolog\.New", words=_LOGGERS),
            "go",
        ),
        (
            "logging-text",
            regex(r"slog\.NewTextHandler|zap\.NewDevelopment\(|logrus\.TextFormatter|zerolog\.ConsoleWriter", words=_LOGGERS),
            "go",
        ),
        (
            "server-entry",
            regex(r"http\.ListenAndServe|\.ListenAndServe\(|grpc\.NewServer\(", words=("ListenAndServe", "grpc.NewServer(")),
            "",
        ),
        ("tracing", regex(r"sentry\.Init\("), "sentry"),
        ("tracing", regex(r"\"go\.opentelemetry\.io/otel/sdk/trace"), "opentelemetry"),
    ),
)
_RUBY = _Language(
    required=rf"ENV\.fetch\(\s*{_Q}\s*\)(?!\s*(?:\{{|do\b))",
    # Who asks whether it is there does without it.
    optional=rf"ENV\[\s*{_Q}\s*\]|ENV\.(?:key|has_key|include|member)\?\(\s*{_Q.replace('name', 'name2')}\s*\)",
    with_default=rf"ENV\.fetch\(\s*{_Q}\s*(?:,\s*{_D}\s*\)|\)\s*\{{\s*(?P<mark2>[\"']?)(?P<value2>(?<=[\"'])[^\"'\n]{{0,300}}|\d{{1,9}})(?P=mark2)\s*\}})",
    facts=(
        ("http-route", regex(r"(?m)^[ \t]*get\s+[\"'](?P<detail>/?[\w/-]+)[\"']", words=("get",)), ""),
        ("logging-json", regex(r"lograge\.formatter\s*=\s*Lograge::Formatters::Json|SemanticLogger"), "ruby"),
        ("tracing", regex(r"Sentry\.init\b"), "sentry"),
    ),
    comment=r"(?m:^[^\S\n]*#[^\n]*)",
)
_PHP = _Language(
    optional=rf"(?:getenv|env)\(\s*{_Q}\s*\)|\$_(?:ENV|SERVER)\[\s*{_Q.replace('name', 'name2')}\s*\]",
    with_default=rf"\benv\(\s*{_Q},\s*{_D}\s*\)",
)
_JAVA = _Language(
    optional=rf"System\.getenv\(\s*{_Q}\s*\)",
    with_default=rf"getenv\(\)\.getOrDefault\(\s*{_Q},\s*{_D}\s*\)"
    r"|@Value\(\s*\"\\?\$\{(?P<name2>[A-Za-z_][\w.-]*):(?P<value2>[^\"\n{}]{0,300})\}\"",
)
_RUST = _Language(
    required=rf"env::var\(\s*{_Q}\s*\)\s*\.(?:expect|unwrap)\(",
    # `env!` is read by the compiler.
    optional=rf"env::var(?:_os)?\(\s*{_Q}\s*\)(?!\s*\.(?:expect|unwrap))|\benv!\(\s*{_Q.replace('name', 'name2')}"
    # A field of clap reads the variable of its own name in upper case.
    r"|#\[(?:clap|arg)\((?:[^\]\n]*,\s*)?env\s*[,)][^\]\n]*\]?\s*(?:pub\s+)?(?P<field>[a-z]\w*)\s*:",
    # `use std::env::var` brings the name alone.
    with_default=rf"(?<![\w.])(?:(?:std::)?env::)?var\(\s*{_Q}\s*\)\s*\.unwrap_or(?:_else)?\(\s*(?:\|_\|\s*)?"
    rf"(?:String::from\(|format!\(|\{{\s*format!\()?{_D}",
    facts=(
        ("http-route", regex(r"\.route\(\s*\"(?P<detail>/[^\"\n]*)\""), ""),
        ("logging-json", regex(r"tracing_subscriber::fmt\(\)\s*\.json\(\)|\.json\(\)\s*\.init\(\)"), "tracing"),
        ("server-entry", regex(r"axum::serve\(|HttpServer::new|rocket::build\("), ""),
    ),
)
_SCOPE = ("scope(",)
_IN_SCOPES = regex(
    r"\bscope\(\s*\"(?P<scope>/?[^\"\n]*)\"\s*\)|\.route\(\s*\"(?P<route>/[^\"\n]*)\""
    r"|\"(?:[^\"\\\n]|\\.){0,500}\"|'(?:[^'\\\n]|\\.)'|[()\[\]{},;]"
)
"""What tells how deep a place of Rust is: brackets, and what ends a chain of calls; texts are passed over."""
_ELIXIR = _Language(
    # Of several, one is enough: the first part of the pattern takes such a row, without a name.
    required=r"(?:System\.get_env\(\s*\"\w+\"\s*\)\s*\|\|\s*){2,5}raise"
    rf"|System\.fetch_env!\(\s*{_Q}\s*\)|System\.get_env\(\s*{_Q.replace('name', 'name2')}\s*\)\s*\|\|\s*raise",
    # Helpers that many projects write around it are called the same.
    optional=rf"System\.get_env\(\s*{_Q}\s*\)(?!\s*\|\|)"
    rf"|(?<![\w.])get_env\(\s*{_Q.replace('name', 'name2')}\s*(?:,\s*:\w+\s*)?\)",
    with_default=rf"System\.get_env\(\s*{_Q}(?:,\s*|\s*\)\s*\|\|\s*){_D}",
    comment=r"(?m:^[^\S\n]*#[^\n]*)",
)
_CSHARP = _Language(
    optional=rf"Environment\.GetEnvironmentVariable\(\s*{_Q}\s*\)(?!\s*\?\?)",
    with_default=rf"Environment\.GetEnvironmentVariable\(\s*{_Q}\s*\)\s*\?\?\s*{_D}",
    facts=(
        ("http-route", regex(r"\.Map(?:Get|Post|HealthChecks)\(\s*\"(?P<detail>/[^\"\n]*)\""), ""),
        ("connection", regex(r"\bGetConnectionString\(\s*\"(?P<detail>\w+)\"", words=("GetConnectionString",)), ""),
    ),
)
_SHELL = _Language(
    required=r"\$\{(?P<name>[A-Z][A-Z0-9_]{2,}):?\?",
    optional=r"\$\{(?P<name>[A-Z][A-Z0-9_]{2,})(?::?[-+][^}\n]{0,200})?\}|\$(?P<name2>[A-Z][A-Z0-9_]{2,})\b",
    raises=False,
    comment=r"(?m:^[^\S\n]*#[^\n]*)",
)
_SPRING = _Language(
    required=r"\$\{(?P<name>[A-Z][A-Z0-9_]*)\}",
    optional=r"\$\{(?P<name>[A-Z][A-Z0-9_]*):[^}\n]*\}",
    facts=(
        (
            "spring-datasource",
            regex(r"(?m)^[ \t]*spring\.datasource\.url\s*[=:]\s*(?P<detail>jdbc:postgresql://[\w.-]+(?::\d+)?)", words=_JDBC),
            "",
        ),
        (
            "spring-datasource",
            regex(
                r"(?m)^[^\S\n]+datasource:(?:\n(?:[^\S\n][^\n]*)?){0,8}?\n[^\S\n]+url:\s*[\"']?(?P<detail>jdbc:postgresql://[\w.-]+(?::\d+)?)",
                words=_JDBC,
            ),
            "",
        ),
    ),
    comment=r"(?m:^[^\S\n]*#[^\n]*)",
)
"""Where an application of Spring Boot finds its database, without what could hold a login."""
_BY_ENDING = dict(
    zip(
        OTHER_CODE,
        (_GO, _RUBY, _PHP, _JAVA, _JAVA, _RUST, _ELIXIR, _ELIXIR, _CSHARP, _SHELL, _SHELL),
        strict=True,
    )
)
_OF_DEVELOPMENT = regex(r"(?:^|[/._-])(?:dev|development|local|test|tests)(?:[/._-]|$)")
_WORDS = (
    *("env", "Env", "ENV", "slog", "zap", "logrus", "zerolog", "Listen", "onfiguration", "HandleFunc", "promhttp", "otel"),
    *("viper", "getProperty", "ConfigProperty", "@Value", "Mapping", "jdbc:postgresql", ".route(", ".Get(", ".GET(", "Sentry"),
)
_OF_RAILS = (
    "secret_key_base",
    "secret_token",
    "mount",
    "Rack::Auth",
    "authenticate",
    "before_action",
    ".use",
    "parent_controller",
    "production:",
)
"""Words without which a file of Ruby says nothing of signing keys, of consoles and of databases."""
_WORTH_READING = regex(r"\bget\b|\$\{?[A-Z]", words=("get", "$"))
"""Texts without one of these words or forms give nothing."""


def _by_place(path: str) -> _Language | None:
    """Return the language of a settings file by its folder and name, or None."""
    return _SPRING if is_spring_file(path) else _RUBY if is_rails_file(path) else None


def _named(pattern: str, text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield what a pattern finds that names a variable."""
    for match in re.finditer(pattern, text) if pattern else ():
        groups = match.groupdict()
        name = groups.get("name") or groups.get("name2") or (groups.get("field") or "").upper()
        if name:
            yield name, match


def read_other_code(path: str, text: str) -> CodeReading:
    """Return what the plain forms of the file's language give."""
    ending = next((end for end in _BY_ENDING if path.endswith(end)), "")
    language = _BY_ENDING[ending] if ending else _by_place(path)
    words = (*_WORDS, *_OF_RAILS) if language is _RUBY else _WORDS
    has_constants = ending == ".php" and "define(" in text
    if language is None or not (has_constants or holds(text, words) or _WORTH_READING.search(text)):
        return CodeReading()
    if language is _RUST:
        # Loaded where there is code of Rust alone.
        from scaffold.read.rust_tests import without_tests

        text = without_tests(text)
    bare = re.sub(language.comment, lambda match: blank(match[0]), text, flags=re.DOTALL)
    settings: list[SettingDefault] = []
    places = Places(path, text)
    reads: dict[int, EnvRead] = {}
    for pattern, required in ((language.with_default, False), (language.required, True), (language.optional, False)):
        fails = required and language.raises and not _OF_DEVELOPMENT.search(path)
        for name, match in _named(pattern, bare):
            groups = match.groupdict()
            where = places.at(match.start())
            value = groups.get("value") if groups.get("value") is not None else groups.get("value2")
            kept = language.keeps_empty and is_kept(value)
            reads.setdefault(match.start(), EnvRead(name, required, where, fails=fails, empty="kept" if kept else ""))
            if value is not None:
                settings.append(setting(name, value, "getenv", where, guarded=False))
    if language is _ELIXIR:
        # Loaded where there is code of Elixir alone.
        from scaffold.read.elixir import elixir_defaults

        settings = elixir_defaults(places, bare, settings)
    if language not in (_SHELL, _SPRING):
        settings = with_fallbacks(places, bare, settings)
    facts = _facts(path, places, bare, language)
    if language is _RUBY and holds(bare, _OF_RAILS):
        # Loaded where there is code of Rails alone.
        from scaffold.read.rails import console_facts, database_facts, fixed_keys

        settings = [*settings, *fixed_keys(path, places, bare)]
        facts += (*console_facts(path, places, bare), *database_facts(path, places, bare))
    if has_constants:
        # Loaded where there is such code of PHP alone.
        from scaffold.read.php_constants import constants

        settings = [*settings, *constants(path, places, bare)]
    return reading(settings, list(reads.values()), facts)


def _scoped_routes(text: str) -> dict[int, str]:
    """Return, by its place, the whole path of each route inside a scope of Actix: its calls follow `scope("/path")` up to the
    comma or bracket that ends them.
    """
    found: dict[int, str] = {}
    scopes: list[tuple[int, str]] = []
    depth = 0
    for match in _IN_SCOPES.finditer(text):
        sign = match[0]
        if match["scope"] is not None:
            scopes.append((depth, match["scope"].rstrip("/")))
        elif match["route"] is not None:
            found[match.start()] = "".join(prefix for _, prefix in scopes) + match["route"]
            depth += 1
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        while scopes and (depth < scopes[-1][0] or (sign in ",;" and depth == scopes[-1][0])):
            scopes.pop()
    return found


def _facts(path: str, places: Places, bare: str, language: _Language) -> list[CodeFact]:
    found = []
    if language is _JAVA and holds(bare, MAPPING):
        found += [CodeFact("http-route", path, places.at(start)) for start, path in java_routes(bare)]
    scoped = _scoped_routes(bare) if language is _RUST and holds(bare, _SCOPE) else {}
    for kind, pattern, detail in language.facts:
        for match in pattern.finditer(bare):
            word = scoped.get(match.start()) or match.groupdict().get("detail") or detail or path
            if kind == "http-route" and not word.startswith("/"):
                word = f"/{word}"
            found.append(CodeFact(kind, word, places.at(match.start())))
    return found
