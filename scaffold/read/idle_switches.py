"""Switches of a program's protections that code leaves off as long as a variable does not turn them on."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_COOKIE = r"(?:[A-Z][A-Z0-9]*_){0,4}(?:COOKIES?_SECURE|SECURE_COOKIES?)"
_LIMIT = r"(?:ENABLE_RATE_LIMIT(?:ING|ER|S)?|RATE_LIMIT(?:ING|ER|S)?_ENABLED?)"
_LOGIN = r"(?:APP_|API_)?(?:(?:ENABLE|REQUIRE)_AUTH(?:ENTICATION)?|AUTH(?:ENTICATION)?_(?:ENABLED|REQUIRED))"
_NAME = rf"({_COOKIE}|{_LIMIT}|{_LOGIN})"
_OFF = r"(?:[Ff]alse\b|[\"'](?:[Ff]alse|FALSE|0|no|off)[\"'])"
_GIVEN = regex(
    # A helper with a default behind the name, also by keyword or in a chain of its own.
    rf"[\"']{_NAME}[\"']\s*\)?\s*,\s*(?:default(?:_value)?\s*=\s*)?{_OFF}"
    # What Node.js compares, so that an empty one is off, or replaces.
    rf"|\benv\.{_NAME}\s*(?:===?\s*[\"'](?:true|1)[\"']|(?:\?\?|\|\|)\s*{_OFF})"
    # Placeholders of Spring, and tags of structs in Go.
    rf"|\$\{{{_NAME}:false\}}"
    rf"|\benv:\"{_NAME}\"[^`\n]{{0,120}}\b(?:envDefault|default):\"(?:false|0)\""
    # Schemas: zod, envalid, joi, and helpers of one's own that take the default (stringBool("false")).
    rf"|(?<![\w$]){_NAME}\s*:\s*(?:[^\n]{{0,160}}\bdefault\(\s*{_OFF}|bool\(\s*\{{\s*default:\s*false"
    rf"|\w{{0,20}}[bB]ool(?:ean)?\w{{0,20}}\(\s*{_OFF})",
    words=("COOKIE", "RATE_LIMIT", "AUTH"),
)
_FIELD = regex(
    r"(?m)^[ \t]+(?P<name>(?:[a-z][a-z0-9]*_){0,4}(?:cookies?_secure|secure_cookies?)"
    r"|enable_rate_limit(?:ing)?|rate_limit(?:ing)?_enabled|(?:api_)?(?:(?:enable|require)_auth|auth_(?:enabled|required)))"
    r"[ \t]*:[ \t]*bool[ \t]*=[ \t]*(?:False\b|Field\(\s*(?:default\s*=\s*)?False\b)",
    words=("cookie", "rate_limit", "auth"),
)
_SETTINGS = regex(r"\bBaseSettings\b|\bpydantic_settings\b", words=("BaseSettings", "pydantic_settings"))
_PREFIX = regex(r"\benv_prefix\s*=\s*[\"'](?P<prefix>[A-Za-z][A-Za-z0-9_]*)[\"']", words=("env_prefix",))
_COMMENTS = ("#", "//", "*", "/*", "--")


def idle_switch_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `idle-switch` fact (detail: the variable) for each such default, once a file."""
    places = Places(path, text)
    seen = set[str]()
    for match in _GIVEN.finditer(text):
        name = next(group for group in match.groups() if group)
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip()
        # Beside the cookie of the session, the one against forged requests gives nobody's login away.
        if name not in seen and "CSRF" not in name and not line.startswith(_COMMENTS):
            seen.add(name)
            yield CodeFact("idle-switch", name, places.at(match.start()))
    if path.endswith(".py") and _SETTINGS.search(text):
        prefix = _PREFIX.search(text)
        for match in _FIELD.finditer(text):
            name = f"{prefix['prefix'] if prefix else ''}{match['name']}".upper()
            if name not in seen:
                seen.add(name)
                yield CodeFact("idle-switch", name, places.at(match.start("name")))
