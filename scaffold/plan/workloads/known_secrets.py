"""Whether a text shows a secret that is known from elsewhere: a password may be a word that means other things there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import reads_as_word

_LOOK_BEHIND = 200
"""Characters before a value that are looked at: no key and no option is longer."""
_AFTER = regex(r"(?![\w/\-]|[.:]\w)")
_KEYED = regex(r"(?P<key>[A-Za-z][\w.\-]*)(?:[\"'`]?\s*(?:=>|:=|[:=])\s*|[\"'`]?\s*>|\s+)[\"'`]?$")
_UNKEYED = regex(
    r"(?<![\w\-])-[apP](?:\s+|=)?[\"']?$"  # redis-cli -a, mysql -p, sshpass -p
    r"|(?<![\w\-])(?:-u|--user)(?:\s+|=)?[\"']?[^\s:\"']*:$"  # curl -u user:password
    r"|\b(?:requirepass|masterauth|sentinel auth-pass \S+|IDENTIFIED\s+BY|AUTH|Bearer|Basic)[\"']?[\s,]+[\"']?$"
    r"|\b(?:alias\s+set|host\s+add|add_user|change_password|htpasswd)\s[^\n;&|]*\s[\"']?$"  # mc, rabbitmqctl
    r"|[(,]\s*[\"']$"  # ('user', 'password'), as in SQL
    r"|(?:^|\n)[^\s:]*(?::[^\s:]*)*:$"  # .pgpass, htpasswd
    r"|\s>$",  # an ACL of Redis: user app on >password
    re.IGNORECASE,
)
_ECHO = regex(r"\b(?:echo|printf)\s+(?:-\w+\s+)*[\"']?$")
_PIPE = regex(r"[\"']?\s*\|(?!\|)")
_FOLDERS = regex(r"\bmkdir\s+(?:-\w+\s+)*-p\s+$")
_USERINFO = regex(r":[\"']?$")
_PASSWORD_OPTIONS = frozenset({"-a", "-p", "-P", "-u", "--user"})


@frozen
class KnownSecrets:
    """The values of secrets that the files show, and the words that name a thing in them."""

    values: frozenset[str] = field(repr=False)
    names: frozenset[str]

    def shown_in(self, text: str) -> bool:
        """Whether the text holds a value; one that is a common word counts only where it stands as the value of a secret."""
        return any(value in text and self._shows(value, text) for value in self.values)

    def shown_by(self, words: tuple[str, ...], index: int) -> bool:
        """Whether a word of a command holds a value; the program, what an option names and a known name are none."""
        word = words[index]
        for value in self.values:
            if value == word and reads_as_word(value):
                before = words[index - 1] if index else ""
                named = before.startswith("-") and before not in _PASSWORD_OPTIONS and not may_be_sensitive_name(before)
                if index and not named and (before in _PASSWORD_OPTIONS or value not in self.names):
                    return True
            elif value in word and self._shows(value, word):
                return True
        return False

    def _shows(self, value: str, text: str) -> bool:
        if not reads_as_word(value):
            return True
        if text.strip().strip("\"'") == value:
            return value not in self.names
        return any(_is_value(text, start, start + len(value)) for start in _places(value, text))


def _places(value: str, text: str) -> Iterator[int]:
    start = text.find(value)
    while start >= 0:
        yield start
        start = text.find(value, start + 1)


def _is_value(text: str, start: int, end: int) -> bool:
    """Whether what stands between two places of a text is the value of a secret, by what is around it."""
    before = text[max(0, start - _LOOK_BEHIND) : start]
    if text[end : end + 1] == "@" and _USERINFO.search(before):
        return True
    if not _AFTER.match(text, end):
        return False
    keyed = _KEYED.search(before)
    if keyed is not None and may_be_sensitive_name(keyed["key"]):
        return True
    if _PIPE.match(text, end) and _ECHO.search(before):
        return True
    return bool(_UNKEYED.search(before)) and not _FOLDERS.search(before)
