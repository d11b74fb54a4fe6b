"""Programs whose routes change data while no line of their code asks who calls."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import islice

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.paths import is_beside_programs, program_folders, program_of

_PATH = r"\(\s*(?:[\"'`][/:*{$]|\"\"|''|``)"
"""A path, or none: `r.delete("key")` asks Redis."""
_ROUTERS = (
    r"(?<!await )(?<!return )(?<!with )(?<!= )(?<!=> )(?<![\w.$])(?:\w+\.){0,2}"
    r"(?:app|api|router|routes?|server|fastify|group|e|r|g|mux|v\d)"
)
"""Names of what routes are given to; clients of HTTP are called so too, and their answer is waited for, returned or kept."""
_CHANGES = regex(
    r"@(?!mock\b)\w+(?:\.\w+)*\.(?:put|delete|patch)\("
    rf"|{_ROUTERS}\.(?:put|delete|patch|Put|Delete|Patch|PUT|DELETE|PATCH){_PATH}"
    r"|\bmethods\s*=\s*\[[^\]\n]{0,80}(?:PUT|DELETE|PATCH)|@(?:Put|Delete|Patch)(?:Mapping)?\("
    r"|\bexport\s+(?:async\s+)?function\s+(?:PUT|DELETE|PATCH)\b|\.Map(?:Put|Delete|Patch)\(|\[Http(?:Put|Delete|Patch)"
)
_TAKES = regex(
    rf"@\w+(?:\.\w+)*\.post\(|{_ROUTERS}\.(?:post|Post|POST){_PATH}|@Post(?:Mapping)?\("
    r"|\bexport\s+(?:async\s+)?function\s+POST\b|\.MapPost\(|\[HttpPost|\bmethods\s*=\s*\[\s*[\"']POST[\"']\s*\]"
)
_LEAST_TAKEN = 2
"""One route that takes something may be the form by which visitors write to the team."""
_ASKS = regex(
    r"(?i)auth(?!or(?:s|ed|ing|ship|_id|id|_name)?(?![a-z]))|login|\blog_in\b|sign_?in|jwt|passport|bearer|passlib|bcrypt|argon2|cookie"
    r"|current_?user|\b(?:request|req|ctx)\.(?:session|user)\b|webauthn|x-api-key|api_?key_?header|x-\w*-?(?:token|secret|key)\b"
    r"|clerk|supabase|firebase|keycloak|devise|permission_classes|has_?perm|is_?admin|password_?hash|compare_digest"
    r"|timingSafeEqual|secure_compare|hmac|constructEvent|canActivate|UseGuards|RolesAllowed|IsGranted|iron-session|validate_?session"
    r"|\bsession\[|remote[-_]user|forwarded-user|verify_?token|access_?token|session_?id|csrf"
)
"""Words of code that may know its caller."""
_PAYS = regex(
    r"\b(?:OPENAI|ANTHROPIC|CLAUDE|GEMINI|GROQ|MISTRAL|OPENROUTER|COHERE|DEEPSEEK|PERPLEXITY|ELEVENLABS|STABILITY)_API_KEY\b"
    r"|\bREPLICATE_API_TOKEN\b|api\.openai\.com|api\.anthropic\.com",
    words=("_API_KEY", "REPLICATE_API_TOKEN", "api.openai.com", "api.anthropic.com"),
)
_RATIONS = regex(
    r"(?i)rate[-_]?limit(?!error|s?[ ])|slowapi|limiter|throttl|captcha|turnstile|quota|budget|(?:daily|user|usage)_limit"
)
"""Words of code by which one caller gets no more than a share."""
_ASKS_NOBODY = regex(
    r"^\s*(?:#(?!\[)|//|/?\*)|\.Header\.(?:Set|Add)\(\s*\"Authorization\"|[\"'`]Authorization[\"'`]\s*(?::|\]\s*=(?!=))\s*\S"
    r"|(?i:allow(?:ed)?[-_]?headers)|(?i:smtp)"
)
"""Lines with such words that ask nobody: comments, what is sent to others, headers that browsers may send, and mail."""
_LEFT_TO_OTHERS = regex(r"(?i)auth\w*[^\n]{0,80}(?:gateway|proxy|nginx|upstream|ingress|traefik|kong|sidecar|cloudflare|vpn)")
"""A comment by which what stands before the program asks."""
_LONGEST_LINE = 300
_MOST = 40
"""Words of one file that are looked at: with more of them, one will ask."""
_SHELL = (".sh", ".bash", ".ps1")
"""Scripts log in to registries and hosts, and answer nobody."""
_OF_JAVA = ("pom.xml", "build.gradle", "build.gradle.kts")
_LOCKS = regex(r"-security\b|quarkus-oidc\b")
"""Packages of Spring, Quarkus and Micronaut that refuse strangers without a line of code."""


def open_programs(
    writing: Iterable[str], code: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]
) -> Iterator[CodeFact]:
    """Yield an `asks-nobody` fact at the first route that changes data of each program in whose code no word of a login stands,
    or a `spends-for-all` fact at the only one that takes something where the program pays for each answer; the detail is the
    folder of the program. `writing` are the files that may have such a route.
    """
    listed = tuple(files)
    folders = program_folders(listed)
    locked = {posixpath.dirname(path) for path in listed if path.endswith(_OF_JAVA) and _LOCKS.search(glance(path) or "")}
    served = {path: program_of(path, folders) for path in code if not is_beside_programs(path) and not path.endswith(_SHELL)}
    asks = cache(lambda path: _asks(glance(path) or ""))
    programs: dict[str, list[str]] = {}
    for path in sorted(writing):
        if not is_beside_programs(path):
            programs.setdefault(program_of(path, folders), []).append(path)
    for folder, paths in programs.items():
        place, kind = first_change(paths, glance), "asks-nobody"
        # Code beside the folders of programs, or above them, may be that of all.
        near = [item for item, program in served.items() if program == "" or is_below_program(item, folder)]
        if place is None:
            own = [item for item in near if is_below_program(item, folder)]
            place, kind = _first_spent(paths, own, glance), "spends-for-all"
        is_locked = any(is_below_program(item, folder) or is_below_program(folder, item) for item in locked)
        if place is not None and not is_locked and not any(map(asks, near)):
            yield CodeFact(kind, folder, place)


def _first_spent(paths: list[str], near: list[str], glance: Callable[[str], str | None]) -> Location | None:
    """Return the route that takes something, of a program that asks a paid model with its own key and limits nobody's use."""
    texts = [glance(path) or "" for path in near]
    if not any(_PAYS.search(text) for text in texts) or any(_RATIONS.search(text) for text in texts):
        return None
    found = ((path, text, match) for path in paths if (match := _TAKES.search(text := glance(path) or "")))
    return next((place_in(path, text, match.start()) for path, text, match in found), None)


