"""Scripts that people run: what each says of itself at its top."""

from __future__ import annotations

import re

from scaffold.model.project import ScriptFile
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, reads_as_name, url_password

_MOST_CHARACTERS = 4000
_LONGEST_PURPOSE = 160
_CALLS_AT_TOP = regex(r"(?m)^(?:if\s+__name__\s*==|(?:await\s+)?[\w.]+\(|for\s|while\s|with\s)")


def read_operational_script(path: str, text: str) -> ScriptFile:
    """Return the script with the first sentence of its docstring or of the comment at its top."""
    return ScriptFile(path, _purpose(text[:_MOST_CHARACTERS]), _is_runnable(path, text))


def _is_runnable(path: str, text: str) -> bool:
    """Whether the file is a program: Node runs whatever it is given, so its modules and programs look the same."""
    if text.startswith("#!") or not path.endswith((".py", ".js", ".mjs", ".ts")):
        return True
    return path.endswith(".py") and bool(_CALLS_AT_TOP.search(text))


def _purpose(text: str) -> str:
    """Return the first sentence of the docstring or of the comment at the top; "" when it could hold a credential."""
    match = re.match(r'(?:#[^\n]*\n|\s)*[rR]?(?P<quotes>"""|\'\'\')\s*(?P<text>.*?)(?:(?P=quotes)|\Z)', text, re.DOTALL)
    said = match["text"] if match else _top_comment(text)
    sentence = re.split(r"(?<=[.!?])\s|\n\s*\n|:\s", " ".join(said.split(" ")).strip(), maxsplit=1)[0]
    line = " ".join(sentence.split()).rstrip(".:")
    return "" if len(line) > _LONGEST_PURPOSE or _may_hold_a_credential(line) else line


def _top_comment(text: str) -> str:
    """Return the first comment, as long as it is about the script: one that stands right above a command is about that."""
    lines = text.splitlines()
    start = 1 if lines and lines[0].startswith("#!") else 0
    kept: list[str] = []
    apart = False
    for line in lines[start:]:
        if not line.startswith(("#", "//")):
            if kept and apart and start and line.strip():
                return ""
            if kept or line.strip():
                break
            apart = True
            continue
        words = line.lstrip("#/ !-=*").strip()
        if words:
            kept.append(words)
        elif kept:
            break
    return " ".join(kept)


def _may_hold_a_credential(line: str) -> bool:
    return url_password(line) is not None or any("=" in word or _is_token(word) for word in line.split())


def _is_token(word: str) -> bool:
    found = classify(word)
    return found is SecretClass.PROVIDER_KEY or (found is SecretClass.RANDOM and not reads_as_name(word))
