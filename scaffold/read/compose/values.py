"""Scalars as compose-go prints them: Go's text of numbers, and equality of values wherever they stand."""

from __future__ import annotations

import math

from scaffold.model.document import Mapping, Node, Scalar, Sequence
from scaffold.read.yaml import resolve

Value = bool | int | float | str | list["Value"] | dict[str, "Value"] | None


def go_text(value: float | str | None) -> str:
    """Return what Go's fmt prints with %v: `true`, `<nil>`, and floats in their shortest form."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):  # a kind of int
        return "true" if value else "false"
    if isinstance(value, float):
        return _go_float(value)
    return str(value)


def _go_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    exponent = math.floor(math.log10(abs(value)))
    shortest = repr(value)
    if -4 <= exponent < 21:
        plain = f"{value:.0f}" if exponent >= 16 else shortest
        if "e" in plain:
            plain = f"{value:.20f}".rstrip("0")
        return plain.removesuffix(".0").rstrip(".")
    digits, _, power = f"{value:.17e}".partition("e") if "e" not in shortest else shortest.partition("e")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    number = int(power)
    return f"{digits}e{'-' if number < 0 else '+'}{abs(number):02d}"


def text_of_value(scalar: Scalar) -> str:
    """Return the text that Compose makes of a scalar where it wants text: 1.0 is `1`, 0o10 is `8`, yes is `yes`."""
    value = resolve(scalar)
    return value if isinstance(value, str) else go_text(value)


def plain_value(node: Node) -> Value:
    """Return the node as Python values, as go-yaml decodes it."""
    if isinstance(node, Scalar):
        return resolve(node)
    if isinstance(node, Sequence):
        return [plain_value(item) for item in node.items]
    return {entry.key.value: plain_value(entry.value) for entry in node.entries}


def same_value(first: Node, second: Node) -> bool:
    """Whether two nodes say the same, wherever they stand."""
    if first is second:
        return True
    if isinstance(first, Scalar) and isinstance(second, Scalar):
        one, other = resolve(first), resolve(second)
        return type(one) is type(other) and one == other
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        keys = first.keys()
        return set(keys) == set(second.keys()) and all(_same_entry(first, second, key) for key in keys)
    if isinstance(first, Sequence) and isinstance(second, Sequence):
        same_length = len(first.items) == len(second.items)
        return same_length and all(same_value(a, b) for a, b in zip(first.items, second.items, strict=True))
    return False


def _same_entry(first: Mapping, second: Mapping, key: str) -> bool:
    one, other = first.get(key), second.get(key)
    return one is not None and other is not None and same_value(one, other)
