"""Values by their type in the Compose model: each decoder gives what `docker compose config --format json` prints.

OMIT stands for a value that Go's omitempty leaves out.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable

from scaffold.model.document import Mapping, Node, Scalar, Sequence
from scaffold.model.regex import regex
from scaffold.model.words import split_words
from scaffold.read.compose.nodes import effective_entries
from scaffold.read.compose.values import Value, go_text, plain_value, text_of_value
from scaffold.read.yaml import is_null, resolve

OMIT = object()
Decoded = Value | object
Decoder = Callable[[Node], Decoded]

_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
    "w": 7 * 86400 * 10**9,
}
_DURATION_PART = regex(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h|d|w)")
_SIZE = regex(r"(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?", re.IGNORECASE)
_WHOLE = regex(r"[-+]?[0-9]{1,19}")
_LONGEST_AMOUNT = 100
"""Characters of a size or duration: longer ones overflow whatever Go keeps them in."""
_TRUE = frozenset({"true", "y", "yes", "on"})


def text(node: Node) -> Decoded:
    """A string; numbers are printed as Go prints them."""
    return text_of_value(node) or OMIT if isinstance(node, Scalar) and not is_null(node) else OMIT


def boolean(node: Node) -> Decoded:
    """A boolean that false leaves out."""
    return True if optional_boolean(node) is True else OMIT


def optional_boolean(node: Node) -> Decoded:
    """A boolean that is printed whenever it is set."""
    if is_null(node) or not isinstance(node, Scalar):
        return OMIT
    value = resolve(node)
    return value if isinstance(value, bool) else str(value).lower() in _TRUE


def opt_out(node: Node) -> Decoded:
    """A boolean that true leaves out."""
    return False if optional_boolean(node) is False else OMIT


def always(decoder: Decoder, default: Value) -> Decoder:
    """Return the decoder with a value in place of OMIT."""

    def decode(node: Node) -> Decoded:
        value = decoder(node)
        return default if value is OMIT else value

    return decode


def _number(node: Node) -> int | float | None:
    if not isinstance(node, Scalar) or is_null(node):
        return None
    value = resolve(node)
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else _float(value)
    return int(value) if isinstance(value, bool) else value


def _float(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def integer(node: Node) -> Decoded:
    """An integer that zero leaves out."""
    value = optional_integer(node)
    return OMIT if value == 0 else value


def optional_integer(node: Node) -> Decoded:
    """An integer that is printed whenever it is set."""
    value = _number(node)
    return OMIT if value is None or not math.isfinite(value) else int(value)


def number32(node: Node) -> Decoded:
    """A 32-bit float, in the shortest decimal form that gives it back."""
    value = _number(node)
    if not value or not math.isfinite(value) or abs(value) > 3e38:
        return OMIT
    single = struct.unpack("f", struct.pack("f", value))[0]
    for digits in range(1, 10):
        shortest = float(f"{single:.{digits}g}")
        if struct.unpack("f", struct.pack("f", shortest))[0] == single:
            return shortest
    return float(single)


def size(node: Node) -> Decoded:
    """A number of bytes as text, of which zero is left out; `512m` and `512MB` are MiB."""
    value = _number(node)
    if isinstance(value, int):
        return str(value) if value else OMIT
    # A float in text that is no size: `1e3` are a thousand bytes there too.
    if isinstance(value, float) and math.isfinite(value) and "e" in text_of_value(node).lower():  # type: ignore[arg-type]
        return str(int(value))
    match = _SIZE.fullmatch(text_of_value(node)) if isinstance(node, Scalar) else None
    if match is None or len(match[1]) > _LONGEST_AMOUNT:
        return OMIT
    amount = int(float(match[1]) * 1024 ** " kmgtp".index(match[2].lower() or " "))
    return str(amount) if amount else OMIT


def nanoseconds(source: str) -> int | None:
    """Return a duration such as `1m30s` or `1d` in nanoseconds, None for what is none."""
    rest = source.strip().lstrip("+-")
    if rest == "0":
        return 0
    parts = _DURATION_PART.findall(rest) if len(rest) <= _LONGEST_AMOUNT else []
    if not parts or "".join(amount + unit for amount, unit in parts) != rest:
        return None
    total = _exact_sum([(*amount.partition(".")[::2], _UNITS[unit]) for amount, unit in parts])
    return -total if source.strip().startswith("-") else total


def _exact_sum(amounts: list[tuple[str, str, int]]) -> int:
    """Return the sum of amounts, each its digits before and after the point and its unit, without what is below a whole."""
    places = max(len(digits) for _, digits, _ in amounts)
    scale: int = 10**places
    return sum(int(f"0{whole}{digits:0<{places}}") * unit for whole, digits, unit in amounts) // scale


def go_duration(nanos: int) -> str:
    """Return a duration as Go prints it: `1m30s`, `1.5s`, `500ms`, `0s`."""
    sign, nanos = ("-", -nanos) if nanos < 0 else ("", nanos)
    if nanos < 10**9:
        for unit, factor in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
            if nanos >= factor:
                return f"{sign}{_decimal(nanos, factor)}{unit}"
        return "0s"
    seconds = _decimal(nanos % (60 * 10**9), 10**9)
    minutes = nanos // (60 * 10**9)
    if minutes >= 60:
        return f"{sign}{minutes // 60}h{minutes % 60}m{seconds}s"
    return f"{sign}{minutes}m{seconds}s" if minutes else f"{sign}{seconds}s"


def _decimal(nanos: int, factor: int) -> str:
    whole, fraction = divmod(nanos, factor)
    digits = f"{fraction:0{len(str(factor)) - 1}d}".rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)


def duration(node: Node) -> Decoded:
    """A duration that is printed whenever it is set."""
    nanos = nanoseconds(text_of_value(node)) if isinstance(node, Scalar) and not is_null(node) else None
    return OMIT if nanos is None else go_duration(nanos)


def nonzero_duration(node: Node) -> Decoded:
    """A duration that zero leaves out."""
    value = duration(node)
    return OMIT if value == "0s" else value


# --- collections ------------------------------------------------------------------------------------------------------


def _items(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Sequence):
        return node.items
    return () if is_null(node) else (node,)


def _item_text(node: Node) -> str:
    return text_of_value(node) if isinstance(node, Scalar) else ""


def texts(node: Node) -> Decoded:
    """A list of strings, or one string as a list."""
    return [_item_text(item) for item in _items(node)] or OMIT


def command(node: Node) -> Decoded:
    """An argument list; null where nothing is said, which is printed too."""
    if is_null(node):
        return None
    if isinstance(node, Sequence):
        return [_item_text(item) for item in node.items]
    return list(split_words(_item_text(node)) or ())


def health_test(node: Node) -> Decoded:
    """A healthcheck's test; a text is for the shell."""
    return ["CMD-SHELL", _item_text(node)] if isinstance(node, Scalar) and not is_null(node) else texts(node)


