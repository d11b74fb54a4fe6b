"""Logins that pages keep where every script of theirs reads them, in projects that send no header on what pages may do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.fact_words import holds
from scaffold.read.lines import is_comment
from scaffold.read.open_programs import place_in
from scaffold.read.paths import is_beside_programs

_STORES = regex(
    r"\b(?:localStorage|sessionStorage)\s*(?:\.setItem\(\s*(?P<key>[^,()\n]{1,80}),\s*(?P<value>[^\n]{1,80})"
    r"|\.(?P<field>\w{1,60})\s*=(?!=)\s*(?P<assigned>[^\n]{1,80})"
    r"|\[\s*(?P<name>[^\]\n]{1,80})\]\s*=(?!=)\s*(?P<given>[^\n]{1,80}))",
    words=("localStorage", "sessionStorage"),
)
_WRITES_COOKIE = regex(
    r"\bdocument\.cookie\s*=(?!=)\s*(?P<value>[^;\n]{1,200})(?P<rest>[^\n]{0,200})", words=("document.cookie",)
)
_OF_A_LOGIN = regex(r"(?i)token|jwt")
_OTHERS = regex(
    r"(?i)csrf|xsrf|fcm|push|device|invit|guest|anon|visitor|share|reset|verif|count|usage|limit|max|num|used|left|budget|expir|_at\b|type"
    r"|api_?token|monday|git(?:hub|lab)|slack|design|theme|mapbox|captcha|state|nonce|pkce|refresh_?lock|symbol|coin|crypto|address|wallet|demo|preview"
)
"""Words of tokens that prove nobody's login, and of what is told about one."""
_EMPTY = regex(r"(?:[\"'`]{2}|null|undefined|false|true)\s*[;,)]")
_GONE = regex(r"(?i)max-age=(?:0|-)|expires=thu, 0?1[ -]jan[ -]1970")
_OF_NO_SITE = regex(
    r"(?i)(?:^|/)(?:[\w-]*extensions?|mobile|desktop|electron|native|app-?shell|plugins?|widgets?)/|(?:^|/)(?:dist|build|public)/"
)
"""Folders of what runs on no page of the site, and of what was built."""
_SENT = (
    *(
        "ontent-Security-Policy",
        "ontent-security-policy",
        "ontentSecurityPolicy",
        "CONTENT_SECURITY_POLICY",
        "ONTENT-SECURITY-POLICY",
    ),
    *(
        "helmet(",
        "helmet'",
        'helmet"',
        "secureHeaders",
        "ecurityHeaders",
        "ecurity_headers",
        "ecurity-headers",
        "ecure_headers",
    ),
    *("SecureHeaders", "alisman", "nuxt-security", "lusca", "django-csp", "csp.middleware", "CSPMiddleware", "NWebsec", "CSP_"),
    *("nelmio_security", "unrolled/secure", "content_security_policy", "addContentSecurityPolicy", "contentSecurity"),
)
"""How code and files of proxies name the header, or what sends it."""
_MAY_SEND = (
    *(".conf", ".template", ".tpl", ".j2", ".tmpl", ".yml", ".yaml", ".toml", ".tf", ".html", ".sh", ".htaccess", ".ini"),
    *(
        "Caddyfile",
        "Dockerfile",
        "_headers",
        "vercel.json",
        "netlify.json",
        "firebase.json",
        "staticwebapp.config.json",
        "package.json",
    ),
    *(
        ".config.js",
        ".config.ts",
        ".config.mjs",
        ".config.cjs",
        ".vue",
        ".svelte",
        ".astro",
        ".cshtml",
        ".erb",
        ".twig",
        ".ejs",
        ".vcl",
    ),
    *(".config", ".properties", ".xml"),
)
"""Ends of the files, besides code, in which a header may be set."""


def page_logins(
    keeping: Iterable[str], code: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]
) -> Iterator[CodeFact]:
    """Yield a `page-login` fact at the first line of each file that keeps a token in the storage of pages, or in a cookie that
    a script writes, where nothing of the project sends a Content-Security-Policy; `keeping` are the files that may.
    """
    marked = (path for path in sorted(keeping) if not is_beside_programs(path) and not _OF_NO_SITE.search(path))
    places = [(path, place, detail) for path in marked for place, detail in (_kept(path, glance(path) or ""),) if place]
    if not places:
        return
    may_send = (*code, *(path for path in files if path.endswith(_MAY_SEND)))
    if any(holds(glance(path) or "", _SENT) for path in dict.fromkeys(may_send)):
        return
    for _, place, detail in places:
        yield CodeFact("page-login", detail, place)


def _kept(path: str, text: str) -> tuple[Location | None, str]:
    """Return where code of pages keeps a token first, and in what."""
    for match in _STORES.finditer(text):
        key = match["key"] or match["field"] or match["name"]
        value = match["value"] or match["assigned"] or match["given"]
        said = _OF_A_LOGIN.search(key) and not _OTHERS.search(key)
        if said and not _EMPTY.match(value) and not is_comment(text, match.start()):
            return place_in(path, text, match.start()), "localStorage" if match[0].startswith("local") else "sessionStorage"
    for match in _WRITES_COOKIE.finditer(text):
        said = _OF_A_LOGIN.search(match["value"]) and not _OTHERS.search(match["value"])
        if said and not _GONE.search(match[0]) and not is_comment(text, match.start()):
            return place_in(path, text, match.start()), "document.cookie"
    return None, ""
