"""How the variables of a service that reach a managed store are rewired: host, port, database, user, password, whole URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field

from scaffold.model.compose import EnvValue, Service
from scaffold.model.document import scalars_of
from scaffold.model.engines import MEMORYDB
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name, names_whole_address
from scaffold.model.secrets import names_secret
from scaffold.model.target import Store
from scaffold.model.workload import Note, Piece, Text, literal
from scaffold.plan.url_forms import url_form
from scaffold.plan.workloads.connection_strings import ConnectionString, Keyword, parse_connection_string
from scaffold.plan.workloads.hosts import HOST_ENDINGS, Url, host_and_port, parse_url
from scaffold.plan.workloads.scope import Scope, flagged_passwords
from scaffold.plan.workloads.texts import merged, whole_reference

_PARTS = {
    **dict.fromkeys(("PORT",), "port"),
    **dict.fromkeys(("USER", "USERNAME", "LOGIN"), "username"),
    **dict.fromkeys(("PASSWORD", "PASS", "PASSWD", "PWD", "AUTH"), "password"),
    **dict.fromkeys(("NAME", "DB", "DATABASE", "DBNAME", "DB_NAME"), "database"),
}
_PASSWORD_NAME = regex(r"(?P<of>.*?)_*(?:PASSWORD|PASSWD|PASS|PWD|AUTH|PASSPHRASE)", re.IGNORECASE)
_WORDS_OF_STORES = {
    True: frozenset({"DB", "DATABASE", "DATASOURCE", "JDBC", "PG", "PGSQL", "POSTGRES", "POSTGRESQL", "PSQL", "RDS", "SQL"}),
    False: frozenset({"BROKER", "CACHE", "CELERY", "QUEUE", "REDIS", "VALKEY"}),
}
"""The words by which variables call a PostgreSQL (True) and another store."""
_HOST_AND_DATABASE = regex(r"(?P<host>[\w.-]+)(?P<port>:\d{1,5})?/(?P<database>[\w-]+)")
"""What Spring's settings put behind `jdbc:postgresql://`."""
_NAMES_ADDRESS = regex(r"(?:URL|URI|HOST|ADDRESS|DSN)$", re.IGNORECASE)
_URL_NAME = regex(r"(?P<of>.+[._])(?:JDBC_?)?UR[LI]", re.IGNORECASE)
_SSL_MODE = regex(r"_*SSL_?MODE")
_WITHOUT_TLS = frozenset({"disable", "allow", "prefer"})
"""The modes of libpq and of those that took over its words in which a connection may be plain."""
_STAND_IN = regex(r"<(?P<name>\w+)>")
_USER_VARIABLES = frozenset({"POSTGRES_USER", "POSTGRESQL_USERNAME"})
_DATABASE_VARIABLES = frozenset({"POSTGRES_DB", "POSTGRESQL_DATABASE"})


@frozen
class LoginPlan:
    """The variables of one service that get another value because a store is managed."""

    values: Mapping[str, Text] = field(compare=False)
    stores: tuple[str, ...]
    """The stores that the service uses by these variables."""
    added: Mapping[str, Text] = field(default_factory=dict, compare=False)
    """Variables that the service does not have yet, and that its framework takes before the files in its image."""

    def value(self, entry: EnvValue) -> Text | None:
        """Return the new value of an entry, or None where it stays what it is."""
        return self.values.get(entry.name)


def plan_logins(service: Service, scope: Scope) -> LoginPlan:
    """Return what is rewired in the environment of a service."""
    values: dict[str, Text] = {}
    used: set[str] = set()
    shared = _shared_logins(scope)
    for entry in service.environment:
        found = _by_address(entry, scope) or _by_shared_login(entry, shared)
        if found is not None:
            values[entry.name], store = found
            used.add(store.service)
    for prefix, store in sorted(host_prefixes(service, scope).items()):
        for entry in service.environment:
            rest = entry.name.removeprefix(prefix).upper() if entry.name.startswith(prefix) else ""
            part = _PARTS.get(rest) or ("host" if rest == "HOST" and _is_open(entry, scope) else None)
            text = _part(store, part) if part else _mode(store, rest, entry, scope)
            if text is not None:
                values.setdefault(entry.name, text)
    for name, text in _beside_urls(service, scope):
        values.setdefault(name, text)
    added, stores = _of_spring(service, scope)
    return LoginPlan(values, tuple(sorted(used | stores)), added)


