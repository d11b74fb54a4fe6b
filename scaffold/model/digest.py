"""SHA-256 of a text, without OpenSSL: loading it takes `hashlib` 3 ms, and a run hashes a few short texts."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes, in hex."""
    return str(_module().sha256(data).hexdigest())


@cache
def _module() -> Any:
    """Return the module of Python's own implementation, which is called `_sha2` from Python 3.12 on, else `hashlib`."""
    for name in ("_sha2", "_sha256"):
        try:
            return import_module(name)
        except ImportError:
            pass
    return import_module("hashlib")
