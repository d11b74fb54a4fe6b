"""Connection strings of keywords: `Host=db;Username=app;Password=x` (ADO.NET), `host=db user=app password=x` (libpq, GORM)."""

from __future__ import annotations

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_PARTS = {
    **dict.fromkeys(("host", "server", "datasource", "addr", "address"), "host"),
    "port": "port",
    **dict.fromkeys(("username", "user", "userid", "uid"), "username"),
    **dict.fromkeys(("password", "pwd"), "password"),
    **dict.fromkeys(("database", "db", "dbname", "initialcatalog"), "database"),
    "sslmode": "mode",
}
_PAIR = regex(r"\s*(?P<key>[A-Za-z][A-Za-z _]*?)\s*=\s*(?P<value>[^=;\"']*?)\s*")


@frozen
class Keyword:
    """One pair: the key as it is written, what it stands for ("" for anything else), and its value."""

    key: str
    part: str
    value: str


@frozen
class ConnectionString:
    """The pairs of a connection string in order, and what stands between two of them."""

    pairs: tuple[Keyword, ...]
    separator: str

    def value(self, part: str) -> str:
        """Return the value of a part, "" where it is not there."""
        return next((pair.value for pair in self.pairs if pair.part == part), "")


def parse_connection_string(text: str) -> ConnectionString | None:
    """Return the pairs of a text that is nothing else and names a host and a password, or None."""
    separator = ";" if ";" in text else " "
    matches = [_PAIR.fullmatch(piece) for piece in text.split(separator) if piece.strip()]
    pairs = tuple(Keyword(match["key"], _part(match["key"]), match["value"]) for match in matches if match)
    found = ConnectionString(pairs, separator)
    whole = len(pairs) == len(matches) and found.value("host") and found.value("password")
    return found if whole else None


def _part(key: str) -> str:
    return _PARTS.get(key.lower().replace(" ", "").replace("_", ""), "")
