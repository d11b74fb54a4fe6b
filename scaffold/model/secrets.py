"""What a value is, never what it says: the classes by which secrets are judged and shown."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from enum import StrEnum

from scaffold.model.document import VariableReference
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name, may_be_sensitive_name


class SecretClass(StrEnum):
    """The class of a value; reports show this word and a place, never a character of the value or its length."""

    EMPTY = "empty"
    REFERENCE = "reference"
    FILE_PATH = "file path"
    PLAIN = "plain value"
    PLACEHOLDER = "placeholder"
    WEAK = "weak word"
    PROVIDER_KEY = "provider key"
    RANDOM = "high entropy"
    LITERAL = "literal"


_PROVIDER_KEYS = regex(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|AIza[0-9A-Za-z_\-]{35}|sk-(?:proj-|ant-[a-z0-9]+-)?[A-Za-z0-9_\-]{20,}"
    r"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,}|xox[abprs]-[A-Za-z0-9\-]{10,}|glpat-[A-Za-z0-9_\-]{20,}"
    r"|sk_live_[A-Za-z0-9]{16,}|rk_live_[A-Za-z0-9]{16,}|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}"
    r"|npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])|pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_\-]{50,}|dckr_pat_[A-Za-z0-9_\-]{27}"
    r"|hf_[A-Za-z]{34}(?![A-Za-z0-9])|(?:squ_|sqp_|sqa_)[0-9a-f]{40}(?![0-9a-f])|-----BEGIN [A-Z ]*PRIVATE KEY-----",
    words=(
        "npm_",
        "pypi-AgEIcHlwaS5vcmc",
        "dckr_pat_",
        "hf_",
        "squ_",
        "sqp_",
        "sqa_",
        "AIza",
        "AKIA",
        "ASIA",
        "PRIVATE KEY-----",
        "SG.",
        "gh",
        "github_pat_",
        "glpat-",
        "rk_live_",
        "sk-",
        "sk_live_",
        "xox",
    ),
)
_PRIVATE_KEYS = regex(
    r"MII[A-Za-z0-9+/]{2}[AQgw]IB(?:AzCC|ADAN|AAKC)|LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRVkt|BFQyBQUklWQVRFIEtFWS)",
    words=("MII", "LS0tLS1CRUdJTi"),
)
"""How PKCS #12 (version 3), PKCS #8 and PKCS #1 (version 0) begin in base64, and a PEM with a private key."""
_DUMMY_KEY = regex(r"EXAMPLE|your|xxxx|\.\.\.|<|0{8}|1234567", re.IGNORECASE)
_DIFFERENT_LETTERS = 8
"""Letters of which a token that was drawn has more, and one that a page makes up by hand often fewer."""
_PLACEHOLDER = regex(
    r"<[^>]*>|\byour|your[-_ ]|change[-_ ]?(?:me|this|it|in)|x{3,}|replace[-_ ]?(?:me|this|with)|todo|fixme|example"
    r"|to[-_ ]?(?:be[-_ ]?)?replaced?(?![a-z])"
    r"|dummy|placeholder|\binsert\b|\.\.\.|\*{3,}|super[-_]?secret|my[-_]?secret|secret[-_]?key[-_ ]?here"
    r"|\bdefault[-_](?:[a-z]+[-_])?(?:secret|key|password|token)\b|not[-_]?(?:so[-_]?)?secret"
    r"|(?<![a-z])(?:cambiar|c[aá]mbia(?:me|lo)?|reemplazar?|sustituir|alterar|altere|trocar|troque|substitua|remplace[rz]|changez|[aä]endern"
    r"|ersetzen)(?![a-z])",
    re.IGNORECASE,
)
"""Words of stand-ins, in the languages that people write them in."""
_WEAK = regex(
    r"(?:pass(?:word)?|passwd|admin|root|postgres(?:ql)?|mysql|maria|mongo|redis|rabbit(?:mq)?|secret|minio"
    r"|guest|test|user|default|changeit|qwerty|letmein|welcome|dev(?:elopment)?|local|demo|app|db|database|token"
    r"|jwt|key|foo|bar|baz|hello|abc|toor|elastic|grafana|clickhouse|api|django|insecure)+[-_]?[0-9]{0,6}[!@#]?",
    re.IGNORECASE,
)


_LONGEST_WEAK = 64
"""Longer values are no weak words, whatever they repeat."""


