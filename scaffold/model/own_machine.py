"""What a machine is called by itself: addresses that lead no further than the program, or the developer, who uses them."""

from __future__ import annotations

from scaffold.model.regex import regex

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
"""Hosts of the loopback interface (RFC 6761, RFC 1122, RFC 4291); in a URL the one of IPv6 has brackets."""
THIS_MACHINE = LOOPBACK | {"0.0.0.0"}  # noqa: S104 - an address to look for
"""Those, and the address of every interface, which leads a client to its own machine."""
LOCAL_DOMAIN = r"(?:localhost\.direct|localtest\.me|lvh\.me|vcap\.me)"
"""A pattern of the public names that lead to 127.0.0.1, as every name below them does."""
_OF_NOBODY = regex(r"^(?:localhost|127\.|0\.0\.0\.0|10\.|192\.168\.)|(?:^|\.)example\.|^[\w-]+$|\.(?:local|test|internal)$")
"""Hosts of the machine itself, of a network inside, and of examples."""


def is_of_nobody(host: str) -> bool:
    """Whether a host is the machine itself, one of a network inside, or one of an example: nobody outside answers to it."""
    return _OF_NOBODY.search(host) is not None
