"""Programs whose routes change data while no line of their code asks who calls."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import cache

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
    r"|\bexport\s+(?:async\s+)?function\s+POST\b|\.MapPost\(|\[HttpPost"
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
_OF_JAVA = ("pom.xml", "build.gradle", "build.gradle.kts")
_LOCKS = regex(r"-security\b|quarkus-oidc\b")
"""Packages of Spring, Quarkus and Micronaut that refuse strangers without a line of code."""


def open_programs(
    writing: Iterable[str], code: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]
) -> Iterator[CodeFact]:
    """Yield an `asks-nobody` fact at the first route that changes data of each program in whose code no word of a login stands;
    the detail is the folder of the program. `writing` are the files that may have such a route.
    """
    listed = tuple(files)
    folders = program_folders(listed)
    locked = {posixpath.dirname(path) for path in listed if path.endswith(_OF_JAVA) and _LOCKS.search(glance(path) or "")}
    served = {path: program_of(path, folders) for path in code if not is_beside_programs(path)}
    asks = cache(lambda path: _ASKS.search(glance(path) or "") is not None)
    programs: dict[str, list[str]] = {}
    for path in sorted(writing):
        if not is_beside_programs(path):
            programs.setdefault(program_of(path, folders), []).append(path)
    for folder, paths in programs.items():
        place = first_change(paths, glance)
        # Code beside the folders of programs, or above them, may be that of all.
        near = (item for item, program in served.items() if program == "" or is_below_program(item, folder))
        is_locked = any(is_below_program(item, folder) or is_below_program(folder, item) for item in locked)
        if place is not None and not is_locked and not any(map(asks, near)):
            yield CodeFact("asks-nobody", folder, place)


def first_change(paths: list[str], glance: Callable[[str], str | None]) -> Location | None:
    """Return the first route of a program that changes or deletes, else the first of several that take something."""
    taken: list[Location] = []
    for path in paths:
        text = glance(path) or ""
        match = _CHANGES.search(text)
        if match is not None:
            return place_in(path, text, match.start())
        taken += (place_in(path, text, found.start()) for found in _TAKES.finditer(text))
    return taken[0] if len(taken) >= _LEAST_TAKEN else None


def place_in(path: str, text: str, offset: int) -> Location:
    """Return the place of an offset in a text."""
    return Location(path, text.count("\n", 0, offset) + 1)


def is_below_program(path: str, folder: str) -> bool:
    """Whether a file belongs to the program in a folder, "" for the whole project."""
    return folder in {"", path} or path.startswith(f"{folder}/")
