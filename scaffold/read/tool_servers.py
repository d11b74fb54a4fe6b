"""Servers of the Model Context Protocol: code that lends assistants its tools, and whether it asks who calls."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_MAKES = regex(r"(?:=|\breturn|\bnew)\s*(?:\w+\.)?(?:FastMCP|McpServer)\s*\(")
_ASKS = regex(
    r"\bauth\s*=|(?i:auth_?provider|\bbearer|token_?verifier|\bauthori[sz]ation\b|require_?auth|auth\w*middleware|\boauth)"
)
_KEY = regex(r"(?i)x-api-key|api_?key_?header|verify_(?:api_?key|token)|check_(?:api_?key|token)|\bjwt\b")
"""Words of code that asks its callers for a login, or may."""


def tool_server_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `mcp-server` fact where code makes a server: detail `asks` where its file speaks of a login, else `open`; and
    `asks` alone for other files about such a server that do.
    """
    made = _MAKES.search(text)
    asks = _ASKS.search(text) or _KEY.search(text)
    if made or asks:
        offset = made.start() if made else asks.start() if asks else 0
        yield CodeFact("mcp-server", "asks" if asks else "open", Places(path, text).at(offset))
