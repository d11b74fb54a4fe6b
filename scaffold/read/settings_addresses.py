"""Addresses in settings files of Spring Boot and .NET: keys that lead to the machine itself, and what takes their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex

KIND = "settings-address"
_MACHINE = r"(?:localhost|127\.0\.0\.1)"
_OWN = regex(
    r"(?:(?:jdbc|r2dbc):)?[a-z][a-z0-9+.:-]{1,40}://(?:[^/@\s,]*@)?" + _MACHINE + r"(?::(?P<port>\d{1,5}))?(?:[/?;][^\s,]*)?"
    r"|" + _MACHINE + r"(?::(?P<bare>\d{1,5}))?"
)
"""One address of this machine; a list of several is one of origins."""
_IN_A_STRING = regex(
    r"(?i)(?:^|;)[ \t]*(?:server|host|data[ \t]source|address|addr)[ \t]*=[ \t]*(?:tcp:)?"
    + _MACHINE
    + r"(?:[,:](?P<port>\d{1,5}))?[ \t]*(?:;|$)"
)
_STORES = regex(
    r"spring\.(?:(?:datasource(?:\.[\w-]+)?\.(?:jdbc-?)?|r2dbc\.)url|data\.redis\.(?:host|url)|redis\.(?:host|url)"
    r"|data\.mongodb\.(?:uri|host)|rabbitmq\.(?:host|addresses)|kafka\.bootstrap-servers|elasticsearch\.uris|neo4j\.uri)"
    r"|ConnectionStrings:\w+|AllowedHosts"
)
"""Keys that the frameworks themselves read."""
_OUTSIDE = ("spring.config.import", "spring.cloud.config.", "spring.cloud.vault.", "spring.cloud.consul.")
_NAMES = ("issuer-uri", "issuer", "audience", "audiences")
"""Keys whose address is a name in tokens, which nobody asks."""
_PLACEHOLDER = regex(r"\$\{(?P<name>[A-Z][A-Z0-9_]*)(?::(?P<value>[^{}]*))?\}")
_MACHINES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def settings_addresses(values: Iterable[tuple[str, str, str, Location]]) -> Iterator[CodeFact]:
    """Yield a fact for each address among values of settings (profile, key, text and place): its profile, its key, what it is
    and the variables that come before it.
    """
    for profile, key, text, location in values:
        what = _what(key, text) if key and not key.split()[1:] else ""
        if what:
            names = ",".join(match["name"] for match in _PLACEHOLDER.finditer(text)) or "-"
            yield CodeFact(KIND, f"{profile.replace(' ', '') or '-'} {key} {what} {names}", location)


def _what(key: str, text: str) -> str:
    if key.startswith(_OUTSIDE):
        return "outside"
    filled = _PLACEHOLDER.sub(lambda match: match["value"] or "", text).strip()
    if key == "spring.profiles.active":
        return f"is:{filled.replace(' ', '')}"
    is_store = _STORES.fullmatch(key) is not None
    if key == "AllowedHosts":
        return "hosts" if set(filled.split(";")) <= _MACHINES else "other"
    match = _OWN.fullmatch(filled) or _IN_A_STRING.search(filled)
    if match is None or key.endswith(_NAMES):
        return "other" if is_store or "${" in text else ""
    if not is_store and not _is_an_own_default(text):
        return ""
    port = next((item for item in match.groups() if item), "")
    return f"own:{port}" if port else "own"


def _is_an_own_default(text: str) -> bool:
    """Whether a value is one variable with a URL of this machine behind it."""
    match = _PLACEHOLDER.fullmatch(text)
    return match is not None and "://" in (match["value"] or "")