KEY_ENDINGS = ("KEY", "KEYS", "SALT")
_OPEN_KEYS = regex(
    r"(?:^|[_\W])(?:PUBLIC|PUBLISHABLE|PUB|SITE|ANON|CACHE|SORT|PRIMARY|FOREIGN|PARTITION|INDEX|TRANSLATION|LOOKUP|HOST|KNOWN"
    r"|IDEMPOTENCY|CLIENT|VITE|NEXT|REACT|EXPO|SENTRY|POSTHOG|SEGMENT|MIXPANEL|AMPLITUDE|MAPS?|(?:RE|H)?CAPTCHA|TURNSTILE)(?:$|[_\W])",
    re.IGNORECASE,
)
"""Words by which a key is for everybody, or is none of cryptography."""
_DRAWN = regex(r"(?:base64:)?(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])(?:[0-9a-fA-F]{32,128}|[A-Za-z0-9+/_-]{32,172}={0,2})")
"""16 bytes or more as hexadecimal digits, 24 or more in base64: what commands that make keys print."""


def may_be_key(name: str, value: str) -> bool:
    """Whether a variable whose name is no known word of secrets may keep a key in this value."""
    return name.upper().endswith(KEY_ENDINGS) and classify(value) is SecretClass.RANDOM


def holds_secret(name: str, value: str) -> bool:
    """Whether a variable keeps a secret in this value: by its name, or as a key that was drawn at random."""
    return is_sensitive_name(name) or is_drawn_key(name, value)


def is_drawn_key(name: str, value: str) -> bool:
    """Whether a value was drawn at random and its name calls it a key, other than one that everybody may see."""
    text = value.strip().strip("\"'")
    return (
        may_be_key(name, text)
        and _DRAWN.fullmatch(text) is not None
        and not _OPEN_KEYS.search(re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name))
        and not reads_as_name(text)
    )


def is_provider_key(value: str) -> bool:
    """Whether the text holds a credential in a form that one provider issues, and no word that marks it as a dummy."""
    match = _PROVIDER_KEYS.search(value)
    return match is not None and not _DUMMY_KEY.search(match[0])


def is_private_key(value: str) -> bool:
    """Whether a text is a private key without the lines around it, or a store with one (PKCS #12), in base64."""
    return _PRIVATE_KEYS.match("".join(value.split())) is not None


def is_drawn_token(value: str) -> bool:
    """Whether a token was drawn at random: it has different letters enough, of more than one kind, and neither a word that
    marks it as a dummy nor the alphabet.
    """
    kinds = sum(any(map(kind, value)) for kind in (str.islower, str.isupper, str.isdigit))
    made_up = _DUMMY_KEY.search(value) is not None or "abcdefgh" in "".join(filter(str.isalpha, value.lower()))
    return not made_up and kinds > 1 and len(set(value)) >= min(len(value) // 2, _DIFFERENT_LETTERS)


def _entropy(value: str) -> float:
    counts = Counter(value)
    return -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())


def classify(value: str | None, references: tuple[VariableReference, ...] = ()) -> SecretClass:
    """Return the class of a literal value; a value with references and no default is a reference."""
    if value is None or (references and not any(reference.has_default for reference in references)):
        return SecretClass.REFERENCE
    text = value.strip()
    return next((found for found, matches in _CLASSES if matches(text)), SecretClass.LITERAL)


_PARTS = regex(r"[-_./:@]")
_NAME_WORD = regex(
    r"(?=[^aeiou]*[aeiou])(?!.*[^aeiouyAEIOUY0-9]{5})[A-Z]?[a-z]{2,15}(?:[A-Z][a-z]{2,15}){0,3}[A-Z]{0,3}[0-9]{0,2}"
)
_NAME_NUMBER = regex(r"[A-Za-z]{0,3}[0-9]{1,3}[A-Za-z]{0,2}|[A-Z]{1,4}|[a-z]{1,3}|20[0-9]{6}")
_LONGEST_NAME = 200
_LONG_WORD = 5
"""Letters of one word at least: groups of four are how keys are written down."""


def reads_as_name(value: str) -> bool:
    """Whether a text is the name of a thing, made of words and short numbers, such as `text-embedding-3-small`.

    Words have letters in a word's case, and vowels: that tells a model from a token. A password may be words too.
    """
    parts = _PARTS.split(value.strip()) if len(value) <= _LONGEST_NAME else []
    words = [part for part in parts if _NAME_WORD.fullmatch(part)]
    others = [part for part in parts if part not in words]
    if not all(_NAME_NUMBER.fullmatch(part) for part in others) or max(map(len, words), default=0) < _LONG_WORD:
        return False
    return len(words) >= max(2, sum(not part.isdecimal() for part in others))


_MOST_PARTS_OF_A_WORD = 2
"""More words in a row stand nowhere by accident."""


def reads_as_word(value: str) -> bool:
    """Whether a value is a common word or two, such as `postgres` or `listmonk`: texts hold it in other senses too."""
    parts = _PARTS.split(value)
    return len(parts) <= _MOST_PARTS_OF_A_WORD and all(part.isalpha() and _NAME_WORD.fullmatch(part) for part in parts)


