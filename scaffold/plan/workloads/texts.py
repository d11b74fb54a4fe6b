"""Texts of compose files as pieces: written as they are, asked for at the installation, or held by a secret alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from scaffold.model.document import Scalar, VariableReference
from scaffold.model.interpolation import Reference, pieces
from scaffold.model.regex import regex
from scaffold.model.target import APPLICATION_SECRET
from scaffold.model.workload import Piece, Text, is_literal, literal, literal_text
from scaffold.plan.workloads.scope import Scope, is_secret_reference

_BEFORE_USERINFO = regex(r"[A-Za-z][A-Za-z0-9+.\-]*://[^\s/?#@]*$")
_IN_USERINFO = regex(r"[^\s/?#@]*@")
_STAND_IN = "x"


def expand(raw: str, scope: Scope, *, secret: bool = False, settings: Mapping[str, str] | None = None) -> Text:
    """Return the pieces of a text as it stands in a compose file; with `secret` every variable in it is one. A variable that
    is what one of `settings` is by default is asked for at the installation.

    Variables in the userinfo of a URL are percent-encoded there; the one behind the colon is a password, whatever its name.
    """
    parts = pieces(raw)
    found: list[Piece] = []
    for index, part in enumerate(parts):
        if isinstance(part, str):
            found.append(Piece("literal", part))
            continue
        before, after = _shown(parts[:index]), _shown(parts[index + 1 :])
        inside = bool(_BEFORE_USERINFO.search(before)) and bool(_IN_USERINFO.match(after))
        password = inside and ":" in before.rpartition("://")[2]
        found += [
            replace(piece, encoded=inside) if piece.kind == "secret" else piece
            for piece in _as_setting(part, _reference(part, scope, secret=secret or password), settings or {})
        ]
    return merged(found)


def _as_setting(part: Reference, text: Text, settings: Mapping[str, str]) -> Text:
    is_one = part.operator[-1:] != "+" and is_literal(text) and settings.get(part.name) == literal_text(text)
    return (Piece("setting", part.name),) if is_one else text


def _shown(parts: Iterable[str | Reference]) -> str:
    return "".join(part if isinstance(part, str) else _STAND_IN for part in parts)


def _reference(part: Reference, scope: Scope, *, secret: bool) -> Text:
    known = scope.variables.get(part.name)
    present = known is not None and (known != "" or not part.operator.startswith(":"))
    kind = part.operator[-1:]
    if kind == "+":
        return expand(part.argument, scope) if present else ()
    if secret or is_secret_reference(VariableReference(part.name, part.operator, part.argument), known):
        return (Piece("secret", APPLICATION_SECRET, part.name),)
    if part.name in scope.asked:
        return (Piece("setting", part.name),)
    if present:
        return literal(known or "")
    return expand(part.argument, scope) if kind == "-" else (Piece("setting", part.name),)


def whole_reference(raw: str) -> Reference | None:
    """Return the one reference that makes up the whole text, or None."""
    parts = pieces(raw)
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Reference) else None


def merged(found: Iterable[Piece]) -> Text:
    """Return the pieces with neighbouring literal ones joined and empty ones dropped."""
    result: list[Piece] = []
    for piece in found:
        if piece.kind == "literal" and result and result[-1].kind == "literal":
            result[-1] = Piece("literal", result[-1].text + piece.text)
        elif piece.kind != "literal" or piece.text:
            result.append(piece)
    return tuple(result)


def of_scalar(scalar: Scalar, scope: Scope) -> Text:
    """Return the pieces of a scalar; where nothing has to be looked up, exactly the text that the reader made of it."""
    if not scalar.references:
        return literal(scalar.value)
    text = expand(scalar.raw, scope)
    return literal(scalar.value) if is_literal(text) else text