def _beside_urls(service: Service, scope: Scope) -> Iterator[tuple[str, Text]]:
    """Yield the login that stands beside an address without one: `SPRING_DATASOURCE_USERNAME` beside `SPRING_DATASOURCE_URL`.

    A user that is not the store's own is another role, of which nothing is known.
    """
    for address in service.environment:
        url, name = parse_url(address.value or ""), _URL_NAME.fullmatch(address.name)
        store = scope.managed(url.host) if url and name and not url.userinfo else None
        if store is None or name is None or store.engine != "postgres":
            continue
        parts = {
            entry.name: part
            for entry in service.environment
            if entry.name.startswith(name["of"]) and (part := _PARTS.get(entry.name.removeprefix(name["of"]).upper()))
        }
        users = {entry.value or "" for entry in service.environment if parts.get(entry.name) == "username"}
        if users and users <= _users_of(store, scope):
            for other, part in parts.items():
                if (text := _part(store, part)) is not None and part in {"username", "password"}:
                    yield other, text


def _users_of(store: Store, scope: Scope) -> frozenset[str]:
    """Return the name of the user that the image of a PostgreSQL makes: as declared, else `postgres`."""
    service = scope.stack.service(store.service)
    declared = {entry.value or "" for entry in service.environment if entry.name in _USER_VARIABLES} if service else set()
    return frozenset(declared or {"postgres"})


def added_notes(service: Service, scope: Scope) -> tuple[Note, ...]:
    """Return a note that names the variables which Compose does not have; none where nothing is added."""
    names = ", ".join(plan_logins(service, scope).added)
    why = f"{names} lead to the managed database: the application takes them before its own properties"
    return (Note(service.name, "environment", why, service.location),) if names else ()


def _of_spring(service: Service, scope: Scope) -> tuple[dict[str, Text], set[str]]:
    """Return what a Spring Boot application is told where its own properties name a managed PostgreSQL: its environment goes
    before them (reference documentation, Externalized Configuration).
    """
    context = service.build.context if service.build else None
    if context is None or service.env("SPRING_DATASOURCE_URL") is not None:
        return {}, set()
    prefix = "" if context in {"", "."} else f"{context.rstrip('/')}/"
    for fact in scope.project.code_facts:
        if fact.kind == "spring-datasource" and fact.location.path.startswith(prefix):
            store = scope.managed(fact.detail.partition("://")[2].partition(":")[0])
            if store is not None and store.engine == "postgres":
                start, rest = Piece("literal", "jdbc:postgresql://"), Piece("literal", "?sslmode=require")
                url = merged((start, *_address(store), Piece("literal", "/"), _of(store, "database"), rest))
                names = {"URL": url, "USERNAME": (_of(store, "username"),), "PASSWORD": (_login(store, "password"),)}
                return {f"SPRING_DATASOURCE_{name}": text for name, text in names.items()}, {store.service}
    return {}, set()


def _by_address(entry: EnvValue, scope: Scope) -> tuple[Text, Store] | None:
    value = entry.value or _as_developers_write_it(entry, scope)
    url = parse_url(value)
    if url is not None:
        store = scope.managed(url.host)
        return (_url(url, store), store) if store else None
    connection = parse_connection_string(value)
    if connection is not None:
        return _connection_string(connection, scope)
    address = host_and_port(value)
    store = scope.managed(address[0]) if address else None
    if store is not None:
        return (merged((_of(store, "host"), Piece("literal", ":"), _of(store, "port"))), store)
    named = _HOST_AND_DATABASE.fullmatch(value) if _NAMES_ADDRESS.search(entry.name) else None
    store = scope.managed(named["host"]) if named else None
    if named is not None and store is not None and store.engine == "postgres":
        port = (Piece("literal", ":"), _of(store, "port")) if named["port"] else ()
        known = named["database"] in _names_of(store)
        database = (_of(store, "database"),) if known else literal(named["database"])
        return merged((_of(store, "host"), *port, Piece("literal", "/"), *database)), store
    store = scope.managed(value) if _host_prefix(entry.name) is not None else None
    return ((_of(store, "host"),), store) if store else None


def _as_developers_write_it(entry: EnvValue, scope: Scope) -> str:
    """Return the URL that a variable without a value holds, as templates write it: Terraform knows each part of a managed
    store's, and people would have to put them together.
    """
    if not names_whole_address(entry.name) or not _is_open(entry, scope):
        return ""
    names = (entry.name, *(item.name for item in entry.references))
    form = next((found for name in names if (found := url_form(scope.project, scope.stack, name))), "")
    return _STAND_IN.sub(r"\g<name>", form)


def _of(store: Store, part: str) -> Piece:
    return Piece("store", store.service, part)


def _login(store: Store, key: str, *, encoded: bool = False) -> Piece:
    return Piece("secret", store.secret, key, encoded)