def pairs(node: Node, *, keep_null: bool = False) -> dict[str, Value]:
    """Return a mapping of texts out of a mapping or a list of `K=V`; keys without a value are null or "" ."""
    found: dict[str, Value] = {}
    empty: Value = None if keep_null else ""
    if isinstance(node, Mapping):
        for entry in effective_entries(node):
            found[entry.key.value] = empty if is_null(entry.value) else _pair_text(entry.value)
    for item in _items(node) if isinstance(node, Sequence) else ():
        key, separator, value = _item_text(item).partition("=")
        found[key] = value if separator else empty
    return found


def _pair_text(node: Node) -> str:
    if isinstance(node, Scalar):
        return text_of_value(node)
    return "[" + " ".join(go_text(None) if is_null(item) else _item_text(item) for item in _items(node)) + "]"


def mapping(node: Node) -> Decoded:
    """A mapping of texts."""
    return pairs(node) or OMIT


def nullable_mapping(node: Node) -> Decoded:
    """A mapping of texts or nulls."""
    return pairs(node, keep_null=True) or OMIT


def option_lists(node: Node) -> Decoded:
    """A mapping of lists of texts."""
    if not isinstance(node, Mapping):
        return OMIT
    found: dict[str, Value] = {}
    for entry in effective_entries(node):
        found[entry.key.value] = [_item_text(item) for item in _items(entry.value)]
    return found or OMIT


