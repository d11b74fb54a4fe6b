"""Variables of secrets that services get as a text of a Compose file, and that code names: it takes the text for a secret."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable

from scaffold.model.compose import Stack
from scaffold.model.project import EnvRead
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.test_names import is_named_for_tests
from scaffold.read.sets import is_compose_path

_CODE = (
    *(".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".tsx", ".go", ".rb", ".erb", ".php", ".java", ".kt", ".scala", ".groovy"),
    *(".rs", ".ex", ".exs", ".cs", ".fs", ".vb", ".clj", ".dart", ".properties", "Caddyfile"),
)
_SETTINGS = regex(r"(?i)(?:^|/)(?:appsettings[\w.-]*\.json|application[\w.-]*\.ya?ml|config/[\w./-]+\.(?:ya?ml|json|toml))$")
"""Files in which frameworks are told which variable is which setting."""
_OF_TESTS = regex(r"(?:^|/)(?:tests?|specs?|e2e|fixtures?|examples?|node_modules|vendor|docs?)/")
_DROPPED = str.maketrans("", "", "_-.")
_SHORT = 5
"""Letters of the last part of a nested name (`App__Auth__Key`) that stand in every text."""


def named_secrets(
    stacks: Iterable[Stack], named: Iterable[EnvRead | str], paths: Iterable[str], glance: Callable[[str], str | None]
) -> frozenset[str]:
    """Return the variables, of those that a service gets with a text or a default, which are among the `named` ones, or stand
    in a file of code or of its settings in any spelling: `JWT_SECRET`, `jwtSecret`, `jwt.secret`.
    """
    read = {_plain(item if isinstance(item, str) else item.name) for item in named}
    wanted = {name: _spelled(name) for name in _given(stacks)}
    found = {name for name, spelled in wanted.items() if spelled in read}
    missing = {name: spelled for name, spelled in wanted.items() if name not in found}
    for path in paths:
        if not missing:
            break
        if not (path.endswith(_CODE) or _SETTINGS.search(path)) or is_compose_path(path) or _is_of_tests(path):
            continue
        text = glance(path)
        if text is not None:
            plain = _plain(text)
            found.update(name for name, spelled in missing.items() if spelled in plain)
            missing = {name: spelled for name, spelled in missing.items() if name not in found}
    return frozenset(found)


def _given(stacks: Iterable[Stack]) -> set[str]:
    found: set[str] = set()
    for entry in (entry for stack in stacks for service in stack.services for entry in service.environment):
        names = [reference.name for reference in entry.references if reference.has_default]
        if entry.source == "environment" and (names or (entry.value and not entry.references)):
            found.update(name for name in (entry.name, *names) if is_sensitive_name(name) or name.upper().endswith("KEY"))
    return found


def _is_of_tests(path: str) -> bool:
    return _OF_TESTS.search(path) is not None or is_named_for_tests(path) or posixpath.basename(path).startswith("test_")


def _spelled(name: str) -> str:
    """Return how code names a variable: of a nested one (`App__JwtKey`) the last part, where that says something."""
    last = _plain(name.rpartition("__")[2])
    return last if len(last) >= _SHORT else _plain(name)


def _plain(text: str) -> str:
    return text.translate(_DROPPED).lower()
