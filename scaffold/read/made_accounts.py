"""Accounts of administrators that code makes step by step: a literal is hashed into a variable, and a row is stored with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify
from scaffold.read.lines import bounded
from scaffold.read.migrating import holder_line, holder_of

_LITERAL = r"b?[\"'`](?P<value>[^\"'`\s${}<>]{3,72})[\"'`]"
_HASHES = regex(
    r"(?:(?:\bbcrypt\w*\.(?:hash|hashSync|hashpw|GenerateFromPassword|generate_password_hash)|\bargon2\.(?:hash|Hash)|\bpwd_context\.hash"
    r"|\b(?:generate_password_hash|make_password)|\.set_password|[hH]ash_?[pP]assword|[pP]assword_?[hH]ash"
    r"|[pP]asswordEncoder(?:\(\))?\.encode)\(\s*|\.CreateAsync\(\s*\w+\s*,\s*)(?:\[\]byte\(\s*)?"
    rf"(?:{_LITERAL}|(?P<name>[A-Za-z_]\w*))(?=\s*[,).])"
)
_SETS = regex(
    r"\.(?:setPassword|setRawPassword|setPlainPassword|password)\(\s*\"(?:\{noop\})?(?P<value>[^\"\s${}<>]{3,72})\"\s*\)"
)
"""How Java gives an account its password, which what stores it hashes."""
_OF_JAVA = (".java", ".kt")
_STORES = regex(
    r"\bINSERT\s+INTO\s+[\w.\"`]*(?:user|account|admin)|\bCREATE\s*\(\s*(?:\w+\s*)?:\s*\w*(?i:user|admin)|\bcreate_superuser\("
    r"|\.(?:create|save|insert|insertOne|insertMany|upsert|add|Add|AddAsync|Create|CreateAsync|Insert|InsertOne|Save|persist|HasData)\("
    r"|\bUser(?:\.objects)?\.create|\bInMemoryUserDetailsManager\(",
    re.IGNORECASE,
)
_ADMINISTRATOR = regex(
    r"[\"'`](?i:super_?admin|admin|administrator|root|role_admin)(?:@[^\"'`\s]*)?[\"'`]"
    r"|(?<!\w)[\"']?(?i:is_?admin|is_?superuser|is_?staff)[\"']?\s*[:=]\s*[Tt]rue\b"
    r"|\b(?i:role\w*|user_?type)[\"']?\s*[:=]\s*(?:[\w.]*\.)?(?i:super_?admin|admin|administrator)\b|\bcreate_superuser\("
)
_ASKS = regex(
    r"(?i)environ\b|getenv|process\.env|lookupenv|GetEnvironmentVariable|\benv\(|\bENV\[|viper\.|\bflag\.|\bargv\b|getpass|prompt\(|\binput\("
    r"|(?:config|settings|cfg|conf|options)\w*(?:\.|\[|->)[\"'\w.]*pass|random|secrets\.|uuid4?\(\)\.hex|token_urlsafe"
)
"""What shows that a password may come from elsewhere, or is drawn."""
_FORCES = regex(
    r"(?i)(?:must|force|requires?|needs?|should)_?\w{0,16}(?:change|reset)\w*[\"']?\s*[:=]\s*true"
    r"|(?:change|reset)_?\w{0,12}(?:required|next_?login)[\"']?\s*[:=]\s*true|password_?expired[\"']?\s*[:=]\s*true"
)
"""What shows that the first login has to set another password."""
_NAME = regex(
    r"(?i)(?:[\"']?(?:e?mail|user_?name|login)[\"']?\s*(?:=>|:=|[:=])\s*|\.set(?:Email|Username|Login)\(\s*)[\"'`](?P<key>[\w.@+-]{2,60})[\"'`]"
    r"|[\"'`](?P<bare>(?:super_?)?(?:admin|administrator|root)(?:@(?:[\w-]+(?:\.[\w-]+)+|local\w*))?)[\"'`]"
)
"""How an account is called. A word alone names none with digits behind an `@`: that is how people write a first password."""
_OF_ADMINISTRATORS = regex(r"(?i)(?:super_?)?(?:admin|root)")
_NO_PASSWORD = frozenset({SecretClass.EMPTY, SecretClass.FILE_PATH, SecretClass.REFERENCE})
_LONGEST = 120
"""Lines of a function that makes accounts."""
_AROUND = 15
"""Lines around a password that stands in no function."""


@frozen
class MadeAccount:
    """The place of an account's password, the function that makes it ("" at the top), its name ("" where none is seen)."""

    place: Location
    holder: str
    name: str