def _url(url: Url, store: Store) -> Text:
    """Return the URL of the managed store: with TLS, and with the login of the application's own role."""
    if store.engine != "postgres":
        secure = {"redis": "rediss", "valkey": "valkeys"}.get(url.scheme, url.scheme)
        # ElastiCache takes a URL without a name for the user `default`, which is ours there; MemoryDB keeps that name.
        user = (_login(store, "username", encoded=True),) if store.product == MEMORYDB else ()
        password = _login(store, "password", encoded=True)
        login = (Piece("literal", f"{secure}://"), *user, Piece("literal", ":"), password, Piece("literal", "@"))
        query = _with(url.query, "ssl_cert_reqs", "required") if store.broker else url.query
        return merged((*login, *_address(store), Piece("literal", url.path + _asked(query))))
    start: Text = (Piece("literal", f"{url.scheme}://"),)
    if url.userinfo:
        start += (_login(store, "username", encoded=True), Piece("literal", ":"), _login(store, "password", encoded=True))
        start += (Piece("literal", "@"),)
    return merged((*start, *_address(store), *_database(url, store), Piece("literal", _asked(_with_tls(url)))))


def _address(store: Store) -> Text:
    return (_of(store, "host"), Piece("literal", ":"), _of(store, "port"))


def _database(url: Url, store: Store) -> Text:
    return (Piece("literal", "/"), _of(store, "database")) if url.path.strip("/") in _names_of(store) else literal(url.path)


def _names_of(store: Store) -> frozenset[str]:
    """The names under which a URL means the database of the store; the empty one is that of the user, or not known yet."""
    return frozenset({"", store.database, store.declared_database})


def _with_tls(url: Url) -> str:
    """Return the query that asks for TLS in the words of the driver; pg8000 takes no such word in a URL."""
    if "pg8000" in url.scheme:
        return url.query
    return _with(url.query, "ssl" if "asyncpg" in url.scheme else "sslmode", "require")


def _with(query: str, name: str, value: str) -> str:
    """Return the query with a parameter set; `sslmode=disable` and the like give way, a stricter one stays."""
    pairs = [pair for pair in query.split("&") if pair]
    stricter = {f"{name}=verify-ca", f"{name}=verify-full"}
    if any(pair in stricter for pair in pairs):
        return query
    return "&".join([pair for pair in pairs if not pair.startswith(f"{name}=")] + [f"{name}={value}"])


def _asked(query: str) -> str:
    return f"?{query}" if query else ""


def _host_prefix(name: str) -> str | None:
    """Return what stands before the word for a host in the name of a variable, or None when it names none."""
    match = re.fullmatch(rf"(.*?)(?:{'|'.join(HOST_ENDINGS)})", name, re.IGNORECASE)
    return match[1] if match else None


def host_prefixes(service: Service, scope: Scope) -> dict[str, Store]:
    """Return the beginnings of the variables that describe one connection: `DB_` where `DB_HOST` names a store, or where nobody
    gives it a value and `DB_PASSWORD` is that of the store.
    """
    found = _open_prefixes(service, scope)
    for entry in service.environment:
        value = entry.value or ""
        address = host_and_port(value)
        store = scope.managed(address[0] if address else value)
        prefix = _host_prefix(entry.name)
        if store is not None and prefix is not None:
            found[prefix] = store
    return found


def _open_prefixes(service: Service, scope: Scope) -> dict[str, Store]:
    found = {}
    shared = _shared_logins(scope)
    for entry in service.environment:
        prefix = next((entry.name[: -len(part)] for part in _PARTS if entry.name.upper().endswith(f"_{part}")), "")
        login = _by_shared_login(entry, shared) if prefix else None
        host = service.env(f"{prefix}HOST") if login else None
        if login is not None and host is not None and _is_open(host, scope):
            found[prefix] = login[1]
    return found


def _is_open(entry: EnvValue, scope: Scope) -> bool:
    """Whether an entry takes all of its value from a variable to which no file gives one."""
    if whole_reference(entry.raw or "") is None:
        return False
    return all(not item.has_default and not scope.variables.get(item.name) for item in entry.references)


def _part(store: Store, part: str) -> Text | None:
    if part == "password":
        return (_login(store, "password"),)
    if store.engine == "postgres" or part in {"host", "port"}:
        return (_of(store, part),)
    return None


def _mode(store: Store, rest: str, entry: EnvValue, scope: Scope) -> Text | None:
    """Return what stands for a TLS mode that a managed PostgreSQL refuses (its `rds.force_ssl` is on) or that nobody gives yet,
    None for another one.
    """
    if store.engine != "postgres" or not _SSL_MODE.fullmatch(rest):
        return None
    return literal("require") if (entry.value or "") in _WITHOUT_TLS or _is_open(entry, scope) else None


