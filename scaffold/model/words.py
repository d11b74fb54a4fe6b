"""Splitting a command's text into words as Compose does (quotes and backslashes, no shell)."""

from __future__ import annotations


def split_words(text: str) -> tuple[str, ...] | None:
    """Return the words of `text`; an open quote ends with the text. Operators stay ordinary characters of words."""
    words: list[str] = []
    current: list[str] = []
    quote = ""
    started = False
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if char == "\\" and quote != "'":
            current.append(text[position : position + 1])
            position += 1
            started = True
        elif quote:
            if char == quote:
                quote = ""
            else:
                current.append(char)
        elif char in "'\"":
            quote, started = char, True
        elif char in " \t\r\n":
            if started:
                words.append("".join(current))
            current, started = [], False
        else:
            current.append(char)
            started = True
    if started:
        words.append("".join(current))
    return tuple(words)