def hosts(node: Node) -> Decoded:
    """Extra hosts as a sorted list of `name=address`."""
    found: list[str] = []
    if isinstance(node, Mapping):
        for entry in effective_entries(node):
            found.extend(f"{entry.key.value}={_bare(_item_text(item))}" for item in _items(entry.value) or (entry.value,))
    for item in _items(node) if isinstance(node, Sequence) else ():
        spec = _item_text(item)
        name, _, addresses = spec.partition("=" if "=" in spec else ":")
        found.extend(f"{name}={_bare(address)}" for address in addresses.split(","))
    return [*sorted(found)] or OMIT


def _bare(address: str) -> str:
    return address[1:-1] if len(address) > 2 and address[0] == "[" and address[-1] == "]" else address


def file_mode(node: Node) -> Decoded:
    """A file mode as octal text: `0440`."""
    if is_null(node) or not isinstance(node, Scalar):
        return OMIT
    value = resolve(node)
    if isinstance(value, str):
        value = int(value, 8) if value and not set(value.removeprefix("0o")) - set("01234567") else None
    return f"0{int(value):o}" if isinstance(value, (int, float)) else OMIT


def ulimit(node: Node) -> Decoded:
    """One limit, or its soft and hard value."""
    if isinstance(node, Mapping):
        return structure({"soft": integer, "hard": integer})(node)
    return always(optional_integer, 0)(node)


def count(node: Node) -> Decoded:
    """A number of devices; all of them is -1."""
    return -1 if isinstance(node, Scalar) and node.value.lower() == "all" else integer(node)


def raw(node: Node) -> Decoded:
    """Whatever stands there."""
    return plain_value(node)


def structure(fields: dict[str, Decoder], always_there: dict[str, Value] | None = None) -> Decoder:
    """Return the decoder of a mapping with known keys; `always_there` gives what is printed for absent ones."""

    def decode(node: Node) -> Decoded:
        found: dict[str, Value] = dict(always_there or {})
        if isinstance(node, Mapping):
            for entry in effective_entries(node):
                decoder = fields.get(entry.key.value)
                value = decoder(entry.value) if decoder else OMIT
                if value is not OMIT:
                    found[entry.key.value] = value  # type: ignore[assignment]
        return found

    return decode


def capitalised(decoder: Decoder) -> Decoder:
    """Return the decoder of a structure whose keys compose-go prints as its own field names."""

    def decode(node: Node) -> Decoded:
        found = decoder(node)
        return {key.capitalize(): value for key, value in found.items()} if isinstance(found, dict) else found

    return decode


def key_names(node: Node) -> Decoded:
    """The names of a mapping."""
    return [*node.keys()] if isinstance(node, Mapping) and node.entries else OMIT


def optional(decoder: Decoder) -> Decoder:
    """Return the decoder that leaves out null."""
    return lambda node: OMIT if is_null(node) else decoder(node)


def list_of(decoder: Decoder) -> Decoder:
    """Return the decoder of a list."""

    def decode(node: Node) -> Decoded:
        found = [decoder(item) for item in node.items] if isinstance(node, Sequence) else []
        kept: list[Value] = [item for item in found if item is not OMIT]  # type: ignore[misc]
        return kept or OMIT

    return decode


def named(decoder: Decoder) -> Decoder:
    """Return the decoder of a mapping from names to structures or null."""

    def decode(node: Node) -> Decoded:
        found: dict[str, Value] = {}
        for entry in effective_entries(node) if isinstance(node, Mapping) else ():
            value = None if is_null(entry.value) else decoder(entry.value)
            found[entry.key.value] = None if value is OMIT else value  # type: ignore[assignment]
        return found or OMIT

    return decode
