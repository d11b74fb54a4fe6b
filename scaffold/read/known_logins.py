"""Logins that stand in application code: a table of users with their passwords, or a comparison with one user's."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from scaffold.model.java_packages import without_package
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify
from scaffold.read.accounts import OF_NO_SYSTEM
from scaffold.read.lines import Places

_TABLE = regex(
    r"(?im)^(?:export[ \t]+)?(?:(?:const|let|var|static|final|private|public|readonly)[ \t]+)*"
    r"\$?(?P<name>\w*(?:users|accounts|logins)\w*)[ \t]*(?::[^=\n]+)?=[ \t]*(?:map\[string\][\w.]+[ \t]*)?[\[{]"
)
"""The head of a table that stands at the left border of its module."""
_BRACKET = regex(r"[\[\](){}]")
_LONGEST_TABLE = 3000
_MOST = 20
"""Tables and comparisons of one file that are looked at: nobody wrote more."""
_PASSWORD = regex(
    r"(?i)(?<![\w.])[\"']?(?:password|passwd|pass|pwd|password_?hash|hashed_?password)[\"']?\s*(?:=>|[:=])\s*"
    r"(?:(?!\w*env)[\w.]*(?:hash|sha\d*|md5|bcrypt|crypt)[\w.]*\(\s*)?b?[\"'](?P<value>[^\"'\s${}<>]{3,100})[\"']"
)
_USED = r"{name}(?:\[|\.(?:get|find|some|filter|has)\b)|\b(?:in|of)\s+\$?{name}\b|\(\s*\${name}\b"
_USER = r"(?:user(?:_?name)?|e?mail|login)"
_COMPARED = regex(r"[pP]ass(?:word|wd)?[\"'\])]{0,3}\s*(?:={2,3}|\.equals\()\s*[\"'](?P<value>[^\"'\s]{3,100})[\"']")
_USER_BEFORE = regex(
    rf"(?i){_USER}[\"'\])]{{0,3}}\s*(?:={{2,3}}|\.equals\()\s*[\"'][^\"'\s]+[\"']\)?\s*(?:&&|and)\s*[\w.$>\[\"'(-]{{0,40}}$"
)
_OF_A_TRY = regex(r"(?i)mock|fake|demo|sample|test|example|seed|dummy|stub|develop|(?<![a-z])(?:is_?)?dev(?![a-z])|debug|local")
_ABOVE = 200
"""Characters before a comparison in which a condition for development stands."""
_NO_PASSWORD = frozenset(
    {SecretClass.EMPTY, SecretClass.REFERENCE, SecretClass.FILE_PATH, SecretClass.PLACEHOLDER, SecretClass.PLAIN}
)


def known_login_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `known-login` fact for the first table of users with a literal password that the file looks users up in, else for
    the first comparison of user and password with literals; what is named for a try counts for neither.
    """
    if OF_NO_SYSTEM.search(without_package(path)):
        return
    found = next(itertools.chain(_tables(text), _comparisons(text)), None)
    if found is not None:
        yield CodeFact("known-login", found[0], Places(path, text).at(found[1]))


def _tables(text: str) -> Iterator[tuple[str, int]]:
    for match in itertools.islice(_TABLE.finditer(text), _MOST):
        name = match["name"]
        if _OF_A_TRY.search(name) or not regex(_USED.replace("{name}", name)).search(text, match.end()):
            continue
        stop = _end(text, match.end())
        place = next(
            (item.start() for item in _PASSWORD.finditer(text, match.end(), stop) if _is_password(item["value"])), None
        )
        if place is not None:
            yield name, place


def _end(text: str, start: int) -> int:
    """Return where the bracket closes that opens right before `start`."""
    depth = 1
    for match in _BRACKET.finditer(text, start, start + _LONGEST_TABLE):
        depth += 1 if match[0] in "([{" else -1
        if not depth:
            return match.start()
    return start + _LONGEST_TABLE


def _comparisons(text: str) -> Iterator[tuple[str, int]]:
    for match in itertools.islice(_COMPARED.finditer(text), _MOST):
        above = max(match.start() - _ABOVE, 0)
        left = _USER_BEFORE.search(text, above, match.start()) if _is_password(match["value"]) else None
        if left and not _OF_A_TRY.search(text, max(left.start() - _ABOVE, 0), match.end()):
            yield "", match.start()


def _is_password(value: str) -> bool:
    return classify(value) not in _NO_PASSWORD