def _asks(text: str) -> bool:
    """Whether a line of code may ask who calls."""
    for count, match in enumerate(_ASKS.finditer(text)):
        start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        line = text[start : end if end >= 0 else len(text)]
        if count >= _MOST or len(line) > _LONGEST_LINE or not _ASKS_NOBODY.search(line) or _LEFT_TO_OTHERS.search(line):
            return True
    return False


def first_change(paths: list[str], glance: Callable[[str], str | None]) -> Location | None:
    """Return the first route of a program that changes or deletes, else the first of several that take something."""
    taken: list[Location] = []
    for path in paths:
        text = glance(path) or ""
        match = _CHANGES.search(text)
        if match is not None:
            return place_in(path, text, match.start())
        taken += (place_in(path, text, found.start()) for found in islice(_TAKES.finditer(text), _LEAST_TAKEN))
    return taken[0] if len(taken) >= _LEAST_TAKEN else None


def may_change(text: str) -> bool:
    """Whether code has a route that changes or deletes what is there."""
    return _CHANGES.search(text) is not None


def place_in(path: str, text: str, offset: int) -> Location:
    """Return the place of an offset in a text."""
    return Location(path, text.count("\n", 0, offset) + 1)


def is_below_program(path: str, folder: str) -> bool:
    """Whether a file belongs to the program in a folder, "" for the whole project."""
    return folder in {"", path} or path.startswith(f"{folder}/")
