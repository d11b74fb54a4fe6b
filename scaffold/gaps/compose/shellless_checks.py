"""Healthchecks in exec form that are written for a shell: no shell reads them, so its signs are arguments of the program."""

from __future__ import annotations

from scaffold.gaps.facts import HealthSource
from scaffold.model.regex import regex

_ASKS = frozenset({"curl", "wget", "pg_isready", "mysqladmin", "mariadb-admin"})
"""Programs that fail on a word too many; what an interpreter is given besides its code changes nothing."""
_SIGNS = frozenset({"||", "&&", "|"})
_IN_ADDRESS = regex(r"https?://\S+\s+(?P<sign>\|\||&&|\|)\s", words=("http",))


def sign_in_arguments(source: HealthSource) -> tuple[str, str]:
    """Return the program of a check in exec form and the sign of a shell among its arguments, "" for none."""
    test = source.healthcheck.test if source.healthcheck else ()
    argv = source.instruction.argv if source.instruction and source.instruction.exec_form else ()
    words = test[1:] if test[:1] == ("CMD",) else argv
    program = words[0].rpartition("/")[2] if words else ""
    if program not in _ASKS:
        return "", ""
    for word in words[1:]:
        match = _IN_ADDRESS.match(word)
        if word in _SIGNS or match is not None:
            return program, match["sign"] if match is not None else word
    return "", ""