def _looks_random(text: str) -> bool:
    return len(text) >= 16 and _entropy(text) >= 3.5 and " " not in text


_PATH = regex(r"(?:\./|/|~/|%[\w.]{1,60}%/)[\w./\-]+|(?:[\w-]{1,60}/){1,20}[\w.-]{1,100}\.(?:pem|key|crt|p12|pfx|json|txt)")
"""A file by its path, which Symfony writes from the folder of the project (`%kernel.project_dir%/config/jwt/private.pem`)."""

_LOGIN_ALONE = regex(
    r"(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?)(?:\+\w{1,20})?://(?:[\w.-]{1,100}@)?[\w.,:-]{1,200}(?:/[\w./-]{0,200})?"
    r"(?:\?(?![^\s]*(?:pass|token|secret|key))\S{0,300})?",
    re.IGNORECASE,
)
"""The address of a store with a user at most: the password comes another way."""

_CLASSES: tuple[tuple[SecretClass, Callable[[str], object]], ...] = (
    (SecretClass.EMPTY, lambda text: not text),
    (SecretClass.PROVIDER_KEY, is_provider_key),
    (SecretClass.FILE_PATH, _PATH.fullmatch),
    (SecretClass.PLAIN, _LOGIN_ALONE.fullmatch),
    (SecretClass.PLACEHOLDER, _PLACEHOLDER.search),
    (SecretClass.WEAK, lambda text: len(text) <= _LONGEST_WEAK and _WEAK.fullmatch(text)),
    (SecretClass.PLAIN, regex(r"[a-z][a-z_]+(?:\.[A-Za-z_]{2,40}){1,8}").fullmatch),
    (
        SecretClass.PLAIN,
        regex(
            r"\d{1,4} ?(?:ms|[smhdwy]|min(?:ute)?s?|hours?|days?|weeks?|months?|years?|[km]b)|[HREP]S(?:256|384|512)"
        ).fullmatch,
    ),
    (SecretClass.PLAIN, regex(r"true|false|yes|no|on|off|none|null|\d{1,5}", re.IGNORECASE).fullmatch),
    (SecretClass.RANDOM, _looks_random),
)


_HARMLESS = frozenset({SecretClass.EMPTY, SecretClass.REFERENCE, SecretClass.FILE_PATH})


def counts(value: str, *, placeholders: bool = True) -> bool:
    """Whether a text would work as a credential: words such as `true` and references do not, short numbers do."""
    found = classify(value)
    if found is SecretClass.PLAIN:
        return value.strip().isdigit()
    return found not in _HARMLESS and (placeholders or found is not SecretClass.PLACEHOLDER)


_USERINFO = regex(
    r"(?<![A-Za-z0-9+.\-])[A-Za-z][A-Za-z0-9+.\-]{0,30}://(?P<user>[^\s:/@?#]*):(?P<password>[^\s/?#]+)@(?P<host>[^\s:@/?#,]+)"
)
"""The userinfo ends with the last `@` before the path: a password may hold others."""


def url_password(value: str) -> str | None:
    """Return the password inside a URL's userinfo, or None; references such as `${X}` are returned as they stand."""
    match = _USERINFO.search(value)
    return match["password"] if match else None


_AUTHORITY = regex(r"[A-Za-z][A-Za-z0-9+.\-]*://(?P<authority>[^\s/?#]*)")
_HOST = regex(r"\[[0-9A-Fa-f:.]+\]|[^\s:,]+")


def url_host(value: str) -> str | None:
    """Return the host of a URL, the first of several, or None; an IPv6 address stays in its brackets."""
    url = _AUTHORITY.match(value.strip())
    match = _HOST.match(url["authority"].rpartition("@")[2]) if url else None
    return match[0] if match else None


_TELLING = ("PASS", "SECRET", "KEY", "PWD")
_NAMED = regex(r"(?<![\w$])(?P<name>[A-Za-z][\w.\-]*)[\"']?\s*[:=]\s*[\"']?(?P<value>[^\s;,&\"'{}$<(][^\s;,&\"'{}]*)")


def names_secret(name: str, value: str) -> bool:
    """Whether a variable of this name keeps a secret in this value: `TOKEN_LIFETIME=30` and `AUTH_TOKEN=false` do not."""
    found = classify(value)
    if not may_be_sensitive_name(name):
        return may_be_key(name, value)
    if found is SecretClass.FILE_PATH or value.lower() in {"true", "false", "yes", "no", "on", "off", "none", "null"}:
        return False
    return found is not SecretClass.PLAIN or any(word in name.upper() for word in _TELLING)


def names_its_secret(text: str) -> bool:
    """Whether a text that is more than one value gives a password by its name, as connection strings and JSON do."""
    return any(names_secret(match["name"], match["value"]) for match in _NAMED.finditer(text))