def made_accounts(path: str, text: str, chooses: re.Pattern[str]) -> Iterator[MadeAccount]:
    """Yield the accounts of administrators that the functions of a file store with a literal password, one a function, under
    conditions alone that `chooses` calls harmless.
    """
    text = bounded(text)
    if not _STORES.search(text):
        return
    lines = text.split("\n")
    seen: set[int] = set()
    ending = "." + path.rpartition(".")[2]
    for number, line in enumerate(lines, 1):
        match = _hashed(line, is_java=path.endswith(_OF_JAVA))
        if match is None or line.lstrip().startswith(("//", "#", "*")):
            continue
        where = Location(path, number, match.start() + 1)
        head = holder_line(lines, where, ending)
        body = _body(lines, head, number)
        # A class that runs at a start hands the account from one of its methods to another.
        stored = text if path.endswith(_OF_JAVA) else body
        password = _password(match, body, text) if head not in seen and _makes_administrator(body, stored) else ""
        holder = holder_of(lines, where, ending, chooses) if password else None
        if holder is not None:
            seen.add(head)
            yield MadeAccount(where, holder, account_name(body, password))


def account_name(text: str, password: str) -> str:
    """Return the name of an account in a text, an administrator's before others and its address rather than a word, "" where
    none is seen. What reads as its password is no name, whatever it is.
    """
    names = [name for match in _NAME.finditer(text) if (name := match["key"] or match["bare"]) != password]
    return next((name for name in names if _OF_ADMINISTRATORS.match(name)), names[0] if names else "")


def _hashed(line: str, *, is_java: bool) -> re.Match[str] | None:
    if not ("ash" in line or "assword" in line or "CreateAsync" in line):
        return None
    return _HASHES.search(line) or (_SETS.search(line) if is_java else None)


def _body(lines: list[str], head: int, number: int) -> str:
    """Return the text of the function that starts in line `head`, 0 for none: then the lines around."""
    if not head:
        return "\n".join(lines[max(0, number - _AROUND) : number + _AROUND])
    depth = _indent(lines[head - 1])
    last = min(len(lines), head + _LONGEST)
    end = next((index for index in range(head, last) if _ends(lines[index], depth)), last)
    return "\n".join(lines[head - 1 : end])


def _ends(line: str, depth: int) -> bool:
    """Whether a line stands after the body of what is indented so far: no brace that opens it, no end of its parameters."""
    return bool(line.strip()) and _indent(line) <= depth and not line.lstrip().startswith(("{", ")"))


def _makes_administrator(body: str, stored: str) -> bool:
    return bool(_STORES.search(stored) and _ADMINISTRATOR.search(body)) and not (_ASKS.search(body) or _FORCES.search(body))


def _password(match: re.Match[str], body: str, text: str) -> str:
    """Return the literal that is hashed, "" where it is none or no password."""
    name = match.groupdict().get("name")
    if name and re.search(rf"\b{re.escape(name)}\b", body.partition("\n")[0]):
        return ""  # A parameter: whoever calls gives the password.
    value = match["value"] or (_assigned(name, body) or _constant(name, text) if name else "")
    return "" if classify(value) in _NO_PASSWORD else value


def _assigned(name: str, body: str) -> str:
    """Return the only literal that a function assigns to a name, "" where it takes it from elsewhere too."""
    found = re.findall(rf"(?<![\w.]){re.escape(name)}[ \t]*(?::[ \t]*\w+[ \t]*)?:?=(?!=)[ \t]*([^\n]+)", body)
    literal = re.fullmatch(rf"{_LITERAL}[ \t]*[;,]?", found[0].strip()) if len(found) == 1 else None
    return literal["value"] if literal else ""


def _constant(name: str, text: str) -> str:
    """Return the literal of a constant at the left border of a file."""
    found = re.search(
        rf"(?m)^(?:(?:export|const|let|var|final|static|private|public|readonly|string|String|val)[ \t]+)*{re.escape(name)}"
        rf"[ \t]*(?::[ \t]*\w+[ \t]*)?:?=[ \t]*{_LITERAL}[ \t]*;?[ \t]*$",
        text,
    )
    return found["value"] if found else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
