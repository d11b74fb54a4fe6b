"""What code refuses, told without the value: its hash, and what it is compared with."""

from __future__ import annotations

import re

from scaffold.model.digest import sha256_hex


def refusal(compared: str, value: str) -> str:
    """Return the detail of a fact: the hash of the value, and the letters and digits of what the code compares."""
    return f"{_hash(value)} {_plain(compared)}"


def refuses(detail: str, name: str, value: str) -> bool:
    """Whether such a detail is about this value of this variable, by its name or without the first word of it."""
    hashed, _, compared = detail.partition(" ")
    _, _, short = name.partition("_")
    forms = (name, short) if short.count("_") else (name,)
    return hashed == _hash(value) and any(compared.endswith(_plain(form)) for form in forms)


def _hash(value: str) -> str:
    return sha256_hex(value.encode())


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
