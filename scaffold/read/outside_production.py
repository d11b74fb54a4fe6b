"""Lines of a shell script that run only where its environment is not that of production."""

from __future__ import annotations

from scaffold.model.regex import regex

_IF = regex(r"if\b.*")
_OTHERWISE = regex(r"(?:else|elif)\b.*")
_END = regex(r"fi\b.*|.*;\s*fi")
_MODE = r"\$[{(]?(?:echo\s+\$)?\w*(?:ENV|ENVIRONMENT|MODE|STAGE)(?::?-\w*)?[)}]?[\"']?"
_NOT_IN_PRODUCTION = regex(rf"if\b.*{_MODE}\s*!=\s*[\"']?prod(?:uction)?\b.*", words=("!=",))
_IN_PRODUCTION = regex(rf"if\b.*{_MODE}\s*==?\s*[\"']?prod(?:uction)?\b.*", words=("prod",))
_FOR_A_TRY = regex(rf"if\b.*{_MODE}\s*==?\s*[\"']?(?:dev|development|local|tests?|demo)\b.*", words=("=",))
_OR_ELSE = regex(r"\|\|")


def lines_outside_production(text: str) -> frozenset[int]:
    """Return the numbers, from 1, of the lines in branches of `if` that a variable such as RAILS_ENV keeps from production."""
    found = set[int]()
    branches: list[tuple[bool, bool]] = []  # for each open `if`: whether this branch is kept away, and whether the next one is
    for number, line in enumerate(text.splitlines(), 1):
        command = line.strip()
        if _IF.fullmatch(command) and not _END.fullmatch(command):
            branches.append(_branches(command))
        elif _OTHERWISE.fullmatch(command) and branches:
            branches[-1] = branches[-1][1] and command.startswith("else"), False
        elif _END.fullmatch(command) and branches:
            branches.pop()
        elif any(away for away, _ in branches):
            found.add(number)
    return frozenset(found)


def _branches(command: str) -> tuple[bool, bool]:
    if _OR_ELSE.search(command):
        return False, False
    away = bool(_NOT_IN_PRODUCTION.fullmatch(command) or _FOR_A_TRY.fullmatch(command))
    return away, bool(_IN_PRODUCTION.fullmatch(command))
