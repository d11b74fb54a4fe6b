"""Texts of the plan as data of the values file: a string, a piece, or a list of both."""

from __future__ import annotations

from scaffold.model.workload import Piece, Text, is_literal, literal_text

Data = str | dict[str, object] | list[str | dict[str, object]]


def text_data(text: Text) -> Data:
    """Return a text without secrets as the helper `app.text` reads it."""
    if is_literal(text):
        return literal_text(text)
    parts = [_piece(piece) for piece in text]
    return parts[0] if len(parts) == 1 else parts


def _piece(piece: Piece) -> str | dict[str, object]:
    if piece.kind == "literal":
        return piece.text
    return {piece.kind: piece.text, "field": piece.field} if piece.field else {piece.kind: piece.text}
