"""Calls of PHP code that only an extension has which the official image does not bring by itself."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.comments import without_comments
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

PHP_WORDS = ("bc", "image", "Imagick", "pcntl_", "Formatter", "socket_", "ZipArchive", "SoapClient", "gmp_", "exif_", "mysqli")
"""Texts without one of these call none of the extensions."""
_CALL = regex(
    r"(?<![\w>:$\\])(?<!function )\\?(?:(?P<bcmath>bc(?:add|sub|mul|div|mod|comp|pow|powmod|sqrt|scale))"
    r"|(?P<gd>imagecreate\w*|imagecopyresampled|imagejpeg|imagepng)|(?P<pcntl>pcntl_(?:fork|signal|async_signals|alarm))"
    r"|(?P<sockets>socket_(?:create|connect|bind))|(?P<gmp>gmp_\w+)|(?P<exif>exif_read_data|exif_imagetype)|(?P<mysqli>mysqli_connect))\("
    r"|\bnew\s+\\?(?:(?P<imagick>Imagick)|(?P<intl>NumberFormatter|IntlDateFormatter|MessageFormatter|Collator)|(?P<zip>ZipArchive)"
    r"|(?P<soap>SoapClient))\b"
)
_ASKS = regex(r"function_exists\s*\(|extension_loaded\s*\(|class_exists\s*\(|defined\s*\(")


def php_extension_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `php-extension` fact (detail: the extension) for the first call of each; none where a file asks for it."""
    if _ASKS.search(text):
        return
    bare = without_comments(text)
    places = Places(path, text)
    seen: set[str] = set()
    for match in _CALL.finditer(bare):
        name = match.lastgroup or ""
        if name not in seen:
            seen.add(name)
            yield CodeFact("php-extension", name, places.at(match.start()))
