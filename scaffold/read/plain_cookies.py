"""Cookies with the token or session of a visitor that code makes without Secure, in the plain forms of each language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places, is_comment

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts", ".jsx", ".tsx")
_LONGEST = 1_500
"""Characters of one call that somebody wrote."""
_MOST = 50
"""Cookies looked at in one file."""
_OF_A_LOGIN = regex(r"(?i)token|session|jwt|auth|(?<![a-z])sid(?![a-z])")
_OTHERS = regex(
    r"(?i)csrf|xsrf|nonce|state|verifier|lang|locale|theme|flash|consent|redirect|return|author|visitor|anonym|cart|device|expires"
)
"""Words of cookies that prove nobody's login."""
_SECURE = regex(r"(?i)secure")
_HTTP_ONLY = regex(r"(?i)http_?only")
_SPREAD = regex(r"\.\.\.|\*\*")
_GONE = regex(r"(?i)max_?-?age[\"']?\s*(?:=>?|:)\s*(?:0|-1)\b|\bnew Date\(0\)")
"""How a cookie is taken away."""
_SERVLET = regex(r"\b(?:jakarta|javax)\.servlet\.http\.(?:Cookie|\*)\s*;")
_SET_SECURE = regex(r"\.setSecure\(|\.Secure\s*=|\.secure\s*=")
_EMPTY = frozenset({"", '""', "''", "null", "None", "nil", "undefined", "``"})


@frozen
class _Form:
    """How code of one language sets a cookie: the files, the opening of the call, and what shuts it."""

    files: tuple[str, ...]
    opening: re.Pattern[str]
    brackets: str = "()"


_FORMS = (
    _Form((".py",), regex(r"\.set_cookie\(", words=(".set_cookie(",))),
    _Form(
        _SCRIPTS,
        regex(
            r"\b(?:res|response|reply|ctx)\.(?:cookie|setCookie)\(|\bcookies\(\)\)?\.set\(|\bcookieStore\.set\(",
            words=(".cookie(", ".setCookie(", ").set(", "cookieStore.set("),
        ),
    ),
    _Form((".go",), regex(r"\b(?:http|fiber)\.Cookie\{", words=(".Cookie{",)), "{}"),
    _Form((".java", ".kt"), regex(r"(?<![\w.])(?:new\s+)?(?:New)?Cookie\(", words=("Cookie(",))),
    _Form((".cs",), regex(r"\.Cookies\.Append\(", words=(".Cookies.Append(",))),
    _Form((".php",), regex(r"(?<![\w>:$])setcookie\(", words=("setcookie(",))),
)


def plain_cookie_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `plain-cookie` fact for the first cookie of a login that is made without Secure; its detail is `readable` where
    scripts of the page get it as well, for lack of HttpOnly, else `sent`.
    """
    places = Places(path, text)
    for form in _FORMS:
        if not path.endswith(form.files):
            continue
        for number, match in enumerate(form.opening.finditer(text)):
            if number == _MOST:
                return
            inside = _inside(text, match.end(), form.brackets)
            if inside is not None and not is_comment(text, match.start()) and _is_plain(path, text, match[0], inside):
                yield CodeFact("plain-cookie", "sent" if _is_hidden(path, inside) else "readable", places.at(match.start()))
                return


def _inside(text: str, start: int, brackets: str) -> str | None:
    """Return what stands between the opened bracket and the one that closes it, None where that is too far away."""
    opening, closing = brackets[0], brackets[1]
    depth = 1
    for index in range(start, min(len(text), start + _LONGEST)):
        depth += (text[index] == opening) - (text[index] == closing)
        if not depth:
            return text[start:index]
    return None


def _arguments(text: str) -> list[str]:
    """Return the arguments of a call, without blanks around them."""
    found, depth, start = [], 0, 0
    for index, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            found.append(text[start:index].strip())
            start = index + 1
    last = text[start:].strip()
    return [*found, last] if last else found


def _is_plain(path: str, text: str, call: str, inside: str) -> bool:
    """Whether a call makes a cookie for a login and says nothing of Secure, neither itself nor by what it is handed."""
    arguments = _arguments(inside)
    if len(arguments) < 2 or _SPREAD.search(inside) or _GONE.search(inside):
        return False
    first, second = (argument.rpartition("=")[2].strip() for argument in arguments[:2])
    if path.endswith(".go"):
        first, second = _go_field(arguments, "Name"), _go_field(arguments, "Value")
    said = f"{first} {second}"
    if second in _EMPTY or _OTHERS.search(said) or not _OF_A_LOGIN.search(said):
        return False
    return not _says_secure(path, text, call, inside)


def _says_secure(path: str, text: str, call: str, inside: str) -> bool:
    """Whether a call, or what its language has people write beside it, speaks of Secure; options that stand elsewhere may."""
    arguments = _arguments(inside)
    if path.endswith((".java", ".kt")):
        return not _is_plain_in_java(text, call, arguments)
    if path.endswith(".go"):
        return bool(_SECURE.search(inside) or _SET_SECURE.search(text))
    if path.endswith(".php"):
        return not _is_plain_in_php(arguments)
    named = not path.endswith(".py") and len(arguments) > 2 and "{" not in arguments[2]
    return named or _SECURE.search(" ".join(arguments[2:])) is not None


def _is_hidden(path: str, inside: str) -> bool:
    """Whether a cookie is kept from scripts, or the form of the call does not tell."""
    return path.endswith((".java", ".kt", ".php")) or _HTTP_ONLY.search(inside) is not None


def _go_field(arguments: list[str], name: str) -> str:
    return next((item.partition(":")[2].strip() for item in arguments if item.partition(":")[0].strip() == name), "")


def _is_plain_in_java(text: str, call: str, arguments: list[str]) -> bool:
    """Whether nothing of the file says Secure of a cookie of servlets, or a NewCookie of JAX-RS ends in false."""
    if "NewCookie" in call:
        given = len(arguments) == 2 or (len(arguments) in {7, 8} and arguments[6] == "false")
        return given and arguments[5:6] not in (["0"], ["-1"])
    return _SERVLET.search(text) is not None and not _SET_SECURE.search(text)


def _is_plain_in_php(arguments: list[str]) -> bool:
    """Whether the sixth argument of `setcookie` is missing or false, or the array of options in the third place lacks it."""
    if len(arguments) > 2 and arguments[2].startswith(("[", "array(")):
        return not _SECURE.search(arguments[2])
    if len(arguments) == 3 and arguments[2].startswith("$"):
        return False
    return len(arguments) < 6 or arguments[5] == "false"
