"""Data files that list accounts with their password, near the address of the system that these open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, url_host
from scaffold.read.lines import Places

_FOR_TESTS = regex(r"(?:^|/)(?:tests?|__tests__|e2e|cypress|fixtures?|mocks?|seeds?|examples?|samples?|docs?)/")
_PASSWORD = regex(
    r"(?:[Pp]ass(?:word|wort)|PASSWORD|mot de passe|[Cc]ontraseña|[Ss]enha|密码|口令|[Пп]ароль)[\"'*`]*\s*[:\uff1a=]\s*[\"'*`]*"
    r"(?P<value>[^\s\"'*`,{}<>$]{4,60})"
)
"""A password behind its word in one of several languages, in a comment too."""
_USER = regex(r"(?m)^[ \t\"'{-]*(?:user_?name|user|login|account|e?mail)[\"']?[ \t]*:[ \t]*[^\s{\[]")
_ADDRESS = regex(
    r"(?m)^[ \t\"'{-]*\w*(?:url|URL|host|endpoint|address)[\"']?[ \t]*:[ \t]*[\"']?(?P<url>https?://[\w.-]+\.[a-z]{2,})"
)
_DESCRIBES_AN_API = regex(r"(?m)^[\"' \t{]{0,9}(?:openapi|swagger)[\"']?[ \t]*:", words=("openapi", "swagger"))
"""Descriptions of an API show invented accounts, and their addresses are those of licences and documentation too."""
_OF_NOBODY = regex(r"(?:^|\.)(?:example\.\w+|localhost|local|test|internal|invalid)$")
_NO_PASSWORD = frozenset({SecretClass.EMPTY, SecretClass.REFERENCE, SecretClass.FILE_PATH, SecretClass.PLACEHOLDER})
_DATA = (".yaml", ".yml", ".json")

_Glance = Callable[[str], str | None]


def shared_logins(lists: Iterable[str], files: Iterable[str], glance: _Glance) -> Iterator[CodeFact]:
    """Yield a `shared-login` fact at the first password of each list of accounts; its detail is the place of the address that
    a file of its folder, or of the one above, names.
    """
    data = [path for path in files if path.endswith(_DATA)]
    for path in lists:
        text = "" if _FOR_TESTS.search(path) else _data(path, glance)
        passwords = _PASSWORD.finditer(text) if _USER.search(text) else iter(())
        match = next((item for item in passwords if classify(item["value"]) not in _NO_PASSWORD), None)
        address = _address(path, data, glance) if match else None
        if match and address:
            yield CodeFact("shared-login", f"{address.path}:{address.line}", Places(path, text).at(match.start()))


def _data(path: str, glance: _Glance) -> str:
    """Return the text of a file, "" where it describes an API."""
    text = glance(path) or ""
    return "" if _DESCRIBES_AN_API.search(text) else text


def _address(accounts: str, data: list[str], glance: _Glance) -> Location | None:
    folder = accounts.rpartition("/")[0]
    near = {folder, folder.rpartition("/")[0]}
    for path in data:
        text = _data(path, glance) if path.rpartition("/")[0] in near else ""
        for match in _ADDRESS.finditer(text) if "://" in text else ():
            if not _OF_NOBODY.search(url_host(match["url"]) or "localhost"):
                return Places(path, text).at(match.start("url"))
    return None
