"""Settings of Spring Boot (`application.yml`, `.properties`) and .NET (`appsettings.json`): credentials and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.document import Location, Mapping, Node, Scalar, Sequence
from scaffold.model.frozen import frozen
from scaffold.model.project import EnvRead, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import classify, url_host, url_password
from scaffold.read.code import CodeReading, reading
from scaffold.read.lines import Places, numbered
from scaffold.read.settings_addresses import settings_addresses

_SPRING = regex(
    r"(?:^|/)src/main/resources/(?:config/)?(?:application|bootstrap)(?:-(?P<profile>[\w-]+))?\.(?:properties|ya?ml)"
)
_DOTNET = regex(r"(?:^|/)appsettings(?:\.(?P<profile>[\w-]+))?\.json", re.IGNORECASE)
_PROFILE_KEYS = ("spring.config.activate.on-profile", "spring.profiles")
_PLACEHOLDER = regex(r"\$\{(?P<name>[A-Z][A-Z0-9_]*)(?::(?P<value>[^{}]*))?\}")
_WHOLE = regex(r"\$\{(?P<name>[A-Z][A-Z0-9_]*)(?::(?P<value>[^{}]*))?\}")
_PROPERTY = regex(r"\s*(?P<key>[^\s=:#!][^\s=:]*)\s*[=:\s]\s*(?P<value>.*)")
_NEXT_DOCUMENT = regex(r"[#!]---\s*")
_IN_A_STRING = regex(r"(?:^|[;?&])\s*(?:password|pwd)\s*=\s*(?P<password>[^;&\s]+)", re.IGNORECASE)
_SERVER_IN_A_STRING = regex(
    r"(?:^|;)\s*(?:server|host|data source|address|addr)\s*=\s*(?:tcp:)?(?P<host>[^;,:\\/\s]+)", re.IGNORECASE
)
_ENDING = regex(
    r"(?:passw(?:or)?d|pass|pwd|secret|token|key|apikey|salt|credentials?|passphrase"
    r"|(?:^|[.:])(?:pass(?:word)?|secret)s?[.:][\w-]+)$",
    re.IGNORECASE,
)
_CONNECTION = regex(r"connection-?strings?", re.IGNORECASE)
_ADDRESS = regex(r"(?:^|[.:_-])(?:url|uri|jdbc-?url|host|hostname|host-?name|server|endpoint|address)$", re.IGNORECASE)
_JDBC = regex(r"jdbc:(?:[a-z0-9]+:)+(?://)?(?:[^@/\s]*@)?(?P<host>[^:/;?,\s]+)")
_LOCAL = frozenset(
    {"localhost", "127.0.0.1", "::1", "[::1]", "host.docker.internal", ".", "(localdb)", "(local)", "mem", "~", ""}
)
_IN_PROCESS = ("jdbc:h2:", "jdbc:hsqldb:", "jdbc:derby:", "jdbc:sqlite:")
_TOKEN = regex(
    r"\"(?P<text>(?:[^\"\\\n]|\\.)*+)\"|(?P<mark>[{}\[\],:])|(?P<word>[^\s\"{}\[\],:/]+)|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
)
_DEEPEST = 64
_MOST_NODES = 50_000


@frozen
class _Value:
    """One setting: its key with dots or colons, where the value stands, and the profile that it is for."""

    key: str
    text: str
    location: Location
    profile: str = ""


def is_settings_file(path: str) -> bool:
    """Whether the file holds the settings of an application of Spring Boot or .NET."""
    return path.endswith((".properties", ".yml", ".yaml", ".json")) and bool(_SPRING.search(path) or _DOTNET.search(path))


def read_settings_file(path: str, text: str) -> CodeReading:
    """Return the credentials that the file gives, with their profile, the variables that its values refer to, and addresses."""
    match = _SPRING.search(path) or _DOTNET.search(path)
    profile = (match["profile"] or "") if match else ""
    read = _json if path.endswith(".json") else _properties if path.endswith(".properties") else _yaml
    values = [value if value.profile else _Value(value.key, value.text, value.location, profile) for value in read(path, text)]
    reads = [
        EnvRead(match["name"], required=match["value"] is None and not value.profile, location=value.location)
        for value in values
        if not path.endswith(".json")
        for match in _PLACEHOLDER.finditer(value.text)
    ]
    addresses = settings_addresses((value.profile, value.key, value.text, value.location) for value in values)
    return reading(list(_credentials(values)), reads, list(addresses))


# --- credentials ------------------------------------------------------------------------------------------------------


def _credentials(values: list[_Value]) -> Iterator[SettingDefault]:
    local = {_parent(value) for value in values if _ADDRESS.search(value.key) and _is_local(value.text)}
    for value in values:
        sensitive = _names_a_secret(value.key)
        default = _WHOLE.fullmatch(value.text)
        held = "" if default else _held(value)
        if default is not None and default["value"] and (sensitive or _names_a_secret(default["name"])):
            yield _setting(default["name"], default["value"], "getenv", value)
        elif held and _parent(value) not in local:
            yield _setting(value.key, held, "property", value)
        elif not held and (sensitive or _CONNECTION.search(value.key)):
            # It holds no credential itself, and takes the place of one that the file for every profile holds.
            yield _setting(value.key, None, "property", value)


def _setting(name: str, held: str | None, kind: str, value: _Value) -> SettingDefault:
    return SettingDefault(name, held, classify(held), kind, value.location, profile=value.profile)


def _parent(value: _Value) -> tuple[str, str]:
    return value.profile, value.key[: max(value.key.rfind("."), value.key.rfind(":"), 0)]


def _held(value: _Value) -> str:
    """Return the literal credential of a value, "" where it holds none or one that stays on the machine."""
    if "${" in value.text or "#{" in value.text or value.text.startswith(("ENC(", "{cipher}")):
        return ""
    password = url_password(value.text)
    if password is not None:
        return "" if (url_host(value.text) or "") in _LOCAL else password
    inside = _IN_A_STRING.search(value.text)
    if inside is not None:
        return "" if _is_local(value.text) else inside["password"]
    return value.text if _names_a_secret(value.key) and len(value.text.split()) == 1 and not value.text.isdigit() else ""


def _names_a_secret(key: str) -> bool:
    """Whether a key ends in the word for a secret, or stands right below it: `jwt.secret`, `jwt.secret.hmac`."""
    return may_be_sensitive_name(key) and bool(_ENDING.search(key))


def _is_local(text: str) -> bool:
    """Whether an address, a URL or a connection string leads to the machine itself or into the process."""
    lowered = text.strip().lower()
    if lowered.startswith(_IN_PROCESS):
        return True
    found = _JDBC.match(lowered) or _SERVER_IN_A_STRING.search(lowered)
    host = found["host"] if found else url_host(lowered) if "://" in lowered else lowered.partition(":")[0]
    return host in _LOCAL


# --- formats ----------------------------------------------------------------------------------------------------------


def _yaml(path: str, text: str) -> Iterator[_Value]:
    from scaffold.read.yaml import parse_documents

    for document in parse_documents(path, text)[0]:
        values = list(_flat(document.root))
        yield from _of_profile(values)


def _of_profile(values: list[_Value]) -> Iterator[_Value]:
    """Yield the values of one document with the profile that it says it is for."""
    profile = " ".join(value.text for value in values if value.key.startswith(_PROFILE_KEYS) and "profiles." not in value.key)
    for value in values:
        yield _Value(value.key, value.text, value.location, profile)


def _flat(root: Node | None) -> Iterator[_Value]:
    pending: list[tuple[str, Node | None]] = [("", root)]
    for _ in range(_MOST_NODES):  # Aliases of aliases stand for more nodes than a file has.
        if not pending:
            return
        key, node = pending.pop()
        if isinstance(node, Scalar):
            yield _Value(key, node.value, node.location)
        elif isinstance(node, Mapping):
            pending += [(f"{key}.{entry.key.value}".lstrip("."), entry.value) for entry in reversed(node.entries)]
        elif isinstance(node, Sequence):
            pending += [(f"{key}[{index}]", item) for index, item in reversed(list(enumerate(node.items)))]


def _properties(path: str, text: str) -> Iterator[_Value]:
    section: list[_Value] = []
    continued = False
    for number, line in numbered(text):
        if _NEXT_DOCUMENT.fullmatch(line):
            yield from _of_profile(section)
            section = []
        match = None if continued or line.lstrip().startswith(("#", "!")) else _PROPERTY.fullmatch(line)
        if match is not None and not line.endswith("\\"):
            section.append(_Value(match["key"], match["value"].strip(), Location(path, number, match.start("key") + 1)))
        continued = line.endswith("\\")
    yield from _of_profile(section)


def _json(path: str, text: str) -> Iterator[_Value]:
    """Yield the strings of a JSON file with their keys joined by colons; comments and trailing commas are no mistake here."""
    places = Places(path, text)
    route: list[str] = []
    key, expects_value = "", False
    for token in _TOKEN.finditer(text):
        mark = token["mark"]
        if mark in {"{", "["}:
            if len(route) == _DEEPEST:
                return
            route.append(key)
            key, expects_value = "", False
        elif mark in {"}", "]"}:
            key, expects_value = (route.pop() if route else ""), False
        elif mark == ":":
            expects_value = True
        elif mark == ",":
            key, expects_value = "", False
        elif token["text"] is not None and expects_value:
            yield _Value(":".join(filter(None, (*route, key))), token["text"], places.at(token.start()))
        elif token["text"] is not None:
            key = token["text"]