@frozen
class _SharedLogin:
    """Where a managed store takes its login from today: the variables behind its password, its user and its database."""

    store: Store
    service: Service
    password: frozenset[str]
    parts: tuple[tuple[str, frozenset[str]], ...]


def _shared_logins(scope: Scope) -> tuple[_SharedLogin, ...]:
    services = ((scope.stores[name], scope.stack.service(name)) for name in sorted(scope.stores))
    return tuple(_shared_login(store, service) for store, service in services if service is not None)


def _shared_login(store: Store, service: Service) -> _SharedLogin:
    names = (("username", _USER_VARIABLES), ("database", _DATABASE_VARIABLES)) if store.engine == "postgres" else ()
    parts = tuple((part, frozenset(_variables_of(service, words))) for part, words in names)
    return _SharedLogin(store, service, frozenset(_variables_of(service, None)), parts)


def _connection_string(connection: ConnectionString, scope: Scope) -> tuple[Text, Store] | None:
    """Return a connection string that leads to a managed PostgreSQL with the login of the application, None for another."""
    host, colon, port = connection.value("host").partition(":")
    store = scope.managed(host)
    others = (pair.value for pair in connection.pairs if not pair.part)
    if store is None or store.engine != "postgres" or (colon and not port.isdecimal()) or any(map(scope.shows_secret, others)):
        return None
    text: list[Piece] = []
    for pair in connection.pairs:
        text += (Piece("literal", f"{connection.separator if text else ''}{pair.key}="), *_keyword(pair, connection, store))
        if pair.part == "host" and colon:
            text += (Piece("literal", ":"), _of(store, "port"))
    return merged(text), store


def _keyword(pair: Keyword, connection: ConnectionString, store: Store) -> Text:
    if pair.part == "mode" and pair.value.lower() in _WITHOUT_TLS:
        # Npgsql takes `Prefer` without a list of authorities; the drivers of Go know no such word.
        return literal("Prefer" if connection.separator == ";" else "require")
    if pair.part == "database" and pair.value not in _names_of(store):
        return literal(pair.value)
    if pair.part == "password":
        return (_login(store, "password"),)
    return (_of(store, pair.part),) if pair.part in {"host", "port", "username", "database"} else literal(pair.value)


def _by_shared_login(entry: EnvValue, shared: tuple[_SharedLogin, ...]) -> tuple[Text, Store] | None:
    """A variable that takes its value from where the store takes its login is part of that login, whatever its name."""
    whole = whole_reference(entry.raw or "")
    variables = {whole.name} if whole else set()
    if parse_url(entry.value or "") is not None:
        return None
    for login in shared:
        same = _speaks_of(entry.name, login.service, login.store) and (entry.value or "") in _passwords(login.service)
        if variables & login.password or same:
            return (_login(login.store, "password"),), login.store
        for part, names in login.parts:
            if variables & names:
                return (_of(login.store, part),), login.store
    return None


def _speaks_of(name: str, service: Service, store: Store) -> bool:
    """Whether the name of a variable can mean the password of this store: `DB_PASS`, `PGPASSWORD`, `PASSWORD` alone.

    An equal value alone says nothing: a template sets the same stand-in for every secret, those that sign tokens included.
    """
    match = _PASSWORD_NAME.fullmatch(name)
    if match is None or not may_be_sensitive_name(name):
        return False
    words = {word for word in re.split(r"[^A-Z0-9]+", match["of"].upper()) if word}
    own = {word for word in re.split(r"[^A-Z0-9]+", service.name.upper()) if word}
    return not words or bool(words & (own | _WORDS_OF_STORES[store.engine == "postgres"]))


def _variables_of(store: Service, names: frozenset[str] | None) -> set[str]:
    """Return the compose variables behind these entries of a store; None means those behind its password."""
    if names is not None:
        return {ref.name for entry in store.environment if entry.name in names for ref in entry.references}
    found = {ref.name for entry in store.environment if may_be_sensitive_name(entry.name) for ref in entry.references}
    words = [ref for scalar in scalars_of(store.node.get("command")) for ref in scalar.references]
    return found | {ref.name for ref in words if may_be_sensitive_name(ref.name)}


def _passwords(store: Service) -> set[str]:
    """Return the literal passwords of a store: variables of the app with the same value hold the same login."""
    found = {entry.value or "" for entry in store.environment if names_secret(entry.name, entry.value or "")}
    found |= {password for _, password in flagged_passwords(store.command or ())}
    return found - {""}
